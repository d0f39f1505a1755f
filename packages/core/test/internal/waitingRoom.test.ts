import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"
import * as WaitingRoom from "../../src/internal/waitingRoom.ts"

interface Thing {
  readonly name: number
  readonly weight: number
}
const thing = (name: number, weight = 1): Thing => ({ name, weight })
const things = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => thing(from + i))
const names = (taken: Option.Option<WaitingRoom.Taken<Thing>>) =>
  Option.match(taken, { onNone: () => "none", onSome: ({ items }) => items.map((item) => item.name).join() })

const make = (over: { readonly capacity?: number; readonly maxBytes?: () => number } = {}) =>
  WaitingRoom.make<Thing>({
    capacity: over.capacity ?? 10,
    maxRecords: 3,
    maxBytes: over.maxBytes ?? (() => 100),
    maxWait: Duration.seconds(2)
  })

describe("waitingRoom", () => {
  it.effect("hands out a full batch at once and says it is full", () =>
    Effect.gen(function* () {
      const room = make()
      yield* room.offer(things(0, 4))
      const taken = yield* room.take
      assert.strictEqual(names(taken), "0,1,2")
      assert.strictEqual(Option.getOrThrow(taken).fill, 1)
    })
  )

  it.effect("lets a record wait for company for so long after it came in, and no longer", () =>
    Effect.gen(function* () {
      const room = make()
      const taker = yield* Effect.forkChild(room.take)
      yield* room.offer([thing(1)])
      yield* TestClock.adjust("1 second")
      yield* room.offer([thing(2)])
      yield* TestClock.adjust("999 millis")
      assert.isUndefined(taker.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(names(yield* Fiber.join(taker)), "1,2")
    })
  )

  it.effect("closes a batch before the record that would be too many bytes, and sends a giant alone", () =>
    Effect.gen(function* () {
      const room = make()
      yield* room.offer([thing(1, 60), thing(2, 60), thing(3, 500), thing(4)])
      room.end()
      const first = yield* room.take
      assert.strictEqual(names(first), "1")
      assert.strictEqual(Option.getOrThrow(first).fill, 1)
      assert.strictEqual(names(yield* room.take), "2")
      assert.strictEqual(names(yield* room.take), "3")
      room.done(3)
      assert.strictEqual(names(yield* room.take), "4")
    })
  )

  it.effect("fills the next batch with those that are tried again, but not before their time", () =>
    Effect.gen(function* () {
      const room = make()
      yield* room.offer(things(0, 3))
      yield* room.take
      room.again(thing(0), 1000)
      room.again(thing(1), 5000)
      room.done(1)
      yield* room.offer([thing(3)])
      const taker = yield* Effect.forkChild(room.take)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(names(yield* Fiber.join(taker)), "3,0")
      room.done(2)
      room.end()
      const last = yield* Effect.forkChild(room.take)
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(names(yield* Fiber.join(last)), "1")
    })
  )

  it.effect("waits for what is outside before it says that nothing will come", () =>
    Effect.gen(function* () {
      const room = make()
      yield* room.offer([thing(1)])
      room.end()
      yield* room.take
      const taker = yield* Effect.forkChild(room.take)
      yield* TestClock.adjust("1 hour")
      assert.isUndefined(taker.pollUnsafe())
      room.done(1)
      assert.strictEqual(names(yield* Fiber.join(taker)), "none")
    })
  )

  it.effect("lets the last records wait for those that may come back, but not longer than others wait", () =>
    Effect.gen(function* () {
      const room = make()
      yield* room.offer(things(0, 4))
      room.end()
      yield* room.take
      const taker = yield* Effect.forkChild(room.take)
      yield* TestClock.adjust("1 second")
      assert.isUndefined(taker.pollUnsafe())
      room.again(thing(1), 0)
      room.again(thing(2), 0)
      room.done(1)
      assert.strictEqual(names(yield* Fiber.join(taker)), "3,1,2")
    })
  )

  it.effect("suspends the producer while it is full", () =>
    Effect.gen(function* () {
      const room = make({ capacity: 3 })
      yield* room.offer(things(0, 3))
      const producer = yield* Effect.forkChild(room.offer([thing(3)]))
      yield* TestClock.adjust("1 minute")
      assert.isUndefined(producer.pollUnsafe())
      yield* room.take
      yield* Fiber.join(producer)
      room.end()
      room.done(3)
      assert.strictEqual(names(yield* room.take), "3")
    })
  )

  it.effect("takes nothing and holds nobody after it was stopped", () =>
    Effect.gen(function* () {
      const room = make({ capacity: 1 })
      yield* room.offer([thing(0)])
      const producer = yield* Effect.forkChild(room.offer([thing(1)]), { startImmediately: true })
      room.stop()
      yield* Fiber.join(producer)
      assert.strictEqual(names(yield* room.take), "none")
    })
  )

  it.effect("follows a byte budget that shrinks", () =>
    Effect.gen(function* () {
      let budget = 100
      const room = make({ maxBytes: () => budget })
      yield* room.offer([thing(1, 40), thing(2, 40), thing(3, 40), thing(4, 40)])
      room.end()
      assert.strictEqual(names(yield* room.take), "1,2")
      budget = 50
      assert.strictEqual(names(yield* room.take), "3")
    })
  )

  it.effect("stays ordered and whole over many records", () =>
    Effect.gen(function* () {
      const room = make({ capacity: 10_000 })
      yield* room.offer(things(0, 5000))
      room.end()
      const seen: Array<number> = []
      while (true) {
        const taken = yield* room.take
        if (Option.isNone(taken)) break
        seen.push(...taken.value.items.map((item) => item.name))
        room.done(taken.value.items.length)
      }
      assert.deepStrictEqual(
        seen,
        things(0, 5000).map((item) => item.name)
      )
    })
  )
})
