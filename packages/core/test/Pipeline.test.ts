import { assert, describe, it, layer } from "@effect/vitest"
import { Deferred, Duration, Effect, Fiber, Option, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import type { Change } from "../src/Change.ts"
import * as Check from "../src/Check.ts"
import * as Ledger from "../src/Ledger.ts"
import * as Mapping from "../src/Mapping.ts"
import * as Pipeline from "../src/Pipeline.ts"
import type * as Report from "../src/Report.ts"
import * as Sink from "../src/Sink.ts"
import * as Source from "../src/Source.ts"
import * as FakeSink from "./fakes/FakeSink.ts"
import * as FakeSource from "./fakes/FakeSource.ts"
import { file } from "./fakes/files.ts"
import { settled } from "./fakes/settled.ts"

const { pages, upsert } = FakeSource

const byPath = Mapping.make((one) => one.path)
const files = (from: number, to: number): ReadonlyArray<Change> =>
  Array.from({ length: to - from }, (_, i) => upsert(file(String(from + i))))

const addsUp = (report: Report.Report) =>
  report.unchanged +
    report.filtered +
    report.created +
    report.updated +
    report.skipped +
    report.rejected +
    report.removed ===
  report.discovered

const run = <R>(pipeline: Pipeline.Pipeline<R>) => settled(Pipeline.run(pipeline))

const make = (
  source: Source.Source,
  sink: Sink.Sink<string, FakeSink.FakePrepared>,
  map: Mapping.Mapping<string> = byPath
) => Pipeline.make({ name: "p", source, map, sink })

describe("a check", () => {
  it.effect.each([
    ["nothing where it is left out and the sink updates objects", "upserts", {}, []],
    ["what is superseded where it is left out and the sink does not", "asks", {}, ["superseded"]],
    ["what is superseded with updates: replace", "asks", { updates: "replace" }, ["superseded"]],
    ["nothing with updates: new", "asks", { updates: "new" }, []],
    ["nothing with updates: ignore", "asks", { updates: "ignore", deletes: "ignore" }, []],
    ["what is gone with deletes: propagate", "upserts", { deletes: "propagate" }, ["gone"]],
    ["both", "asks", { deletes: "propagate" }, ["gone", "superseded"]]
  ] as const)("tells the sink what will be removed: %s", ([, kind, options, removes]) =>
    Effect.gen(function* () {
      const { sink } = FakeSink.make(kind === "asks" ? { find: () => [] } : {})
      const told: Array<Sink.Needs> = []
      const asked: typeof sink = {
        ...sink,
        check: (_, needs) => Effect.sync(() => [Check.ok("removes", String(told.push(needs)))])
      }
      const { source } = FakeSource.make({ pages: Stream.empty })
      yield* Pipeline.make({ name: "p", source, map: byPath, sink: asked, ...options }).check
      assert.deepStrictEqual(told, [{ removes }])
    })
  )
})

layer(Ledger.layerForgetful)("a run", (it) => {
  it.effect("batches across pages and reports what became of every file", () =>
    Effect.gen(function* () {
      const { requests, sink } = FakeSink.make({})
      const skip: Change = { _tag: "Skip", file: file("dir/"), reason: { code: "folder-marker", message: "a folder" } }
      const reject: Change = { _tag: "Reject", file: file("old"), reason: { code: "archived", message: "restore it" } }
      const gone: Change = { _tag: "Delete", id: "gone", uri: "fake://gone" }
      const { source } = FakeSource.make({
        pages: Stream.fromIterable(pages("a", files(0, 2), [skip], files(2, 4), [reject, gone], [], files(4, 7)))
      })
      const report = yield* run(make(source, sink))
      assert.strictEqual(report.ended, "complete")
      assert.strictEqual(report.discovered, 9)
      assert.strictEqual(report.created, 7)
      assert.strictEqual(report.skipped, 1)
      assert.strictEqual(report.rejected, 1)
      assert.strictEqual(report.bytes, 70)
      assert.strictEqual(report.unsettled, 0)
      assert.strictEqual(report.batchFill, 1)
      assert.isTrue(addsUp(report))
      assert.deepStrictEqual(report.rejections, [
        { code: "archived", count: 1, examples: [{ uri: "fake://old", message: "restore it" }] }
      ])
      assert.deepStrictEqual(
        requests.map((request) => request.paths.length),
        [3, 3, 1]
      )
    })
  )

  it.effect("goes on when files have no object: they are rejected, or skipped where that was asked for", () =>
    Effect.gen(function* () {
      const { sink } = FakeSink.make({})
      const { source } = FakeSource.make({ pages: Stream.fromIterable(pages("a", files(0, 4))) })
      const map = Mapping.make((one) =>
        one.path === "1" || one.path === "2"
          ? Effect.fail(
              new Mapping.MappingError({
                subject: "title",
                message: "no title",
                disposition: one.path === "1" ? "skip" : "reject"
              })
            )
          : Effect.delay(Effect.succeed(one.path), "1 second")
      )
      const report = yield* run(make(source, sink, map))
      assert.deepStrictEqual([report.created, report.skipped, report.rejected], [2, 1, 1])
      assert.isTrue(addsUp(report))
    })
  )

  it.effect("sends the first object before the listing ends", () =>
    Effect.gen(function* () {
      const sent = yield* Deferred.make<number>()
      const { sink } = FakeSink.make({
        reply: (batch) =>
          Effect.as(
            Deferred.succeed(sent, batch.length),
            batch.map((one) => FakeSink.created(one.key))
          )
      })
      const { source } = FakeSource.make({
        pages: Stream.concat(Stream.fromIterable(pages("a", files(0, 3))), Stream.never)
      })
      const fiber = yield* Effect.forkChild(Pipeline.run(make(source, sink)))
      assert.strictEqual(yield* Deferred.await(sent), 3)
      yield* Fiber.interrupt(fiber)
    })
  )

  it.effect("is refused before any work when a check finds an error, with the field and the remedy", () =>
    Effect.gen(function* () {
      const { requests, sink } = FakeSink.make({})
      const { source, sweeps } = FakeSource.make({
        pages: Stream.fromIterable(pages("a", files(0, 3))),
        findings: [Check.ok("region", "fine"), Check.error("bucket", "is not there", "Create it")]
      })
      const error = yield* Effect.flip(run(make(source, sink)))
      assert.strictEqual(error.reason._tag, "CheckFailed")
      assert.include(error.message, "bucket: is not there. Create it")
      assert.isUndefined(error.report)
      assert.deepStrictEqual([requests.length, sweeps.length], [0, 0])
    })
  )

  it.effect("settles what was listed before it ends with the source's error, and reports it", () =>
    Effect.gen(function* () {
      const { sink } = FakeSink.make({})
      const { source } = FakeSource.make({
        pages: Stream.concat(
          Stream.fromIterable(pages("a", files(0, 4))),
          Stream.fail(FakeSource.error(new Source.Unauthorized()))
        )
      })
      const error = yield* Effect.flip(run(make(source, sink)))
      assert.strictEqual(error.reason._tag, "SourceFailed")
      assert.strictEqual(error.report?.ended, "failed")
      assert.strictEqual(error.report?.created, 4)
    })
  )

  it.effect("ends with the sink's error when the quota is used up, and counts what has no outcome", () =>
    Effect.gen(function* () {
      const { sink } = FakeSink.make({
        reply: (batch, index) =>
          Effect.succeed(index === 2 ? new Sink.QuotaExceeded({}) : batch.map((one) => FakeSink.created(one.key)))
      })
      const { source } = FakeSource.make({ pages: Stream.fromIterable(pages("a", files(0, 20))) })
      const error = yield* Effect.flip(run(make(source, sink)))
      assert.strictEqual(error.reason._tag, "SinkFailed")
      assert.strictEqual(error.report?.created, 6)
      assert.strictEqual(error.report?.unsettled, 14)
      assert.isTrue(error.report !== undefined && addsUp(error.report))
    })
  )

  it.effect("stops taking when it is interrupted, and ends only after what was sent is settled", () =>
    Effect.gen(function* () {
      const sending = yield* Deferred.make<void>()
      const { sink } = FakeSink.make({
        reply: (batch) =>
          Effect.andThen(
            Deferred.succeed(sending, undefined),
            Effect.delay(Effect.succeed(batch.map((one) => FakeSink.created(one.key))), "5 seconds")
          )
      })
      const { source } = FakeSource.make({ pages: Stream.fromIterable(pages("a", files(0, 50))) })
      const events: Array<string> = []
      const fiber = yield* Effect.forkChild(
        Effect.scoped(
          Effect.gen(function* () {
            const started = yield* Pipeline.start(make(source, sink))
            yield* Effect.forkDetach(
              Stream.runForEach(started.progress, (event) =>
                Effect.sync(() =>
                  events.push(event._tag === "Ended" ? `${event.report.ended} ${event.report.created}` : event._tag)
                )
              )
            )
            return yield* started.result
          })
        )
      )
      yield* TestClock.adjust("1 millis")
      yield* Deferred.await(sending)
      const interrupting = yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      assert.isUndefined(interrupting.pollUnsafe())
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(interrupting)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(events.at(-1), "stopped 3")
    })
  )

  it.effect("takes a file that changed after it was listed in its new state, once", () =>
    Effect.gen(function* () {
      const sent: Array<string> = []
      const { sink } = FakeSink.make({
        prepare: (one) =>
          one.file.token === "1"
            ? Effect.fail(FakeSource.error(new Source.Changed()))
            : Effect.sync(() => {
                sent.push(`${one.object}@${one.lineage.token}`)
                return { _tag: "Prepared", key: one.key, weight: 1, path: one.file.path }
              })
      })
      const { source } = FakeSource.make({
        pages: Stream.fromIterable(pages("a", files(0, 2))),
        now: (one) => (one.path === "0" ? Option.some({ ...one, token: "2" }) : Option.none())
      })
      const report = yield* run(make(source, sink))
      assert.deepStrictEqual(sent, ["0@2"])
      assert.deepStrictEqual([report.created, report.skipped], [1, 1])
    })
  )

  it.effect("asks the source only for the attributes the mapping reads", () =>
    Effect.gen(function* () {
      const { sink } = FakeSink.make({})
      const { source, sweeps } = FakeSource.make({ pages: Stream.empty })
      yield* run(
        make(
          source,
          sink,
          Mapping.make((one) => one.path, { attributes: ["tags"] })
        )
      )
      assert.deepStrictEqual([...(sweeps[0]?.attributes ?? [])], ["tags"])
    })
  )
})

layer(Ledger.layerMemory)("a run with memory", (it) => {
  it.effect("sends nothing for files that are known in this state, and what changed again", () =>
    Effect.gen(function* () {
      const { requests, sink } = FakeSink.make({})
      const first = FakeSource.make({ pages: Stream.fromIterable(pages("a", files(0, 4))) })
      yield* run(make(first.source, sink))
      const before = requests.length
      const second = FakeSource.make({
        pages: Stream.fromIterable(pages("a", [...files(0, 3), upsert(file("3", { token: "2" }))]))
      })
      const report = yield* run(make(second.source, sink))
      assert.deepStrictEqual([report.unchanged, report.created], [3, 1])
      assert.deepStrictEqual(
        requests.slice(before).flatMap((request) => request.paths),
        ["3"]
      )
      assert.deepStrictEqual(second.sweeps[0]?.resume, [])
    })
  )

  it.effect("goes on from the last settled page of each range after a run that broke", () =>
    Effect.gen(function* () {
      const { sink } = FakeSink.make({
        reply: (batch) =>
          Effect.succeed(
            batch.some((one) => one.path === "104")
              ? new Sink.Unauthorized()
              : batch.map((one) => FakeSink.created(one.key))
          )
      })
      const all = pages("a", files(100, 103), files(103, 106), files(106, 109))
      const pipeline = (sink: Sink.Sink<string, FakeSink.FakePrepared>) => {
        const fake = FakeSource.make({ pages: Stream.fromIterable(all) })
        return { ...fake, pipeline: Pipeline.make({ name: "resumes", source: fake.source, map: byPath, sink }) }
      }
      yield* Effect.flip(run(pipeline(sink).pipeline))
      const again = FakeSink.make({})
      const second = pipeline(again.sink)
      const report = yield* run(second.pipeline)
      assert.deepStrictEqual(
        second.sweeps[0]?.resume.map(({ cursor, range }) => `${range}@${cursor}`),
        ["a@1"]
      )
      assert.strictEqual(report.created, 6)
      const third = pipeline(again.sink)
      yield* run(third.pipeline)
      assert.deepStrictEqual(third.sweeps[0]?.resume, [])
    })
  )
})

describe("a report", () => {
  it.effect.prop(
    "adds up, whatever the source says and the sink answers",
    {
      changes: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 }))),
      pageSize: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 9 }))
    },
    ({ changes, pageSize }) =>
      Effect.gen(function* () {
        const change = (kind: number, i: number): Change => {
          const one = file(`${i}-${kind}`)
          if (kind === 0) return { _tag: "Skip", file: one, reason: { code: "s", message: "s" } }
          if (kind === 1) return { _tag: "Reject", file: one, reason: { code: "r", message: "r" } }
          if (kind === 2) return { _tag: "Delete", id: one.id, uri: one.uri }
          return upsert(one)
        }
        const list = changes.map(change)
        const chunks = Array.from({ length: Math.ceil(list.length / pageSize) }, (_, i) =>
          list.slice(i * pageSize, (i + 1) * pageSize)
        )
        const { sink } = FakeSink.make({
          limits: { maxInFlight: 2, maxWait: Duration.millis(10) },
          reply: (batch) =>
            Effect.succeed(
              batch.map((one) =>
                one.path.endsWith("-5")
                  ? ({
                      _tag: "Settled",
                      key: one.key,
                      outcome: { _tag: "Rejected", cause: { code: "x", message: "x" } }
                    } as const)
                  : FakeSink.created(one.key)
              )
            )
        })
        const { source } = FakeSource.make({ pages: Stream.fromIterable(pages("a", ...chunks)) })
        const report = yield* run(make(source, sink))
        assert.isTrue(addsUp(report))
        // What was never delivered and is gone is no file of this pipeline.
        assert.strictEqual(report.discovered, changes.filter((kind) => kind !== 2).length)
        assert.strictEqual(report.unsettled, 0)
        assert.strictEqual(report.rejected, changes.filter((kind) => kind === 1 || kind === 5).length)
      }).pipe(Effect.provide(Ledger.layerForgetful))
  )
})
