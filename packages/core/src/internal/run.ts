/**
 * One run: what its parts share.
 */
import type { Effect } from "effect"
import type { Ledger, LedgerError } from "../Ledger.ts"
import type { Event } from "../Progress.ts"
import type { SinkError } from "../Sink.ts"
import type { SourceError } from "../Source.ts"
import type { Tally } from "./tally.ts"

/** Why a run could not go on. */
export type Failure = SourceError | SinkError | LedgerError

/** What a run brings with it. */
export interface RunContext {
  readonly pipeline: string
  readonly runId: string
  readonly tally: Tally
  readonly publish: (event: Event) => Effect.Effect<void>
  /** Completes when the run is asked to stop. */
  readonly stop: Effect.Effect<void>
  readonly stopped: () => boolean
  /** Removes what is held back otherwise. */
  readonly confirmDeletes: boolean
  /** Sweeps everything, also where changes could be followed. */
  readonly sweeps: boolean
}

/** One run, from its resume point to its last settlement. */
export type Engine<R> = (run: RunContext) => Effect.Effect<void, Failure, R | Ledger>
