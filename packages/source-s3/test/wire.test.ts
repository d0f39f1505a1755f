import { type ListObjectsV2CommandInput, S3Client } from "@aws-sdk/client-s3"
import { assert, describe, it } from "@effect/vitest"
import { Fault, S3StandIn } from "@sluice/testkit/s3"
import { Effect, Fiber, Redacted, Stream } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import * as Connections from "../src/internal/connections.ts"
import { bySdk, type Transport } from "../src/internal/transport.ts"
import * as Wire from "../src/internal/wire.ts"
import { classify } from "../src/S3Error.ts"

const sockets = Effect.acquireRelease(
  Effect.sync(() => Connections.make({ connections: 4, connectTimeoutMillis: 1000, requestTimeoutMillis: 5000 })),
  ({ close }) => Effect.sync(close)
)

/** The same server, by the SDK and by the wire. */
const both = (s3: S3StandIn.S3StandIn, secret = Redacted.value(s3.secretAccessKey), own?: Connections.Connections) =>
  Effect.gen(function* () {
    const connections = own ?? (yield* sockets)
    const client = new S3Client({
      endpoint: s3.url,
      forcePathStyle: true,
      region: s3.region,
      maxAttempts: 1,
      responseChecksumValidation: "WHEN_REQUIRED",
      credentials: { accessKeyId: s3.accessKeyId, secretAccessKey: secret },
      requestHandler: connections.handler
    })
    return [bySdk(client), Wire.make(client, connections, false)] as const
  })

const key = Buffer.alloc(32, 7)
const customer = { SSECustomerAlgorithm: "AES256", SSECustomerKey: key.toString("base64") }
const names = ["plain.txt", "a b/+%25 ü 漢字 \u{1f600}", "c'(!)*~\u0001\n", "//", "..", "a/./b"]

const filled = Effect.gen(function* () {
  const s3 = yield* S3StandIn.make()
  yield* s3.createBucket("acme", { versioning: true })
  for (const name of names) yield* s3.put("acme", name, `this is ${name}`)
  yield* s3.put("acme", "secret", "hush", { customerKey: key })
  yield* s3.put("acme", "kms", "x", { encryption: "aws:kms", checksum: "none" })
  yield* s3.createBucket("paid", { requesterPays: true })
  yield* s3.put("paid", "k", "x")
  return s3
})

const got = (transport: Transport, input: Parameters<Transport["getObject"]>[0]) =>
  Effect.acquireRelease(transport.getObject(input), ({ close }) => close).pipe(
    Effect.flatMap((answer) =>
      Effect.map(Stream.runCollect(answer.bytes), (chunks) => ({
        text: Buffer.concat(chunks).toString(),
        said: stated(answer)
      }))
    ),
    Effect.scoped
  )

const stated = (said: object) =>
  Object.fromEntries(
    Object.entries(said).filter(
      ([name, value]) =>
        /^(Content(Length|Range)|ETag|Checksum|S.*(Encryption|Algorithm))/.test(name) && value !== undefined
    )
  )

describe("wire", () => {
  it.live("gets the objects that the SDK gets", () =>
    Effect.gen(function* () {
      const s3 = yield* filled
      const [sdk, wire] = yield* both(s3)
      const { etag } = yield* s3.put("acme", "plain.txt", "new")
      for (const input of [
        ...names.filter((name) => name !== ".." && name !== "a/./b").map((Key) => ({ Bucket: "acme", Key })),
        { Bucket: "acme", Key: "plain.txt", Range: "bytes=1-" },
        { Bucket: "acme", Key: "plain.txt", IfMatch: `"${etag}"` },
        { Bucket: "acme", Key: "secret", ...customer },
        { Bucket: "acme", Key: "kms" },
        { Bucket: "paid", Key: "k", RequestPayer: "requester" as const }
      ]) {
        assert.deepStrictEqual(yield* got(wire, input), yield* got(sdk, input), JSON.stringify(input))
      }
    })
  )

  it.live("gets the pages that the SDK gets", () =>
    Effect.gen(function* () {
      const [sdk, wire] = yield* both(yield* filled)
      const list: ListObjectsV2CommandInput = {
        Bucket: "acme",
        EncodingType: "url",
        OptionalObjectAttributes: ["RestoreStatus"]
      }
      for (const input of [
        list,
        { ...list, Prefix: "a b/+%25 ü" },
        { ...list, Delimiter: "/", Prefix: "a" },
        { ...list, StartAfter: "c'(!)*~\u0001\n" },
        { ...list, MaxKeys: 2 },
        { ...list, ContinuationToken: (yield* sdk.listObjects({ ...list, MaxKeys: 1 })).token },
        { ...list, Prefix: "nothing" },
        { ...list, Bucket: "paid", RequestPayer: "requester" as const }
      ]) {
        assert.deepStrictEqual(yield* wire.listObjects(input), yield* sdk.listObjects(input), JSON.stringify(input))
      }
    })
  )

  it.live("is refused in the words in which the SDK is", () =>
    Effect.gen(function* () {
      const s3 = yield* filled
      yield* s3.createBucket("far", { region: "eu-central-1" })
      yield* s3.put("acme", "frozen", "x", { storageClass: "GLACIER" })
      const right = yield* both(s3)
      const wrong = yield* both(s3, "not-the-secret")
      const refused = (transport: Transport, input: Parameters<Transport["getObject"]>[0]) =>
        Effect.map(Effect.flip(got(transport, input)), (error) =>
          error._tag === "Thrown"
            ? { ...classify(error.thrown, { operation: "GetObject", bucket: "b", key: "k" }), requestId: undefined }
            : error
        )
      for (const [[sdk, wire], input] of [
        [right, { Bucket: "acme", Key: "nowhere" }],
        [right, { Bucket: "nowhere", Key: "k" }],
        [right, { Bucket: "far", Key: "k" }],
        [right, { Bucket: "paid", Key: "k" }],
        [right, { Bucket: "acme", Key: "frozen" }],
        [right, { Bucket: "acme", Key: "secret" }],
        [right, { Bucket: "acme", Key: "plain.txt", IfMatch: '"other"' }],
        [right, { Bucket: "acme", Key: "plain.txt", Range: "bytes=1000-" }],
        [wrong, { Bucket: "acme", Key: "plain.txt" }]
      ] as const) {
        assert.deepStrictEqual(yield* refused(wire, input), yield* refused(sdk, input), JSON.stringify(input))
      }
      const broken = [
        Fault.slowDown({ retryAfter: "3" }),
        Fault.internalError(),
        Fault.reset({}),
        Fault.tooManyRequests()
      ]
      for (const fault of broken) {
        yield* s3.faults.set([fault])
        const [sdk, wire] = right
        const input = { Bucket: "acme", Key: "plain.txt" }
        assert.deepStrictEqual(yield* refused(wire, input), yield* refused(sdk, input), JSON.stringify(fault))
      }
    })
  )

  it.live("leaves to the SDK what it does not know", () =>
    Effect.gen(function* () {
      const s3 = yield* filled
      const own: Array<string> = []
      const connections = yield* sockets
      const [, wire] = yield* both(s3, undefined, {
        ...connections,
        get: (request) => {
          own.push(request.path)
          return connections.get(request)
        }
      })
      const known = { Bucket: "acme", Key: "plain.txt" }
      assert.strictEqual((yield* got(wire, { ...known, ResponseContentType: "text/x" })).text, "this is plain.txt")
      assert.deepStrictEqual(own, [])
      yield* got(wire, known)
      assert.deepStrictEqual(own, ["/acme/plain.txt"])
    })
  )

  it.live("closes the connection of an answer that nobody waits for, or reads", () =>
    Effect.gen(function* () {
      const closed: Array<string> = []
      const server = yield* Effect.acquireRelease(
        Effect.callback<{ readonly origin: string; readonly close: () => void }>((resume) => {
          const server = createServer((request, response) => {
            response.on("close", () => closed.push(request.url ?? ""))
            if (request.url === "/body") response.writeHead(200).write("beginning")
          })
          server.listen(0, "127.0.0.1", () =>
            resume(
              Effect.succeed({
                // A server that listens on TCP has an address with a port.
                origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
                close: () => {
                  server.close()
                  server.closeAllConnections()
                }
              })
            )
          )
        }),
        ({ close }) => Effect.sync(close)
      )
      const { get } = yield* sockets
      const silent = yield* Effect.forkChild(get({ origin: server.origin, path: "/silent", headers: {} }), {
        startImmediately: true
      })
      const { close } = yield* get({ origin: server.origin, path: "/body", headers: {} })
      yield* Fiber.interrupt(silent)
      yield* close
      yield* Effect.repeat(Effect.sleep("1 millis"), { until: () => closed.length === 2 })
      assert.deepStrictEqual(closed.toSorted(), ["/body", "/silent"])
    })
  )
})
