import { assert, describe, it } from "@effect/vitest"
import { Change, Ledger, Pipeline, type Source } from "@sluice/core"
import { Mixpeek, type MixpeekOptions, MixpeekSink } from "@sluice/sink-mixpeek"
import { Clock, Effect, Fiber, Layer, Option, Redacted, Result, Stream } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import * as Fixtures from "./Fixtures.ts"

/** A key of its own for each API: what is known of one outlives its client. */
let keys = 0

/** An API that can be taken down, and when it was asked for what. */
const api = (options?: Partial<MixpeekOptions.Options>) => {
  const asked: Array<{ readonly at: number; readonly path: string }> = []
  const state = { status: 200, isSilent: false, asked }
  const bodies: ReadonlyArray<readonly [RegExp, () => unknown]> = [
    [/organizations/, () => ({ account_type: "pro", rate_limits: { data: 60_000, metadata: 60_000 } })],
    [/list$/, () => ({ results: [], pagination: {} })],
    [/batch$/, () => [{ bucket_id: "b", object_id: "obj_1" }]],
    [
      /./,
      () => ({
        bucket_name: "files",
        object_count: 0,
        total_size_bytes: 0,
        unique_key: { fields: ["source_key"], default_policy: "upsert" }
      })
    ]
  ]
  const http = HttpClient.make((request, url) =>
    Effect.gen(function* () {
      asked.push({ at: yield* Clock.currentTimeMillis, path: url.pathname })
      if (state.isSilent) return yield* Effect.never
      const body = state.status === 200 ? bodies.find(([path]) => path.test(url.pathname))?.[1]() : {}
      return HttpClientResponse.fromWeb(request, Response.json(body, { status: state.status }))
    })
  )
  const layer = Layer.orDie(
    Mixpeek.layer({
      apiKey: Redacted.make(`sk_circuit_${++keys}`),
      namespace: "ns_1",
      rateLimits: { data: { perMinute: 60_000 }, metadata: { perMinute: 60_000 } },
      ...options
    })
  ).pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, http)))
  return { state, layer, paths: () => asked.map(({ path }) => path) }
}

const getBucket = Mixpeek.use((mixpeek) => mixpeek.getBucket("bkt_1"))

/** Time passes, second by second: in each of them answers come, and what follows from them happens. */
const pass = (seconds: number) =>
  Effect.forEach(
    Array.from({ length: seconds }),
    () =>
      Effect.andThen(
        TestClock.adjust("1 second"),
        Effect.forEach(Array.from({ length: 50 }), () => Effect.yieldNow)
      ),
    { discard: true }
  )

/** Reads until so many in a row were not answered; the API is down, and known to be. */
const goDown = Effect.fnUntraced(function* ({ state }: ReturnType<typeof api>) {
  yield* getBucket
  state.status = 503
  const reads = yield* Effect.forkChild(
    Effect.all(
      [1, 2, 3, 4, 5].map(() => getBucket),
      { concurrency: 5 }
    )
  )
  yield* Effect.forEach(Array.from({ length: 50 }), () => Effect.yieldNow)
  return reads
})

const source: Source.Source = {
  name: "s3:files",
  check: Effect.succeed([]),
  sweep: () =>
    Stream.make({
      range: "",
      cursor: Change.Cursor.make("1"),
      changes: ["a"].map((path) => Change.Change.cases.Upsert.make({ file: Fixtures.file(path) }))
    }),
  follow: Option.none(),
  read: () => Stream.make(new TextEncoder().encode("content")),
  stat: () => Effect.succeedNone,
  link: () => Option.none()
}

const pipelineTo = (options: Partial<MixpeekSink.Options> = {}) =>
  Pipeline.make({
    name: "files",
    source,
    map: Fixtures.mapping,
    sink: MixpeekSink.make({ bucket: "b", batch: { maxWait: "1 second" }, ...options })
  })
const pipeline = pipelineTo({ uniqueKey: "upsert" })

/** A run whose API goes down while its first batch waits for company. */
const begin = Effect.fnUntraced(function* (down: ReturnType<typeof api>) {
  const run = yield* Pipeline.start(pipeline)
  yield* run.progress.pipe(
    Stream.takeUntil(({ _tag }) => _tag === "Started"),
    Stream.runDrain
  )
  yield* goDown(down)
  return run
})

describe("an API that is down", () => {
  it.effect("is sent nothing but probes, after 1, 2, 4, 8, 16 and every 30 seconds, and then everything", () =>
    Effect.gen(function* () {
      const it = api()
      yield* Effect.gen(function* () {
        const reads = yield* goDown(it)
        it.state.asked.length = 0
        yield* pass(100)
        assert.deepStrictEqual([...new Set(it.paths())], ["/v1/organizations"])
        const times = it.state.asked.map(({ at }) => Math.round(at / 1000))
        assert.deepStrictEqual(times, [1, 3, 7, 15, 31, 61, 91])
        it.state.status = 200
        it.state.asked.length = 0
        yield* pass(60)
        yield* Fiber.join(reads)
        assert.deepStrictEqual(it.paths(), [
          "/v1/organizations",
          ...Array.from({ length: 5 }, () => "/v1/buckets/bkt_1")
        ])
      }).pipe(Effect.provide(it.layer))
    })
  )

  it.effect("is given up after maxUnavailable, with a message that says how long it was down", () =>
    Effect.gen(function* () {
      const it = api({ maxUnavailable: "10 minutes" })
      yield* Effect.gen(function* () {
        const reads = yield* Effect.forkChild(Effect.flip(Effect.flatMap(goDown(it), Fiber.join)))
        yield* pass(9 * 60)
        assert.isUndefined(reads.pollUnsafe())
        yield* pass(65)
        const error = yield* Fiber.join(reads)
        assert.strictEqual(error.reason._tag, "Unusable")
        assert.match(error.message, /not been available for 10m.*Run again.*MIXPEEK_MAX_UNAVAILABLE/)
      }).pipe(Effect.provide(it.layer))
    })
  )

  it.effect("is one that never answers, too", () =>
    Effect.gen(function* () {
      const it = api({ timeout: "5 seconds" })
      yield* Effect.gen(function* () {
        yield* getBucket
        it.state.isSilent = true
        const reads = yield* Effect.forkChild(
          Effect.all(
            [1, 2, 3, 4].map(() => getBucket),
            { concurrency: 4 }
          )
        )
        yield* pass(60)
        assert.include(it.paths(), "/v1/organizations")
        it.state.isSilent = false
        yield* pass(120)
        yield* Fiber.join(reads)
      }).pipe(Effect.provide(it.layer))
    })
  )

  it.effect.each([
    ["requests that are refused", 404],
    ["too many requests", 429],
    ["an API that never was up: its address may be wrong", 503]
  ] as const)("is not: %s", ([, status]) =>
    Effect.gen(function* () {
      const it = api()
      yield* Effect.gen(function* () {
        if (status !== 503) yield* getBucket
        it.state.status = status
        const reads = yield* Effect.forkChild(
          Effect.all(
            Array.from({ length: 8 }, () => Effect.exit(getBucket)),
            { concurrency: 8 }
          )
        )
        yield* pass(600)
        yield* Fiber.interrupt(reads)
        assert.notInclude(it.paths(), "/v1/organizations")
      }).pipe(Effect.provide(it.layer))
    })
  )

  it.effect("does not use up a run's patience: half an hour later it goes on, and reports how long that was", () =>
    Effect.gen(function* () {
      const it = api({ maxUnavailable: "1 hour" })
      yield* Effect.gen(function* () {
        const run = yield* begin(it)
        yield* pass(1800)
        it.state.status = 200
        yield* pass(60)
        const report = yield* run.result
        assert.strictEqual(report.created + report.updated, 1)
        assert.isAtLeast(report.unavailableSeconds, 1800)
        assert.isAtMost(report.unavailableSeconds, 1835)
      }).pipe(Effect.provide([it.layer, Ledger.layerForgetful]), Effect.scoped)
    })
  )

  it.effect("does not keep a run from stopping", () =>
    Effect.gen(function* () {
      const it = api({ maxUnavailable: "1 hour" })
      yield* Effect.gen(function* () {
        const run = yield* begin(it)
        yield* pass(120)
        const stopped = yield* Effect.forkChild(Effect.result(run.stop))
        yield* pass(5)
        const report = yield* Fiber.join(stopped)
        assert.isTrue(Result.isSuccess(report) && report.success.ended === "stopped")
      }).pipe(Effect.provide([it.layer, Ledger.layerForgetful]), Effect.scoped)
    })
  )

  it.effect("does not keep a run from stopping that looks for what became of a lost answer", () =>
    Effect.gen(function* () {
      const it = api({ maxUnavailable: "1 hour" })
      yield* Effect.gen(function* () {
        const run = yield* Pipeline.start(pipelineTo())
        yield* run.progress.pipe(
          Stream.takeUntil(({ _tag }) => _tag === "Started"),
          Stream.runDrain
        )
        it.state.status = 503
        yield* pass(120)
        assert.include(it.paths(), "/v1/buckets/b/objects/list")
        const stopped = yield* Effect.forkChild(Effect.result(run.stop))
        yield* pass(5)
        const report = yield* Fiber.join(stopped)
        assert.isTrue(Result.isSuccess(report) && report.success.ended === "stopped")
        assert.isTrue(Result.isSuccess(report) && report.success.unsettled === 1)
      }).pipe(Effect.provide([it.layer, Ledger.layerForgetful]), Effect.scoped)
    })
  )
})
