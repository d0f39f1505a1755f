/**
 * What a refusal says: every shape of error body the API, its guides and the proxies before it are known to send.
 */
import { Option, Schema } from "effect"

/** One thing that is wrong with a request: where (`["body", "objects", 3, "blobs"]`) and what. */
export interface Issue {
  readonly location: ReadonlyArray<string | number>
  readonly message: string
}

/** An error body, whatever its shape. Texts are scrubbed: no credentials, no query strings, at most 300 characters. */
export interface ErrorBody {
  readonly shape: "envelope" | "fastapi" | "html" | "text" | "empty"
  /** `error.type` of the envelope: `QuotaExceededError`. */
  readonly type: string | undefined
  readonly message: string
  readonly details: { readonly [name: string]: unknown }
  readonly issues: ReadonlyArray<Issue>
}

const Location = Schema.Array(Schema.Union([Schema.String, Schema.Finite]))
const FastApiIssue = Schema.Struct({ loc: Location, msg: Schema.String })
const GuideIssue = Schema.Struct({ location: Location, message: Schema.String })
const Envelope = Schema.Struct({
  error: Schema.Struct({
    message: Schema.optional(Schema.NullOr(Schema.String)),
    type: Schema.optional(Schema.NullOr(Schema.String)),
    details: Schema.optional(Schema.NullOr(Schema.Record(Schema.String, Schema.Unknown)))
  })
})
const FastApi = Schema.Struct({ detail: Schema.Union([Schema.String, Schema.Array(FastApiIssue)]) })

const decodeJson = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))
const decodeEnvelope = Schema.decodeUnknownOption(Envelope)
const decodeFastApi = Schema.decodeUnknownOption(FastApi)
const decodeGuideIssues = Schema.decodeUnknownOption(Schema.Array(GuideIssue))

const maxLength = 300

/**
 * A text of the other side, fit for messages and logs: on one line, at most 300 characters, without credentials and
 * without the query strings of URLs (a presigned address is a secret, and the API quotes it when it cannot fetch it).
 */
export const scrub = (text: string): string => {
  const clean = text
    .replaceAll(/\s+/g, " ")
    .trim()
    .replaceAll(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/"'<>@]*@/gi, "$1<redacted>@")
    .replaceAll(/\b([a-z][a-z0-9+.-]*:\/\/[^\s"'<>?]+)\?[^\s"'<>]*/gi, "$1?<redacted>")
    .replaceAll(/\b(x-amz-[a-z-]+|signature|token|key)=[^&\s"'<>]+/gi, "$1=<redacted>")
    .replaceAll(/\bbearer\s+[^\s"'<>,]+/gi, "Bearer <redacted>")
    .replaceAll(/\bsk_[\w-]+/g, "sk_<redacted>")
    // Pydantic quotes what it was given.
    .replaceAll(/\binput_value=.*?(?=, input_type=|\]|$)/g, "input_value=<redacted>")
  return clean.length > maxLength ? `${clean.slice(0, maxLength - 1)}…` : clean
}

const scrubIssue = (issue: Issue): Issue => ({ location: issue.location, message: scrub(issue.message) })

const summary = (issues: ReadonlyArray<Issue>): string =>
  scrub(
    issues
      .slice(0, 3)
      .map((issue) => `${issue.location.join(".")}: ${issue.message}`)
      .join("; ") + (issues.length > 3 ? `; and ${issues.length - 3} more` : "")
  )

const fromEnvelope = (json: unknown): Option.Option<ErrorBody> =>
  Option.map(decodeEnvelope(json), ({ error }) => {
    const details = error.details ?? {}
    const issues = Option.getOrElse(decodeGuideIssues(details["validation_errors"]), () => []).map(scrubIssue)
    const message = scrub(error.message ?? "")
    return {
      shape: "envelope",
      type: error.type ?? undefined,
      message: issues.length === 0 ? message : scrub(`${message}: ${summary(issues)}`),
      details,
      issues
    }
  })

const fromFastApi = (json: unknown): Option.Option<ErrorBody> =>
  Option.map(decodeFastApi(json), ({ detail }) => {
    const issues =
      typeof detail === "string" ? [] : detail.map((issue) => scrubIssue({ location: issue.loc, message: issue.msg }))
    return {
      shape: "fastapi",
      type: undefined,
      message: typeof detail === "string" ? scrub(detail) : summary(issues),
      details: {},
      issues
    }
  })

const fromText = (body: string): ErrorBody => {
  const text = body.trim()
  if (text === "") return { shape: "empty", type: undefined, message: "an empty body", details: {}, issues: [] }
  if (text.startsWith("<")) {
    const title = /<title>([^<]*)<\/title>/i.exec(text)?.[1] ?? "no title"
    return {
      shape: "html",
      type: undefined,
      message: `a page of a proxy, not of the API (${scrub(title)})`,
      details: {},
      issues: []
    }
  }
  return { shape: "text", type: undefined, message: scrub(text), details: {}, issues: [] }
}

/** Reads an error body: the envelope, FastAPI's `detail`, a proxy's HTML, plain text or nothing. Never fails. */
export const parse = (body: string): ErrorBody => {
  const json = decodeJson(body)
  if (Option.isNone(json)) return fromText(body)
  return Option.getOrElse(
    Option.orElse(fromEnvelope(json.value), () => fromFastApi(json.value)),
    () => fromText(body)
  )
}

/** What kind of text an unreadable answer is, without a word of it. */
export const kindOf = (body: string): string => {
  if (Option.isSome(decodeJson(body))) return "JSON of an unknown shape"
  const { shape } = fromText(body)
  return shape === "html" ? "a page of a proxy" : shape === "empty" ? "an empty body" : "not JSON, or not all of it"
}

/** The objects of a batch an error body points at: `["body", "objects", 3, …]` is 3. */
export const suspects = (body: ErrorBody): ReadonlyArray<number> => {
  const indexes = body.issues.flatMap(({ location }) => {
    const index = location[location.indexOf("objects") + 1]
    return location.includes("objects") && typeof index === "number" && Number.isSafeInteger(index) && index >= 0
      ? [index]
      : []
  })
  return [...new Set(indexes)].toSorted((a, b) => a - b)
}
