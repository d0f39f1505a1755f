import { assert, it } from "@effect/vitest"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Duration, Effect, Result, Schedule, type Scope } from "effect"
import type { HttpClient } from "effect/http"
import { connect } from "node:net"
import { bucket, client, createBatch, text } from "./session.ts"

const standInWith = (...faults: ReadonlyArray<MixpeekStandIn.Fault>) =>
  MixpeekStandIn.make({ buckets: [bucket], faults, reaction: 0 })

const post = (standIn: MixpeekStandIn.MixpeekStandIn, key = "a") => Effect.result(createBatch(standIn, [text(key)]))

/** The status, or what the client says of a connection that broke. */
const seen = (standIn: MixpeekStandIn.MixpeekStandIn) =>
  Effect.map(post(standIn), Result.match({ onSuccess: ({ status }) => status, onFailure: ({ reason }) => reason._tag }))

const live = (name: string, test: Effect.Effect<void, unknown, HttpClient.HttpClient | Scope.Scope>) =>
  it.live(name, () => Effect.scoped(test).pipe(Effect.provide(client)))

live(
  "a reset breaks the connection, and the next request goes through",
  Effect.gen(function* () {
    const standIn = yield* standInWith({ kind: "reset", times: 1 })
    assert.strictEqual(yield* seen(standIn), "TransportError")
    assert.strictEqual(yield* standIn.count("bkt_files"), 0)
    assert.strictEqual(yield* seen(standIn), 200)
    const requests = yield* standIn.requests
    assert.deepStrictEqual(
      requests.map(({ fault, records, status }) => ({ fault, records, status })),
      [
        { fault: "reset", records: 1, status: 0 },
        { fault: undefined, records: 1, status: 200 }
      ]
    )
  })
)

live(
  "a request may take effect before its answer is lost",
  Effect.gen(function* () {
    const standIn = yield* standInWith({ kind: "reset", commits: "before" })
    assert.strictEqual(yield* seen(standIn), "TransportError")
    assert.strictEqual(yield* standIn.count("bkt_files"), 1)
  })
)

live(
  "an answer may break off in the middle",
  Effect.gen(function* () {
    const standIn = yield* standInWith({ kind: "truncated", commits: "before" })
    assert.isTrue(["DecodeError", "TransportError"].includes(String(yield* seen(standIn))))
    assert.strictEqual(yield* standIn.count("bkt_files"), 1)
  })
)

live(
  "a proxy's answer is HTML, whether or not the request took effect",
  Effect.gen(function* () {
    const standIn = yield* standInWith({ kind: "bad-gateway", commits: "before" })
    const reply = Result.getOrThrow(yield* post(standIn))
    assert.deepStrictEqual([reply.status, reply.headers["content-type"]], [502, "text/html"])
    assert.strictEqual(yield* standIn.count("bkt_files"), 1)
    yield* standIn.set({ faults: [{ kind: "bad-gateway" }] })
    yield* post(standIn)
    assert.strictEqual(yield* standIn.count("bkt_files"), 1)
  })
)

live(
  "a gateway's timeout comes after its delay",
  Effect.gen(function* () {
    const standIn = yield* standInWith({ kind: "gateway-timeout", delay: "50 millis", commits: "before" })
    const [took, status] = yield* Effect.timed(seen(standIn))
    assert.strictEqual(status, 504)
    assert.isAtLeast(Duration.toMillis(took), 49)
    assert.strictEqual(yield* standIn.count("bkt_files"), 1)
  })
)

live(
  "a request may take effect only some time after the client was answered",
  Effect.gen(function* () {
    const standIn = yield* standInWith({ kind: "reset", commits: "after", commitDelay: "400 millis" })
    yield* post(standIn)
    assert.strictEqual(yield* standIn.count("bkt_files"), 0)
    const stored = Effect.repeat(standIn.count("bkt_files"), {
      schedule: Schedule.spaced("20 millis"),
      until: (n) => n > 0
    })
    assert.strictEqual(yield* stored, 1)
  })
)

live(
  "silence lasts until the client goes away",
  Effect.gen(function* () {
    const standIn = yield* standInWith({ kind: "silence", commits: "before" })
    const outcome = yield* Effect.timeoutOption(post(standIn), "500 millis")
    assert.strictEqual(outcome._tag, "None")
    assert.strictEqual(yield* standIn.count("bkt_files"), 1)
  })
)

live(
  "each other kind has its status",
  Effect.gen(function* () {
    const standIn = yield* standInWith()
    const kinds = { unavailable: 503, "server-error": 500, throttle: 429, unauthorized: 401 } as const
    for (const kind of ["unavailable", "server-error", "throttle", "unauthorized"] as const) {
      yield* standIn.set({ faults: [{ kind }] })
      assert.strictEqual(yield* seen(standIn), kinds[kind])
    }
    assert.deepStrictEqual(yield* standIn.violations, [])
  })
)

live(
  "a key can be revoked in the middle of a run",
  Effect.gen(function* () {
    const standIn = yield* standInWith({ kind: "unauthorized", skip: 2 })
    assert.deepStrictEqual([yield* seen(standIn), yield* seen(standIn), yield* seen(standIn)], [200, 200, 401])
  })
)

live(
  "a share of requests is struck, the same ones for the same seed",
  Effect.gen(function* () {
    const statuses = Effect.gen(function* () {
      const standIn = yield* standInWith({ kind: "throttle", fraction: 0.3 })
      return yield* Effect.forEach(Array.from({ length: 40 }), () => seen(standIn))
    })
    const first = yield* statuses
    const struck = first.filter((status) => status === 429).length
    assert.isAbove(struck, 4)
    assert.isBelow(struck, 25)
    assert.deepStrictEqual(yield* statuses, first)
  })
)

live(
  "answers take at least the latency",
  Effect.gen(function* () {
    const standIn = yield* standInWith()
    yield* standIn.set({ latency: "40 millis" })
    const [took] = yield* Effect.timed(seen(standIn))
    assert.isAtLeast(Duration.toMillis(took), 39)
  })
)

live(
  "half a request has no effect",
  Effect.gen(function* () {
    const standIn = yield* standInWith()
    const { port } = new URL(standIn.url)
    yield* Effect.callback<void>((resume) => {
      const socket = connect(Number(port), "127.0.0.1", () => {
        socket.write(
          'POST /v1/buckets/bkt_files/objects/batch HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\n{"objects":'
        )
        setImmediate(() => socket.resetAndDestroy())
      })
      socket.once("close", () => resume(Effect.void))
    })
    assert.strictEqual(yield* seen(standIn), 200)
    assert.strictEqual(yield* standIn.count("bkt_files"), 1)
    assert.deepStrictEqual(yield* standIn.violations, [])
  })
)
