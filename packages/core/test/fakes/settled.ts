import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"

/** Runs with the clock going on, so that every wait is over. */
export const settled = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect)
    for (let i = 0; i < 100; i++) yield* TestClock.adjust("10 seconds")
    return yield* Fiber.join(fiber)
  })
