/**
 * How many requests may be in flight: never more than configured, fewer while the other side pushes back or slows down.
 *
 * Additive increase, multiplicative decrease, as in Vector's adaptive request concurrency and Netflix's
 * concurrency-limits. It changes at most once per average round trip:
 *
 * - down to 90 %, at once, on back-pressure (429, 503, a timeout) of a request that began after the last decrease;
 * - down to 90 % where round trips of late took longer than usual: by 2.5 standard deviations, and by half at least;
 * - up by one where the limit was reached, nothing pushed back and round trips took no longer than usual,
 *   give or take a tenth.
 */
import { Clock, Effect, type Exit, Semaphore } from "effect"

/** What a request says of the other side. `ignore` says nothing: it was refused for what it asked for. */
export type Feedback = "success" | "backpressure" | "ignore"

/** A limit on requests in flight. Those who wait are served in the order of their coming, and may be interrupted. */
export interface AdaptiveLimit {
  /** Runs the effect with a permit, and learns from its exit and from the time it took. */
  readonly run: <A, E, R>(
    effect: Effect.Effect<A, E, R>,
    classify: (exit: Exit.Exit<A, E>) => Feedback
  ) => Effect.Effect<A, E, R>
  /**
   * Waits for a permit, for work that begins before its request does (a batch that is yet to be formed). Gives what
   * returns the permit; running that again does nothing.
   */
  readonly acquire: Effect.Effect<Effect.Effect<void>>
  /** What a request that took so many milliseconds says, where `run` is not used. */
  readonly feedback: (feedback: Feedback, millis: number) => Effect.Effect<void>
  /** Permits there are now; some that are out may be beyond it. */
  readonly limit: Effect.Effect<number>
  /** Permits that are out. */
  readonly inFlight: Effect.Effect<number>
}

/** How many at most, and how many to begin with (all of them by default). At least 1, whole numbers. */
export interface Options {
  readonly max: number
  readonly initial?: number | undefined
}

const backoff = 0.9
const deviations = 2.5
const slowdown = 0.5
/** What is usual follows a lasting change, but never quite reaches it. */
const tolerance = 0.1
/** Weight of the newest round trips in what is usual. */
const alpha = 0.4

/** A limit of its own; share it between all that talk to the same endpoint. */
export const make = Effect.fnUntraced(function* (options: Options): Effect.fn.Return<AdaptiveLimit> {
  const max = Math.max(1, Math.floor(options.max))
  let limit = Math.min(max, Math.max(1, Math.floor(options.initial ?? max)))
  let inFlight = 0
  const semaphore = yield* Semaphore.make(limit)

  let usual: { mean: number; variance: number } | undefined
  let decreasedAt = Number.NEGATIVE_INFINITY
  let round = { startedAt: 0, total: 0, count: 0, reached: false, pushedBack: false }

  const changeTo = (next: number, now: number) => {
    round = { startedAt: now, total: 0, count: 0, reached: inFlight >= next, pushedBack: false }
    if (next === limit) return Effect.void
    limit = next
    return semaphore.resize(next)
  }
  const decrease = (now: number) => {
    decreasedAt = now
    return changeTo(Math.max(1, Math.floor(limit * backoff)), now)
  }

  const onBackpressure = (millis: number, now: number) => {
    round.pushedBack = true
    // What was sent before the last decrease says nothing about the limit since.
    const isNews = now - Math.max(millis, usual?.mean ?? 0) >= decreasedAt
    return isNews ? decrease(now) : Effect.void
  }

  const onSuccess = (millis: number, now: number) => {
    if (usual === undefined) {
      usual = { mean: millis, variance: 0 }
      return changeTo(limit, now)
    }
    round.total += millis
    round.count++
    if (now - round.startedAt < usual.mean) return Effect.void
    const { mean, variance } = usual
    const recent = round.total / round.count
    const difference = recent - mean
    usual = { mean: mean + alpha * difference, variance: (1 - alpha) * (variance + alpha * difference ** 2) }
    if (difference > Math.max(deviations * Math.sqrt(variance), slowdown * mean) && now - recent >= decreasedAt) {
      return decrease(now)
    }
    const mayGrow = round.reached && !round.pushedBack && difference <= tolerance * mean
    return changeTo(mayGrow ? Math.min(max, limit + 1) : limit, now)
  }

  const feedback = (kind: Feedback, millis: number): Effect.Effect<void> =>
    kind === "ignore"
      ? Effect.void
      : Effect.flatMap(Clock.monotonicTimeNanos, (nanos) => {
          const now = Number(nanos) / 1e6
          return kind === "success" ? onSuccess(millis, now) : onBackpressure(millis, now)
        })

  const enter = Effect.sync(() => {
    inFlight++
    if (inFlight >= limit) round.reached = true
  })
  const leave = Effect.sync(() => {
    inFlight--
  })

  return {
    run: (effect, classify) =>
      Effect.gen(function* () {
        const start = yield* Clock.monotonicTimeNanos
        return yield* Effect.onExit(effect, (exit) =>
          Effect.flatMap(Clock.monotonicTimeNanos, (end) => feedback(classify(exit), Number(end - start) / 1e6))
        )
      }).pipe(
        (measured) =>
          Effect.acquireUseRelease(
            enter,
            () => measured,
            () => leave
          ),
        semaphore.withPermits(1)
      ),
    acquire: Effect.andThen(
      semaphore.take(1),
      Effect.map(enter, () => {
        let held = true
        return Effect.suspend(() => {
          if (!held) return Effect.void
          held = false
          return Effect.andThen(leave, Effect.asVoid(semaphore.release(1)))
        })
      })
    ),
    feedback,
    limit: Effect.sync(() => limit),
    inFlight: Effect.sync(() => inFlight)
  }
})
