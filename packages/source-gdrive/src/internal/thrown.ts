/**
 * What a failed request says, read without relying on anybody's classes: Google's errors come in two shapes, OAuth's in
 * a third, proxies answer with pages, and the client library wraps them all.
 */
import { Predicate } from "effect"

/** What is known of a failure. Nothing here is a header, a token or a body. */
export interface Said {
  readonly status: number | undefined
  /** Google's reasons, the most exact one first: of `error.details`, of `error.errors`, then `error.status`. */
  readonly reasons: ReadonlyArray<string>
  /** OAuth's `error`: `invalid_grant`. */
  readonly oauth: string | undefined
  /** The system's or the library's code: `ECONNRESET`, `TimeoutError`. */
  readonly code: string | undefined
  /** The parameter that Google does not accept: `pageToken`. */
  readonly parameter: string | undefined
  /** As the answer's header spells it. */
  readonly retryAfter: string | undefined
  /** What Google's error knows besides: `{ quota_unit: "1/d/{project}" }`. */
  readonly metadata: Readonly<Record<string, string>>
  /** Where Google's console shows what has to be done. */
  readonly console: string | undefined
  /** In words. To look for something in it; shown by `quote` alone. */
  readonly text: string
}

const property = (value: unknown, name: string): unknown =>
  Predicate.hasProperty(value, name) ? value[name] : undefined
const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined)
const list = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])

/** A name that Google, OAuth or the system gave: not something a token could be mistaken for. */
const name = (value: unknown): string | undefined => {
  const found = text(value)
  return found !== undefined && /^[A-Za-z_]{1,60}$|^E[A-Z0-9_]{1,60}$/.test(found) ? found : undefined
}
const names = (values: ReadonlyArray<unknown>): ReadonlyArray<string> => values.flatMap((value) => name(value) ?? [])

/** Something with `get`, of whichever library, or an object by lower-case names. */
const header = (headers: unknown, key: string): string | undefined => {
  const get = property(headers, "get")
  return text(typeof get === "function" ? get.call(headers, key) : property(headers, key))
}

/** Bodies of failed downloads are text whatever they are. */
const parsed = (body: unknown): unknown => {
  if (typeof body !== "string") return body
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/** A page of Google's console, and nothing that hangs on its address. */
const consolePage =
  /https:\/\/console\.(?:cloud|developers)\.google\.com(?:\/[\w.-]{1,24})*(?:\?project=[\w:-]{1,30})?(?=[.,;]?(?:[\s"'<>]|$))/

const consoleUrl = (error: unknown, metadata: unknown, words: string): string | undefined => {
  const links = list(property(error, "details")).flatMap((detail) => list(property(detail, "links")))
  const found = [
    property(metadata, "activationUrl"),
    ...links.map((link) => property(link, "url")),
    ...list(property(error, "errors")).map((each) => property(each, "extendedHelp")),
    words
  ]
  return found.flatMap((each) => text(each)?.match(consolePage)?.[0] ?? [])[0]
}

/** A number or a date: nothing longer. */
const waiting = (value: string | undefined): string | undefined =>
  value === undefined || value.length > 40 || /\w{12,}/.test(value) ? undefined : value

const read = (thrown: unknown): Said => {
  const response = property(thrown, "response")
  // Of a failed download the client keeps the body as the error's message, and nowhere else.
  const body = parsed(property(response, "data") ?? property(thrown, "message"))
  const error = property(body, "error")
  const status = property(response, "status") ?? property(thrown, "status")
  const details = list(property(error, "details"))
  const errors = list(property(error, "errors"))
  const metadata = details.map((detail) => property(detail, "metadata")).find(Predicate.isObject)
  const words =
    text(property(error, "message")) ??
    text(property(body, "error_description")) ??
    text(property(response, "data")) ??
    text(property(thrown, "message")) ??
    ""
  return {
    status: typeof status === "number" ? status : undefined,
    reasons: names([
      ...details.map((detail) => property(detail, "reason")),
      ...errors.map((each) => property(each, "reason")),
      property(error, "status")
    ]),
    oauth: name(error),
    code:
      name(property(thrown, "code")) ??
      name(property(property(thrown, "cause"), "code")) ??
      name(property(thrown, "name")),
    parameter: names(errors.map((each) => property(each, "location")))[0],
    retryAfter: waiting(header(property(response, "headers"), "retry-after")),
    metadata: Object.fromEntries(
      Object.entries(metadata ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === "string")
    ),
    console: consoleUrl(error, metadata, words),
    text: words.slice(0, 2000)
  }
}

const nothing: Said = {
  status: undefined,
  reasons: [],
  oauth: undefined,
  code: undefined,
  parameter: undefined,
  retryAfter: undefined,
  metadata: {},
  console: undefined,
  text: ""
}

/** Reads whatever was thrown; never throws itself. */
export const said = (thrown: unknown): Said => {
  try {
    return read(thrown)
  } catch {
    // Something that cannot even be looked at: a getter that throws, a revoked proxy.
    return nothing
  }
}

/** Google's own words, for a person: without markup, and without anything as long as a token. */
export const quote = (words: string): string =>
  words
    .replace(/<[^>]*>/g, " ")
    .replace(/[\w.~+/=-]{25,}/g, "…")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 200)
