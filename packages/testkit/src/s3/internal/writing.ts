/** PutObject, CopyObject, DeleteObject and DeleteObjects. */
import { hash } from "node:crypto"
import { Schema } from "effect"
import { memoryBody } from "../../internal/body.ts"
import { type Answer, empty, type Work, xml } from "./answer.ts"
import { checksumHeaders, checksumOf, verifyChecksums, verifyMd5 } from "./checksum.ts"
import { readCustomerKey, versionHeader } from "./reading.ts"
import { Refusal } from "./refusal.ts"
import type { S3Request } from "./request.ts"
import {
  addVersion,
  type Bucket,
  currentVersion,
  deleteMarker,
  dropVersion,
  etagOf,
  type Store,
  type Version,
  versionById
} from "./store.ts"
import { element, readXml } from "./xml.ts"
import { wholeSeconds } from "./time.ts"

const stored = [
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-type",
  "expires"
]

/** Headers of a request that are stored with the object; `aws-chunked` was for the way here only. */
const readStoredHeaders = (request: S3Request): Record<string, string> => {
  const headers: Record<string, string> = { "content-type": "binary/octet-stream" }
  for (const name of stored) {
    const value = request.header(name)
    if (value === undefined) continue
    if (name === "content-encoding") {
      const rest = value.split(",").filter((coding) => coding.trim() !== "aws-chunked")
      if (rest.length > 0) headers[name] = rest.join(",")
    } else headers[name] = value
  }
  return headers
}

const readMetadata = (request: S3Request): Record<string, string> => {
  const metadata: Record<string, string> = {}
  for (const [name, value] of request.headers) {
    if (name.startsWith("x-amz-meta-")) metadata[name.slice("x-amz-meta-".length)] = value
  }
  return metadata
}

/** Everything about a new object that its request's headers say. */
export const readTemplate = (
  request: S3Request
): Omit<Version, "body" | "etag" | "versionId" | "lastModified" | "checksums"> => {
  if (Buffer.byteLength(request.key) > 1024) {
    throw new Refusal("KeyTooLongError", {
      elements: { Size: String(Buffer.byteLength(request.key)), MaxSizeAllowed: "1024" }
    })
  }
  return {
    key: request.key,
    deleteMarker: false,
    headers: readStoredHeaders(request),
    metadata: readMetadata(request),
    storageClass: request.header("x-amz-storage-class") ?? "STANDARD",
    tags: [...new URLSearchParams(request.header("x-amz-tagging") ?? "")],
    restoration: undefined,
    customerKeyMd5: readCustomerKey(request),
    encryption: request.header("x-amz-server-side-encryption")
  }
}

/** MD5 for what S3 stores in clear or under its own key; under other keys an ETag looks like one and is none. */
export const etagFor = (bytes: Uint8Array, version: Pick<Version, "customerKeyMd5" | "encryption">): string =>
  version.customerKeyMd5 === undefined && version.encryption !== "aws:kms"
    ? hash("md5", bytes)
    : hash("md5", `${version.customerKeyMd5 ?? version.encryption} ${hash("md5", bytes)}`)

const checkWriteConditions = async (request: S3Request, bucket: Bucket): Promise<void> => {
  const current = currentVersion(bucket, request.key)
  const existing = current === undefined || current.deleteMarker ? undefined : current
  if (request.header("if-none-match") !== undefined && existing !== undefined) {
    throw new Refusal("PreconditionFailed", { elements: { Condition: "If-None-Match" } })
  }
  const ifMatch = request.header("if-match")
  if (ifMatch === undefined) return
  if (existing === undefined) throw new Refusal("NoSuchKey", { elements: { Key: request.key } })
  if (ifMatch.replaceAll('"', "") !== (await etagOf(existing))) {
    throw new Refusal("PreconditionFailed", { elements: { Condition: "If-Match" } })
  }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
export const putObject = async (work: Work): Promise<Answer> => {
  const { bucket, payload, request, store } = work
  const body = payload.bytes
  verifyMd5(request.header("content-md5"), body)
  const given = await verifyChecksums((name) => request.header(name) ?? payload.trailers.get(name), body)
  const checksums = Object.keys(given).length > 0 ? given : { CRC64NVME: await checksumOf("CRC64NVME", body) }
  await checkWriteConditions(request, bucket)
  const template = readTemplate(request)
  const etag = etagFor(body, template)
  const version = addVersion(store, bucket, {
    ...template,
    body: memoryBody(body),
    etag,
    checksums,
    lastModified: wholeSeconds(request.now)
  })
  return empty(200, { etag: `"${etag}"`, ...versionHeader(bucket, version), ...checksumHeaders(checksums) })
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html, within what this store holds. */
export const copyObject = async (work: Work): Promise<Answer> => {
  const { bucket, request, store } = work
  const source = decodeURIComponent(request.header("x-amz-copy-source") ?? "").replace(/^\//, "")
  const [path = "", versionId] = source.split("?versionId=")
  const slash = path.indexOf("/")
  const from = store.buckets.get(path.slice(0, slash))
  if (from === undefined) throw new Refusal("NoSuchBucket", { elements: { BucketName: path.slice(0, slash) } })
  const key = path.slice(slash + 1)
  const original = versionId === undefined ? currentVersion(from, key) : versionById(from, key, versionId)
  if (original === undefined || original.deleteMarker) throw new Refusal("NoSuchKey", { elements: { Key: key } })
  const template = readTemplate(request)
  const replaceMetadata = request.header("x-amz-metadata-directive") === "REPLACE"
  const replaceTags = request.header("x-amz-tagging-directive") === "REPLACE"
  const version = addVersion(store, bucket, {
    ...template,
    headers: replaceMetadata ? template.headers : original.headers,
    metadata: replaceMetadata ? template.metadata : original.metadata,
    tags: replaceTags ? template.tags : original.tags,
    body: original.body,
    etag: await etagOf(original),
    checksums: original.checksums,
    lastModified: wholeSeconds(request.now)
  })
  return xml(
    "CopyObjectResult",
    element("LastModified", new Date(version.lastModified).toISOString()) + element("ETag", `"${version.etag}"`),
    versionHeader(bucket, version)
  )
}

/** What became of a deletion. */
interface Deletion {
  /** Whether a marker was made, or was what was taken out. */
  readonly marker: boolean
  readonly versionId: string | undefined
}

/** Deletes a key (leaving a marker where there is versioning) or one version of it for good. */
export const deleteVersion = (
  store: Store,
  bucket: Bucket,
  key: string,
  versionId: string | undefined,
  now: number
): Deletion => {
  if (versionId !== undefined) {
    return { marker: dropVersion(bucket, key, versionId)?.deleteMarker ?? false, versionId }
  }
  // A key that is only pretended stays hidden behind a marker.
  if (bucket.versioning === "Unversioned" && bucket.pretended?.find(key) === undefined) {
    dropVersion(bucket, key, "null")
    return { marker: false, versionId: undefined }
  }
  const marker = addVersion(store, bucket, deleteMarker(key, now, memoryBody(new Uint8Array(0))))
  return bucket.versioning === "Unversioned"
    ? { marker: false, versionId: undefined }
    : { marker: true, versionId: marker.versionId }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html */
export const deleteObject = (work: Work): Answer => {
  const { bucket, request, store } = work
  const done = deleteVersion(store, bucket, request.key, request.parameter("versionId"), request.now)
  return empty(204, {
    ...(done.marker ? { "x-amz-delete-marker": "true" } : {}),
    ...(done.versionId === undefined ? {} : { "x-amz-version-id": done.versionId })
  })
}

const readDelete = readXml(
  Schema.Struct({
    Delete: Schema.Struct({
      Quiet: Schema.optionalKey(Schema.String),
      Object: Schema.Array(
        Schema.Struct({ Key: Schema.NonEmptyString, VersionId: Schema.optionalKey(Schema.String) })
      ).check(Schema.isMaxLength(1000))
    })
  })
)

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
export const deleteObjects = async (work: Work): Promise<Answer> => {
  const { bucket, payload, request, store } = work
  verifyMd5(request.header("content-md5"), payload.bytes)
  await verifyChecksums((name) => request.header(name) ?? payload.trailers.get(name), payload.bytes)
  const asked = readDelete(payload.bytes).Delete
  const deleted = asked.Object.map((object) => {
    const done = deleteVersion(store, bucket, object.Key, object.VersionId, request.now)
    const marker = done.marker
      ? element("DeleteMarker", true) + element("DeleteMarkerVersionId", done.versionId ?? "")
      : ""
    const version = object.VersionId === undefined ? "" : element("VersionId", object.VersionId)
    return `<Deleted>${element("Key", object.Key)}${version}${marker}</Deleted>`
  })
  return xml("DeleteResult", asked.Quiet === "true" ? "" : deleted.join(""))
}
