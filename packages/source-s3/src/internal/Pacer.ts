/**
 * A gap between requests that opens when S3 says `SlowDown` and closes again: 10 ms after the first, doubled by each up
 * to 2 s, a quarter less after each success, none below 10 ms. All requests of a client share it.
 */
import { Clock, Effect } from "effect"

const shortest = 10
const longest = 2000

export interface Pacer {
  /** Runs the effect when its turn has come. `throttled` says which failures ask for a slower pace. */
  readonly pace: <E>(
    throttled: (error: E) => boolean
  ) => <A, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

export const make = (): Pacer => {
  let gap = 0
  let free = 0
  const turn = Effect.gen(function* () {
    if (gap === 0) return
    const now = yield* Clock.currentTimeMillis
    const start = Math.max(now, free)
    free = start + gap
    if (start > now) yield* Effect.sleep(start - now)
  })
  return {
    pace: (throttled) => (effect) =>
      Effect.andThen(turn, effect).pipe(
        Effect.tap(() =>
          Effect.sync(() => {
            gap = gap * 0.75 < shortest ? 0 : gap * 0.75
          })
        ),
        Effect.tapError((error) =>
          Effect.sync(() => {
            if (throttled(error)) gap = Math.min(longest, Math.max(shortest, gap * 2))
          })
        )
      )
  }
}
