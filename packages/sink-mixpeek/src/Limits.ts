/**
 * When a request may leave. One set of limits for the whole process: sinks that use the same key share its budget.
 */
import { Clock, Context, Duration, Effect, Layer, Redacted, Schema } from "effect"
import { RateLimiter } from "effect/persistence"
import { hash } from "node:crypto"
import type { RateHeaders } from "./RateHeaders.ts"
import type { Category } from "./Wire.ts"

/** A budget of requests. */
export interface Rate {
  /** Sustained. */
  readonly perMinute: number
  /** At once, after a pause; a third of `perMinute` where it is not given, as in the documented plans. */
  readonly burst?: number | undefined
}

/** Whose limit: an API key and one of the five categories. */
export interface Scope {
  /** From `keyId`; never the key itself. */
  readonly keyId: string
  readonly category: Category
  /** Never more than this, whatever the server allows. */
  readonly atMost?: Rate | undefined
}

/** The allowance opens too late to wait for it in place. */
export class TooFar extends Schema.TaggedError<TooFar>()("TooFar", { opensIn: Schema.Duration }) {
  override get message(): string {
    return `the rate limit opens in ${Duration.format(this.opensIn)}`
  }
}

/** What is assumed of a plan nobody knows: the lowest of the documented limits, 10 requests a minute and category. */
export const unknownPlan: Rate = { perMinute: 10 }

/** The longest wait in place; for longer ones `admit` fails with `TooFar`. */
export const longestWait = Duration.minutes(5)

/** Names a key at an address without telling it. */
export const keyId = (url: string, apiKey: Redacted.Redacted<string>): string =>
  hash("sha256", `${url} ${Redacted.value(apiKey)}`, "hex").slice(0, 16)

interface State {
  perMinute: number | undefined
  notBefore: number
  window: { resetAt: number; remaining: number } | undefined
  inFlight: number
  /** 429s in a row that named no time. */
  silent: number
}

interface Pace {
  readonly perMinute: number
  readonly burst: number
}

const rateOf = (scope: Scope, state: State): Pace => {
  const { atMost } = scope
  const known = state.perMinute ?? atMost?.perMinute ?? unknownPlan.perMinute
  const perMinute = Math.min(known, atMost?.perMinute ?? known)
  const burst = atMost?.burst ?? perMinute / 3
  return { perMinute, burst: Math.max(1, Math.floor(Math.min(burst, perMinute))) }
}

const opensAt = (state: State, now: number): number => {
  if (state.window !== undefined && state.window.resetAt <= now) state.window = undefined
  return Math.max(state.notBefore, state.window !== undefined && state.window.remaining <= 0 ? state.window.resetAt : 0)
}

// While waiting, an answer to another request may show that more is allowed, or less.
const lookAgain = 1000

const make = Effect.gen(function* () {
  const limiter = yield* RateLimiter.RateLimiter
  const states = new Map<string, State>()
  const name = (scope: Pick<Scope, "keyId" | "category">) => `${scope.keyId}:${scope.category}`
  const stateOf = (scope: Pick<Scope, "keyId" | "category">): State => {
    const known = states.get(name(scope))
    if (known !== undefined) return known
    const state: State = { perMinute: undefined, notBefore: 0, window: undefined, inFlight: 0, silent: 0 }
    states.set(name(scope), state)
    return state
  }

  // A bucket for each rate: when a better one becomes known, its burst is there at once.
  const delayOf = (scope: Scope, { burst, perMinute }: Pace) =>
    limiter
      .consume({
        key: `mixpeek:${name(scope)}:${burst}:${perMinute}`,
        algorithm: "token-bucket",
        onExceeded: "delay",
        limit: burst,
        window: Duration.millis((burst * 60_000) / perMinute)
      })
      .pipe(
        Effect.map(({ delay }) => Duration.toMillis(delay)),
        // The store is in memory and is asked for a delay: it has no way to fail.
        Effect.orDie
      )

  const pace = Effect.fnUntraced(function* (scope: Scope, state: State) {
    let rate = rateOf(scope, state)
    let until = (yield* Clock.currentTimeMillis) + (yield* delayOf(scope, rate))
    while (true) {
      const now = yield* Clock.currentTimeMillis
      if (now >= until) return
      yield* Effect.sleep(Math.min(until - now, lookAgain))
      const known = rateOf(scope, state)
      if (known.perMinute > rate.perMinute) {
        rate = known
        until = Math.min(until, (yield* Clock.currentTimeMillis) + (yield* delayOf(scope, rate)))
      }
    }
  })

  const admit = Effect.fnUntraced(function* (scope: Scope) {
    const state = stateOf(scope)
    const start = yield* Clock.currentTimeMillis
    yield* pace(scope, state)
    while (true) {
      const now = yield* Clock.currentTimeMillis
      const wait = opensAt(state, now) - now
      if (wait <= 0) {
        if (state.window !== undefined) state.window.remaining--
        state.inFlight++
        return Duration.millis(now - start)
      }
      if (wait > Duration.toMillis(longestWait)) return yield* new TooFar({ opensIn: Duration.millis(wait) })
      yield* Effect.sleep(Math.min(wait, lookAgain))
    }
  })

  const unanswered = (scope: Scope) =>
    Effect.sync(() => {
      stateOf(scope).inFlight--
    })

  const answered = Effect.fnUntraced(function* (scope: Scope, status: number, said: RateHeaders) {
    const state = stateOf(scope)
    const now = yield* Clock.currentTimeMillis
    state.inFlight--
    if (said.perMinute !== undefined) state.perMinute = said.perMinute
    if (said.left !== undefined) {
      // Those still on their way count already, and the server may not have seen them.
      state.window = {
        resetAt: now + Duration.toMillis(said.left.resetIn),
        remaining: said.left.remaining - state.inFlight
      }
    }
    if (status !== 429) {
      if (status < 500) state.silent = 0
      if (status !== 503 || said.retryAfter === undefined) return undefined
    }
    const reset = said.left !== undefined && said.left.remaining === 0 ? said.left.resetIn : undefined
    const stated = said.retryAfter ?? reset
    if (stated === undefined) state.silent++
    else state.silent = 0
    const wait = stated ?? Duration.millis(Math.min(60_000, 1000 * 2 ** (state.silent - 1)))
    state.notBefore = Math.max(state.notBefore, now + Math.ceil(Duration.toMillis(wait)))
    return wait
  })

  const learn = (key: string, category: Category, perMinute: number) =>
    Effect.sync(() => {
      stateOf({ keyId: key, category }).perMinute = perMinute
    })

  return { admit, answered, unanswered, learn }
})

const inMemory = make.pipe(Effect.provide(RateLimiter.layer.pipe(Layer.provide(RateLimiter.layerStoreMemory))))

// A layer is built again once nobody uses it, and in each runtime; what a server has said must outlive that.
const ofThisProcess = Effect.runSync(Effect.cached(inMemory))

/**
 * Limits per key and category.
 *
 * - A token bucket paces requests: `perMinute`, and `burst` at once.
 * - `X-RateLimit-Remaining: 0` closes until the reset; requests in flight are counted.
 * - A 429 closes for exactly what it says (`Retry-After` in any form, `details.retry_after`, the reset), and where it
 *   says nothing for 1 s, doubling with each one in a row, up to a minute. So does a 503 with `Retry-After`.
 */
export class Limits extends Context.Service<
  Limits,
  {
    /**
     * Waits until a request may leave and counts it; answers how long it waited. Fails at once where that is more than
     * five minutes away. Every admitted request must be followed by `answered` or `unanswered`.
     */
    readonly admit: (scope: Scope) => Effect.Effect<Duration.Duration, TooFar>
    /** Takes note of an answer; what it asks to wait, where it does. */
    readonly answered: (scope: Scope, status: number, said: RateHeaders) => Effect.Effect<Duration.Duration | undefined>
    /** Takes note that there will be no answer. */
    readonly unanswered: (scope: Scope) => Effect.Effect<void>
    /** The organization's own limit, from `GET /v1/organizations`. */
    readonly learn: (keyId: string, category: Category, perMinute: number) => Effect.Effect<void>
  }
>()("@sluice/sink-mixpeek/Limits") {
  /** The limits of this process: one set, whoever asks, for as long as the process lives. */
  static readonly layer: Layer.Layer<Limits> = Layer.effect(Limits, ofThisProcess)

  /** Limits of one's own, which nobody else keeps to. */
  static readonly layerSeparate: Layer.Layer<Limits> = Layer.fresh(Layer.effect(Limits, inMemory))
}
