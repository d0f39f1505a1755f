/**
 * What requests of one account share in this process, whichever layer makes them: Google counts them together.
 */
import { Pacer } from "@sluice/core"
import { Duration, Effect, Layer } from "effect"
import { RateLimiter } from "effect/persistence"

export interface Budget {
  /**
   * Runs the effect when its turn has come. `throttled` says which failures ask for a slower pace; `waited` hears of each
   * wait.
   */
  readonly spend: <E>(
    throttled: (error: E) => boolean,
    waited: (duration: Duration.Duration) => void
  ) => <A, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

const limiter = Effect.runSync(
  Effect.cached(
    RateLimiter.RateLimiter.pipe(Effect.provide(RateLimiter.layer.pipe(Layer.provide(RateLimiter.layerStoreMemory))))
  )
)

const pacers = new Map<string, Pacer.Pacer>()

const pacerOf = (account: string): Pacer.Pacer => {
  const known = pacers.get(account) ?? Pacer.make({ shortest: "100 millis", longest: "16 seconds" })
  pacers.set(account, known)
  return known
}

/** The budget of an account: `burst` at once, then `queriesPerMinute`, and less where Google asks for less. */
export const of = (
  account: string,
  { burst, queriesPerMinute }: { readonly burst: number; readonly queriesPerMinute: number }
): Budget => {
  const pacer = pacerOf(account)
  const turn = Effect.flatMap(limiter, (limiter) =>
    limiter.consume({
      key: `gdrive:${account}`,
      algorithm: "token-bucket",
      onExceeded: "delay",
      limit: burst,
      window: Duration.millis((burst * 60_000) / queriesPerMinute)
    })
  ).pipe(
    Effect.map(({ delay }) => delay),
    // The store is in memory and is asked for a delay: it has no way to fail.
    Effect.orDie
  )
  return {
    spend: (throttled, waited) => (effect) =>
      Effect.flatMap(turn, (delay) =>
        Duration.isZero(delay)
          ? Effect.void
          : Effect.andThen(
              Effect.sync(() => waited(delay)),
              Effect.sleep(delay)
            )
      ).pipe(Effect.andThen(pacer.pace(throttled, waited)(effect)))
  }
}
