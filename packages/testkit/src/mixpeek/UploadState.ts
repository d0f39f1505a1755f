/**
 * What the stand-in knows of uploads.
 */
import { Duration } from "effect"
import type { Content } from "./Content.ts"
import type { State } from "./State.ts"
import type { StoredFile } from "./Storage.ts"
import type { Until } from "./Tasks.ts"

/** How uploads behave where the real API's behaviour is not documented, depends on a plan, or takes its time. */
export interface UploadSettings {
  /** The plan's largest file. 5 GB (10⁹) by default. */
  readonly maxFileBytes?: number | undefined
  /** How a larger one is refused: 403 QuotaExceededError (default), or 400. */
  readonly tooLarge?: 400 | 403 | undefined
  /** The largest body of a PUT, which is S3's limit. 5 GiB by default. */
  readonly maxPutBytes?: number | undefined
  /** Status of the answer that gives a new address: 200 as specified (default), or 201 as told. */
  readonly created?: 200 | 201 | undefined
  /** What a duplicate is answered with: the record of the first upload (default), or one of its own, of status SKIPPED. */
  readonly duplicates?: "existing" | "own" | undefined
  /**
   * What `file_hash` is compared with on confirmation: nothing (default), the SHA-256, or the ETag, which it never
   * equals.
   */
  readonly fileHash?: "unchecked" | "sha256" | "etag" | undefined
  /** Files of so many bytes are confirmed in the background. 100 MB (10⁸) by default. */
  readonly backgroundBytes?: number | undefined
  /** When a confirmation in the background is over. After one poll by default. */
  readonly confirmation?: Until | undefined
  /** Files are encrypted with a key of KMS, so that their ETags are no MD5s. False by default. */
  readonly encrypted?: boolean | undefined
  /** What the confirmation of a COMPLETED upload is answered: the same again (default), or 400. */
  readonly reconfirm?: "same" | 400 | undefined
}

/** An upload record. Times are milliseconds since 1970. */
export interface StoredUpload {
  readonly uploadId: string
  readonly bucketId: string
  readonly filename: string
  readonly contentType: string
  /** As declared. */
  readonly fileSizeBytes: number | null
  /** Seconds its address lives. */
  readonly expiration: number
  /** Where the storage has its file. */
  readonly key: string
  readonly status: string
  readonly metadata: Readonly<Record<PropertyKey, unknown>>
  readonly createsObject: boolean
  readonly objectMetadata: Readonly<Record<PropertyKey, unknown>> | null
  readonly blobProperty: string | null
  readonly blobType: string | null
  readonly fileHash: string | null
  readonly skipDuplicates: boolean
  readonly duplicateOf: string | null
  /** The object that has its unique key already. */
  readonly existingObjectId: string | null
  readonly message: string | null
  readonly createdAt: number
  readonly expiresAt: number
  readonly completedAt: number | null
  readonly etag: string | null
  /** The object that its confirmation made. */
  readonly objectId: string | null
  readonly taskId: string | null
}

/** An upload as a test sees it. */
export interface Upload extends StoredUpload {
  /** What was put to its address and is there. */
  readonly file: StoredFile | undefined
  /** Whether there is an object with a blob of it, or was. */
  readonly used: boolean
}

const thirtyDays = Duration.toMillis("30 days")

/** An upload as it stands now: failed when its address expired before it was confirmed, and forgotten 30 days later. */
const current = (upload: StoredUpload, now: number): StoredUpload | undefined => {
  if (upload.status !== "PENDING" && upload.status !== "FAILED") return upload
  if (now >= upload.expiresAt + thirtyDays) return undefined
  return now >= upload.expiresAt ? { ...upload, status: "FAILED" } : upload
}

/** Finds an upload of a bucket. */
export const find = (state: State, bucketId: string, uploadId: string): StoredUpload | undefined => {
  const upload = state.uploads.get(uploadId)
  return upload?.bucketId === bucketId ? current(upload, state.clock.currentTimeMillisUnsafe()) : undefined
}

/** Uploads of a bucket in the order of creation. */
export const of = (state: State, bucketId: string): ReadonlyArray<StoredUpload> =>
  [...state.uploads.keys()].flatMap((uploadId) => find(state, bucketId, uploadId) ?? [])

/** The first confirmed upload of a bucket that answers to a test; asked for at every confirmation, so nothing is built. */
export const firstCompleted = (
  state: State,
  bucketId: string,
  test: (upload: StoredUpload) => boolean
): StoredUpload | undefined => {
  for (const upload of state.uploads.values()) {
    if (upload.status === "COMPLETED" && upload.bucketId === bucketId && test(upload)) return upload
  }
  return undefined
}

export const save = (state: State, upload: StoredUpload): StoredUpload => {
  state.uploads.set(upload.uploadId, upload)
  return upload
}

/** The content that a blob gets by naming an upload, or what is wrong with that, in words. */
export const contentOf = (state: State, bucketId: string, uploadId: string): Content | string => {
  const upload = find(state, bucketId, uploadId)
  if (upload === undefined) return `Upload ${uploadId} was not found`
  if (upload.status !== "COMPLETED") return `Upload ${uploadId} is ${upload.status}, not COMPLETED`
  const file = state.files.get(upload.key)
  if (file === undefined) return `The file of upload ${uploadId} is gone`
  const { bytes, contentType, sha256, size } = file
  return { form: "upload", uploadId, size, sha256, bytes, mimeType: contentType, filename: upload.filename }
}

/** Uploads of a bucket as a test sees them. */
export const views = (state: State, bucketId: string): ReadonlyArray<Upload> => {
  const used = state.buckets.get(bucketId)?.usedUploads() ?? new Set()
  return of(state, bucketId).map((upload) => ({
    ...upload,
    file: state.files.get(upload.key),
    used: used.has(upload.uploadId)
  }))
}

/** Whether an upload was left behind: neither cancelled nor ever used. What its object left cannot be cancelled. */
export const isOrphan = ({ status, used }: Upload): boolean => !used && status !== "CANCELED" && status !== "SKIPPED"
