/**
 * What a check found before any work: one finding for each thing looked at.
 */
import { Schema } from "effect"

/** One thing looked at. */
export const Finding = Schema.Struct({
  /** `error` stops the run before it starts; `warning` and `ok` do not. */
  severity: Schema.Literals(["ok", "warning", "error"]),
  /** What it is about: the field of the configuration, the permission, the property. */
  subject: Schema.NonEmptyString,
  /** What is so. */
  message: Schema.NonEmptyString,
  /** What to do next; required where it is not `ok`. */
  remedy: Schema.optionalKey(Schema.NonEmptyString)
})
export interface Finding extends Schema.Schema.Type<typeof Finding> {}

export const ok = (subject: string, message: string): Finding => ({ severity: "ok", subject, message })
export const warning = (subject: string, message: string, remedy: string): Finding => ({
  severity: "warning",
  subject,
  message,
  remedy
})
export const error = (subject: string, message: string, remedy: string): Finding => ({
  severity: "error",
  subject,
  message,
  remedy
})

/** `error  bucket: …; do this` for a terminal or a log. */
export const format = (finding: Finding): string =>
  `${finding.severity.padEnd(7)} ${finding.subject}: ${finding.message}${finding.remedy === undefined ? "" : `. ${finding.remedy}`}`
