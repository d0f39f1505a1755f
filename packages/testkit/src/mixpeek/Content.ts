/**
 * What a blob's `data` holds: content given in the request, or a reference to where it is.
 */
import { Predicate, Result } from "effect"
import { hash } from "node:crypto"

/** What is known of a blob's content. */
export interface Content {
  readonly form: "value" | "data-uri" | "base64" | "reference" | "upload"
  /** Where it is, for a reference. */
  readonly url?: string
  /** The upload it was put with. */
  readonly uploadId?: string
  /** Size and SHA-256 (lower-case hex) of the bytes, where they were given or fetched. JSON counts as its text. */
  readonly size?: number
  readonly sha256?: string
  /** The bytes themselves, up to the number the stand-in was told to keep. */
  readonly bytes?: Uint8Array
  readonly mimeType?: string
  readonly filename?: string
}

const fileTypes = new Set(["image", "audio", "video", "pdf", "excel"])
const base64Form = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const dataUriForm = /^data:([^;,]*)((?:;[^;,]*)*),([\s\S]*)$/
const referenceForm = /^(?:https?|s3):\/\//i

/** Size, hash and (up to `keep` bytes of it) the content itself. */
export const digest = (bytes: Uint8Array, keep: number): Pick<Content, "size" | "sha256" | "bytes"> => ({
  size: bytes.byteLength,
  sha256: hash("sha256", bytes, "hex"),
  bytes: bytes.slice(0, keep)
})

const fromBase64 = (text: string): Result.Result<Buffer, string> =>
  base64Form.test(text) ? Result.succeed(Buffer.from(text, "base64")) : Result.fail("data is not valid base64")

const fromDataUri = (uri: string, keep: number): Result.Result<Content, string> => {
  const parts = dataUriForm.exec(uri)
  if (parts === null) return Result.fail("data is not a valid data URI")
  const [, mimeType = "", attributes = "", payload = ""] = parts
  const bytes = attributes.endsWith(";base64")
    ? fromBase64(payload)
    : Result.try({
        try: () => Buffer.from(decodeURIComponent(payload)),
        catch: () => "data is not a valid data URI"
      })
  return Result.map(bytes, (bytes) => ({ form: "data-uri", mimeType, ...digest(bytes, keep) }))
}

const fromBase64Map = (data: Readonly<Record<PropertyKey, unknown>>, text: string, keep: number) =>
  Result.map(fromBase64(text), (bytes): Content => ({
    form: "base64",
    ...digest(bytes, keep),
    ...(Predicate.isString(data["mime_type"]) ? { mimeType: data["mime_type"] } : {}),
    ...(Predicate.isString(data["filename"]) ? { filename: data["filename"] } : {})
  }))

/** Reads the forms of `data` the API documents; fails with what is wrong, in words. `type` is the blob's. */
export const read = (data: unknown, type: string, keep: number): Result.Result<Content, string> => {
  if (Predicate.isString(data)) {
    if (referenceForm.test(data)) return Result.succeed({ form: "reference", url: data })
    if (data.startsWith("data:")) return fromDataUri(data, keep)
  }
  if (Predicate.isObject(data)) {
    if (Predicate.isString(data["url"])) return Result.succeed({ form: "reference", url: data["url"] })
    if (Predicate.isString(data["base64"])) return fromBase64Map(data, data["base64"], keep)
  }
  if (data === undefined || data === null) return Result.fail("data is empty")
  if (fileTypes.has(type)) return Result.fail(`data of type ${type} must be a URL, a data URI or base64`)
  const text = Predicate.isString(data) ? data : JSON.stringify(data)
  return Result.succeed({ form: "value", ...digest(Buffer.from(text), keep) })
}
