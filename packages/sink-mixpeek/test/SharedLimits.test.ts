import { assert, describe, it } from "@effect/vitest"
import { Limits, type RateHeaders } from "@sluice/sink-mixpeek"
import { Clock, Context, Duration, Effect, Fiber, Layer, Logger } from "effect"
import { RateLimiter } from "effect/persistence"
import { TestClock } from "effect/testing"

type Store = RateLimiter.RateLimiterStore["Service"]

const pro: Limits.Scope = { keyId: "key", category: "data", atMost: { perMinute: 600, burst: 200 }, maxInFlight: 50 }
const nothing: RateHeaders.RateHeaders = { perMinute: undefined, left: undefined, retryAfter: undefined }

/** A store in memory, whose answers can be kept back or made to fail. */
const store = Effect.gen(function* () {
  const inner = Context.get(yield* Layer.build(Layer.fresh(RateLimiter.layerStoreMemory)), RateLimiter.RateLimiterStore)
  const told = { before: Effect.void as Effect.Effect<void, RateLimiter.RateLimiterError>, asked: 0 }
  const ask = <A>(answer: Effect.Effect<A, RateLimiter.RateLimiterError>) =>
    Effect.suspend(() => {
      told.asked++
      return Effect.andThen(told.before, answer)
    })
  const service: Store = {
    ...inner,
    fixedWindow: (options) => ask(inner.fixedWindow(options)),
    tokenBucket: (options) => ask(inner.tokenBucket(options))
  }
  return { told, service }
})

/** What a process of its own would have. */
const process = (service: Store) =>
  Effect.map(
    Layer.build(
      Layer.fresh(Limits.Limits.layerShared).pipe(Layer.provide(Layer.succeed(RateLimiter.RateLimiterStore, service)))
    ),
    (context) => Context.get(context, Limits.Limits)
  )

const gone = new RateLimiter.RateLimiterError({
  reason: new RateLimiter.RateLimitStoreError({ message: "connection refused" })
})

/** Asks for more than there is; the times at which something left. */
const sending = Effect.fnUntraced(function* (limits: Limits.Limits["Service"], left: Array<number>) {
  return yield* Effect.forkChild(
    Effect.forever(
      Effect.gen(function* () {
        yield* limits.admit(pro)
        left.push(yield* Clock.currentTimeMillis)
        yield* limits.answered(pro, 200, nothing)
      })
    )
  )
})

/** Time passes, and everything happens in its own tenth of a second: a store answers after some turns of other fibers. */
const pass = Effect.fnUntraced(function* (tenths: number, left: ReadonlyArray<number>) {
  const settled = Effect.gen(function* () {
    for (let turns = 0, before = left.length; turns < 50; turns++) {
      yield* Effect.yieldNow
      if (left.length > before) turns = 0
      before = left.length
    }
  })
  yield* settled
  for (let tenth = 0; tenth < tenths; tenth++) yield* Effect.andThen(TestClock.adjust("100 millis"), settled)
})

describe("shared limits", () => {
  it.effect("give two processes one budget, in sum", () =>
    Effect.gen(function* () {
      const { service } = yield* store
      const left: Array<number> = []
      const fibers = [yield* sending(yield* process(service), left), yield* sending(yield* process(service), left)]
      yield* pass(600, left)
      yield* Fiber.interruptAll(fibers)
      assert.strictEqual(left.length, 196 + 600)
      for (const [index, at] of left.slice(196).entries()) assert.strictEqual(at, (index + 1) * 100)
    })
  )

  it.effect("hold back the others when one is told to wait, and for the later of two times", () =>
    Effect.gen(function* () {
      const { service } = yield* store
      const [one, two, three] = yield* Effect.all([process(service), process(service), process(service)])
      for (const [limits, seconds] of [
        [one, 7],
        [two, 17],
        [three, 5]
      ] as const) {
        yield* limits.admit({ ...pro, keyId: `other${seconds}` })
        yield* limits.answered(pro, 429, { ...nothing, retryAfter: Duration.seconds(seconds) })
      }
      const left: Array<number> = []
      const fiber = yield* sending(yield* process(service), left)
      yield* pass(160, left)
      assert.strictEqual(left.length, 0)
      yield* pass(20, left)
      yield* Fiber.interrupt(fiber)
      assert.isAbove(left.length, 0)
      assert.isAtLeast(Math.min(...left), 17_000)
    })
  )

  it.effect("hold back the others when one hears that nothing is left", () =>
    Effect.gen(function* () {
      const { service } = yield* store
      const [one, two] = yield* Effect.all([process(service), process(service)])
      yield* one.admit(pro)
      yield* one.answered(pro, 200, { ...nothing, left: { remaining: 0, resetIn: Duration.seconds(30) } })
      const waiting = yield* Effect.forkChild(two.admit(pro))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* Fiber.join(waiting), Duration.seconds(30))
    })
  )

  it.effect.each([
    ["fails", Effect.fail(gone)],
    ["does not answer", Effect.never]
  ] as const)("go on with a tenth of the budget where the store %s, say so once, and share again later", ([, before]) =>
    Effect.gen(function* () {
      const logged: Array<string> = []
      const { service, told } = yield* store
      const limits = yield* process(service)
      const left: Array<number> = []
      told.before = before
      const fiber = yield* sending(limits, left).pipe(
        Effect.provide(Logger.layer([Logger.make(({ message }) => logged.push(String(message)))]))
      )
      yield* pass(900, left)
      // A burst of 19, and 1 a second: less what passed while the store was waited for.
      assert.isAtMost(left.length, 19 + 90)
      assert.isAtLeast(left.length, 19 + 60)
      assert.isBelow(told.asked, 25)
      assert.strictEqual(logged.length, 1)
      assert.include(logged[0], "a tenth of the budget")
      told.before = Effect.void
      left.length = 0
      yield* pass(300, left)
      assert.isAbove(left.length, 196)
      assert.strictEqual(logged.length, 2)
      yield* Fiber.interrupt(fiber)
    })
  )
})
