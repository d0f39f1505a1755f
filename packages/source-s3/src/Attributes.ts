/**
 * User metadata and tags: what a listing does not say, loaded only where it is asked for.
 */
import type { HeadObjectCommandOutput } from "@aws-sdk/client-s3"
import type { Change, SourceFile } from "@sluice/core"
import { Effect } from "effect"
import { addressedVersion, type Entry, reject, remove, stateOf, toFile } from "./Entry.ts"
import type { S3 } from "./S3.ts"
import type { S3Error } from "./S3Error.ts"
import type { Settings } from "./Settings.ts"

/** Files looked at at a time, for each page. */
const concurrency = 8

/**
 * The same changes, with the attributes of the files that are taken. A file that is gone by now becomes a `Delete`, one
 * that may not be looked at a `Reject`.
 */
export const load = (
  s3: S3["Service"],
  settings: Settings,
  attributes: ReadonlySet<string>,
  changes: ReadonlyArray<Change.Change>
): Effect.Effect<ReadonlyArray<Change.Change>, S3Error> => {
  if (!attributes.has("metadata") && !attributes.has("tags")) return Effect.succeed(changes)
  return Effect.forEach(
    changes,
    (change) => (change._tag === "Upsert" ? loadOne(s3, settings, attributes, change.file) : Effect.succeed(change)),
    { concurrency }
  )
}

const loadOne = (
  s3: S3["Service"],
  settings: Settings,
  attributes: ReadonlySet<string>,
  listed: SourceFile.SourceFile
): Effect.Effect<Change.Change, S3Error> =>
  Effect.gen(function* (): Effect.fn.Return<Change.Change, S3Error> {
    const file = attributes.has("metadata") ? yield* head(s3, settings, listed) : listed
    if (!attributes.has("tags")) return { _tag: "Upsert", file }
    return {
      _tag: "Upsert",
      file: { ...file, attributes: { ...file.attributes, tags: yield* tags(s3, settings, file) } }
    }
  }).pipe(
    Effect.catchIf(
      (error: S3Error) => error.reason._tag === "Gone",
      () => Effect.succeed(remove(listed))
    ),
    Effect.catchIf(
      (error: S3Error) => error.reason._tag === "Denied",
      (error) => Effect.succeed(reject(listed, "no-permission", error.message))
    )
  )

/** The tags of a file; no one may be there without them being read. */
const tags = (s3: S3["Service"], settings: Settings, file: SourceFile.SourceFile) => {
  const versionId = stateOf(file).versionId
  return s3
    .getObjectTagging({
      Bucket: settings.bucket,
      Key: file.path,
      ...(versionId === undefined ? {} : { VersionId: versionId }),
      ...settings.payer
    })
    .pipe(Effect.map(({ TagSet = [] }) => Object.fromEntries(TagSet.map(({ Key = "", Value = "" }) => [Key, Value]))))
}

/** The file as it is now, with its metadata. The address says which version, where it names one. */
export const head = (
  s3: S3["Service"],
  settings: Settings,
  file: SourceFile.SourceFile
): Effect.Effect<SourceFile.SourceFile, S3Error> => {
  const versionId = addressedVersion(file)
  return s3
    .headObject({
      Bucket: settings.bucket,
      Key: file.path,
      ...(versionId === undefined ? {} : { VersionId: versionId }),
      ChecksumMode: "ENABLED",
      ...settings.payer,
      ...settings.customerKey()
    })
    .pipe(Effect.map((answer) => fromHead(settings, file, versionId, answer)))
}

const fromHead = (
  settings: Settings,
  file: SourceFile.SourceFile,
  versionId: string | undefined,
  answer: HeadObjectCommandOutput
): SourceFile.SourceFile => {
  const entry: Entry = {
    key: file.path,
    etag: (answer.ETag ?? "").replace(/^"(.*)"$/, "$1"),
    size: answer.ContentLength ?? 0,
    modifiedAt: answer.LastModified,
    storageClass: answer.StorageClass,
    restoring: false,
    restoredUntil: undefined,
    // Listings of current objects do not say the version, and one state must have one token.
    versionId: settings.versions._tag === "Current" ? undefined : (answer.VersionId ?? versionId),
    latest: versionId === undefined,
    deleteMarker: false
  }
  const checksum = storedChecksum(answer)
  return {
    ...toFile(settings, entry, answer.ContentType),
    ...(checksum === undefined ? {} : { checksum }),
    attributes: { ...file.attributes, metadata: answer.Metadata ?? {} }
  }
}

const fields = [
  ["sha256", "ChecksumSHA256"],
  ["sha1", "ChecksumSHA1"],
  ["crc64nvme", "ChecksumCRC64NVME"],
  ["crc32c", "ChecksumCRC32C"],
  ["crc32", "ChecksumCRC32"]
] as const

/** What an answer says about an object's bytes, in S3's own words. */
export type Stated = {
  readonly [
    Field in (typeof fields)[number][1] | "ChecksumType" | "ETag" | "ServerSideEncryption" | "SSECustomerAlgorithm"
  ]?: string | undefined
}

/**
 * The checksum that S3 keeps of all of an object's bytes: one that was stored with it (not that of a multipart upload's
 * parts, which ends in `-` and their number), or an ETag that is an MD5 (32 hex digits, and not encrypted with SSE-C or
 * KMS: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html).
 */
export const storedChecksum = (answer: Stated): SourceFile.Checksum | undefined => {
  for (const [algorithm, field] of fields) {
    const value = answer[field]
    if (value === undefined || value.includes("-") || answer.ChecksumType === "COMPOSITE") continue
    return { algorithm, value: Buffer.from(value, "base64").toString("hex") }
  }
  const md5 = /^"?([0-9a-f]{32})"?$/.exec(answer.ETag ?? "")?.[1]
  const kms = answer.ServerSideEncryption?.startsWith("aws:kms") === true
  return md5 === undefined || kms || answer.SSECustomerAlgorithm !== undefined
    ? undefined
    : { algorithm: "md5", value: md5 }
}
