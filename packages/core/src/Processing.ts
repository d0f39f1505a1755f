/**
 * What a sink does with objects once they are there, in the background: objects are put together into jobs, jobs are
 * submitted, and asked after until they are over. The ledger keeps which objects wait, and which jobs are open, so that a run
 * that is killed forgets none and submits none twice.
 */
import { type Array as Arr, type Duration, type Effect, Schema } from "effect"
import type { LedgerError } from "./LedgerError.ts"
import { Cause } from "./Outcome.ts"
import type { SinkError } from "./Sink.ts"

/** Why an object could not be processed. */
export const Failure = Schema.Struct({
  ...Cause.fields,
  /** Which step of the processing it was, in the sink's words. */
  stage: Schema.optionalKey(Schema.NonEmptyString)
})
export interface Failure extends Schema.Schema.Type<typeof Failure> {}

/** An object that could not be processed, and the file it was made from. */
export const FailedObject = Schema.Struct({
  objectId: Schema.NonEmptyString,
  uri: Schema.NonEmptyString,
  failure: Failure
})
export interface FailedObject extends Schema.Schema.Type<typeof FailedObject> {}

/** Objects that are processed together. */
export const Job = Schema.Struct({
  /** The ledger's name for it; that of a job that is over may be given again. */
  number: Schema.Natural,
  /** The sink's id of it; absent until the sink is known to have it. */
  id: Schema.optionalKey(Schema.NonEmptyString),
  /** How many were put into it. */
  objects: Schema.Natural,
  /** How often what had failed was tried again. */
  retries: Schema.Natural
})
export interface Job extends Schema.Schema.Type<typeof Job> {}

/** What became of the objects of a job. Those that were removed, or updated, since they were put into it are in neither. */
export interface Closed {
  readonly completed: number
  readonly failed: ReadonlyArray<FailedObject>
}

/** The part of a book that has what is to be processed. An object waits from the settlement that names it (`unprocessed`). */
export interface Jobs {
  /** How many objects wait: they are there, and in no job. */
  readonly waiting: Effect.Effect<number, LedgerError>
  /** Puts objects that wait into a new job, at most so many; `undefined` where none waits. */
  readonly open: (limit: number) => Effect.Effect<Job | undefined, LedgerError>
  /** Jobs that are not over, in the order of their numbers. */
  readonly list: Effect.Effect<ReadonlyArray<Job>, LedgerError>
  /** Ids of the objects in a job, in their order; not those that were removed or updated since. */
  readonly objects: (number: number) => Effect.Effect<ReadonlyArray<string>, LedgerError>
  /** The sink has a job, under this id. */
  readonly accepted: (number: number, id: string) => Effect.Effect<void, LedgerError>
  /** What failed of a job is about to be tried again. */
  readonly retrying: (number: number) => Effect.Effect<void, LedgerError>
  /** A job is over: with these failures, or with this one for each of its objects. */
  readonly close: (
    number: number,
    failed: ReadonlyArray<Omit<FailedObject, "uri">> | Failure
  ) => Effect.Effect<Closed, LedgerError>
}

/** How a job stands. */
export type Status =
  /** It is there, and was not submitted. */
  | { readonly _tag: "Draft" }
  | { readonly _tag: "Running" }
  /** The sink knows it no more. */
  | { readonly _tag: "Missing" }
  | {
      readonly _tag: "Ended"
      /** Objects that failed, or one cause where all of them did. */
      readonly failed: ReadonlyArray<Omit<FailedObject, "uri">> | Failure
      /** Failures of which the sink does not say whose they are. */
      readonly unnamed: ReadonlyArray<{ readonly failure: Failure; readonly count: number }>
      /** To try what failed again may help. */
      readonly isTransient: boolean
    }

/** What a sink can do with objects that are there. All of it is retried by the sink, where that is safe. */
export interface Processing<out R = never> {
  /** Objects in a job, at most. */
  readonly maxObjects: number
  /** From one submission to the next, at least. */
  readonly every: Duration.Duration
  /** How long a run that has sent everything waits for results: not at all, to their end (infinity), or at most so long. */
  readonly wait: Duration.Duration
  /** How often failures of a job that may pass are tried again. */
  readonly retries: number
  /**
   * Makes a job of objects, and answers with its id; it does not begin. `mayExist`: an earlier attempt may have made it, and
   * nobody heard of that. Objects that are not there any more do no harm.
   */
  readonly create: (
    objectIds: Arr.NonEmptyReadonlyArray<string>,
    mayExist: boolean
  ) => Effect.Effect<string, SinkError, R>
  /**
   * Lets a job begin; does nothing where it has begun already. Answers whether it began by this. `Refused` where it cannot
   * begin: that is a result of its objects, and not the end of the run.
   */
  readonly submit: (id: string) => Effect.Effect<boolean, SinkError, R>
  readonly status: (id: string) => Effect.Effect<Status, SinkError, R>
  /** Lets what failed and may pass begin again; false where there is nothing of that kind. */
  readonly retry: (id: string) => Effect.Effect<boolean, SinkError, R>
}
