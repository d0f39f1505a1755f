/**
 * Why a ledger could not be read or written. Nothing is sent without it: the run stops.
 */
import { Schema } from "effect"

/** Another run has the pipeline's book. One at a time writes in it. */
export class Held extends Schema.TaggedClass<Held>()("Held", {
  /** Where that run is: `host:pid`, or what it calls itself. */
  by: Schema.String,
  since: Schema.DateTimeUtcFromString
}) {}
/** The book was taken by another run after this one had not been heard of for a whole lease. */
export class Lost extends Schema.TaggedClass<Lost>()("Lost", {}) {}
/** Somebody paused the pipeline. */
export class Paused extends Schema.TaggedClass<Paused>()("Paused", {
  /** In their words. */
  why: Schema.String,
  since: Schema.DateTimeUtcFromString
}) {}
/** The database is not reached, or refuses. */
export class Unreachable extends Schema.TaggedClass<Unreachable>()("Unreachable", {}) {}
/** What is there is not what this version of Sluice reads: of a newer version, damaged, or no ledger at all. */
export class Unreadable extends Schema.TaggedClass<Unreadable>()("Unreadable", {}) {}

/** An option that cannot work. Nothing was opened. */
export class Misconfigured extends Schema.TaggedClass<Misconfigured>()("Misconfigured", {}) {}

/** Decides what a person has to do. */
export const LedgerErrorReason = Schema.Union([Held, Lost, Paused, Unreachable, Unreadable, Misconfigured])
export type LedgerErrorReason = typeof LedgerErrorReason.Type

/** The one error of every ledger. `message` says what is so and what to do about it. */
export class LedgerError extends Schema.TaggedError<LedgerError>()("LedgerError", {
  /** What was being done: `settle`. */
  operation: Schema.String,
  reason: LedgerErrorReason,
  message: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {}

/** The error of a pipeline that another run works on. */
export const held = (pipeline: string, { by, since }: Held): LedgerError =>
  new LedgerError({
    operation: "open",
    reason: new Held({ by, since }),
    message: `another run of ${pipeline} is at work (${by}, since ${since.toString()}): wait for its end, or stop it`
  })

/** The error of one whose place was taken. */
export const lost = (pipeline: string): LedgerError =>
  new LedgerError({
    operation: "hold",
    reason: new Lost(),
    message: `another run took ${pipeline} over, because this one was not heard of for a whole lease: see that the machine is not suspended and the ledger can be reached; nothing more is written here`
  })

/** The error of a pipeline that is paused. */
export const paused = (pipeline: string, { since, why }: Paused): LedgerError =>
  new LedgerError({
    operation: "open",
    reason: new Paused({ why, since }),
    message: `${pipeline} is paused since ${since.toString()}: ${why}. Resume it to run it`
  })
