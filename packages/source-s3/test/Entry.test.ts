import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import mime from "mime"
import { mediaType } from "../src/Entry.ts"

describe("Entry", () => {
  it.each([
    ["a.pdf", "application/pdf"],
    ["A/B.PDF", "application/pdf"],
    ["x.tar.gz", "application/gzip"],
    ["no extension", undefined],
    ["folder.pdf/name", undefined],
    [".pdf", undefined],
    ["folder/.pdf", undefined],
    ["a.", undefined],
    ["a.nobody-knows", undefined]
  ])("tells the media type of %s by its extension", (key, type) => {
    assert.strictEqual(mediaType(key), type)
  })

  const Part = Schema.Literals([".", "/", "\\", "a", "txt", "TXT", "gz", "\n", "漢"])
  it.effect.prop("knows the media types that `mime` knows", { parts: Schema.Array(Part) }, ({ parts }) =>
    Effect.sync(() => {
      const key = parts.join("")
      assert.strictEqual(mediaType(key), mime.getType(`/${key}`) ?? undefined)
    })
  )
})
