/** The latest requests to a stand-in, and how many there were of each operation. */
import { Effect } from "effect"
import { ring } from "./ring.ts"

interface Entry<Operation extends string> {
  /** Absent for what is none of the stand-in's. */
  readonly operation: Operation | undefined
}

/** What a test sees of the requests. */
export interface RequestViews<Operation extends string, Logged extends Entry<Operation>> {
  /** The latest requests, the oldest first. */
  readonly requests: Effect.Effect<ReadonlyArray<Logged>>
  /** How many requests there were of each operation since the start, or since `forgetRequests`. */
  readonly requestsByOperation: Effect.Effect<Readonly<Partial<Record<Operation, number>>>>
  readonly forgetRequests: Effect.Effect<void>
}

/** What a stand-in does with them. */
export interface RequestLog<Operation extends string, Logged extends Entry<Operation>> {
  readonly add: (entry: Logged) => void
  readonly views: RequestViews<Operation, Logged>
}

/** Keeps the latest `capacity` requests, and counts all of them. */
export const makeRequestLog = <Operation extends string, Logged extends Entry<Operation>>(
  capacity: number
): RequestLog<Operation, Logged> => {
  let kept = ring<Logged>(capacity)
  let counts: Partial<Record<Operation, number>> = {}
  return {
    add: (entry) => {
      const { operation } = entry
      if (operation !== undefined) counts[operation] = (counts[operation] ?? 0) + 1
      kept.add(entry)
    },
    views: {
      requests: Effect.sync(() => kept.items()),
      requestsByOperation: Effect.sync(() => ({ ...counts })),
      forgetRequests: Effect.sync(() => {
        kept = ring(capacity)
        counts = {}
      })
    }
  }
}
