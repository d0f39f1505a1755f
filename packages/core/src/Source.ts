/**
 * Where files are. A source is a value: it answers questions and states what it can do; the pipeline owns retry order,
 * batching, state and settlement. Requirements (clients) stay visible in `R`.
 */
import { type Array as Arr, type Duration, type Effect, type Option, type Redacted, Schema, type Stream } from "effect"
import type { Container, Page, RangeCursor } from "./Change.ts"
import type { Finding } from "./Check.ts"
import type { SourceFile } from "./SourceFile.ts"

/** Throttled or unreachable, after the source's own retries were used up. Ends a sweep; costs a read its file. */
export class Unavailable extends Schema.TaggedClass<Unavailable>()("Unavailable", {}) {}
/** Credentials are missing, wrong, expired or no longer allowed. Nothing else will work: the run stops. */
export class Unauthorized extends Schema.TaggedClass<Unauthorized>()("Unauthorized", {}) {}
/** The bucket, drive or folder itself is not there. The run stops. */
export class Missing extends Schema.TaggedClass<Missing>()("Missing", {}) {}
/** The source cannot be used as it is configured. The run stops. */
export class Misconfigured extends Schema.TaggedClass<Misconfigured>()("Misconfigured", {}) {}
/** This one file may not be read; others may. */
export class Denied extends Schema.TaggedClass<Denied>()("Denied", {}) {}
/** This one file is gone. A tombstone, not an error. */
export class Gone extends Schema.TaggedClass<Gone>()("Gone", {}) {}
/** This one file is no longer in the state it was listed in: take it again. */
export class Changed extends Schema.TaggedClass<Changed>()("Changed", {}) {}
/** This one file's bytes are not what the source says they are (length or checksum), also after another try. */
export class Corrupt extends Schema.TaggedClass<Corrupt>()("Corrupt", {}) {}
/** This one file has nothing to read (a form, a site): it is skipped. */
export class NoContent extends Schema.TaggedClass<NoContent>()("NoContent", {}) {}
/** Changes can no longer be followed from this position: everything has to be swept again. Said by `follow` alone. */
export class Expired extends Schema.TaggedClass<Expired>()("Expired", {}) {}

/** Why a source failed; decides what happens next. */
export const SourceErrorReason = Schema.Union([
  Unavailable,
  Unauthorized,
  Missing,
  Misconfigured,
  Denied,
  Gone,
  Changed,
  Corrupt,
  NoContent,
  Expired
])
export type SourceErrorReason = typeof SourceErrorReason.Type

/** The one error of every source. `message` says what is so and what to do about it, and holds no secret. */
export class SourceError extends Schema.TaggedError<SourceError>()("SourceError", {
  /** Name of the source: `s3:my-bucket`. */
  source: Schema.String,
  /** What was being done: `ListObjectsV2`. */
  operation: Schema.String,
  reason: SourceErrorReason,
  /** Stable, kebab case, to count by, where the reason's own name says too little: `export-too-large`. */
  code: Schema.optionalKey(Schema.NonEmptyString),
  message: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  /** True where nothing else will work either; false where only the file that was asked for is concerned. */
  get stopsRun(): boolean {
    switch (this.reason._tag) {
      case "Unauthorized":
      case "Missing":
      case "Misconfigured":
        return true
      case "Unavailable":
      case "Denied":
      case "Gone":
      case "Changed":
      case "Corrupt":
      case "NoContent":
      case "Expired":
        return false
    }
  }
}

/** What a sweep is asked for. */
export interface SweepOptions {
  /** Where an unfinished sweep stood, by range; empty for a sweep from the beginning. */
  readonly resume: ReadonlyArray<RangeCursor>
  /** Kinds of attributes the mapping reads (`metadata`, `tags`); a source loads only what it is asked for. */
  readonly attributes: ReadonlySet<string>
  /**
   * Literal beginnings of the paths that can pass the filter, at least one; `[""]` when nothing can be excluded.
   * A source may use them to list less. The filter itself is applied by the pipeline, on every path alike.
   */
  readonly pathPrefixes: ReadonlyArray<string>
}

/** What following is asked for. `E` is what looking containers up can fail with. */
export interface FollowOptions<out E> extends Omit<SweepOptions, "resume"> {
  /** Where the last sweep and what was followed since left off, by range. */
  readonly since: ReadonlyArray<RangeCursor>
  /** What was last settled of these containers; those that are not known are left out. */
  readonly containers: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, Container>, E>
}

/** Where files are, and how they are read. */
export interface Source<out R = never> {
  /**
   * In each range files come in the order of the UTF-8 octets of their paths, and ranges end where their prefixes do: files that
   * are next to each other in that order are next to each other in a sweep. Default false.
   */
  readonly ordered?: boolean | undefined
  /** For people, logs and errors: `s3:my-bucket`. Holds no secret. */
  readonly name: string
  /** Before any work: what the credentials can do and what is missing. Fails only when it could not find out. */
  readonly check: Effect.Effect<ReadonlyArray<Finding>, SourceError, R>
  /**
   * Everything that is there now, in pages; never a listing in memory. Ends when all has been said; fails where it
   * cannot say all (never an empty listing for lost authorisation).
   */
  readonly sweep: (options: SweepOptions) => Stream.Stream<Page, SourceError, R>
  /**
   * What changed since positions that a sweep (pages with `follows`) or an earlier `follow` gave; ends when nothing more
   * is known. Fails with `Expired` where a position is too old. `None` where the store cannot say: it is swept each time.
   */
  readonly follow: Option.Option<<E>(options: FollowOptions<E>) => Stream.Stream<Page, SourceError | E, R>>
  /**
   * The file's bytes, in the state named by its token: `Changed` if that state is gone, `Gone` if the file is.
   * Length and checksum are verified where known. Broken bodies are resumed by the source.
   */
  readonly read: (file: SourceFile) => Stream.Stream<Uint8Array, SourceError, R>
  /** The file as it is now; `None` when it is gone. */
  readonly stat: (file: SourceFile) => Effect.Effect<Option.Option<SourceFile>, SourceError, R>
  /** How to address this file from outside; `None` where that cannot be done, for all files of the source or for this one. */
  readonly link: (file: SourceFile) => Option.Option<Link<R>>
  /**
   * For a sink whose storage says the MD5 of what it was given. `undefined` where the listing says none. Default: for no file.
   */
  readonly comparable?: ((file: SourceFile) => Comparable<R> | undefined) | undefined
}

/** Content that whoever takes it has to compare, and does not take where it differs. */
export interface Comparable<out R = never> {
  /** What may be the MD5 of the bytes, in lower-case hex: where it is not, they have to be read by `Source.read`. */
  readonly md5: string
  /** As `Source.read` gives them, but not verified by an MD5. */
  readonly bytes: Stream.Stream<Uint8Array, SourceError, R>
}

/** Addresses of a file for somebody without our credentials. */
export interface Link<out R = never> {
  /** Anybody may read the file anyway, by an address without a signature that does not expire. Default false. */
  readonly isPublic?: boolean | undefined
  /** An https address that anybody can GET for so long, and no longer. Carries a signature: a secret. */
  readonly presigned: (
    file: SourceFile,
    expiresIn: Duration.Duration
  ) => Effect.Effect<Redacted.Redacted<string>, SourceError, R>
  /**
   * The same of many files at once, in their order, for a source to which that is less than one after the other. Where it fails
   * they are asked for one by one.
   */
  readonly presignedAll?:
    | ((
        files: Arr.NonEmptyReadonlyArray<SourceFile>,
        expiresIn: Duration.Duration
      ) => Effect.Effect<Redacted.Redacted<ReadonlyArray<string>>, SourceError, R>)
    | undefined
  /** The store's own address (`s3://bucket/key`, not encoded), for a sink that has been given access of its own. */
  readonly address: (file: SourceFile) => string
}
