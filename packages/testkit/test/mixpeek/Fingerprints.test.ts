import { assert, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Fingerprints from "../../src/mixpeek/Fingerprints.ts"

it.effect.prop(
  "fingerprints tell new strings from known ones, as a set does",
  { texts: Schema.Array(Schema.String) },
  ({ texts }) =>
    Effect.sync(() => {
      const set = new Set<string>()
      const fingerprints = Fingerprints.make()
      for (const text of [...texts, ...texts]) {
        assert.strictEqual(fingerprints.add(text), !set.has(text))
        set.add(text)
      }
      assert.strictEqual(fingerprints.size(), set.size)
    })
)

it("fingerprints grow with what they hold", () => {
  const fingerprints = Fingerprints.make()
  for (let index = 0; index < 5_000; index++) assert.isTrue(fingerprints.add(String(index)))
  for (let index = 0; index < 5_000; index++) assert.isFalse(fingerprints.add(String(index)))
  assert.strictEqual(fingerprints.size(), 5_000)
})

it("fingerprints tell lone surrogates apart", () => {
  const fingerprints = Fingerprints.make()
  assert.deepStrictEqual(["\ud800", "\ud803"].map(fingerprints.add), [true, true])
})
