/** Chance that can be repeated. */
import { Effect, Random } from "effect"

/** Draws; the same ones in the same order for the same seed. */
export interface Draw {
  /** In [0, 1). */
  readonly share: () => number
  /** A whole number from 0 up to and without a limit. */
  readonly below: (limit: number) => number
  /** One of some things; `undefined` of none. */
  readonly pick: <A>(from: ReadonlyArray<A>) => A | undefined
}

/** Draws from a seed. */
export const drawFrom = (seed: string): Draw => {
  const random = Effect.runSync(Random.Random.pipe(Random.withSeed(seed)))
  const below = (limit: number) => Math.floor(random.nextDoubleUnsafe() * limit)
  return { share: () => random.nextDoubleUnsafe(), below, pick: (from) => from[below(from.length)] }
}
