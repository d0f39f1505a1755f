/** How much of what a plan allows is used: 50,000 small files, against a server that keeps to the limits of the plan pro. */
import { assert, describe, it } from "@effect/vitest"
import { Limits, Mixpeek, MixpeekSink, type SinkOptions } from "@sluice/sink-mixpeek"
import type { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import * as QuietTime from "@sluice/testkit/quiet-time"
import { Array as Arr, Context, Effect, Layer, Stream } from "effect"
import { RateLimiter } from "effect/persistence"
import { TestClock } from "effect/testing"
import * as Fixtures from "./Fixtures.ts"

const pro = { requests: 600, burst: 200 } as const
const planOf = (algorithm: "token-bucket" | "fixed-window"): MixpeekStandIn.Limits => {
  const rate = { ...pro, algorithm }
  return { data: rate, upload: rate, metadata: rate, concurrent: 50 }
}
/** Long enough that many are in flight. */
const latency = "2 seconds"

const records = (from: number, to: number) =>
  Stream.range(from, to - 1).pipe(
    Stream.map((n) =>
      Fixtures.record(Fixtures.textObject, Fixtures.file(`${n}.txt`, { size: 7 }), Fixtures.content("content"))
    )
  )

/** Sends so many files from as many processes as have limits, and tells what the server saw. */
const sent = Effect.fnUntraced(function* (
  files: number,
  limits: ReadonlyArray<Layer.Layer<Limits.Limits>>,
  {
    algorithm = "token-bucket",
    ...options
  }: Partial<SinkOptions.Options> & { readonly algorithm?: "token-bucket" | "fixed-window" } = {}
) {
  yield* TestClock.setTime(Date.UTC(2026, 10, 24))
  const server = yield* Fixtures.standIn({
    limits: planOf(algorithm),
    latency,
    retain: "counts",
    validateEvery: 50,
    logged: 100_000
  })
  const { layer, passing } = QuietTime.make()
  const maxInFlight = 50 / limits.length
  const work = (own: Layer.Layer<Limits.Limits>, index: number) =>
    Effect.gen(function* () {
      yield* Effect.flatMap(Mixpeek, (mixpeek) => mixpeek.getOrganization)
      const share = files / limits.length
      yield* records(index * share, (index + 1) * share).pipe(
        MixpeekSink.dispatch({ bucket: Fixtures.bucket, concurrency: maxInFlight, uniqueKey: "upsert", ...options }),
        Stream.runDrain
      )
    }).pipe(
      Effect.provide(
        Layer.orDie(
          Mixpeek.layerSharing({ url: server.url, apiKey: server.apiKey, namespace: server.namespace, maxInFlight })
        ).pipe(Layer.provide([layer, own]))
      )
    )
  yield* passing(Effect.all(limits.map(work), { concurrency: "unbounded" }))
  const totals = yield* server.totals
  const batches = (yield* server.requests).filter(({ operation }) => operation === "createObjectsBatch")
  const times = batches.map(({ at }) => at)
  const seconds = (Math.max(...times) - Math.min(...times)) / 1000
  return {
    objects: yield* server.count(Fixtures.bucket),
    batches: batches.length,
    seconds,
    /** Of what a bucket of 200 that fills with 10 a second gives in the time. */
    share: batches.length / (pro.burst + (pro.requests / 60) * seconds),
    firstMinute: times.filter((at) => at < Math.min(...times) + 60_000).length,
    refused: totals.byStatus[429] ?? 0,
    mostAtOnce: totals.mostAtOnce
  }
})

/** Processes of their own, as far as limits go, with one store. */
const sharing = (processes: number) =>
  Effect.gen(function* () {
    const store = yield* Layer.build(Layer.fresh(RateLimiter.layerStoreMemory))
    return Arr.makeBy(processes, () =>
      Layer.fresh(Limits.Limits.layerShared).pipe(
        Layer.provide(Layer.succeed(RateLimiter.RateLimiterStore, Context.get(store, RateLimiter.RateLimiterStore)))
      )
    )
  })

describe("the budget of a plan", () => {
  it.effect("is used to 98 % at least by one process, and never exceeded", () =>
    Effect.gen(function* () {
      const seen = yield* sent(50_000, [Limits.Limits.layerSeparate])
      assert.strictEqual(seen.objects, 50_000)
      assert.strictEqual(seen.refused, 0)
      assert.isAtLeast(seen.share, 0.98)
      assert.isAtMost(seen.mostAtOnce, 50)
    })
  )

  it.effect("is used to 98 % at least by two processes that share a key, in sum, and never exceeded", () =>
    Effect.gen(function* () {
      const seen = yield* sent(50_000, yield* sharing(2))
      assert.strictEqual(seen.objects, 50_000)
      assert.strictEqual(seen.refused, 0)
      assert.isAtLeast(seen.share, 0.98)
      assert.isAtMost(seen.mostAtOnce, 50)
    })
  )

  it.effect.each([1, 2])("is used and never exceeded where the server counts in windows, by processes: %d", (count) =>
    Effect.gen(function* () {
      const limits = count === 1 ? [Limits.Limits.layerSeparate] : yield* sharing(count)
      const seen = yield* sent(62_000, limits, { algorithm: "fixed-window" })
      assert.strictEqual(seen.objects, 62_000)
      assert.strictEqual(seen.refused, 0)
      assert.isAtLeast(seen.firstMinute / pro.requests, 0.98)
    })
  )

  it.effect("is not exceeded in any category where files are uploaded, whose bytes count for none", () =>
    Effect.gen(function* () {
      const seen = yield* sent(2000, [Limits.Limits.layerSeparate], { delivery: { method: "upload" }, preparing: 100 })
      assert.strictEqual(seen.objects, 2000)
      assert.strictEqual(seen.refused, 0)
      assert.isAtMost(seen.mostAtOnce, 50)
    })
  )
})
