/** GetObject and HeadObject. */
import { hash } from "node:crypto"
import { readRange } from "../../internal/range.ts"
import { type Answer, bytes, empty, type Work } from "./answer.ts"
import { checksumHeaders } from "./checksum.ts"
import { Refusal } from "./refusal.ts"
import type { S3Request } from "./request.ts"
import { type Bucket, currentVersion, etagOf, type Version, versionById } from "./store.ts"

/** The version a request is about; absent keys are forbidden ones to a caller who may not list. */
export const findVersion = (work: Work): Version => {
  const { bucket, request } = work
  const versionId = request.parameter("versionId")
  const version =
    versionId === undefined ? currentVersion(bucket, request.key) : versionById(bucket, request.key, versionId)
  if (version === undefined) {
    if (!work.mayList) throw new Refusal("AccessDenied")
    throw versionId === undefined
      ? new Refusal("NoSuchKey", { elements: { Key: request.key } })
      : new Refusal("NoSuchVersion", { elements: { Key: request.key, VersionId: versionId } })
  }
  if (version.deleteMarker) {
    const headers = { "x-amz-delete-marker": "true", "x-amz-version-id": version.versionId }
    throw versionId === undefined
      ? new Refusal("NoSuchKey", { elements: { Key: request.key }, headers })
      : new Refusal("MethodNotAllowed", { elements: { Method: request.method, ResourceType: "DeleteMarker" }, headers })
  }
  return version
}

const CUSTOMER = "x-amz-server-side-encryption-customer"

/** The customer's key of a request, checked against the MD5 sent with it; the MD5 alone is kept. */
export const readCustomerKey = (request: S3Request): string | undefined => {
  const algorithm = request.headerOrParameter(`${CUSTOMER}-algorithm`)
  const key = request.headerOrParameter(`${CUSTOMER}-key`)
  const md5 = request.headerOrParameter(`${CUSTOMER}-key-md5`)
  if (algorithm === undefined && key === undefined && md5 === undefined) return undefined
  const raw = Buffer.from(key ?? "", "base64")
  if (algorithm !== "AES256" || raw.byteLength !== 32) {
    throw new Refusal("InvalidArgument", { message: "The secret key was invalid for the specified algorithm." })
  }
  const computed = hash("md5", raw, "base64")
  if (md5 !== computed) {
    throw new Refusal("InvalidArgument", {
      message: "The calculated MD5 hash of the key did not match the hash that was provided."
    })
  }
  return computed
}

const checkCustomerKey = (request: S3Request, version: Version): void => {
  const key = readCustomerKey(request)
  if (version.customerKeyMd5 === key) return
  if (version.customerKeyMd5 === undefined) {
    throw new Refusal("InvalidRequest", {
      message: "The encryption parameters are not applicable to this object."
    })
  }
  throw key === undefined
    ? new Refusal("InvalidRequest", {
        message:
          "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object."
      })
    : new Refusal("AccessDenied")
}

const archived = new Set(["GLACIER", "DEEP_ARCHIVE"])

/** Whether an object's bytes must be restored before they can be read. */
export const isArchived = (version: Version): boolean => archived.has(version.storageClass)

const isReadable = (version: Version, now: number): boolean =>
  !isArchived(version) ||
  (version.restoration !== undefined && !version.restoration.ongoing && version.restoration.expiresAt > now)

const unquote = (etag: string): string => etag.trim().replace(/^W\//, "").replace(/^"|"$/g, "")

const names = (list: string, etag: string): boolean =>
  list.trim() === "*" || list.split(",").some((one) => unquote(one) === etag)

/** Conditions of RFC 9110, section 13: throws 412, answers true for 304. */
const isNotModified = (request: S3Request, version: Version, etag: string): boolean => {
  const ifMatch = request.headerOrParameter("if-match")
  const ifUnmodified = request.headerOrParameter("if-unmodified-since")
  const ifNoneMatch = request.headerOrParameter("if-none-match")
  const ifModified = request.headerOrParameter("if-modified-since")
  if (ifMatch !== undefined && !names(ifMatch, etag)) {
    throw new Refusal("PreconditionFailed", { elements: { Condition: "If-Match" } })
  }
  if (ifMatch === undefined && ifUnmodified !== undefined && version.lastModified > Date.parse(ifUnmodified)) {
    throw new Refusal("PreconditionFailed", { elements: { Condition: "If-Unmodified-Since" } })
  }
  if (ifNoneMatch !== undefined) return names(ifNoneMatch, etag)
  return ifModified !== undefined && version.lastModified <= Date.parse(ifModified)
}

const overrides = [
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-type",
  "expires"
]

const readOverrides = (work: Work): Record<string, string> => {
  const headers: Record<string, string> = {}
  for (const name of overrides) {
    const value = work.request.parameter(`response-${name}`)
    if (value === undefined) continue
    if (!work.authenticated) {
      throw new Refusal("InvalidRequest", {
        message: "Request specific response headers cannot be used for anonymous GET requests."
      })
    }
    if (!/^[\x20-\x7e\xa0-\xff]*$/.test(value)) {
      throw new Refusal("InvalidArgument", {
        message: "Header value cannot be represented using ISO-8859-1.",
        elements: { ArgumentName: `response-${name}`, ArgumentValue: value }
      })
    }
    headers[name] = value
  }
  return headers
}

const restoreHeader = (version: Version): Record<string, string> => {
  const restoration = version.restoration
  if (restoration === undefined) return {}
  return {
    "x-amz-restore": restoration.ongoing
      ? 'ongoing-request="true"'
      : `ongoing-request="false", expiry-date="${new Date(restoration.expiresAt).toUTCString()}"`
  }
}

/** `x-amz-version-id`, where the bucket has or had versioning. */
export const versionHeader = (bucket: Bucket, version: Version): Record<string, string> =>
  bucket.versioning === "Unversioned" ? {} : { "x-amz-version-id": version.versionId }

const objectHeaders = (work: Work, version: Version, etag: string): Record<string, string> => {
  const headers: Record<string, string> = {
    ...version.headers,
    etag: `"${etag}"`,
    "last-modified": new Date(version.lastModified).toUTCString(),
    "accept-ranges": "bytes",
    ...versionHeader(work.bucket, version),
    ...restoreHeader(version)
  }
  if (version.storageClass !== "STANDARD") headers["x-amz-storage-class"] = version.storageClass
  if (version.tags.length > 0) headers["x-amz-tagging-count"] = String(version.tags.length)
  if (version.encryption !== undefined) headers["x-amz-server-side-encryption"] = version.encryption
  if (version.customerKeyMd5 !== undefined) {
    headers[`${CUSTOMER}-algorithm`] = "AES256"
    headers[`${CUSTOMER}-key-md5`] = version.customerKeyMd5
  }
  if (work.bucket.requesterPays) headers["x-amz-request-charged"] = "requester"
  for (const [name, value] of Object.entries(version.metadata)) headers[`x-amz-meta-${name}`] = value
  return headers
}

/**
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html and API_HeadObject.html: one handler, since all
 * but the body is the same.
 */
export const readObject = async (work: Work): Promise<Answer> => {
  const { request } = work
  const version = findVersion(work)
  checkCustomerKey(request, version)
  const etag = await etagOf(version)
  const headers = objectHeaders(work, version, etag)
  if (isNotModified(request, version, etag)) return empty(304, headers)
  const head = request.method === "HEAD"
  if (!head && !isReadable(version, request.now)) {
    throw new Refusal("InvalidObjectState", { elements: { StorageClass: version.storageClass } })
  }
  Object.assign(headers, readOverrides(work))
  const asked = request.headerOrParameter("range")
  const range = readRange(asked, version.body.size)
  if (range === "unsatisfiable") {
    throw new Refusal("InvalidRange", {
      elements: { RangeRequested: asked ?? "", ActualObjectSize: String(version.body.size) }
    })
  }
  // A checksum of the whole says nothing of a part, and S3 leaves it out there.
  if (range === undefined && request.headerOrParameter("x-amz-checksum-mode")?.toUpperCase() === "ENABLED") {
    Object.assign(headers, checksumHeaders(version.checksums))
  }
  const [from, to] = range ?? [0, version.body.size]
  headers["content-length"] = String(to - from)
  if (range !== undefined) headers["content-range"] = `bytes ${from}-${to - 1}/${version.body.size}`
  const status = range === undefined ? 200 : 206
  return head ? empty(status, headers) : bytes(status, headers, version.body, from, to)
}
