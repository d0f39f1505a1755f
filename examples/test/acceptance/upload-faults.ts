/** What the tests of faults in uploads share: a source in memory, a bucket, two runs, and what must be there afterwards. */
import { NodeHttpClient } from "@effect/platform-node"
import { Change, Ledger, Lineage, Pipeline, Source, type SourceFile } from "@sluice/core"
import { Mixpeek, MixpeekSink } from "@sluice/sink-mixpeek"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Effect, Layer, Option, Stream } from "effect"
import { TestClock } from "effect/testing"
import { hash } from "node:crypto"
import { schema, target, toObject } from "./bench.ts"

type Fault = MixpeekStandIn.Fault

/** What goes wrong in the first run, and how the files travel. */
export interface Case {
  readonly faults: ReadonlyArray<Fault>
  readonly upserts: boolean
  /** Objects in a request: files confirmed at a time. 100 by default. */
  readonly together?: number
  /** Confirmations are never over at once. */
  readonly inBackground?: boolean
  /** The last of the files cannot be read in the first run: its upload is taken back. */
  readonly breaks?: boolean
}

const paths = ["a.txt", "b.txt", "empty.txt", "unsized.txt", "z.txt"]
const last = "z.txt"
/** The last one is put while it is read; the others are read before. */
const textOf = (path: string) => (path === "empty.txt" ? "" : `what is in ${path}`.repeat(path === last ? 20_000 : 20))

const files = paths.map((path): SourceFile.SourceFile => ({
  id: path,
  token: "v1",
  uri: `memory://files/${path}`,
  path,
  ...(path === "unsized.txt" ? {} : { size: textOf(path).length }),
  mimeType: "text/plain",
  attributes: {}
}))

const corrupt = new Source.SourceError({
  source: "memory:files",
  operation: "read",
  reason: new Source.Corrupt(),
  message: "its bytes are not those that were written"
})

const sourceOf = (breaks: boolean): Source.Source => ({
  name: "memory:files",
  check: Effect.succeed([]),
  sweep: () =>
    Stream.make({
      range: "",
      cursor: Change.Cursor.make("1"),
      changes: files.map((file) => Change.Change.cases.Upsert.make({ file }))
    }),
  follow: Option.none(),
  read: ({ path }) =>
    Stream.concat(
      Stream.make(new TextEncoder().encode(textOf(path))),
      breaks && path === last ? Stream.fail(corrupt) : Stream.empty
    ),
  stat: Effect.succeedSome,
  link: () => Option.none()
})

/** One file, and what is in it. */
const line = (key: unknown, sha256: string | undefined) => `${String(key)} ${sha256}`

const expected = files
  .map(({ path, uri }) => line(Lineage.sourceKey(uri), hash("sha256", textOf(path), "hex")))
  .toSorted()

/** Time goes by much faster than it does, but not so fast that answers on loopback take half a minute. */
const hastened = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.raceFirst(
    effect,
    Effect.forever(Effect.andThen(TestClock.adjust("250 millis"), TestClock.withLive(Effect.sleep("1 millis"))))
  )

/** Requests of one key share a pace and a breaker, also between cases. */
let keys = 0

/** A run that meets the faults, then one without; answers with all that is not as it must be. */
export const problemsOf = Effect.fnUntraced(function* (one: Case) {
  const key = `sk_faults_${++keys}`
  const mixpeek = yield* MixpeekStandIn.make({
    buckets: [
      {
        id: target,
        schema,
        ...(one.upserts ? { uniqueKey: { fields: ["source_key"], default_policy: "upsert" } } : {})
      }
    ],
    keys: [{ key, permission: "admin" }],
    faults: one.faults,
    uploads: { ...(one.inBackground === true ? { backgroundBytes: 0 } : {}), confirmation: { polls: 1 } }
  })
  const unlimited = { perMinute: 1_000_000, burst: 100_000 }
  const context = yield* Layer.build(
    Layer.mergeAll(
      Mixpeek.layer({
        url: mixpeek.url,
        apiKey: mixpeek.apiKey,
        namespace: mixpeek.namespace,
        timeout: "30 seconds",
        rateLimits: { data: unlimited, upload: unlimited, metadata: unlimited }
      }).pipe(Layer.provide(NodeHttpClient.layerUndici)),
      Ledger.layerMemory
    )
  )
  const run = (breaks: boolean) =>
    Pipeline.run(
      Pipeline.make({
        name: "faults",
        source: sourceOf(breaks),
        map: toObject,
        sink: MixpeekSink.make({
          bucket: target,
          delivery: { method: "upload" },
          // Of time that goes by faster: all of them are to be confirmed together.
          batch: { maxWait: "10 seconds", maxRecords: one.together ?? 100 },
          grace: "1 second",
          ...(one.upserts ? { uniqueKey: "upsert" } : {})
        })
      })
    ).pipe(
      Effect.provideContext(context),
      Effect.result,
      Effect.map((result) => (result._tag === "Success" ? result.success.ended : `failed: ${result.failure.message}`))
    )
  return yield* hastened(
    Effect.gen(function* () {
      const first = yield* run(one.breaks === true)
      const { byOperation } = yield* mixpeek.totals
      const missed = one.faults.flatMap(({ operations = [] }) =>
        operations.filter((operation) => byOperation[operation] === undefined)
      )
      yield* mixpeek.set({ faults: [] })
      const second = yield* run(false)
      const there = (yield* mixpeek.objects(target))
        .map(({ blobs, fields }) => line(fields["source_key"], blobs[0]?.content.sha256))
        .toSorted()
      const found = {
        missed,
        second: second === "complete" ? [] : [second],
        lost: expected.filter((file) => !there.includes(file)),
        wrong: there.filter((object) => !expected.includes(object)),
        duplicates: yield* mixpeek.duplicates(target),
        orphans: (yield* mixpeek.orphans(target)).map(({ filename, status }) => `${filename} ${status}`),
        violations: yield* mixpeek.violations
      }
      return Object.entries(found).flatMap(([what, all]) =>
        all.length === 0 ? [] : [`${what}: ${all.join(", ")} (first run: ${first})`]
      )
    })
  )
}, Effect.scoped)

/** Cases in a few words, with what is wrong of those where something is. */
export const failing = (cases: Iterable<readonly [label: string, one: Case]>) =>
  Effect.map(
    Effect.forEach(
      cases,
      ([label, one]) => Effect.map(problemsOf(one), (problems) => problems.map((problem) => `${label}: ${problem}`)),
      { concurrency: 4 }
    ),
    (all) => all.flat()
  )
