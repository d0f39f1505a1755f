/**
 * What became of one record.
 */
import { Schema } from "effect"

const reference = {
  /** The sink's own id of the object, where its answer named one. */
  objectId: Schema.optionalKey(Schema.String)
}

const delivered = {
  ...reference,
  /** SHA-256 of the content, lower-case hex, where it went through here. */
  sha256: Schema.optionalKey(Schema.String),
  /** How the content got there, and why so, for people: `upload: 12,000,000 bytes do not fit into a request`. */
  delivery: Schema.optionalKey(Schema.String)
}

/** What a person needs to understand a refusal. Holds no secret and no content. */
export const Cause = Schema.Struct({
  /** Stable, kebab case, to count by: `validation`, `url-unreachable`, `needs-upload`, `unsupported-type`. */
  code: Schema.NonEmptyString,
  /** What is so, and what to do about it. */
  message: Schema.NonEmptyString,
  /** The request id the sink's answer carried, for its support. */
  requestId: Schema.optionalKey(Schema.String)
})
export interface Cause extends Schema.Schema.Type<typeof Cause> {}

/** What became of one record. Every change of a source gets exactly one. */
export const Outcome = Schema.TaggedUnion({
  Created: delivered,
  Updated: delivered,
  /** The sink has the same content already and kept that. */
  SkippedDuplicate: reference,
  /** Known to be there already, in this state: nothing was sent. */
  Unchanged: {},
  /** The filter leaves it out. */
  Filtered: {},
  /** Left alone on purpose. */
  Skipped: { cause: Cause },
  Removed: {},
  /** Refused for good. */
  Rejected: { cause: Cause }
})
export type Outcome = typeof Outcome.Type

export const { Created, Updated, SkippedDuplicate, Unchanged, Filtered, Skipped, Removed, Rejected } = Outcome.cases

/**
 * The object that a file has after an outcome, from the one it had before. That of a duplicate is another file's, unless it
 * is the file's own.
 */
export const objectAfter = (outcome: Outcome, before: string | undefined): string | undefined => {
  switch (outcome._tag) {
    case "Created":
      return outcome.objectId
    case "Updated":
      return outcome.objectId ?? before
    case "SkippedDuplicate":
      return outcome.objectId === undefined || outcome.objectId === before ? before : undefined
    default:
      return before
  }
}

/** The SHA-256 that is known of a file's content after an outcome, from the one that was known before. */
export const sha256After = (outcome: Outcome, before: string | undefined): string | undefined => {
  switch (outcome._tag) {
    case "Created":
    case "Updated":
      return outcome.sha256
    case "Unchanged":
      return before
    default:
      return undefined
  }
}

/** True where the outcome means that the sink has the file in this state. */
export const isDelivered = (outcome: Outcome): boolean =>
  outcome._tag === "Created" || outcome._tag === "Updated" || outcome._tag === "SkippedDuplicate"
