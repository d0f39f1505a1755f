/** One request as the handlers see it: the raw target taken apart, nothing normalised. */
import type { IncomingMessage } from "node:http"
import { Refusal } from "./refusal.ts"

/** Whether a name is that of a directory bucket (S3 Express One Zone). */
export const isDirectoryName = (bucket: string): boolean => bucket.endsWith("--x-s3")

export interface S3Request {
  readonly method: string
  /** Empty for requests to the service itself. */
  readonly bucket: string
  /** Decoded; empty for requests to a bucket. */
  readonly key: string
  /** The decoded path, as signatures are made over it. */
  readonly path: string
  /** Decoded, in the order sent. */
  readonly query: ReadonlyArray<readonly [name: string, value: string]>
  /** A query parameter; the empty string for one without a value. */
  readonly parameter: (name: string) => string | undefined
  /** A header by its lower-case name; several of one name are joined with commas. */
  readonly header: (name: string) => string | undefined
  /** A header that presigned addresses carry as a query parameter. */
  readonly headerOrParameter: (name: string) => string | undefined
  readonly headers: ReadonlyMap<string, string>
  /** Milliseconds since 1970, by the clock of the stand-in. */
  readonly now: number
}

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Refusal("InvalidURI")
  }
}

const readQuery = (text: string): ReadonlyArray<readonly [string, string]> =>
  text === ""
    ? []
    : text.split("&").map((pair) => {
        const equals = pair.indexOf("=")
        const [name, value] = equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)]
        return [decode(name.replaceAll("+", " ")), decode(value.replaceAll("+", " "))] as const
      })

const readHeaders = (raw: ReadonlyArray<string>): ReadonlyMap<string, string> => {
  const headers = new Map<string, string>()
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? "").toLowerCase()
    const value = (raw[i + 1] ?? "").trim()
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : `${before},${value}`)
  }
  return headers
}

/** Takes a request apart. The path is not normalised: `//`, `.` and `..` are parts of keys like any other. */
export const readRequest = (message: IncomingMessage, now: number): S3Request => {
  const target = message.url ?? "/"
  const question = target.indexOf("?")
  const rawPath = question < 0 ? target : target.slice(0, question)
  const query = readQuery(question < 0 ? "" : target.slice(question + 1))
  const path = decode(rawPath)
  const slash = path.indexOf("/", 1)
  const bucket = slash < 0 ? path.slice(1) : path.slice(1, slash)
  const rest = slash < 0 ? "" : path.slice(slash + 1)
  const headers = readHeaders(message.rawHeaders)
  const parameter = (name: string) => query.find((pair) => pair[0] === name)?.[1]
  return {
    method: message.method ?? "GET",
    bucket,
    // In path style the SDK writes one slash too many for directory buckets, which AWS addresses by host alone.
    key: isDirectoryName(bucket) && rest.startsWith("/") ? rest.slice(1) : rest,
    path,
    query,
    parameter,
    header: (name) => headers.get(name),
    headerOrParameter: (name) => headers.get(name) ?? query.find((pair) => pair[0].toLowerCase() === name)?.[1],
    headers,
    now
  }
}
