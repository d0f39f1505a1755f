/**
 * Effects that are values already: worth telling apart where there is one for each of millions of files.
 */
import { type Effect, Exit } from "effect"

/** True for `Effect.succeed(value)` and the like: the value can be read without running anything. */
export const isAtHand = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): effect is Effect.Effect<A, E, R> & Exit.Success<A, E> => Exit.isExit(effect) && Exit.isSuccess(effect)
