import { assert, it } from "@effect/vitest"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Effect, Option } from "effect"
import { hash } from "node:crypto"
import { createServer, type Server } from "node:http"
import { as, bucket, client, createBatch, Partial } from "./session.ts"

const picture = (data: unknown) => ({
  source_key: "a",
  blobs: [{ property: "picture", type: "image", data }]
})

const stored = Effect.fnUntraced(function* (standIn: MixpeekStandIn.MixpeekStandIn, object: unknown) {
  const before = yield* standIn.count("bkt_files")
  const reply = yield* createBatch(standIn, [object])
  const content = (yield* standIn.objects("bkt_files"))[before]?.blobs[0]?.content
  return content ?? Option.getOrThrow(Option.fromNullishOr(as(Partial, reply).failed[0]))
})

const bytes = Uint8Array.from({ length: 100 }, (_, index) => index * 7)
const sha256 = hash("sha256", bytes, "hex")
const base64 = Buffer.from(bytes).toString("base64")

it.effect("inline content is decoded, measured and hashed, and kept up to a cap", () =>
  Effect.gen(function* () {
    const standIn = yield* MixpeekStandIn.make({ buckets: [bucket], keepContent: 10 })
    const known = { size: 100, sha256, bytes: bytes.slice(0, 10) }
    const map = { base64, mime_type: "image/png", filename: "a.png" }
    assert.deepStrictEqual(yield* stored(standIn, picture(map)), {
      form: "base64",
      ...known,
      mimeType: "image/png",
      filename: "a.png"
    })
    assert.deepStrictEqual(yield* stored(standIn, picture(`data:image/png;base64,${base64}`)), {
      form: "data-uri",
      mimeType: "image/png",
      ...known
    })
  }).pipe(Effect.provide(client))
)

it.effect("text and JSON are values", () =>
  Effect.gen(function* () {
    const standIn = yield* MixpeekStandIn.make({ buckets: [bucket] })
    const value = (data: unknown) =>
      stored(standIn, { source_key: "a", blobs: [{ property: "content", type: "text", data }] })
    for (const [data, text] of [
      ["größe", "größe"],
      ["", ""],
      [{ a: [1, null] }, '{"a":[1,null]}']
    ] as const) {
      const content = yield* value(data)
      assert.deepInclude(content, { form: "value", sha256: hash("sha256", text, "hex") })
    }
  }).pipe(Effect.provide(client))
)

it.effect("inline content beyond the plan's size is refused", () =>
  Effect.gen(function* () {
    const standIn = yield* MixpeekStandIn.make({ buckets: [bucket], maxInlineBytes: 99 })
    assert.deepInclude(yield* stored(standIn, picture({ base64 })), { error_type: "ValidationError" })
  }).pipe(Effect.provide(client))
)

/** Serves the bytes at `/there`, to GET only at `/get-only`. */
const fileServer = Effect.acquireRelease(
  Effect.callback<Server>((resume) => {
    const server = createServer(({ method, url }, response) => {
      const found = url === "/there" || (url === "/get-only" && method === "GET")
      response.writeHead(found ? 200 : method === "HEAD" ? 403 : 404, { "content-type": "image/png" })
      response.end(found ? bytes : undefined)
    })
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
  }),
  (server) =>
    Effect.callback<void>((resume) => {
      server.close(() => resume(Effect.void))
      server.closeAllConnections()
    })
).pipe(
  Effect.map((server) => {
    const address = server.address()
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`
  })
)

it.effect("links are taken as they are unless they are to be fetched", () =>
  Effect.gen(function* () {
    const standIn = yield* MixpeekStandIn.make({ buckets: [bucket] })
    for (const url of ["https://nowhere.invalid/a.png", "s3://bucket/a.png"]) {
      assert.deepStrictEqual(yield* stored(standIn, picture(url)), { form: "reference", url })
      assert.deepStrictEqual(yield* stored(standIn, picture({ url })), { form: "reference", url })
    }
  }).pipe(Effect.provide(client))
)

it.effect("links are fetched with GET and their bytes hashed", () =>
  Effect.gen(function* () {
    const base = yield* fileServer
    const standIn = yield* MixpeekStandIn.make({ buckets: [bucket], fetchReferences: "GET" })
    for (const url of [`${base}/there`, `${base}/get-only`]) {
      const content = yield* stored(standIn, picture(url))
      assert.deepInclude(content, { form: "reference", url, mimeType: "image/png", size: 100, sha256 })
    }
    const missing = yield* stored(standIn, picture(`${base}/gone`))
    assert.deepInclude(missing, { error_type: "URLValidationError", error: "URL is not reachable: 404" })
    const refused = yield* stored(standIn, picture("http://127.0.0.1:1/"))
    assert.deepInclude(refused, { error_type: "URLValidationError" })
    assert.deepInclude(yield* stored(standIn, picture("s3://bucket/a.png")), { form: "reference" })
  }).pipe(Effect.provide(client))
)

it.effect("links signed for GET are not reachable when they are looked at with HEAD", () =>
  Effect.gen(function* () {
    const base = yield* fileServer
    const standIn = yield* MixpeekStandIn.make({ buckets: [bucket], fetchReferences: "HEAD" })
    assert.deepInclude(yield* stored(standIn, picture(`${base}/there`)), { form: "reference", mimeType: "image/png" })
    const refused = yield* stored(standIn, picture(`${base}/get-only`))
    assert.deepInclude(refused, { error_type: "URLValidationError", error: "URL is not reachable: 403" })
  }).pipe(Effect.provide(client))
)
