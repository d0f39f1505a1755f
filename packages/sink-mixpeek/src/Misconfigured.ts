/**
 * A configuration that cannot work, refused before any work.
 */
import { Schema } from "effect"

/** Names the field, what is wrong with it and what to do. Never holds the value of a secret. */
export class Misconfigured extends Schema.TaggedError<Misconfigured>()("Misconfigured", {
  /** The option: `apiKey`, `batch.maxRecords`. */
  field: Schema.NonEmptyString,
  problem: Schema.NonEmptyString,
  remedy: Schema.NonEmptyString
}) {
  override get message(): string {
    return `${this.field}: ${this.problem}. ${this.remedy}`
  }
}
