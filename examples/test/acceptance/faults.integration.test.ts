/** 10,000 files into a Mixpeek that throttles, refuses and shuffles: nothing lost, nothing doubled, nothing sent early. */
import { assert, describe, it } from "@effect/vitest"
import { Lineage, type Outcome, Pipeline } from "@sluice/core"
import { MixpeekSink } from "@sluice/sink-mixpeek"
import { S3Source } from "@sluice/source-s3"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { S3StandIn } from "@sluice/testkit/s3"
import { Effect, Layer } from "effect"
import { clients, type Hasty, listeningLedger, schema, sumOf, target, toObject, witness } from "./bench.ts"

/** The last one takes some fifteen requests for each batch, and each throttled one takes a second of all. */
const cases = [
  ["some of a batch refused", 10_000, { generation: "partial" }],
  ["whole batches refused, naming the object by loc", 10_000, { generation: "array", refusal: "loc" }],
  ["whole batches refused, naming the object by location", 10_000, { generation: "array", refusal: "location" }],
  ["whole batches refused, naming no object", 1000, { generation: "array", refusal: "unnamed" }]
] as const

/** Overrides the number of files of every case. */
const wanted = process.env["SLUICE_FILES"]

describe("a Mixpeek with 5 % throttled requests and 2 % bad objects", () => {
  it.live.each(cases)(
    "gets every good file once, and no request early: %s",
    ([, usual, how]) =>
      Effect.gen(function* () {
        const count = wanted === undefined ? usual : Number(wanted)
        const s3 = yield* S3StandIn.make({ logCapacity: 100 })
        yield* s3.pretend("files", { count, key: (i) => `notes/${String(i).padStart(6, "0")}.txt`, size: 1000 })
        const mixpeek = yield* MixpeekStandIn.make({
          ...how,
          buckets: [{ id: target, schema }],
          order: "shuffled",
          badObjects: 0.02,
          retryAfter: "mixed",
          faults: [{ kind: "throttle", fraction: 0.05, wait: "1 second" }],
          logged: 100_000,
          seed: 7
        })
        const hasty: Array<Hasty> = []
        const outcomes = new Map<string, Array<Outcome.Outcome["_tag"]>>()
        const report = yield* Pipeline.run(
          Pipeline.make({
            name: "acceptance",
            source: S3Source.make({ bucket: "files" }),
            map: toObject,
            sink: MixpeekSink.make({ bucket: target, delivery: { method: "reference" } })
          })
        ).pipe(
          Effect.provide(
            Layer.merge(
              clients(s3, mixpeek).pipe(Layer.provide(witness((request) => hasty.push(request)))),
              listeningLedger((uri, { _tag }) => {
                const key = Lineage.sourceKey(uri)
                outcomes.set(key, [...(outcomes.get(key) ?? []), _tag])
              })
            )
          )
        )
        const stored = new Set((yield* mixpeek.objects(target)).map(({ fields }) => String(fields["source_key"])))
        const refused = new Set((yield* mixpeek.refusals).map(({ sourceKey }) => sourceKey))
        assert.strictEqual(report.ended, "complete")
        assert.strictEqual(report.discovered, count)
        assert.strictEqual(sumOf(report), count)
        assert.strictEqual(report.unsettled, 0)
        assert.strictEqual(outcomes.size, count)
        for (const [key, tags] of outcomes) {
          assert.deepStrictEqual(tags, [stored.has(key) ? "Created" : "Rejected"])
          assert.strictEqual(refused.has(key), !stored.has(key))
        }
        assert.strictEqual(report.created, stored.size)
        assert.strictEqual(report.rejected, refused.size)
        assert.deepStrictEqual(yield* mixpeek.duplicates(target), [])
        assert.isAtLeast(refused.size, count * 0.01)
        const { byStatus } = yield* mixpeek.totals
        assert.isAtLeast(byStatus["429"] ?? 0, 1)
        assert.isAtLeast(report.batchFill, 0.99)
        assert.deepStrictEqual(hasty, [])
        assert.deepStrictEqual(yield* mixpeek.tooEarly, [])
        assert.deepStrictEqual(yield* mixpeek.violations, [])
      }),
    600_000
  )
})
