/**
 * Request bodies: plain, or `aws-chunked` with signed chunks and trailers.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
import { hash } from "node:crypto"
import type { IncomingMessage } from "node:http"
import { sign } from "./credentials.ts"
import { Refusal } from "./refusal.ts"
import type { S3Request } from "./request.ts"
import type { Caller } from "./signature.ts"

/** A body whose hash and chunk signatures were checked. */
export interface Payload {
  readonly bytes: Uint8Array
  /** Trailers of an `aws-chunked` body, by lower-case name. */
  readonly trailers: ReadonlyMap<string, string>
}

const readAll = async (message: IncomingMessage): Promise<Buffer> => {
  const pieces: Array<Buffer> = []
  for await (const piece of message) pieces.push(piece)
  return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces)
}

const emptyHash = hash("sha256", "")
const noTrailers: ReadonlyMap<string, string> = new Map()

/** Reads and checks the body of a request; `caller` is absent for an anonymous one. */
export const readPayload = async (
  message: IncomingMessage,
  request: S3Request,
  caller: Caller | undefined
): Promise<Payload> => {
  // Most requests have no body, and to find that out by reading costs more than the rest of them.
  const none = request.header("content-length") === undefined && request.header("transfer-encoding") === undefined
  const raw = none ? Buffer.alloc(0) : await readAll(message)
  const stated = request.header("x-amz-content-sha256")
  if (stated?.startsWith("STREAMING-")) return decodeChunks(raw, request, stated, caller)
  if (stated !== undefined && stated !== "UNSIGNED-PAYLOAD") {
    const computed = none ? emptyHash : hash("sha256", raw)
    if (computed !== stated) {
      throw new Refusal("XAmzContentSHA256Mismatch", {
        elements: { ClientComputedContentSHA256: stated, S3ComputedContentSHA256: computed }
      })
    }
  }
  return { bytes: raw, trailers: noTrailers }
}

const decodeChunks = (raw: Buffer, request: S3Request, mode: string, caller: Caller | undefined): Payload => {
  const signed = mode.startsWith("STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
  const pieces: Array<Buffer> = []
  let previous = caller?.signature ?? ""
  const expect = (kind: string, lines: ReadonlyArray<string>, found: string | undefined) => {
    if (!signed || caller === undefined) return
    previous = sign(caller.key, [kind, caller.time, caller.scope, previous, ...lines].join("\n"))
    if (found !== previous) throw new Refusal("SignatureDoesNotMatch")
  }
  let at = 0
  const line = (): string => {
    const end = raw.indexOf("\r\n", at)
    if (end < 0) throw new Refusal("IncompleteBody")
    const text = raw.toString("latin1", at, end)
    at = end + 2
    return text
  }
  for (;;) {
    const [size, ...extensions] = line().split(";")
    const length = Number.parseInt(size ?? "", 16)
    if (Number.isNaN(length) || at + length > raw.byteLength) throw new Refusal("IncompleteBody")
    const chunk = raw.subarray(at, at + length)
    const signature = extensions.find((text) => text.startsWith("chunk-signature="))?.slice("chunk-signature=".length)
    expect("AWS4-HMAC-SHA256-PAYLOAD", [emptyHash, hash("sha256", chunk)], signature)
    if (length === 0) break
    pieces.push(chunk)
    at += length
    if (line() !== "") throw new Refusal("IncompleteBody")
  }
  const trailers = new Map<string, string>()
  while (at < raw.byteLength) {
    const text = line()
    if (text === "") break
    const colon = text.indexOf(":")
    trailers.set(text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim())
  }
  if (mode.endsWith("-TRAILER")) {
    const signature = trailers.get("x-amz-trailer-signature")
    trailers.delete("x-amz-trailer-signature")
    const lines = [...trailers].map(([name, value]) => `${name}:${value}\n`).join("")
    expect("AWS4-HMAC-SHA256-TRAILER", [hash("sha256", lines)], signature)
  }
  const bytes = Buffer.concat(pieces)
  const decoded = request.header("x-amz-decoded-content-length")
  if (decoded !== undefined && Number(decoded) !== bytes.byteLength) throw new Refusal("IncompleteBody")
  return { bytes, trailers }
}
