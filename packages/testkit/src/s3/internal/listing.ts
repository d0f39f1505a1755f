/** ListObjectsV2 and its elder, ListObjects. */
import { type Answer, ownerElement, type Work, xml } from "./answer.ts"
import { algorithms, checksumType } from "./checksum.ts"
import { checkDirectoryListing, directoryPage } from "./directory.ts"
import { type Mark, orderedPage } from "./page.ts"
import { Refusal } from "./refusal.ts"
import { isDirectoryName, type S3Request } from "./request.ts"
import { type Bucket, etagOf, type Version } from "./store.ts"
import { element, encodeListed, escapeXml } from "./xml.ts"

const MAX_KEYS = 1000

const pageOf = (bucket: Bucket) => (isDirectoryName(bucket.name) ? directoryPage : orderedPage)

/** `max-keys`, of which a page holds 1000 at most. */
export const readMaxKeys = (request: S3Request): number => {
  const text = request.parameter("max-keys") ?? ""
  if (!/^\d*$/.test(text)) {
    throw new Refusal("InvalidArgument", {
      message: "Provided max-keys not an integer or within integer range",
      elements: { ArgumentName: "max-keys", ArgumentValue: text }
    })
  }
  return text === "" ? MAX_KEYS : Math.min(Number(text), MAX_KEYS)
}

/** How the names of a listing are written: as they are, or percent-encoded when the client asked for it. */
export const nameWriter = (request: S3Request): ((text: string) => string) => {
  const encoding = request.parameter("encoding-type")
  if (encoding === undefined) return escapeXml
  if (encoding === "url") return encodeListed
  throw new Refusal("InvalidArgument", { message: "Invalid Encoding Method specified in Request" })
}

const writeToken = (mark: Mark): string => Buffer.from(`${mark.kind} ${mark.text}`).toString("base64url")

const readToken = (token: string): Mark => {
  const text = Buffer.from(token, "base64url").toString()
  const kind = text.startsWith("key ") ? "key" : text.startsWith("prefix ") ? "prefix" : undefined
  if (kind === undefined) {
    throw new Refusal("InvalidArgument", { message: "The continuation token provided is incorrect" })
  }
  return { kind, text: text.slice(kind.length + 1) }
}

// Dates repeat from one key to the next, and writing them is most of the work of a page.
const timeWriter = () => {
  let millis = Number.NaN
  let text = ""
  return (value: number): string => {
    if (value !== millis) {
      millis = value
      text = new Date(value).toISOString()
    }
    return text
  }
}

const restoreStatus = (version: Version): string => {
  const restoration = version.restoration
  if (restoration === undefined) return ""
  return restoration.ongoing
    ? "<RestoreStatus><IsRestoreInProgress>true</IsRestoreInProgress></RestoreStatus>"
    : `<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress>${element(
        "RestoreExpiryDate",
        new Date(restoration.expiresAt).toISOString()
      )}</RestoreStatus>`
}

const checksumElements = (version: Version): string => {
  let text = ""
  for (const algorithm of algorithms) {
    const value = version.checksums[algorithm]
    if (value === undefined) continue
    text += `<ChecksumAlgorithm>${algorithm}</ChecksumAlgorithm><ChecksumType>${checksumType(value)}</ChecksumType>`
  }
  return text
}

const contentElements = async (
  versions: ReadonlyArray<Version>,
  write: (text: string) => string,
  withOwner: boolean,
  withRestoration: boolean
): Promise<string> => {
  const time = timeWriter()
  const ownerText = withOwner ? ownerElement("Owner") : ""
  let text = ""
  for (const version of versions) {
    const etag = version.etag ?? (await etagOf(version))
    text += `<Contents><Key>${write(version.key)}</Key><LastModified>${time(version.lastModified)}</LastModified><ETag>&quot;${etag}&quot;</ETag>${checksumElements(version)}<Size>${version.body.size}</Size>${ownerText}<StorageClass>${version.storageClass}</StorageClass>${withRestoration ? restoreStatus(version) : ""}</Contents>`
  }
  return text
}

const prefixElements = (prefixes: ReadonlyArray<string>, write: (text: string) => string): string =>
  prefixes.map((prefix) => `<CommonPrefixes><Prefix>${write(prefix)}</Prefix></CommonPrefixes>`).join("")

const headElements = (work: Work, write: (text: string) => string, max: number): string => {
  const { bucket, request } = work
  const delimiter = request.parameter("delimiter") ?? ""
  return [
    element("Name", bucket.name),
    `<Prefix>${write(request.parameter("prefix") ?? "")}</Prefix>`,
    delimiter === "" ? "" : `<Delimiter>${write(delimiter)}</Delimiter>`,
    element("MaxKeys", max),
    request.parameter("encoding-type") === undefined ? "" : element("EncodingType", "url")
  ].join("")
}

const listHeaders = (work: Work): Record<string, string> => ({
  "x-amz-bucket-region": work.bucket.region,
  ...(work.bucket.requesterPays ? { "x-amz-request-charged": "requester" } : {})
})

const wantsRestoration = (request: S3Request): boolean =>
  request.headerOrParameter("x-amz-optional-object-attributes")?.includes("RestoreStatus") ?? false

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export const listObjectsV2 = async (work: Work): Promise<Answer> => {
  const { bucket, request } = work
  const write = nameWriter(request)
  const max = readMaxKeys(request)
  if (isDirectoryName(bucket.name)) checkDirectoryListing(request)
  const token = request.parameter("continuation-token")
  const startAfter = request.parameter("start-after") ?? ""
  const after: Mark | undefined =
    token !== undefined ? readToken(token) : startAfter === "" ? undefined : { kind: "key", text: startAfter }
  const found = pageOf(bucket)(
    bucket,
    request.parameter("prefix") ?? "",
    request.parameter("delimiter") ?? "",
    after,
    max
  )
  const contents = await contentElements(
    found.contents,
    write,
    request.parameter("fetch-owner") === "true",
    wantsRestoration(request)
  )
  work.listed(found.contents.map((version) => version.key))
  return xml(
    "ListBucketResult",
    [
      headElements(work, write, max),
      startAfter === "" ? "" : `<StartAfter>${write(startAfter)}</StartAfter>`,
      token === undefined ? "" : element("ContinuationToken", token),
      found.truncated && found.last !== undefined ? element("NextContinuationToken", writeToken(found.last)) : "",
      element("KeyCount", found.contents.length + found.prefixes.length),
      element("IsTruncated", found.truncated),
      contents,
      prefixElements(found.prefixes, write)
    ].join(""),
    listHeaders(work)
  )
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html */
export const listObjects = async (work: Work): Promise<Answer> => {
  const { bucket, request } = work
  const write = nameWriter(request)
  const max = readMaxKeys(request)
  const delimiter = request.parameter("delimiter") ?? ""
  const marker = request.parameter("marker") ?? ""
  // NextMarker may be a common prefix, and is told from a key only by how it ends.
  const kind = delimiter !== "" && marker.endsWith(delimiter) ? "prefix" : "key"
  const after: Mark | undefined = marker === "" ? undefined : { kind, text: marker }
  const found = pageOf(bucket)(bucket, request.parameter("prefix") ?? "", delimiter, after, max)
  const contents = await contentElements(found.contents, write, true, wantsRestoration(request))
  work.listed(found.contents.map((version) => version.key))
  const next = found.truncated && delimiter !== "" ? found.last : undefined
  return xml(
    "ListBucketResult",
    [
      headElements(work, write, max),
      `<Marker>${write(marker)}</Marker>`,
      next === undefined ? "" : `<NextMarker>${write(next.text)}</NextMarker>`,
      element("IsTruncated", found.truncated),
      contents,
      prefixElements(found.prefixes, write)
    ].join(""),
    listHeaders(work)
  )
}
