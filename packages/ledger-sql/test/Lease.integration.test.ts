import { assert, describe, it } from "@effect/vitest"
import type { Ledger } from "@sluice/core"
import { Clock, Deferred, Effect, Exit, Fiber, Redacted, Schedule, Scope } from "effect"
import { PostgresLedger } from "../src/index.ts"
import { created, intent, ledger, settle, suspended, withClock } from "./ledger.ts"
import { database } from "./postgres.ts"
import { proxy } from "./proxy.ts"

const lease = "1 second"
const run = { pipeline: "photos", runId: "run" }
const tagOf = <A, R>(effect: Effect.Effect<A, Ledger.LedgerError, R>) =>
  Effect.map(Effect.flip(effect), ({ reason }) => reason._tag)

/** Takes the pipeline as soon as it may; answers how long that took, in milliseconds. */
const takeOver = (other: Ledger.Ledger["Service"]) =>
  Effect.gen(function* () {
    const began = yield* Clock.currentTimeMillis
    const book = yield* other.open(run).pipe(
      Effect.retry({
        schedule: Schedule.spaced("20 millis"),
        while: ({ reason }: Ledger.LedgerError) => reason._tag === "Held"
      })
    )
    return { book, millis: (yield* Clock.currentTimeMillis) - began }
  })

/** Happens after a settlement has begun, and before it is written: it asks for the time then. */
const inTheMiddle = <A, E>(settling: Effect.Effect<A, E>, happens: Effect.Effect<void>): Effect.Effect<A, E> =>
  Effect.flatMap(Clock.Clock, (clock) =>
    Effect.provideService(settling, Clock.Clock, {
      ...withClock(clock),
      currentTimeMillis: Effect.andThen(Effect.provideService(happens, Clock.Clock, clock), clock.currentTimeMillis)
    })
  )

/** Two machines with one database; the first one's way to it can be broken. */
const two = Effect.gen(function* () {
  const url = yield* database
  const { hostname, port } = new URL(Redacted.value(url))
  assert.strictEqual(hostname, "127.0.0.1")
  const way = yield* proxy(Number(port))
  const far = new URL(Redacted.value(url))
  far.port = String(way.port)
  const one = yield* ledger(PostgresLedger.layer({ url: Redacted.make(far.href), lease, holder: "machine-1:17" }))
  const other = yield* ledger(PostgresLedger.layer({ url, lease, holder: "machine-2:18" }))
  return { one, other, way }
})

describe("Lease in Postgres", () => {
  it.live("says who holds the pipeline, and keeps it for that run for as long as it lives", () =>
    Effect.gen(function* () {
      const { one, other } = yield* two
      const book = yield* one.open(run)
      const error = yield* Effect.flip(Effect.scoped(other.open(run)))
      assert.deepInclude(error.reason, { _tag: "Held", by: "machine-1:17" })
      // Three leases, by the database's clock.
      const end = (yield* Clock.currentTimeMillis) + 3000
      yield* Effect.gen(function* () {
        assert.strictEqual(yield* tagOf(Effect.scoped(other.open(run))), "Held")
        return yield* Clock.currentTimeMillis
      }).pipe(Effect.repeat({ schedule: Schedule.spaced("100 millis"), while: (now) => now < end }))
      yield* book.hold
    })
  )

  it.live("lets another run take over when the lease of a dead one has ended; the loser writes nothing", () =>
    Effect.gen(function* () {
      const { one, other } = yield* two
      const loser = yield* suspended(one.open(run))
      const { book } = yield* takeOver(other)
      const writes = {
        intend: loser.intend([intent("1")]),
        settle: settle(loser, { files: created("1") }),
        hold: loser.hold
      }
      for (const [name, write] of Object.entries(writes)) assert.strictEqual(yield* tagOf(write), "Lost", name)
      assert.strictEqual((yield* book.known(["1"])).size, 0)
      assert.deepStrictEqual(yield* book.intents(10), [])
    })
  )

  it.live("lets nothing leave where the database keeps silent, and another machine takes over", () =>
    Effect.gen(function* () {
      const { one, other, way } = yield* two
      const scope = yield* Scope.make()
      const loser = yield* Scope.provide(one.open(run), scope)
      yield* way.silence
      const { book } = yield* takeOver(other)
      assert.strictEqual(yield* tagOf(loser.hold), "Unreachable")
      yield* book.hold
      yield* way.speak
      assert.strictEqual(
        yield* tagOf(Effect.retry(loser.hold, { while: ({ reason }) => reason._tag === "Unreachable" })),
        "Lost"
      )
      yield* Scope.close(scope, Exit.void)
      yield* book.hold
    })
  )

  it.live("waits no longer than a lease for one that fell silent in the middle of a settlement", () =>
    Effect.gen(function* () {
      const { one, other } = yield* two
      const loser = yield* suspended(one.open(run))
      const taken = yield* Deferred.make<void>()
      const settling = yield* Effect.forkChild(
        Effect.flip(inTheMiddle(settle(loser, { files: created("1") }), Deferred.await(taken))),
        { startImmediately: true }
      )
      const { book } = yield* takeOver(other)
      yield* Deferred.succeed(taken, undefined)
      assert.strictEqual((yield* Fiber.join(settling)).reason._tag, "Unreachable")
      assert.strictEqual((yield* book.known(["1"])).size, 0)
    })
  )

  it.live("is unreachable where the database goes away, in the middle of a transaction too", () =>
    Effect.gen(function* () {
      const { one, way } = yield* two
      const book = yield* one.open(run)
      assert.strictEqual(yield* tagOf(inTheMiddle(settle(book, { files: created("1") }), way.cut)), "Unreachable")
      assert.strictEqual(yield* tagOf(settle(book, { files: created("1") })), "Unreachable")
      assert.strictEqual(yield* tagOf(book.known(["1"])), "Unreachable")
    })
  )
})
