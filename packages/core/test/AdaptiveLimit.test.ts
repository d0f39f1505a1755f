import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Exit, Fiber, Random, Ref, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as AdaptiveLimit from "../src/AdaptiveLimit.ts"

const succeeds = (): AdaptiveLimit.Feedback => "success"

class Busy extends Schema.TaggedError<Busy>()("Busy", {}) {}

const classify = (exit: Exit.Exit<unknown, unknown>): AdaptiveLimit.Feedback =>
  Exit.isSuccess(exit) ? "success" : "backpressure"

/** Takes so many rounds of requests, each as many as the limit allows, of so many milliseconds each. */
const rounds = Effect.fnUntraced(function* (
  limit: AdaptiveLimit.AdaptiveLimit,
  millis: number,
  count: number,
  feedback: AdaptiveLimit.Feedback = "success"
) {
  const limits: Array<number> = []
  for (let round = 0; round < count; round++) {
    const requests = yield* Effect.forEach(
      Array.from({ length: yield* limit.limit }),
      () => limit.run(Effect.sleep(millis), () => feedback),
      { concurrency: "unbounded", discard: true }
    ).pipe(Effect.forkChild({ startImmediately: true }))
    yield* TestClock.adjust(millis)
    yield* Fiber.join(requests)
    limits.push(yield* limit.limit)
  }
  return limits
})

describe("AdaptiveLimit", () => {
  it.effect("begins with all that is configured", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* (yield* AdaptiveLimit.make({ max: 8 })).limit, 8)
      assert.strictEqual(yield* (yield* AdaptiveLimit.make({ max: 8, initial: 3 })).limit, 3)
      assert.strictEqual(yield* (yield* AdaptiveLimit.make({ max: 2, initial: 3 })).limit, 2)
      assert.strictEqual(yield* (yield* AdaptiveLimit.make({ max: 0 })).limit, 1)
    })
  )

  it.effect("lets no more run than the limit", () =>
    Effect.gen(function* () {
      const limit = yield* AdaptiveLimit.make({ max: 3 })
      const gate = yield* Deferred.make<void>()
      const fibers = yield* Effect.forEach(Array.from({ length: 10 }), () =>
        Effect.forkChild(limit.run(Deferred.await(gate), succeeds), { startImmediately: true })
      )
      assert.strictEqual(yield* limit.inFlight, 3)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.joinAll(fibers)
      assert.strictEqual(yield* limit.inFlight, 0)
    })
  )

  it.effect("serves those who wait in the order of their coming", () =>
    Effect.gen(function* () {
      const limit = yield* AdaptiveLimit.make({ max: 1 })
      const order = yield* Ref.make<ReadonlyArray<number>>([])
      const fibers = yield* Effect.forEach([1, 2, 3, 4, 5], (n) =>
        Effect.forkChild(
          limit.run(
            Effect.andThen(
              Ref.update(order, (before) => [...before, n]),
              Effect.sleep(1)
            ),
            succeeds
          ),
          { startImmediately: true }
        )
      )
      yield* TestClock.adjust(10)
      yield* Fiber.joinAll(fibers)
      assert.deepStrictEqual(yield* Ref.get(order), [1, 2, 3, 4, 5])
    })
  )

  it.effect("goes up by one for each round in which the limit is reached and nothing is wrong", () =>
    Effect.gen(function* () {
      const limit = yield* AdaptiveLimit.make({ max: 5, initial: 1 })
      assert.deepStrictEqual(yield* rounds(limit, 100, 6), [1, 2, 3, 4, 5, 5])
    })
  )

  it.effect("does not go up where the limit is not reached", () =>
    Effect.gen(function* () {
      const limit = yield* AdaptiveLimit.make({ max: 8, initial: 4 })
      for (let n = 0; n < 10; n++) {
        const request = yield* Effect.forkChild(limit.run(Effect.sleep(100), succeeds), { startImmediately: true })
        yield* TestClock.adjust(100)
        yield* Fiber.join(request)
      }
      assert.strictEqual(yield* limit.limit, 4)
    })
  )

  it.effect("goes down to nine tenths on back-pressure, once for each round trip, and never below one", () =>
    Effect.gen(function* () {
      const limit = yield* AdaptiveLimit.make({ max: 20 })
      const limits = yield* rounds(limit, 100, 30, "backpressure")
      assert.deepStrictEqual(limits.slice(0, 6), [18, 16, 14, 12, 10, 9])
      assert.strictEqual(limits.at(-1), 1)
    })
  )

  it.effect("does not count the back-pressure of requests that began before the last decrease", () =>
    Effect.gen(function* () {
      const limit = yield* AdaptiveLimit.make({ max: 10 })
      yield* TestClock.adjust("1 second")
      yield* limit.feedback("backpressure", 100)
      yield* TestClock.adjust(50)
      yield* limit.feedback("backpressure", 100)
      assert.strictEqual(yield* limit.limit, 9)
      yield* TestClock.adjust(60)
      yield* limit.feedback("backpressure", 100)
      assert.strictEqual(yield* limit.limit, 8)
    })
  )

  it.effect("goes down at most once for each usual round trip, however fast it is pushed back", () =>
    Effect.gen(function* () {
      const limit = yield* AdaptiveLimit.make({ max: 10 })
      yield* rounds(limit, 1_000, 3)
      for (let n = 0; n < 10; n++) {
        yield* TestClock.adjust(10)
        yield* limit.feedback("backpressure", 2)
      }
      assert.strictEqual(yield* limit.limit, 9)
    })
  )

  it.effect("goes down when answers become slow, and comes back when they are as before", () =>
    Effect.gen(function* () {
      const limit = yield* AdaptiveLimit.make({ max: 10 })
      yield* rounds(limit, 100, 5)
      const slow = yield* rounds(limit, 400, 2)
      assert.isBelow(slow.at(-1)!, 10)
      const recovered = yield* rounds(limit, 100, 10)
      assert.strictEqual(recovered.at(-1), 10)
    })
  )

  it.effect("takes a lasting slowness for usual, and comes back", () =>
    Effect.gen(function* () {
      const limit = yield* AdaptiveLimit.make({ max: 10 })
      yield* rounds(limit, 100, 5)
      assert.strictEqual((yield* rounds(limit, 400, 100)).at(-1), 10)
    })
  )

  it.effect("stays where it is when round trips vary a little", () =>
    Effect.gen(function* () {
      const limit = yield* AdaptiveLimit.make({ max: 10 })
      for (let n = 0; n < 30; n++) yield* rounds(limit, yield* Random.nextIntBetween(90, 110), 1)
      assert.strictEqual(yield* limit.limit, 10)
    }).pipe(Random.withSeed(1))
  )

  it.effect("learns nothing from requests that were refused for what they asked", () =>
    Effect.gen(function* () {
      const limit = yield* AdaptiveLimit.make({ max: 10, initial: 5 })
      assert.deepStrictEqual(yield* rounds(limit, 100, 3, "ignore"), [5, 5, 5])
    })
  )

  it.effect("finds what the other side can take", () =>
    Effect.gen(function* () {
      const limit = yield* AdaptiveLimit.make({ max: 50 })
      let running = 0
      let refused = 0
      const request = Effect.gen(function* () {
        if (running >= 12) {
          refused++
          yield* Effect.sleep(5)
          return yield* new Busy()
        }
        running++
        yield* Effect.ensuring(
          Effect.sleep(100),
          Effect.sync(() => running--)
        )
      })
      const worker = Effect.forever(Effect.ignore(limit.run(request, classify)))
      const fibers = yield* Effect.forEach(Array.from({ length: 60 }), () => Effect.forkChild(worker))
      yield* TestClock.adjust("10 seconds")
      const before = refused
      const limits: Array<number> = []
      for (let n = 0; n < 50; n++) {
        yield* TestClock.adjust("100 millis")
        limits.push(yield* limit.limit)
      }
      assert.isAtLeast(Math.min(...limits), 6)
      assert.isAtMost(Math.max(...limits), 14)
      assert.isBelow(refused - before, 200)
      yield* Fiber.interruptAll(fibers)
      assert.strictEqual(yield* limit.inFlight, 0)
    })
  )

  it.effect("hands out a permit before there is anything to run, and takes it back once", () =>
    Effect.gen(function* () {
      const limit = yield* AdaptiveLimit.make({ max: 1 })
      const release = yield* limit.acquire
      const next = yield* Effect.forkChild(limit.acquire, { startImmediately: true })
      assert.isUndefined(next.pollUnsafe())
      yield* release
      yield* release
      const releaseNext = yield* Fiber.join(next)
      assert.strictEqual(yield* limit.inFlight, 1)
      const third = yield* Effect.forkChild(limit.acquire, { startImmediately: true })
      yield* release
      assert.isUndefined(third.pollUnsafe())
      yield* releaseNext
      yield* yield* Fiber.join(third)
      assert.strictEqual(yield* limit.inFlight, 0)
    })
  )

  it.effect("holds back those who come after a decrease until enough have left", () =>
    Effect.gen(function* () {
      const limit = yield* AdaptiveLimit.make({ max: 3 })
      const releases = yield* Effect.all([limit.acquire, limit.acquire, limit.acquire])
      yield* limit.feedback("backpressure", 0)
      assert.strictEqual(yield* limit.limit, 2)
      const next = yield* Effect.forkChild(limit.acquire, { startImmediately: true })
      yield* releases[0]
      yield* Effect.yieldNow
      assert.isUndefined(next.pollUnsafe())
      yield* releases[1]
      yield* yield* Fiber.join(next)
    })
  )

  it.effect("is left by those who are interrupted while they wait", () =>
    Effect.gen(function* () {
      const limit = yield* AdaptiveLimit.make({ max: 1 })
      const release = yield* limit.acquire
      const waiting = yield* Effect.forkChild(limit.acquire, { startImmediately: true })
      const next = yield* Effect.forkChild(limit.acquire, { startImmediately: true })
      yield* Fiber.interrupt(waiting)
      yield* release
      yield* yield* Fiber.join(next)
      assert.strictEqual(yield* limit.inFlight, 0)
    })
  )

  it.effect("takes nothing for back-pressure that was interrupted, where the caller says so", () =>
    Effect.gen(function* () {
      const limit = yield* AdaptiveLimit.make({ max: 4 })
      const fiber = yield* Effect.forkChild(
        limit.run(Effect.never, (exit) => (Exit.hasInterrupts(exit) ? "ignore" : "backpressure")),
        { startImmediately: true }
      )
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(yield* limit.limit, 4)
      assert.strictEqual(yield* limit.inFlight, 0)
    })
  )

  it.effect.prop(
    "loses no permit, whatever fails, is refused or is interrupted",
    {
      max: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 8 })),
      requests: Schema.Array(
        Schema.Struct({
          millis: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 50 })),
          start: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 50 })),
          end: Schema.Literals(["success", "failure", "defect"]),
          interruptedAfter: Schema.UndefinedOr(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100 })))
        })
      ).check(Schema.isMaxLength(40))
    },
    ({ max, requests }) =>
      Effect.gen(function* () {
        const limit = yield* AdaptiveLimit.make({ max })
        const seen: Array<number> = []
        const watch = Effect.all([limit.inFlight, limit.limit]).pipe(
          Effect.map(([inFlight, now]) => {
            seen.push(inFlight)
            assert.isAtMost(inFlight, max)
            assert.isAtLeast(now, 1)
            assert.isAtMost(now, max)
          })
        )
        const one = (request: (typeof requests)[number]) => {
          const body = Effect.andThen(watch, Effect.sleep(request.millis)).pipe(
            Effect.andThen(
              request.end === "success" ? Effect.void : request.end === "failure" ? new Busy() : Effect.die("defect")
            )
          )
          const run = Effect.asVoid(Effect.exit(limit.run(body, classify)))
          return Effect.delay(
            request.interruptedAfter === undefined
              ? run
              : Effect.asVoid(Effect.timeoutOption(run, Duration.millis(request.interruptedAfter))),
            Duration.millis(request.start)
          )
        }
        const all = yield* Effect.forkChild(Effect.forEach(requests, one, { concurrency: "unbounded", discard: true }))
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(all)
        assert.strictEqual(yield* limit.inFlight, 0)
        const releases = yield* Effect.forEach(Array.from({ length: yield* limit.limit }), () => limit.acquire)
        yield* Effect.forEach(releases, (release) => release)
        assert.isTrue(seen.length > 0 || requests.every(({ interruptedAfter }) => interruptedAfter !== undefined))
      })
  )
})
