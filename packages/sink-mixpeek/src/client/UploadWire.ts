/**
 * The part of Mixpeek's REST API that takes content before there is an object: uploads, and the tasks that confirm them.
 */
import { Schema } from "effect"
import { lenient, Status } from "./Wire.ts"

/** The most uploads in a request that creates or confirms them. */
export const maxUploads = 100

/** The longest `filename`. */
export const maxNameLength = 255

/** S3 takes no more in one PUT, and the API has no other way in. */
export const maxPutBytes = 5 * 1024 ** 3

/**
 * `CreateUploadRequest`. A closed type, and two of its keys are always said: by default the API would make an object of its own
 * when the upload is confirmed, and would answer with another upload of the same content.
 */
export interface CreateUploadRequest {
  /** 1 to 255 characters, no `../`, no `\`. */
  readonly filename: string
  readonly content_type: string
  /** At least 1: that of an empty file cannot be declared. */
  readonly file_size_bytes?: number
  /** 60 to 86,400 seconds. */
  readonly presigned_url_expiration: number
  /** On the upload alone. */
  readonly metadata: UploadMetadata
  readonly create_object_on_confirm: false
  readonly skip_duplicates: false
}

/** Whose an upload is, so that one that was left behind is found again. */
export const UploadMetadata = Schema.Struct({
  sluice_pipeline: Schema.String,
  sluice_run: Schema.String,
  source_key: Schema.String,
  source_token: Schema.String,
  property: Schema.String
})
export interface UploadMetadata extends Schema.Schema.Type<typeof UploadMetadata> {}

/** `UploadResponse`. */
export const UploadResponse = Schema.Struct({
  upload_id: Schema.NonEmptyString,
  /** Absent where nothing needs to be put: the content or the object is there. */
  presigned_url: lenient(Schema.NonEmptyString),
  status: lenient(Status),
  metadata: lenient(UploadMetadata),
  etag: lenient(Schema.NonEmptyString),
  file_size_bytes: lenient(Schema.Natural),
  is_duplicate: lenient(Schema.Boolean),
  duplicate_of_upload_id: lenient(Schema.NonEmptyString),
  skipped_unique_key: lenient(Schema.Boolean),
  existing_object_id: lenient(Schema.NonEmptyString),
  message: lenient(Schema.NonEmptyString)
})
export type UploadResponse = typeof UploadResponse.Type

/** `BatchUploadResponse`: nothing says that the order is that of the request. */
export const BatchUploadResponse = Schema.Struct({ uploads: Schema.Array(UploadResponse) })

/** `ListUploadsRequest`, as far as it is used. */
export interface ListUploadsRequest {
  readonly filters: {
    readonly AND: ReadonlyArray<{
      readonly field: string
      readonly operator: "eq" | "in"
      readonly value: Schema.Json
    }>
    readonly case_sensitive: true
  }
  readonly sort: { readonly field: "created_at"; readonly direction: "asc" }
}

/** `ListUploadsResponse`. */
export const ListUploadsResponse = Schema.Struct({ results: Schema.Array(UploadResponse) })

/** One of `BatchConfirmRequest.confirmations`, and `ConfirmUploadRequest` besides the id. */
export interface Confirmation {
  readonly upload_id: string
  /** As the storage gave it, quotes and all. */
  readonly etag?: string
  readonly file_size_bytes?: number
}

/** `ConfirmUploadResponse`. */
export const ConfirmUploadResponse = Schema.Struct({ status: lenient(Status) })

/** `BatchConfirmResponse`. */
export const BatchConfirmResponse = Schema.Struct({ task_id: Schema.NonEmptyString })

/** `TaskResponse`. */
export const TaskResponse = Schema.Struct({ status: Status, error: lenient(Schema.NonEmptyString) })
export type TaskResponse = typeof TaskResponse.Type
