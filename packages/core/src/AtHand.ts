/**
 * Effects that are values already. Mappings and sinks make one for each of millions of files: read as they are, they
 * cost no fiber. What is built with `flatMap` and `all` of this module stays at hand where its parts are.
 */
import { Effect, Exit } from "effect"

/** True for `Effect.succeed(value)`: the value can be read without running anything. */
export const isAtHand = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): effect is Effect.Effect<A, E, R> & Exit.Success<A, E> => Exit.isExit(effect) && Exit.isSuccess(effect)

/** `Effect.flatMap` that stays at hand. */
export const flatMap = <A, E, R, B, E2, R2>(
  effect: Effect.Effect<A, E, R>,
  f: (value: A) => Effect.Effect<B, E2, R2>
): Effect.Effect<B, E | E2, R | R2> => (isAtHand(effect) ? f(effect.value) : Effect.flatMap(effect, f))

/** `Effect.all` that stays at hand. */
export const all = <A, E, R>(effects: ReadonlyArray<Effect.Effect<A, E, R>>): Effect.Effect<ReadonlyArray<A>, E, R> =>
  effects.every(isAtHand) ? Effect.succeed(effects.map(({ value }) => value)) : Effect.all(effects)
