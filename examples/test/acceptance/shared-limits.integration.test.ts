/** One budget for all processes that use a key, kept in a real Redis or a real Postgres. */
import { NodeRedis } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { SqlLimits } from "@sluice/ledger-sql"
import { Limits, type RateHeaders } from "@sluice/sink-mixpeek"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Context, Duration, Effect, Layer, Logger, Redacted, Schedule, type Scope } from "effect"
import { fork, spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { schema, target } from "./bench.ts"

const postgres = process.env["POSTGRES_URL"] ?? "postgres://sluice@127.0.0.1:5439"
const nothing: RateHeaders.RateHeaders = { perMinute: undefined, left: undefined, retryAfter: undefined }

/** A Redis of its own, which keeps nothing on disk. */
const redis = Effect.gen(function* () {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "sluice-redis-"))),
    (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true }))
  )
  const path = join(folder, "redis.sock")
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn("redis-server", ["--port", "0", "--unixsocket", path, "--save", "", "--dir", folder], { stdio: "ignore" })
    ),
    (one) =>
      Effect.sync(() => {
        one.kill("SIGKILL")
      })
  )
  return { path, kill: Effect.sync(() => child.kill("SIGKILL")) }
})

const connected = (path: string) =>
  Limits.Limits.layerRedis({ prefix: "test:" }).pipe(
    Layer.provide(Layer.orDie(NodeRedis.layer({ socket: { path, tls: false } })))
  )

/** What a process of its own would have: its own connections, and nothing else in common. */
const limitsOf = <E>(layer: Layer.Layer<Limits.Limits, E>) =>
  Effect.map(Layer.build(Layer.fresh(layer)), (context) => Context.get(context, Limits.Limits))

/** It takes a moment to listen. */
const onceThere = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(Effect.sandbox, Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 200 }))

const inRedis = Effect.map(redis, ({ path }) => connected(path))
const inPostgres = Effect.succeed(
  Layer.provide(Limits.Limits.layerShared, SqlLimits.layerPostgres({ url: Redacted.make(`${postgres}/sluice`) }))
)

const scope = (): Limits.Scope => ({
  keyId: randomUUID(),
  category: "data",
  atMost: { perMinute: 60_000, burst: 1000 },
  maxInFlight: 50
})

describe.each<[string, Effect.Effect<Layer.Layer<Limits.Limits, unknown>, never, Scope.Scope>]>([
  ["Redis", inRedis],
  ["Postgres", inPostgres]
])("limits that are shared in %s", (_, layer) => {
  it.live("hold back all processes when one of them is told to wait", () =>
    Effect.gen(function* () {
      const store = yield* layer
      const [one, two] = yield* Effect.all([onceThere(limitsOf(store)), onceThere(limitsOf(store))])
      const shared = scope()
      yield* two.admit(shared)
      yield* two.answered(shared, 200, nothing)
      yield* one.admit(shared)
      yield* one.answered(shared, 429, { ...nothing, retryAfter: Duration.minutes(10) })
      const error = yield* Effect.flip(two.admit(shared))
      // Ten minutes, up to the milliseconds of two clocks and the time that the test has taken by now.
      assert.closeTo(Duration.toSeconds(error.opensIn), 600, 5)
      yield* two.admit({ ...shared, category: "metadata" })
    })
  )

  it.live("let many requests of several processes through at once, while there are tokens", () =>
    Effect.gen(function* () {
      const store = yield* layer
      const processes = yield* Effect.all([onceThere(limitsOf(store)), onceThere(limitsOf(store))])
      const shared = scope()
      yield* Effect.forEach(
        Array.from({ length: 400 }, (_, index) => processes[index % 2]),
        (limits) =>
          limits === undefined
            ? Effect.die("no process")
            : Effect.andThen(limits.admit(shared), limits.answered(shared, 200, nothing)),
        { concurrency: "unbounded", discard: true }
      )
    })
  )
})

/** The plan pro, as the API's guide has it. */
const pro = { requests: 600, burst: 200, algorithm: "token-bucket" } as const
/** Requests of each process: together, more than go at once. */
const each = 130

/** A process of its own that makes objects, one with each request. */
const start = (name: string, server: MixpeekStandIn.MixpeekStandIn, store: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        fork(new URL("shared-limits-program.ts", import.meta.url), {
          env: {
            ...store,
            NAME: name,
            OBJECTS: String(each),
            MIXPEEK_URL: server.url,
            MIXPEEK_API_KEY: Redacted.value(server.apiKey),
            MIXPEEK_NAMESPACE: server.namespace,
            MIXPEEK_MAX_IN_FLIGHT: "25"
          }
        })
      ),
      (one) =>
        Effect.sync(() => {
          one.kill("SIGKILL")
        })
    )
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve))
    const ready = new Promise<boolean>((resolve) => {
      child.once("message", () => resolve(true))
      child.once("close", () => resolve(false))
    })
    assert.isTrue(yield* Effect.promise(() => ready), "it ended before it began")
    return { begin: Effect.sync(() => child.send("begin")), ended: Effect.promise(() => ended) }
  })

describe.each<[string, Effect.Effect<Readonly<Record<string, string>>, unknown, Scope.Scope>]>([
  [
    "Redis",
    Effect.gen(function* () {
      const { path } = yield* redis
      yield* onceThere(limitsOf(connected(path)))
      return { REDIS: path }
    })
  ],
  ["Postgres", Effect.succeed({ POSTGRES: `${postgres}/sluice` })]
])("two processes of the system that share a key in %s", (_, store) => {
  it.live("use its budget in sum, and are never answered 429", () =>
    Effect.gen(function* () {
      const server = yield* MixpeekStandIn.make({
        buckets: [{ id: target, schema }],
        limits: { data: pro, metadata: pro, upload: pro, concurrent: 50 },
        latency: "100 millis",
        validateEvery: 50,
        logged: 10_000
      })
      const at = yield* store
      const processes = yield* Effect.all([start("one", server, at), start("two", server, at)], { concurrency: 2 })
      yield* Effect.forEach(processes, ({ begin }) => begin)
      assert.deepStrictEqual(yield* Effect.forEach(processes, ({ ended }) => ended), [0, 0])
      const { byStatus, mostAtOnce } = yield* server.totals
      assert.deepStrictEqual([yield* server.count(target), byStatus[429] ?? 0], [2 * each, 0])
      assert.isAtMost(mostAtOnce, 50)
      const times = (yield* server.requests).flatMap(({ at: time, operation }) =>
        operation === "createObjectsBatch" ? [time] : []
      )
      const seconds = (Math.max(...times) - Math.min(...times)) / 1000
      // Of what a bucket of 200 that fills with 10 a second gives in the time.
      const share = times.length / (pro.burst + (pro.requests / 60) * seconds)
      assert.isAtLeast(share, 0.8)
      assert.isAtMost(share, 1)
    })
  )
})

describe("limits whose Redis is gone", () => {
  it.live("let the process go on with its own part, and say so once", () =>
    Effect.gen(function* () {
      const server = yield* redis
      const logged: Array<string> = []
      const limits = yield* onceThere(limitsOf(connected(server.path)))
      const shared = scope()
      const request = Effect.andThen(limits.admit(shared), limits.answered(shared, 200, nothing))
      yield* request
      yield* server.kill
      yield* Effect.repeat(request, { times: 20 }).pipe(
        Effect.provide(Logger.layer([Logger.make(({ message }) => logged.push(String(message)))]))
      )
      assert.deepStrictEqual(logged.filter((line) => line.includes("a tenth of the budget")).length, 1)
    }).pipe(Effect.provide(Logger.layer([])))
  )
})
