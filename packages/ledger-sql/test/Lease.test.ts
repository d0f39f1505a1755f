import { assert, describe, it } from "@effect/vitest"
import { Change, type Ledger } from "@sluice/core"
import { Cause, Deferred, Effect, Exit, Fiber, Layer, Redacted, Scope } from "effect"
import { TestClock } from "effect/testing"
import { join } from "node:path"
import { PostgresLedger, SqliteLedger, SqlLedger } from "../src/index.ts"
import { client, told } from "./client.ts"
import { created, folder, intent, ledger, settle, suspended } from "./ledger.ts"

const lease = "30 seconds"
const tagOf = <A, R>(effect: Effect.Effect<A, Ledger.LedgerError, R>) =>
  Effect.map(Effect.flip(effect), ({ reason }) => reason._tag)

/** Two processes with one file. */
const two = Effect.gen(function* () {
  const file = join(yield* folder, "ledger.db")
  const one = yield* ledger(SqliteLedger.layer({ file, lease, holder: "machine-1:17" }))
  const other = yield* ledger(SqliteLedger.layer({ file, lease, holder: "machine-2:18" }))
  return { one, other, file }
})

const run = { pipeline: "photos", runId: "run" }

describe("Lease", () => {
  it.effect("says who holds the pipeline, and since when", () =>
    Effect.gen(function* () {
      const { one, other } = yield* two
      yield* TestClock.setTime(Date.UTC(2026, 0, 2, 3, 4, 5))
      yield* one.open(run)
      yield* TestClock.adjust("1 hour")
      const error = yield* Effect.flip(Effect.scoped(other.open(run)))
      assert.deepInclude(error.reason, { _tag: "Held", by: "machine-1:17" })
      assert.include(error.message, "machine-1:17, since")
      assert.include(error.message, "2026-01-02T03:04:05.000Z")
    })
  )

  it.effect("lets another run take over once the lease of a dead one has ended, and not before", () =>
    Effect.gen(function* () {
      const { one, other } = yield* two
      yield* suspended(one.open(run))
      yield* TestClock.adjust("29999 millis")
      assert.strictEqual(yield* tagOf(Effect.scoped(other.open(run))), "Held")
      yield* TestClock.adjust("1 millis")
      yield* other.open(run)
    })
  )

  it.effect("lets nothing leave and nothing be written once the place was taken", () =>
    Effect.gen(function* () {
      const { one, other } = yield* two
      const loser = yield* suspended(one.open({ ...run, runId: "loser" }))
      yield* settle(loser, { files: created("1") })
      yield* TestClock.adjust(lease)
      const book = yield* other.open({ ...run, runId: "winner" })
      yield* book.beginSweep({ tracks: true, asked: "all" })
      const cursor = { range: "r", cursor: Change.Cursor.make("1"), follows: false }
      const writes = {
        hold: loser.hold,
        intend: loser.intend([intent("2")]),
        settle: settle(loser, {
          files: created("2"),
          removed: ["1"],
          cursors: [cursor],
          containers: [{ id: "f", state: "" }]
        }),
        beginSweep: loser.beginSweep({ tracks: false, asked: "other" }),
        completeSweep: loser.completeSweep
      }
      for (const [name, write] of Object.entries(writes)) assert.strictEqual(yield* tagOf(write), "Lost", name)
      assert.deepStrictEqual([...(yield* book.known(["1", "2"])).keys()], ["1"])
      assert.deepStrictEqual(yield* book.intents(10), [])
      assert.strictEqual((yield* book.containers(["f"])).size, 0)
      assert.deepStrictEqual(yield* book.position, { swept: false, tracks: true, asked: "all", sweep: [], follow: [] })
      yield* book.hold
      yield* settle(book, { files: created("3") })
    })
  )

  it.effect("does not give up the place of the run that took over when the loser ends", () =>
    Effect.gen(function* () {
      const { one, other } = yield* two
      const loser = yield* Scope.make()
      yield* Scope.provide(suspended(one.open(run)), loser)
      yield* TestClock.adjust(lease)
      const book = yield* other.open(run)
      yield* Scope.close(loser, Exit.void)
      assert.strictEqual(yield* tagOf(Effect.scoped(one.open(run))), "Held")
      yield* book.hold
    })
  )

  it.effect("is kept through a long run", () =>
    Effect.gen(function* () {
      const { one, other } = yield* two
      const book = yield* one.open(run)
      for (let minute = 0; minute < 60; minute++) {
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* tagOf(Effect.scoped(other.open(run))), "Held")
      }
      yield* book.hold
      yield* settle(book, { files: created("1") })
    })
  )

  it.effect("goes on where a run comes back and nobody took its place", () =>
    Effect.gen(function* () {
      const { one, other } = yield* two
      const book = yield* suspended(one.open(run))
      yield* TestClock.adjust("1 hour")
      yield* settle(book, { files: created("1") })
      yield* book.hold
      assert.strictEqual(yield* tagOf(Effect.scoped(other.open(run))), "Held")
    })
  )

  it.effect("tells of a pause within a heartbeat", () =>
    Effect.gen(function* () {
      const { one, other } = yield* two
      const book = yield* one.open(run)
      const heard = yield* Effect.forkChild(book.paused, { startImmediately: true })
      yield* other.pause(run.pipeline, "the bucket is being moved")
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* Fiber.join(heard), "the bucket is being moved")
    })
  )

  it.effect("of no length is refused before anybody connects to a database", () =>
    Effect.gen(function* () {
      const url = Redacted.make("postgres://nobody@127.0.0.1:9/nothing")
      const error = yield* Effect.flip(Effect.scoped(ledger(PostgresLedger.layer({ url, lease: 0 }))))
      assert.strictEqual(error.reason._tag, "Misconfigured")
      const state = told()
      const own = Layer.provide(SqlLedger.layer({ lease: "-1 minutes" }), client(":memory:", state))
      assert.strictEqual((yield* Effect.flip(Effect.scoped(ledger(own)))).reason._tag, "Misconfigured")
    })
  )

  describe("where the ledger is not reached", () => {
    const one = Effect.gen(function* () {
      const state = told()
      const file = join(yield* folder, "ledger.db")
      const opened = yield* ledger(Layer.provide(SqlLedger.layer({ lease }), client(file, state)))
      const other = yield* ledger(SqliteLedger.layer({ file, lease }))
      return { state, one: opened, other }
    })

    it.effect("holds for two thirds of a lease, and for no more", () =>
      Effect.gen(function* () {
        const { one: mine, state } = yield* one
        const book = yield* mine.open(run)
        state.isGone = true
        yield* TestClock.adjust("19999 millis")
        yield* book.hold
        yield* TestClock.adjust("1 millis")
        assert.strictEqual(yield* tagOf(book.hold), "Unreachable")
        yield* TestClock.adjust("1 hour")
        assert.strictEqual(yield* tagOf(book.hold), "Unreachable")
        state.isGone = false
        yield* book.hold
      })
    )

    it.effect("waits a third of a lease for an answer, and lets nothing leave meanwhile", () =>
      Effect.gen(function* () {
        const { one: mine, state } = yield* one
        const book = yield* mine.open(run)
        state.beforeAnswer = Effect.never
        yield* TestClock.adjust("20 seconds")
        const holding = yield* Effect.forkChild(Effect.flip(book.hold), { startImmediately: true })
        yield* TestClock.adjust("9999 millis")
        assert.isUndefined(holding.pollUnsafe())
        yield* TestClock.adjust("1 millis")
        const error = yield* Fiber.join(holding)
        assert.strictEqual(error.reason._tag, "Unreachable")
        assert.include(error.message, "has not answered for 10 s")
        state.beforeAnswer = Effect.void
      })
    )

    it.effect("believes no renewal that it heard of when it was over", () =>
      Effect.gen(function* () {
        const { one: mine, other, state } = yield* one
        const book = yield* suspended(mine.open(run))
        yield* TestClock.adjust("25 seconds")
        const answer = yield* Deferred.make<void>()
        state.beforeAnswer = Deferred.await(answer)
        const holding = yield* Effect.forkChild(Effect.exit(suspended(book.hold)), { startImmediately: true })
        yield* TestClock.adjust("30 seconds")
        yield* other.open(run)
        state.beforeAnswer = Effect.void
        yield* Deferred.succeed(answer, undefined)
        const exit = yield* Fiber.join(holding)
        assert.isTrue(Exit.isFailure(exit) && Cause.pretty(exit.cause).includes("another run took photos over"))
      })
    )
  })
})
