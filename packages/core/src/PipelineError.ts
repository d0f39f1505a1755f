/**
 * Why a run could not begin, or go on.
 */
import { Schema } from "effect"
import * as Check from "./Check.ts"
import type { Failure } from "./internal/run.ts"
import { LedgerError } from "./LedgerError.ts"
import { Cause } from "./Outcome.ts"
import * as Report from "./Report.ts"
import { SinkError } from "./Sink.ts"
import { SourceError } from "./Source.ts"

/** Refused before any work: at least one finding is an error. */
export class CheckFailed extends Schema.TaggedClass<CheckFailed>()("CheckFailed", {
  findings: Schema.Array(Check.Finding)
}) {}
/** The source cannot go on. */
export class SourceFailed extends Schema.TaggedClass<SourceFailed>()("SourceFailed", { error: SourceError }) {}
/** The sink cannot go on. */
export class SinkFailed extends Schema.TaggedClass<SinkFailed>()("SinkFailed", { error: SinkError }) {}
/** The ledger cannot go on, or does not let this run begin (`Held`, `Paused`). */
export class LedgerFailed extends Schema.TaggedClass<LedgerFailed>()("LedgerFailed", { error: LedgerError }) {}
/** File after file was refused: `maxConsecutiveFailures`. */
export class TooManyRefusals extends Schema.TaggedClass<TooManyRefusals>()("TooManyRefusals", {
  count: Schema.Natural,
  /** Why the last one was. */
  cause: Cause
}) {}

/** Why a run could not go on. Single files never end a run: they are rejected, and counted in its report. */
export class PipelineError extends Schema.TaggedError<PipelineError>()("PipelineError", {
  pipeline: Schema.String,
  reason: Schema.Union([CheckFailed, SourceFailed, SinkFailed, LedgerFailed, TooManyRefusals]),
  /** What was done before it ended; absent where it was refused before any work. */
  report: Schema.optionalKey(Report.Report)
}) {
  override get message(): string {
    const reason = this.reason
    if (reason._tag === "TooManyRefusals") {
      const { code, message } = reason.cause
      return `${this.pipeline}: ${reason.count} files in a row were refused, the last one with ${code} (${message}): see to the cause, or raise maxConsecutiveFailures`
    }
    if (reason._tag !== "CheckFailed") return `${this.pipeline}: ${reason.error.message}`
    const errors = reason.findings.filter((finding) => finding.severity === "error")
    return [`${this.pipeline} was refused before any work:`, ...errors.map(Check.format)].join("\n  ")
  }
}

/** The error of a run that a failure ended. */
export const failed = (pipeline: string, error: Failure, report?: Report.Report): PipelineError => {
  return new PipelineError({ pipeline, reason: reasonOf(error), ...(report === undefined ? {} : { report }) })
}

const reasonOf = (error: Failure): PipelineError["reason"] => {
  switch (error._tag) {
    case "SourceError":
      return new SourceFailed({ error })
    case "SinkError":
      return new SinkFailed({ error })
    case "LedgerError":
      return new LedgerFailed({ error })
    case "Refusals":
      return new TooManyRefusals({ count: error.count, cause: error.cause })
  }
}
