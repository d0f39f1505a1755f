import { assert, describe, it } from "@effect/vitest"
import { Outcome, Source } from "@sluice/core"
import { BlobDelivery, type Wire } from "@sluice/sink-mixpeek"
import { Effect, Exit, Option, Result, Schema, Stream } from "effect"
import * as Fixtures from "./Fixtures.ts"

const deliver = (
  options: BlobDelivery.Options | undefined,
  type: Wire.FieldType,
  content: string | Uint8Array,
  file = Fixtures.file("a.txt"),
  link?: Source.Link
) => BlobDelivery.deliver(Result.getOrThrow(BlobDelivery.resolve(options)), file, type, Fixtures.content(content, link))

const code = (delivered: BlobDelivery.Delivered) =>
  delivered._tag === "Rejected" ? delivered.cause.code : delivered._tag
const data = (delivered: BlobDelivery.Delivered) => (delivered._tag === "Data" ? delivered.data : delivered)

const pdf = Fixtures.file("a.pdf", { mimeType: "application/pdf" })

describe("BlobDelivery", () => {
  describe("auto", () => {
    it.effect("sends what fits, also where the source has links", () =>
      Effect.gen(function* () {
        const links = Fixtures.links()
        assert.strictEqual(data(yield* deliver(undefined, "text", "hello", undefined, links)), "hello")
        assert.strictEqual(links.minted(), 0)
      })
    )

    it.effect.each([
      ["text", 5_000_000, "Data"],
      ["text", 5_000_001, "Upload"],
      ["pdf", 3_750_000, "Data"],
      ["pdf", 3_750_001, "Upload"]
    ] as const)("%s of %i bytes becomes %s", ([type, size, expected]) =>
      Effect.gen(function* () {
        const content = "x".repeat(size)
        assert.strictEqual(code(yield* deliver(undefined, type, content, Fixtures.file("a", { size }))), expected)
        assert.strictEqual(code(yield* deliver(undefined, type, content, Fixtures.file("a"))), expected)
      })
    )

    it.effect("reads nothing of what is too large", () =>
      Effect.gen(function* () {
        const content = { bytes: Stream.die("read"), link: Option.none() }
        const settings = Result.getOrThrow(BlobDelivery.resolve())
        const large = Fixtures.file("a.bin", { size: 5_000_001 })
        assert.strictEqual(code(yield* BlobDelivery.deliver(settings, large, "pdf", content)), "Upload")
      })
    )

    it.effect("refers to a file that anybody may read, where the address is short enough", () =>
      Effect.gen(function* () {
        const open = { ...Fixtures.links(), isPublic: true }
        assert.strictEqual(code(yield* deliver(undefined, "text", "hello", undefined, open)), "Link")
        assert.deepStrictEqual(data(yield* deliver(undefined, "object", "{}", undefined, open)), {})
        const long = Fixtures.file("é".repeat(500))
        const links = { ...Fixtures.links(({ uri }) => `https://files.example/${uri}`), isPublic: true }
        assert.strictEqual(data(yield* deliver(undefined, "text", "hello", long, links)), "hello")
      })
    )

    it.effect("sends a value as it is, or not at all: there is no other way", () =>
      Effect.gen(function* () {
        const large = Fixtures.file("a.json", { size: 5_000_001 })
        const delivered = yield* deliver(undefined, "object", "{}", large)
        assert.strictEqual(code(delivered), "needs-upload")
        assert.include(JSON.stringify(delivered), "raise delivery.maxInlineBytes")
      })
    )
  })

  describe("reference", () => {
    it.effect("refers to the file, and reads nothing", () =>
      Effect.gen(function* () {
        const links = Fixtures.links()
        const content = { bytes: Stream.die("read"), link: Option.some(links) }
        const settings = Result.getOrThrow(BlobDelivery.resolve({ method: "reference" }))
        const delivering = BlobDelivery.deliver(settings, pdf, "pdf", content)
        assert.isTrue(Exit.isExit(delivering))
        assert.strictEqual(code(yield* delivering), "Link")
        assert.strictEqual(links.minted(), 0)
      })
    )

    it.effect("rejects a file whose link would be longer than Mixpeek takes", () =>
      Effect.gen(function* () {
        const long = Fixtures.file("é".repeat(500))
        const links = Fixtures.links(({ uri }) => `https://files.example/${uri}?X-Amz-Signature=x`)
        assert.strictEqual(code(yield* deliver({ method: "reference" }, "text", "hello", long, links)), "link-too-long")
        const short = Fixtures.links(() => "https://short.example/x")
        assert.strictEqual(code(yield* deliver({ method: "reference" }, "text", "hello", long, short)), "Link")
      })
    )
  })

  it.effect("uploads where that is wanted, whatever the size", () =>
    Effect.gen(function* () {
      assert.strictEqual(code(yield* deliver({ method: "upload" }, "text", "x")), "Upload")
    })
  )

  it.effect("follows a function of the file", () =>
    Effect.gen(function* () {
      const method = ({ mimeType }: { readonly mimeType: string }) =>
        mimeType === "application/pdf" ? ("reference" as const) : ("inline" as const)
      const links = Fixtures.links()
      assert.strictEqual(code(yield* deliver({ method }, "pdf", "x", pdf, links)), "Link")
      assert.strictEqual(data(yield* deliver({ method }, "text", "x", Fixtures.file("a.txt"), links)), "x")
    })
  )

  it.effect("needs an upload where a reference is wanted and the source has no links", () =>
    Effect.gen(function* () {
      assert.strictEqual(code(yield* deliver({ method: "reference" }, "pdf", "x", pdf)), "needs-upload")
    })
  )

  it.effect("names the store's own address where that is wanted", () =>
    Effect.gen(function* () {
      const delivered = yield* deliver(
        { method: "reference", references: "address" },
        "pdf",
        "x",
        pdf,
        Fixtures.links()
      )
      assert.strictEqual(data(delivered), "s3://files/a.pdf")
    })
  )

  describe("inline", () => {
    it.effect("sends binaries as base64 with media type and name", () =>
      Effect.gen(function* () {
        const bytes = new Uint8Array([0, 255, 128])
        assert.deepStrictEqual(data(yield* deliver({ method: "inline" }, "pdf", bytes, pdf)), {
          base64: "AP+A",
          mime_type: "application/pdf",
          filename: "a.pdf"
        })
      })
    )

    it.effect("leaves out a name that is too long", () =>
      Effect.gen(function* () {
        const long = Fixtures.file(`${"x".repeat(300)}.pdf`, { mimeType: "application/pdf" })
        assert.notProperty(data(yield* deliver({ method: "inline" }, "pdf", "x", long)), "filename")
      })
    )

    it.effect("sends text that is not UTF-8 as base64", () =>
      Effect.gen(function* () {
        const delivered = yield* deliver(undefined, "text", new Uint8Array([0xe9, 0x74, 0xe9]))
        assert.deepStrictEqual(data(delivered), { base64: "6XTp", mime_type: "text/plain", filename: "a.txt" })
      })
    )

    it.effect.each(["https://example.com", " http://x", "s3://bucket/key", "data:text/plain,x", "HTTPS://X"])(
      "sends the text %j as base64, because Mixpeek would fetch it",
      (text) =>
        Effect.gen(function* () {
          assert.property(data(yield* deliver(undefined, "text", text)), "base64")
        })
    )

    it.effect.each(["note: buy milk", "see https://example.com", "", "a\u0000b", "ünï"])(
      "sends the text %j as it is",
      (text) =>
        Effect.gen(function* () {
          assert.strictEqual(data(yield* deliver(undefined, "text", text)), text)
        })
    )

    it.effect("sends JSON as a value where the property holds values, also where the source has links", () =>
      Effect.gen(function* () {
        const json = Fixtures.file("a.json", { mimeType: "application/json" })
        const delivered = yield* deliver(undefined, "object", '{"a":[1,null]}', json, Fixtures.links())
        assert.deepStrictEqual(data(delivered), { a: [1, null] })
      })
    )

    it.effect("rejects content that is to be a value and is not JSON", () =>
      Effect.gen(function* () {
        const delivered = yield* deliver(undefined, "object", "{secret")
        assert.strictEqual(code(delivered), "invalid-json")
        assert.notInclude(JSON.stringify(delivered), "secret")
      })
    )

    it.effect.each([
      ["text", 10, "Data"],
      ["text", 11, "needs-upload"],
      ["pdf", 6, "Data"],
      ["pdf", 7, "needs-upload"]
    ] as const)(
      "takes %s of %i bytes, counted as they are sent, for %s under a limit of 10",
      ([type, size, expected]) =>
        Effect.gen(function* () {
          const options = { method: "inline", maxInlineBytes: 10 } as const
          const content = "x".repeat(size)
          const known = Fixtures.file("a", { size })
          assert.strictEqual(code(yield* deliver(options, type, content, known)), expected)
          assert.strictEqual(code(yield* deliver(options, type, content, Fixtures.file("a"))), expected)
        })
    )

    it.effect.each([
      ["pdf", "x", 4_000_000, "4,000,000 bytes, which are 5,333,336 as base64, do not fit into the 5,000,000 bytes"],
      ["text", "x", 5_000_001, "5,000,001 bytes do not fit into the 5,000,000 bytes"],
      ["pdf", "x".repeat(4_000_000), undefined, "its bytes, as base64, do not fit into the 5,000,000 bytes"],
      ["text", "x".repeat(5_000_001), undefined, "its bytes do not fit into the 5,000,000 bytes"],
      [
        "text",
        new Uint8Array(4_000_000).fill(0xe9),
        4_000_000,
        "4,000,000 bytes, which are 5,333,336 as base64, do not fit into the 5,000,000 bytes"
      ]
    ] as const)("says what is counted of a %s that is too large", ([type, content, size, said]) =>
      Effect.gen(function* () {
        const file = Fixtures.file("a", size === undefined ? {} : { size })
        const delivered = yield* deliver({ method: "inline" }, type, content, file)
        assert.include(delivered._tag === "Rejected" ? delivered.cause.message : "", said)
      })
    )

    it.effect("stops reading a body of unknown size at the limit", () =>
      Effect.gen(function* () {
        let read = 0
        const endless = Stream.fromEffectRepeat(Effect.sync(() => new Uint8Array(1000).fill(read++)))
        const settings = Result.getOrThrow(BlobDelivery.resolve({ method: "inline", maxInlineBytes: 10_000 }))
        const delivered = yield* BlobDelivery.deliver(settings, Fixtures.file("a"), "text", {
          bytes: endless,
          link: Option.none()
        })
        assert.strictEqual(code(delivered), "needs-upload")
        assert.isAtMost(read, 12)
      })
    )

    it.effect("fails as the source does when the file cannot be read", () =>
      Effect.gen(function* () {
        const gone = new Source.SourceError({
          source: "s3:files",
          operation: "GetObject",
          reason: new Source.Gone(),
          message: "gone"
        })
        const settings = Result.getOrThrow(BlobDelivery.resolve())
        const content = { bytes: Stream.fail(gone), link: Option.none() }
        const error = yield* Effect.flip(BlobDelivery.deliver(settings, Fixtures.file("a"), "text", content))
        assert.strictEqual(error, gone)
      })
    )

    it.effect.prop("brings any bytes through", { bytes: Schema.Uint8Array }, ({ bytes }) =>
      Effect.gen(function* () {
        const delivered = data(yield* deliver({ method: "inline" }, "pdf", bytes, pdf))
        const base64 = typeof delivered === "object" && delivered !== null && "base64" in delivered && delivered.base64
        assert.deepStrictEqual(new Uint8Array(Buffer.from(String(base64), "base64")), bytes)
      })
    )
  })

  it.each([
    [{ linkLifetime: "1 minute" }, "delivery.linkLifetime"],
    [{ linkLifetime: "8 days" }, "delivery.linkLifetime"],
    [{ maxInlineBytes: -1 }, "delivery.maxInlineBytes"],
    [{ maxInlineBytes: 1e9 }, "delivery.maxInlineBytes"],
    [{ uploads: { bytesInFlight: 1000 } }, "delivery.uploads.bytesInFlight"],
    [{ uploads: { maxFileBytes: -1 } }, "delivery.uploads.maxFileBytes"]
  ] as const)("refuses %j", (options, field) => {
    const refused = BlobDelivery.resolve(options)
    assert.strictEqual(Result.isFailure(refused) ? refused.failure.field : "", field)
  })

  it.each([
    [undefined, "inline up to 5,000,000 bytes in the request, else by upload up to 100,000,000 bytes"],
    [{ method: "inline", maxInlineBytes: 10 }, "inline, up to 10 bytes in the request"],
    [{ method: "upload", uploads: { maxFileBytes: 2000 } }, "by upload, up to 2,000 bytes"],
    [{ method: "reference" }, "by links that Mixpeek follows"],
    [{ method: "reference", references: "address" }, "by the store's own address"],
    [{ method: () => "auto" }, "file by file: inline up to 5,000,000 bytes, uploads up to 100,000,000 bytes"]
  ] as const)("says of %j how files will go", (options, said) => {
    assert.strictEqual(BlobDelivery.describe(Result.getOrThrow(BlobDelivery.resolve(options)), 100_000_000), said)
  })

  it("says of a link that is too long what to do", () => {
    assert.isTrue(Outcome.Outcome.guards.Rejected(BlobDelivery.linkTooLong))
  })
})
