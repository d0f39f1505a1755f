import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Mixpeek, type MixpeekOptions, type Wire } from "@sluice/sink-mixpeek"
import { ConfigProvider, Duration, Effect, Fiber, Layer, Redacted } from "effect"
import { HttpClient, type HttpClientRequest, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import * as Fixtures from "./Fixtures.ts"

/** A key of its own for each client: limits are shared by all that use the same. */
let keys = 0

/** The client on answers made here. */
const onAnswers = (
  answer: (request: HttpClientRequest.HttpClientRequest, url: URL, nth: number) => Response | "silence",
  options?: Partial<MixpeekOptions.Options>
): Layer.Layer<Mixpeek> => {
  let requests = 0
  const http = HttpClient.make((request, url) => {
    const response = answer(request, url, requests++)
    return response === "silence" ? Effect.never : Effect.succeed(HttpClientResponse.fromWeb(request, response))
  })
  const apiKey = Redacted.make(`sk_secret_${++keys}`)
  return Layer.orDie(Mixpeek.layer({ apiKey, namespace: "ns_1", ...options })).pipe(
    Layer.provide(Layer.succeed(HttpClient.HttpClient, http))
  )
}

const json = (body: unknown, init?: ResponseInit) => new Response(JSON.stringify(body), init)
const bucket = { bucket_name: "files", object_count: 0, total_size_bytes: 0 }
const created = [{ bucket_id: "b", object_id: "obj_1" }]

const getBucket = Mixpeek.use((mixpeek) => mixpeek.getBucket("bkt_1"))
const create = Mixpeek.use((mixpeek) => mixpeek.createObjects("bkt_1", '{"objects":[{}]}'))
const getOrganization = Mixpeek.use((mixpeek) => mixpeek.getOrganization)

const listBody: Wire.ListObjectsRequest = { filters: { AND: [], case_sensitive: true }, select: [] }

describe("Mixpeek", () => {
  it.effect("sends key, namespace and body where they belong", () =>
    Effect.gen(function* () {
      const seen: Array<unknown> = []
      yield* create.pipe(
        Effect.provide(
          onAnswers((request, url) => {
            const { accept, authorization, "content-type": type, "x-namespace": namespace } = request.headers
            seen.push(request.method, url.href, authorization, namespace, accept, type)
            return json(created)
          })
        )
      )
      assert.deepStrictEqual(seen, [
        "POST",
        "https://api.mixpeek.com/v1/buckets/bkt_1/objects/batch",
        `Bearer sk_secret_${keys}`,
        "ns_1",
        "application/json",
        "application/json"
      ])
    })
  )

  it.effect("asks for pages with limit, cursor and offset in the query", () =>
    Effect.gen(function* () {
      const urls: Array<string> = []
      yield* Mixpeek.use((mixpeek) =>
        Effect.all([
          mixpeek.listObjects({ bucket: "b/1", body: listBody, limit: 1000 }),
          mixpeek.listObjects({ bucket: "b", body: listBody, limit: 5, cursor: "a=&", offset: 10 })
        ])
      ).pipe(
        Effect.provide(
          onAnswers((_, url) => {
            urls.push(url.pathname + url.search)
            return json({ results: [], pagination: {} })
          })
        )
      )
      assert.deepStrictEqual(urls, [
        "/v1/buckets/b%2F1/objects/list?limit=1000",
        "/v1/buckets/b/objects/list?limit=5&cursor=a%3D%26&offset=10"
      ])
    })
  )

  it.effect("tries a read again while it is throttled or unavailable, and says so", () =>
    Effect.gen(function* () {
      const { heard, layer } = Fixtures.listening()
      const answers = [
        json({}, { status: 503 }),
        json({}, { status: 429, headers: { "retry-after": "30" } }),
        new Response("not json", { status: 200 }),
        json(bucket)
      ]
      const fiber = yield* getBucket.pipe(
        Effect.provide([onAnswers((_request, _url, nth) => answers[nth] ?? json({})), layer]),
        Effect.forkChild
      )
      yield* TestClock.adjust("29 seconds")
      assert.isBelow(heard.requests, 3)
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual((yield* Fiber.join(fiber)).value.bucket_name, "files")
      assert.strictEqual(heard.requests, 4)
      assert.strictEqual(heard.retries, 3)
      assert.isAtLeast(heard.waitedMillis, 30_000)
    })
  )

  it.effect("does not try a read again that cannot succeed", () =>
    Effect.gen(function* () {
      const { heard, layer } = Fixtures.listening()
      const error = yield* Effect.flip(getBucket).pipe(
        Effect.provide([onAnswers(() => json({}, { status: 404 })), layer])
      )
      assert.strictEqual(error.reason._tag, "Unusable")
      assert.strictEqual(heard.requests, 1)
    })
  )

  it.effect("never tries a creation again by itself", () =>
    Effect.gen(function* () {
      const { heard, layer } = Fixtures.listening()
      const error = yield* Effect.flip(create).pipe(Effect.provide([onAnswers(() => json({}, { status: 500 })), layer]))
      assert.strictEqual(error.reason._tag, "Ambiguous")
      assert.strictEqual(heard.requests, 1)
    })
  )

  it.effect.each([
    ["HTML", "<html>secret</html>", "a page of a proxy"],
    ["half an answer", '[{"object_id":"secret', "not JSON"],
    ["another shape", '{"ok":"secret"}', "JSON of an unknown shape"],
    ["nothing", "", "an empty body"]
  ])("takes a success with %s for a lost answer, and repeats nothing of it", ([, body, kind]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(create).pipe(Effect.provide(onAnswers(() => new Response(body))))
      assert.strictEqual(error.reason._tag, "Ambiguous")
      assert.include(error.message, `cannot be read: it is ${kind}`)
      assert.notInclude(JSON.stringify(error) + error.message, "secret")
    })
  )

  it.effect("waits 120 seconds for an answer, and takes it for lost then", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.flip(create).pipe(Effect.provide(onAnswers(() => "silence")), Effect.forkChild)
      yield* TestClock.adjust("119 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("2 seconds")
      const error = yield* Fiber.join(fiber)
      assert.strictEqual(error.reason._tag, "Ambiguous")
      assert.include(error.message, "within 2m")
    })
  )

  it.effect("does not count time spent waiting for permission as time spent waiting for an answer", () =>
    Effect.gen(function* () {
      const options = { rateLimits: { data: { perMinute: 0.25, burst: 1 } } }
      const { heard, layer } = Fixtures.listening()
      const fiber = yield* Effect.andThen(create, create).pipe(
        Effect.provide([onAnswers(() => json(created), options), layer]),
        Effect.forkChild
      )
      yield* TestClock.adjust("5 minutes")
      yield* Fiber.join(fiber)
      assert.strictEqual(heard.waitedMillis, 240_000)
      assert.strictEqual(heard.requests, 2)
    })
  )

  it.effect("keeps the request's id, under either name", () =>
    Effect.gen(function* () {
      for (const name of ["x-request-id", "request-id"]) {
        const headers = { [name]: "req_7" }
        const answer = yield* create.pipe(Effect.provide(onAnswers(() => json(created, { headers }))))
        assert.strictEqual(answer.requestId, "req_7")
        const error = yield* Effect.flip(create).pipe(
          Effect.provide(onAnswers(() => json({}, { status: 500, headers })))
        )
        assert.strictEqual(error.requestId, "req_7")
      }
    })
  )

  it.effect("tells by the server's clock when a request left, where the clocks differ", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.parse("2026-11-24T12:00:00Z"))
      const sentAt = (date: string) =>
        create.pipe(
          Effect.map((answer) => new Date(answer.sentAt).toISOString()),
          Effect.provide(onAnswers(() => json(created, { headers: { date } })))
        )
      assert.strictEqual(yield* sentAt("Tue, 24 Nov 2026 12:00:01 GMT"), "2026-11-24T12:00:00.000Z")
      assert.strictEqual(yield* sentAt("Tue, 24 Nov 2026 12:05:00 GMT"), "2026-11-24T12:05:00.000Z")
    })
  )

  it.effect("keeps to the limits the organization tells", () =>
    Effect.gen(function* () {
      const answers = onAnswers((_, url) =>
        url.pathname === "/v1/organizations" ? json({ rate_limits: { data: 3000, metadata: 100 } }) : json(created)
      )
      const { heard, layer } = Fixtures.listening()
      const fiber = yield* Effect.andThen(
        getOrganization,
        Effect.forEach(Array.from({ length: 1030 }), () => create)
      ).pipe(Effect.provide([answers, layer]), Effect.forkChild)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      assert.strictEqual(heard.waitedMillis, 1000)
    })
  )

  it.effect("gives up at once where the limit opens only in hours, and says when", () =>
    Effect.gen(function* () {
      const headers = { "retry-after": "7200" }
      const errors = yield* Effect.all([Effect.flip(create), Effect.flip(create)]).pipe(
        Effect.provide(onAnswers(() => json({}, { status: 429, headers })))
      )
      for (const { reason } of errors) {
        assert.strictEqual(reason._tag, "Throttled")
        assert.deepStrictEqual("retryAfter" in reason ? reason.retryAfter : undefined, Duration.hours(2))
      }
    })
  )

  it.effect("counts a request no longer that was interrupted", () =>
    Effect.gen(function* () {
      const left = { "x-ratelimit-remaining": "1", "x-ratelimit-reset": "60" }
      const mixpeek = onAnswers((_request, _url, nth) => (nth === 0 ? "silence" : json(created, { headers: left })))
      yield* Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(create, { startImmediately: true })
        yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        yield* create
        // One is left, and none is on its way.
        yield* create
      }).pipe(Effect.provide(mixpeek))
    })
  )

  it.effect("shares limits between all clients of a process that use the same key", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn({ limits: { metadata: { requests: 1 } } })
      const options = { url: server.url, apiKey: server.apiKey, namespace: server.namespace }
      const read = Mixpeek.use((mixpeek) => mixpeek.getBucket(Fixtures.bucket))
      yield* Fixtures.elapsing(
        Effect.andThen(
          read.pipe(Effect.provide(Mixpeek.layer(options))),
          read.pipe(Effect.provide(Mixpeek.layer({ ...options, timeout: "60 seconds" })))
        )
      ).pipe(Effect.provide(NodeHttpClient.layerUndici))
      assert.deepStrictEqual(
        (yield* server.requests).map(({ status }) => status),
        [200, 200]
      )
    })
  )

  it.effect("is configured by the environment", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn()
      const env = {
        MIXPEEK_API_KEY: Redacted.value(server.apiKey),
        MIXPEEK_NAMESPACE: server.namespace,
        MIXPEEK_URL: server.url
      }
      const answer = yield* Mixpeek.use((mixpeek) => mixpeek.getBucket(Fixtures.bucket)).pipe(
        Effect.provide(
          Mixpeek.layerConfig().pipe(
            Layer.provide([NodeHttpClient.layerUndici, ConfigProvider.layer(ConfigProvider.fromEnv({ env }))])
          )
        )
      )
      assert.strictEqual(answer.value.status, "ACTIVE")
    })
  )

  it.effect("refuses options that cannot work before any request", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        getBucket.pipe(
          Effect.provide(
            Mixpeek.layer({ apiKey: Redacted.make(""), namespace: "ns_1" }).pipe(
              Layer.provide(NodeHttpClient.layerUndici)
            )
          )
        )
      )
      assert.strictEqual(error._tag, "Misconfigured")
    })
  )
})
