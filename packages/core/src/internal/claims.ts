/**
 * Which files are on their way to an outcome. A source that follows changes may name a file again while its last state
 * still travels; the order of both must be kept.
 */
import { Effect, Latch } from "effect"

export interface Claims {
  /** Waits until none of these is on its way, and takes them. One at a time may wait. */
  readonly take: (ids: ReadonlyArray<string>) => Effect.Effect<void>
  readonly release: (id: string) => void
  /** Waits until nothing is on its way. */
  readonly idle: Effect.Effect<void>
}

export const make = (): Claims => {
  const held = new Set<string>()
  let waiting: Latch.Latch | undefined
  const until = (free: () => boolean) =>
    Effect.gen(function* () {
      while (!free()) {
        waiting = yield* Latch.make(false)
        yield* waiting.await
      }
      waiting = undefined
    })
  return {
    take: (ids) =>
      Effect.andThen(
        until(() => !ids.some((id) => held.has(id))),
        Effect.sync(() => {
          for (const id of ids) held.add(id)
        })
      ),
    release: (id) => {
      held.delete(id)
      waiting?.openUnsafe()
    },
    idle: until(() => held.size === 0)
  }
}
