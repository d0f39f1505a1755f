/**
 * One batch until every record of it has an outcome, travels with a later batch, or nothing can be sent any more.
 */
import { Array as Arr, Clock, Duration, Effect, Option, Random, Result } from "effect"
import type { Feedback } from "../AdaptiveLimit.ts"
import * as Observer from "../Observer.ts"
import { type Cause, Created, type Outcome, Rejected } from "../Outcome.ts"
import * as Retry from "../Retry.ts"
import { type Answer, type Prepared, type Record, type Sink, SinkError } from "../Sink.ts"
import { Stopping } from "../Stopping.ts"

/** A record that waits or travels. */
export interface Item<Rec, P> {
  readonly record: Rec
  readonly prepared: P
  readonly weight: number
  /** How often the sink has answered "later" for it. */
  attempts: number
}

/** Objects of earlier states, by the keys of their records. */
export type Earlier = ReadonlyMap<string, ReadonlyArray<string>>

/** What happens around a batch. `E`: why it may not leave. */
export interface Surroundings<Rec, P, E> {
  readonly policy: Retry.Policy
  /** A request with these is about to leave. */
  readonly leaving: (items: ReadonlyArray<Item<Rec, P>>) => Effect.Effect<void, E>
  /** Objects of earlier states of these that may be there. */
  readonly earlier: (items: ReadonlyArray<Item<Rec, P>>) => Effect.Effect<Earlier, E>
  /** These found their outcome. */
  readonly settle: (items: ReadonlyArray<readonly [Item<Rec, P>, Outcome]>) => Effect.Effect<void>
  /** This one travels with a later batch. */
  readonly again: (item: Item<Rec, P>, notBefore: number) => void
  /** Nothing can be sent any more. */
  readonly halt: (error: SinkError | E) => Effect.Effect<void>
  /** Completes once nothing more is to be sent; what is in flight is still answered. */
  readonly stopping: Effect.Effect<void>
  /** Whether `stopping` has completed. */
  readonly stopped: () => boolean
  /** These keep no outcome: the run ends before they have one. */
  readonly abandon: (items: ReadonlyArray<Item<Rec, P>>) => void
  /** A request of so many bytes was too large. */
  readonly tooLarge: (bytes: number) => void
  /** A request was answered, or not, after so many milliseconds; waiting for permission to send is not counted. */
  readonly feedback: (feedback: Feedback, millis: number) => Effect.Effect<void>
}

/** A record that was told "later" this often is refused: with `Retry.standard`, after half a minute at most. */
const recordAttempts = 6

type Batch<I> = Arr.NonEmptyReadonlyArray<I>

const rejected = (cause: Cause): Outcome => Rejected.make({ cause })

/** Sends batches through a sink. */
export const make = <O, P extends Prepared, R, Rec extends Record<O>, E>(
  sink: Sink<O, P, R>,
  around: Surroundings<Rec, P, E>
): ((items: Batch<Item<Rec, P>>) => Effect.Effect<void, never, R>) => {
  type I = Item<Rec, P>
  let lastSuccess = Number.NEGATIVE_INFINITY

  const request = Effect.fnUntraced(function* (items: Batch<I>) {
    const outer = yield* Observer.Observer
    const start = yield* Clock.currentTimeMillis
    let waited = 0
    const result = yield* sink.send(Arr.map(items, (item) => item.prepared)).pipe(
      Effect.result,
      Effect.provideService(Observer.Observer, {
        ...outer,
        waited: (traffic, duration) => {
          waited += Duration.toMillis(duration)
          outer.waited(traffic, duration)
        },
        unavailable: (traffic, outage) => {
          waited += outage.until - outage.waitedFrom
          outer.unavailable(traffic, outage)
        }
      })
    )
    const end = yield* Clock.currentTimeMillis
    if (Result.isSuccess(result)) lastSuccess = end
    yield* around.feedback(feedbackOf(result), end - start - waited)
    return result
  })

  const travelAgain = Effect.fnUntraced(function* (item: I, cause: Cause, after: Duration.Duration | undefined) {
    item.attempts++
    if (item.attempts >= Math.min(around.policy.maxAttempts, recordAttempts)) {
      const message = `${cause.message} (given up after ${item.attempts} attempts)`
      return yield* around.settle([[item, rejected({ ...cause, message })]])
    }
    const wait = Retry.delay(around.policy, item.attempts, yield* Random.next, after)
    around.again(item, (yield* Clock.currentTimeMillis) + Duration.toMillis(wait))
  })

  const settleAnswers = Effect.fnUntraced(function* (items: Batch<I>, answers: ReadonlyArray<Answer>) {
    let byKey: ReadonlyMap<string, Answer> | undefined
    const lookUp = (key: string) => {
      byKey ??= new Map(answers.map((answer) => [answer.key, answer]))
      return byKey.get(key)
    }
    const settled: Array<readonly [I, Outcome]> = []
    const later: Array<readonly [I, Extract<Answer, { readonly _tag: "Retry" }> | undefined]> = []
    for (const [index, item] of items.entries()) {
      const { key } = item.prepared
      // As a rule, answers are in the order of the batch.
      const next = answers[index]
      const answer = next?.key === key ? next : lookUp(key)
      if (answer?._tag === "Settled") settled.push([item, answer.outcome])
      else later.push([item, answer])
    }
    if (settled.length > 0) yield* around.settle(settled)
    for (const [item, answer] of later) yield* travelAgain(item, answer?.cause ?? unanswered, answer?.retryAfter)
  })

  /** Settles what did arrive although the answer was lost; what is left may be sent again. */
  const resolve = Effect.fnUntraced(function* (items: Batch<I>): Effect.fn.Return<ReadonlyArray<I>, SinkError | E, R> {
    if (Option.isNone(sink.find)) return items
    const lostAt = yield* Clock.currentTimeMillis
    const earlier = yield* around.earlier(items)
    const found = yield* sink.find.value(
      Arr.map(items, ({ record: { file, key, replaces } }) => ({
        key,
        token: file.token,
        replaces: [...(replaces === undefined ? [] : [replaces]), ...(earlier.get(key) ?? [])],
        lostAt
      }))
    )
    const byKey = new Map(found.map((one) => [one.key, one.objectId]))
    const arrived: Array<readonly [I, Outcome]> = []
    const missing: Array<I> = []
    for (const item of items) {
      const objectId = byKey.get(item.prepared.key)
      if (objectId === undefined) missing.push(item)
      else arrived.push([item, Created.make({ objectId })])
    }
    if (arrived.length > 0) yield* around.settle(arrived)
    return missing
  })

  const halves = (items: Batch<I>): ReadonlyArray<Batch<I>> => {
    const [left, right] = Arr.splitAt(items, Math.ceil(items.length / 2))
    return [left, right].filter((half) => Arr.isReadonlyArrayNonEmpty(half))
  }

  const sendHalves = (items: Batch<I>): Effect.Effect<void, never, R> =>
    Effect.forEach(halves(items), (half) => (around.stopped() ? Effect.sync(() => around.abandon(half)) : send(half)), {
      discard: true
    })

  /** The suspects the sink named are refused, the others travel again; where it named none, halves find them. */
  const isolate = Effect.fnUntraced(function* (items: Batch<I>, cause: Cause, suspects: ReadonlyArray<number>) {
    const named = new Set(suspects.filter((index) => index < items.length))
    if (items.length === 1 || named.size > 0) {
      const guilty = items.length === 1 ? items : items.filter((_, index) => named.has(index))
      yield* around.settle(guilty.map((item) => [item, rejected(cause)] as const))
      const now = yield* Clock.currentTimeMillis
      for (const item of items) if (!guilty.includes(item)) around.again(item, now)
      return
    }
    yield* sendHalves(items)
  })

  const send: (items: Batch<I>) => Effect.Effect<void, never, R> = Effect.fnUntraced(function* (batch: Batch<I>) {
    const start = yield* Clock.currentTimeMillis
    const outer = yield* Observer.Observer
    // While the sink is down nothing is tried, and nobody's patience wears out: the sink has a limit of its own for that.
    let excused = 0
    const waiting = <A, E2, R2>(effect: Effect.Effect<A, E2, R2>) =>
      effect.pipe(
        Effect.provideService(Observer.Observer, {
          ...outer,
          unavailable: (traffic, outage) => {
            excused += outage.until - outage.waitedFrom
            outer.unavailable(traffic, outage)
          }
        }),
        Effect.provideService(Stopping, around.stopping)
      )
    for (let items = batch, attempt = 1; ;) {
      const allowed = yield* Effect.result(around.leaving(items))
      if (Result.isFailure(allowed)) {
        around.abandon(items)
        return yield* around.halt(allowed.failure)
      }
      const result = yield* waiting(request(items))
      if (Result.isSuccess(result)) return yield* settleAnswers(items, result.success)
      const error = result.failure
      const reason = error.reason
      if (reason._tag === "Unauthorized" || reason._tag === "Unusable" || reason._tag === "QuotaExceeded") {
        around.abandon(items)
        return yield* around.halt(error)
      }
      if (reason._tag === "Refused") return yield* isolate(items, reason.cause, reason.suspects)
      if (reason._tag === "TooLarge") {
        around.tooLarge(items.reduce((sum, item) => sum + item.weight, 0))
        return yield* isolate(items, reason.cause, [])
      }
      if (reason._tag === "Ambiguous") {
        const left = yield* waiting(Effect.result(resolve(items)))
        if (Result.isFailure(left)) {
          around.abandon(items)
          if (around.stopped() && isThrottled(left.failure)) return
          return yield* around.halt(left.failure)
        }
        if (!Arr.isReadonlyArrayNonEmpty(left.success)) return
        if (left.success.length < items.length) {
          for (const item of left.success) yield* travelAgain(item, causeOf(error), reason.retryAfter)
          return
        }
      }
      const now = yield* Clock.currentTimeMillis
      const wait = Retry.delay(around.policy, attempt, yield* Random.next, reason.retryAfter)
      // Being told to wait is no failure of the batch: only time limits it.
      if (reason._tag !== "Throttled") attempt++
      const elapsed = now - start - excused + Duration.toMillis(wait)
      if (attempt > around.policy.maxAttempts || elapsed > Duration.toMillis(around.policy.maxElapsed)) {
        // Others got through meanwhile: it is something in this batch, and it must not end the run.
        if (reason._tag === "Ambiguous" && lastSuccess > start) return yield* isolate(items, causeOf(error), [])
        around.abandon(items)
        return yield* around.halt(error)
      }
      const stopped = yield* Effect.timeoutOption(around.stopping, wait)
      if (Option.isSome(stopped)) return around.abandon(items)
      const traffic = { role: "sink", operation: error.operation } as const
      outer.waited(traffic, wait)
      outer.retried(traffic)
    }
  })

  return send
}

const unanswered: Cause = {
  code: "no-answer",
  message: "the sink's answer says nothing of this record; report it with the request id"
}

/** Nothing was asked any more. */
const isThrottled = (failure: unknown): boolean => failure instanceof SinkError && failure.reason._tag === "Throttled"

const causeOf = (error: SinkError): Cause => ({
  code: "no-answer",
  message: error.message,
  ...(error.requestId === undefined ? {} : { requestId: error.requestId })
})

const feedbackOf = (result: Result.Result<unknown, SinkError>): Feedback => {
  if (Result.isSuccess(result)) return "success"
  switch (result.failure.reason._tag) {
    case "Throttled":
    case "Unavailable":
    case "Ambiguous":
      return "backpressure"
    default:
      return "ignore"
  }
}
