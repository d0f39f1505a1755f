/**
 * Runs: one at a time, paused, and remembered.
 */
import { assert } from "@effect/vitest"
import { Ledger, type Report } from "@sluice/core"
import { DateTime, Effect, Exit, Scope } from "effect"
import { at, bare, created, file, intent, open, settle, type Test } from "./said.ts"

export const runs = (test: Test): void => {
  test("keeps everything for the next run", () =>
    Effect.gen(function* () {
      const run = yield* Scope.make()
      const first = yield* Scope.provide(open("k"), run)
      yield* first.beginSweep({ tracks: true, asked: "all" })
      yield* settle(first, {
        files: created(file("1")),
        cursors: [at("r", "1")],
        containers: [{ id: "f", state: "f" }]
      })
      yield* first.intend([intent("2")])
      yield* Scope.close(run, Exit.void)
      const second = yield* open("k")
      assert.deepStrictEqual([...(yield* second.known(["1"])).keys()], ["1"])
      assert.deepStrictEqual((yield* second.position).sweep, [bare(at("r", "1"))])
      assert.deepStrictEqual([...(yield* second.containers(["f"])).keys()], ["f"])
      assert.deepStrictEqual(yield* second.intents(10), [intent("2")])
    }))

  test("has one run at a time for a pipeline, and says who that is", () =>
    Effect.gen(function* () {
      const first = yield* Scope.make()
      yield* Scope.provide(open("q"), first)
      const error = yield* Effect.flip(Effect.scoped(open("q")))
      assert.strictEqual(error.reason._tag, "Held")
      assert.include(error.message, `:${process.pid}`)
      yield* Effect.scoped(open("another pipeline"))
      yield* Scope.close(first, Exit.void)
      yield* Effect.scoped(open("q"))
    }))

  test("begins no run of a pipeline that is paused, and tells the one that goes on", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      const run = yield* Scope.make()
      const book = yield* Scope.provide(open("s"), run)
      yield* ledger.pause("s", "the bucket is being moved")
      assert.strictEqual(yield* book.paused, "the bucket is being moved")
      yield* Scope.close(run, Exit.void)
      const error = yield* Effect.flip(Effect.scoped(open("s")))
      assert.strictEqual(error.reason._tag, "Paused")
      assert.include(error.message, "the bucket is being moved")
      yield* ledger.resume("s")
      yield* Effect.scoped(open("s"))
    }))

  test("keeps runs with their reports, also those that did not end", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      const report = reportOf("one")
      yield* Effect.scoped(Effect.flatMap(open("t", "one"), (book) => book.end(report)))
      yield* Effect.scoped(open("t", "two"))
      const runs = yield* ledger.runs("t", 10)
      assert.deepStrictEqual(
        runs.map((run) => [run.runId, run.report]),
        [
          ["two", undefined],
          ["one", report]
        ]
      )
      assert.strictEqual((yield* ledger.runs("t", 1)).length, 1)
    }))

  test("keeps runs of two pipelines apart, also where both have the same name", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      yield* open("one of two", "2026-01-02")
      yield* Effect.flatMap(open("two of two", "2026-01-02"), (book) => book.end(reportOf("2026-01-02")))
      const ended = (pipeline: string) =>
        Effect.map(ledger.runs(pipeline, 10), (all) => all.map(({ report }) => report !== undefined))
      assert.deepStrictEqual([yield* ended("one of two"), yield* ended("two of two")], [[false], [true]])
    }))

  test("keeps the last words of those who pause, also of a pipeline that never ran", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      yield* ledger.pause("paused", "first")
      yield* ledger.pause("paused", "second")
      const error = yield* Effect.flip(Effect.scoped(open("paused")))
      assert.deepInclude(error.reason, { _tag: "Paused", why: "second" })
      yield* ledger.resume("paused")
      yield* Effect.scoped(open("paused"))
    }))

  test("holds for as long as the run has the book", () =>
    Effect.gen(function* () {
      const book = yield* open("held")
      yield* book.hold
      yield* book.hold
    }))
}

const reportOf = (runId: string): Report.Report => ({
  pipeline: "t",
  runId,
  ended: "complete",
  startedAt: DateTime.makeUnsafe("2026-01-02T03:04:05.678Z"),
  seconds: 1.5,
  passes: [{ kind: "sweep", ended: "complete" }],
  discovered: 1,
  unchanged: 0,
  filtered: 0,
  created: 1,
  updated: 0,
  skipped: 0,
  rejected: 0,
  removed: 0,
  heldBack: 0,
  unsettled: 0,
  bytes: 10,
  uploads: { created: 0, completed: 0, bytes: 0, mismatched: 0, orphans: 0 },
  batches: 1,
  batchFill: 1,
  requests: 1,
  sourceRequests: 0,
  retries: 0,
  waitedSeconds: 0,
  unavailableSeconds: 0,
  rejections: [],
  skips: []
})
