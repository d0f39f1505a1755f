/**
 * The part of Mixpeek's REST API that processes objects: batches, and what failed of them. What failed is described as a map and
 * no more, so it is read as leniently as can be.
 */
import { Schema } from "effect"
import { lenient, Status } from "./Wire.ts"

/** Batches in an answer that lists them, at most. */
export const maxListed = 1000

/** Failed documents in an answer; nowhere is it said how many there may be. */
export const maxFailed = 100

/** `BatchErrorDetail`. */
const BatchError = Schema.Struct({
  error_type: lenient(Schema.NonEmptyString),
  message: lenient(Schema.NonEmptyString),
  stage: lenient(Schema.NonEmptyString),
  affected_document_ids: lenient(Schema.Array(Schema.String))
})

/** `TierTaskInfo`. */
const TierTask = Schema.Struct({
  tier_num: lenient(Schema.Natural),
  errors: lenient(Schema.Array(BatchError))
})

/** `BatchModel`. */
export const BatchResponse = Schema.Struct({
  batch_id: Schema.NonEmptyString,
  status: lenient(Status),
  object_ids: lenient(Schema.Array(Schema.NonEmptyString)),
  collection_ids: lenient(Schema.Array(Schema.String)),
  /** Empty before it is submitted, and where there are no collections. */
  tier_tasks: lenient(Schema.Array(TierTask)),
  error: lenient(Schema.NonEmptyString),
  /** How many there are of each category. */
  error_summary: lenient(Schema.Record(Schema.String, Schema.Natural))
})
export type BatchResponse = typeof BatchResponse.Type

/** `ListBatchesResponse`. */
export const ListBatchesResponse = Schema.Struct({ results: Schema.Array(BatchResponse) })

/** What could not be processed, as far as it can be understood. */
export const FailedDocument = Schema.Struct({
  object_id: lenient(Schema.NonEmptyString),
  source_object_id: lenient(Schema.NonEmptyString),
  tier_num: lenient(Schema.Natural),
  stage: lenient(Schema.NonEmptyString),
  error_type: lenient(Schema.NonEmptyString),
  error_message: lenient(Schema.NonEmptyString),
  is_transient: lenient(Schema.Boolean)
})
export type FailedDocument = typeof FailedDocument.Type

/** The answer that lists them; by the name that it has, where it has one. */
export const FailedDocumentsResponse = Schema.Struct({
  failed_documents: lenient(Schema.Array(FailedDocument)),
  results: lenient(Schema.Array(FailedDocument))
})

/** The answer to a retry. */
export const RetryResponse = Schema.Struct({ retried_count: lenient(Schema.Natural) })
