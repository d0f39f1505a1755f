import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Ledger from "../src/Ledger.ts"
import * as Mapping from "../src/Mapping.ts"
import * as Pipeline from "../src/Pipeline.ts"
import * as Report from "../src/Report.ts"
import * as FakeSink from "./fakes/FakeSink.ts"
import * as FakeSource from "./fakes/FakeSource.ts"
import { names } from "./fakes/following.ts"
import { settled } from "./fakes/settled.ts"

/** A pipeline over nine files, whose first request is answered when the test says so. */
const waiting = Effect.gen(function* () {
  const sent = yield* Deferred.make<void>()
  const answered = yield* Deferred.make<void>()
  const { requests, sink } = FakeSink.make({
    reply: (batch) =>
      Deferred.succeed(sent, undefined).pipe(
        Effect.andThen(Deferred.await(answered)),
        Effect.as(batch.map(({ key }) => FakeSink.created(key)))
      )
  })
  const pages = FakeSource.pages("a", ...["123", "456", "789"].map((ids) => names(...ids)))
  const { source } = FakeSource.make({ pages: Stream.fromIterable(pages) })
  const pipeline = Pipeline.make({ name: "p", source, map: Mapping.make((one) => one.path), sink })
  return { pipeline, requests, sent: Deferred.await(sent), answer: Deferred.succeed(answered, undefined) }
})

describe("the book of a pipeline", () => {
  it.effect("is in the hands of one run: another is refused, and told who has it", () =>
    Effect.gen(function* () {
      const { answer, pipeline, sent } = yield* waiting
      const first = yield* Effect.forkChild(Pipeline.run(pipeline))
      yield* TestClock.adjust("1 second")
      yield* sent
      const error = yield* Effect.flip(Pipeline.run(pipeline))
      assert.strictEqual(error.reason._tag === "LedgerFailed" && error.reason.error.reason._tag, "Held")
      assert.include(error.message, `another run of p is at work`)
      assert.include(error.message, `:${process.pid}`)
      assert.isUndefined(error.report)
      yield* answer
      assert.strictEqual((yield* settled(Fiber.join(first))).created, 9)
    }).pipe(Effect.provide(Layer.fresh(Ledger.layerMemory)))
  )

  it.effect("is free again when the run has ended, however long whoever started it goes on", () =>
    Effect.gen(function* () {
      const { answer, pipeline } = yield* waiting
      yield* answer
      const scope = yield* Scope.make()
      const started = yield* Scope.provide(Pipeline.start(pipeline), scope)
      assert.strictEqual((yield* settled(started.result)).created, 9)
      assert.strictEqual((yield* settled(Pipeline.run(pipeline))).unchanged, 9)
      yield* Scope.close(scope, Exit.void)
    }).pipe(Effect.provide(Layer.fresh(Ledger.layerMemory)))
  )

  it.effect("is opened by no run while the pipeline is paused, and again when it is resumed", () =>
    Effect.gen(function* () {
      const { answer, pipeline, requests } = yield* waiting
      yield* answer
      const ledger = yield* Ledger.Ledger
      yield* ledger.pause("p", "the bucket is being moved")
      const error = yield* Effect.flip(settled(Pipeline.run(pipeline)))
      assert.strictEqual(error.reason._tag === "LedgerFailed" && error.reason.error.reason._tag, "Paused")
      assert.include(error.message, "the bucket is being moved")
      assert.strictEqual(requests.length, 0)
      yield* ledger.resume("p")
      assert.strictEqual((yield* settled(Pipeline.run(pipeline))).created, 9)
    }).pipe(Effect.provide(Layer.fresh(Ledger.layerMemory)))
  )

  it.effect("is closed by a run that hears of a pause: what was sent is settled, and the report says why", () =>
    Effect.gen(function* () {
      const { answer, pipeline, requests, sent } = yield* waiting
      const ledger = yield* Ledger.Ledger
      const run = yield* Effect.forkChild(Pipeline.run(pipeline))
      yield* TestClock.adjust("1 second")
      yield* sent
      yield* ledger.pause("p", "the bucket is being moved")
      yield* TestClock.adjust("1 second")
      yield* answer
      const report = yield* settled(Fiber.join(run))
      assert.deepStrictEqual([report.ended, report.created, requests.length], ["stopped", 3, 1])
      assert.strictEqual(report.why, "paused: the bucket is being moved")
      assert.include(Report.format(report), "paused: the bucket is being moved")
      yield* ledger.resume("p")
      const next = yield* settled(Pipeline.run(pipeline))
      assert.deepStrictEqual([next.ended, next.created, next.why], ["complete", 6, undefined])
    }).pipe(Effect.provide(Layer.fresh(Ledger.layerMemory)))
  )

  it.effect("keeps the reports of its runs", () =>
    Effect.gen(function* () {
      const { answer, pipeline } = yield* waiting
      yield* answer
      const report = yield* settled(Pipeline.run(pipeline))
      const ledger = yield* Ledger.Ledger
      const runs = yield* ledger.runs("p", 10)
      assert.deepStrictEqual(
        runs.map((run) => [run.runId, run.report]),
        [[report.runId, report]]
      )
    }).pipe(Effect.provide(Layer.fresh(Ledger.layerMemory)))
  )

  it.effect("lets a run end although its report cannot be written, whatever the reason", () =>
    Effect.gen(function* () {
      const { answer, pipeline } = yield* waiting
      yield* answer
      const ledger = yield* Ledger.Ledger
      const broken = Ledger.Ledger.of({
        ...ledger,
        open: (run) => Effect.map(ledger.open(run), (book) => ({ ...book, end: () => Effect.die("the disk is full") }))
      })
      const report = yield* settled(Effect.provideService(Pipeline.run(pipeline), Ledger.Ledger, broken))
      assert.strictEqual(report.created, 9)
    }).pipe(Effect.provide(Layer.fresh(Ledger.layerMemory)))
  )
})
