/**
 * When a request may leave. One set of limits for the whole process: sinks that use the same key share its budget.
 */
import { Clock, Context, Duration, Effect, Layer, Redacted, Schema, Semaphore } from "effect"
import { RateLimiter, type Redis } from "effect/persistence"
import { hash } from "node:crypto"
import * as Buckets from "./Buckets.ts"
import type { RateHeaders } from "./RateHeaders.ts"
import type { Category } from "../client/Wire.ts"

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
  /** Never more than this many in flight, all categories together, whatever the plan allows. */
  readonly maxInFlight?: number | undefined
}

/** The allowance opens too late to wait for it in place. */
export class TooFar extends Schema.TaggedError<TooFar>()("TooFar", { opensIn: Schema.Duration }) {
  override get message(): string {
    return `the rate limit opens in ${Duration.format(this.opensIn)}`
  }
}

/** What is assumed of a plan nobody knows: the lowest of the documented limits, 10 requests a minute and category. */
export const unknownPlan: Rate = { perMinute: 10 }

/** Requests in flight of a plan nobody knows: one less than the lowest documented limit. */
export const unknownInFlight = 4

/** Requests in flight by plan (`account_type`), as the API's guide to limits has them. */
export const planInFlight: { readonly [account: string]: number | undefined } = { free: 5, pro: 50 }

/** The longest wait in place; for longer ones `admit` fails with `TooFar`. */
export const longestWait = Duration.minutes(5)

/** Names a key at an address without telling it. */
export const keyId = (url: string, apiKey: Redacted.Redacted<string>): string =>
  hash("sha256", `${url} ${Redacted.value(apiKey)}`, "hex").slice(0, 16)

interface State {
  perMinute: number | undefined
  notBefore: number
  window: { resetAt: number; remaining: number } | undefined
  /** The first reset that was said of the window that goes on. */
  firstReset: number
  /** The reset is when a bucket will be full, and not when the next window begins. */
  refills: boolean
  inFlight: number
  /** 429s in a row that named no time. */
  silent: number
  /** One at a time: who takes a token leaves as soon as it is due, and before the others. */
  readonly turn: Semaphore.Semaphore
}

/** What all categories of a key have in common. */
interface KeyState {
  plan: number | undefined
  configured: number | undefined
  size: number
  readonly permits: Semaphore.Semaphore
}

// Requests do not travel equally fast: a bucket that is emptied to the last token is found empty by one that overtakes.
const kept = (burst: number): number => (burst < 10 ? 0 : Math.ceil(burst * 0.02))

const rateOf = (scope: Scope, state: State): Buckets.Pace => {
  const { atMost } = scope
  const known = state.perMinute ?? atMost?.perMinute ?? unknownPlan.perMinute
  const perMinute = Math.min(known, atMost?.perMinute ?? known)
  const burst = Math.max(1, Math.floor(Math.min(atMost?.burst ?? perMinute / 3, perMinute)))
  return { perMinute, burst: burst - kept(burst) }
}

const opensAt = (state: State, now: number): number => {
  if (state.window !== undefined && state.window.resetAt <= now) state.window = undefined
  return Math.max(state.notBefore, state.window !== undefined && state.window.remaining <= 0 ? state.window.resetAt : 0)
}

// While waiting, an answer to another request may show that more is allowed, or less.
const lookAgain = 1000

// Seconds are rounded, in `X-RateLimit-Reset` and in `Date`: resets that differ by less may be the same one.
const sameReset = 3000

/** What an answer says of the window, or of the bucket that fills all the time. */
const takeNote = (
  state: State,
  left: NonNullable<RateHeaders["left"]>,
  { isShared, now, perMinute }: { readonly isShared: boolean; readonly now: number; readonly perMinute: number }
): void => {
  const resetAt = now + Duration.toMillis(left.resetIn)
  if (state.firstReset > now + sameReset) {
    // Of a window it stays; of a bucket it moves on with each request.
    if (resetAt > state.firstReset + sameReset) state.refills = true
  } else state.firstReset = resetAt
  if (!state.refills) {
    // Those still on their way count already, and the server may not have seen them. How many others have on theirs nobody
    // knows: as many as we, and a few that leave at this moment.
    const others = isShared ? state.inFlight + Math.ceil(perMinute / 200) : 0
    state.window = { resetAt, remaining: left.remaining - state.inFlight - others }
  } else {
    state.window = left.remaining > 0 ? undefined : { resetAt: now + 60_000 / perMinute, remaining: 0 }
  }
}

const make = Effect.fnUntraced(function* (buckets: Buckets.Buckets) {
  const states = new Map<string, State>()
  const keys = new Map<string, KeyState>()
  const name = (scope: Pick<Scope, "keyId" | "category">) => `${scope.keyId}:${scope.category}`
  const stateOf = (scope: Pick<Scope, "keyId" | "category">): State => {
    const known = states.get(name(scope))
    if (known !== undefined) return known
    const state: State = {
      perMinute: undefined,
      notBefore: 0,
      window: undefined,
      firstReset: 0,
      refills: false,
      inFlight: 0,
      silent: 0,
      turn: Semaphore.makeUnsafe(1)
    }
    states.set(name(scope), state)
    return state
  }
  const keyOf = (id: string): KeyState => {
    const known = keys.get(id)
    if (known !== undefined) return known
    const key: KeyState = {
      plan: undefined,
      configured: undefined,
      size: unknownInFlight,
      permits: Semaphore.makeUnsafe(unknownInFlight)
    }
    keys.set(id, key)
    return key
  }

  const resize = (key: KeyState) => {
    const known = key.plan ?? key.configured ?? unknownInFlight
    const size = Math.min(known, key.configured ?? known)
    if (size === key.size) return Effect.void
    key.size = size
    return key.permits.resize(size)
  }

  const pace = Effect.fnUntraced(function* (scope: Scope, state: State) {
    let rate = rateOf(scope, state)
    let until = (yield* Clock.currentTimeMillis) + (yield* buckets.take(name(scope), rate))
    while (true) {
      const now = yield* Clock.currentTimeMillis
      if (now >= until) return
      yield* Effect.sleep(Math.min(until - now, lookAgain))
      const known = rateOf(scope, state)
      if (known.perMinute > rate.perMinute) {
        rate = known
        until = Math.min(until, (yield* Clock.currentTimeMillis) + (yield* buckets.take(name(scope), rate)))
      }
    }
  })

  const heedOthers = Effect.fnUntraced(function* (scope: Scope, state: State) {
    const millis = yield* buckets.heldFor(name(scope))
    if (millis > 0) state.notBefore = Math.max(state.notBefore, (yield* Clock.currentTimeMillis) + millis)
  })

  /** A permit that was taken is given back, or somebody answers for it. */
  const enter = (state: State, key: KeyState, entered: () => void) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        while (true) {
          yield* restore(key.permits.take(1))
          const now = yield* Clock.currentTimeMillis
          const wait = opensAt(state, now) - now
          if (wait <= 0) {
            if (state.window !== undefined) state.window.remaining--
            state.inFlight++
            return entered()
          }
          yield* key.permits.release(1)
          if (wait > Duration.toMillis(longestWait)) return yield* new TooFar({ opensIn: Duration.millis(wait) })
          yield* restore(Effect.sleep(Math.min(wait, lookAgain)))
        }
      })
    )

  const admit = Effect.fnUntraced(function* (scope: Scope) {
    const state = stateOf(scope)
    const key = keyOf(scope.keyId)
    if (scope.maxInFlight !== undefined && scope.maxInFlight < (key.configured ?? Number.POSITIVE_INFINITY)) {
      key.configured = scope.maxInFlight
    }
    yield* resize(key)
    const start = yield* Clock.currentTimeMillis
    let isIn = false
    return yield* Effect.andThen(pace(scope, state), heedOthers(scope, state)).pipe(
      Effect.andThen(
        enter(state, key, () => {
          isIn = true
        })
      ),
      state.turn.withPermits(1),
      Effect.andThen(Clock.currentTimeMillis),
      Effect.map((now) => Duration.millis(now - start)),
      // Who is interrupted on the way out will not say that there is no answer.
      Effect.onError(() => Effect.suspend(() => (isIn ? leave(scope, state) : Effect.void)))
    )
  })

  const leave = (scope: Scope, state: State) => {
    state.inFlight--
    return Effect.asVoid(keyOf(scope.keyId).permits.release(1))
  }

  const unanswered = (scope: Scope) => Effect.suspend(() => leave(scope, stateOf(scope)))

  const answered = Effect.fnUntraced(function* (scope: Scope, status: number, said: RateHeaders) {
    const state = stateOf(scope)
    const now = yield* Clock.currentTimeMillis
    yield* leave(scope, state)
    if (said.perMinute !== undefined) state.perMinute = said.perMinute
    if (said.left !== undefined) {
      const { perMinute } = rateOf(scope, state)
      takeNote(state, said.left, { isShared: buckets.isShared, now, perMinute })
    }
    if (status !== 429 && (status !== 503 || said.retryAfter === undefined)) {
      if (status < 500) state.silent = 0
      const isSpent = said.left?.remaining === 0 && !state.refills
      const wait = opensAt(state, now) - now
      if (isSpent && wait > 0) yield* buckets.hold(name(scope), wait)
      return undefined
    }
    const reset = said.left !== undefined && said.left.remaining === 0 ? said.left.resetIn : undefined
    const stated = said.retryAfter ?? reset
    if (stated === undefined) state.silent++
    else state.silent = 0
    const wait = stated ?? Duration.millis(Math.min(60_000, 1000 * 2 ** (state.silent - 1)))
    const millis = Math.ceil(Duration.toMillis(wait))
    state.notBefore = Math.max(state.notBefore, now + millis)
    if (millis > 0) yield* buckets.hold(name(scope), millis)
    return wait
  })

  const learn = (key: string, category: Category, perMinute: number) =>
    Effect.sync(() => {
      stateOf({ keyId: key, category }).perMinute = perMinute
    })

  const learnPlan = (id: string, accountType: string) =>
    Effect.suspend(() => {
      const key = keyOf(id)
      key.plan = planInFlight[accountType]
      return resize(key)
    })

  return { admit, answered, unanswered, learn, learnPlan }
})

const inMemory = Effect.flatMap(Buckets.alone, make)

// A layer is built again once nobody uses it, and in each runtime; what a server has said must outlive that.
const ofThisProcess = Effect.runSync(Effect.cached(inMemory))

/**
 * Limits per key and category.
 *
 * - A token bucket paces requests: `perMinute`, and `burst` at once.
 * - `X-RateLimit-Remaining: 0` closes until the reset; requests in flight are counted.
 * - A 429 closes for exactly what it says (`Retry-After` in any form, `details.retry_after`, the reset), and where it
 *   says nothing for 1 s, doubling with each one in a row, up to a minute. So does a 503 with `Retry-After`.
 * - As many requests are in flight as the plan allows, all categories of a key together.
 */
export class Limits extends Context.Service<
  Limits,
  {
    /**
     * Waits until a request may leave and counts it; answers how long it waited. Fails where the server says that it will be
     * more than five minutes. Every admitted request must be followed by `answered` or `unanswered`.
     */
    readonly admit: (scope: Scope) => Effect.Effect<Duration.Duration, TooFar>
    /** Takes note of an answer; what it asks to wait, where it does. */
    readonly answered: (scope: Scope, status: number, said: RateHeaders) => Effect.Effect<Duration.Duration | undefined>
    /** Takes note that there will be no answer. */
    readonly unanswered: (scope: Scope) => Effect.Effect<void>
    /** The organization's own limit, from `GET /v1/organizations`. */
    readonly learn: (keyId: string, category: Category, perMinute: number) => Effect.Effect<void>
    /** The organization's plan (`account_type`), which says how many requests may be in flight. */
    readonly learnPlan: (keyId: string, accountType: string) => Effect.Effect<void>
  }
>()("@sluice/sink-mixpeek/Limits") {
  /** The limits of this process: one set, whoever asks, for as long as the process lives. */
  static readonly layer: Layer.Layer<Limits> = Layer.effect(Limits, ofThisProcess)

  /** Limits of one's own, which nobody else keeps to. */
  static readonly layerSeparate: Layer.Layer<Limits> = Layer.fresh(Layer.effect(Limits, inMemory))

  /**
   * Limits that all processes with the same store keep to together: one budget for a key, and what one of them is told to
   * wait the others wait too. All of them need the same `rateLimits`. Requests in flight are counted by each process for
   * itself. A store that fails or takes more than a second is not waited for: the process goes on with a tenth of the
   * budget, and logs it once.
   */
  static readonly layerShared: Layer.Layer<Limits, never, RateLimiter.RateLimiterStore> = Layer.effect(
    Limits,
    Effect.flatMap(Buckets.shared, make)
  )

  /** `layerShared` on Redis (`NodeRedis.layer` of `@effect/platform-node`). Keys there begin with `prefix`, `sluice:`. */
  static readonly layerRedis = (
    options: { readonly prefix?: string | undefined } = {}
  ): Layer.Layer<Limits, never, Redis.Redis> =>
    Layer.provide(Limits.layerShared, RateLimiter.layerStoreRedis({ prefix: options.prefix ?? "sluice:" }))
}
