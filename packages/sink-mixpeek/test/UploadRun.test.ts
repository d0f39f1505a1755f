/** Uploads in whole runs: what becomes of files that cannot be read as they were listed, and what the report says. */
import { assert, describe, it } from "@effect/vitest"
import { Change, Ledger, Pipeline, Source, type SourceFile } from "@sluice/core"
import { MixpeekSink } from "@sluice/sink-mixpeek"
import type { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Effect, Layer, Option, Result, Stream } from "effect"
import { hash } from "node:crypto"
import * as Fixtures from "./Fixtures.ts"
import { bytesOf, sourceError } from "./UploadFixtures.ts"

const sha256 = (text: string) => hash("sha256", text, "hex")

/** Reads of a file so far, this one included; what it gives. */
type Reads = (path: string, count: number) => Stream.Stream<Uint8Array, Source.SourceError>

const textOf = (path: string) => `content of ${path}`
const whole: Reads = (path) => bytesOf(textOf(path))

const fileOf = (path: string, token = "v1"): SourceFile.SourceFile =>
  Fixtures.file(path, { token, size: textOf(path).length })

/** Files in memory, and how they are read. */
const sourceOf = (paths: ReadonlyArray<string>, reads: Reads): Source.Source => {
  const counts = new Map<string, number>()
  return {
    name: "s3:files",
    check: Effect.succeed([]),
    sweep: () =>
      Stream.make({
        range: "",
        cursor: Change.Cursor.make("1"),
        changes: paths.map((path) => Change.Change.cases.Upsert.make({ file: fileOf(path) }))
      }),
    follow: Option.none(),
    read: ({ path }) =>
      Stream.suspend(() => {
        const count = (counts.get(path) ?? 0) + 1
        counts.set(path, count)
        return reads(path, count)
      }),
    stat: ({ path }) => Effect.succeedSome(fileOf(path, "v2")),
    link: () => Option.none()
  }
}

/** A bucket that is filled again and again, by one ledger. */
const begin = Effect.fnUntraced(function* (
  server: Partial<MixpeekStandIn.Options> = {},
  sink: Partial<MixpeekSink.Options> = {},
  sending = (send: MixpeekSink.MixpeekSink["send"]) => send
) {
  const standIn = yield* Fixtures.standIn(server)
  const context = yield* Layer.build(Layer.mergeAll(Fixtures.client(standIn), Ledger.layerMemory))
  const make = () =>
    MixpeekSink.make({
      bucket: Fixtures.bucket,
      delivery: { method: "upload" },
      batch: { maxWait: "100 millis" },
      grace: "1 second",
      ...sink
    })
  return {
    server: standIn,
    run: (paths: ReadonlyArray<string>, reads: Reads = whole, options: Pipeline.RunOptions = {}) =>
      Effect.suspend(() => {
        const made = make()
        return Pipeline.run(
          Pipeline.make({
            name: "files",
            source: sourceOf(paths, reads),
            map: Fixtures.mapping,
            sink: { ...made, send: sending(made.send) }
          }),
          options
        )
      }).pipe(Effect.provideContext(context), Effect.result, Fixtures.elapsing),
    contents: Effect.map(standIn.objects(Fixtures.bucket), (objects) =>
      objects.map(({ blobs }) => blobs[0]?.content.sha256)
    ),
    orphans: Effect.map(standIn.orphans(Fixtures.bucket), (all) => all.map(({ filename }) => filename))
  }
})

const after = (text: string, reason: Source.SourceErrorReason) =>
  Stream.concat(bytesOf(text), Stream.fail(sourceError(reason)))

describe("a run that uploads", () => {
  it.effect("reports uploads and their bytes", () =>
    Effect.gen(function* () {
      const { contents, orphans, run, server } = yield* begin()
      const paths = ["a", "bc", "def"]
      const { created, uploads } = Result.getOrThrow(yield* run(paths))
      const bytes = paths.reduce((sum, path) => sum + textOf(path).length, 0)
      assert.strictEqual(created, 3)
      assert.deepStrictEqual(uploads, { created: 3, completed: 3, bytes, mismatched: 0, orphans: 0 })
      assert.deepStrictEqual((yield* contents).toSorted(), paths.map((path) => sha256(textOf(path))).toSorted())
      assert.deepStrictEqual([yield* orphans, yield* server.violations], [[], []])
    })
  )

  it.effect("reads a file once more that is found corrupt, before anything is made of it", () =>
    Effect.gen(function* () {
      const { contents, orphans, run } = yield* begin()
      const reads: Reads = (path, count) =>
        count === 1 ? after(textOf(path), new Source.Corrupt()) : whole(path, count)
      const { created, uploads } = Result.getOrThrow(yield* run(["a"], reads))
      assert.strictEqual(created, 1)
      assert.deepStrictEqual(uploads, { created: 1, completed: 1, bytes: 12, mismatched: 1, orphans: 0 })
      assert.deepStrictEqual([yield* contents, yield* orphans], [[sha256(textOf("a"))], []])
    })
  )

  it.effect("takes a file in its new state that changed while it was read", () =>
    Effect.gen(function* () {
      const { contents, orphans, run } = yield* begin()
      const reads: Reads = (path, count) => (count === 1 ? after("con", new Source.Changed()) : whole(path, count))
      assert.strictEqual(Result.getOrThrow(yield* run(["a"], reads)).created, 1)
      assert.deepStrictEqual([yield* contents, yield* orphans], [[sha256(textOf("a"))], []])
    })
  )

  const broken: ReadonlyArray<readonly [what: string, reads: Reads, told: string]> = [
    ["is always corrupt", (path) => after(textOf(path), new Source.Corrupt()), "rejected: corrupt"],
    ["is always too short", () => bytesOf("con"), "rejected: corrupt"],
    ["is always too long", () => bytesOf("content of a and more"), "rejected: corrupt"],
    ["always breaks", () => after("con", new Source.Unavailable()), "rejected: unavailable"],
    ["may not be read", () => Stream.fail(sourceError(new Source.Denied())), "rejected: denied"],
    ["always changes", () => after("con", new Source.Changed()), "rejected: changed"],
    ["is gone", () => after("con", new Source.Gone()), "skipped: gone"]
  ]
  it.effect.each(broken)("goes on without a file that %s, and leaves nothing of it", ([, reads, told]) =>
    Effect.gen(function* () {
      const { contents, orphans, run } = yield* begin()
      const report = Result.getOrThrow(
        yield* run(["a", "b"], (path, count) => (path === "a" ? reads : whole)(path, count))
      )
      const all = [
        ...report.rejections.map(({ code }) => `rejected: ${code}`),
        ...report.skips.map(({ code }) => `skipped: ${code}`)
      ]
      assert.deepStrictEqual([report.ended, report.created, all], ["complete", 1, [told]])
      assert.deepStrictEqual([yield* contents, yield* orphans], [[sha256(textOf("b"))], []])
    })
  )

  it.effect("stops where the allowance is used up, and goes on when there is more", () =>
    Effect.gen(function* () {
      const { contents, orphans, run, server } = yield* begin({ uploads: { maxFileBytes: 5 } })
      const failed = yield* run(["a"])
      assert.isTrue(Result.isFailure(failed))
      assert.include(String(Result.isFailure(failed) && failed.failure.message), "Raise the plan's allowance")
      yield* server.set({ uploads: {} })
      assert.strictEqual(Result.getOrThrow(yield* run(["a"])).created, 1)
      assert.deepStrictEqual([(yield* contents).length, yield* orphans], [1, []])
    })
  )

  it.effect("has no more PUTs at a time than there is room for", () =>
    Effect.gen(function* () {
      let open = 0
      let most = 0
      const mib = "x".repeat(1024 ** 2)
      // What goes through is what is read: the budget holds from the first byte to the answer.
      const reads: Reads = () =>
        Stream.unwrap(
          Effect.sync(() => {
            most = Math.max(most, ++open)
            return bytesOf(mib).pipe(
              Stream.ensuring(
                Effect.sync(() => {
                  open--
                })
              )
            )
          })
        )
      const server = yield* Fixtures.standIn()
      const source = sourceOf([], reads)
      const paths = Array.from({ length: 12 }, (_, n) => `file ${n}`)
      const changes = paths.map((path) =>
        Change.Change.cases.Upsert.make({ file: Fixtures.file(path, { size: mib.length }) })
      )
      const report = yield* Pipeline.run(
        Pipeline.make({
          name: "files",
          source: { ...source, sweep: () => Stream.make({ range: "", cursor: Change.Cursor.make("1"), changes }) },
          map: Fixtures.mapping,
          sink: MixpeekSink.make({
            bucket: Fixtures.bucket,
            delivery: { method: "upload", uploads: { bytesInFlight: 2 * 1024 ** 2 } },
            preparing: 12
          })
        })
      ).pipe(Effect.provide([Fixtures.client(server), Ledger.layerMemory]), Fixtures.elapsing)
      assert.strictEqual(report.created, 12)
      assert.isAtMost(most, 2)
    })
  )

  it.effect("waits for a storage that is down, and says for how long", () =>
    Effect.gen(function* () {
      const { contents, orphans, run, server } = yield* begin()
      yield* run(["a"])
      yield* server.set({
        faults: [{ kind: "unavailable", operations: ["putUpload", "probeStorage"], times: 11 }]
      })
      const report = Result.getOrThrow(yield* run(["a", "b", "c"]))
      assert.strictEqual(report.created, 2)
      assert.isAtLeast(report.unavailableSeconds, 7)
      assert.deepStrictEqual([(yield* contents).length, yield* orphans], [3, []])
    })
  )

  it.effect("takes back uploads that nobody knows of, because the answer that named them was lost", () =>
    Effect.gen(function* () {
      const fault: MixpeekStandIn.Fault = {
        kind: "reset",
        commits: "before",
        operations: ["createUploadsBatch"],
        times: 2
      }
      const { orphans, run, server } = yield* begin({ faults: [fault] })
      const { uploads } = Result.getOrThrow(yield* run(["a", "b"]))
      assert.deepStrictEqual([uploads.created, uploads.completed], [2, 2])
      assert.strictEqual((yield* server.uploads(Fixtures.bucket)).length, 6)
      assert.deepStrictEqual(yield* orphans, [])
    })
  )

  type Send = MixpeekSink.MixpeekSink["send"]
  const asItIs = (send: Send): Send => send
  const later =
    (send: Send): Send =>
    (batch) =>
      Effect.map(send(batch), (answers) =>
        answers.map((answer) =>
          answer._tag === "Settled" && answer.outcome._tag === "Rejected"
            ? { _tag: "Retry", key: answer.key, cause: answer.outcome.cause }
            : answer
        )
      )
  const refusals: ReadonlyArray<
    readonly [how: string, server: Partial<MixpeekStandIn.Options>, sending: typeof asItIs]
  > = [
    ["is refused", {}, asItIs],
    ["makes its batch be refused", { generation: "array" }, asItIs],
    ["makes its batch be refused, by what nobody says", { generation: "array", refusal: "unnamed" }, asItIs],
    ["is told to come later, again and again", {}, later]
  ]
  it.effect.each(refusals)(
    "goes on where an object %s, counts what it cannot take back, and makes the object when it is replayed",
    ([, settings, sending]) =>
      Effect.gen(function* () {
        const { contents, orphans, run, server } = yield* begin(settings, {}, sending)
        yield* server.set({ badObjects: 1 })
        const refused = Result.getOrThrow(yield* run(["a"]))
        assert.deepStrictEqual([refused.ended, refused.rejected, refused.uploads.orphans], ["complete", 1, 1])
        assert.deepStrictEqual(yield* orphans, ["a"])
        yield* server.set({ badObjects: 0 })
        assert.strictEqual(Result.getOrThrow(yield* run(["a"], whole, { replay: "all" })).created, 1)
        assert.deepStrictEqual(yield* contents, [sha256(textOf("a"))])
      })
  )

  const ends: ReadonlyArray<readonly [what: string, commits: "before" | "never", orphans: ReadonlyArray<string>]> = [
    ["counts nothing of a file that is gone where its object was made, and only the answer was lost", "before", []],
    ["counts what is left of a file that is gone where its object was never made", "never", ["a"]]
  ]
  it.effect.each(ends)("%s, in a bucket that upserts", ([, commits, left]) =>
    Effect.gen(function* () {
      const { orphans, run, server } = yield* begin(
        {
          buckets: [
            {
              id: Fixtures.bucket,
              schema: Fixtures.schema,
              uniqueKey: { fields: ["source_key"], default_policy: "upsert" }
            }
          ],
          faults: [{ kind: "reset", commits }]
        },
        { uniqueKey: "upsert" }
      )
      assert.isTrue(Result.isFailure(yield* run(["a"])))
      yield* server.set({ faults: [] })
      const { created, uploads } = Result.getOrThrow(yield* run(["b"]))
      assert.deepStrictEqual([created, uploads.orphans, yield* orphans], [1, left.length, left])
    })
  )
})
