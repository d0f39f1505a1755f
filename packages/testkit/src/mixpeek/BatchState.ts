/**
 * What the stand-in knows of processing batches.
 */
import type { State } from "./State.ts"
import * as Tasks from "./Tasks.ts"

/** Why an object was not processed, in the API's categories. */
export type Category = "dependency" | "authentication" | "validation" | "runtime" | "network" | "resource"

/** Objects whose processing fails. */
export interface ProcessingFailure {
  readonly category: Category
  /** Source keys of the objects. All objects where absent. */
  readonly sourceKeys?: ReadonlyArray<string> | undefined
  /** Share of these objects, 0 to 1; the same source key always meets the same fate. 1 by default. */
  readonly fraction?: number | undefined
  /** So many attempts fail, and then no more. No end by default. */
  readonly times?: number | undefined
  /** Whether `transient_only` retries it. True for `network` alone, by default. */
  readonly transient?: boolean | undefined
}

/** How batches are processed; by the collections of `documents`. */
export interface ProcessingSettings {
  /** When a batch that was submitted is no longer PENDING. At once by default. */
  readonly queue?: Tasks.Until | undefined
  /** When it is no longer IN_PROGRESS. After one poll by default. */
  readonly run?: Tasks.Until | undefined
  /** The first that applies decides. None by default. */
  readonly failures?: ReadonlyArray<ProcessingFailure> | undefined
  /**
   * What a second submission of a batch is answered: 429 within 60 seconds of the first and 400 later (default), or the
   * task of the first.
   */
  readonly resubmit?: 429 | "same" | undefined
  /** What a submission is answered where there are no collections: a task, which completes (default), or 400. */
  readonly withoutCollections?: "completes" | 400 | undefined
  /** The answer that lists what failed is described as a map, and no more: an array of this name, or something else. */
  readonly failedForm?: "failed_documents" | "results" | "unknown" | undefined
}

/** An object that could not be processed. */
export interface FailedObject {
  readonly objectId: string
  readonly category: Category
  readonly transient: boolean
  readonly message: string
  /** How often it was tried again. */
  readonly retries: number
  /** Milliseconds since 1970. */
  readonly at: number
}

/** A batch. Times are milliseconds since 1970. */
export interface StoredBatch {
  readonly batchId: string
  readonly bucketId: string
  readonly objectIds: ReadonlyArray<string>
  /** Those that were found when they were added. */
  readonly loadedIds: ReadonlyArray<string>
  /** Whether `auto_process` made it. */
  readonly automatic: boolean
  /** The task of its latest processing. */
  readonly taskId: string | null
  /** Collections there were when it was submitted. */
  readonly collectionIds: ReadonlyArray<string>
  readonly createdAt: number
  readonly updatedAt: number
  readonly submittedAt: number | null
  readonly endedAt: number | null
  /** Requests to submit it, answered in whatever way. */
  readonly submits: number
  /** Objects whose latest processing failed. */
  readonly failures: ReadonlyArray<FailedObject>
}

/** A batch as a test sees it. */
export interface Batch extends StoredBatch {
  readonly status: string
}

/** How often an object was processed. */
export interface Processed {
  readonly succeeded: number
  readonly failed: number
}

/** DRAFT until it is submitted; then what its latest task says. */
export const statusOf = (state: State, { taskId }: StoredBatch): string => {
  const task = taskId === null ? undefined : state.tasks.get(taskId)
  return task === undefined ? "DRAFT" : Tasks.statusOf(task)
}

/** Finds a batch of a bucket. */
export const find = (state: State, bucketId: string, batchId: string): StoredBatch | undefined => {
  const batch = state.batches.get(batchId)
  return batch?.bucketId === bucketId ? batch : undefined
}

/** Batches of a bucket in the order of creation. */
export const of = (state: State, bucketId: string): ReadonlyArray<StoredBatch> =>
  [...state.batches.values()].filter((batch) => batch.bucketId === bucketId)

/** Changes a batch, unless it was deleted meanwhile. */
export const change = (state: State, batchId: string, changes: Partial<StoredBatch>): StoredBatch | undefined => {
  const batch = state.batches.get(batchId)
  if (batch === undefined) return undefined
  const changed = { ...batch, ...changes, updatedAt: state.clock.currentTimeMillisUnsafe() }
  state.batches.set(batchId, changed)
  return changed
}

/** Batches of a bucket as a test sees them. */
export const views = (state: State, bucketId: string): ReadonlyArray<Batch> =>
  of(state, bucketId).map((batch) => ({ ...batch, status: statusOf(state, batch) }))
