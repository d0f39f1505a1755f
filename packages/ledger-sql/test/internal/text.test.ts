import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { fromText, isPlain, toText } from "../../src/internal/text.ts"

describe("text of sources", () => {
  it.effect.prop(
    "is kept without NUL, and comes back as it was",
    { parts: Schema.Array(Schema.Literals(["\0", "\u0010", "0", "a", "\u0011"])) },
    ({ parts }) =>
      Effect.sync(() => {
        const text = parts.join("")
        assert.notInclude(toText(text), "\0")
        assert.strictEqual(fromText(toText(text)), text)
        assert.strictEqual(toText(text) === text, isPlain(text))
      })
  )
})
