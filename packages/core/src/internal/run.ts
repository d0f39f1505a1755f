/**
 * One run: what its parts share.
 */
import { type Effect, type Option, Schema } from "effect"
import type { Book, DeadLetter } from "../Ledger.ts"
import type { LedgerError } from "../LedgerError.ts"
import { Cause } from "../Outcome.ts"
import type { Event } from "../Progress.ts"
import type { SinkError } from "../Sink.ts"
import type { SourceError } from "../Source.ts"
import type { Tally } from "./tally.ts"

/** File after file was refused. */
export class Refusals extends Schema.TaggedError<Refusals>()("Refusals", {
  /** In a row. */
  count: Schema.Natural,
  /** Why the last one was. */
  cause: Cause
}) {}

/** Why a run could not go on. */
export type Failure = SourceError | SinkError | LedgerError | Refusals

/** Dead letters that are taken again: a page of them, beyond the file with this id. */
export type Replayed = (
  after: string | undefined,
  limit: number
) => Effect.Effect<ReadonlyArray<DeadLetter>, LedgerError>

/** What a run brings with it. */
export interface RunContext {
  readonly pipeline: string
  readonly runId: string
  readonly book: Book
  readonly tally: Tally
  readonly publish: (event: Event) => Effect.Effect<void>
  /** Completes when the run is asked to stop. */
  readonly stop: Effect.Effect<void>
  readonly stopped: () => boolean
  /** Asks the run to stop, and says why. */
  readonly stopFor: (why: string) => void
  /** Asks it to stop, and to end with this. */
  readonly giveUp: (failure: Refusals) => void
  /** The run before ended by itself, did not fail, and left nothing behind that it had staged. */
  readonly isClean: boolean
  /** Removes what is held back otherwise. */
  readonly confirmDeletes: boolean
  /** Sweeps everything, also where changes could be followed. */
  readonly sweeps: boolean
  /** Nothing is taken but files that were refused: all of them, or these. */
  readonly replay: Option.Option<Replayed>
}

/** One run, from its resume point to its last settlement. */
export type Engine<R> = (run: RunContext) => Effect.Effect<void, Failure, R>
