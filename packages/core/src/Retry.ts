/**
 * The one retry layer: full jitter, a `Retry-After` that is never shortened, and caps on attempts and on elapsed time.
 * The retries of SDKs and HTTP clients are off wherever this is used.
 */
import { Clock, Duration, Effect, Option, Random, Result } from "effect"
import { Headers } from "effect/http"

/** How long to keep trying. */
export interface Policy {
  /** Upper bound of the first wait. It doubles with each retry. */
  readonly base: Duration.Duration
  /** Upper bound of any wait that the other side did not ask for. */
  readonly cap: Duration.Duration
  /** Attempts in all, the first one included. Below 2: no retry. */
  readonly maxAttempts: number
  /** From the start of the first attempt to the start of the last one. */
  readonly maxElapsed: Duration.Duration
}

/**
 * 500 ms doubling to at most 20 s, 10 attempts, 5 minutes: without `Retry-After` it gives up after 46 s of waiting on
 * average, 92 s at most; with it, it waits for anything that fits in five minutes.
 */
export const standard: Policy = {
  base: Duration.millis(500),
  cap: Duration.seconds(20),
  maxAttempts: 10,
  maxElapsed: Duration.minutes(5)
}

/** What an error means for the next attempt. `after` is a floor: the next attempt starts no sooner. */
export type Decision =
  | { readonly _tag: "Stop" }
  | { readonly _tag: "Retry"; readonly after?: Duration.Duration | undefined }

/** Another attempt would not help. */
export const stop: Decision = { _tag: "Stop" }

/** Try again, no sooner than `after`. */
export const again = (after?: Duration.Duration): Decision => ({ _tag: "Retry", after })

/**
 * The wait before attempt `attempt + 1`: `max(after, random * min(cap, base * 2^(attempt - 1)))`, with `random` from
 * `[0, 1)`. Full jitter as in "Exponential Backoff and Jitter" (AWS Architecture Blog, 2015).
 */
export const delay = (
  policy: Policy,
  attempt: number,
  random: number,
  after: Duration.Duration = Duration.zero
): Duration.Duration => {
  const ceiling = Math.min(Duration.toMillis(policy.cap), Duration.toMillis(policy.base) * 2 ** (attempt - 1))
  return Duration.max(after, Duration.millis(Math.floor(random * ceiling)))
}

/**
 * Runs the effect again for as long as `decide` says so and the policy allows; then fails with the last error. Gives up
 * at once where the wait would end after `maxElapsed`. Defects and interruption pass through untouched.
 *
 * `onRetry` runs before each wait: for counting and logging. `excused` says how many milliseconds of those that have
 * passed do not count: the other side was down, and was waited for.
 */
export const retry =
  <E>(
    policy: Policy,
    decide: (error: E) => Decision,
    onRetry?: (error: E, delay: Duration.Duration) => Effect.Effect<void>,
    excused: () => number = () => 0
  ) =>
  <A, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(Clock.monotonicTimeNanos, (start) => {
      const from = (attempt: number): Effect.Effect<A, E, R> =>
        Effect.catch(effect, (error) =>
          Effect.gen(function* () {
            const decision = decide(error)
            if (decision._tag === "Stop" || attempt >= policy.maxAttempts) return yield* Effect.fail(error)
            const wait = delay(policy, attempt, yield* Random.next, decision.after)
            const passed = Duration.nanos((yield* Clock.monotonicTimeNanos) - start)
            const elapsed = Duration.subtract(passed, Duration.millis(excused()))
            if (!Duration.isFinite(wait) || Duration.isGreaterThan(Duration.sum(elapsed, wait), policy.maxElapsed)) {
              return yield* Effect.fail(error)
            }
            if (onRetry !== undefined) yield* onRetry(error, wait)
            yield* Effect.sleep(wait)
            return yield* from(attempt + 1)
          })
        )
      return from(1)
    })

/**
 * How long a `Retry-After` header asks to wait from now: whole seconds, or a date in any of the three forms of RFC 9110
 * 5.6.7 (a date in the past is zero). `None` where there is no header or it is neither (RFC 9110 10.2.3).
 */
export const retryAfter = (headerValue: string | undefined): Effect.Effect<Option.Option<Duration.Duration>> =>
  Effect.map(Clock.currentTimeMillis, (now) =>
    Option.map(
      Option.flatMap(Option.fromUndefinedOr(headerValue), (value) => Result.getSuccess(Headers.parseRetryAfter(value))),
      (parsed) => Headers.retryAfterDelay(parsed, now)
    )
  )
