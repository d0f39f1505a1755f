/**
 * What a run did. It adds up, always: `discovered = unchanged + filtered + created + updated + skipped + rejected + removed`.
 */
import { Effect, Schema } from "effect"
import type { Outcome } from "./Outcome.ts"

/** How often one cause occurred, and the first few files it occurred to. */
export const CauseCount = Schema.Struct({
  code: Schema.String,
  count: Schema.Natural,
  /** The first three. */
  examples: Schema.Array(Schema.Struct({ uri: Schema.String, message: Schema.String }))
})
export interface CauseCount extends Schema.Schema.Type<typeof CauseCount> {}

/** One sweep of the source, or one following of its changes. */
export const Pass = Schema.Struct({
  kind: Schema.Literals(["sweep", "follow"]),
  /**
   * `complete`: everything was said and is settled. `incomplete`: the store could not say everything; the next run sweeps
   * again. `expired`: changes could no longer be followed from where the last run left off; everything was swept
   * instead. `unfinished`: the run ended before it; a later one goes on from there.
   */
  ended: Schema.Literals(["complete", "incomplete", "expired", "unfinished"]),
  /** Why, where it is not complete. */
  message: Schema.optionalKey(Schema.String)
})
export interface Pass extends Schema.Schema.Type<typeof Pass> {}

/** Content that was put somewhere before an object was made of it. */
export const Uploads = Schema.Struct({
  created: Schema.Natural,
  /** There, whole. */
  completed: Schema.Natural,
  /** Of those that are there. */
  bytes: Schema.Finite,
  /** Those whose bytes were not what source or store said they are. */
  mismatched: Schema.Natural,
  /** Those that no object came to use and that cannot be taken back. */
  orphans: Schema.Natural
})
export interface Uploads extends Schema.Schema.Type<typeof Uploads> {}

/** What a sink does with objects that are there, in the background. Counts are of objects, but for `batches`. */
export const Processing = Schema.Struct({
  /** Batches that this run submitted. */
  batches: Schema.Natural,
  /** Objects in them. */
  objects: Schema.Natural,
  /** Objects whose result was heard of in this run; those of earlier runs' batches too. */
  completed: Schema.Natural,
  failed: Schema.Natural,
  /** Without a result when the run ended, submitted or not: the next run goes on with them. */
  open: Schema.Natural,
  /** Why objects failed, most frequent first; `Ledger.unprocessed` lists each of them. */
  causes: Schema.Array(CauseCount)
})
export interface Processing extends Schema.Schema.Type<typeof Processing> {}

/** What a run did. All counts are of files unless they say otherwise. */
export const Report = Schema.Struct({
  pipeline: Schema.String,
  runId: Schema.String,
  /**
   * `complete`: the source said everything and all of it has its outcome. `incomplete`: it could not say everything
   * (`passes` says why). `stopped`: somebody asked it to stop. `failed`: it could not go on. In the last three cases a
   * later run takes what is missing.
   */
  ended: Schema.Literals(["complete", "incomplete", "stopped", "failed"]),
  /** Why it stopped, where it was not by a signal: it was paused, or a limit of its own was reached. */
  why: Schema.optionalKey(Schema.String),
  startedAt: Schema.DateTimeUtcFromString,
  seconds: Schema.Finite,
  /** How the source was asked, in order. */
  passes: Schema.Array(Pass),
  /** Files that have their outcome. */
  discovered: Schema.Natural,
  unchanged: Schema.Natural,
  filtered: Schema.Natural,
  created: Schema.Natural,
  updated: Schema.Natural,
  /** Left alone on purpose: by the source, the mapping, or as a duplicate at the sink. */
  skipped: Schema.Natural,
  rejected: Schema.Natural,
  /** Objects of files that are gone, removed. */
  removed: Schema.Natural,
  /**
   * Objects of files that are gone, kept because they are more than 10 and more than 10 % of what is known, or because
   * nothing at all was found: a run with `confirmDeletes` removes them. Not part of `discovered`.
   */
  heldBack: Schema.Natural,
  /** Listed, but without an outcome when the run ended; 0 in a complete run. Not part of `discovered`. */
  unsettled: Schema.Natural,
  /** Sum of the sizes of created and updated files, as the source states them. */
  bytes: Schema.Finite,
  uploads: Uploads,
  /** Absent where the sink processes nothing, or nobody is told of it. */
  processing: Schema.optionalKey(Processing),
  batches: Schema.Natural,
  /** Mean fullness of the batches, 0-1, the last one left out (1 when there was only that). */
  batchFill: Schema.Finite,
  /** To the sink, retries included. */
  requests: Schema.Natural,
  /** To the source, retries included. */
  sourceRequests: Schema.Natural,
  /** Requests made again, to source and sink. */
  retries: Schema.Natural,
  /** Waiting for rate limits and backoff, summed over everything that waited at the same time. */
  waitedSeconds: Schema.Finite,
  /** In which the sink was down and nothing was sent to it, from the first request that it did not answer. */
  unavailableSeconds: Schema.Finite.pipe(Schema.withDecodingDefaultKey(Effect.succeed(0))),
  /** Why files were rejected, most frequent first. */
  rejections: Schema.Array(CauseCount),
  /** Why files were skipped, most frequent first. */
  skips: Schema.Array(CauseCount)
})
export interface Report extends Schema.Schema.Type<typeof Report> {}

/** The report's name for each outcome. */
export const columnOf = (outcome: Outcome): Column => columns[outcome._tag]

/** The seven columns that add up to `discovered`. */
export type Column = "unchanged" | "filtered" | "created" | "updated" | "skipped" | "rejected" | "removed"

const columns = {
  Unchanged: "unchanged",
  Filtered: "filtered",
  Created: "created",
  Updated: "updated",
  SkippedDuplicate: "skipped",
  Skipped: "skipped",
  Rejected: "rejected",
  Removed: "removed"
} as const satisfies Record<Outcome["_tag"], Column>

const formatUploads = ({ bytes, completed, created, mismatched, orphans }: Uploads): string =>
  `  ${completed} of ${created} uploads complete, ${bytes.toLocaleString("en-US")} bytes` +
  (mismatched === 0 ? "" : `, ${mismatched} with wrong bytes`) +
  (orphans === 0 ? "" : `, ${orphans} that nothing uses and that cannot be taken back`)

const formatProcessing = ({ batches, completed, failed, objects, open }: Processing): string => {
  const count = (n: number) => n.toLocaleString("en-US")
  return (
    `  ${count(objects)} objects submitted to be processed, in ${count(batches)} batches;` +
    ` ${count(completed)} completed, ${count(failed)} failed` +
    (open === 0 ? "" : `, ${count(open)} without a result yet: the next run goes on with them`)
  )
}

/** A few lines for a person. */
export const format = (report: Report): string => {
  const count = (n: number) => n.toLocaleString("en-US")
  const headline = {
    complete: "complete",
    incomplete: "incomplete; the next run sweeps again",
    stopped: "stopped; a later run takes what is missing",
    failed: "failed; a later run takes what is missing"
  }[report.ended]
  const passes = report.passes.flatMap(({ kind, message }) => (message === undefined ? [] : [`  ${kind}: ${message}`]))
  const causes = (title: string, list: ReadonlyArray<CauseCount>) =>
    list.flatMap((cause) => [
      `  ${title} ${count(cause.count)} × ${cause.code}`,
      ...cause.examples.map((example) => `    ${example.uri}: ${example.message}`)
    ])
  return [
    `${report.pipeline}: ${headline} (${report.seconds.toFixed(1)} s)`,
    ...(report.why === undefined ? [] : [`  ${report.why}`]),
    `  discovered ${count(report.discovered)} = unchanged ${count(report.unchanged)} + filtered ${count(report.filtered)}` +
      ` + created ${count(report.created)} + updated ${count(report.updated)} + skipped ${count(report.skipped)}` +
      ` + rejected ${count(report.rejected)} + removed ${count(report.removed)}`,
    ...passes,
    ...(report.heldBack > 0
      ? [`  ${count(report.heldBack)} removals are held back: look at them, and run again with confirmDeletes`]
      : []),
    ...(report.unsettled > 0 ? [`  without an outcome: ${count(report.unsettled)}`] : []),
    `  ${count(report.bytes)} bytes, ${count(report.batches)} batches ${(report.batchFill * 100).toFixed(1)} % full,` +
      ` ${count(report.requests)} requests, ${count(report.retries)} retries, waited ${report.waitedSeconds.toFixed(1)} s`,
    ...(report.unavailableSeconds > 0
      ? [`  the sink was not available for ${report.unavailableSeconds.toFixed(1)} s`]
      : []),
    ...(report.uploads.created === 0 && report.uploads.orphans === 0 ? [] : [formatUploads(report.uploads)]),
    ...(report.processing === undefined ? [] : [formatProcessing(report.processing)]),
    ...causes("failed to be processed", report.processing?.causes ?? []),
    ...causes("rejected", report.rejections),
    ...causes("skipped", report.skips)
  ].join("\n")
}
