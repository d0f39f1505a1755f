/**
 * What a failed request means: one table from status, error type and body to the reason that decides what happens next.
 */
import { Sink } from "@sluice/core"
import { type Duration, Predicate } from "effect"
import type { HttpClientError } from "effect/http"
import { type ErrorBody, suspects } from "./ErrorBody.ts"

/** Which request failed. */
export interface Request {
  /** Name of the sink, or of the client: `mixpeek:bkt_photos`. */
  readonly sink: string
  readonly operation: string
  /** Creating is not idempotent: when its answer is lost it may or may not have happened. Reading is harmless. */
  readonly creates: boolean
}

/** An answer that is not a success. */
export interface Failure {
  readonly status: number
  readonly body: ErrorBody
  /** How long the server asks to wait. */
  readonly retryAfter: Duration.Duration | undefined
  readonly requestId: string | undefined
}

interface Row {
  readonly when: (failure: Failure) => boolean
  readonly reason: (failure: Failure, request: Request) => Sink.SinkErrorReason
  readonly remedy: string
}

const status =
  (...statuses: ReadonlyArray<number>) =>
  (failure: Failure) =>
    statuses.includes(failure.status)
const says = (failure: Failure, words: RegExp) =>
  words.test(failure.body.type ?? "") || words.test(failure.body.message)

const after = (failure: Failure) => (failure.retryAfter === undefined ? {} : { retryAfter: failure.retryAfter })
const lost = (failure: Failure, request: Request) =>
  request.creates ? new Sink.Ambiguous(after(failure)) : new Sink.Unavailable(after(failure))

const cause = (code: string, failure: Failure) => ({
  code,
  message: failure.body.message,
  ...(failure.requestId === undefined ? {} : { requestId: failure.requestId })
})
// A read is not a batch: nothing in it can be left out.
const refused = (code: string) => (failure: Failure, request: Request) =>
  request.creates
    ? new Sink.Refused({ suspects: suspects(failure.body), cause: cause(code, failure) })
    : new Sink.Unusable()

const finite = (value: unknown) => (Predicate.isNumber(value) && Number.isFinite(value) ? value : undefined)
const quota = (failure: Failure) => {
  const { current, limit, resource } = failure.body.details
  return new Sink.QuotaExceeded({
    ...(Predicate.isString(resource) ? { resource } : {}),
    ...(finite(current) === undefined ? {} : { current: finite(current)! }),
    ...(finite(limit) === undefined ? {} : { limit: finite(limit)! })
  })
}
const isQuota = (failure: Failure) =>
  failure.body.type === "QuotaExceededError" ||
  Predicate.isString(failure.body.details["resource"]) ||
  says(failure, /\b(quota|credits?|tier)\b/i)

/** An answer by which the API is down: not one that it gave, or one that it could not help. */
export const isDown = (status: number): boolean => status >= 500 && status !== 501 && status !== 505

/** The first row that fits decides. */
const table: ReadonlyArray<Row> = [
  {
    when: status(429, 425),
    reason: (failure) => new Sink.Throttled(after(failure)),
    remedy: "It is sent again when the limit allows"
  },
  {
    when: status(401),
    reason: () => new Sink.Unauthorized(),
    remedy: "Set apiKey (MIXPEEK_API_KEY) to a valid key of this organization"
  },
  {
    when: (failure) => failure.status === 402 || (failure.status === 403 && isQuota(failure)),
    reason: quota,
    remedy: "Raise the plan's allowance or remove what is no longer needed, then run again"
  },
  {
    when: (failure) => status(403, 409, 423)(failure) && says(failure, /\b(locked|read-?only)\b/i),
    reason: () => new Sink.Unusable(),
    remedy: "Unlock the bucket, or name another one"
  },
  {
    when: (failure) => failure.status === 403 && failure.body.type === "NotEnabledError",
    reason: () => new Sink.Unusable(),
    remedy: "Have the feature enabled for the organization"
  },
  {
    when: status(403),
    reason: () => new Sink.Unauthorized(),
    remedy:
      "Give the key the permission it lacks (read to check, write to create, delete to remove), or use another key"
  },
  {
    when: status(404, 410),
    reason: () => new Sink.Unusable(),
    remedy: "Check bucket, namespace (MIXPEEK_NAMESPACE) and url; a wrong namespace looks like a missing bucket"
  },
  {
    when: status(413),
    reason: (failure, request) =>
      request.creates ? new Sink.TooLarge({ cause: cause("too-large", failure) }) : new Sink.Unusable(),
    remedy: "Batches are made smaller; lower batch.maxBytes to start there"
  },
  {
    when: status(422),
    reason: refused("validation"),
    remedy: "Make the mapping fit the bucket's schema"
  },
  {
    when: status(400),
    reason: refused("bad-request"),
    remedy: "Make the mapping fit the bucket's schema and unique key"
  },
  {
    when: status(409),
    reason: refused("already-exists"),
    remedy: "Give the bucket's unique key the default policy upsert"
  },
  { when: status(501, 505), reason: () => new Sink.Unusable(), remedy: "Check url (MIXPEEK_URL)" },
  {
    // Also 503: a proxy may answer it after the request went through. Asking costs one request, a double cannot be undone.
    when: (failure) => failure.status >= 500 || failure.status === 408,
    reason: lost,
    remedy: "It is tried again"
  },
  {
    when: (failure) => failure.status >= 300 && failure.status < 400,
    reason: () => new Sink.Unusable(),
    remedy: "Set url (MIXPEEK_URL) to the address of the API itself; redirects are not followed"
  }
]

/** Any other status is one that no document knows: the run stops, and a person looks. */
const unknown: Row = {
  when: () => true,
  reason: () => new Sink.Unusable(),
  remedy: "Check url (MIXPEEK_URL) and proxies"
}

/** What an answer that is not a success means. */
export const fromFailure = (request: Request, failure: Failure): Sink.SinkError => {
  const row = table.find(({ when }) => when(failure)) ?? unknown
  const type = failure.body.type === undefined ? "" : ` ${failure.body.type}`
  return new Sink.SinkError({
    sink: request.sink,
    operation: request.operation,
    reason: row.reason(failure, request),
    message: `Mixpeek answered ${failure.status}${type} to ${request.operation}: ${failure.body.message}. ${row.remedy}`,
    ...(failure.requestId === undefined ? {} : { requestId: failure.requestId })
  })
}

/** A 2xx whose body cannot be read as an answer: what was asked for may have happened. */
export const fromUnreadable = (request: Request, problem: string, requestId: string | undefined): Sink.SinkError =>
  new Sink.SinkError({
    sink: request.sink,
    operation: request.operation,
    reason: request.creates ? new Sink.Ambiguous({}) : new Sink.Unavailable({}),
    message: `Mixpeek's answer to ${request.operation} cannot be read: it is ${problem}. ${
      request.creates ? "What became of the batch is found out before anything is sent again" : "It is tried again"
    }`,
    ...(requestId === undefined ? {} : { requestId })
  })

/** Codes of failures before the request left: nothing was taken. */
const notSent = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "EADDRNOTAVAIL",
  "UND_ERR_CONNECT_TIMEOUT"
])
const isCertificateCode = (code: string) =>
  /^(ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA)/.test(code)

const codeOf = (error: unknown): string | undefined => {
  for (let e = error, depth = 0; e !== undefined && e !== null && depth < 8; depth++) {
    if (Predicate.hasProperty(e, "code") && Predicate.isString(e.code)) return e.code
    e = Predicate.hasProperty(e, "cause") ? e.cause : undefined
  }
  return undefined
}

/**
 * What a request without an answer means. Never carries the client's own error: that holds the request, and with it
 * the key.
 */
export const fromTransport = (request: Request, error: HttpClientError.HttpClientError): Sink.SinkError => {
  const make = (reason: Sink.SinkErrorReason, message: string) =>
    new Sink.SinkError({ sink: request.sink, operation: request.operation, reason, message })
  const code = codeOf(error.reason) ?? "no code"
  if (error.reason._tag === "InvalidUrlError" || error.reason._tag === "EncodeError") {
    return make(new Sink.Unusable(), `${request.operation} has no valid address. Set url (MIXPEEK_URL)`)
  }
  if (notSent.has(code)) {
    return make(
      new Sink.Unavailable({}),
      `Mixpeek cannot be reached for ${request.operation} (${code}). Check url (MIXPEEK_URL), DNS and the network`
    )
  }
  if (isCertificateCode(code)) {
    return make(
      new Sink.Unusable(),
      `Mixpeek's certificate is not trusted (${code}). Check url (MIXPEEK_URL) and the certificates of this machine`
    )
  }
  return make(
    request.creates ? new Sink.Ambiguous({}) : new Sink.Unavailable({}),
    `The connection to Mixpeek broke during ${request.operation} (${code}). It is tried again`
  )
}

/** No answer in time. */
export const fromTimeout = (request: Request, timeout: string): Sink.SinkError =>
  new Sink.SinkError({
    sink: request.sink,
    operation: request.operation,
    reason: request.creates ? new Sink.Ambiguous({}) : new Sink.Unavailable({}),
    message: `Mixpeek did not answer ${request.operation} within ${timeout}. It is tried again; raise timeout if this goes on`
  })
