import { assert, describe, it } from "@effect/vitest"
import { Mapping } from "@sluice/core"
import { Fields, MediaType, MixpeekObject } from "@sluice/sink-mixpeek"
import { Context, Effect, Exit, Option } from "effect"
import * as Fixtures from "./Fixtures.ts"

const docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

describe("MediaType", () => {
  it.each([
    ["application/pdf", "pdf"],
    ["image/jpeg", "image"],
    ["image/gif", "image"],
    ["video/quicktime", "video"],
    ["audio/x-wav", "audio"],
    ["text/plain", "text"],
    ["text/markdown", "text"],
    ["text/html", "text"],
    ["text/xml", "text"],
    ["application/json", "text"],
    ["application/ld+json", "text"],
    ["text/csv", "excel"],
    ["application/vnd.ms-excel", "excel"],
    [docx, undefined],
    ["application/vnd.openxmlformats-officedocument.presentationml.presentation", undefined],
    ["image/svg+xml", undefined],
    ["application/octet-stream", undefined]
  ])("of %s is %s", (mediaType, type) => {
    assert.strictEqual(MediaType.typeOf(mediaType), type)
  })
})

describe("MixpeekObject.fromFile", () => {
  const pdf = Fixtures.file("a/b/c.pdf", { mimeType: "application/pdf" })

  it.effect("makes one blob of the file itself, in the folder the file is in", () =>
    Effect.gen(function* () {
      const object = yield* MixpeekObject.fromFile({ property: "content" }).map(pdf)
      assert.deepStrictEqual(object, {
        blobs: [{ property: "content", type: "pdf" }],
        fields: {},
        keyPrefix: "a/b"
      })
    })
  )

  it.effect("chooses the property by type", () =>
    Effect.gen(function* () {
      const mapping = MixpeekObject.fromFile({ property: { pdf: "document", text: "body" } })
      assert.deepStrictEqual((yield* mapping.map(pdf)).blobs, [{ property: "document", type: "pdf" }])
      const error = yield* Effect.flip(mapping.map(Fixtures.file("a.png", { mimeType: "image/png" })))
      assert.include(error.message, "no property is named for files of type image")
    })
  )

  it.effect.each([
    ["rejects it by default", undefined, "reject"],
    ["skips it where that is asked for", "skip", "skip"]
  ] as const)("says of a file whose type has no home why, and %s", ([, otherwise, disposition]) =>
    Effect.gen(function* () {
      const mapping = MixpeekObject.fromFile({ property: "content", otherwise })
      const error = yield* Effect.flip(mapping.map(Fixtures.file("a.docx", { mimeType: docx })))
      assert.strictEqual(error.disposition, disposition)
      assert.include(error.message, `${docx} has no type in Mixpeek`)
    })
  )

  it.effect("takes a type for what has none, by media type or for all", () =>
    Effect.gen(function* () {
      const file = Fixtures.file("a.docx", { mimeType: docx })
      const named = MixpeekObject.fromFile({ property: "content", types: { [docx]: "text" } })
      assert.strictEqual((yield* named.map(file)).blobs[0]?.type, "text")
      const all = MixpeekObject.fromFile({ property: "content", otherwise: "pdf" })
      assert.strictEqual((yield* all.map(file)).blobs[0]?.type, "pdf")
    })
  )

  it.effect("fills fields, leaves out those a file does not have, and rejects a file without a required one", () =>
    Effect.gen(function* () {
      const fields = { owner: Fields.tag("owner"), year: Fields.fileNameMatch(/(\d{4})/).pipe(Fields.integer) }
      const mapping = MixpeekObject.fromFile({ property: "content", fields })
      assert.deepStrictEqual([...mapping.attributes], ["tags"])
      const file = Fixtures.file("report 2026.txt")
      assert.deepStrictEqual((yield* mapping.map(file)).fields, { year: 2026 })
      const strict = MixpeekObject.fromFile({
        property: "content",
        fields: { ...fields, owner: Fields.required(fields.owner) }
      })
      const error = yield* Effect.flip(strict.map(file))
      assert.deepStrictEqual([error.subject, error.disposition], ["owner", "reject"])
    })
  )

  it.effect("names the field whose value cannot be used", () =>
    Effect.gen(function* () {
      const mapping = MixpeekObject.fromFile({
        property: "content",
        fields: { year: Fields.fileName.pipe(Fields.integer) }
      })
      assert.strictEqual((yield* Effect.flip(mapping.map(pdf))).subject, "year")
    })
  )

  it.effect("asks for what its fields need", () =>
    Effect.gen(function* () {
      class Names extends Context.Service<Names, { readonly of: (id: string) => string }>()("test/Names") {}
      const mapping = MixpeekObject.fromFile({
        property: "content",
        fields: {
          name: Fields.make((file) => Effect.map(Names, (names) => names.of(file.id)), { type: "string" }),
          path: Fields.path
        }
      })
      const object = yield* mapping.map(pdf).pipe(Effect.provideService(Names, { of: (id) => `name of ${id}` }))
      assert.deepStrictEqual(object.fields, { name: "name of a/b/c.pdf", path: "a/b/c.pdf" })
    })
  )

  it("is a value already where no field has to be waited for", () => {
    const mapping = MixpeekObject.fromFile({ property: "content", fields: { path: Fields.path } })
    assert.isTrue(Exit.isExit(mapping.map(pdf)))
  })

  it.effect.each(["status", "blobs", "skipDuplicates", "blob", "key-prefix"])(
    "refuses a field called %s, which belongs to the API",
    (name) =>
      Effect.gen(function* () {
        const mapping = MixpeekObject.fromFile({ property: "content", fields: { [name]: Fields.path } })
        assert.strictEqual(mapping.shape.problems[0]?.field, `fields.${name}`)
        const error = yield* Effect.flip(mapping.map(pdf))
        assert.include(error.message, "belongs to the API")
      })
  )

  it("cannot be misspelt by a program that is typed", () => {
    // @ts-expect-error: the option is skipDuplicates
    const object: MixpeekObject.MixpeekObject = { blobs: [], skip_duplicates: true }
    // @ts-expect-error: types are in lower case
    const blob: MixpeekObject.Blob = { property: "content", type: "PDF" }
    assert.isDefined([object, blob])
  })

  it("knows its shape, and a mapping of your own has the one you declare", () => {
    const mapping = MixpeekObject.fromFile({
      property: { pdf: "document" },
      fields: { year: Fields.constant(2026).pipe(Fields.required) }
    })
    assert.deepStrictEqual(mapping.shape, {
      blobs: [{ property: "document", types: ["pdf"] }],
      fields: [{ name: "year", type: "integer", required: true }],
      problems: []
    })
    const own = Mapping.make(() => Fixtures.textObject)
    assert.isTrue(Option.isNone(MixpeekObject.shapeOf(own)))
    assert.isTrue(Option.isSome(MixpeekObject.shapeOf(MixpeekObject.declare(own, { blobs: [], fields: [] }))))
  })
})
