/**
 * What an answer says about the rate limit: `X-RateLimit-Limit`, `-Remaining`, `-Reset`, `-Window`, and `Retry-After`.
 * All are optional, on every answer (the guides promise them, the specification declares none).
 */
import { DateTime, Duration, Predicate, Result } from "effect"
import { Headers } from "effect/http"

/** The limit as one answer states it; what it does not state is absent. */
export interface RateHeaders {
  readonly perMinute: number | undefined
  /** Requests left until `resetIn` has passed. Both or neither. */
  readonly left: { readonly remaining: number; readonly resetIn: Duration.Duration } | undefined
  /** From now. */
  readonly retryAfter: Duration.Duration | undefined
}

const whole = (value: unknown): number | undefined => {
  const text = Predicate.isNumber(value) ? String(value) : value
  return Predicate.isString(text) && /^\d{1,15}$/.test(text.trim()) ? Number(text) : undefined
}

// The server's clock where it shows it, ours otherwise: differences of the server's own times are free of skew. `Date`
// is cut to seconds, so a wait comes out up to a second too long, never too short.
const serverNow = (headers: Headers.Headers, now: number): number => {
  const date = headers["date"]
  const parsed = date === undefined ? undefined : Result.getOrUndefined(Headers.parseHttpDate(date))
  return parsed === undefined ? now : DateTime.toEpochMillis(parsed)
}

// A Unix time; a small number is a count of seconds, as the IETF drafts have it.
const untilReset = (reset: number, serverTime: number, window: number): number =>
  reset < 100_000_000 ? reset * 1000 : Math.min(Math.max(0, reset * 1000 - serverTime), window * 1000)

/** Default of `X-RateLimit-Window`: the documented limits are per minute. */
const defaultWindow = 60

/**
 * Reads the headers of an answer that arrived at `now` (epoch milliseconds). `details` are those of a 429's body: one
 * guide puts `retry_after` there.
 */
export const read = (
  headers: Headers.Headers,
  now: number,
  details?: { readonly [name: string]: unknown }
): RateHeaders => {
  const limit = whole(headers["x-ratelimit-limit"])
  const remaining = whole(headers["x-ratelimit-remaining"])
  const reset = whole(headers["x-ratelimit-reset"])
  const window = Math.max(1, whole(headers["x-ratelimit-window"]) ?? defaultWindow)
  const serverTime = serverNow(headers, now)
  const after = headers["retry-after"]
  const parsed = after === undefined ? undefined : Result.getOrUndefined(Headers.parseRetryAfter(after))
  const inBody = whole(details?.["retry_after"])
  return {
    perMinute: limit === undefined || limit === 0 ? undefined : (limit * 60) / window,
    left:
      remaining === undefined || reset === undefined
        ? undefined
        : { remaining, resetIn: Duration.millis(untilReset(reset, serverTime, window)) },
    retryAfter:
      parsed !== undefined
        ? Headers.retryAfterDelay(parsed, serverTime)
        : inBody === undefined
          ? undefined
          : Duration.seconds(inBody)
  }
}
