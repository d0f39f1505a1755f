/** A run ends with the results of its objects in its report; killed in the middle, the next one finishes it. */
import { assert, describe, it } from "@effect/vitest"
import { Lineage, Report } from "@sluice/core"
import * as Crash from "@sluice/testkit/crash"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { S3StandIn } from "@sluice/testkit/s3"
import { Effect, Schema } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { environment, schema, target } from "./bench.ts"
import { batchSize } from "./processing-program.ts"

const keys = Array.from({ length: 12 }, (_, i) => `${i}.txt`)
const broken = "s3://files/7.txt"
const failures = [{ category: "runtime", sourceKeys: [Lineage.sourceKey(broken)] }] as const
const documents = { made: "by-batches", collections: [{ id: "col_pages", documentsPerObject: 2 }] } as const
const decodeReport = Schema.decodeUnknownEffect(Schema.fromJsonString(Report.Report))

const bench = Effect.gen(function* () {
  const s3 = yield* S3StandIn.make()
  for (const key of keys) yield* s3.put("files", key, key, { contentType: "text/plain" })
  const mixpeek = yield* MixpeekStandIn.make({
    buckets: [{ id: target, schema }],
    documents,
    processing: { failures }
  })
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "sluice-processing-"))),
    (made) => Effect.sync(() => rmSync(made, { recursive: true }))
  )
  const program: Crash.Program = {
    args: [fileURLToPath(new URL("processing-program.ts", import.meta.url))],
    env: { ...environment(s3, mixpeek, "files"), LEDGER: join(folder, "ledger.sqlite") }
  }
  /** To its end; again while a run that was killed has the book. */
  const run: Effect.Effect<Report.Report> = Effect.gen(function* () {
    const ended = yield* Crash.run(program, () => Effect.never)
    if (ended._tag === "Killed") return yield* Effect.die("nobody kills it")
    if (ended.code === 75) return yield* Effect.delay(run, "100 millis")
    assert.deepStrictEqual([ended.code, ended.stderr], [0, ""])
    return yield* Effect.orDie(decodeReport(ended.stdout))
  })
  const killWhen = (isSo: Effect.Effect<boolean>) =>
    Effect.map(
      Crash.run(program, () =>
        Effect.asVoid(Effect.repeat(Effect.delay(isSo, "5 millis"), { until: (yes: boolean) => yes }))
      ),
      (ended) => assert.strictEqual(ended._tag, "Killed")
    )
  /** Each object is in one batch, and each batch began once. */
  const assertOnce = Effect.gen(function* () {
    const objects = (yield* mixpeek.objects(target)).map(({ objectId }) => objectId)
    const batches = yield* mixpeek.batches(target)
    assert.sameMembers(
      batches.flatMap(({ objectIds }) => objectIds),
      objects
    )
    assert.strictEqual(objects.length, keys.length)
    assert.deepStrictEqual(
      batches.map(({ submits }) => submits),
      batches.map(() => 1)
    )
    const processed = [...(yield* mixpeek.processed).values()]
    assert.isTrue(processed.every(({ failed, succeeded }) => failed + succeeded === 1))
    assert.strictEqual((yield* mixpeek.documents).length, (keys.length - 1) * 2)
    assert.deepStrictEqual(yield* mixpeek.violations, [])
  })
  return { mixpeek, run, killWhen, assertOnce }
})

/** What all runs together must have said. */
const expected = {
  completed: keys.length - 1,
  failed: 1,
  open: 0,
  causes: [
    {
      code: "runtime",
      count: 1,
      examples: [{ uri: broken, message: "The processing fails on purpose: runtime" }]
    }
  ]
}

type Server = MixpeekStandIn.MixpeekStandIn

/** What is in the way of the run, and when it is killed. */
const middles: ReadonlyArray<
  readonly [title: string, settings: Parameters<Server["set"]>[0], isSo: (mixpeek: Server) => Effect.Effect<boolean>]
> = [
  ["some objects are there", {}, ({ count }) => Effect.map(count(target), (n) => n >= 3)],
  [
    "a batch was made, and nobody heard of it",
    { faults: [{ kind: "silence", commits: "before", operations: ["createBatch"] }] },
    ({ batches }) => Effect.map(batches(target), (all) => all.length > 0)
  ],
  [
    "a batch is there, and is about to begin",
    { faults: [{ kind: "silence", operations: ["submitBatch"] }] },
    ({ batches }) => Effect.map(batches(target), (all) => all.length > 0)
  ],
  [
    "a batch has begun, and nobody heard of it",
    { faults: [{ kind: "silence", commits: "before", operations: ["submitBatch"] }] },
    ({ batches }) => Effect.map(batches(target), (all) => all.some(({ submittedAt }) => submittedAt !== null))
  ],
  [
    "all batches are being processed",
    { processing: { failures, run: { after: "3 seconds" } } },
    ({ batches }) =>
      Effect.map(
        batches(target),
        (all) => all.filter(({ submittedAt }) => submittedAt !== null).length === Math.ceil(keys.length / batchSize)
      )
  ]
]

describe("objects that are processed in batches", () => {
  it.live(
    "have their results in the report of their run",
    () =>
      Effect.gen(function* () {
        const { assertOnce, run } = yield* bench
        const { created, processing } = yield* run
        assert.strictEqual(created, keys.length)
        assert.deepStrictEqual(processing, { batches: 3, objects: keys.length, ...expected })
        yield* assertOnce
        assert.deepInclude((yield* run).processing, { batches: 0, completed: 0, failed: 0, open: 0 })
        yield* assertOnce
      }),
    60_000
  )

  it.live.each(middles)(
    "are finished by the next run where one is killed when %s, and submitted once",
    ([, settings, isSo]) =>
      Effect.gen(function* () {
        const { assertOnce, killWhen, mixpeek, run } = yield* bench
        yield* mixpeek.set(settings)
        yield* killWhen(isSo(mixpeek))
        yield* mixpeek.set({ faults: [], processing: { failures } })
        assert.deepInclude((yield* run).processing, expected)
        yield* assertOnce
      }),
    60_000
  )
})
