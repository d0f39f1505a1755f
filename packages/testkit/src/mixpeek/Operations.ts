/**
 * The API's operations, by `operationId`.
 */
import { Effect } from "effect"
import type { Answer } from "./Answer.ts"
import * as Answers from "./Answer.ts"
import * as Batches from "./Batches.ts"
import * as Buckets from "./Buckets.ts"
import type { BucketOptions, BucketState, StoredObject } from "./BucketState.ts"
import * as Confirm from "./Confirm.ts"
import * as Create from "./Create.ts"
import type { Match } from "./Description.ts"
import * as Documents from "./Documents.ts"
import type { Limits } from "./Limits.ts"
import * as List from "./List.ts"
import * as Objects from "./Objects.ts"
import type { State } from "./State.ts"
import * as Tasks from "./Tasks.ts"
import * as UploadList from "./UploadList.ts"
import * as Uploads from "./Uploads.ts"

const writes = new Set([
  "createObject",
  "createObjectsBatch",
  "updateObject",
  "patchObject",
  "deleteObject",
  "createUpload",
  "createUploadsBatch",
  "confirmUpload",
  "confirmUploadsBatch",
  "cancelUpload",
  "createBatch",
  "addObjectsToBatch",
  "submitBatch",
  "retryBatch",
  "cancelBatch",
  "deleteBatch"
])

const ofObject = (
  bucket: BucketState,
  match: Match,
  perform: (stored: StoredObject) => Answer | Effect.Effect<Answer>
): Effect.Effect<Answer> => {
  const found = Objects.find(bucket, match.parameters["object_identifier"] ?? "")
  if (!("objectId" in found)) return Effect.succeed(found)
  const answer = perform(found)
  return Effect.isEffect(answer) ? answer : Effect.succeed(answer)
}

/** Locked and vanishing buckets take no writes. */
const closed = ({ id, locked, status = "ACTIVE" }: BucketOptions): Answer | undefined => {
  if (locked === true) return Answers.forbidden(`Bucket ${id} is locked`)
  return status === "ACTIVE" ? undefined : Answers.badRequest(`Bucket ${id} is ${status}, not ACTIVE`)
}

const inBucket = (
  state: State,
  bucket: BucketState,
  match: Match,
  query: URLSearchParams,
  body: unknown
): Effect.Effect<Answer> => {
  const refusal = writes.has(match.operation) ? closed(bucket.options) : undefined
  if (refusal !== undefined) return Effect.succeed(refusal)
  switch (match.operation) {
    case "getBucket":
      return Effect.succeed(Buckets.get(bucket))
    case "createObjectsBatch":
      return Create.batch(state, bucket, body, query)
    case "createObject":
      return Create.one(state, bucket, body, query)
    case "listObjects":
      return Effect.succeed(List.list(state, bucket, body, query))
    case "getObject":
      return ofObject(bucket, match, (stored) => Objects.get(state, stored))
    case "patchObject":
      return ofObject(bucket, match, (stored) => Objects.patch(state, bucket, stored, body))
    case "updateObject":
      return ofObject(bucket, match, (stored) => Objects.update(state, bucket, stored, body))
    case "deleteObject":
      return ofObject(bucket, match, (stored) => Objects.remove(state, bucket, stored))
    case "createUpload":
      return Effect.succeed(Uploads.one(state, bucket, body))
    case "createUploadsBatch":
      return Effect.succeed(Uploads.batch(state, bucket, body))
    case "getUpload":
      return Effect.succeed(Uploads.get(state, bucket, match.parameters["upload_id"] ?? ""))
    case "cancelUpload":
      return Effect.succeed(Uploads.cancel(state, bucket, match.parameters["upload_id"] ?? "", query))
    case "listUploads":
      return Effect.succeed(UploadList.list(state, bucket, body, query))
    case "confirmUpload":
      return Confirm.one(state, bucket, match.parameters["upload_id"] ?? "", body, query)
    case "confirmUploadsBatch":
      return Effect.succeed(Confirm.batch(state, bucket, body))
    case "createBatch":
      return Effect.succeed(Batches.create(state, bucket, body, query))
    case "listBatches":
      return Effect.succeed(Batches.list(state, bucket, body))
    default:
      return Effect.succeed(
        Batches.one(state, bucket, match, body, query) ??
          // Not in the description of any operation, and so noted as a violation.
          Answers.failure(501, "NotEnabledError", `The stand-in does not offer ${match.operation}`)
      )
  }
}

const elsewhere = (state: State, match: Match, limits: Limits, body: unknown): Answer | undefined => {
  switch (match.operation) {
    case "getOrganization":
      return Buckets.organization(limits)
    case "listBuckets":
      return Buckets.list(state)
    case "getObjectDocuments":
      return Documents.list(state, match.parameters["object_id"] ?? "")
    case "deleteDocuments":
      return Documents.remove(state, match.parameters["collection_identifier"] ?? "", body)
    case "getTask":
      return Tasks.get(state, match.parameters["task_id"] ?? "")
    default:
      return undefined
  }
}

/** Does what the request asks for; `limits` are those of its key. */
export const perform = Effect.fnUntraced(function* (
  state: State,
  match: Match,
  limits: Limits,
  url: string,
  body: unknown
) {
  yield* Tasks.settle(state)
  const answer = elsewhere(state, match, limits, body)
  if (answer !== undefined) return answer
  const identifier = match.parameters["bucket_identifier"] ?? ""
  const bucket = state.buckets.get(identifier)
  if (bucket === undefined) return Answers.notFound(`Bucket ${identifier} was not found`)
  return yield* inBucket(state, bucket, match, new URL(url, "http://stand-in").searchParams, body)
})
