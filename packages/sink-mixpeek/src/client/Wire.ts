/**
 * The part of Mixpeek's REST API this sink speaks. Requests are closed types: a misspelt key cannot be sent (the API
 * would store it as a field of the object and answer 200). Answers are decoded leniently: what is not needed may be
 * missing, null or of a kind nobody has heard of.
 */
import { Effect, Schema, SchemaTransformation } from "effect"
import { ObjectResponse } from "./ObjectResponse.ts"

/** Types of bucket fields that are values, lower case on the wire. */
export const ValueType = Schema.Literals([
  "string",
  "number",
  "integer",
  "float",
  "boolean",
  "object",
  "array",
  "date",
  "datetime"
])
export type ValueType = typeof ValueType.Type

/** Types of bucket fields that are files, seen by extractors. */
export const FileType = Schema.Literals(["text", "image", "audio", "video", "pdf", "excel"])
export type FileType = typeof FileType.Type

/** `BucketSchemaFieldType`: what a property of a bucket, and so a blob, may be. */
export const FieldType = Schema.Literals([...FileType.literals, ...ValueType.literals])
export type FieldType = typeof FieldType.Type

export const isFileType: (type: string) => type is FileType = Schema.is(FileType)

/** Content in the request itself: `{ base64, mime_type, filename }`. */
export const Base64Data = Schema.Struct({
  base64: Schema.String,
  mime_type: Schema.optionalKey(Schema.String),
  filename: Schema.optionalKey(Schema.String)
})

/** `CreateBlobRequest` with `data`. A string is a URL where it looks like one, a literal value otherwise. */
export const CreateBlobRequest = Schema.Struct({
  property: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(100)),
  type: FieldType,
  data: Schema.Json,
  key_prefix: Schema.optionalKey(Schema.String),
  metadata: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json)),
  canonicalize_source: Schema.optionalKey(Schema.Boolean),
  force_remirror: Schema.optionalKey(Schema.Boolean)
})
export interface CreateBlobRequest extends Schema.Schema.Type<typeof CreateBlobRequest> {}

/** `SourceDetails`. */
export const SourceDetails = Schema.Struct({
  type: Schema.Literals(["bucket", "collection", "taxonomy", "cluster"]),
  source_id: Schema.String
})

/** The named keys of `CreateObjectRequest`. Any further key at the root is a field of the user. */
export const CreateObjectRequest = Schema.Struct({
  key_prefix: Schema.optionalKey(Schema.String),
  blobs: Schema.Array(CreateBlobRequest),
  skip_duplicates: Schema.optionalKey(Schema.Boolean),
  canonicalize_source: Schema.optionalKey(Schema.Boolean),
  force_remirror: Schema.optionalKey(Schema.Boolean),
  source_details: Schema.optionalKey(Schema.Array(SourceDetails))
})
export interface CreateObjectRequest extends Schema.Schema.Type<typeof CreateObjectRequest> {}

/** `ListObjectsRequest`, as far as it is used: conditions that all hold, an order, the fields to return. */
export const ListObjectsRequest = Schema.Struct({
  filters: Schema.Struct({
    AND: Schema.Array(
      Schema.Struct({
        field: Schema.String,
        operator: Schema.Literals(["eq", "in", "gt"]),
        value: Schema.Json
      })
    ),
    case_sensitive: Schema.Boolean
  }),
  sort: Schema.optionalKey(Schema.Struct({ field: Schema.String, direction: Schema.Literals(["asc", "desc"]) })),
  select: Schema.Array(Schema.String)
})
export interface ListObjectsRequest extends Schema.Schema.Type<typeof ListObjectsRequest> {}

/** Root keys that belong to the API. A field of the user may not have such a name, in no spelling. */
export const reservedNames = [
  "object_id",
  "bucket_id",
  "key_prefix",
  "blobs",
  "source_details",
  "status",
  "error",
  "created_at",
  "updated_at",
  "content_hash",
  "skip_duplicates",
  "canonicalize_source",
  "force_remirror"
] as const

const fold = (name: string): string => name.toLowerCase().replaceAll(/[_\-\s]/g, "")
const reserved = new Map([...reservedNames.map((name) => [fold(name), name] as const), ["blob", "blobs"]])

/** The reserved name that `name` is, or is a misspelling of (`skipDuplicates`, `blob`). */
export const reservedName = (name: string): string | undefined => reserved.get(fold(name))

// A key that is absent, null or not what it should be is absent.
/** What of an answer may be missing, null or of a kind nobody has heard of. */
export const lenient = <S extends Schema.Constraint>(schema: S) =>
  Schema.optionalKey(Schema.catchDecoding<S>(() => Effect.succeedNone)(schema))

const knownStatus = Schema.Literals([
  "PENDING",
  "IN_PROGRESS",
  "PROCESSING",
  "COMPLETED",
  "COMPLETED_WITH_ERRORS",
  "FAILED",
  "CANCELED",
  "UNKNOWN",
  "SKIPPED",
  "DRAFT",
  "ACTIVE",
  "ARCHIVED",
  "SUSPENDED"
])
const isKnownStatus = Schema.is(knownStatus)

/** `TaskStatusEnum`; anything else decodes to `UNKNOWN`. */
export const Status = Schema.Unknown.pipe(
  Schema.decodeTo(
    knownStatus,
    SchemaTransformation.transform({
      decode: (status): typeof knownStatus.Type => (isKnownStatus(status) ? status : "UNKNOWN"),
      encode: (status) => status
    })
  )
)
export type Status = typeof Status.Type

const FailedObject = Schema.Struct({
  object_index: Schema.Natural,
  error: Schema.String.pipe(Schema.withDecodingDefaultKey(Effect.succeed("no message"))),
  error_type: Schema.String.pipe(Schema.withDecodingDefaultKey(Effect.succeed("Unknown")))
})
export type FailedObject = typeof FailedObject.Type

/** The answer since 2025-12-21: each object for itself. */
export const BatchResultPartial = Schema.Struct({
  succeeded: Schema.Array(ObjectResponse),
  failed: Schema.Array(FailedObject),
  succeeded_count: Schema.Natural,
  failed_count: Schema.Natural
})
export type BatchResultPartial = typeof BatchResultPartial.Type

/** Both generations of the answer to `POST …/objects/batch`: an object with counts, or the array of before. */
export const BatchResult = Schema.Union([BatchResultPartial, Schema.Array(ObjectResponse)])
export type BatchResult = typeof BatchResult.Type

/** `ListObjectsResponse`. No `next_cursor`: the last page, or a server of before 2025-12-21 that knows offsets only. */
export const ListObjectsResponse = Schema.Struct({
  results: Schema.Array(ObjectResponse),
  pagination: lenient(Schema.Struct({ next_cursor: lenient(Schema.NonEmptyString) }))
})
export type ListObjectsResponse = typeof ListObjectsResponse.Type

/** `BatchDeleteDocumentsRequest` by ids: 1 to 1,000. */
export const DeleteDocumentsRequest = Schema.Struct({
  document_ids: Schema.Array(Schema.String).check(Schema.isMinLength(1), Schema.isMaxLength(1000))
})

export interface DeleteDocumentsRequest extends Schema.Schema.Type<typeof DeleteDocumentsRequest> {}

/** `BatchDeleteDocumentsResponse`. Only `deleted_count` is promised; without results there are counts alone. */
export const DeleteDocumentsResponse = Schema.Struct({
  deleted_count: Schema.Natural,
  failed_count: lenient(Schema.Natural),
  message: lenient(Schema.String),
  results: lenient(
    Schema.Array(
      Schema.Struct({
        document_id: Schema.String,
        success: Schema.Boolean,
        error: lenient(Schema.String)
      })
    )
  )
})
export type DeleteDocumentsResponse = typeof DeleteDocumentsResponse.Type

/** A field of a bucket's schema. */
export interface BucketField {
  readonly type: string
  readonly required?: boolean
  readonly properties?: { readonly [name: string]: BucketField }
}
export const BucketField: Schema.Codec<BucketField, unknown> = Schema.Struct({
  type: Schema.String.pipe(
    Schema.decodeTo(
      Schema.String,
      // Vendor examples show upper case; the enum is lower case.
      SchemaTransformation.transform({ decode: (type) => type.toLowerCase(), encode: (type) => type })
    )
  ),
  required: lenient(Schema.Boolean),
  properties: lenient(
    Schema.Record(
      Schema.String,
      Schema.suspend((): Schema.Codec<BucketField, unknown> => BucketField)
    )
  )
})

/** `BucketResponse`, as far as it decides whether objects can be created. */
export const BucketResponse = Schema.Struct({
  bucket_id: lenient(Schema.NonEmptyString),
  bucket_name: lenient(Schema.String),
  bucket_schema: lenient(Schema.Struct({ properties: Schema.Record(Schema.String, BucketField) })),
  unique_key: lenient(
    Schema.Struct({
      fields: Schema.Array(Schema.String),
      default_policy: lenient(Schema.String)
    })
  ),
  status: lenient(Status),
  is_locked: lenient(Schema.Boolean)
})
export type BucketResponse = typeof BucketResponse.Type

/** The five categories of rate limits. */
export const Category = Schema.Literals(["metadata", "data", "search", "upload", "compute"])
export type Category = typeof Category.Type

const perMinute = lenient(Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)))

/** `OrganizationModel.rate_limits`: requests per minute and category. */
export const OrganizationResponse = Schema.Struct({
  /** The plan: `free`, `pro`, … */
  account_type: lenient(Schema.String),
  rate_limits: lenient(
    Schema.Struct({
      metadata: perMinute,
      data: perMinute,
      search: perMinute,
      upload: perMinute,
      compute: perMinute
    })
  )
})
export type OrganizationResponse = typeof OrganizationResponse.Type
