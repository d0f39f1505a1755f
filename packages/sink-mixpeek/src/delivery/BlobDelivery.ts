/**
 * How a file's bytes get into Mixpeek: in the request itself, as an address that Mixpeek fetches, or streamed into its storage
 * before.
 */
import { AtHand, Outcome, type Sink, SourceFile, type Source } from "@sluice/core"
import { Duration, Effect, Option, Redacted, Result, type Schema, Stream } from "effect"
import { hash } from "node:crypto"
import { tmpdir } from "node:os"
import { Misconfigured } from "../Misconfigured.ts"
import { maxPutBytes } from "../client/UploadWire.ts"
import { type FieldType, isFileType } from "../client/Wire.ts"

/** `inline`: the bytes are in the request. `reference`: their address is. */
export type Method = "auto" | "inline" | "upload" | "reference"

/** How files are delivered. */
export interface Options {
  /**
   * For all files, or file by file. `auto` (default): by reference where anybody may read the file anyway, else inline what fits,
   * else by upload. `reference`: Mixpeek fetches the file
   * itself, by a link that the source makes. Values (types `object`, `array`, `string`, …) are always inline.
   */
  readonly method?: Method | ((file: SourceFile.SourceFile) => Method) | undefined
  /**
   * What a reference is: a presigned https address, minted when the request leaves (default), or the store's own
   * (`s3://bucket/key`), for which Mixpeek must have been given access of its own.
   */
  readonly references?: "presigned" | "address" | undefined
  /** How long a presigned address works. Default 1 hour. At least 10 minutes: it must outlive the retries. */
  readonly linkLifetime?: Duration.Input | undefined
  /**
   * The largest content in a request: bytes of text, or bytes of base64 (4 for 3 of the file). Default 5,000,000: the
   * free plan's limit; pro has 10, enterprise 50 million. The API does not say whether it counts before or after
   * encoding, so it is counted after.
   */
  readonly maxInlineBytes?: number | undefined
  readonly uploads?:
    | {
        /** Files beyond this are rejected before a byte moves. Default: what the plan allows (100 MB, 5 GB), at most 5 GiB. */
        readonly maxFileBytes?: number | undefined
        /** Bytes on their way at the same time, at least 1 MiB; a file counts for at most 16 MiB. Default 64 MiB. */
        readonly bytesInFlight?: number | undefined
        /** Where content of unknown length waits, in files without a name. Default: the system's folder for temporary files. */
        readonly folder?: string | undefined
      }
    | undefined
}

/** Options that hold. */
export interface Delivery {
  readonly method: (file: SourceFile.SourceFile) => Method
  /** The one way for all files; `undefined` where it is decided file by file. */
  readonly always: Method | undefined
  readonly references: "presigned" | "address"
  readonly linkLifetime: Duration.Duration
  readonly maxInlineBytes: number
  readonly uploads: {
    readonly maxFileBytes: number | undefined
    readonly bytesInFlight: number
    readonly folder: string
  }
}

/** How files will go, for people; `maxUploadBytes`: what the plan allows. */
export const describe = ({ always, maxInlineBytes, references, uploads }: Delivery, maxUploadBytes: number): string => {
  const largest = count(Math.min(uploads.maxFileBytes ?? maxUploadBytes, maxPutBytes))
  switch (always) {
    case "auto":
      return `inline up to ${count(maxInlineBytes)} bytes in the request, else by upload up to ${largest} bytes`
    case "inline":
      return `inline, up to ${count(maxInlineBytes)} bytes in the request`
    case "upload":
      return `by upload, up to ${largest} bytes`
    case "reference":
      return references === "address" ? "by the store's own address" : "by links that Mixpeek follows"
    case undefined:
      return `file by file: inline up to ${count(maxInlineBytes)} bytes, uploads up to ${largest} bytes`
  }
}

/** The longest URL the API takes as one (`uri`, 1 to 2,083 characters); a longer string would be stored as a text. */
export const maxUrlLength = 2083

/** Refuses lifetimes and sizes that cannot work. */
export const resolve = (options: Options = {}): Result.Result<Delivery, Misconfigured> => {
  const { maxInlineBytes = 5_000_000, method = "auto" } = options
  const linkLifetime = Option.getOrUndefined(Duration.fromInput(options.linkLifetime ?? "1 hour"))
  if (linkLifetime === undefined || Duration.toMinutes(linkLifetime) < 10 || Duration.toDays(linkLifetime) > 7) {
    return Result.fail(
      new Misconfigured({
        field: "delivery.linkLifetime",
        problem: "below 10 minutes or above 7 days",
        remedy: "A link must outlive the retries of its batch, and S3 signs for 7 days at most: use 1 hour"
      })
    )
  }
  if (!Number.isSafeInteger(maxInlineBytes) || maxInlineBytes < 0 || maxInlineBytes > 50_000_000) {
    return Result.fail(
      new Misconfigured({
        field: "delivery.maxInlineBytes",
        problem: "not a number of bytes from 0 to 50,000,000",
        remedy: "Use the limit of your plan: 5, 10 or 50 million"
      })
    )
  }
  const { bytesInFlight = 64 * 1024 ** 2, folder = tmpdir(), maxFileBytes } = options.uploads ?? {}
  const wrongSize = (field: string, value: number, from: number) =>
    Number.isSafeInteger(value) && value >= from
      ? undefined
      : new Misconfigured({
          field: `delivery.uploads.${field}`,
          problem: `${value} is not a number of bytes from ${from.toLocaleString("en")}`,
          remedy: "Leave it out for the default, or correct it"
        })
  const problem =
    wrongSize("bytesInFlight", bytesInFlight, 1024 ** 2) ??
    (maxFileBytes === undefined ? undefined : wrongSize("maxFileBytes", maxFileBytes, 0))
  if (problem !== undefined) return Result.fail(problem)
  return Result.succeed({
    uploads: { bytesInFlight, folder, maxFileBytes },
    method: typeof method === "function" ? method : () => method,
    always: typeof method === "function" ? undefined : method,
    references: options.references ?? "presigned",
    linkLifetime,
    maxInlineBytes
  })
}

/**
 * How one file goes, and why so: its data, a link to be minted when the request leaves, or an upload; an outcome where it cannot
 * go.
 */
export type Delivered =
  | { readonly _tag: "Data"; readonly data: Schema.Json; readonly sha256?: string; readonly why: string }
  | { readonly _tag: "Link"; readonly why: string }
  | { readonly _tag: "Upload"; readonly why: string }
  | Outcome.Outcome

const asConfigured = "reference: as configured"
const link = Effect.succeed<Delivered>({ _tag: "Link", why: asConfigured })
const publicLink = Effect.succeed<Delivered>({ _tag: "Link", why: "reference: anybody may read it" })

const uploadAsConfigured: Delivered = { _tag: "Upload", why: "upload: as configured" }

const needsUpload = (why: string): Outcome.Outcome =>
  Outcome.Rejected.make({
    cause: {
      code: "needs-upload",
      message: `${why}. Use the delivery method "auto" or "upload", or raise delivery.maxInlineBytes if the plan allows more`
    }
  })

const base64Length = (bytes: number) => 4 * Math.ceil(bytes / 3)

// Text may be sent as it is or as base64; only the reading tells, so the raw size decides there.
const isBase64 = (type: FieldType) => type !== "text" && isFileType(type)
const inlineLength = (type: FieldType, bytes: number) => (isBase64(type) ? base64Length(bytes) : bytes)

const count = (bytes: number) => bytes.toLocaleString("en")

// The size of the file alone would seem to fit.
const asBase64 = (bytes: number) => `${count(bytes)} bytes, which are ${count(base64Length(bytes))} as base64,`

const tooLargeInline = (content: string, limit: number) =>
  needsUpload(`${content} do not fit into the ${count(limit)} bytes that go inline`)

const readAll = Effect.fnUntraced(function* (content: Sink.Content, type: FieldType, limit: number) {
  const chunks: Array<Uint8Array> = []
  let total = 0
  yield* Stream.runForEachWhile(content.bytes, (chunk) =>
    Effect.sync(() => {
      chunks.push(chunk)
      total += chunk.length
      return inlineLength(type, total) <= limit
    })
  )
  return inlineLength(type, total) > limit ? Option.none() : Option.some(Buffer.concat(chunks, total))
})

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false })
const utf8 = (bytes: Uint8Array): string | undefined => {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

/** A string that the API would take for an address and fetch, or for a data URI and decode. */
const looksLikeUrl = (text: string) => /^\s*(data:|[a-z][a-z0-9+.-]*:\/\/)/i.test(text)

/** The longest file name the API takes elsewhere; a longer one is left out. */
const maxNameLength = 255

const base64 = (file: SourceFile.SourceFile, bytes: Buffer): Schema.Json => {
  const filename = SourceFile.fileName(file)
  return {
    base64: bytes.toString("base64"),
    mime_type: file.mimeType,
    ...(filename === "" || filename.length > maxNameLength ? {} : { filename })
  }
}

const json = (file: SourceFile.SourceFile, text: string | undefined): Delivered => {
  try {
    const value = JSON.parse(text ?? "not UTF-8") as Schema.Json // what JSON.parse returns is JSON
    return { _tag: "Data", data: value, why: "inline: it is a value" }
  } catch {
    return Outcome.Rejected.make({
      cause: {
        code: "invalid-json",
        message: `the file is mapped to a value, but ${file.mimeType} content that is not JSON is in it. Correct it, or map it to text`
      }
    })
  }
}

const fitsInline = "inline: it fits into a request"

/** What becomes of content that does not fit; `what` says how much it is. */
type Otherwise = (what: string) => Delivered

const sha256 = (bytes: Buffer) => hash("sha256", bytes, "hex")

const data = (
  delivery: Delivery,
  file: SourceFile.SourceFile,
  type: FieldType,
  bytes: Buffer,
  otherwise: Otherwise
): Delivered => {
  if (!isFileType(type)) return json(file, utf8(bytes))
  const text = type === "text" ? utf8(bytes) : undefined
  if (text !== undefined && !looksLikeUrl(text))
    return { _tag: "Data", data: text, sha256: sha256(bytes), why: fitsInline }
  return base64Length(bytes.length) > delivery.maxInlineBytes
    ? otherwise(asBase64(bytes.length))
    : { _tag: "Data", data: base64(file, bytes), sha256: sha256(bytes), why: fitsInline }
}

const tooLargeUploaded =
  ({ maxInlineBytes }: Delivery): Otherwise =>
  (what) => ({
    _tag: "Upload",
    why: `upload: ${what} do not fit into the ${count(maxInlineBytes)} bytes that go inline`
  })

/** The content as `data`: text as a string, JSON as a value, anything else as base64. */
const inline = (
  delivery: Delivery,
  file: SourceFile.SourceFile,
  type: FieldType,
  content: Sink.Content,
  otherwise: Otherwise
): Effect.Effect<Delivered, Source.SourceError> => {
  const limit = delivery.maxInlineBytes
  if (file.size !== undefined && inlineLength(type, file.size) > limit) {
    return Effect.succeed(otherwise(isBase64(type) ? asBase64(file.size) : `${count(file.size)} bytes`))
  }
  return Effect.map(
    readAll(content, type, limit),
    Option.match({
      onNone: () => otherwise(isBase64(type) ? "its bytes, as base64," : "its bytes"),
      onSome: (bytes) => data(delivery, file, type, bytes, otherwise)
    })
  )
}

/** Percent-encoded addresses beyond this may come out longer than Mixpeek takes once they are signed. */
const measureFrom = 700

const yes = Effect.succeed(true)

const fits = (delivery: Delivery, file: SourceFile.SourceFile, store: Source.Link) => {
  if (delivery.references === "address") return Effect.succeed(store.address(file).length <= maxUrlLength)
  if (file.uri.length < measureFrom) return yes
  return Effect.map(store.presigned(file, delivery.linkLifetime), (url) => Redacted.value(url).length <= maxUrlLength)
}

const noLink = needsUpload("the source has no link to the file")

/** What becomes of a file whose link is longer than Mixpeek takes. */
export const linkTooLong: Outcome.Outcome = Outcome.Rejected.make({
  cause: {
    code: "link-too-long",
    message: `the file's address has more than the ${maxUrlLength} characters Mixpeek takes as a URL. Deliver it by upload, use references: "address", or shorten its key`
  }
})

/**
 * Decides how a file goes, and reads it where it goes inline (bodies above the limit not to their end). A value already
 * (`Effect.succeed`) where nothing has to be read or asked.
 */
export const deliver = (
  delivery: Delivery,
  file: SourceFile.SourceFile,
  type: FieldType,
  content: Sink.Content
): Effect.Effect<Delivered, Source.SourceError> => {
  const method = delivery.method(file)
  const tooLarge: Otherwise = (what) => tooLargeInline(what, delivery.maxInlineBytes)
  // A value has no other way.
  if (!isFileType(type) || method === "inline") return inline(delivery, file, type, content, tooLarge)
  if (method === "upload") return Effect.succeed(uploadAsConfigured)
  const store = Option.getOrUndefined(content.link)
  const withBytes = () => inline(delivery, file, type, content, tooLargeUploaded(delivery))
  if (method === "auto") {
    if (store?.isPublic !== true) return withBytes()
    return AtHand.flatMap(fits(delivery, file, store), (fit) => (fit ? publicLink : withBytes()))
  }
  if (store === undefined) return Effect.succeed(noLink)
  return AtHand.flatMap(fits(delivery, file, store), (fit): Effect.Effect<Delivered, Source.SourceError> => {
    if (!fit) return Effect.succeed(linkTooLong)
    return delivery.references === "address"
      ? Effect.succeed({ _tag: "Data", data: store.address(file), why: asConfigured })
      : link
  })
}
