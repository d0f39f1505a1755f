import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import * as Claims from "../../src/internal/claims.ts"

describe("claims", () => {
  it.effect("let a page wait for those of its files that are on their way, and for no others", () =>
    Effect.gen(function* () {
      const claims = Claims.make()
      yield* claims.take(["a", "b"])
      yield* claims.take(["c"])
      const waiting = yield* Effect.forkChild(claims.take(["b", "d"]), { startImmediately: true })
      claims.release("a")
      claims.release("c")
      yield* Effect.yieldNow
      assert.isUndefined(waiting.pollUnsafe())
      claims.release("b")
      yield* Fiber.join(waiting)
      const next = yield* Effect.forkChild(claims.take(["d"]), { startImmediately: true })
      yield* Effect.yieldNow
      assert.isUndefined(next.pollUnsafe())
      claims.release("d")
      yield* Fiber.join(next)
    })
  )

  it.effect("say when nothing is on its way", () =>
    Effect.gen(function* () {
      const claims = Claims.make()
      yield* claims.idle
      yield* claims.take(["a", "b"])
      const waiting = yield* Effect.forkChild(claims.idle, { startImmediately: true })
      claims.release("a")
      yield* Effect.yieldNow
      assert.isUndefined(waiting.pollUnsafe())
      claims.release("b")
      yield* Fiber.join(waiting)
    })
  )
})
