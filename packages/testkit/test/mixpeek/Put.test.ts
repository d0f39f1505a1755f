/**
 * The storage behind presigned addresses, as clients of S3 meet it.
 */
import { assert, it, layer } from "@effect/vitest"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Effect, Result } from "effect"
import { TestClock } from "effect/testing"
import { hash } from "node:crypto"
import { request } from "node:http"
import { bucket, call, client, confirm, createUpload, file, put, uploadsPath } from "./session.ts"

type StandIn = MixpeekStandIn.MixpeekStandIn

const started = (options: Partial<MixpeekStandIn.Options> = {}) =>
  MixpeekStandIn.make({ buckets: [bucket], ...options })

const address = (standIn: StandIn) => Effect.map(createUpload(standIn), ({ presigned_url }) => presigned_url ?? "")

/** Status and code of the error document. */
const outcome = ({ status, text }: { readonly status: number; readonly text: string }) =>
  `${status} ${/<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? ""}`.trim()

const stored = (standIn: StandIn) =>
  Effect.map(standIn.uploads("bkt_files"), (uploads) => uploads.map(({ file }) => file?.size))

/** A PUT without a length, which no fetch can be told to make. */
const chunked = (url: string) =>
  Effect.callback<{ readonly status: number; readonly text: string }>((resume) => {
    const sent = request(
      url,
      { method: "PUT", headers: { "content-type": "text/plain" }, agent: false },
      (response) => {
        let text = ""
        response.on("data", (piece: Buffer) => (text += piece.toString()))
        response.on("end", () => resume(Effect.succeed({ status: response.statusCode ?? 0, text })))
      }
    )
    sent.write("abc")
    sent.end()
  })

layer(client)("a PUT", (it) => {
  it.effect("stores length, SHA-256 and as many bytes as are to be kept, and answers a quoted ETag", () =>
    Effect.gen(function* () {
      const standIn = yield* started({ keepContent: 2 })
      const reply = yield* put(yield* address(standIn), "abc")
      assert.deepStrictEqual([reply.status, reply.text], [200, ""])
      assert.strictEqual(reply.headers["etag"], `"${hash("md5", "abc", "hex")}"`)
      const [upload] = yield* standIn.uploads("bkt_files")
      assert.deepStrictEqual(upload?.file, {
        size: 3,
        sha256: hash("sha256", "abc", "hex"),
        etag: hash("md5", "abc", "hex"),
        bytes: new TextEncoder().encode("ab"),
        contentType: "text/plain",
        puts: 1
      })
    })
  )

  it.effect("may be empty, and may be repeated", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const { presigned_url, upload_id } = yield* createUpload(standIn)
      yield* put(presigned_url, "abc")
      assert.strictEqual((yield* put(presigned_url, "")).status, 200)
      const [upload] = yield* standIn.uploads("bkt_files")
      assert.deepStrictEqual([upload?.file?.size, upload?.file?.puts], [0, 2])
      assert.strictEqual((yield* confirm(standIn, upload_id)).status, 200)
    })
  )

  it.effect.each(["größe & +1.txt", "a b/c.txt", "100%.txt", "日本.txt", "~(1)*'!.txt"])(
    "has an address for %s",
    (filename) =>
      Effect.gen(function* () {
        const standIn = yield* started()
        const { presigned_url } = yield* createUpload(standIn, { filename })
        assert.strictEqual((yield* put(presigned_url, "abc")).status, 200)
        assert.deepStrictEqual(yield* stored(standIn), [3])
      })
  )

  it.effect.each([
    ["another type", (url: string) => put(url, "abc", { "content-type": "text/html" }), "403 SignatureDoesNotMatch"],
    ["another signature", (url: string) => put(`${url.slice(0, -4)}0000`, "abc"), "403 SignatureDoesNotMatch"],
    ["another key", (url: string) => put(url.replace("a.txt", "b.txt"), "abc"), "403 SignatureDoesNotMatch"],
    ["a longer life", (url: string) => put(url.replace("=3600", "=7200"), "abc"), "403 SignatureDoesNotMatch"],
    ["no signature", (url: string) => put(url.split("?")[0] ?? "", "abc"), "403 AccessDenied"],
    ["a key of the API", (url: string) => put(url, "abc", { authorization: "Bearer sk_x" }), "400 InvalidArgument"],
    ["a wrong MD5", (url: string) => put(url, "abc", { "content-md5": "AAAA" }), "400 BadDigest"],
    ["no length", chunked, "411 MissingContentLength"]
  ] as const)("with %s is refused in XML", ([, send, expected]) =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const reply = yield* send(yield* address(standIn))
      assert.strictEqual(outcome(reply), expected)
      assert.match(reply.text, /^<\?xml version="1.0" encoding="UTF-8"\?>\n<Error><Code>/)
      assert.deepStrictEqual(yield* stored(standIn), [undefined])
    })
  )

  it.effect("is refused when its address has expired", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.UTC(2026, 0, 1))
      const standIn = yield* started()
      const { presigned_url } = yield* createUpload(standIn, { presigned_url_expiration: 60 })
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual((yield* put(presigned_url, "abc")).status, 200)
      yield* TestClock.adjust("1 second")
      const late = yield* put(presigned_url, "abc")
      assert.strictEqual(outcome(late), "403 AccessDenied")
      assert.include(late.text, "<Message>Request has expired</Message>")
      assert.include(late.text, "<Expires>2026-01-01T00:01:00.000Z</Expires>")
    })
  )

  it.effect("of more bytes than S3 takes at a time is refused", () =>
    Effect.gen(function* () {
      const standIn = yield* started({ uploads: { maxPutBytes: 3 } })
      assert.strictEqual(outcome(yield* put(yield* address(standIn), "abcd")), "400 EntityTooLarge")
      assert.strictEqual((yield* put(yield* address(standIn), "abc")).status, 200)
    })
  )

  it.effect("is in the log without its signature, adds to the totals, and counts for no limit", () =>
    Effect.gen(function* () {
      const standIn = yield* started({ limits: { data: { requests: 1 }, upload: { requests: 1 } } })
      const url = yield* address(standIn)
      yield* put(url, "abc")
      yield* put(url, "abcd")
      const { byOperation, bytesPut, mostAtOnce } = yield* standIn.totals
      assert.deepStrictEqual([byOperation["putUpload"], bytesPut, mostAtOnce], [2, 7, 1])
      const last = (yield* standIn.requests).at(-1)
      assert.deepInclude(last, { operation: "putUpload", method: "PUT", status: 200, bytes: 4, records: 0 })
      assert.notInclude(last?.path, "X-Amz")
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )
})

const faults: ReadonlyArray<readonly [fault: MixpeekStandIn.Fault, seen: string, stored: number | undefined]> = [
  [{ kind: "reset" }, "TransportError", undefined],
  [{ kind: "reset", commits: "before" }, "TransportError", 100_000],
  [{ kind: "truncated", commits: "before" }, "TransportError", 100_000],
  [{ kind: "reset-in-body" }, "TransportError", undefined],
  [{ kind: "bad-gateway", commits: "before" }, "502", 100_000],
  [{ kind: "gateway-timeout" }, "504", undefined],
  [{ kind: "unavailable" }, "503 ServiceUnavailable", undefined],
  [{ kind: "throttle" }, "503 SlowDown", undefined],
  [{ kind: "server-error", commits: "before" }, "500 InternalError", 100_000],
  [{ kind: "expired" }, "403 AccessDenied", undefined],
  [{ kind: "unauthorized" }, "403 AccessDenied", undefined]
]

it.live.each(faults)("a PUT struck by %o is seen as %s", ([fault, expected, size]) =>
  Effect.gen(function* () {
    const standIn = yield* started({ faults: [{ ...fault, operations: ["putUpload"], times: 1 }] })
    const url = yield* address(standIn)
    const content = "a".repeat(100_000)
    const seen = Result.match(yield* Effect.result(put(url, content)), {
      onSuccess: outcome,
      onFailure: ({ reason }) => reason._tag
    })
    assert.strictEqual(seen, expected)
    assert.deepStrictEqual(yield* stored(standIn), [size])
    assert.strictEqual((yield* standIn.requests).at(-1)?.fault, fault.kind)
    assert.strictEqual((yield* put(url, content)).status, 200)
  }).pipe(Effect.scoped, Effect.provide(client))
)

it.effect("a PUT may be stored as something else, which its ETag tells", () =>
  Effect.gen(function* () {
    const standIn = yield* started({ faults: [{ kind: "corrupt", operations: ["putUpload"] }] })
    const { presigned_url, upload_id } = yield* createUpload(standIn)
    const etag = hash("md5", "abc", "hex")
    const reply = yield* put(presigned_url, "abc")
    assert.strictEqual(reply.status, 200)
    assert.notStrictEqual(reply.headers["etag"], `"${etag}"`)
    assert.strictEqual((yield* confirm(standIn, upload_id, { etag })).status, 400)
  }).pipe(Effect.provide(client))
)

it.effect("half a PUT stores nothing", () =>
  Effect.gen(function* () {
    const standIn = yield* started()
    const url = yield* address(standIn)
    yield* Effect.callback<void>((resume) => {
      const headers = { "content-type": "text/plain", "content-length": "6" }
      const sent = request(url, { method: "PUT", headers, agent: false })
      sent.once("close", () => resume(Effect.void))
      sent.on("error", () => {})
      sent.write("abc", () => setImmediate(() => sent.destroy()))
    })
    assert.deepStrictEqual(yield* stored(standIn), [undefined])
    assert.strictEqual((yield* put(url, "abcdef")).status, 200)
    assert.deepStrictEqual(yield* stored(standIn), [6])
    assert.deepStrictEqual(yield* standIn.violations, [])
  }).pipe(Effect.provide(client))
)

it.effect("the operations on uploads fail as those on objects do", () =>
  Effect.gen(function* () {
    const standIn = yield* started()
    const { presigned_url, upload_id } = yield* createUpload(standIn)
    yield* put(presigned_url, "abc")
    yield* standIn.set({
      faults: [{ kind: "bad-gateway", commits: "before", operations: ["confirmUpload"], times: 1 }]
    })
    assert.strictEqual((yield* confirm(standIn, upload_id)).status, 502)
    assert.strictEqual((yield* standIn.uploads("bkt_files"))[0]?.status, "COMPLETED")
    yield* standIn.set({ faults: [{ kind: "throttle", operations: ["createUpload"], times: 1 }] })
    const reply = yield* call(standIn, { path: uploadsPath, body: file })
    assert.deepStrictEqual([reply.status, reply.headers["retry-after"]], [429, "1"])
  }).pipe(Effect.provide(client))
)
