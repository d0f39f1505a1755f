/**
 * What Sluice knows between runs: which state of which file was delivered as which object, what is on its way, which of
 * these files are gone, what was refused, and where an unfinished sweep stands, or changes are followed from.
 */
import { Context, type Effect, Layer, Schema, type Scope } from "effect"
import type { Container, RangeCursor } from "./Change.ts"
import * as Forgetful from "./internal/forgetfulLedger.ts"
import * as Memory from "./internal/memoryLedger.ts"
import type { LedgerError } from "./LedgerError.ts"
import { Cause, type Outcome } from "./Outcome.ts"
import type { FailedObject, Jobs } from "./Processing.ts"
import type { Report } from "./Report.ts"
import { SourceFile } from "./SourceFile.ts"

export { isAsNamed } from "./internal/asNamed.ts"
export { noState } from "./internal/noState.ts"
export * from "./LedgerError.ts"

const state = {
  id: Schema.NonEmptyString,
  uri: Schema.NonEmptyString,
  token: Schema.NonEmptyString,
  /** `SourceFile.facts` of that state. */
  facts: Schema.NonEmptyString,
  /** `SourceFile.content` of that state: the store's own checksum, where it keeps one. */
  content: Schema.optionalKey(Schema.NonEmptyString),
  /** The container it was in when it was named last. */
  within: Schema.optionalKey(Schema.NonEmptyString)
}

/** What is known of a file that was delivered, in the state that was delivered. */
export const Known = Schema.Struct({
  ...state,
  /** The sink's id of the object, where its answer named one. */
  objectId: Schema.optionalKey(Schema.NonEmptyString),
  /** SHA-256 of the content that was delivered, lower-case hex, where it went through here. */
  sha256: Schema.optionalKey(Schema.NonEmptyString),
  /** It is gone at the source. */
  gone: Schema.Boolean
})
export interface Known extends Schema.Schema.Type<typeof Known> {}

/** A stretch of files' ids in the order of the ledger, with both of its ends. */
export interface Interval {
  readonly first: string
  readonly last: string
}

/** Files as they are named, against what is known of them. */
export interface Compared {
  /**
   * What is known of each, in their order: `undefined` where nothing is; `same` where it is in the state that was delivered, in
   * the container it was in, and not gone (`isAsNamed`), so that nothing is to be done or written.
   */
  readonly known: ReadonlyArray<Known | "same" | undefined>
  /**
   * Where all of these files that are known and not gone have their ids in one interval, and no other file that is known and
   * not gone has: a sweep that named this one has named each of them. Absent where that is not so, or the ledger does not look.
   */
  readonly interval: Interval | undefined
}

/** A file that is about to be sent, or was and nobody heard what became of it. */
export const Intent = Schema.Struct({
  ...state,
  /** The object of the file's state before, where there is one that stays for now. */
  replaces: Schema.optionalKey(Schema.NonEmptyString),
  /** When a request with it left last; milliseconds since 1970. */
  sentAt: Schema.Finite
})
export interface Intent extends Schema.Schema.Type<typeof Intent> {}

/** An object, and where it was made from: one whose place another one has taken, or one that is to be processed. */
export interface Superseded {
  /** Of the file. */
  readonly uri: string
  readonly objectId: string
}

/** A file that was refused for good: the last time, and how often. */
export const DeadLetter = Schema.Struct({
  /** As it was when it was refused. */
  file: SourceFile,
  cause: Cause,
  /** What was said to the sink, where that refused it; without content and secrets. */
  request: Schema.optionalKey(Schema.Json),
  /** Runs in which it was refused. */
  refusals: Schema.Natural,
  runId: Schema.NonEmptyString,
  firstAt: Schema.DateTimeUtcFromString,
  lastAt: Schema.DateTimeUtcFromString
})
export interface DeadLetter extends Schema.Schema.Type<typeof DeadLetter> {}

/** Where the source stands. */
export interface Position {
  /** The last sweep is complete: changes can be followed from here, where the source can. */
  readonly swept: boolean
  /** The sweep that goes on, or was the last, keeps account of what it names. */
  readonly tracks: boolean
  /** What the sweep was asked for, in the pipeline's notation: another question needs another sweep. */
  readonly asked: string
  /** Of an unfinished sweep, by range. */
  readonly sweep: ReadonlyArray<RangeCursor>
  /** Where changes are followed from, by range. */
  readonly follow: ReadonlyArray<RangeCursor>
}

/** A cursor that may be stored now, and which kind it is. */
export interface Advance extends RangeCursor {
  readonly follows: boolean
}

/** What is written at once. */
export interface Settlement {
  /**
   * Files with an outcome that the source named, and the object each has now, where that is known. Intents of theirs are done;
   * what was refused becomes a dead letter. One that is known and `Unchanged` is in a new
   * state of the same content, or back in the state that was delivered after another one was refused.
   */
  readonly files: ReadonlyArray<{
    readonly file: SourceFile
    readonly outcome: Outcome
    readonly objectId?: string | undefined
    readonly sha256?: string | undefined
    /** What was said to the sink, where it refused it; without content and secrets. */
    readonly request?: Schema.Json | undefined
  }>
  /** Files whose objects were removed: nothing is known of them any more. */
  readonly removed: ReadonlyArray<string>
  /** Files that were named, where they are now, whatever becomes of them. Those that are not known count for nothing. */
  readonly seen: ReadonlyArray<Pick<SourceFile, "id" | "within">>
  /** The same of all files in these intervals that are known and not gone: as `compare` of this book answered them. */
  readonly named: ReadonlyArray<Interval>
  /** Files and containers that are gone at the source; of a container, everything in it, however deep. */
  readonly gone: ReadonlyArray<string>
  readonly containers: ReadonlyArray<Container>
  /** The cursors that all of this lets move. */
  readonly cursors: ReadonlyArray<Advance>
  /** Intents of which it was found out that they arrived, with the object that was made. */
  readonly arrived: ReadonlyArray<{ readonly intent: Intent; readonly objectId: string }>
  /** Intents of which it was found out that they did not, by file. */
  readonly missed: ReadonlyArray<string>
  /**
   * Intents of which nobody knows, and nobody has to: sending them again is harmless. They are not done by this. A file that is not known is known from
   * here on, in no state that it could be in, so that its object is found if the file is gone.
   */
  readonly unsure: ReadonlyArray<Intent>
  /**
   * Files that are known, and of whose objects it is not known any more what becomes of them: something was said to the sink,
   * or is about to be, and the answer may be lost. They are known from here on in no state that they could be in, with the
   * object they had, so that they are sent again if they are named again; gone or not, as they were.
   */
  readonly inDoubt: ReadonlyArray<string>
  /** Objects that are to be removed, because others took their places. */
  readonly superseded: ReadonlyArray<Superseded>
  /** Those of them that are removed, by object. */
  readonly cleared: ReadonlyArray<string>
  /**
   * Objects that are there in a state that is to be processed: they wait for a job, also where they are in one. Those that are
   * removed (`removed`, `cleared`), or are to be (`superseded`), wait no more.
   */
  readonly unprocessed: ReadonlyArray<Superseded>
}

/** Nothing to write: what a settlement begins with. */
export const nothing: Settlement = {
  files: [],
  removed: [],
  seen: [],
  named: [],
  gone: [],
  containers: [],
  cursors: [],
  arrived: [],
  missed: [],
  unsure: [],
  inDoubt: [],
  superseded: [],
  cleared: [],
  unprocessed: []
}

/**
 * A pipeline's part of the ledger, in the hands of one run. One query a page in which nothing changed, two for others; one
 * transaction a settlement. Everything fails with `Lost` once another run has taken the book over.
 *
 * A file that is known is *gone* from the moment its source says so (or a complete sweep did not name it) until it is
 * named again, or its object is removed.
 */
export interface Book {
  /**
   * The book is still ours, and will be until what is about to be done can be over: asked before anything leaves for the
   * sink. Costs nothing while the lease is young.
   */
  readonly hold: Effect.Effect<void, LedgerError>
  /** Completes when somebody pauses the pipeline, with their words. */
  readonly paused: Effect.Effect<string>
  readonly position: Effect.Effect<Position, LedgerError>
  /**
   * A sweep begins from the beginning: all cursors are forgotten, and no file has been named by it. One that `tracks`
   * keeps account of what it names (`files`, `seen`, `named`), so that what it did not name is known at its end.
   */
  readonly beginSweep: (options: {
    readonly tracks: boolean
    readonly asked: string
  }) => Effect.Effect<void, LedgerError>
  /** What was delivered of these files. Files that are not known are left out. */
  readonly known: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, Known>, LedgerError>
  /** The files of a page, against what was delivered of them: little comes back of those that did not change. */
  readonly compare: (files: ReadonlyArray<SourceFile>) => Effect.Effect<Compared, LedgerError>
  /** All that was delivered, in the order of the files' ids, beyond one of them. */
  readonly list: (limit: number, after?: string) => Effect.Effect<ReadonlyArray<Known>, LedgerError>
  /** What was last settled of these containers. Those that are not known are left out. */
  readonly containers: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, Container>, LedgerError>
  /** These are about to leave. Of a file there is one intent, the latest. */
  readonly intend: (intents: ReadonlyArray<Intent>) => Effect.Effect<void, LedgerError>
  /** Intents that have no outcome, in the order of their files' ids, beyond one of them. */
  readonly intents: (limit: number, after?: string) => Effect.Effect<ReadonlyArray<Intent>, LedgerError>
  readonly settle: (settlement: Settlement) => Effect.Effect<void, LedgerError>
  /**
   * The sweep has said everything and all of it is settled. Containers it did not name are forgotten; where it tracked,
   * files it did not name are gone.
   */
  readonly completeSweep: Effect.Effect<void, LedgerError>
  /** Some of the files that are gone, at most so many. */
  readonly gone: (limit: number) => Effect.Effect<ReadonlyArray<Known>, LedgerError>
  /** Some of the objects whose places others took, at most so many; those made from files at these addresses, where some are named. */
  readonly superseded: (
    limit: number,
    uris?: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyArray<Superseded>, LedgerError>
  /** How many files are known, and how many of them are gone. */
  readonly count: Effect.Effect<{ readonly known: number; readonly gone: number }, LedgerError>
  /** What is to be processed, and what is being processed. */
  readonly jobs: Jobs
  /** The run is over. */
  readonly end: (report: Report) => Effect.Effect<void, LedgerError>
}

/** A run as the ledger has it. */
export interface RunRecord {
  readonly runId: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** Absent while it goes on, and where it was killed. */
  readonly report: Report | undefined
}

/** The service. */
export class Ledger extends Context.Service<
  Ledger,
  {
    /**
     * Opens the book of a pipeline until the scope closes. Fails with `Held` where another run has it (a run that was not
     * heard of for a whole lease has lost it), with `Paused` where the pipeline is paused.
     */
    readonly open: (run: {
      readonly pipeline: string
      readonly runId: string
    }) => Effect.Effect<Book, LedgerError, Scope.Scope>
    /** Runs of the pipeline stop when they hear of it, and no new one begins. */
    readonly pause: (pipeline: string, why: string) => Effect.Effect<void, LedgerError>
    readonly resume: (pipeline: string) => Effect.Effect<void, LedgerError>
    /** Dead letters in the order of their files' ids, beyond one of them; of these files alone, where some are named. */
    readonly deadLetters: (
      pipeline: string,
      options: {
        readonly limit: number
        readonly after?: string | undefined
        readonly ids?: ReadonlyArray<string> | undefined
      }
    ) => Effect.Effect<ReadonlyArray<DeadLetter>, LedgerError>
    /** Forgets dead letters, by file; answers how many there were. */
    readonly discard: (pipeline: string, ids: ReadonlyArray<string>) => Effect.Effect<number, LedgerError>
    /** Objects that could not be processed, in the order of their ids, beyond one of them. */
    readonly unprocessed: (
      pipeline: string,
      options: { readonly limit: number; readonly after?: string | undefined }
    ) => Effect.Effect<ReadonlyArray<FailedObject>, LedgerError>
    /** Lets the next run process objects again that failed: these, or all of them. Answers how many there were. */
    readonly reprocess: (pipeline: string, objectIds?: ReadonlyArray<string>) => Effect.Effect<number, LedgerError>
    /** The latest runs, the newest first. */
    readonly runs: (pipeline: string, limit: number) => Effect.Effect<ReadonlyArray<RunRecord>, LedgerError>
  }
>()("@sluice/core/Ledger") {}

/**
 * Remembers everything for as long as the process lives: memory grows by some 300 bytes a file. For tests and for services
 * that run a small pipeline again and again.
 */
export const layerMemory: Layer.Layer<Ledger> = Layer.sync(Ledger, () => Ledger.of(Memory.make()))

/**
 * Remembers nothing: every run takes every file, and memory does not grow with their number. For one-off loads into a
 * bucket whose unique key upserts, and for measuring.
 */
export const layerForgetful: Layer.Layer<Ledger> = Layer.sync(Ledger, () => Ledger.of(Forgetful.make()))

/** Remembers nothing, and hears what is settled: for tests that look at outcomes one by one. */
export const layerListening = (hear: (settlement: Settlement) => void): Layer.Layer<Ledger> =>
  Layer.sync(Ledger, () => Ledger.of(Forgetful.make(hear)))
