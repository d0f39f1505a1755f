/**
 * Where objects go. A sink says what fits in a batch, how one batch is sent and what became of each record in it; the
 * engine (`Delivery`) composes batching, retry, concurrency and settlement around it.
 */
import { type Array as Arr, type Duration, type Effect, type Option, Schema, type Scope, type Stream } from "effect"
import type { Finding } from "./Check.ts"
import type { Lineage } from "./Lineage.ts"
import type { Mapping } from "./Mapping.ts"
import { Cause, type Outcome } from "./Outcome.ts"
import type { Processing } from "./Processing.ts"
import type { Comparable, Link, SourceError } from "./Source.ts"
import type { SourceFile } from "./SourceFile.ts"

const retryAfter = { /** No sooner than this. */ retryAfter: Schema.optionalKey(Schema.Duration) }

/** Too many requests. Nothing was taken; the batch is sent again, no sooner than `retryAfter`. */
export class Throttled extends Schema.TaggedClass<Throttled>()("Throttled", retryAfter) {}
/** Not reached, or refused for now, and certainly nothing was taken: sent again with backoff. */
export class Unavailable extends Schema.TaggedClass<Unavailable>()("Unavailable", retryAfter) {}
/** The answer was lost: it may or may not have been taken. Resolved by `find` before anything is sent again. */
export class Ambiguous extends Schema.TaggedClass<Ambiguous>()("Ambiguous", retryAfter) {}
/** The whole batch was refused for something in it; nothing was taken. `suspects` are the indexes the answer names. */
export class Refused extends Schema.TaggedClass<Refused>()("Refused", {
  suspects: Schema.Array(Schema.Natural),
  cause: Cause
}) {}
/** More bytes than the sink takes; nothing was taken. The byte budget is halved and the batch split. */
export class TooLarge extends Schema.TaggedClass<TooLarge>()("TooLarge", { cause: Cause }) {}
/** Credentials are missing, wrong or not allowed to do this. The run stops. */
export class Unauthorized extends Schema.TaggedClass<Unauthorized>()("Unauthorized", {}) {}
/** The target is not there, locked, or cannot take what the pipeline sends. The run stops. */
export class Unusable extends Schema.TaggedClass<Unusable>()("Unusable", {}) {}
/** The plan's allowance is used up. The run stops. */
export class QuotaExceeded extends Schema.TaggedClass<QuotaExceeded>()("QuotaExceeded", {
  resource: Schema.optionalKey(Schema.String),
  current: Schema.optionalKey(Schema.Finite),
  limit: Schema.optionalKey(Schema.Finite)
}) {}

/** Why a sink failed; decides what happens next. */
export const SinkErrorReason = Schema.Union([
  Throttled,
  Unavailable,
  Ambiguous,
  Refused,
  TooLarge,
  Unauthorized,
  Unusable,
  QuotaExceeded
])
export type SinkErrorReason = typeof SinkErrorReason.Type

/** The one error of every sink. `message` says what is so and what to do about it, and holds no secret. */
export class SinkError extends Schema.TaggedError<SinkError>()("SinkError", {
  /** Name of the sink: `mixpeek:bkt_photos`. */
  sink: Schema.String,
  /** What was being done: `createObjectsBatch`. */
  operation: Schema.String,
  reason: SinkErrorReason,
  message: Schema.String,
  requestId: Schema.optionalKey(Schema.String),
  cause: Schema.optionalKey(Schema.Defect())
}) {
  /** True where no later request can succeed either. */
  get stopsRun(): boolean {
    switch (this.reason._tag) {
      case "Unauthorized":
      case "Unusable":
      case "QuotaExceeded":
        return true
      case "Throttled":
      case "Unavailable":
      case "Ambiguous":
      case "Refused":
      case "TooLarge":
        return false
    }
  }
}

/** The file's content, on demand, with the source's requirements already provided. */
export interface Content {
  readonly bytes: Stream.Stream<Uint8Array, SourceError>
  readonly link: Option.Option<Link>
  /** The same for whoever compares its MD5 (`Source.comparable`). */
  readonly comparable?: Comparable | undefined
  /** That of another file of the same source: of a part of a group. Absent where records are made by hand of one file. */
  readonly of?: ((file: SourceFile) => Content) | undefined
}

/** One object on its way, with the file it was made from. */
export interface Record<out O> {
  /** `Lineage.sourceKey` of the file: unique among what is on its way. */
  readonly key: string
  readonly file: SourceFile
  readonly object: O
  readonly lineage: Lineage
  readonly content: Content
  /** The object of an earlier state of the file, where there is one: it is not this record's. */
  readonly replaces?: string | undefined
}

/** A record ready to be sent. Sinks extend it with what they need. */
export interface Prepared {
  readonly _tag: "Prepared"
  readonly key: string
  /** Bytes it will take in a request's body. */
  readonly weight: number
  /** Whether content was staged for it (`Staging`): what becomes of that must be known even where sending again is harmless. */
  readonly staged?: boolean | undefined
}

/** What the sink says of one record of a batch. */
export type Answer =
  | { readonly _tag: "Settled"; readonly key: string; readonly outcome: Outcome }
  /** Not taken, may be taken later: joins the next batch. */
  | {
      readonly _tag: "Retry"
      readonly key: string
      readonly cause: Cause
      readonly retryAfter?: Duration.Duration | undefined
    }

/** A record whose answer was lost. */
export interface Lost {
  /** `Lineage.sourceKey` of its file. */
  readonly key: string
  /** The state it was made from. */
  readonly token: string
  /** Objects of earlier states that are there. */
  readonly replaces: ReadonlyArray<string>
  /** When its answer was lost, at the latest; milliseconds since 1970. */
  readonly lostAt: number
}

/** The object that a lost record became. */
export interface Found {
  readonly key: string
  readonly objectId: string
}

/** An object to be removed. */
export interface Removal {
  /** `Lineage.sourceKey` of the file it was made from. */
  readonly key: string
  /** The sink's own id of it, where that was ever said; else it is found by its key. */
  readonly objectId: Option.Option<string>
}

/** An object as the sink keeps it, with what its lineage says. */
export interface Stored {
  readonly objectId: string
  /** `Lineage.sourceKey` of the file it was made from. */
  readonly key: string
  /** `SourceFile.id`, `uri`, `path` and `token` of the state it was made from. */
  readonly id: string
  readonly uri: string
  readonly path: string
  readonly token: string
  /** `SourceFile.content` of that state. */
  readonly content: string | undefined
}

/** Which objects of a pipeline there are. Retried by the sink. Objects of other pipelines are left out. */
export interface Inventory<out R = never> {
  /** With one of these keys; of one key there may be several. */
  readonly withKeys: (
    pipeline: string,
    keys: Arr.NonEmptyReadonlyArray<string>
  ) => Effect.Effect<ReadonlyArray<Stored>, SinkError, R>
  /** All, in pages; objects of one key are in one page. What is made or removed meanwhile may be left out, nothing else is. */
  readonly all: (pipeline: string) => Stream.Stream<ReadonlyArray<Stored>, SinkError, R>
}

/** What a pipeline will ask of a sink beyond sending: for `check`. */
export interface Needs {
  /**
   * Objects that will be removed: of files that are gone (`deletes: "propagate"`), and those whose places new ones took
   * (`updates: "replace"`). Empty where nothing is.
   */
  readonly removes: ReadonlyArray<"gone" | "superseded">
}

/** For sinks that put content somewhere before they make an object of it: nothing of that is left behind. */
export interface Staging<in P extends Prepared = Prepared, out R = never> {
  /**
   * Once at the beginning of each run, with no other one of the pipeline at work: what earlier runs staged and no object uses is
   * taken back. When the scope closes, so is what this run staged.
   */
  readonly open: (run: {
    readonly pipeline: string
    /** The run before ended by itself: it took back what it had staged. */
    readonly isClean: boolean
  }) => Effect.Effect<void, SinkError, R | Scope.Scope>
  /**
   * Records that were on their way when an earlier run ended, and did not arrive as far as anybody knows: what was staged for
   * them is used if they are sent again in the same state. After `open`.
   */
  readonly recall: (pipeline: string, lost: Arr.NonEmptyReadonlyArray<Lost>) => Effect.Effect<void, SinkError, R>
  /**
   * A record something was staged for (`Prepared.staged`) was refused, by the sink or after as many attempts as it gets. Takes note
   * of it at once: that is used if the file is sent again in this run, else it is nobody's.
   */
  readonly refused: (prepared: P) => void
}

/** What fits. */
export interface Limits {
  /** Records in a request. */
  readonly maxRecords: number
  /** Bytes in a request's body. */
  readonly maxBytes: number
  /** How long the first record of a batch may wait for company. */
  readonly maxWait: Duration.Duration
  /** Requests in flight. */
  readonly maxInFlight: number
  /** Records whose content is fetched at the same time, before they are batched. */
  readonly maxPreparing: number
}

/** Where objects go. */
export interface Sink<in O, in out P extends Prepared, out R = never> {
  /** For people, logs and errors: `mixpeek:bkt_photos`. Holds no secret. */
  readonly name: string
  readonly limits: Limits
  /** Before any work: whether the target exists, takes what the mapping makes, and allows what the pipeline needs. */
  readonly check: (
    mapping: Mapping<unknown, unknown>,
    needs: Needs
  ) => Effect.Effect<ReadonlyArray<Finding>, SinkError, R>
  /**
   * Makes a record ready to be sent (content is read here, and staged); an `Outcome` where it is not going to be. A `SinkError`
   * ends the run: what is worth another try was tried again by the sink.
   */
  readonly prepare: (record: Record<O>) => Effect.Effect<P | Outcome, SourceError | SinkError, R>
  /** What a record says to the sink, for a person to look at when it was refused: without content, links and secrets. */
  readonly describe: (prepared: P) => Schema.Json
  /**
   * One request. Answers once for each record, in any order. Fails only when the whole batch must be tried again, is
   * ambiguous, was refused as a whole, or nothing can be sent any more. Links are minted here, at each attempt.
   */
  readonly send: (batch: Arr.NonEmptyReadonlyArray<P>) => Effect.Effect<ReadonlyArray<Answer>, SinkError, R>
  /**
   * What became of these; asked before anything is sent again. An object of another state of the file, or that was there
   * before, is not the one. What is not there may still be on its way in: the sink waits as long as it takes a server to
   * finish what it was sent, counted from `lostAt`, before it believes that. Retried by the sink, as all that is safe to
   * repeat: when it fails, the run ends. `None` where sending again is harmless (upsert).
   */
  readonly find: Option.Option<
    (lost: Arr.NonEmptyReadonlyArray<Lost>) => Effect.Effect<ReadonlyArray<Found>, SinkError, R>
  >
  /**
   * Removes objects; what is not there counts as removed. Retried by the sink, as all that is safe to repeat. Answers once
   * for each, `Removed` or `Rejected`; fails where nothing can be removed.
   */
  readonly remove: (batch: Arr.NonEmptyReadonlyArray<Removal>) => Effect.Effect<ReadonlyArray<Answer>, SinkError, R>
  /** For `Reconcile`; `None` where objects do not say which file they were made from. */
  readonly inventory: Option.Option<Inventory<R>>
  /** `None` where nothing is staged. */
  readonly staging: Option.Option<Staging<P, R>>
  /** `None` where nothing is done with objects that are there, or nobody is told of it. */
  readonly processing: Option.Option<Processing<R>>
}
