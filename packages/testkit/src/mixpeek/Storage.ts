/**
 * Where uploads are put: an S3 of its own behind presigned addresses, on the stand-in's listener.
 */
import { Redacted } from "effect"
import type { IncomingMessage } from "node:http"
import type { Credential } from "../s3/internal/credentials.ts"
import { Refusal } from "../s3/internal/refusal.ts"
import { readRequest, type S3Request } from "../s3/internal/request.ts"
import { presign, readClaim, verifyClaim } from "../s3/internal/signature.ts"

/** The storage's bucket: the first part of the path of every presigned address, and of no path of the API. */
const bucket = "mixpeek-storage"
const region = "us-east-1"
const credential: Credential = {
  accessKeyId: "AKIASTANDINSTORAGE01",
  secretAccessKey: Redacted.make("stand-in/storage/b0f1c2d3e4f5a6b7c8d9")
}
const credentials = new Map([[credential.accessKeyId, credential]])

/** What was put under a key. */
export interface StoredFile {
  readonly size: number
  /** Lower-case hex. */
  readonly sha256: string
  /** The MD5 in lower-case hex, as S3 has it for an object put in one piece; without quotes. */
  readonly etag: string
  /** The first bytes, as many as the stand-in was told to keep. */
  readonly bytes: Uint8Array
  readonly contentType: string
  /** How often it was put. */
  readonly puts: number
}

export const isStorage = (url: string): boolean => url.startsWith(`/${bucket}/`)

/** An address for one PUT of this type; `now` in milliseconds since 1970, `expires` in seconds. */
export const putUrl = (origin: string, key: string, contentType: string, now: number, expires: number): string =>
  presign({
    method: "PUT",
    origin,
    path: `/${bucket}/${key}`,
    headers: { "content-type": contentType },
    credential,
    region,
    now,
    expires
  })

/** A PUT that may begin. */
export interface Permit {
  readonly key: string
  /** Bytes its body will have. */
  readonly length: number
  readonly contentType: string
  readonly md5: string | undefined
}

const authorized = (request: S3Request): void => {
  if (request.header("authorization") !== undefined && request.parameter("X-Amz-Algorithm") !== undefined) {
    throw new Refusal("InvalidArgument", {
      message:
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified"
    })
  }
  const claim = readClaim(request)
  if (claim === undefined) throw new Refusal("AccessDenied")
  verifyClaim(request, claim, credentials)
}

/** Checks a request by its head, as S3 does before it reads a body; throws a `Refusal`. */
const permit = (message: IncomingMessage, now: number, maxBytes: number): Permit => {
  const request = readRequest(message, now)
  authorized(request)
  const length = request.header("content-length")
  if (length === undefined || request.header("transfer-encoding") !== undefined) {
    throw new Refusal("MissingContentLength")
  }
  if (Number(length) > maxBytes) {
    throw new Refusal("EntityTooLarge", { elements: { ProposedSize: length, MaxSizeAllowed: String(maxBytes) } })
  }
  return {
    key: request.key,
    length: Number(length),
    contentType: request.header("content-type") ?? "",
    md5: request.header("content-md5")
  }
}

/** What S3 says to the head of a request. */
export const admit = (message: IncomingMessage, now: number, maxBytes: number): Permit | Refusal => {
  try {
    return permit(message, now, maxBytes)
  } catch (refusal) {
    if (refusal instanceof Refusal) return refusal
    throw refusal
  }
}
