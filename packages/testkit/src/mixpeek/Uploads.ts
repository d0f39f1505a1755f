/**
 * `createUpload`, `createUploadsBatch`, `getUpload` and `cancelUpload`.
 */
import { Predicate } from "effect"
import type { Answer, Complaint } from "./Answer.ts"
import * as Answers from "./Answer.ts"
import * as BucketSchema from "./BucketSchema.ts"
import type { BucketState } from "./BucketState.ts"
import type { State } from "./State.ts"
import * as Storage from "./Storage.ts"
import * as Tasks from "./Tasks.ts"
import { find, firstCompleted, save, type StoredUpload } from "./UploadState.ts"
import * as Wire from "./Wire.ts"

type Json = Readonly<Record<PropertyKey, unknown>>

const text = (value: unknown): string | null => (Predicate.isString(value) ? value : null)
const map = (value: unknown): Json => (Predicate.isObject(value) ? value : {})

/** The first that matches; CSV is `excel` for Mixpeek, and HTML is `text`. */
const typesByMime: ReadonlyArray<readonly [pattern: RegExp, type: string]> = [
  [/^image\//, "image"],
  [/^video\//, "video"],
  [/^audio\//, "audio"],
  [/^application\/pdf$/, "pdf"],
  [/^text\/csv$|spreadsheetml|ms-excel/, "excel"],
  [/^text\/|^application\/(?:json|xml)$/, "text"]
]

const typeOf = (contentType: string): string | null => {
  const [mime = ""] = contentType.toLowerCase().split(";")
  return typesByMime.find(([pattern]) => pattern.test(mime.trim()))?.[1] ?? null
}

/** A request for one upload, with what is to be taken for absent. */
const draftOf = (state: State, bucket: BucketState, body: Json): StoredUpload => {
  const createdAt = state.clock.currentTimeMillisUnsafe()
  const filename = String(body["filename"])
  const contentType = String(body["content_type"])
  const uploadId = state.newId("upl")
  const expiration = Predicate.isNumber(body["presigned_url_expiration"]) ? body["presigned_url_expiration"] : 3600
  return {
    uploadId,
    bucketId: bucket.options.id,
    filename,
    contentType,
    fileSizeBytes: Predicate.isNumber(body["file_size_bytes"]) ? body["file_size_bytes"] : null,
    expiration,
    key: `int_stand_in/${state.namespace}/api_buckets_uploads_create/${uploadId}/${filename}`,
    status: "PENDING",
    metadata: map(body["metadata"]),
    createsObject: body["create_object_on_confirm"] !== false,
    objectMetadata: Predicate.isObject(body["object_metadata"]) ? body["object_metadata"] : null,
    blobProperty: text(body["blob_property"]) ?? filename.replace(/\.[^.]*$/, ""),
    blobType: text(body["blob_type"])?.toLowerCase() ?? typeOf(contentType),
    fileHash: text(body["file_hash"]),
    skipDuplicates: body["skip_duplicates"] !== false,
    duplicateOf: null,
    existingObjectId: null,
    message: null,
    createdAt,
    expiresAt: createdAt + expiration * 1000,
    completedAt: null,
    etag: null,
    objectId: null,
    taskId: null
  }
}

/** Names that could lead out of their folder. */
const misnamed = ({ filename }: StoredUpload): Complaint | undefined =>
  /(?:^|\/)\.{1,2}(?:\/|$)|\\/.test(filename)
    ? { location: ["filename"], message: "Filename must not contain path traversal characters", type: "value_error" }
    : undefined

/** Refuses what is larger than the plan takes. */
export const tooLarge = (state: State, size: number): Answer | undefined => {
  const { maxFileBytes = 5e9, tooLarge = 403 } = state.settings.uploads
  if (size <= maxFileBytes) return undefined
  const message = `File of ${size} bytes exceeds the limit of ${maxFileBytes} bytes of the plan`
  const tier = state.settings.quota?.tier ?? "pro"
  const details = { resource: "file_size_bytes", current: size, limit: maxFileBytes, tier }
  return tooLarge === 403 ? Answers.failure(403, "QuotaExceededError", message, details) : Answers.badRequest(message)
}

/** The object that the confirmation of an upload makes, as a client would send it. */
export const objectOf = ({ blobProperty, blobType, objectMetadata, uploadId }: StoredUpload): Json => ({
  ...objectMetadata,
  blobs: [{ property: blobProperty, type: blobType, upload_id: uploadId }]
})

/** What stands against the object that is to be made: it is found out before there is an address. */
const unfit = (bucket: BucketState, upload: StoredUpload): Answer | undefined => {
  if (!upload.createsObject) return undefined
  const { id, schema } = bucket.options
  if (schema === undefined) return Answers.badRequest(`Bucket ${id} has no schema, so no object can be made on confirm`)
  const [complaint] = BucketSchema.check(schema, objectOf(upload), "kept")
  return complaint === undefined ? undefined : Answers.badRequest(complaint.message)
}

const objectWithKey = (bucket: BucketState, upload: StoredUpload): string | undefined => {
  const { uniqueKey } = bucket.options
  if (!upload.createsObject || uniqueKey === undefined) return undefined
  const key = BucketSchema.keyOf(uniqueKey, upload.objectMetadata ?? {})
  return "key" in key ? bucket.byUniqueKey(key.key)?.objectId : undefined
}

const duplicateOf = (state: State, upload: StoredUpload): StoredUpload | undefined =>
  upload.skipDuplicates && upload.fileHash !== null
    ? firstCompleted(state, upload.bucketId, ({ fileHash }) => fileHash === upload.fileHash)
    : undefined

const duplicateMessage = "File already exists with the same content hash. No upload needed - returning existing upload."

/** Records an upload, with an address unless none is needed. */
const create = (state: State, bucket: BucketState, upload: StoredUpload) => {
  const existingObjectId = objectWithKey(bucket, upload)
  if (existingObjectId !== undefined) {
    const message = "An object with this unique key exists. No upload needed."
    return Wire.upload(save(state, { ...upload, status: "SKIPPED", existingObjectId, message }))
  }
  const original = duplicateOf(state, upload)
  if (original !== undefined) {
    const shown = { duplicateOf: original.uploadId, message: duplicateMessage }
    return state.settings.uploads.duplicates === "own"
      ? Wire.upload(save(state, { ...upload, ...shown, status: "SKIPPED" }))
      : Wire.upload({ ...original, ...shown })
  }
  const { contentType, createdAt, expiration, key } = save(state, upload)
  return Wire.upload(upload, Storage.putUrl(state.origin, key, contentType, createdAt, expiration))
}

const refuse = (state: State, complaint: Complaint): Answer =>
  state.settings.refusal === "location"
    ? Answers.unprocessableEnvelope([complaint])
    : Answers.unprocessable([complaint])

/** All that is checked before anything is recorded; `at` is where the request has it. */
const refusalOf = (
  state: State,
  bucket: BucketState,
  upload: StoredUpload,
  at: ReadonlyArray<string | number>
): Answer | undefined => {
  const complaint = misnamed(upload)
  if (complaint !== undefined) {
    return refuse(state, { ...complaint, location: ["body", ...at, ...complaint.location] })
  }
  return tooLarge(state, upload.fileSizeBytes ?? 0) ?? unfit(bucket, upload)
}

export const one = (state: State, bucket: BucketState, body: unknown): Answer => {
  const upload = draftOf(state, bucket, map(body))
  const refusal = refusalOf(state, bucket, upload, [])
  if (refusal !== undefined) return refusal
  const created = create(state, bucket, upload)
  return created.presigned_url === null
    ? Answers.ok(created)
    : { status: state.settings.uploads.created ?? 200, body: created }
}

/** All of them, or none: one that is refused refuses the call. */
export const batch = (state: State, bucket: BucketState, body: unknown): Answer => {
  const { shared_metadata, shared_object_metadata, uploads } = map(body)
  const drafts = (Array.isArray(uploads) ? uploads : []).map(map).map((upload) =>
    draftOf(state, bucket, {
      ...upload,
      metadata: { ...map(shared_metadata), ...map(upload["metadata"]) },
      ...(Predicate.isObject(shared_object_metadata)
        ? { object_metadata: { ...shared_object_metadata, ...map(upload["object_metadata"]) } }
        : {})
    })
  )
  for (const [index, draft] of drafts.entries()) {
    const refusal = refusalOf(state, bucket, draft, ["uploads", index])
    if (refusal !== undefined) return refusal
  }
  const created = drafts.map((draft) => create(state, bucket, draft))
  return Answers.ok({ uploads: created, total: created.length })
}

const missing = (uploadId: string) => Answers.notFound(`Upload ${uploadId} was not found`)

/** The address for the PUT is not given again. */
export const get = (state: State, bucket: BucketState, uploadId: string): Answer => {
  const upload = find(state, bucket.options.id, uploadId)
  if (upload === undefined) return missing(uploadId)
  Tasks.look(state, upload.taskId)
  return Answers.ok(Wire.upload(upload))
}

const cancellable = new Set(["PENDING", "IN_PROGRESS", "FAILED"])

export const cancel = (state: State, bucket: BucketState, uploadId: string, query: URLSearchParams): Answer => {
  const upload = find(state, bucket.options.id, uploadId)
  if (upload === undefined) return missing(uploadId)
  if (!cancellable.has(upload.status)) {
    return Answers.badRequest(`Upload ${uploadId} is ${upload.status} and cannot be cancelled`)
  }
  save(state, { ...upload, status: "CANCELED" })
  if (query.get("delete_s3_object") !== "false") state.files.delete(upload.key)
  return Answers.noContent
}
