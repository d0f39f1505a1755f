import { assert, describe, it } from "@effect/vitest"
import { Cause, DateTime, Duration, Effect, Exit, Fiber, Option, Random, Ref, Schema } from "effect"
import { TestClock } from "effect/testing"
import { Retry } from "../src/index.ts"

class Busy extends Schema.TaggedError<Busy>()("Busy", { attempt: Schema.Int }) {}

const policy: Retry.Policy = {
  base: Duration.seconds(1),
  cap: Duration.seconds(10),
  maxAttempts: 5,
  maxElapsed: Duration.minutes(10)
}

/** Fails with the number of the attempt until `succeedOn`, and writes down when each attempt was made. */
const flaky = (succeedOn: number, starts: Array<number> = []) =>
  Effect.clockWith((clock) =>
    Effect.suspend(() => {
      starts.push(clock.currentTimeMillisUnsafe())
      return starts.length < succeedOn ? Effect.fail(new Busy({ attempt: starts.length })) : Effect.succeed("done")
    })
  )

/** Runs with every random number equal to `value`. */
const withRandom =
  (value: number) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.provideService(effect, Random.Random, {
      nextDoubleUnsafe: () => value,
      nextIntUnsafe: () => 0
    })

/** Runs to its end in no real time. */
const settle = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
    yield* TestClock.adjust("1000 days")
    return yield* Fiber.await(fiber)
  })

/** What is asked for after this attempt. */
const floorOf = (floors: ReadonlyArray<number>, attempt: number) => floors[attempt % Math.max(1, floors.length)]

describe("Retry.retry", () => {
  it.effect("does not run a successful effect again", () =>
    Effect.gen(function* () {
      const starts: Array<number> = []
      const exit = yield* settle(flaky(1, starts).pipe(Retry.retry(policy, () => Retry.again())))
      assert.deepStrictEqual(exit, Exit.succeed("done"))
      assert.deepStrictEqual(starts, [0])
    })
  )

  it.effect("waits up to twice as long each time, up to the cap", () =>
    Effect.gen(function* () {
      const starts: Array<number> = []
      yield* settle(
        flaky(99, starts).pipe(
          Retry.retry({ ...policy, maxAttempts: 7 }, () => Retry.again()),
          withRandom(1 - 2 ** -40)
        )
      )
      assert.deepStrictEqual(starts, [0, 999, 2_998, 6_997, 14_996, 24_995, 34_994])
    })
  )

  it.effect("may try again at once, because the jitter is full", () =>
    Effect.gen(function* () {
      const starts: Array<number> = []
      yield* settle(
        flaky(3, starts).pipe(
          Retry.retry(policy, () => Retry.again()),
          withRandom(0)
        )
      )
      assert.deepStrictEqual(starts, [0, 0, 0])
    })
  )

  it.effect("waits exactly as long as it is asked to, beyond the cap too", () =>
    Effect.gen(function* () {
      const starts: Array<number> = []
      yield* settle(flaky(3, starts).pipe(Retry.retry(policy, () => Retry.again(Duration.seconds(61)))))
      assert.deepStrictEqual(starts, [0, 61_000, 122_000])
    })
  )

  it.effect("does not count time that is excused", () =>
    Effect.gen(function* () {
      const starts: Array<number> = []
      const brief = { ...policy, maxElapsed: Duration.seconds(100) }
      const wait = () => Retry.again(Duration.seconds(61))
      yield* settle(flaky(3, starts).pipe(Retry.retry(brief, wait, undefined, () => 60_000)))
      assert.deepStrictEqual(starts, [0, 61_000, 122_000])
    })
  )

  it.effect("fails with the last error when the attempts are used up", () =>
    Effect.gen(function* () {
      const exit = yield* settle(flaky(99).pipe(Retry.retry(policy, () => Retry.again())))
      assert.deepStrictEqual(exit, Exit.fail(new Busy({ attempt: 5 })))
    })
  )

  it.effect("fails at once with an error that says stop", () =>
    Effect.gen(function* () {
      const starts: Array<number> = []
      const exit = yield* settle(
        flaky(99, starts).pipe(Retry.retry(policy, (error) => (error.attempt < 2 ? Retry.again() : Retry.stop)))
      )
      assert.deepStrictEqual(exit, Exit.fail(new Busy({ attempt: 2 })))
      assert.strictEqual(starts.length, 2)
    })
  )

  it.effect("gives up at once when the wait would pass the elapsed time allowed", () =>
    Effect.gen(function* () {
      const starts: Array<number> = []
      const before = yield* DateTime.now
      const fiber = yield* flaky(99, starts).pipe(
        Retry.retry(policy, () => Retry.again(Duration.millis(Duration.toMillis(policy.maxElapsed) + 1))),
        Effect.exit,
        Effect.forkChild({ startImmediately: true })
      )
      assert.deepStrictEqual(yield* Fiber.join(fiber), Exit.fail(new Busy({ attempt: 1 })))
      assert.deepStrictEqual(yield* DateTime.now, before)
    })
  )

  it.effect("waits when the wait ends exactly at the elapsed time allowed", () =>
    Effect.gen(function* () {
      const starts: Array<number> = []
      yield* settle(flaky(2, starts).pipe(Retry.retry(policy, () => Retry.again(policy.maxElapsed))))
      assert.deepStrictEqual(starts, [0, 600_000])
    })
  )

  it.effect("counts the time the attempts take as elapsed", () =>
    Effect.gen(function* () {
      const starts: Array<number> = []
      yield* settle(
        Effect.andThen(Effect.sleep("4 minutes"), flaky(99, starts)).pipe(
          Retry.retry(policy, () => Retry.again()),
          withRandom(0)
        )
      )
      assert.deepStrictEqual(starts, [240_000, 480_000, 720_000])
    })
  )

  it.effect("does not wait for ever, whatever it is asked", () =>
    Effect.gen(function* () {
      const exit = yield* flaky(99).pipe(
        Retry.retry({ ...policy, maxElapsed: Duration.infinity }, () => Retry.again(Duration.infinity)),
        Effect.exit
      )
      assert.deepStrictEqual(exit, Exit.fail(new Busy({ attempt: 1 })))
    })
  )

  it.effect("tells each retry with its wait, before the wait", () =>
    Effect.gen(function* () {
      const told = yield* Ref.make<ReadonlyArray<readonly [number, number]>>([])
      yield* settle(
        flaky(3).pipe(
          Retry.retry(
            policy,
            () => Retry.again(Duration.seconds(30)),
            (error, wait) => Ref.update(told, (all) => [...all, [error.attempt, Duration.toMillis(wait)] as const])
          )
        )
      )
      assert.deepStrictEqual(yield* Ref.get(told), [
        [1, 30_000],
        [2, 30_000]
      ])
    })
  )

  it.effect("lets defects through without another attempt", () =>
    Effect.gen(function* () {
      let attempts = 0
      const exit = yield* Effect.suspend(() => Effect.die(`defect ${++attempts}`)).pipe(
        Retry.retry(policy, () => Retry.again()),
        Effect.exit
      )
      assert.deepStrictEqual(exit, Exit.die("defect 1"))
    })
  )

  it.effect("is interrupted while it waits", () =>
    Effect.gen(function* () {
      const starts: Array<number> = []
      const fiber = yield* flaky(99, starts).pipe(
        Retry.retry(policy, () => Retry.again(Duration.seconds(5))),
        Effect.forkChild({ startImmediately: true })
      )
      yield* Fiber.interrupt(fiber)
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
      assert.strictEqual(starts.length, 1)
    })
  )

  it.effect.prop(
    "keeps every wait at or above the floor, without a floor at or below the cap, and the attempts within bounds",
    {
      base: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5_000 })),
      cap: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 60_000 })),
      maxAttempts: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 20 })),
      maxElapsed: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 600_000 })),
      floors: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 120_000 }))),
      seed: Schema.Int
    },
    ({ base, cap, maxAttempts, maxElapsed, floors, seed }) =>
      Effect.gen(function* () {
        const starts: Array<number> = []
        const begin = yield* DateTime.now
        const exit = yield* flaky(99, starts).pipe(
          Retry.retry(
            {
              base: Duration.millis(base),
              cap: Duration.millis(cap),
              maxAttempts,
              maxElapsed: Duration.millis(maxElapsed)
            },
            (error) => {
              const after = floorOf(floors, error.attempt)
              return Retry.again(after === undefined ? undefined : Duration.millis(after))
            }
          ),
          Random.withSeed(seed),
          settle
        )
        assert.deepStrictEqual(exit, Exit.fail(new Busy({ attempt: starts.length })))
        assert.isAtMost(starts.length, maxAttempts)
        assert.isAtMost(starts.at(-1)! - DateTime.toEpochMillis(begin), maxElapsed)
        for (let attempt = 1; attempt < starts.length; attempt++) {
          const waited = starts[attempt]! - starts[attempt - 1]!
          assert.isAtLeast(waited, floorOf(floors, attempt) ?? 0)
          assert.isAtMost(waited, Math.max(floorOf(floors, attempt) ?? 0, Math.min(cap, base * 2 ** (attempt - 1))))
        }
      })
  )
})

describe("Retry.retryAfter", () => {
  const now = Date.UTC(1999, 11, 31, 23, 59, 0)
  const cases: ReadonlyArray<readonly [header: string | undefined, milliseconds: number | undefined]> = [
    ["120", 120_000],
    [" 120 ", 120_000],
    ["0", 0],
    ["-1", undefined],
    ["1.5", undefined],
    ["1e3", undefined],
    ["0x10", undefined],
    ["", undefined],
    ["soon", undefined],
    [undefined, undefined],
    ["120, 60", undefined],
    ["Fri, 31 Dec 1999 23:59:59 GMT", 59_000],
    ["Friday, 31-Dec-99 23:59:59 GMT", 59_000],
    ["Fri Dec 31 23:59:59 1999", 59_000],
    ["Fri, 31 Dec 1999 23:58:59 GMT", 0],
    ["Wed, 21 Oct 2015 07:28:00 GMT", Date.UTC(2015, 9, 21, 7, 28, 0) - now],
    ["Thu, 31 Dec 2009 23:59:00 GMT", Date.UTC(2009, 11, 31, 23, 59, 0) - now],
    ["1999-12-31T23:59:59Z", undefined]
  ]
  for (const [header, milliseconds] of cases) {
    it.effect(`reads ${JSON.stringify(header)} as ${milliseconds ?? "nothing"}`, () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(now)
        const wait = yield* Retry.retryAfter(header)
        assert.deepStrictEqual(Option.getOrUndefined(Option.map(wait, Duration.toMillis)), milliseconds)
      })
    )
  }

  it.effect("counts from the moment it is asked, for dates", () =>
    Effect.gen(function* () {
      const ask = Retry.retryAfter("Thu, 01 Jan 1970 00:01:00 GMT")
      yield* TestClock.adjust("20 seconds")
      assert.deepStrictEqual(Option.map(yield* ask, Duration.toMillis), Option.some(40_000))
      yield* TestClock.adjust("20 seconds")
      assert.deepStrictEqual(Option.map(yield* ask, Duration.toMillis), Option.some(20_000))
    })
  )
})
