/**
 * A gap between requests that opens when a store says to slow down and closes again: `shortest` after the first time,
 * doubled by each up to `longest`, a quarter less after each success, none below `shortest`. All requests that are paced
 * by one pacer share it. Reactive: it adds nothing while nobody complains. (rclone's pacer for S3, with its constants as
 * defaults.)
 */
import { Clock, Duration, Effect } from "effect"

export interface Options {
  /** The gap after the first complaint, 10 ms by default. */
  readonly shortest?: Duration.Input | undefined
  /** The gap never grows beyond this, 2 seconds by default. */
  readonly longest?: Duration.Input | undefined
}

export interface Pacer {
  /**
   * Runs the effect when its turn has come. `throttled` says which failures ask for a slower pace; `waited` hears how
   * long a turn took to come, where it took any time.
   */
  readonly pace: <E>(
    throttled: (error: E) => boolean,
    waited?: (duration: Duration.Duration) => void
  ) => <A, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

export const make = (options: Options = {}): Pacer => {
  const shortest = Duration.toMillis(Duration.fromInputUnsafe(options.shortest ?? "10 millis"))
  const longest = Duration.toMillis(Duration.fromInputUnsafe(options.longest ?? "2 seconds"))
  let gap = 0
  let free = 0
  const turn = (waited?: (duration: Duration.Duration) => void) =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const start = Math.max(now, free)
      free = start + gap
      if (start <= now) return
      waited?.(Duration.millis(start - now))
      yield* Effect.sleep(start - now)
    })
  return {
    pace: (throttled, waited) => (effect) => {
      const watched = effect.pipe(
        Effect.map((value) => {
          gap = gap * 0.75 < shortest ? 0 : gap * 0.75
          return value
        }),
        Effect.tapError((error) =>
          Effect.sync(() => {
            if (throttled(error)) gap = Math.min(longest, Math.max(shortest, gap * 2))
          })
        )
      )
      return Effect.suspend(() => (gap === 0 ? watched : Effect.andThen(turn(waited), watched)))
    }
  }
}
