/**
 * Counts while a run goes on; its size does not depend on the number of files.
 */
import type { DateTime } from "effect"
import type { Outage, UploadEvent } from "../Observer.ts"
import type { Batch } from "../Dispatch.ts"
import type { Outcome } from "../Outcome.ts"
import type { Closed, Failure } from "../Processing.ts"
import { type CauseCount, type Column, columnOf, type Pass, type Report } from "../Report.ts"

/** Distinct causes that are told apart; the rest are counted as `other`. */
const maxCauses = 50
const maxExamples = 3

type Counts = Record<Column, number>

/** What happened to objects that are processed. */
export type ProcessingEvent =
  | { readonly _tag: "Submitted"; readonly objects: number }
  | (Closed & {
      readonly _tag: "Ended"
      /** Of those that completed, as far as anybody knows, so many did not. */
      readonly unnamed: ReadonlyArray<{ readonly failure: Failure; readonly count: number }>
    })
  /** So many are without a result. */
  | { readonly _tag: "Left"; readonly objects: number }

export interface Tally {
  readonly listed: (changes: number) => void
  readonly settled: (uri: string, outcome: Outcome, size: number | undefined) => void
  readonly batch: (batch: Batch) => void
  /** A sweep, or following changes, came to an end. */
  readonly pass: (pass: Pass) => void
  /** So many removals wait for a confirmation. */
  readonly heldBack: (removals: number) => void
  readonly request: (role: "source" | "sink") => void
  readonly retried: () => void
  readonly waited: (millis: number) => void
  readonly upload: (event: UploadEvent) => void
  readonly processing: (event: ProcessingEvent) => void
  /** Of outages that overlap, as all who waited for the same one tell of it, the time counts once. */
  readonly unavailable: (outage: Outage) => void
  /** The last thing the source was asked was not answered in full. */
  readonly isIncomplete: () => boolean
  readonly counts: () => Counts & { readonly listed: number; readonly discovered: number; readonly bytes: number }
  readonly report: (run: {
    readonly pipeline: string
    readonly runId: string
    readonly ended: Report["ended"]
    readonly why?: string
    readonly startedAt: DateTime.Utc
    readonly seconds: number
  }) => Report
}

export const make = (): Tally => {
  const counts: Counts = { unchanged: 0, filtered: 0, created: 0, updated: 0, skipped: 0, rejected: 0, removed: 0 }
  const rejections = makeCauses()
  const skips = makeCauses()
  let listed = 0
  let bytes = 0
  let batches = 0
  let fill = 0
  let lastFill = 0
  let requests = 0
  let sourceRequests = 0
  let retries = 0
  let waitedMillis = 0
  let unavailableMillis = 0
  let availableFrom = 0
  let heldBack = 0
  const uploads = { created: 0, completed: 0, bytes: 0, mismatched: 0, orphans: 0 }
  let processing: { batches: number; objects: number; completed: number; failed: number; open: number } | undefined
  const failures = makeCauses()
  const passes: Array<Pass> = []
  const discovered = () =>
    counts.unchanged +
    counts.filtered +
    counts.created +
    counts.updated +
    counts.skipped +
    counts.rejected +
    counts.removed

  return {
    listed: (changes) => {
      listed += changes
    },
    settled: (uri, outcome, size) => {
      const column = columnOf(outcome)
      counts[column]++
      if (column === "created" || column === "updated") bytes += size ?? 0
      if (outcome._tag === "Rejected") rejections.add(outcome.cause.code, uri, outcome.cause.message)
      if (outcome._tag === "Skipped") skips.add(outcome.cause.code, uri, outcome.cause.message)
      if (outcome._tag === "SkippedDuplicate") skips.add("duplicate", uri, "the sink has the same content already")
    },
    batch: (batch) => {
      batches++
      fill += lastFill
      lastFill = batch.fill
    },
    pass: (pass) => {
      passes.push(pass)
    },
    heldBack: (removals) => {
      heldBack = removals
    },
    request: (role) => {
      if (role === "sink") requests++
      else sourceRequests++
    },
    retried: () => {
      retries++
    },
    waited: (millis) => {
      waitedMillis += millis
    },
    upload: (event) => {
      if (event._tag === "Created") uploads.created++
      else if (event._tag === "Mismatched") uploads.mismatched++
      else if (event._tag === "Orphaned") uploads.orphans++
      else {
        uploads.completed++
        uploads.bytes += event.bytes
      }
    },
    processing: (event) => {
      processing ??= { batches: 0, objects: 0, completed: 0, failed: 0, open: 0 }
      if (event._tag === "Left") processing.open = event.objects
      else if (event._tag === "Submitted") {
        processing.batches++
        processing.objects += event.objects
      } else {
        const unnamed = event.unnamed.map(({ count, failure }) => ({ failure, count: Math.max(count, 0) }))
        const others = Math.min(
          unnamed.reduce((sum, { count }) => sum + count, 0),
          event.completed
        )
        processing.completed += event.completed - others
        processing.failed += event.failed.length + others
        for (const { failure, uri } of event.failed) failures.add(failure.code, uri, failure.message)
        for (const { count, failure } of unnamed) failures.count(failure.code, count)
      }
    },
    unavailable: ({ since, until }) => {
      unavailableMillis += Math.max(0, until - Math.max(since, availableFrom))
      availableFrom = Math.max(availableFrom, until)
    },
    isIncomplete: () => passes.at(-1)?.ended === "incomplete",
    counts: () => ({ ...counts, listed, discovered: discovered(), bytes }),
    report: (run) => ({
      ...run,
      ...counts,
      discovered: discovered(),
      passes: [...passes],
      heldBack,
      unsettled: Math.max(listed - discovered(), 0),
      bytes,
      uploads: { ...uploads },
      ...(processing === undefined ? {} : { processing: { ...processing, causes: failures.list() } }),
      batches,
      batchFill: batches > 1 ? fill / (batches - 1) : 1,
      requests,
      sourceRequests,
      retries,
      waitedSeconds: waitedMillis / 1000,
      unavailableSeconds: unavailableMillis / 1000,
      rejections: rejections.list(),
      skips: skips.list()
    })
  }
}

const makeCauses = () => {
  const causes = new Map<string, { count: number; examples: Array<{ uri: string; message: string }> }>()
  const count = (code: string, more: number) => {
    const key = causes.has(code) || causes.size < maxCauses ? code : "other"
    const cause = causes.get(key) ?? { count: 0, examples: [] }
    causes.set(key, cause)
    cause.count += more
    return cause
  }
  return {
    /** Without examples. */
    count: (code: string, more: number) => {
      count(code, more)
    },
    add: (code: string, uri: string, message: string) => {
      const cause = count(code, 1)
      if (cause.examples.length < maxExamples) cause.examples.push({ uri, message })
    },
    list: (): ReadonlyArray<CauseCount> =>
      Array.from(causes, ([code, cause]) => ({ code, ...cause })).toSorted((a, b) => b.count - a.count)
  }
}
