import { GetObjectTaggingCommand, HeadObjectCommand } from "@aws-sdk/client-s3"
import { Fault } from "@sluice/testkit/s3"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { request } from "node:http"
import { started } from "./standIn.ts"
import { refusal } from "./target.ts"

const names = Array.from({ length: 200 }, (_, index) => `${index}`)

it.effect("slows down the share of requests it is told to, the same ones for the same seed", () =>
  Effect.gen(function* () {
    const { get, s3 } = yield* started()
    yield* s3.put("b", "a", "1")
    const round = (seed: number) =>
      Effect.gen(function* () {
        yield* s3.faults.set([Fault.slowDown({ fraction: 0.2, operations: ["GetObject"] })], { seed })
        return yield* Effect.forEach(names, () =>
          get("b", "a").pipe(
            Effect.as("ok"),
            Effect.catchDefect(() => Effect.succeed("slow"))
          )
        )
      })
    const first = yield* round(7)
    assert.deepStrictEqual(yield* round(7), first)
    assert.notDeepEqual(yield* round(8), first)
    const slow = first.filter((one) => one === "slow").length
    assert.isTrue(slow > 20 && slow < 60, `${slow} of 200`)
  })
)

it.effect("answers 503, 500 and 429 to the next requests, and then works again", () =>
  Effect.gen(function* () {
    const { get, getRefused, s3 } = yield* started()
    yield* s3.put("b", "a", "1")
    yield* s3.faults.set([
      Fault.slowDown({ next: 1 }),
      Fault.internalError({ next: 1, after: 1 }),
      Fault.tooManyRequests({ next: 1, after: 2, retryAfter: "7" })
    ])
    const refused = [yield* getRefused("b", "a"), yield* getRefused("b", "a"), yield* getRefused("b", "a")]
    assert.deepStrictEqual(
      refused.map(({ name, status }) => [name, status]),
      [
        ["SlowDown", 503],
        ["InternalError", 500],
        ["TooManyRequests", 429]
      ]
    )
    assert.strictEqual((yield* get("b", "a")).bytes.toString(), "1")
    assert.deepStrictEqual(yield* s3.faults.struck, { Refuse: 3 })
  })
)

it.effect("resets the connection before it answers", () =>
  Effect.gen(function* () {
    const { getRefused, s3 } = yield* started()
    yield* s3.put("b", "a", "1")
    yield* s3.faults.set([Fault.reset({ operations: ["GetObject"] })])
    assert.strictEqual((yield* getRefused("b", "a")).status, undefined)
    const [entry] = (yield* s3.requests).toReversed()
    assert.deepInclude(entry, { operation: "GetObject", status: 0, faults: ["Reset"] })
  })
)

/** What arrives of a body when nothing checks it but the socket. */
const arriving = (url: string) =>
  Effect.promise(
    () =>
      new Promise<{ readonly bytes: Buffer; readonly announced: number; readonly error: string | undefined }>(
        (done) => {
          const pieces: Array<Buffer> = []
          const sent = request(url, { agent: false }, (response) => {
            const announced = Number(response.headers["content-length"])
            let error: string | undefined
            response.on("data", (piece: Buffer) => pieces.push(piece))
            response.on("error", (cause: NodeJS.ErrnoException) => (error = cause.code))
            response.on("close", () => done({ bytes: Buffer.concat(pieces), announced, error }))
          })
          // The socket's own error comes after the response's, which says the same.
          sent.on("error", () => {})
          sent.end()
        }
      )
  )

it.effect("breaks bodies off: by a reset, and by an end that comes too early", () =>
  Effect.gen(function* () {
    const { s3 } = yield* started()
    yield* s3.createBucket("b", { public: true })
    const body = Buffer.alloc(300_000, "abc")
    yield* s3.put("b", "a", body)
    for (const fault of [Fault.resetInBody(), Fault.truncate()]) {
      yield* s3.faults.set([fault])
      const { announced, bytes, error } = yield* arriving(`${s3.url}/b/a`)
      assert.strictEqual(announced, 300_000)
      assert.strictEqual(error, "ECONNRESET")
      assert.isTrue(bytes.equals(body.subarray(0, bytes.byteLength)))
      assert.isAtMost(bytes.byteLength, 150_000)
    }
  })
)

it.effect("leaves whole what is cut at its end, and what has nothing to be cut", () =>
  Effect.gen(function* () {
    const { s3 } = yield* started()
    yield* s3.createBucket("b", { public: true })
    yield* s3.put("b", "some", "abc")
    yield* s3.put("b", "none", "")
    for (const fault of [Fault.resetInBody({ at: 1 }), Fault.truncate({ at: 1 })]) {
      yield* s3.faults.set([fault])
      for (const [key, body] of [
        ["some", "abc"],
        ["none", ""]
      ]) {
        const { bytes, error } = yield* arriving(`${s3.url}/b/${key}`)
        assert.deepStrictEqual([bytes.toString(), error], [body, undefined])
      }
    }
  })
)

it.effect("sends a body with one wrong byte and the right length", () =>
  Effect.gen(function* () {
    const { s3 } = yield* started()
    yield* s3.createBucket("b", { public: true })
    yield* s3.put("b", "a", "0123456789")
    yield* s3.faults.set([Fault.corrupt({ at: 0.3 })])
    const { bytes } = yield* arriving(`${s3.url}/b/a`)
    const expected = Buffer.from("0123456789")
    expected[3] = 0xff ^ "3".charCodeAt(0)
    assert.deepStrictEqual(bytes, expected)
  })
)

it.effect("lets the SDK notice a wrong byte by the checksum", () =>
  Effect.gen(function* () {
    const { getRefused, s3 } = yield* started()
    yield* s3.put("b", "a", "0123456789")
    yield* s3.faults.set([Fault.corrupt()])
    const refused = yield* getRefused("b", "a", { ChecksumMode: "ENABLED" })
    assert.include(refused.message, "Checksum mismatch")
  })
)

it.effect("denies a prefix to listings and readings, and names the permission", () =>
  Effect.gen(function* () {
    const { get, getRefused, list, listRefused, s3 } = yield* started()
    for (const key of ["open/1", "shut/1"]) yield* s3.put("b", key, key)
    yield* s3.faults.set([Fault.deny({ prefix: "shut/" })])
    assert.deepStrictEqual(yield* list("b", "open/"), ["open/1"])
    assert.strictEqual((yield* get("b", "open/1")).bytes.toString(), "open/1")
    const listing = yield* listRefused("b", "shut/")
    assert.deepInclude(listing, { name: "AccessDenied", status: 403 })
    assert.include(listing.message, "s3:ListBucket")
    assert.include((yield* getRefused("b", "shut/1")).message, "s3:GetObject")
  })
)

it.effect("allows listing with the very prefixes of a policy, and with no other", () =>
  Effect.gen(function* () {
    const { list, listRefused, s3 } = yield* started()
    yield* s3.put("b", "photos/2026/1", "1")
    yield* s3.faults.set([Fault.listOnly(["photos/"])])
    assert.deepStrictEqual(yield* list("b", "photos/"), ["photos/2026/1"])
    assert.strictEqual((yield* listRefused("b", "photos/2026/")).status, 403)
    assert.strictEqual((yield* listRefused("b", "")).status, 403)
  })
)

it.effect("denies single operations, and absent keys where the bucket may not be listed", () =>
  Effect.gen(function* () {
    const { client, get, getRefused, s3 } = yield* started()
    yield* s3.put("b", "a", "1")
    yield* s3.faults.set([Fault.deny({ operations: ["GetObjectTagging", "HeadObject", "ListObjectsV2"] })])
    const object = { Bucket: "b", Key: "a" }
    assert.include(
      (yield* refusal(() => client.send(new GetObjectTaggingCommand(object)))).message,
      "s3:GetObjectTagging"
    )
    assert.strictEqual((yield* refusal(() => client.send(new HeadObjectCommand(object)))).status, 403)
    assert.strictEqual((yield* get("b", "a")).bytes.toString(), "1")
    assert.deepInclude(yield* getRefused("b", "absent"), { name: "AccessDenied", status: 403 })
  })
)

it.live("lets answers wait and bodies trickle", () =>
  Effect.gen(function* () {
    const { get, s3 } = yield* started()
    yield* s3.put("b", "a", Buffer.alloc(20_000, "x"))
    yield* s3.faults.set([Fault.slow({ latency: 100, bytesPerSecond: 100_000 })])
    const before = performance.now()
    const { bytes } = yield* get("b", "a")
    assert.strictEqual(bytes.byteLength, 20_000)
    assert.isAtLeast(performance.now() - before, 250)
  })
)

it.effect("replaces an object once it was listed", () =>
  Effect.gen(function* () {
    const { get, getRefused, list, s3 } = yield* started()
    const { etag } = yield* s3.put("b", "a", "as listed")
    yield* s3.faults.set([Fault.replaceAfterListing("b", ["a"])])
    assert.strictEqual((yield* get("b", "a")).bytes.toString(), "as listed")
    assert.deepStrictEqual(yield* list("b"), ["a"])
    assert.strictEqual((yield* getRefused("b", "a", { IfMatch: `"${etag}"` })).status, 412)
    yield* list("b")
    assert.deepStrictEqual(yield* s3.faults.struck, { ReplaceAfterListing: 1 })
  })
)
