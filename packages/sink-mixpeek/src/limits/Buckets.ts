/**
 * The tokens behind `Limits`: of this process alone, or of all processes that share a store.
 */
import { Clock, Duration, Effect, Layer, Option } from "effect"
import { RateLimiter } from "effect/persistence"

/** How fast a bucket fills, and how much it holds. */
export interface Pace {
  readonly perMinute: number
  readonly burst: number
}

/** Times are milliseconds. Nothing here fails: without its store a process goes on alone, on less. */
export interface Buckets {
  /** Others take from them, too. */
  readonly isShared: boolean
  /** Takes a token of a bucket; how long it must be waited for. */
  readonly take: (name: string, pace: Pace) => Effect.Effect<number>
  /** Tells the others that nothing may leave for so long. */
  readonly hold: (name: string, millis: number) => Effect.Effect<void>
  /** For how long others were told that nothing may leave. */
  readonly heldFor: (name: string) => Effect.Effect<number>
}

/** A store that takes longer for an answer is not waited for. */
export const slow = Duration.seconds(1)
/** What a process allows itself of the budget while it cannot ask the store. */
export const shareAlone = 0.1
/** When a store that failed is asked again. */
const askAgain = Duration.seconds(10)

const tokens =
  (limiter: RateLimiter.RateLimiter) =>
  (name: string, { burst, perMinute }: Pace) =>
    limiter
      .consume({
        // A bucket for each rate: when a better one becomes known, its burst is there at once.
        key: `mixpeek:${name}:${burst}:${perMinute}`,
        algorithm: "token-bucket",
        onExceeded: "delay",
        limit: burst,
        window: Duration.millis((burst * 60_000) / perMinute)
      })
      .pipe(Effect.map(({ delay }) => Duration.toMillis(delay)))

/** Tokens in memory: nobody else has to be told anything. */
export const alone: Effect.Effect<Buckets> = Effect.map(RateLimiter.RateLimiter, (limiter): Buckets => {
  const take = tokens(limiter)
  return {
    isShared: false,
    // Memory has no way to fail.
    take: (name, pace) => Effect.orDie(take(name, pace)),
    hold: () => Effect.void,
    heldFor: () => Effect.succeed(0)
  }
}).pipe(Effect.provide(RateLimiter.layer.pipe(Layer.provide(RateLimiter.layerStoreMemory))))

/**
 * Tokens in a store. Where it fails, or does not answer within a second, this process goes on with a tenth of the budget,
 * says so once, and asks again every ten seconds.
 */
export const shared: Effect.Effect<Buckets, never, RateLimiter.RateLimiterStore> = Effect.gen(function* () {
  const store = yield* RateLimiter.RateLimiterStore
  const take = tokens(yield* RateLimiter.make)
  const own = yield* alone
  let aloneUntil: number | undefined

  const orAlone = <A>(
    ask: Effect.Effect<A, RateLimiter.RateLimiterError>,
    instead: Effect.Effect<A>
  ): Effect.Effect<A> =>
    Effect.gen(function* () {
      if (aloneUntil !== undefined && (yield* Clock.currentTimeMillis) < aloneUntil) return yield* instead
      const answer = yield* ask.pipe(
        Effect.mapError(({ message }) => message),
        Effect.timeoutOrElse({ duration: slow, orElse: () => Effect.fail("it does not answer") }),
        Effect.asSome,
        Effect.catch((problem) => Effect.as(goAlone(problem), Option.none<A>()))
      )
      if (Option.isNone(answer)) return yield* instead
      if (aloneUntil !== undefined) {
        aloneUntil = undefined
        yield* Effect.logInfo("The store of Mixpeek's rate limits answers again: the budget is shared as before")
      }
      return answer.value
    })

  const goAlone = Effect.fnUntraced(function* (problem: string) {
    const isNews = aloneUntil === undefined
    aloneUntil = (yield* Clock.currentTimeMillis) + Duration.toMillis(askAgain)
    if (!isNews) return
    yield* Effect.logWarning(
      `The store of Mixpeek's rate limits cannot be asked (${problem}): this process goes on with a tenth of the budget until it can`
    )
  })

  /** A window of one request, as long as what is held: the one thing every store can keep until a time. */
  const held = (name: string, count: 0 | 1, millis: number, limit: number | undefined) =>
    store
      .fixedWindow({ key: `mixpeek:${name}:hold`, tokens: count, refillRate: Duration.millis(millis), limit })
      .pipe(Effect.map(([, left]) => left))

  return {
    isShared: true,
    take: (name, pace) =>
      orAlone(
        take(name, pace),
        own.take(name, {
          perMinute: pace.perMinute * shareAlone,
          burst: Math.max(1, Math.floor(pace.burst * shareAlone))
        })
      ),
    hold: (name, millis) =>
      orAlone(
        Effect.flatMap(held(name, 1, millis, 1), (left) =>
          // Somebody holds already, for less: two who add to it at once hold longer than needed, never shorter.
          left < millis - 1 ? Effect.asVoid(held(name, 1, millis - left, undefined)) : Effect.void
        ),
        Effect.void
      ),
    heldFor: (name) =>
      // Asking costs Redis a window of a millisecond.
      orAlone(
        Effect.map(held(name, 0, 1, undefined), (left) => (left <= 1 ? 0 : left)),
        Effect.succeed(0)
      )
  }
})
