import { assert, describe, it } from "@effect/vitest"
import { NodeHttpClient } from "@effect/platform-node"
import { Source } from "@sluice/core"
import { Storage } from "@sluice/sink-mixpeek"
import { Context, Effect, Fiber, Redacted, Stream } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { bytesOf, sourceError } from "./UploadFixtures.ts"

const secret = "SIGNATURE0123456789"
const query = `X-Amz-Credential=${secret}&X-Amz-Signature=${secret}`

const md5 = "5d41402abc4b2a76b9719d911017c592"

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A server that answers so, and what it received. */
const storage = Effect.fnUntraced(function* (answer: (response: ServerResponse, message: IncomingMessage) => void) {
  const received: Array<Received> = []
  const server = createServer((message, response) => {
    const chunks: Array<Buffer> = []
    message.on("data", (chunk: Buffer) => chunks.push(chunk))
    message.on("end", () => {
      received.push({ headers: message.headers, body: Buffer.concat(chunks).toString() })
      answer(response, message)
    })
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.void))
    }),
    () =>
      Effect.callback<void>((resume) => {
        server.closeAllConnections()
        server.close(() => resume(Effect.void))
      })
  )
  // A server that listens on TCP has such an address.
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/b/k?${query}`, received }
})

const put = (url: string, content: Partial<Storage.Put> = {}, allowPlainHttp = false) =>
  Effect.flatMap(HttpClient.HttpClient, (http) =>
    Storage.put(
      Storage.client(http, Context.empty()),
      { url: Redacted.make(url), contentType: "text/plain", bytes: 5, content: bytesOf("hello"), ...content },
      allowPlainHttp
    )
  ).pipe(Effect.provide(NodeHttpClient.layerUndici))

const ok = (headers: Record<string, string>) => (response: ServerResponse) => response.writeHead(200, headers).end()

const xml = (code: string, message = "no") =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message><RequestId>r</RequestId></Error>`

describe("Storage", () => {
  it.effect.each([
    ["hello", 5],
    ["", 0],
    ["ünï🌞", 9],
    ["x".repeat(1_000_000), 1_000_000]
  ] as const)("puts exactly the bytes it announces, and says their type (%#)", ([text, bytes]) =>
    Effect.gen(function* () {
      const { received, url } = yield* storage(ok({}))
      yield* put(url, { bytes, content: bytesOf(text), contentType: "image/svg+xml" })
      assert.strictEqual(received[0]?.body, text)
      const headers = received[0]?.headers ?? {}
      assert.deepStrictEqual([headers["content-length"], headers["content-type"]], [String(bytes), "image/svg+xml"])
      assert.notProperty(headers, "transfer-encoding")
      for (const name of ["authorization", "x-namespace", "traceparent"]) assert.notProperty(headers, name)
    })
  )

  const etags: ReadonlyArray<readonly [what: string, headers: Record<string, string>, expected: Storage.Stored]> = [
    ["in quotes", { etag: `"${md5}"` }, { etag: `"${md5}"`, md5 }],
    ["bare", { etag: md5.toUpperCase() }, { etag: md5.toUpperCase(), md5 }],
    ["absent", {}, { etag: undefined, md5: undefined }],
    ["of parts", { etag: `"${md5}-2"` }, { etag: `"${md5}-2"`, md5: undefined }],
    [
      "of the storage's own encryption",
      { etag: `"${md5}"`, "x-amz-server-side-encryption": "AES256" },
      { etag: `"${md5}"`, md5 }
    ],
    [
      "of encryption by KMS",
      { etag: `"${md5}"`, "x-amz-server-side-encryption": "aws:kms" },
      { etag: `"${md5}"`, md5: undefined }
    ],
    [
      "of encryption with the customer's key",
      { etag: `"${md5}"`, "x-amz-server-side-encryption-customer-algorithm": "AES256" },
      { etag: `"${md5}"`, md5: undefined }
    ]
  ]
  it.effect.each(etags)("takes the ETag as it is: %s", ([, headers, expected]) =>
    Effect.gen(function* () {
      const { url } = yield* storage(ok(headers))
      assert.deepStrictEqual(yield* put(url), expected)
    })
  )

  const answers: ReadonlyArray<readonly [status: number, body: string, reason: Storage.StorageError["reason"]]> = [
    [403, xml("AccessDenied", "Access Denied"), "refused"],
    [403, xml("AccessDenied", "Request has expired"), "expired"],
    [403, xml("SignatureDoesNotMatch"), "refused"],
    [400, xml("ExpiredToken", "The provided token has expired."), "expired"],
    [400, xml("EntityTooLarge"), "refused"],
    [400, xml("RequestTimeout"), "busy"],
    [411, xml("MissingContentLength"), "refused"],
    [503, xml("SlowDown"), "busy"],
    [500, xml("InternalError"), "busy"],
    [429, "", "busy"],
    [408, "", "busy"],
    [502, "<html><title>Bad Gateway</title></html>", "busy"],
    [404, "not XML at all", "refused"],
    [307, xml("TemporaryRedirect"), "refused"],
    [403, "", "refused"]
  ]
  it.effect.each(answers)("%i with %s means %s", ([status, body, reason]) =>
    Effect.gen(function* () {
      const { url } = yield* storage((response) => response.writeHead(status).end(body))
      const error = yield* Effect.flip(put(url))
      assert.deepInclude(error, { _tag: "StorageError", reason })
      assert.include(error.message, String(status))
      assert.notInclude(error.message, secret)
    })
  )

  it.effect("is busy where the connection breaks", () =>
    Effect.gen(function* () {
      const { url } = yield* storage((response) => response.socket?.resetAndDestroy())
      assert.deepInclude(yield* Effect.flip(put(url)), {
        reason: "busy",
        message: "the connection to the storage broke"
      })
    })
  )

  it.effect("fails with what reading fails with", () =>
    Effect.gen(function* () {
      const { received, url } = yield* storage(ok({}))
      const gone = sourceError(new Source.Gone())
      const content = Stream.concat(bytesOf("he"), Stream.fail(gone))
      assert.strictEqual(yield* Effect.flip(put(url, { content })), gone)
      assert.deepStrictEqual(received, [])
    })
  )

  it.effect("is busy where nothing is taken and nothing is said for two minutes", () =>
    Effect.gen(function* () {
      const http = HttpClient.make(() => Effect.never)
      const url = Redacted.make(`https://storage.example/b/k?${query}`)
      const content = { url, contentType: "text/plain", bytes: 5, content: bytesOf("hello") }
      const fiber = yield* Effect.forkChild(Effect.flip(Storage.put(http, content, false)))
      yield* TestClock.adjust("119 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("6 seconds")
      assert.deepInclude(yield* Fiber.join(fiber), {
        reason: "busy",
        message: "the storage of uploads took nothing for 2m"
      })
    })
  )

  it.effect("waits for a source that is slow as long as it gives something", () =>
    Effect.gen(function* () {
      const http = HttpClient.make((request) =>
        request.body._tag === "Stream"
          ? request.body.stream.pipe(
              Stream.runDrain,
              Effect.orDie,
              Effect.as(HttpClientResponse.fromWeb(request, new Response()))
            )
          : Effect.die("no stream")
      )
      const slow = Stream.range(1, 5).pipe(
        Stream.mapEffect((n) => Effect.as(Effect.sleep("100 seconds"), new TextEncoder().encode(String(n))))
      )
      const url = Redacted.make("https://storage.example/b/k")
      const fiber = yield* Effect.forkChild(
        Storage.put(http, { url, contentType: "text/plain", bytes: 5, content: slow }, false)
      )
      yield* TestClock.adjust("500 seconds")
      assert.deepStrictEqual(yield* Fiber.join(fiber), { etag: undefined, md5: undefined })
    })
  )

  describe("sends nothing in the clear:", () => {
    const cases: ReadonlyArray<readonly [url: string, says: string]> = [
      [`http://storage.example/b/k?${query}`, "plain http://storage.example"],
      [`http://10.0.0.1/b/k?${query}`, "plain http://10.0.0.1"],
      ["not an address", "something that is no address"]
    ]
    it.effect.each(cases)("%s", ([url, says]) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(put(url))
        assert.deepInclude(error, { reason: "exposed" })
        assert.include(error.message, says)
        assert.include(error.message, "allowPlainHttp")
        assert.notInclude(error.message, secret)
      })
    )

    it.effect("unless that is wanted", () =>
      Effect.gen(function* () {
        const http = HttpClient.make((request) => Effect.succeed(HttpClientResponse.fromWeb(request, new Response())))
        const url = Redacted.make(`http://storage.example/b/k?${query}`)
        const content = { url, contentType: "text/plain", bytes: 5, content: bytesOf("hello") }
        assert.deepStrictEqual(yield* Storage.put(http, content, true), { etag: undefined, md5: undefined })
      })
    )
  })
})
