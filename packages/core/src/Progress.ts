/**
 * What happens while a run goes on, as events anybody can subscribe to, and as numbers at a moment.
 */
import { Schema } from "effect"
import { Report } from "./Report.ts"

/** One step of a run. Encodes to JSON, for services that stream it. */
export const Event = Schema.TaggedUnion({
  Started: { pipeline: Schema.String, runId: Schema.String, at: Schema.DateTimeUtcFromString },
  /** The source named so many changes in one page. */
  Listed: { range: Schema.String, changes: Schema.Natural },
  /** The source has said everything. */
  ListingEnded: {},
  /** A batch was taken and is about to be sent. */
  BatchTaken: { records: Schema.Natural, bytes: Schema.Finite, fill: Schema.Finite },
  /** So many files found their outcome. */
  Settled: { files: Schema.Natural },
  Ended: { report: Report }
})
export type Event = typeof Event.Type

/** Where a run stands. */
export interface Snapshot {
  readonly pipeline: string
  readonly seconds: number
  /** Changes the source has named so far. */
  readonly listed: number
  readonly listingEnded: boolean
  /** Files with an outcome so far. */
  readonly discovered: number
  readonly created: number
  readonly updated: number
  readonly unchanged: number
  readonly filtered: number
  readonly skipped: number
  readonly rejected: number
  readonly removed: number
  readonly bytes: number
}
