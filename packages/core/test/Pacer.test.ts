import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { make } from "../src/Pacer.ts"

const throttled = Effect.fail("slow down" as const)

describe("Pacer", () => {
  it.effect("lets everything through while nobody asks to slow down", () =>
    Effect.gen(function* () {
      const pace = make().pace<string>((error) => error === "slow down")
      yield* Effect.forEach(Array.from({ length: 100 }), () => pace(Effect.void), { concurrency: 10, discard: true })
      yield* Effect.exit(pace(Effect.fail("something else")))
      yield* pace(Effect.void)
      assert.strictEqual(yield* Clock.currentTimeMillis, 0)
    })
  )

  it.effect("keeps requests apart after SlowDown, whoever makes them, and lets go again", () =>
    Effect.gen(function* () {
      const pace = make().pace<string>((error) => error === "slow down")
      // Side by side: each is on its way before the first answer.
      yield* Effect.forEach([1, 2, 3, 4], () => Effect.exit(pace(Effect.andThen(Effect.yieldNow, throttled))), {
        concurrency: 4
      })
      const at: Array<number> = []
      const request = pace(Effect.map(Clock.currentTimeMillis, (now) => at.push(now)))
      const fiber = yield* Effect.forkChild(
        Effect.forEach(Array.from({ length: 12 }), () => request, { concurrency: 12, discard: true })
      )
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(fiber)
      const gaps = at.slice(1).map((time, i) => time - (at[i] ?? 0))
      assert.strictEqual(gaps[0], 80)
      const free = yield* Clock.currentTimeMillis
      yield* request
      yield* request
      assert.strictEqual(at[at.length - 1], free)
    })
  )
})
