import { assert, describe, it } from "@effect/vitest"
import { MixpeekObject } from "@sluice/sink-mixpeek"
import { Effect, Result, Schema } from "effect"
import { isMixpeekObject } from "../src/mapping/ObjectCheck.ts"

const bySchema = Schema.decodeUnknownResult(Schema.toType(MixpeekObject.MixpeekObject), { onExcessProperty: "error" })

/** What else a key may hold. */
const odd: ReadonlyArray<unknown> = [
  undefined,
  null,
  7,
  -1,
  "",
  "x".repeat(101),
  {},
  [],
  [{}],
  { _tag: "File" },
  Number.NaN
]

const keys = [
  ...Object.keys(MixpeekObject.MixpeekObject.fields),
  ...Object.keys(MixpeekObject.Blob.fields),
  "value",
  "part",
  "_tag",
  "constructor"
]

/** The object, and each that differs from it in one place. */
function* variations(value: unknown): Generator<unknown> {
  yield value
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) for (const one of variations(item)) yield value.with(index, one)
  } else if (typeof value === "object" && value !== null) {
    for (const key of keys) for (const other of odd) yield { ...value, [key]: other }
    for (const [key, item] of Object.entries(value)) {
      for (const one of variations(item)) yield { ...value, [key]: one }
      const { [key]: _, ...rest } = value as Record<string, unknown> // an object, of which nothing is known
      yield rest
    }
  }
}

/** One of every kind of content, with everything that there can be. */
const whole: MixpeekObject.MixpeekObject = {
  keyPrefix: "a/b",
  blobs: [
    { property: "content", type: "text", keyPrefix: "c", metadata: { page: 1 }, canonicalizeSource: true },
    { property: "content", type: "pdf", content: { _tag: "File", part: 1 }, forceRemirror: false },
    { property: "content", type: "object", content: { _tag: "Value", value: { a: [1, "b", null] } } }
  ],
  fields: { title: "x", deep: { list: [{}] } },
  skipDuplicates: true,
  canonicalizeSource: false,
  forceRemirror: true
}

describe("ObjectCheck", () => {
  it.effect.prop("takes every object", { object: MixpeekObject.MixpeekObject }, ({ object }) =>
    Effect.sync(() => assert.isTrue(isMixpeekObject(object)))
  )

  it("says what the schema says where no other keys are allowed", () => {
    for (const value of variations(whole)) {
      assert.strictEqual(isMixpeekObject(value), Result.isSuccess(bySchema(value)), JSON.stringify(value))
    }
  })
})
