/**
 * What S3 refused, by name: each failure of a request says what is so, which permission or setting is concerned, and
 * what to do.
 */
import { Source } from "@sluice/core"
import { Predicate, Schema } from "effect"

/** The requests this package makes, and the permission each of them needs. */
const permissions = {
  ListObjectsV2: "s3:ListBucket",
  ListObjectVersions: "s3:ListBucketVersions",
  GetObject: "s3:GetObject",
  HeadObject: "s3:GetObject",
  GetObjectTagging: "s3:GetObjectTagging",
  RestoreObject: "s3:RestoreObject"
} as const

/** A request this package makes. */
export type Operation = keyof typeof permissions

const versioned: Partial<Record<Operation, string>> = {
  GetObject: "s3:GetObjectVersion",
  HeadObject: "s3:GetObjectVersion",
  GetObjectTagging: "s3:GetObjectVersionTagging"
}

/** What a request was about. */
export interface Target {
  readonly operation: Operation
  readonly bucket: string
  readonly key?: string | undefined
  readonly versionId?: string | undefined
}

/** The permission a request needs, and on what: `s3:GetObject on arn:aws:s3:::bucket/*`. */
export const permission = (target: Target): string => {
  const action =
    (target.versionId === undefined ? undefined : versioned[target.operation]) ?? permissions[target.operation]
  const arn = target.bucket.startsWith("arn:") ? target.bucket : `arn:aws:s3:::${target.bucket}`
  return `${action} on ${arn}${target.key === undefined ? "" : "/*"}`
}

/** What to do about a failed request. */
export const Retrying = Schema.Literals(["never", "backoff", "slow-down"])

/** A failed request. Carries no header, no signature and no body: SDK errors may hold credentials and are not kept. */
export class S3Error extends Schema.TaggedError<S3Error>()("S3Error", {
  operation: Schema.String,
  /** S3's own code (`NoSuchKey`), the system's (`ECONNRESET`), or `HTTP 502` where there was neither. */
  code: Schema.String,
  status: Schema.optionalKey(Schema.Finite),
  requestId: Schema.optionalKey(Schema.String),
  /** The region in which the bucket is, where the answer says so. */
  region: Schema.optionalKey(Schema.String),
  /** As the answer's header spells it. */
  retryAfter: Schema.optionalKey(Schema.String),
  retrying: Retrying,
  reason: Source.SourceErrorReason,
  message: Schema.String
}) {}

/** The error as every source says it. */
export const toSourceError =
  (source: string) =>
  (error: S3Error): Source.SourceError =>
    new Source.SourceError({
      source,
      operation: error.operation,
      reason: error.reason,
      message: error.message,
      cause: `${error.code}${error.status === undefined ? "" : `, status ${error.status}`}${error.requestId === undefined ? "" : `, request id ${error.requestId}`}`
    })

const property = (value: unknown, name: string): unknown =>
  Predicate.hasProperty(value, name) ? value[name] : undefined
const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined)

/** What an SDK or the system threw, read without relying on its class: proxies answer with things the SDK cannot parse. */
const read = (thrown: unknown) => {
  const metadata = property(thrown, "$metadata")
  const response = property(thrown, "$response")
  const headers = property(response, "headers")
  const status = property(metadata, "httpStatusCode") ?? property(response, "statusCode")
  const name = text(property(thrown, "name"))
  return {
    name,
    code: text(property(thrown, "Code")) ?? text(property(thrown, "code")) ?? name ?? "Error",
    message: text(property(thrown, "message")) ?? "",
    status: typeof status === "number" ? status : undefined,
    requestId: text(property(metadata, "requestId")),
    region: text(property(headers, "x-amz-bucket-region")) ?? text(property(thrown, "Region")),
    retryAfter: text(property(headers, "retry-after"))
  }
}

type Verdict = Pick<S3Error, "reason" | "message" | "retrying">

const verdict = (
  reason: Source.SourceErrorReason,
  message: string,
  retrying: S3Error["retrying"] = "never"
): Verdict => ({
  reason,
  message,
  retrying
})
const unavailable = (message: string) => verdict(new Source.Unavailable(), message, "backoff")
const unauthorized = (message: string) => verdict(new Source.Unauthorized(), message)
const misconfigured = (message: string) => verdict(new Source.Misconfigured(), message)

const missing = (target: Target): Verdict =>
  target.key === undefined
    ? verdict(
        new Source.Missing(),
        `the bucket ${target.bucket} does not exist at this endpoint: check \`bucket\` and \`endpoint\``
      )
    : verdict(new Source.Gone(), `${target.key} is no longer there`)

const forbidden = (target: Target, said: string): Verdict => {
  const kms = said.includes("kms:") ? ", and kms:Decrypt on the key it is encrypted with" : ""
  return target.key === undefined
    ? unauthorized(`access denied: these credentials need ${permission(target)}`)
    : verdict(
        new Source.Denied(),
        `access to ${target.key} is denied: these credentials need ${permission(target)}${kms}`
      )
}

const changed = (target: Target) =>
  verdict(new Source.Changed(), `${target.key ?? target.bucket} is no longer in the state it was listed in`)

/** By S3's own error codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const byCode = (code: string, target: Target, said: string): Verdict | undefined => {
  switch (code) {
    case "NoSuchBucket":
      return missing({ operation: target.operation, bucket: target.bucket })
    case "NoSuchKey":
    case "NoSuchVersion":
      return missing(target)
    case "AccessDenied":
    case "AccessDeniedException":
      return forbidden(target, said)
    case "AllAccessDisabled":
    case "AccountProblem":
    case "NotSignedUp":
    case "InvalidPayer":
      return unauthorized("S3 has disabled access for this account: ask its owner, or AWS support")
    case "InvalidAccessKeyId":
      return unauthorized("this access key id does not exist at this endpoint: check `accessKeyId` and `endpoint`")
    case "SignatureDoesNotMatch":
      return unauthorized(
        "the signature does not match: check `secretAccessKey`; behind a proxy, check that it leaves path and headers alone"
      )
    case "ExpiredToken":
    case "ExpiredTokenException":
    case "TokenRefreshRequired":
      return unauthorized("the session token has expired: sign in again, or use credentials that are refreshed")
    case "InvalidToken":
      return unauthorized("the session token is not valid: check `sessionToken`; leave it out for long-term keys")
    case "RequestTimeTooSkewed":
    case "RequestExpired":
      return unauthorized(
        "this machine's clock differs from the server's by more than 15 minutes: set the clock (NTP) and run again"
      )
    case "CredentialsProviderError":
    case "TokenProviderError":
      return unauthorized(
        "no usable credentials were found: set `credentials`, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or what the AWS SDK looks for (AWS_* variables, profiles, container or instance roles)"
      )
    case "InvalidBucketName":
      return misconfigured(`${target.bucket} is not a valid bucket name: check \`bucket\``)
    case "NotImplemented":
    case "MethodNotAllowed":
      return misconfigured(`this server does not know ${target.operation}: leave out the option that needs it`)
    case "InvalidObjectState":
      return verdict(new Source.Denied(), `${target.key ?? "the object"} is archived: restore it before it can be read`)
    case "PreconditionFailed":
    case "InvalidRange":
      return changed(target)
    case "SlowDown":
    case "SlowDownRead":
    case "Throttling":
    case "ThrottlingException":
    case "RequestLimitExceeded":
    case "TooManyRequests":
    case "TooManyRequestsException":
    case "ServiceUnavailable":
      return verdict(
        new Source.Unavailable(),
        "S3 asks to slow down (503), also after waiting: run again later",
        "slow-down"
      )
    case "InternalError":
    case "RequestTimeout":
    case "OperationAborted":
      return unavailable(`S3 answers ${code}, also after several attempts: run again later`)
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return unavailable("the name of the endpoint cannot be resolved: check `endpoint`, `region` and DNS")
    case "ECONNREFUSED":
      return unavailable("the endpoint refuses connections: check `endpoint`, its port, and that the server runs")
    case "ETIMEDOUT":
    case "TimeoutError":
      return unavailable(
        "no answer in time, also after several attempts: check the network, `endpoint` and `requestTimeout`"
      )
    case "ECONNRESET":
    case "EPIPE":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "ECONNABORTED":
      return unavailable(
        `the connection failed (${code}), also after several attempts: check the network and \`endpoint\``
      )
    default:
      return undefined
  }
}

const byStatus = (status: number | undefined, code: string, target: Target, said: string): Verdict | undefined => {
  if (status === undefined) return undefined
  if (status === 404) return missing(target)
  if (status === 401)
    return unauthorized("the endpoint asks for other credentials (401): check `credentials` and `endpoint`")
  if (status === 403) return forbidden(target, said)
  if (status === 405) return misconfigured(`the endpoint does not allow ${target.operation} (405): check \`endpoint\``)
  if (status === 407) return misconfigured("a proxy on the way asks for credentials (407): check the proxy settings")
  if (status === 412 || status === 416) return changed(target)
  if (status === 429 || status === 503) {
    return verdict(
      new Source.Unavailable(),
      `the endpoint asks to slow down (${status}), also after waiting: run again later`,
      "slow-down"
    )
  }
  if (status === 408 || status >= 500) {
    return unavailable(
      `the endpoint answers ${status} (${code}), also after several attempts: check it, run again later`
    )
  }
  return undefined
}

const wrongRegion = (region: string | undefined): Verdict =>
  misconfigured(
    region === undefined
      ? "the bucket is in another region, and the answer does not say which: set `region`"
      : `the bucket is in region ${region}: set \`region\` to ${region}, or leave it out`
  )

const redirects = new Set([
  "PermanentRedirect",
  "Redirect",
  "TemporaryRedirect",
  "AuthorizationHeaderMalformed",
  "IllegalLocationConstraintException"
])

/** What went wrong, in one word. */
export const codeOf = (thrown: unknown): string => read(thrown).code

/** Names a failure. */
export const classify = (thrown: unknown, target: Target): S3Error => {
  const { name, code, message, status, requestId, region, retryAfter } = read(thrown)
  const said = message.slice(0, 300)
  const encrypted = status === 400 && /encrypt|SSE|customer/i.test(said)
  const found =
    redirects.has(code) || redirects.has(name ?? "") || status === 301 || status === 307
      ? wrongRegion(region)
      : encrypted && target.key !== undefined
        ? verdict(
            new Source.Denied(),
            `${target.key} is encrypted with a key of its owner (SSE-C): set the right \`sseCustomerKey\``
          )
        : (byCode(code, target, said) ??
          byCode(name ?? "", target, said) ??
          byStatus(status, code, target, said) ??
          (/CERT|SSL|TLS|SELF_SIGNED|EPROTO/.test(code)
            ? misconfigured(
                `the endpoint's TLS certificate or protocol is not accepted (${code}): check \`endpoint\` and the trusted certificates`
              )
            : status !== undefined && status < 300
              ? misconfigured(
                  "the endpoint answers something that is not S3's: check `endpoint`, and what stands in between"
                )
              : misconfigured(`the request is refused (${code}${status === undefined ? "" : `, ${status}`}): ${said}`)))
  return new S3Error({
    operation: target.operation,
    code: status !== undefined && (code === "Error" || code === "SyntaxError") ? `HTTP ${status}` : code,
    ...(status === undefined ? {} : { status }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(region === undefined ? {} : { region }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...found
  })
}
