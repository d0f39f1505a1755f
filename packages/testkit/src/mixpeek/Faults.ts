/**
 * What goes wrong on purpose, and whether the objects were stored when it did.
 */
import type { Duration } from "effect"
import { striker } from "../internal/frequency.ts"

export interface Fault {
  /**
   * - `reset`: the connection breaks before an answer; `truncated`: in the middle of it
   * - `silence`: no answer until the client goes away
   * - `bad-gateway`, `gateway-timeout`: 502 and 504 with HTML, as proxies answer
   * - `unavailable`: 503; `server-error`: 500; `throttle`: 429, each with the envelope
   * - `unauthorized`: 401, as when a key is revoked during a run
   *
   * Of `putUpload`, the PUT of a file to its presigned address, the same with S3's answers (`throttle` is 503 SlowDown,
   * `unauthorized` 403), and more that only it knows:
   * - `reset-in-body`: the connection breaks when half of the body has come, and nothing is stored
   * - `corrupt`: one byte is stored as another, and the ETag is that of what is stored
   * - `expired`: 403, as when the address has expired
   *
   * Of `probeStorage`, whatever else is asked of the storage, all of these.
   */
  readonly kind:
    | "reset"
    | "truncated"
    | "silence"
    | "bad-gateway"
    | "gateway-timeout"
    | "unavailable"
    | "server-error"
    | "throttle"
    | "unauthorized"
    | "reset-in-body"
    | "corrupt"
    | "expired"
  /** Whether the request takes effect: not at all (default), before the failure, or only some time after it. */
  readonly commits?: "never" | "before" | "after" | undefined
  /** How long after the failure the request takes effect, with `commits: "after"`. 100 ms by default. */
  readonly commitDelay?: Duration.Input | undefined
  /** How long the failure takes to come. 0 by default. */
  readonly delay?: Duration.Input | undefined
  /** How long `throttle` and `unavailable` tell to wait. 1 second by default. */
  readonly wait?: Duration.Input | undefined
  /** Operations it strikes: `putUpload`, `probeStorage`, or an `operationId` of the description. `createObjectsBatch` by default. */
  readonly operations?: ReadonlyArray<string> | undefined
  /** Share of these requests it strikes, 0 to 1. 1 by default. */
  readonly fraction?: number | undefined
  /** Leaves this many of these requests alone first. 0 by default. */
  readonly skip?: number | undefined
  /** Strikes at most this many times. No end by default. */
  readonly times?: number | undefined
}

/** Counts what each fault has seen, and says which one strikes a request. */
export interface Faults {
  readonly next: (faults: ReadonlyArray<Fault>, operation: string) => Fault | undefined
}

const strikes = (fault: Fault, operation: string): boolean =>
  (fault.operations ?? ["createObjectsBatch"]).includes(operation)

/** `draw` gives a number in [0, 1). */
export const make = (draw: () => number): Faults => {
  const strikers = new WeakMap<Fault, () => boolean>()
  return {
    next: (faults, operation) => {
      for (const fault of faults) {
        if (!strikes(fault, operation)) continue
        const strikesNow =
          strikers.get(fault) ?? striker({ after: fault.skip, fraction: fault.fraction, next: fault.times }, draw)
        strikers.set(fault, strikesNow)
        if (strikesNow()) return fault
      }
      return undefined
    }
  }
}
