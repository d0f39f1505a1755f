/** ListObjectVersions: every version and delete marker, the newest of each key first. */
import { type Answer, ownerElement, type Work, xml } from "./answer.ts"
import { nameWriter, readMaxKeys } from "./listing.ts"
import { compareKeys } from "./order.ts"
import { commonPrefix, isPast } from "./page.ts"
import { Refusal } from "./refusal.ts"
import { etagOf, type Version, walk } from "./store.ts"
import { element } from "./xml.ts"

const versionElement = async (version: Version, latest: boolean, write: (text: string) => string) => {
  const head = `<Key>${write(version.key)}</Key>${element("VersionId", version.versionId)}${element("IsLatest", latest)}${element("LastModified", new Date(version.lastModified).toISOString())}`
  return version.deleteMarker
    ? `<DeleteMarker>${head}${ownerElement("Owner")}</DeleteMarker>`
    : `<Version>${head}${element("ETag", `"${await etagOf(version)}"`)}${element("Size", version.body.size)}${ownerElement("Owner")}${element("StorageClass", version.storageClass)}</Version>`
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html */
export const listObjectVersions = async (work: Work): Promise<Answer> => {
  const { bucket, request } = work
  const write = nameWriter(request)
  const max = readMaxKeys(request)
  const prefix = request.parameter("prefix") ?? ""
  const delimiter = request.parameter("delimiter") ?? ""
  const keyMarker = request.parameter("key-marker") ?? ""
  const idMarker = request.parameter("version-id-marker") ?? ""
  if (idMarker !== "" && keyMarker === "") {
    throw new Refusal("InvalidArgument", {
      message: "A version-id marker cannot be specified without a key marker."
    })
  }
  const kind = delimiter !== "" && keyMarker.endsWith(delimiter) ? "prefix" : "key"
  const past = isPast({ kind, text: keyMarker })
  const keys = walk(
    bucket,
    (key) => compareKeys(key, prefix) >= 0 && (keyMarker === "" || past(key) || (idMarker !== "" && key === keyMarker))
  )
  const pieces: Array<string> = []
  const prefixes: Array<string> = []
  let last: { readonly key: string; readonly versionId: string | undefined } | undefined
  let truncated = false
  const full = () => pieces.length + prefixes.length === max
  pages: for (let versions = keys.versions(); versions !== undefined; versions = keys.versions()) {
    const key = versions[0]?.key
    if (key === undefined || !key.startsWith(prefix)) break
    const common = commonPrefix(key, prefix, delimiter)
    if (common !== undefined) {
      if ((truncated = full())) break
      prefixes.push(common)
      last = { key: common, versionId: undefined }
      keys.seek(isPast({ kind: "prefix", text: common }))
      continue
    }
    const from = key === keyMarker ? versions.findIndex((version) => version.versionId === idMarker) + 1 : 0
    for (let index = from; index < versions.length; index++) {
      const version = versions[index]
      if (version === undefined) continue
      if ((truncated = full())) break pages
      pieces.push(await versionElement(version, index === 0, write))
      last = { key, versionId: version.versionId }
    }
    keys.advance()
  }
  const more = truncated && max > 0
  return xml(
    "ListVersionsResult",
    [
      element("Name", bucket.name),
      `<Prefix>${write(prefix)}</Prefix>`,
      `<KeyMarker>${write(keyMarker)}</KeyMarker>`,
      element("VersionIdMarker", idMarker),
      more && last !== undefined ? `<NextKeyMarker>${write(last.key)}</NextKeyMarker>` : "",
      more && last?.versionId !== undefined ? element("NextVersionIdMarker", last.versionId) : "",
      element("MaxKeys", max),
      delimiter === "" ? "" : `<Delimiter>${write(delimiter)}</Delimiter>`,
      request.parameter("encoding-type") === undefined ? "" : element("EncodingType", "url"),
      element("IsTruncated", more),
      ...pieces,
      ...prefixes.map((text) => `<CommonPrefixes><Prefix>${write(text)}</Prefix></CommonPrefixes>`)
    ].join(""),
    { "x-amz-bucket-region": bucket.region }
  )
}
