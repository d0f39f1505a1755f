/**
 * Stored objects and uploads as the API answers them.
 */
import type { StoredBlob, StoredObject } from "./BucketState.ts"
import type { Settings } from "./Settings.ts"
import type { StoredFile } from "./Storage.ts"
import type { StoredUpload } from "./UploadState.ts"

const timestamp = (millis: number): string => new Date(millis).toISOString()
const since = (millis: number | null): string | null => (millis === null ? null : timestamp(millis))

const blob = ({ blobId, content, keyPrefix, metadata, property, type }: StoredBlob) => ({
  blob_id: blobId,
  property,
  key_prefix: keyPrefix,
  type,
  properties: {
    ...metadata,
    ...(content.url === undefined ? {} : { url: content.url })
  },
  details: {
    filename: content.filename ?? null,
    size_bytes: content.size ?? null,
    mime_type: content.mimeType ?? null,
    hash: content.sha256 === undefined ? null : `sha256:${content.sha256}`
  }
})

/** The array generation also answers `content_hash` and `skip_duplicates`. */
export const object = (
  stored: StoredObject,
  settings: Pick<Settings, "generation" | "echoFields">
): Readonly<Record<string, unknown>> => ({
  ...(settings.echoFields ? stored.fields : {}),
  object_id: stored.objectId,
  bucket_id: stored.bucketId,
  key_prefix: stored.keyPrefix,
  blobs: stored.blobs.map(blob),
  source_details: stored.sourceDetails,
  status: stored.status,
  error: null,
  created_at: timestamp(stored.createdAt),
  updated_at: timestamp(stored.updatedAt),
  ...(settings.generation === "array"
    ? {
        content_hash: stored.blobs[0]?.content.sha256 ?? null,
        skip_duplicates: stored.skipDuplicates
      }
    : {})
})

/** An upload record; its address only in the answer that creates it. */
export const upload = (stored: StoredUpload, presignedUrl: string | null = null) => ({
  upload_id: stored.uploadId,
  bucket_id: stored.bucketId,
  filename: stored.filename,
  content_type: stored.contentType,
  file_size_bytes: stored.fileSizeBytes,
  presigned_url: presignedUrl,
  presigned_url_expiration: stored.expiration,
  s3_key: stored.key,
  status: stored.status,
  metadata: stored.metadata,
  create_object_on_confirm: stored.createsObject,
  object_metadata: stored.objectMetadata,
  blob_property: stored.blobProperty,
  blob_type: stored.blobType,
  file_hash: stored.fileHash,
  skip_duplicates: stored.skipDuplicates,
  is_duplicate: stored.duplicateOf !== null,
  duplicate_of_upload_id: stored.duplicateOf,
  skipped_unique_key: stored.existingObjectId !== null,
  existing_object_id: stored.existingObjectId,
  message: stored.message,
  created_at: timestamp(stored.createdAt),
  expires_at: timestamp(stored.expiresAt),
  completed_at: since(stored.completedAt),
  verified_at: since(stored.completedAt),
  etag: stored.etag,
  object_id: stored.objectId,
  task_id: stored.taskId
})

/** What a confirmation is answered. */
export const confirmation = (stored: StoredUpload, file: StoredFile | undefined) => ({
  upload_id: stored.uploadId,
  status: stored.status,
  etag: stored.etag,
  file_size_bytes: stored.completedAt === null ? null : (file?.size ?? null),
  file_hash: stored.fileHash,
  verified_at: since(stored.completedAt),
  completed_at: since(stored.completedAt),
  object_id: stored.objectId,
  task_id: stored.taskId,
  message: stored.status === "COMPLETED" ? "Upload confirmed" : "Confirmation is being processed in the background."
})
