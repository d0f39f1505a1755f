import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as AtHand from "../src/AtHand.ts"

const value = Effect.succeed(1)
const later = Effect.delay(Effect.succeed(2), 0)

describe("an effect", () => {
  it("is at hand where it is a value already", () => {
    assert.isTrue(AtHand.isAtHand(value))
    assert.isFalse(AtHand.isAtHand(later))
    assert.isFalse(AtHand.isAtHand(Effect.fail("no")))
    assert.isFalse(AtHand.isAtHand(Effect.sync(() => 1)))
  })

  it("stays at hand when it is made of parts that are", () => {
    assert.isTrue(AtHand.isAtHand(AtHand.flatMap(value, (one) => Effect.succeed(one + 1))))
    assert.isTrue(AtHand.isAtHand(AtHand.all([value, value])))
    assert.isFalse(AtHand.isAtHand(AtHand.all([value, later])))
  })

  it.effect.prop(
    "means the same whether its parts are at hand or not",
    { numbers: Schema.Array(Schema.Int), at: Schema.Natural },
    ({ at, numbers }) =>
      Effect.gen(function* () {
        const effects = numbers.map((n, i) =>
          i === at % (numbers.length + 1) ? Effect.sync(() => n) : Effect.succeed(n)
        )
        assert.deepStrictEqual(yield* AtHand.all(effects), numbers)
        for (const [i, n] of numbers.entries()) {
          assert.strictEqual(yield* AtHand.flatMap(effects[i] ?? value, (m) => Effect.succeed(m)), n)
        }
      })
  )
})
