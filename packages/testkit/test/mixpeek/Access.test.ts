import { assert, it, layer } from "@effect/vitest"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Clock, DateTime, Duration, Effect, Result, Schema } from "effect"
import { Headers } from "effect/http"
import { TestClock } from "effect/testing"
import { as, bucket, call, client, createBatch, Envelope, text } from "./session.ts"

const path = "/v1/buckets/bkt_files"

const get = (standIn: MixpeekStandIn.MixpeekStandIn, headers: Record<string, string> = {}, at = path) =>
  call(standIn, { method: "GET", path: at, headers })

layer(client)("access", (it) => {
  it.effect("shows the bucket, all buckets and the plan's limits", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket], limits: { data: { requests: 60 } } })
      const shown = as(Schema.Struct({ bucket_schema: Schema.JsonObject, status: Schema.String }), yield* get(standIn))
      assert.deepEqual<unknown>(shown, { bucket_schema: bucket.schema, status: "ACTIVE" })
      const buckets = yield* call(standIn, { path: "/v1/buckets/list", body: {} })
      assert.strictEqual(as(Schema.Struct({ total_count: Schema.Int }), buckets).total_count, 1)
      const organization = yield* get(standIn, {}, "/v1/organizations")
      const limits = as(Schema.Struct({ rate_limits: Schema.Record(Schema.String, Schema.Int) }), organization)
      assert.strictEqual(limits.rate_limits["data"], 60)
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect.each([
    ["a blank Authorization", { authorization: " " }, 401, "UnauthorizedError"],
    ["an unknown key", { authorization: "Bearer sk_other" }, 401, "UnauthorizedError"],
    ["an unknown namespace", { "x-namespace": "ns_other" }, 404, "NotFoundError"],
    ["no namespace", { "x-namespace": "" }, 400, "BadRequestError"]
  ] as const)("answers %s with the envelope", ([, headers, status, type]) =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket] })
      const reply = yield* get(standIn, headers)
      assert.deepStrictEqual([reply.status, as(Envelope, reply).error.type], [status, type])
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect("answers unknown buckets, objects and paths with 404", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket] })
      for (const at of ["/v1/buckets/bkt_other", `${path}/objects/obj_none`, "/v2/anything"]) {
        assert.strictEqual(as(Envelope, yield* get(standIn, {}, at)).status, 404)
      }
    })
  )

  it.effect("a key does what its permission allows and no more", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({
        buckets: [bucket],
        keys: [
          { key: "sk_delete", permission: "delete" },
          { key: "sk_write", permission: "write" },
          { key: "sk_read", permission: "read" }
        ]
      })
      yield* createBatch(standIn, [text("a")])
      const [object] = yield* standIn.objects("bkt_files")
      const at = `${path}/objects/${object?.objectId}`
      const status = (key: string, method: "GET" | "PATCH" | "DELETE") => {
        const headers = { authorization: `Bearer ${key}` }
        const change = method === "PATCH" ? { body: { year: 2001 } } : {}
        return Effect.map(call(standIn, { method, path: at, headers, ...change }), ({ status }) => status)
      }
      assert.deepStrictEqual([yield* status("sk_read", "GET"), yield* status("sk_read", "PATCH")], [200, 403])
      assert.deepStrictEqual([yield* status("sk_write", "PATCH"), yield* status("sk_write", "DELETE")], [200, 403])
      assert.strictEqual(yield* status("sk_delete", "DELETE"), 204)
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect("takes no writes into a bucket that is locked or being deleted", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket] })
      yield* standIn.setBucket("bkt_files", { locked: true })
      assert.strictEqual(as(Envelope, yield* createBatch(standIn, [text("a")])).error.type, "ForbiddenError")
      yield* standIn.setBucket("bkt_files", { locked: false, status: "IN_PROGRESS" })
      assert.strictEqual((yield* createBatch(standIn, [text("a")])).status, 400)
      assert.strictEqual((yield* get(standIn)).status, 200)
    })
  )

  it.effect("answers 403 with the figures when the quota is used up", () =>
    Effect.gen(function* () {
      const quota = { resource: "objects", limit: 3, tier: "free" }
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket], quota })
      yield* createBatch(standIn, [text("a"), text("b")])
      const { error } = as(Envelope, yield* createBatch(standIn, [text("c"), text("d")]))
      assert.deepStrictEqual([error.type, error.details], ["QuotaExceededError", { ...quota, current: 2 }])
      assert.strictEqual((yield* createBatch(standIn, [text("c")])).status, 200)
    })
  )

  it.effect("answers 413 to a body above its limit, in bytes", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket], maxBodyBytes: 1000 })
      assert.strictEqual((yield* createBatch(standIn, [text("a", "x".repeat(1000))])).status, 413)
      assert.strictEqual((yield* createBatch(standIn, [text("a", "x".repeat(500))])).status, 200)
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )
})

layer(client)("rate limits", (it) => {
  const limited = (limits: MixpeekStandIn.Limits, retryAfter: MixpeekStandIn.RetryAfterForm = "seconds") =>
    MixpeekStandIn.make({ buckets: [bucket], limits, retryAfter })

  it.effect("let a window's requests through, and the next ones when it has passed", () =>
    Effect.gen(function* () {
      const standIn = yield* limited({ data: { requests: 2 } })
      const post = Effect.suspend(() => createBatch(standIn, [text("a")]))
      assert.strictEqual((yield* post).headers["x-ratelimit-remaining"], "1")
      yield* TestClock.adjust("30 seconds")
      const start = (yield* Clock.currentTimeMillis) - 30_000
      assert.strictEqual((yield* post).headers["x-ratelimit-reset"], String(start / 1000 + 60))
      const refused = yield* post
      assert.deepStrictEqual([refused.status, refused.headers["retry-after"]], [429, "30"])
      assert.strictEqual(as(Envelope, refused).error.type, "TooManyRequestsError")
      assert.strictEqual((yield* get(standIn)).status, 200)
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual((yield* post).status, 200)
      assert.deepStrictEqual(yield* standIn.tooEarly, [])
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect("refill a token bucket evenly up to its burst", () =>
    Effect.gen(function* () {
      const standIn = yield* limited({ data: { requests: 60, algorithm: "token-bucket", burst: 2 } })
      const post = Effect.map(
        Effect.suspend(() => createBatch(standIn, [text("a")])),
        ({ status }) => status
      )
      assert.deepStrictEqual([yield* post, yield* post, yield* post], [200, 200, 429])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([yield* post, yield* post], [200, 429])
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual([yield* post, yield* post, yield* post], [200, 200, 429])
    })
  )

  it.effect("can be a key's own", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({
        buckets: [bucket],
        keys: [{ key: "sk_slow", permission: "admin", limits: { data: { requests: 1 } } }]
      })
      yield* createBatch(standIn, [text("a")])
      assert.strictEqual((yield* createBatch(standIn, [text("b")])).status, 429)
    })
  )

  it.effect.each(["seconds", "imf-fixdate", "rfc850", "asctime"] as const)("write Retry-After as %s", (form) =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.UTC(2026, 10, 8, 9, 5, 7, 250))
      const standIn = yield* limited({ data: { requests: 1 } }, form)
      yield* createBatch(standIn, [text("a")])
      const { headers } = yield* createBatch(standIn, [text("b")])
      const parsed = Headers.parseRetryAfter(headers["retry-after"] ?? "")
      const now = yield* DateTime.now
      const wait = Result.map(parsed, (value) =>
        value._tag === "Duration" ? value.duration : DateTime.distance(now, value.dateTime)
      )
      assert.deepStrictEqual(Result.map(wait, Duration.toMillis), Result.succeed(form === "seconds" ? 60_000 : 60_750))
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect("write Retry-After in any form when it is mixed", () =>
    Effect.gen(function* () {
      const standIn = yield* limited({}, "mixed")
      yield* standIn.set({ faults: [{ kind: "throttle", wait: "3 seconds" }] })
      const forms = new Set<string>()
      for (let request = 0; request < 40; request++) {
        const value = (yield* createBatch(standIn, [text("a")])).headers["retry-after"] ?? "absent"
        forms.add(
          value
            .replaceAll(/\d+/g, "0")
            .replaceAll(/[A-Z][a-z]+/g, "A")
            .replaceAll("  ", " ")
        )
      }
      assert.sameMembers([...forms], ["0", "A, 0 A 0 0:0:0 GMT", "A, 0-A-0 0:0:0 GMT", "A A 0 0:0:0 0", "absent"])
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect("leave Retry-After out when told to", () =>
    Effect.gen(function* () {
      const standIn = yield* limited({ data: { requests: 1 } }, "absent")
      yield* createBatch(standIn, [text("a")])
      const { headers, status } = yield* createBatch(standIn, [text("b")])
      assert.deepStrictEqual([status, headers["retry-after"]], [429, undefined])
    })
  )

  it.effect("note requests that come before the time they were told to wait for", () =>
    Effect.gen(function* () {
      const standIn = yield* limited({ data: { requests: 1 } })
      const post = (key: string) => createBatch(standIn, [text(key)])
      yield* post("a")
      yield* post("b")
      yield* TestClock.adjust("59 seconds")
      yield* post("c")
      const [early] = yield* standIn.tooEarly
      const toldAt = Number(early?.toldAt)
      const times = { at: toldAt + 59_000, allowedAt: toldAt + 60_000, toldAt }
      assert.deepStrictEqual(early, { operation: "createObjectsBatch", ...times })
      yield* get(standIn)
      yield* TestClock.adjust("1 second")
      yield* post("b")
      assert.strictEqual((yield* standIn.tooEarly).length, 1)
    })
  )

  it.effect("excuse one request on a connection that was on its way, but none that is sent again", () =>
    Effect.gen(function* () {
      const standIn = yield* limited({ data: { requests: 1 } })
      const post = (key: string) => createBatch(standIn, [text(key)])
      yield* post("a")
      yield* post("b")
      yield* post("c")
      const early = Effect.map(standIn.tooEarly, ({ length }) => length)
      assert.strictEqual(yield* early, 0, "c was on its way")
      yield* post("b")
      assert.strictEqual(yield* early, 1, "b had been refused")
      yield* post("d")
      assert.strictEqual(yield* early, 2, "d came after c on the same connection")
    })
  )
})

it.live("rate limits refuse requests beyond the number allowed at the same time", () =>
  Effect.gen(function* () {
    const standIn = yield* MixpeekStandIn.make({ buckets: [bucket], limits: { concurrent: 2 }, latency: "400 millis" })
    const replies = yield* Effect.forEach([1, 2, 3], (n) => createBatch(standIn, [text(`k${n}`)]), {
      concurrency: "unbounded"
    })
    assert.deepStrictEqual(replies.map(({ status }) => status).toSorted(), [200, 200, 429])
    assert.strictEqual((yield* standIn.totals).mostAtOnce, 3)
  }).pipe(Effect.provide(client))
)
