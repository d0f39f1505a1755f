import { assert, describe, it } from "@effect/vitest"
import { Limits, type RateHeaders } from "@sluice/sink-mixpeek"
import { Clock, Duration, Effect, Fiber, Redacted } from "effect"
import { TestClock } from "effect/testing"

const scope = (atMost?: Limits.Rate, category: Limits.Scope["category"] = "data"): Limits.Scope => ({
  keyId: "key",
  category,
  atMost,
  maxInFlight: 50
})
const pro = scope({ perMinute: 600, burst: 200 })
const nothing: RateHeaders.RateHeaders = { perMinute: undefined, left: undefined, retryAfter: undefined }
const said = (parts: Partial<RateHeaders.RateHeaders>): RateHeaders.RateHeaders => ({ ...nothing, ...parts })

/** Requests that are admitted and answered at once: when each of them left, in milliseconds. */
const departures = Effect.fnUntraced(function* (count: number, of: Limits.Scope, for_: Duration.Input) {
  const limits = yield* Limits.Limits
  const left: Array<number> = []
  const fiber = yield* Effect.forkChild(
    Effect.forEach(
      Array.from({ length: count }),
      () =>
        Effect.gen(function* () {
          yield* limits.admit(of)
          left.push(yield* Clock.currentTimeMillis)
          yield* limits.answered(of, 200, nothing)
        }),
      { concurrency: 8, discard: true }
    )
  )
  yield* TestClock.adjust(for_)
  yield* Fiber.interrupt(fiber)
  return left
})

const fresh = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provide(effect, Limits.Limits.layerSeparate)

describe("Limits", () => {
  it.effect("lets a burst through at once but for 2 %, and paces the rest, so that the whole budget is used", () =>
    fresh(
      Effect.gen(function* () {
        const left = yield* departures(1000, pro, "60 seconds")
        assert.strictEqual(left.filter((at) => at === 0).length, 196)
        assert.strictEqual(left.length, 796)
        for (const [index, at] of left.slice(196).entries()) assert.strictEqual(at, (index + 1) * 100)
      })
    )
  )

  it.effect("allows 10 requests a minute where nothing is known, three of them at once", () =>
    fresh(
      Effect.gen(function* () {
        const left = yield* departures(100, scope(), "60 seconds")
        assert.deepStrictEqual(left.slice(0, 5), [0, 0, 0, 6000, 12_000])
        assert.strictEqual(left.length, 13)
      })
    )
  )

  it.effect.each([
    ["the organization's limit", undefined, 19 + 30],
    ["less where less is configured", { perMinute: 30, burst: 1 }, 1 + 15],
    ["the organization's limit where more is configured", { perMinute: 600, burst: 20 }, 19 + 30]
  ] as const)("keeps to %s", ([, atMost, expected]) =>
    fresh(
      Effect.gen(function* () {
        const limits = yield* Limits.Limits
        yield* limits.learn("key", "data", 60)
        assert.strictEqual((yield* departures(100, scope(atMost), "30 seconds")).length, expected)
      })
    )
  )

  it.effect("learns the limit from an answer, and has its burst at once", () =>
    fresh(
      Effect.gen(function* () {
        const limits = yield* Limits.Limits
        yield* limits.admit(scope())
        yield* limits.answered(scope(), 200, said({ perMinute: 600 }))
        const left = yield* departures(1000, scope(), "10 seconds")
        assert.strictEqual(left.filter((at) => at === 0).length, 196)
        assert.strictEqual(left.length, 296)
      })
    )
  )

  it.effect("lets those that wait already have what becomes known", () =>
    fresh(
      Effect.gen(function* () {
        const limits = yield* Limits.Limits
        for (let i = 0; i < 3; i++) yield* limits.admit(scope())
        const waiting = yield* Effect.forkChild(Effect.andThen(limits.admit(scope()), Clock.currentTimeMillis))
        yield* TestClock.adjust("500 millis")
        yield* limits.answered(scope(), 200, said({ perMinute: 600 }))
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* Fiber.join(waiting), 1000)
      })
    )
  )

  it.effect("lets nothing leave after a 429 before its time, whoever waits", () =>
    fresh(
      Effect.gen(function* () {
        const limits = yield* Limits.Limits
        yield* limits.admit(pro)
        const wait = yield* limits.answered(pro, 429, said({ retryAfter: Duration.seconds(17) }))
        assert.deepStrictEqual(wait, Duration.seconds(17))
        const left = yield* departures(50, pro, "20 seconds")
        assert.strictEqual(left.length, 50)
        assert.strictEqual(Math.min(...left), 17_000)
      })
    )
  )

  it.effect("keeps the later of two times, and those that wait already keep to it too", () =>
    fresh(
      Effect.gen(function* () {
        const limits = yield* Limits.Limits
        yield* limits.admit(pro)
        yield* limits.admit(pro)
        yield* limits.answered(pro, 429, said({ retryAfter: Duration.seconds(5) }))
        const waiting = yield* Effect.forkChild(Effect.andThen(limits.admit(pro), Clock.currentTimeMillis))
        yield* TestClock.adjust("2 seconds")
        yield* limits.answered(pro, 429, said({ retryAfter: Duration.seconds(10) }))
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* Fiber.join(waiting), 12_000)
      })
    )
  )

  it.effect("waits 1 s, 2 s, 4 s after 429s in a row that name no time, and starts over after a success", () =>
    fresh(
      Effect.gen(function* () {
        const limits = yield* Limits.Limits
        const answer = Effect.fnUntraced(function* (status: number) {
          yield* TestClock.adjust("2 minutes")
          yield* limits.admit(pro)
          return yield* limits.answered(pro, status, nothing)
        })
        assert.deepStrictEqual(yield* answer(429), Duration.seconds(1))
        assert.deepStrictEqual(yield* answer(429), Duration.seconds(2))
        assert.deepStrictEqual(yield* answer(429), Duration.seconds(4))
        assert.isUndefined(yield* answer(200))
        assert.deepStrictEqual(yield* answer(429), Duration.seconds(1))
        for (let i = 0; i < 10; i++) yield* answer(429)
        assert.deepStrictEqual(yield* answer(429), Duration.seconds(60))
      })
    )
  )

  it.effect("waits for the reset where a 429 names only that", () =>
    fresh(
      Effect.gen(function* () {
        const limits = yield* Limits.Limits
        yield* limits.admit(pro)
        const left = { remaining: 0, resetIn: Duration.seconds(33) }
        assert.deepStrictEqual(yield* limits.answered(pro, 429, said({ left })), Duration.seconds(33))
      })
    )
  )

  it.effect("closes at 0 remaining until the reset, counting requests on their way", () =>
    fresh(
      Effect.gen(function* () {
        const limits = yield* Limits.Limits
        for (let i = 0; i < 3; i++) yield* limits.admit(pro)
        const left = { remaining: 4, resetIn: Duration.seconds(30) }
        yield* limits.answered(pro, 200, said({ left }))
        // Two are on their way, so two more may leave.
        const departed: Array<number> = []
        const waiting = yield* Effect.forkChild(
          Effect.forEach([1, 2, 3], () =>
            Effect.andThen(
              limits.admit(pro),
              Effect.map(Clock.currentTimeMillis, (now) => departed.push(now))
            )
          )
        )
        yield* TestClock.adjust("40 seconds")
        yield* Fiber.join(waiting)
        assert.deepStrictEqual(departed, [0, 0, 30_000])
      })
    )
  )

  it.effect("opens again when an answer shows that there is room", () =>
    fresh(
      Effect.gen(function* () {
        const limits = yield* Limits.Limits
        yield* limits.admit(pro)
        yield* limits.admit(pro)
        yield* limits.answered(pro, 200, said({ left: { remaining: 1, resetIn: Duration.seconds(50) } }))
        const waiting = yield* Effect.forkChild(Effect.andThen(limits.admit(pro), Clock.currentTimeMillis))
        yield* TestClock.adjust("3 seconds")
        yield* limits.answered(pro, 200, said({ left: { remaining: 9, resetIn: Duration.seconds(47) } }))
        yield* TestClock.adjust("1 minute")
        assert.isAtMost(yield* Fiber.join(waiting), 4000)
      })
    )
  )

  it.effect("counts a request that gets no answer no longer", () =>
    fresh(
      Effect.gen(function* () {
        const limits = yield* Limits.Limits
        yield* limits.admit(pro)
        yield* limits.admit(pro)
        yield* limits.unanswered(pro)
        yield* limits.answered(pro, 200, said({ left: { remaining: 1, resetIn: Duration.seconds(50) } }))
        assert.deepStrictEqual(yield* limits.admit(pro), Duration.zero)
      })
    )
  )

  it.effect("keeps categories and keys apart", () =>
    fresh(
      Effect.gen(function* () {
        const limits = yield* Limits.Limits
        yield* limits.admit(pro)
        yield* limits.answered(pro, 429, said({ retryAfter: Duration.seconds(60) }))
        assert.deepStrictEqual(yield* limits.admit(scope(undefined, "metadata")), Duration.zero)
        assert.deepStrictEqual(yield* limits.admit({ ...pro, keyId: "other" }), Duration.zero)
      })
    )
  )

  it.effect("does not wait in place for more than five minutes", () =>
    fresh(
      Effect.gen(function* () {
        const limits = yield* Limits.Limits
        yield* limits.admit(pro)
        yield* limits.answered(pro, 429, said({ retryAfter: Duration.hours(2) }))
        const error = yield* Effect.flip(limits.admit(pro))
        assert.deepStrictEqual(error.opensIn, Duration.hours(2))
      })
    )
  )

  it.effect("closes after a 503 that says how long, and not after one that does not", () =>
    fresh(
      Effect.gen(function* () {
        const limits = yield* Limits.Limits
        yield* limits.admit(pro)
        assert.isUndefined(yield* limits.answered(pro, 503, nothing))
        yield* limits.admit(pro)
        const retryAfter = Duration.seconds(9)
        assert.deepStrictEqual(yield* limits.answered(pro, 503, said({ retryAfter })), retryAfter)
        assert.deepStrictEqual((yield* departures(1, pro, "10 seconds"))[0], 9000)
      })
    )
  )

  it.effect("outlives the layer, so that a later run keeps to what an earlier one was told", () =>
    Effect.gen(function* () {
      const later = { ...pro, keyId: "outlives" }
      const use = <A, E>(f: (limits: Limits.Limits["Service"]) => Effect.Effect<A, E>) =>
        Effect.provide(Effect.flatMap(Limits.Limits, f), Limits.Limits.layer)
      yield* use((limits) => limits.admit(later))
      yield* use((limits) => limits.answered(later, 429, said({ retryAfter: Duration.seconds(20) })))
      const waiting = yield* Effect.forkChild(use((limits) => limits.admit(later)))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* Fiber.join(waiting), Duration.seconds(20))
    })
  )

  it.effect("lets as many be in flight as the plan allows, all categories together", () =>
    fresh(
      Effect.gen(function* () {
        const limits = yield* Limits.Limits
        const free = { keyId: "key", category: "data" } as const
        const rate = { atMost: { perMinute: 60_000 } }
        let admitted = 0
        const enter = (category: Limits.Scope["category"]) =>
          Effect.forkChild(
            Effect.andThen(
              limits.admit({ ...free, ...rate, category }),
              Effect.sync(() => admitted++)
            )
          )
        yield* Effect.forEach(["data", "metadata", "upload", "compute", "data", "data", "data"] as const, enter)
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(admitted, Limits.unknownInFlight)
        yield* limits.learnPlan("key", "free")
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(admitted, 5)
        yield* limits.answered({ ...free, ...rate }, 200, nothing)
        yield* limits.unanswered({ ...free, ...rate })
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(admitted, 7)
      })
    )
  )

  it.effect.each([
    ["what is configured where the plan is unknown", "enterprise", 9, 9],
    ["less where less is configured", "pro", 9, 9],
    ["the plan's where more is configured", "free", 9, 5],
    ["the plan's", "pro", undefined, 50]
  ] as const)("has in flight %s", ([, plan, maxInFlight, expected]) =>
    fresh(
      Effect.gen(function* () {
        const limits = yield* Limits.Limits
        yield* limits.learnPlan("key", plan)
        let admitted = 0
        yield* Effect.forkChild(
          Effect.forEach(
            Array.from({ length: 100 }),
            () =>
              Effect.andThen(
                limits.admit({ ...scope({ perMinute: 60_000 }), maxInFlight }),
                Effect.sync(() => admitted++)
              ),
            { concurrency: 100 }
          )
        )
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(admitted, expected)
      })
    )
  )

  it.effect("gives back the place of one who waits no longer", () =>
    fresh(
      Effect.gen(function* () {
        const limits = yield* Limits.Limits
        const one = { ...pro, maxInFlight: 1 }
        yield* limits.admit(one)
        const gone = yield* Effect.forkChild(limits.admit(one))
        const next = yield* Effect.forkChild(limits.admit(one))
        yield* TestClock.adjust("1 second")
        yield* Fiber.interrupt(gone)
        yield* limits.answered(one, 200, nothing)
        yield* Fiber.join(next)
      })
    )
  )

  it.effect("tells a bucket that fills all the time from a window, by resets that move on", () =>
    fresh(
      Effect.gen(function* () {
        const limits = yield* Limits.Limits
        const left = (remaining: number, seconds: number) =>
          said({ perMinute: 600, left: { remaining, resetIn: Duration.seconds(seconds) } })
        for (const seconds of [6, 8, 10]) {
          yield* limits.admit(pro)
          yield* limits.answered(pro, 200, left(100, seconds))
        }
        yield* limits.admit(pro)
        yield* limits.answered(pro, 200, left(0, 20))
        const waiting = yield* Effect.forkChild(Effect.andThen(limits.admit(pro), Clock.currentTimeMillis))
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* Fiber.join(waiting), 100)
      })
    )
  )

  it("names a key without telling it", () => {
    const id = Limits.keyId("https://a", Redacted.make("sk_secret"))
    assert.match(id, /^[0-9a-f]{16}$/)
    assert.notStrictEqual(id, Limits.keyId("https://a", Redacted.make("sk_other")))
    assert.notStrictEqual(id, Limits.keyId("https://b", Redacted.make("sk_secret")))
  })
})
