import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Duration, Effect, Exit, Fiber, Random, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Dispatch from "../src/Dispatch.ts"
import * as Observer from "../src/Observer.ts"
import type * as Outcome from "../src/Outcome.ts"
import * as Sink from "../src/Sink.ts"
import * as FakeSink from "./fakes/FakeSink.ts"
import { collect, dispatch, failureOf, summary } from "./fakes/dispatching.ts"
import { record, records } from "./fakes/files.ts"

const cause = (code: string): Outcome.Cause => ({ code, message: code })
const retry = (key: string, retryAfter?: Duration.Duration): Sink.Answer => ({
  _tag: "Retry",
  key,
  cause: cause("later"),
  retryAfter
})

const allCreated = (count: number) => Array.from({ length: count }, (_, i) => `${i}:Created`).toSorted()

describe("dispatch", () => {
  it.effect("gives every record one outcome, in batches across chunks", () =>
    Effect.gen(function* () {
      const { requests, sink } = FakeSink.make({})
      const chunks = Stream.fromIterable(records(7)).pipe(Stream.rechunk(2))
      const { settled } = yield* collect(Dispatch.dispatch(sink)(chunks))
      assert.deepStrictEqual(summary(settled), allCreated(7))
      assert.deepStrictEqual(
        requests.map((request) => request.paths.join()),
        ["0,1,2", "3,4,5", "6"]
      )
    })
  )

  it.effect("lets records that may be taken later join the next batch", () =>
    Effect.gen(function* () {
      const { requests, sink } = FakeSink.make({
        reply: (batch, index) =>
          Effect.succeed(batch.map((one, i) => (index === 0 && i === 1 ? retry(one.key) : FakeSink.created(one.key))))
      })
      const { settled } = yield* collect(dispatch(sink, 9))
      assert.deepStrictEqual(summary(settled), allCreated(9))
      assert.isAtMost(requests.length, 4)
      assert.strictEqual(requests.flatMap((request) => request.paths).filter((path) => path === "1").length, 2)
    })
  )

  it.effect("rejects a record that is told to come later too often, and only that", () =>
    Effect.gen(function* () {
      const { sink } = FakeSink.make({
        reply: (batch) =>
          Effect.succeed(batch.map((one) => (one.path === "1" ? retry(one.key) : FakeSink.created(one.key))))
      })
      const { settled } = yield* collect(dispatch(sink, 4))
      assert.deepStrictEqual(summary(settled), ["0:Created", "1:Rejected", "2:Created", "3:Created"])
      const rejected = settled.find((one) => one.outcome._tag === "Rejected")?.outcome
      assert.include(rejected?._tag === "Rejected" ? rejected.cause.message : "", "6 attempts")
    })
  )

  it.effect("sends a throttled batch again, whole, and no sooner than it was told", () =>
    Effect.gen(function* () {
      const { requests, sink } = FakeSink.make({
        reply: (batch, index) =>
          Effect.succeed(
            index < 20
              ? new Sink.Throttled({ retryAfter: Duration.seconds(7) })
              : batch.map((one) => FakeSink.created(one.key))
          )
      })
      const { settled } = yield* collect(dispatch(sink, 3))
      assert.deepStrictEqual(summary(settled), allCreated(3))
      const gaps = requests.slice(1).map((request, i) => request.at - (requests[i]?.at ?? 0))
      assert.isTrue(gaps.every((gap) => gap >= 7000))
    })
  )

  it.effect("ends with the sink's error when it stays away for longer than patience allows", () =>
    Effect.gen(function* () {
      const { sink } = FakeSink.make({ reply: () => Effect.succeed(new Sink.Unavailable({})) })
      const { exit, settled } = yield* collect(dispatch(sink, 3))
      assert.deepStrictEqual(settled, [])
      assert.instanceOf(failureOf(exit), Sink.SinkError)
    })
  )

  it.effect("searches a refused batch by halves until the bad record is alone; the others go through", () =>
    Effect.gen(function* () {
      const { sink } = FakeSink.make({
        limits: { maxRecords: 8 },
        reply: (batch) =>
          Effect.succeed(
            batch.some((one) => one.path === "5")
              ? new Sink.Refused({ suspects: [], cause: cause("validation") })
              : batch.map((one) => FakeSink.created(one.key))
          )
      })
      const { settled } = yield* collect(dispatch(sink, 8))
      assert.deepStrictEqual(
        summary(settled),
        allCreated(8).map((one) => (one === "5:Created" ? "5:Rejected" : one))
      )
    })
  )

  it.effect("takes the named suspects out and refills the batch with fresh records", () =>
    Effect.gen(function* () {
      const { requests, sink } = FakeSink.make({
        reply: (batch) => {
          const suspects = batch.flatMap((one, i) => (one.path === "1" ? [i] : []))
          return Effect.succeed(
            suspects.length > 0
              ? new Sink.Refused({ suspects, cause: cause("validation") })
              : batch.map((one) => FakeSink.created(one.key))
          )
        }
      })
      const { settled } = yield* collect(dispatch(sink, 7))
      assert.deepStrictEqual(
        summary(settled),
        allCreated(7).map((one) => (one === "1:Created" ? "1:Rejected" : one))
      )
      assert.deepStrictEqual(
        requests.map((request) => request.paths.length),
        [3, 3, 3]
      )
    })
  )

  it.effect("halves its byte budget when a request is too large, and rejects what is too large alone", () =>
    Effect.gen(function* () {
      const { requests, sink } = FakeSink.make({
        limits: { maxBytes: 1_000_000 },
        reply: (batch) =>
          Effect.succeed(
            batch.length > 1 || batch[0]?.path === "0"
              ? new Sink.TooLarge({ cause: cause("too-large") })
              : batch.map((one) => FakeSink.created(one.key))
          )
      })
      const big = records(9).map((one) => record(one.file.path, { size: 200_000 }))
      const { settled } = yield* collect(Dispatch.dispatch(sink)(Stream.fromIterable(big)))
      assert.deepStrictEqual(summary(settled), ["0:Rejected", ...allCreated(9).filter((one) => one !== "0:Created")])
      assert.strictEqual(requests.at(-1)?.paths.length, 1)
    })
  )

  it.effect("asks what arrived when an answer is lost, and sends only the rest again", () =>
    Effect.gen(function* () {
      const arrived = new Set<string>()
      const { requests, sink } = FakeSink.make({
        reply: (batch, index) => {
          for (const one of batch.slice(0, index === 0 ? 2 : 3)) arrived.add(one.key)
          return Effect.succeed(index === 0 ? new Sink.Ambiguous({}) : batch.map((one) => FakeSink.created(one.key)))
        },
        find: (batch) =>
          batch.filter((one) => arrived.has(one.key)).map((one) => ({ key: one.key, objectId: "obj_found" }))
      })
      const { settled } = yield* collect(dispatch(sink, 3))
      assert.deepStrictEqual(summary(settled), allCreated(3))
      assert.deepStrictEqual(requests[1]?.paths, ["2"])
    })
  )

  it.effect("asks for the state that was sent, that was not there before, and was lost just now", () =>
    Effect.gen(function* () {
      const asked: Array<Sink.Lost> = []
      const { requests, sink } = FakeSink.make({
        reply: (batch, index) =>
          index === 0
            ? Effect.delay(Effect.succeed(new Sink.Ambiguous({})), "5 seconds")
            : Effect.succeed(batch.map((one) => FakeSink.created(one.key))),
        find: (lost) => {
          asked.push(...lost)
          return []
        }
      })
      const one = { ...record("a", { token: "7" }), replaces: "obj_old" }
      const earlier = () => Effect.succeed(new Map([[one.key, ["obj_older"]]]))
      const { settled } = yield* collect(Dispatch.dispatch(sink)(Stream.succeed(one), { earlier }))
      assert.deepStrictEqual(summary(settled), ["a:Created"])
      const left = requests[0]?.at ?? 0
      assert.deepStrictEqual(asked, [
        { key: one.key, token: "7", replaces: ["obj_old", "obj_older"], lostAt: left + 5000 }
      ])
    })
  )

  it.effect("sends nothing that may not leave, and ends with the reason", () =>
    Effect.gen(function* () {
      const { requests, sink } = FakeSink.make({})
      const left: Array<string> = []
      const { exit, settled } = yield* collect(
        Dispatch.dispatch(sink)(Stream.fromIterable(records(9)), {
          leaving: (some) => {
            if (left.length === 6) return Effect.fail("not mine any more")
            left.push(...some.map(({ record }) => record.file.path))
            return Effect.void
          }
        })
      )
      assert.deepStrictEqual(
        requests.flatMap(({ paths }) => paths),
        left
      )
      assert.strictEqual(settled.length, 6)
      assert.strictEqual(failureOf(exit), "not mine any more")
    })
  )

  it.effect("treats a record the answer says nothing of as not taken yet", () =>
    Effect.gen(function* () {
      const { sink } = FakeSink.make({
        reply: (batch, index) =>
          Effect.succeed(batch.slice(index === 0 ? 1 : 0).map((one) => FakeSink.created(one.key)))
      })
      const { settled } = yield* collect(dispatch(sink, 3))
      assert.deepStrictEqual(summary(settled), allCreated(3))
    })
  )

  it.effect("settles what is in flight before it ends with an error nothing can be sent after", () =>
    Effect.gen(function* () {
      const { requests, sink } = FakeSink.make({
        limits: { maxInFlight: 2 },
        reply: (batch, index) =>
          index === 0
            ? Effect.delay(Effect.succeed(batch.map((one) => FakeSink.created(one.key))), "10 seconds")
            : Effect.succeed(new Sink.QuotaExceeded({ resource: "objects", current: 3, limit: 3 }))
      })
      const { exit, settled } = yield* collect(dispatch(sink, 60))
      assert.deepStrictEqual(summary(settled), allCreated(3))
      const error = failureOf(exit)
      assert.isTrue(error instanceof Sink.SinkError && error.reason._tag === "QuotaExceeded")
      assert.strictEqual(requests.length, 2)
    })
  )

  it.effect("settles everything it was given before it passes on that the records ended with an error", () =>
    Effect.gen(function* () {
      const { sink } = FakeSink.make({})
      const broken = Stream.concat(Stream.fromIterable(records(4)), Stream.fail("listing broke"))
      const { exit, settled } = yield* collect(Dispatch.dispatch(sink)(broken))
      assert.deepStrictEqual(summary(settled), allCreated(4))
      assert.strictEqual(failureOf(exit), "listing broke")
    })
  )

  it.effect("stops taking when asked, settles what was sent, and ends without an error", () =>
    Effect.gen(function* () {
      const stop = yield* Deferred.make<void>()
      const { requests, sink } = FakeSink.make({
        reply: (batch, index) =>
          Effect.andThen(
            index === 1 ? Deferred.succeed(stop, undefined) : Effect.void,
            Effect.delay(Effect.succeed(batch.map((one) => FakeSink.created(one.key))), "1 second")
          )
      })
      const endless = Stream.fromIterable(records(10_000))
      const { exit, settled } = yield* collect(Dispatch.dispatch(sink)(endless, { stop: Deferred.await(stop) }))
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual(summary(settled), allCreated(6))
      assert.strictEqual(requests.length, 2)
    })
  )

  it.effect("does not wait out a long Retry-After when asked to stop", () =>
    Effect.gen(function* () {
      const stop = yield* Deferred.make<void>()
      const { sink } = FakeSink.make({
        reply: () => Effect.succeed(new Sink.Throttled({ retryAfter: Duration.minutes(10) }))
      })
      const fiber = yield* Effect.forkChild(Stream.runCollect(dispatch(sink, 3, { stop: Deferred.await(stop) })))
      yield* TestClock.adjust("2 seconds")
      yield* Deferred.succeed(stop, undefined)
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* Fiber.join(fiber), [])
    })
  )

  it.effect("ends with the defect of a sink instead of losing the record it struck", () =>
    Effect.gen(function* () {
      const sending = FakeSink.make({ reply: () => Effect.die("a bug") })
      const preparing = FakeSink.make({ prepare: () => Effect.delay(Effect.die("a bug"), "1 second") })
      for (const { sink } of [sending, preparing]) {
        const { exit } = yield* collect(dispatch(sink, 2))
        assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      }
    })
  )

  it.effect("tells the observer of every request that is made again, and of the wait before it", () =>
    Effect.gen(function* () {
      const seen = { retried: 0, waited: 0 }
      const { sink } = FakeSink.make({
        reply: (batch, index) =>
          Effect.succeed(
            index < 3
              ? new Sink.Throttled({ retryAfter: Duration.seconds(40) })
              : batch.map((one) => FakeSink.created(one.key))
          )
      })
      yield* collect(dispatch(sink, 3)).pipe(
        Effect.provideService(Observer.Observer, {
          ...Observer.silent,
          request: () => {},
          retried: () => {
            seen.retried++
          },
          waited: (_, duration) => {
            seen.waited += Duration.toSeconds(duration)
          }
        })
      )
      assert.deepStrictEqual(seen, { retried: 3, waited: 120 })
    })
  )

  it.effect("takes no more records than may wait while the sink does not answer", () =>
    Effect.gen(function* () {
      let taken = 0
      const { sink } = FakeSink.make({ reply: () => Effect.never })
      const counted = Stream.fromIterable(records(10_000)).pipe(
        Stream.rechunk(1),
        Stream.tap(() => Effect.sync(() => taken++))
      )
      const fiber = yield* Effect.forkChild(Stream.runDrain(Dispatch.dispatch(sink)(counted)))
      yield* TestClock.adjust("1 hour")
      assert.isAtMost(taken, 3 * 4 + 3 + 4)
      yield* Fiber.interrupt(fiber)
    })
  )

  it.effect("sends several requests at a time, and never more than the sink allows", () =>
    Effect.gen(function* () {
      const { sink, state } = FakeSink.make({
        limits: { maxInFlight: 4 },
        reply: (batch) => Effect.delay(Effect.succeed(batch.map((one) => FakeSink.created(one.key))), "1 second")
      })
      const { settled } = yield* collect(dispatch(sink, 60))
      assert.strictEqual(settled.length, 60)
      assert.isAtMost(state.maxInFlight, 4)
      assert.isAtLeast(state.maxInFlight, 2)
    })
  )

  it.effect.prop(
    "settles every record exactly once, whatever the sink answers",
    { seed: Schema.Int, count: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 })) },
    ({ count, seed }) =>
      Effect.gen(function* () {
        const arrived = new Map<string, number>()
        const arrive = (one: FakeSink.FakePrepared) => arrived.set(one.key, (arrived.get(one.key) ?? 0) + 1)
        const { sink } = FakeSink.make({
          limits: { maxInFlight: 3 },
          find: (batch) =>
            batch.filter((one) => arrived.has(one.key)).map((one) => ({ key: one.key, objectId: "obj" })),
          reply: Effect.fnUntraced(function* (batch) {
            const dice = yield* Random.nextIntBetween(0, 10)
            yield* Effect.sleep(Duration.millis(yield* Random.nextIntBetween(0, 3000)))
            if (dice === 0) return new Sink.Throttled({ retryAfter: Duration.seconds(3) })
            if (dice === 1) return new Sink.Unavailable({})
            if (dice === 2) return new Sink.Refused({ suspects: [], cause: cause("validation") })
            if (dice === 3) return new Sink.Refused({ suspects: [0], cause: cause("validation") })
            if (dice === 4) return new Sink.TooLarge({ cause: cause("too-large") })
            if (dice === 5) {
              batch.slice(0, 2).forEach(arrive)
              return new Sink.Ambiguous({})
            }
            return batch.map((one, i) => {
              if (dice === 6 && i === 0) return retry(one.key)
              arrive(one)
              return FakeSink.created(one.key)
            })
          })
        })
        const { exit, settled } = yield* collect(dispatch(sink, count))
        assert.isTrue(Exit.isSuccess(exit))
        assert.deepStrictEqual(
          settled.map((one) => one.record.file.path).toSorted(),
          records(count)
            .map((one) => one.file.path)
            .toSorted()
        )
        assert.isTrue([...arrived.values()].every((times) => times === 1))
        const created = settled.filter((one) => one.outcome._tag === "Created").map((one) => one.record.key)
        assert.deepStrictEqual([...arrived.keys()].toSorted(), created.toSorted())
      }).pipe(Random.withSeed(seed))
  )
})
