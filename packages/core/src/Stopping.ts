/**
 * Whether whoever asked still wants it: for connectors that wait long before they send something.
 */
import { Context, Effect } from "effect"

/**
 * Completes when nothing more is to be sent; never by default. What waits then fails with `Throttled`, as nothing was taken.
 * A request that has left is answered all the same.
 */
export const Stopping = Context.Reference<Effect.Effect<void>>("@sluice/core/Stopping", {
  defaultValue: () => Effect.never
})
