/**
 * A batch as the API answers it.
 */
import * as BatchState from "./BatchState.ts"
import type { State } from "./State.ts"

const timestamp = (millis: number): string => new Date(millis).toISOString()

/** How many failures there are of each category; null where there are none. */
const summary = (failures: ReadonlyArray<BatchState.FailedObject>) =>
  failures.length === 0
    ? null
    : Object.fromEntries(
        Map.groupBy(failures, ({ category }) => category)
          .entries()
          .map(([category, group]) => [category, group.length])
      )

const errors = (failures: ReadonlyArray<BatchState.FailedObject>) =>
  [...Map.groupBy(failures, ({ category, message }) => `${category} ${message}`).values()].flatMap((group) =>
    group.slice(0, 1).map(({ at, category, message }) => ({
      error_type: category,
      message,
      component: "StandIn",
      stage: "processing",
      timestamp: timestamp(at),
      affected_document_ids: group.map(({ objectId }) => objectId),
      affected_count: group.length,
      recovery_suggestion: null
    }))
  )

/** The one tier there is: from the bucket to its collections. */
const tier = (state: State, batch: BatchState.StoredBatch) => {
  const { collectionIds, endedAt, failures, objectIds, submittedAt, taskId } = batch
  const status = BatchState.statusOf(state, batch)
  const started = status === "PENDING" ? null : submittedAt
  const written = endedAt === null || status === "CANCELED" ? null : objectIds.length - failures.length
  return {
    tier_num: 0,
    task_id: taskId,
    status,
    collection_ids: collectionIds,
    source_type: "bucket",
    errors: errors(failures),
    error_summary: summary(failures),
    started_at: started === null ? null : timestamp(started),
    completed_at: endedAt === null ? null : timestamp(endedAt),
    duration_ms: endedAt === null || started === null ? null : endedAt - started,
    source_documents_fetched: objectIds.length,
    documents_after_source_filter: objectIds.length,
    documents_missing_input_fields: 0,
    documents_submitted_to_engine: objectIds.length,
    documents_written: written
  }
}

/** `tier_tasks` is empty for a DRAFT, and where there are no collections. */
export const batch = (state: State, stored: BatchState.StoredBatch) => {
  const { collectionIds, failures, taskId } = stored
  const tiers = taskId === null || collectionIds.length === 0 ? [] : [tier(state, stored)]
  const status = BatchState.statusOf(state, stored)
  return {
    batch_id: stored.batchId,
    bucket_id: stored.bucketId,
    status,
    type: "BUCKET",
    object_ids: stored.objectIds,
    collection_ids: collectionIds,
    loaded_object_ids: stored.loadedIds,
    task_id: taskId,
    error: failures[0]?.message ?? null,
    error_summary: summary(failures),
    current_tier: status === "DRAFT" || status === "PENDING" ? null : 0,
    total_tiers: 1,
    dag_tiers: tiers.length === 0 ? null : [collectionIds],
    tier_tasks: tiers,
    metadata: {},
    created_at: timestamp(stored.createdAt),
    updated_at: timestamp(stored.updatedAt)
  }
}
