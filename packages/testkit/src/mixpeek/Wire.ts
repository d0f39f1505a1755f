/**
 * A stored object as the API answers it.
 */
import type { StoredBlob, StoredObject } from "./BucketState.ts"
import type { Settings } from "./Settings.ts"

const timestamp = (millis: number): string => new Date(millis).toISOString()

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
