import { assert, describe, it } from "@effect/vitest"
import { AtHand } from "@sluice/core"
import { BlobDelivery, LineageFields, type MixpeekObject, MixpeekRecord, Wire } from "@sluice/sink-mixpeek"
import { Effect, Exit, Result, Schema } from "effect"
import * as Fixtures from "./Fixtures.ts"

const delivery = (method: BlobDelivery.Method) => Result.getOrThrow(BlobDelivery.resolve({ method }))
const options: MixpeekRecord.Options = {
  desk: Fixtures.desk,
  delivery: delivery("auto"),
  lineage: Result.getOrThrow(LineageFields.resolve({ source: false })),
  skipDuplicates: false,
  maxBytes: 100_000
}
const key = Fixtures.record(Fixtures.textObject, Fixtures.file("a.txt"), Fixtures.content("")).key

const make = (
  object: MixpeekObject.MixpeekObject,
  more?: Partial<MixpeekRecord.Options>,
  link?: ReturnType<typeof Fixtures.links>
) => {
  const made = MixpeekRecord.make(
    { ...options, ...(link === undefined ? {} : { delivery: delivery("reference") }), ...more },
    Fixtures.record(object, Fixtures.file("a.txt"), Fixtures.content("hello", link))
  )
  return AtHand.isAtHand(made) ? made : Effect.provide(made, Fixtures.unreachable)
}

const body = Effect.fnUntraced(function* (
  object: MixpeekObject.MixpeekObject,
  more?: Partial<MixpeekRecord.Options>,
  link?: string
) {
  const made = yield* make(object, more, link === undefined ? undefined : Fixtures.links())
  return made._tag === "Prepared" ? JSON.parse(MixpeekRecord.json(made, link === undefined ? [] : [link])) : made
})

const rejection = Effect.fnUntraced(function* (
  object: MixpeekObject.MixpeekObject,
  more?: Partial<MixpeekRecord.Options>
) {
  const made = yield* make(object, more)
  return made._tag === "Rejected" ? made.cause : undefined
})

describe("MixpeekRecord", () => {
  it.effect("spells an object as the API does", () =>
    Effect.gen(function* () {
      const object: MixpeekObject.MixpeekObject = {
        keyPrefix: "x/y",
        blobs: [
          {
            property: "content",
            type: "text",
            keyPrefix: "b",
            metadata: { page: 1 },
            canonicalizeSource: false,
            forceRemirror: true
          },
          { property: "title", type: "string", content: { _tag: "Value", value: "Title" } }
        ],
        fields: { year: 2026 },
        skipDuplicates: true,
        canonicalizeSource: true,
        forceRemirror: false
      }
      assert.deepStrictEqual(yield* body(object), {
        key_prefix: "x/y",
        skip_duplicates: true,
        canonicalize_source: true,
        force_remirror: false,
        source_details: [{ type: "bucket", source_id: "s3://files/a.txt" }],
        year: 2026,
        source_key: key,
        blobs: [
          {
            property: "content",
            type: "text",
            key_prefix: "b",
            metadata: { page: 1 },
            canonicalize_source: false,
            force_remirror: true,
            data: "hello"
          },
          { property: "title", type: "string", data: "Title" }
        ]
      })
    })
  )

  it.effect("sends nothing that was not said", () =>
    Effect.gen(function* () {
      const lineage = { sourceKey: undefined, source: undefined, sourceDetails: false }
      assert.deepStrictEqual(yield* body(Fixtures.textObject, { lineage }), {
        blobs: [{ property: "content", type: "text", data: "hello" }]
      })
      assert.deepStrictEqual(yield* body({ blobs: [] }, { lineage }), { blobs: [] })
    })
  )

  it.effect("makes only requests that the wire's own types allow", () =>
    Effect.gen(function* () {
      const decode = Schema.decodeUnknownEffect(Wire.CreateObjectRequest, { onExcessProperty: "error" })
      const { source_key: _, ...known } = yield* body(Fixtures.textObject)
      yield* decode(known)
      const misspelt = yield* Effect.flip(decode({ ...known, skipDuplicates: true }))
      assert.include(misspelt.message, "skipDuplicates")
    })
  )

  it.effect("puts the link in when it is known, wherever the file is referred to", () =>
    Effect.gen(function* () {
      const twice: MixpeekObject.MixpeekObject = {
        blobs: [
          { property: "content", type: "text" },
          { property: "title", type: "string", content: { _tag: "Value", value: 'a "quoted" title' } },
          { property: "copy", type: "text" }
        ]
      }
      const link = 'https://x.example/?a="b"&c=\\d'
      const { blobs } = yield* body(twice, undefined, link)
      assert.deepStrictEqual(
        blobs.map(({ data }: { readonly data: unknown }) => data),
        [link, 'a "quoted" title', link]
      )
    })
  )

  it.effect("takes skip_duplicates from the sink unless the object says otherwise", () =>
    Effect.gen(function* () {
      const sink = { skipDuplicates: true }
      assert.isTrue((yield* body(Fixtures.textObject, sink)).skip_duplicates)
      assert.notProperty(yield* body({ ...Fixtures.textObject, skipDuplicates: false }, sink), "skip_duplicates")
    })
  )

  it.effect("weighs at least what it sends", () =>
    Effect.gen(function* () {
      const made = yield* make({ ...Fixtures.textObject, fields: { title: "ünï" } }, undefined, Fixtures.links())
      assert.strictEqual(made._tag, "Prepared")
      if (made._tag === "Prepared") {
        const longest = `https://x.example/${"x".repeat(BlobDelivery.maxUrlLength - 18)}`
        assert.isAtLeast(made.weight, Buffer.byteLength(MixpeekRecord.json(made, [longest])))
      }
    })
  )

  it("is a value already where nothing has to be read", () => {
    assert.isTrue(Exit.isExit(make(Fixtures.textObject, undefined, Fixtures.links())))
  })

  it.effect("rejects an object that does not fit into a request", () =>
    Effect.gen(function* () {
      const cause = yield* rejection(
        { ...Fixtures.textObject, fields: { title: "x".repeat(1000) } },
        { maxBytes: 1000 }
      )
      assert.strictEqual(cause?.code, "too-large")
    })
  )

  it.effect.each(["object_id", "skipDuplicates", "blob"])("rejects the reserved field %s", (name) =>
    Effect.gen(function* () {
      const cause = yield* rejection({ ...Fixtures.textObject, fields: { [name]: 1 } })
      assert.strictEqual(cause?.code, "reserved-name")
      assert.include(cause?.message, name)
    })
  )

  it.effect("rejects a field that stands where lineage goes", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        (yield* rejection({ ...Fixtures.textObject, fields: { source_key: "x" } }))?.code,
        "reserved-name"
      )
    })
  )

  it.effect.each([
    ["a misspelt option", { blobs: [], skip_duplicates: true }],
    ["a misspelt blob", { blobs: [{ property: "content", type: "text", upload: "x" }] }],
    ["a type that is none", { blobs: [{ property: "content", type: "json" }] }],
    ["no blobs", {}],
    ["an empty property", { blobs: [{ property: "", type: "text" }] }],
    ["a field that is not JSON", { blobs: [], fields: { x: undefined } }]
  ])("rejects %s of an untyped mapping, without telling what is in it", ([, object]) =>
    Effect.gen(function* () {
      // What a program without types could hand over.
      const cause = yield* rejection(object as unknown as MixpeekObject.MixpeekObject)
      assert.strictEqual(cause?.code, "invalid-object")
    })
  )
})
