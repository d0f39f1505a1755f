/**
 * A quick reader of ListObjectsV2 answers. The SDK's own makes a tree of an answer before it makes objects of it, and a
 * listing is nothing but answers: this one takes the text apart where the tags stand, in a twentieth of the time.
 * Whatever does not look exactly as S3 writes it is left to the SDK.
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
import type { ListObjectsV2CommandOutput } from "@aws-sdk/client-s3"
import type { Entry } from "../Entry.ts"

/** What a listing says, decoded. */
export interface ObjectsPage {
  readonly entries: ReadonlyArray<Entry>
  /** Common prefixes, where a delimiter was asked for. */
  readonly folders: ReadonlyArray<string>
  readonly truncated: boolean
  /** Where the next page begins, where the server says so. */
  readonly token: string | undefined
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" }

const unescape = (text: string): string =>
  text.includes("&")
    ? text.replace(/&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g, (whole, hex?: string, decimal?: string, name?: string) => {
        if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
        if (decimal !== undefined) return String.fromCodePoint(Number.parseInt(decimal, 10))
        return entities[name ?? ""] ?? whole
      })
    : text

/** Undoes `encoding-type=url`, without which XML cannot carry every legal key. */
export const decoder =
  (encoding: string | undefined) =>
  (text: string | undefined): string => {
    if (text === undefined) return ""
    return encoding === "url" && /[%+]/.test(text) ? decodeURIComponent(text.replaceAll("+", "%20")) : text
  }

/** An ETag without its quotes. */
export const unquote = (etag: string | undefined): string => (etag ?? "").replace(/^"(.*)"$/, "$1")

/** The text between a tag and its end. */
export const inside = (xml: string, tag: string): string | undefined => {
  const open = xml.indexOf(`<${tag}>`)
  if (open < 0) return undefined
  const start = open + tag.length + 2
  const end = xml.indexOf("</", start)
  return end < 0 ? undefined : unescape(xml.slice(start, end))
}

/** What the SDK read of an answer. */
export const fromSdk = (output: ListObjectsV2CommandOutput): ObjectsPage => {
  const decode = decoder(output.EncodingType)
  return {
    entries: (output.Contents ?? []).map((line) => ({
      key: decode(line.Key),
      etag: unquote(line.ETag),
      size: line.Size ?? 0,
      modifiedAt: line.LastModified,
      storageClass: line.StorageClass,
      restoring: line.RestoreStatus?.IsRestoreInProgress === true,
      restoredUntil: line.RestoreStatus?.RestoreExpiryDate,
      versionId: undefined,
      latest: true,
      deleteMarker: false
    })),
    folders: (output.CommonPrefixes ?? []).map(({ Prefix }) => decode(Prefix)),
    truncated: output.IsTruncated === true,
    token: output.NextContinuationToken
  }
}

const opening = "<Contents>"
const closing = "</Contents>"

/** The page, or `undefined` where it is not certain to be understood. */
export const readPage = (xml: string): ObjectsPage | undefined => {
  const first = xml.indexOf(opening)
  const end = first < 0 ? 0 : xml.lastIndexOf(closing) + closing.length
  /** What stands around the lines, and between them where somebody puts anything there. */
  let rest = first < 0 ? xml : xml.slice(0, first) + xml.slice(end)
  const encoding = inside(rest, "EncodingType")
  const decode = decoder(encoding)
  const entries: Array<Entry> = []
  for (const cursor = { at: first }; cursor.at >= 0 && cursor.at < end;) {
    cursor.at += opening.length
    const entry = readLine(xml, cursor, decode)
    if (entry === undefined) return undefined
    entries.push(entry)
    if (xml.startsWith(opening, cursor.at)) continue
    const next = xml.indexOf(opening, cursor.at)
    if (next > cursor.at) rest += xml.slice(cursor.at, next)
    cursor.at = next
  }
  const prefixes = [...rest.matchAll(/<CommonPrefixes>\s*<Prefix>([^<]*)<\/Prefix>\s*<\/CommonPrefixes>/g)]
  const truncated = inside(rest, "IsTruncated")
  const count = inside(rest, "KeyCount")
  return !/<ListBucketResult[ >]/.test(rest) ||
    !rest.trimEnd().endsWith("</ListBucketResult>") ||
    rest.includes("<!") ||
    rest.includes("<Contents") ||
    (truncated !== "true" && truncated !== "false") ||
    (count !== undefined && Number(count) !== entries.length + prefixes.length) ||
    (encoding !== undefined && encoding !== "url") ||
    rest.split("<CommonPrefixes").length - 1 !== prefixes.length
    ? undefined
    : {
        entries,
        folders: prefixes.map(([, prefix = ""]) => decode(unescape(prefix))),
        truncated: truncated === "true",
        token: inside(rest, "NextContinuationToken")
      }
}

const slash = 0x2f
const less = 0x3c
const more = 0x3e
const quote = "&quot;"

const etagOf = (xml: string, from: number, to: number): string =>
  xml.startsWith(quote, from) && xml.endsWith(quote, to) && to - from >= 2 * quote.length
    ? unescape(xml.slice(from + quote.length, to - quote.length))
    : unquote(unescape(xml.slice(from, to)))

const digit = (code: number): number => (code >= 0x30 && code <= 0x39 ? code - 0x30 : Number.NaN)
const digits = (xml: string, at: number): number => digit(xml.charCodeAt(at)) * 10 + digit(xml.charCodeAt(at + 1))

/** The last one read: what was written together, a folder of files say, has one time. */
let latest = { text: "1970-01-01T00:00:00.000Z", date: new Date(0) }

/** `2026-01-02T03:04:05.678Z`, as S3 writes it, in a quarter of the time that `Date` takes; anything else by `Date`. */
const instant = (xml: string, from: number, to: number): Date => {
  if (to - from !== 24 || xml[from + 10] !== "T" || xml[from + 19] !== "." || xml[from + 23] !== "Z") {
    return new Date(xml.slice(from, to))
  }
  if (xml.startsWith(latest.text, from)) return latest.date
  const date = new Date(
    Date.UTC(
      digits(xml, from) * 100 + digits(xml, from + 2),
      digits(xml, from + 5) - 1,
      digits(xml, from + 8),
      digits(xml, from + 11),
      digits(xml, from + 14),
      digits(xml, from + 17),
      digits(xml, from + 20) * 10 + digit(xml.charCodeAt(from + 22))
    )
  )
  latest = { text: xml.slice(from, to), date }
  return date
}

/** A line from behind its first tag on; leaves `cursor` behind its last one. */
const readLine = (xml: string, cursor: { at: number }, decode: (text: string) => string): Entry | undefined => {
  let { at } = cursor
  let key: string | undefined
  let etag: string | undefined
  let size = Number.NaN
  let modifiedAt: Date | undefined
  let storageClass: string | undefined
  let restoring = false
  let restoredUntil: Date | undefined
  for (;;) {
    while (xml.charCodeAt(at) <= 0x20) at++
    const value = xml.indexOf(">", at) + 1
    if (xml.charCodeAt(at) !== less || value === 0) return undefined
    const length = value - at - 2
    if (xml.charCodeAt(at + 1) === slash) {
      if (length + 2 !== closing.length) return undefined
      cursor.at = value
      break
    }
    const end = xml.indexOf("<", value)
    const after = end + length + 3
    if (xml.charCodeAt(end + 1) !== slash || xml.charCodeAt(after - 1) !== more) {
      // Something with tags in it.
      const tag = xml.slice(at + 1, value - 1)
      const close = xml.indexOf(`</${tag}>`, value)
      if (close < 0 || (tag !== "Owner" && tag !== "RestoreStatus")) return undefined
      if (tag === "RestoreStatus") {
        const status = xml.slice(value, close)
        const until = inside(status, "RestoreExpiryDate")
        restoring = inside(status, "IsRestoreInProgress") === "true"
        restoredUntil = until === undefined ? undefined : new Date(until)
      }
      at = close + length + 3
      continue
    }
    // Initial and length tell the tags of a line apart.
    switch (xml[at + 1]) {
      case "K":
        if (length === 3) key = decode(unescape(xml.slice(value, end)))
        break
      case "E":
        if (length === 4) etag = etagOf(xml, value, end)
        break
      case "L":
        if (length === 12) modifiedAt = instant(xml, value, end)
        break
      case "S":
        if (length === 4) size = Number(xml.slice(value, end))
        if (length === 12) storageClass = xml.slice(value, end)
        break
      default:
    }
    at = after
  }
  if (
    key === undefined ||
    etag === undefined ||
    modifiedAt === undefined ||
    Number.isNaN(modifiedAt.getTime()) ||
    !Number.isSafeInteger(size)
  ) {
    return undefined
  }
  // A string that was cut from another keeps all of that alive, and some of a page is kept for long: these are of a copy.
  const copy = [key, etag].join("")
  return {
    key: copy.slice(0, key.length),
    etag: copy.slice(key.length),
    size,
    modifiedAt,
    storageClass,
    restoring,
    restoredUntil,
    versionId: undefined,
    latest: true,
    deleteMarker: false
  }
}
