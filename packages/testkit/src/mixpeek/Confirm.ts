/**
 * `confirmUpload` and `confirmUploadsBatch`: what was put is looked at, and becomes usable.
 */
import { Effect, Predicate } from "effect"
import type { Answer } from "./Answer.ts"
import * as Answers from "./Answer.ts"
import type { BucketState } from "./BucketState.ts"
import * as Draft from "./Draft.ts"
import type { State } from "./State.ts"
import type { StoredFile } from "./Storage.ts"
import * as Tasks from "./Tasks.ts"
import { objectOf, tooLarge } from "./Uploads.ts"
import { find, firstCompleted, save, type StoredUpload } from "./UploadState.ts"
import * as Wire from "./Wire.ts"

/** What a client claims of the file it has put. */
interface Claim {
  readonly etag: string | undefined
  readonly size: number | undefined
}

const claimOf = (body: unknown): Claim => {
  const { etag, file_size_bytes } = Predicate.isObject(body) ? body : {}
  return {
    etag: Predicate.isString(etag) ? etag.replace(/^"(.*)"$/, "$1") : undefined,
    size: Predicate.isNumber(file_size_bytes) ? file_size_bytes : undefined
  }
}

const messageOf = ({ body }: Answer): string =>
  Predicate.hasProperty(body, "error") && Predicate.hasProperty(body.error, "message")
    ? String(body.error.message)
    : "The confirmation failed"

/** What does not agree, in words. */
const mismatch = (state: State, upload: StoredUpload, file: StoredFile, claim: Claim): string | undefined => {
  const { fileHash = "unchecked" } = state.settings.uploads
  if (claim.etag !== undefined && claim.etag !== file.etag) {
    return `ETag mismatch: expected ${claim.etag}, found ${file.etag}`
  }
  const declared = [claim.size, upload.fileSizeBytes].find((size) => size !== undefined && size !== file.size)
  if (declared != null) return `File size mismatch: expected ${declared}, found ${file.size}`
  if (upload.fileHash === null || fileHash === "unchecked") return undefined
  const found = fileHash === "etag" ? file.etag : file.sha256
  return found === upload.fileHash ? undefined : `File hash mismatch: expected ${upload.fileHash}, found ${found}`
}

/** A confirmed upload with the same content, which is told by the ETag. */
const twinOf = (state: State, upload: StoredUpload, etag: string): StoredUpload | undefined =>
  upload.skipDuplicates ? firstCompleted(state, upload.bucketId, (other) => other.etag === etag) : undefined

/** Looks at the file, makes the object where one is to be made, and completes the upload; or says what is wrong. */
const complete = Effect.fnUntraced(function* (state: State, bucket: BucketState, upload: StoredUpload, claim: Claim) {
  const file = state.files.get(upload.key)
  if (file === undefined) return Answers.badRequest(`No file was found in storage for upload ${upload.uploadId}`)
  const wrong = mismatch(state, upload, file, claim)
  if (wrong !== undefined) return Answers.badRequest(wrong)
  const refusal = tooLarge(state, file.size)
  if (refusal !== undefined) return refusal
  const now = state.clock.currentTimeMillisUnsafe()
  const twin = twinOf(state, upload, file.etag)
  const completed = save(state, {
    ...upload,
    status: "COMPLETED",
    fileHash: upload.fileHash ?? file.etag,
    etag: file.etag,
    completedAt: now,
    duplicateOf: twin?.uploadId ?? null,
    objectId: twin?.objectId ?? null
  })
  if (!upload.createsObject || completed.objectId !== null) return completed
  const draft = yield* Draft.make(state, bucket, objectOf(completed))
  if (draft._tag === "Refused") {
    save(state, { ...upload, status: "FAILED", message: draft.complaint.message })
    return Answers.badRequest(draft.complaint.message)
  }
  return save(state, { ...completed, objectId: Draft.store(state, bucket, draft.draft, undefined).objectId })
})

const isUpload = (value: Answer | StoredUpload): value is StoredUpload => "uploadId" in value

type Item = { readonly uploadId: string; readonly claim: Claim }

/** What has become of one upload of a task. */
const inBackground = Effect.fnUntraced(function* (state: State, bucket: BucketState, { claim, uploadId }: Item) {
  const upload = find(state, bucket.options.id, uploadId)
  const failed = (error: string) => ({ upload_id: uploadId, status: "FAILED", error })
  if (upload === undefined) return failed(`Upload ${uploadId} was not found`)
  if (upload.status === "COMPLETED") return { upload_id: uploadId, status: upload.status, object_id: upload.objectId }
  if (upload.status !== "PROCESSING") return failed(`Upload ${uploadId} is ${upload.status} and cannot be confirmed`)
  const result = yield* complete(state, bucket, upload, claim)
  if (isUpload(result)) return { upload_id: uploadId, status: result.status, object_id: result.objectId }
  const message = messageOf(result)
  save(state, { ...upload, status: "FAILED", message })
  return failed(message)
})

/** Hands confirmations to the background. Uploads that can be confirmed are PROCESSING from now on. */
const begin = (state: State, bucket: BucketState, type: string, items: ReadonlyArray<Item>) => {
  const task = Tasks.start(state, {
    type,
    inputs: items.map(({ uploadId }) => uploadId),
    data: { bucket_id: bucket.options.id },
    stages: [{ status: "IN_PROGRESS", until: state.settings.uploads.confirmation ?? { polls: 1 } }],
    finish: Effect.map(
      Effect.forEach(items, (item) => inBackground(state, bucket, item)),
      (outputs): Tasks.Outcome => {
        const errors = outputs.flatMap((output) => ("error" in output ? output.error : []))
        const status =
          errors.length === 0 ? "COMPLETED" : errors.length < outputs.length ? "COMPLETED_WITH_ERRORS" : "FAILED"
        return { status, outputs, error: status === "FAILED" ? (errors[0] ?? null) : null }
      }
    )
  })
  for (const { uploadId } of items) {
    const upload = find(state, bucket.options.id, uploadId)
    if (upload?.status === "PENDING") save(state, { ...upload, status: "PROCESSING", taskId: task.taskId })
  }
  return task
}

/** `body` may be empty; the larger files are confirmed in the background whatever the request says. */
export const one = Effect.fnUntraced(function* (
  state: State,
  bucket: BucketState,
  uploadId: string,
  body: unknown,
  query: URLSearchParams
) {
  const { backgroundBytes = 1e8, reconfirm = "same" } = state.settings.uploads
  const upload = find(state, bucket.options.id, uploadId)
  if (upload === undefined) return Answers.notFound(`Upload ${uploadId} was not found`)
  const file = state.files.get(upload.key)
  const again = upload.status === "PROCESSING" || (upload.status === "COMPLETED" && reconfirm === "same")
  if (again) return Answers.ok(Wire.confirmation(upload, file))
  if (upload.status !== "PENDING") {
    return Answers.badRequest(`Upload ${uploadId} is ${upload.status} and cannot be confirmed`)
  }
  const claim = claimOf(body)
  if (query.get("async") === "true" || (file?.size ?? 0) >= backgroundBytes) {
    const { taskId } = begin(state, bucket, "api_buckets_uploads_confirm", [{ uploadId, claim }])
    return Answers.ok(Wire.confirmation({ ...upload, status: "PROCESSING", taskId }, file))
  }
  const result = yield* complete(state, bucket, upload, claim)
  return isUpload(result) ? Answers.ok(Wire.confirmation(result, file)) : result
})

/** Always in the background: what is wrong with one of them only its task tells. */
export const batch = (state: State, bucket: BucketState, body: unknown): Answer => {
  const confirmations = Predicate.isObject(body) && Array.isArray(body["confirmations"]) ? body["confirmations"] : []
  const items = confirmations.map((confirmation: unknown) => ({
    uploadId: Predicate.hasProperty(confirmation, "upload_id") ? String(confirmation.upload_id) : "",
    claim: claimOf(confirmation)
  }))
  const task = begin(state, bucket, "api_buckets_uploads_batch_confirm", items)
  return Answers.ok({
    task_id: task.taskId,
    status: "PENDING",
    confirmations_count: items.length,
    task: { ...Tasks.wire(task), status: "PENDING" },
    message: "Batch confirmation is being processed in the background."
  })
}
