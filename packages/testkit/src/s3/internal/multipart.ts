/** Uploads in parts. https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html */
import { hash } from "node:crypto"
import { Schema } from "effect"
import { memoryBody } from "../../internal/body.ts"
import { type Answer, empty, type Work, xml } from "./answer.ts"
import {
  algorithmNamed,
  checksumHeaders,
  checksumOf,
  compositeChecksum,
  verifyChecksums,
  verifyMd5
} from "./checksum.ts"
import { versionHeader } from "./reading.ts"
import { Refusal } from "./refusal.ts"
import { addVersion, issueId, type Upload } from "./store.ts"
import { readTemplate } from "./writing.ts"
import { element, readXml } from "./xml.ts"
import { wholeSeconds } from "./time.ts"

const SMALLEST_PART = 5 * 1024 * 1024

const findUpload = (work: Work): Upload => {
  const upload = work.bucket.uploads.get(work.request.parameter("uploadId") ?? "")
  if (upload === undefined || upload.key !== work.request.key) throw new Refusal("NoSuchUpload")
  return upload
}

export const createMultipartUpload = (work: Work): Answer => {
  const { bucket, request, store } = work
  const template = readTemplate(request)
  const upload: Upload = {
    id: issueId(store),
    key: request.key,
    template,
    checksumAlgorithm: algorithmNamed(request.header("x-amz-checksum-algorithm")),
    parts: new Map()
  }
  bucket.uploads.set(upload.id, upload)
  return xml(
    "InitiateMultipartUploadResult",
    element("Bucket", bucket.name) + element("Key", request.key) + element("UploadId", upload.id)
  )
}

export const uploadPart = async (work: Work): Promise<Answer> => {
  const { payload, request } = work
  const upload = findUpload(work)
  const number = Number(request.parameter("partNumber"))
  if (!Number.isInteger(number) || number < 1 || number > 10_000) {
    throw new Refusal("InvalidArgument", {
      message: "Part number must be an integer between 1 and 10000, inclusive"
    })
  }
  verifyMd5(request.header("content-md5"), payload.bytes)
  const checksums = await verifyChecksums((name) => request.header(name) ?? payload.trailers.get(name), payload.bytes)
  const etag = hash("md5", payload.bytes)
  upload.parts.set(number, { bytes: payload.bytes, etag })
  return empty(200, { etag: `"${etag}"`, ...checksumHeaders(checksums) })
}

export const abortMultipartUpload = (work: Work): Answer => {
  work.bucket.uploads.delete(findUpload(work).id)
  return empty(204)
}

const readCompletion = readXml(
  Schema.Struct({
    CompleteMultipartUpload: Schema.Struct({
      Part: Schema.Array(Schema.Struct({ PartNumber: Schema.String, ETag: Schema.String }))
    })
  })
)

export const completeMultipartUpload = async (work: Work): Promise<Answer> => {
  const { bucket, payload, request, store } = work
  const upload = findUpload(work)
  const asked = readCompletion(payload.bytes).CompleteMultipartUpload.Part
  const parts: Array<{ readonly bytes: Uint8Array; readonly etag: string }> = []
  let previous = 0
  for (const [index, one] of asked.entries()) {
    const number = Number(one.PartNumber)
    const part = upload.parts.get(number)
    if (number <= previous) throw new Refusal("InvalidPartOrder")
    if (part === undefined || part.etag !== one.ETag.replaceAll('"', "")) throw new Refusal("InvalidPart")
    if (index < asked.length - 1 && part.bytes.byteLength < SMALLEST_PART) throw new Refusal("EntityTooSmall")
    previous = number
    parts.push(part)
  }
  if (parts.length === 0) throw new Refusal("MalformedXML")
  const etag = `${hash("md5", Buffer.concat(parts.map((part) => Buffer.from(part.etag, "hex"))))}-${parts.length}`
  const bytes = Buffer.concat(parts.map((part) => part.bytes))
  const algorithm = upload.checksumAlgorithm
  // CRC64NVME is always of the whole; the others are of the parts unless asked for otherwise.
  const whole = algorithm === undefined || algorithm === "CRC64NVME"
  const checksums = whole
    ? { CRC64NVME: await checksumOf("CRC64NVME", bytes) }
    : {
        [algorithm]: await compositeChecksum(
          algorithm,
          await Promise.all(parts.map((part) => checksumOf(algorithm, part.bytes)))
        )
      }
  const version = addVersion(store, bucket, {
    ...upload.template,
    body: memoryBody(bytes),
    etag,
    checksums,
    lastModified: wholeSeconds(request.now)
  })
  bucket.uploads.delete(upload.id)
  return xml(
    "CompleteMultipartUploadResult",
    [
      element("Location", `/${bucket.name}/${request.key}`),
      element("Bucket", bucket.name),
      element("Key", request.key),
      element("ETag", `"${etag}"`)
    ].join(""),
    versionHeader(bucket, version)
  )
}
