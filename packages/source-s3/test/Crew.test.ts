import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import * as Crew from "../src/Crew.ts"

/** A crew, in a process that is busy for a share of the time; `look` lets time pass and looks. */
const working = Effect.fnUntraced(function* (most: number, busy: number) {
  let used = 0
  const crew = yield* Crew.make(most, () => used)
  const look = Effect.fnUntraced(function* (millis = 100, held = 0) {
    yield* TestClock.adjust(millis)
    used += millis * busy
    crew.held(held)
    yield* crew.grow
    return crew.hands()
  })
  return { crew, look }
})

describe("Crew", () => {
  it.effect("begins with four hands, and doubles them while the process is idle, up to the most there may be", () =>
    Effect.gen(function* () {
      const { crew, look } = yield* working(24, 0.3)
      assert.strictEqual(crew.hands(), 4)
      assert.deepStrictEqual([yield* look(), yield* look(), yield* look(), yield* look()], [8, 16, 24, 24])
    })
  )

  it.effect("has no more than there may be from the beginning", () =>
    Effect.gen(function* () {
      const { crew, look } = yield* working(1, 0)
      assert.deepStrictEqual([crew.hands(), yield* look()], [1, 1])
    })
  )

  it.effect("takes no more where the process is busy", () =>
    Effect.gen(function* () {
      const { look } = yield* working(24, 0.9)
      assert.deepStrictEqual([yield* look(), yield* look()], [4, 4])
    })
  )

  it.effect("takes no more where pages are not taken", () =>
    Effect.gen(function* () {
      const { look } = yield* working(24, 0.1)
      // Each of four hands waited for the whole time.
      assert.strictEqual(yield* look(100, 400), 4)
      assert.strictEqual(yield* look(100, 40), 8)
    })
  )

  it.effect("concludes nothing from a moment, and counts it for the next look", () =>
    Effect.gen(function* () {
      const { look } = yield* working(24, 0.1)
      assert.deepStrictEqual([yield* look(30), yield* look(30)], [4, 8])
    })
  )
})
