import { assert, describe, it } from "@effect/vitest"
import { DriveStandIn, Fault } from "@sluice/testkit/drive"
import { Deferred, Effect, Exit, Fiber, Scope } from "effect"
import type { IncomingMessage, ServerResponse } from "node:http"
import { Readable } from "node:stream"
import { buffer } from "node:stream/consumers"
import { Drive, type DriveOptions } from "../src/index.ts"
import { isTrusted } from "../src/internal/download.ts"
import { reach, serve, standIn, until, waits } from "./bench.ts"

const read = (stream: Readable) => Effect.promise(() => buffer(stream))

/** Opens something, reads it and closes it. */
const taken = <E, R>(open: Effect.Effect<{ readonly stream: Readable }, E, R>) =>
  Effect.scoped(Effect.flatMap(open, ({ stream }) => read(stream)))

const pdf = "application/pdf"
const document = "application/vnd.google-apps.document"

/** A server that speaks for Drive, and a client of it. */
const speaking = (
  listener: (request: IncomingMessage, response: ServerResponse) => unknown,
  options: DriveOptions.Options = {}
) =>
  Effect.gen(function* () {
    const server = yield* serve((request, response) => {
      if (request.url === "/token") response.end(`{"access_token":"ya29.token","expires_in":3600}`)
      else listener(request, response)
    })
    const { url } = server
    const drive = yield* DriveStandIn.make()
    return {
      ...server,
      live: Drive.layer(reach(drive, { endpoint: url, tokenEndpoint: `${url}/token`, ...options }))
    }
  })

describe("Download", () => {
  it.live("gives the bytes of a file, from anywhere, with their lengths", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* standIn()
      const id = yield* drive.createFile({ name: "a.txt", content: "hello world" })
      yield* Effect.gen(function* () {
        const client = yield* Drive
        const whole = yield* client.media(id)
        assert.strictEqual(whole.status, 200)
        assert.strictEqual(whole.headers.get("content-length"), "11")
        assert.strictEqual(String(yield* read(whole.stream)), "hello world")
        const part = yield* client.media(id, { range: "bytes=6-" })
        assert.strictEqual(part.status, 206)
        assert.strictEqual(part.headers.get("content-range"), "bytes 6-10/11")
        assert.strictEqual(String(yield* read(part.stream)), "world")
        const beyond = yield* Effect.flip(client.media(id, { range: "bytes=99-" }))
        assert.strictEqual(beyond.reason._tag, "Changed")
      }).pipe(Effect.scoped, Effect.provide(live))
      assert.deepStrictEqual(yield* drive.violations, [])
    })
  )

  it.live("gives nothing of an empty file", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* standIn()
      const id = yield* drive.createFile({ name: "a.txt", content: "" })
      const bytes = yield* taken(Drive.use((client) => client.media(id))).pipe(Effect.provide(live))
      assert.strictEqual(bytes.length, 0)
    })
  )

  it.live("asks for bytes as they are, so that lengths and ranges are the file's own", () =>
    Effect.gen(function* () {
      const asked: Array<unknown> = []
      const { live, url } = yield* speaking(({ headers: { range, ...headers } }, response) => {
        asked.push([headers["accept-encoding"], headers.authorization, range, headers["x-goog-drive-resource-keys"]])
        response.end("x")
      })
      yield* Effect.gen(function* () {
        const client = yield* Drive
        yield* taken(client.media("f1", { range: "bytes=5-", resourceKey: "k1" }))
        yield* taken(client.exportFile("f1", pdf))
        yield* taken(client.fetchLink(`${url}/export`, { fileId: "f1", range: "bytes=5-" }))
      }).pipe(Effect.provide(live))
      assert.deepStrictEqual(asked, [
        ["identity", "Bearer ya29.token", "bytes=5-", "f1/k1"],
        ["identity", "Bearer ya29.token", undefined, undefined],
        ["identity", "Bearer ya29.token", "bytes=5-", undefined]
      ])
    })
  )

  it.live("says no length where the bytes were zipped all the same", () =>
    Effect.gen(function* () {
      const zipped = Buffer.from("1f8b0800000000000003cb48cdc9c9070086a6103605000000", "hex")
      const { live } = yield* speaking((_, response) => {
        response.writeHead(200, { "content-encoding": "gzip", "content-length": zipped.length }).end(zipped)
      })
      yield* Effect.gen(function* () {
        const { headers, stream } = yield* Drive.use((client) => client.media("f1"))
        assert.isNull(headers.get("content-length"))
        assert.strictEqual(String(yield* read(stream)), "hello")
      }).pipe(Effect.scoped, Effect.provide(live))
    })
  )

  it.live("reads what Google holds to be malware where that is acknowledged", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* standIn()
      const id = yield* drive.createFile({ name: "a.exe", content: "boo", abusive: true })
      yield* Effect.gen(function* () {
        const client = yield* Drive
        const error = yield* Effect.flip(taken(client.media(id)))
        assert.strictEqual(error.code, "abusive")
        assert.strictEqual(String(yield* taken(client.media(id, { acknowledgeAbuse: true }))), "boo")
      }).pipe(Effect.provide(live))
    })
  )

  it.live("exports documents in one step, in two, or by their addresses", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* standIn()
      const id = yield* drive.createFile({ name: "Letter", mimeType: document, content: "Dear Ada" })
      const bytes = Buffer.from(yield* drive.bytes(id, pdf))
      const large = yield* drive.createFile({ name: "Book", mimeType: document, content: { size: 11_000_000 } })
      yield* Effect.gen(function* () {
        const client = yield* Drive
        assert.deepStrictEqual(yield* taken(client.exportFile(id, pdf)), bytes)
        const { exportLinks } = yield* client.getFile(id, { fields: "id,exportLinks" })
        assert.deepStrictEqual(yield* taken(client.fetchLink(exportLinks?.[pdf] ?? "", { fileId: id })), bytes)
        const tooLarge = yield* Effect.flip(taken(client.exportFile(large, pdf)))
        assert.strictEqual(tooLarge.code, "export-too-large")
        const started = yield* client.startDownload(large, pdf)
        assert.notStrictEqual(started.done, true)
        const operation = yield* client
          .getOperation(started.name, large)
          .pipe(Effect.repeat({ until: ({ done }) => done === true }))
        const { downloadUri = "", partialDownloadAllowed } = operation.response ?? {}
        assert.isTrue(partialDownloadAllowed)
        const whole = yield* taken(client.fetchLink(downloadUri, { fileId: large }))
        assert.strictEqual(whole.length, 11_000_000)
        const rest = yield* taken(client.fetchLink(downloadUri, { fileId: large, range: "bytes=10999998-" }))
        assert.deepStrictEqual(rest, whole.subarray(-2))
        const unknown = yield* Effect.flip(taken(client.exportFile(id, "image/png")))
        assert.strictEqual(unknown.code, "export-unsupported")
        const notNative = yield* drive.createFile({ name: "a.txt", content: "a" })
        assert.strictEqual((yield* Effect.flip(taken(client.exportFile(notNative, pdf)))).reason._tag, "NoContent")
        assert.strictEqual((yield* Effect.flip(taken(client.media(id)))).code, "not-downloadable")
      }).pipe(Effect.provide(live))
      assert.deepStrictEqual(yield* drive.violations, [])
    })
  )

  it.effect("tries again until an answer begins", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* standIn()
      const id = yield* drive.createFile({ name: "a.txt", content: "hello" })
      yield* drive.faults.set([
        Fault.refuse("userRateLimitExceeded", { next: 1, operations: ["files.media"] }),
        Fault.reset({ next: 1, after: 1, operations: ["files.media"] }),
        Fault.page({ next: 1, after: 2, operations: ["files.media"] })
      ])
      yield* waits(
        taken(Drive.use((client) => client.media(id))).pipe(
          Effect.map((bytes) => assert.strictEqual(String(bytes), "hello")),
          Effect.provide(live)
        )
      )
      assert.strictEqual((yield* drive.requestsByOperation)["files.media"], 4)
    })
  )

  it.live("breaks where the connection does, and does not end the process where nobody reads", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* standIn()
      const id = yield* drive.createFile({ name: "a.bin", content: { size: 1_000_000 } })
      yield* drive.faults.set([Fault.resetInBody()])
      yield* Effect.gen(function* () {
        const client = yield* Drive
        const { stream } = yield* client.media(id)
        const failed = yield* Effect.flip(Effect.tryPromise(() => buffer(stream)))
        assert.deepInclude(failed.cause, { code: "ECONNRESET" })
        const unread = yield* client.media(id)
        yield* until(Effect.sync(() => unread.stream.destroyed || unread.stream.readableLength > 0))
      }).pipe(Effect.scoped, Effect.provide(live))
    })
  )

  it.live("leaves no connection behind, however a reader leaves", () =>
    Effect.gen(function* () {
      let closed = 0
      const { live } = yield* speaking(
        (_, response) => {
          response.on("close", () => closed++)
          // As much as is taken, and no end.
          const endless = new Readable({ read: () => endless.push(Buffer.alloc(65_536)) })
          response.on("close", () => endless.destroy())
          endless.pipe(response)
        },
        { connections: 2 }
      )
      yield* Effect.gen(function* () {
        const client = yield* Drive
        const unread = Effect.scoped(client.media("f1"))
        const half = Effect.scoped(
          Effect.flatMap(client.media("f1"), ({ stream }) =>
            Effect.callback<void>((resume) => void stream.once("data", () => resume(Effect.void)))
          )
        )
        // With two connections, a third read waits for ever if one of them leaks.
        yield* Effect.all([unread, half, unread, half, unread, half], { concurrency: 6 })
        const opened = yield* Deferred.make<void>()
        const interrupted = yield* client
          .media("f1")
          .pipe(
            Effect.andThen(Deferred.succeed(opened, undefined)),
            Effect.andThen(Effect.never),
            Effect.scoped,
            Effect.forkChild({ startImmediately: true })
          )
        yield* Deferred.await(opened)
        yield* Fiber.interrupt(interrupted)
        yield* until(Effect.sync(() => closed === 7))
        yield* unread
      }).pipe(Effect.provide(live))
    })
  )

  it.live("closes the connection of a read that is interrupted before its answer begins", () =>
    Effect.gen(function* () {
      let begun = false
      let closed = false
      const { live } = yield* speaking((_, response) => {
        begun = true
        response.on("close", () => (closed = true))
      })
      yield* Effect.gen(function* () {
        const client = yield* Drive
        const scope = yield* Scope.make()
        const fiber = yield* client.media("f1").pipe(Scope.provide(scope), Effect.forkChild({ startImmediately: true }))
        yield* until(Effect.sync(() => begun))
        yield* Fiber.interrupt(fiber)
        yield* until(Effect.sync(() => closed))
        yield* Scope.close(scope, Exit.void)
      }).pipe(Effect.provide(live))
    })
  )

  it.live("follows where Google leads, with the access token on Google's servers alone", () =>
    Effect.gen(function* () {
      const elsewhere: Array<string | undefined> = []
      const other = yield* serve((request, response) => {
        elsewhere.push(request.headers.authorization)
        response.end("not Google's")
      })
      const asked: Array<string> = []
      const { live, url } = yield* speaking((request, response) => {
        asked.push(`${request.url?.split("?")[0]} ${request.headers.authorization} ${request.headers.range}`)
        const leads = (location: string) => response.writeHead(302, { location }).end("moved")
        if (request.url?.startsWith("/drive/v3/files/f1") === true) leads("/download/f1")
        else if (request.url === "/round") leads("/round")
        else if (request.url === "/away") leads(`${other.url}/`)
        else if (request.url === "/sign-in") leads("https://accounts.google.com/ServiceLogin")
        else if (request.url === "/nowhere") response.writeHead(302).end()
        else response.end("hello")
      })
      yield* Effect.gen(function* () {
        const client = yield* Drive
        const link = (path: string) => Effect.flip(taken(client.fetchLink(url + path, { fileId: "f1" })))
        assert.strictEqual(String(yield* taken(client.media("f1", { range: "bytes=0-" }))), "hello")
        assert.deepStrictEqual(asked, [
          "/drive/v3/files/f1 Bearer ya29.token bytes=0-",
          "/download/f1 Bearer ya29.token bytes=0-"
        ])
        const away = yield* link("/away")
        assert.strictEqual(away.code, "untrusted-address")
        assert.include(away.message, `${other.url}, which is not Google's`)
        assert.deepStrictEqual(elsewhere, [])
        const signIn = yield* link("/sign-in")
        assert.strictEqual(signIn.reason._tag, "Denied")
        assert.include(signIn.message, "sign in")
        for (const path of ["/round", "/nowhere"]) {
          const lost = yield* link(path)
          assert.strictEqual(lost.reason._tag, "Denied")
          assert.include(lost.message, "302")
        }
        assert.strictEqual(asked.filter((each) => each.startsWith("/round")).length, 6)
      }).pipe(Effect.provide(live))
    })
  )

  it.live("asks no address that is not Google's", () =>
    Effect.gen(function* () {
      const asked: Array<string | undefined> = []
      const other = yield* serve((request, response) => {
        asked.push(request.url)
        response.end("x")
      })
      const { live } = yield* standIn()
      yield* Effect.gen(function* () {
        const client = yield* Drive
        for (const url of [other.url, "https://drive.google.com.example.com/", "file:///etc/passwd", "no address"]) {
          const error = yield* Effect.flip(taken(client.fetchLink(url, { fileId: "f1" })))
          assert.strictEqual(error.code, "untrusted-address")
        }
      }).pipe(Effect.provide(live))
      assert.deepStrictEqual(asked, [])
    })
  )

  it.each([
    ["https://docs.google.com/export?id=1", true],
    ["https://doc-0s-docstext.googleusercontent.com/x", true],
    ["https://www.googleapis.com/x", true],
    ["https://www-xyz.p.googleapis.com/x", true],
    ["https://drive.example.com:8443/x", true],
    ["https://drive.example.com/x", false],
    ["http://drive.example.com:8443/x", false],
    ["http://docs.google.com/x", false],
    ["https://docs.google.com.example.com/x", false],
    ["https://notgoogle.com/x", false],
    ["https://google.example/x", false],
    ["https://user@evil.example/.google.com", false]
  ])("trusts %s: %s", (url, trusted) => {
    assert.strictEqual(isTrusted(new URL(url), "https://drive.example.com:8443"), trusted)
  })
})
