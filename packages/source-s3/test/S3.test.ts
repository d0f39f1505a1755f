import { S3Client } from "@aws-sdk/client-s3"
import { assert, describe, it } from "@effect/vitest"
import { Observer } from "@sluice/core"
import { Fault, S3StandIn } from "@sluice/testkit/s3"
import { ConfigProvider, Duration, Effect, Exit, Fiber, Layer, Redacted } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Credentials, S3, S3Source } from "../src/index.ts"
import { keys, reach, retry, standIn } from "./bench.ts"

const list = (live: Layer.Layer<S3, unknown>, bucket = "acme") =>
  S3.use((s3) => s3.listObjects({ Bucket: bucket })).pipe(Effect.provide(live))

/** A server that is not S3 at all. */
const answering = (status: number, body: string, headers: Record<string, string> = {}) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly url: string; readonly close: () => void }>((resume) => {
      const server = createServer((_, response) => response.writeHead(status, headers).end(body))
      server.listen(0, "127.0.0.1", () =>
        resume(
          Effect.succeed({
            // A server that listens on TCP has an address with a port.
            url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
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

describe("S3", () => {
  it.live.each([
    ["SlowDown", Fault.slowDown({ next: 3 })],
    ["429", Fault.tooManyRequests({ next: 3 })],
    ["InternalError", Fault.internalError({ next: 3 })],
    ["a reset connection", Fault.reset({ next: 3 })]
  ] as const)("tries again after %s", ([, fault]) =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.put("acme", "k", "x")
      yield* s3.faults.set([fault])
      assert.deepStrictEqual(yield* keys({ bucket: "acme" }, live), ["k"])
      assert.strictEqual((yield* s3.requests).length, 4)
    })
  )

  it.live("tells the observer of every request and of those that are made again", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.put("acme", "k", "x")
      yield* s3.faults.set([Fault.internalError({ next: 2 })])
      const seen: Array<string> = []
      yield* keys({ bucket: "acme" }, live).pipe(
        Effect.provideService(Observer.Observer, {
          ...Observer.silent,
          request: ({ operation, role }) => seen.push(`${role} ${operation}`),
          retried: () => seen.push("again"),
          waited: () => seen.push("waited")
        })
      )
      const request = "source ListObjectsV2"
      assert.deepStrictEqual(seen, [request, "again", "waited", request, "again", "waited", request])
    })
  )

  it.live("gives up after the attempts it was given, and no other layer adds any", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.createBucket("acme")
      yield* s3.faults.set([Fault.internalError()])
      const error = yield* Effect.flip(keys({ bucket: "acme" }, live))
      assert.strictEqual(error.reason._tag, "Unavailable")
      assert.strictEqual((yield* s3.requests).length, retry.maxAttempts)
    })
  )

  it.live("tries a refusal once", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.createBucket("acme")
      yield* s3.faults.set([Fault.deny({})])
      yield* Effect.flip(keys({ bucket: "acme" }, live))
      assert.strictEqual((yield* s3.requests).length, 1)
    })
  )

  it.live("waits as long as Retry-After asks", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.put("acme", "k", "x")
      yield* s3.faults.set([Fault.slowDown({ next: 1, retryAfter: "1" })])
      yield* keys({ bucket: "acme" }, live)
      const [first, second] = yield* s3.requests
      assert.isAtLeast((second?.at ?? 0) - (first?.at ?? 0), 1000)
    })
  )

  it.live("finds the bucket's region, and asks there from then on", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.createBucket("acme", { region: "eu-central-1" })
      yield* s3.put("acme", "k", "x")
      const region = yield* S3.use((client) =>
        Effect.gen(function* () {
          yield* client.listObjects({ Bucket: "acme" })
          yield* client.listObjects({ Bucket: "acme" })
          return yield* client.region("acme")
        })
      ).pipe(Effect.provide(live))
      assert.strictEqual(region, "eu-central-1")
      assert.deepStrictEqual(
        (yield* s3.requests).map(({ status }) => status),
        [301, 200, 200]
      )
    })
  )

  it.live.each(["redirect", "malformed"] as const)(
    "says which region to set where a wrong one was set (%s)",
    (wrongRegion) =>
      Effect.gen(function* () {
        const { s3, live } = yield* standIn({ region: "us-west-2" }, { wrongRegion })
        yield* s3.createBucket("acme", { region: "eu-central-1" })
        const error = yield* Effect.flip(keys({ bucket: "acme" }, live))
        assert.strictEqual(error.reason._tag, "Misconfigured")
        assert.include(error.message, "set `region` to eu-central-1")
      })
  )

  it.live("asks for each bucket in its own region, side by side", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      const buckets = ["eu-west-1", "us-west-2", "ap-south-1"]
      yield* Effect.forEach(buckets, (region) => s3.createBucket(`in-${region}`, { region }), { discard: true })
      yield* S3.use((client) =>
        Effect.gen(function* () {
          const list = (region: string) => client.listObjects({ Bucket: `in-${region}` })
          yield* Effect.forEach([...buckets, ...buckets], list, { concurrency: 6 })
          yield* s3.forgetRequests
          yield* Effect.forEach(buckets, list)
          assert.deepStrictEqual(
            (yield* s3.requests).map(({ status }) => status),
            [200, 200, 200]
          )
        })
      ).pipe(Effect.provide(live))
    })
  )

  it.live("signs links for the bucket's region, also before anything else was asked", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.createBucket("acme", { region: "eu-central-1" })
      yield* s3.put("acme", "k", "x")
      const url = yield* S3.use((client) => client.presign([{ Bucket: "acme", Key: "k" }], Duration.minutes(1))).pipe(
        Effect.provide(live)
      )
      const answer = yield* Effect.promise(() => fetch(Redacted.value(url).join()).then((answer) => answer.text()))
      assert.strictEqual(answer, "x")
    })
  )

  it.live("names a bucket that is not there, a wrong key id, a wrong secret and a wrong clock", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.createBucket("acme")
      const missing = yield* Effect.flip(keys({ bucket: "nowhere" }, live))
      assert.strictEqual(missing.reason._tag, "Missing")
      assert.include(missing.message, "the bucket nowhere does not exist")
      const as = (accessKeyId: string, secret: string) =>
        S3.layer(
          reach(s3, {
            credentials: Credentials.Static({ accessKeyId, secretAccessKey: Redacted.make(secret) })
          })
        )
      const id = yield* Effect.flip(keys({ bucket: "acme" }, as("AKIAUNKNOWN", "x")))
      assert.strictEqual(id.reason._tag, "Unauthorized")
      assert.include(id.message, "check `accessKeyId`")
      const secret = yield* Effect.flip(keys({ bucket: "acme" }, as(s3.accessKeyId, "wrong-secret-value")))
      assert.strictEqual(secret.reason._tag, "Unauthorized")
      assert.include(secret.message, "check `secretAccessKey`")
      assert.notInclude(JSON.stringify(secret) + String(secret), "wrong-secret-value")
      yield* s3.credentials.expire(s3.accessKeyId)
      const expired = yield* Effect.flip(keys({ bucket: "acme" }, live))
      assert.strictEqual(expired.reason._tag, "Unauthorized")
      assert.include(expired.message, "expired")
    })
  )

  it.live("names the clock where it is wrong", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.createBucket("acme")
      yield* s3.shiftClock(3_600_000)
      const error = yield* Effect.flip(keys({ bucket: "acme" }, live))
      assert.strictEqual(error.reason._tag, "Unauthorized")
      assert.include(error.message, "clock")
    })
  )

  it.live.each([
    ["a proxy's 502", 502, "<html>Bad Gateway</html>", "Unavailable", "502"],
    ["a proxy's 403", 403, "<html>Blocked</html>", "Unauthorized", "s3:ListBucket"],
    ["a proxy's 407", 407, "who are you", "Misconfigured", "proxy"],
    ["a web page", 200, "<html><body>Welcome!</body></html", "Misconfigured", "not S3's"]
  ] as const)("understands %s", ([, status, body, reason, said]) =>
    Effect.gen(function* () {
      const { url } = yield* answering(status, body, { "content-type": "text/html" })
      const s3 = yield* S3StandIn.make()
      const error = yield* Effect.flip(keys({ bucket: "acme" }, S3.layer(reach(s3, { endpoint: url }))))
      assert.strictEqual(error.reason._tag, reason)
      assert.include(error.message, said)
    })
  )

  it.live("says that nobody listens", () =>
    Effect.gen(function* () {
      const { url, close } = yield* answering(200, "")
      close()
      const s3 = yield* S3StandIn.make()
      const error = yield* Effect.flip(keys({ bucket: "acme" }, S3.layer(reach(s3, { endpoint: url }))))
      assert.strictEqual(error.reason._tag, "Unavailable")
      assert.include(error.message, "refuses connections")
    })
  )

  it.live("gives up an answer that does not come in time", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn({ requestTimeout: "50 millis", retry: { ...retry, maxAttempts: 2 } })
      yield* s3.createBucket("acme")
      yield* s3.faults.set([Fault.slow({ latency: 5000 })])
      const error = yield* Effect.flip(keys({ bucket: "acme" }, live))
      assert.strictEqual(error.reason._tag, "Unavailable")
      assert.include(error.message, "no answer in time")
    })
  )

  it.live("closes the connection of a call that is interrupted", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.createBucket("acme")
      yield* s3.faults.set([Fault.slow({ latency: 60_000 })])
      const fiber = yield* Effect.forkChild(list(live), { startImmediately: true })
      yield* Effect.sleep("100 millis")
      const [took] = yield* Effect.timed(Fiber.interrupt(fiber))
      assert.isBelow(Duration.toMillis(took), 2000)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
    })
  )

  it.live("reads a public bucket without a signature, and links to it without one", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn({ credentials: Credentials.Anonymous() })
      yield* s3.createBucket("acme", { public: true })
      yield* s3.put("acme", "a b.txt", "x")
      assert.deepStrictEqual(yield* keys({ bucket: "acme" }, live), ["a b.txt"])
      const url = yield* S3.use((client) =>
        client.presign([{ Bucket: "acme", Key: "a b.txt" }], Duration.hours(1))
      ).pipe(Effect.provide(live))
      assert.deepStrictEqual(Redacted.value(url), [`${s3.url}/acme/a%20b.txt`])
    })
  )

  it.live("is made from the environment, and options win", () =>
    Effect.gen(function* () {
      const s3 = yield* S3StandIn.make()
      yield* s3.put("acme", "k", "x")
      const env = {
        S3_ENDPOINT: "http://127.0.0.1:1",
        S3_ACCESS_KEY_ID: s3.accessKeyId,
        S3_SECRET_ACCESS_KEY: Redacted.value(s3.secretAccessKey)
      }
      const live = S3.layerConfig({ endpoint: s3.url, retry }).pipe(
        Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))),
        Layer.orDie
      )
      assert.deepStrictEqual(yield* keys({ bucket: "acme" }, live), ["k"])
    })
  )

  it.live("uses your own client, leaves it open, and warns of its retries", () =>
    Effect.gen(function* () {
      const s3 = yield* S3StandIn.make()
      yield* s3.put("acme", "k", "x")
      const client = new S3Client({
        endpoint: s3.url,
        forcePathStyle: true,
        region: "us-east-1",
        credentials: { accessKeyId: s3.accessKeyId, secretAccessKey: Redacted.value(s3.secretAccessKey) }
      })
      const live = S3.layerClient(client, { retry })
      assert.deepStrictEqual(yield* keys({ bucket: "acme" }, live), ["k"])
      assert.deepStrictEqual(yield* keys({ bucket: "acme" }, live), ["k"])
      const found = yield* S3Source.make({ bucket: "acme" }).check.pipe(Effect.provide(live))
      assert.deepInclude(found[0], { severity: "warning", subject: "maxAttempts" })
      client.destroy()
    })
  )
})
