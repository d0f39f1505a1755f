/**
 * Signature version 4, checked: in the `Authorization` header and in the query of a presigned address.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
 */
import { hash, timingSafeEqual } from "node:crypto"
import { type Credential, credentialFor, sign, signingKey } from "./credentials.ts"
import { compareKeys } from "./order.ts"
import { Refusal } from "./refusal.ts"
import type { S3Request } from "./request.ts"

const ALGORITHM = "AWS4-HMAC-SHA256"
const FIFTEEN_MINUTES = 15 * 60_000
const SEVEN_DAYS = 604_800

/** What a request says about who made it. */
export interface Claim {
  readonly presigned: boolean
  readonly accessKeyId: string
  readonly date: string
  readonly region: string
  readonly service: string
  readonly signedHeaders: ReadonlyArray<string>
  readonly signature: string
  /** `20260131T235959Z`. */
  readonly time: string
  /** Seconds a presigned address lives. */
  readonly expires: number
}

/** Who made a request; what the signatures of the chunks of its body go on from. */
export interface Caller {
  readonly accessKeyId: string
  readonly key: Buffer
  readonly time: string
  readonly scope: string
  readonly signature: string
}

const malformed = (presigned: boolean, message: string, elements: Readonly<Record<string, string>> = {}) =>
  new Refusal(presigned ? "AuthorizationQueryParametersError" : "AuthorizationHeaderMalformed", { message, elements })

const readScope = (presigned: boolean, credential: string) => {
  const parts = credential.split("/")
  const [terminator, service, region, date] = parts.toReversed()
  const accessKeyId = parts.slice(0, -4).join("/")
  if (terminator !== "aws4_request" || service === undefined || region === undefined || date === undefined) {
    throw malformed(presigned, "The authorization header is malformed; the Credential is mal-formed")
  }
  return { accessKeyId, date, region, service }
}

/** What the request claims; `undefined` for an anonymous one. */
export const readClaim = (request: S3Request): Claim | undefined => {
  const authorization = request.header("authorization")
  if (authorization !== undefined) {
    if (!authorization.startsWith(`${ALGORITHM} `)) {
      throw new Refusal("InvalidRequest", {
        message: "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
      })
    }
    const fields = new Map(
      authorization
        .slice(ALGORITHM.length)
        .split(",")
        .map((field) => {
          const equals = field.indexOf("=")
          return [field.slice(0, equals).trim(), field.slice(equals + 1).trim()] as const
        })
    )
    const credential = fields.get("Credential")
    const signedHeaders = fields.get("SignedHeaders")
    const signature = fields.get("Signature")
    if (credential === undefined || signedHeaders === undefined || signature === undefined) {
      throw malformed(false, "The authorization header is malformed; a field is missing")
    }
    const time = request.header("x-amz-date") ?? httpTime(request.header("date"))
    if (time === undefined) {
      throw new Refusal("AccessDenied", {
        message: "AWS authentication requires a valid Date or x-amz-date header"
      })
    }
    const scope = readScope(false, credential)
    return { presigned: false, ...scope, signedHeaders: signedHeaders.split(";"), signature, time, expires: 0 }
  }
  const algorithm = request.parameter("X-Amz-Algorithm")
  if (algorithm === undefined) return undefined
  const credential = request.parameter("X-Amz-Credential")
  const signedHeaders = request.parameter("X-Amz-SignedHeaders")
  const signature = request.parameter("X-Amz-Signature")
  const time = request.parameter("X-Amz-Date")
  const expires = Number(request.parameter("X-Amz-Expires"))
  if (
    algorithm !== ALGORITHM ||
    credential === undefined ||
    signedHeaders === undefined ||
    signature === undefined ||
    time === undefined ||
    !Number.isInteger(expires)
  ) {
    throw malformed(
      true,
      "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
    )
  }
  if (expires < 0 || expires > SEVEN_DAYS) {
    throw malformed(
      true,
      "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds"
    )
  }
  const scope = readScope(true, credential)
  return { presigned: true, ...scope, signedHeaders: signedHeaders.split(";"), signature, time, expires }
}

/** Refuses a claim for another region than the one asked for, naming the right one. */
export const wrongRegion = (claim: Claim, expected: string): Refusal =>
  malformed(
    claim.presigned,
    claim.presigned
      ? `Error parsing the X-Amz-Credential parameter; the region '${claim.region}' is wrong; expecting '${expected}'`
      : `The authorization header is malformed; the region '${claim.region}' is wrong; expecting '${expected}'`,
    { Region: expected }
  )

const basicTime = (millis: number): string => new Date(millis).toISOString().replace(/[-:]|\.\d+/g, "")

const httpTime = (date: string | undefined): string | undefined => {
  const millis = date === undefined ? Number.NaN : Date.parse(date)
  return Number.isNaN(millis) ? undefined : basicTime(millis)
}

const timePattern = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/

const checkTime = (claim: Claim, now: number): void => {
  const millis = Date.parse(claim.time.replace(timePattern, "$1-$2-$3T$4:$5:$6Z"))
  if (Number.isNaN(millis) || !claim.time.startsWith(claim.date)) {
    throw malformed(
      claim.presigned,
      "Invalid credential date. Date in Credential scope does not match the date of the request"
    )
  }
  if (claim.presigned) {
    if (now >= millis + claim.expires * 1000) {
      throw new Refusal("AccessDenied", {
        message: "Request has expired",
        elements: {
          "X-Amz-Expires": String(claim.expires),
          Expires: new Date(millis + claim.expires * 1000).toISOString(),
          ServerTime: new Date(now).toISOString()
        }
      })
    }
    if (millis > now + FIFTEEN_MINUTES) throw new Refusal("AccessDenied", { message: "Request is not yet valid" })
  } else if (Math.abs(millis - now) > FIFTEEN_MINUTES) {
    throw new Refusal("RequestTimeTooSkewed", {
      elements: {
        RequestTime: claim.time,
        ServerTime: new Date(now).toISOString(),
        MaxAllowedSkewMilliseconds: String(FIFTEEN_MINUTES)
      }
    })
  }
}

/** Percent-encodes all but RFC 3986's unreserved characters. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)

type Signable = Pick<S3Request, "method" | "path" | "query" | "header">

const canonicalQuery = (request: Signable): string =>
  request.query
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .toSorted((a, b) => compareKeys(a[0], b[0]) || compareKeys(a[1], b[1]))
    .map(([name, value]) => `${name}=${value}`)
    .join("&")

const canonicalRequest = (request: Signable, claim: Pick<Claim, "signedHeaders">, payload: string): string =>
  [
    request.method,
    encode(request.path).replaceAll("%2F", "/"),
    canonicalQuery(request),
    ...claim.signedHeaders.map((name) => `${name}:${(request.header(name) ?? "").replace(/ +/g, " ")}`),
    "",
    claim.signedHeaders.join(";"),
    payload
  ].join("\n")

const sameText = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))

/** Checks the claim: credentials, time, signed headers, signature. The body's own hash is checked when it is read. */
export const verifyClaim = (request: S3Request, claim: Claim, known: ReadonlyMap<string, Credential>): Caller => {
  const credential = credentialFor(
    known,
    claim.accessKeyId,
    request.headerOrParameter("x-amz-security-token") ?? request.headerOrParameter("x-amz-s3session-token"),
    request.now
  )
  checkTime(claim, request.now)
  const unsigned = [...request.headers.keys()].filter(
    (name) =>
      (name === "host" || (name.startsWith("x-amz-") && name !== "x-amz-content-sha256")) &&
      !claim.signedHeaders.includes(name)
  )
  if (unsigned.length > 0) {
    throw new Refusal("AccessDenied", {
      message: "There were headers present in the request which were not signed",
      elements: { HeadersNotSigned: unsigned.join(", ") }
    })
  }
  const payload = request.header("x-amz-content-sha256") ?? (claim.presigned ? "UNSIGNED-PAYLOAD" : undefined)
  if (payload === undefined) {
    throw new Refusal("InvalidRequest", { message: "Missing required header for this request: x-amz-content-sha256" })
  }
  const scope = `${claim.date}/${claim.region}/${claim.service}/aws4_request`
  const key = signingKey(credential, claim.date, claim.region, claim.service)
  const canonical = canonicalRequest(request, claim, payload)
  const text = [ALGORITHM, claim.time, scope, hash("sha256", canonical)].join("\n")
  if (!sameText(sign(key, text), claim.signature)) {
    throw new Refusal("SignatureDoesNotMatch", {
      elements: {
        AWSAccessKeyId: claim.accessKeyId,
        StringToSign: text,
        SignatureProvided: claim.signature,
        CanonicalRequest: canonical
      }
    })
  }
  return { accessKeyId: claim.accessKeyId, key, time: claim.time, scope, signature: claim.signature }
}

/** What an address is signed for. */
export interface Presigned {
  readonly method: string
  /** Scheme, host and port. */
  readonly origin: string
  /** Decoded, from the slash before the bucket on. */
  readonly path: string
  /** Headers a request must bear as they are here, by lower-case name; `host` is added. */
  readonly headers: Readonly<Record<string, string>>
  readonly credential: Credential
  readonly region: string
  /** Milliseconds since 1970; a signature knows whole seconds only. */
  readonly now: number
  /** Seconds it lives. */
  readonly expires: number
}

/** An address that whoever holds it may use, until it expires. */
export const presign = (target: Presigned): string => {
  const time = basicTime(target.now)
  const date = time.slice(0, 8)
  const scope = `${date}/${target.region}/s3/aws4_request`
  const headers: Readonly<Record<string, string>> = { ...target.headers, host: new URL(target.origin).host }
  const signedHeaders = Object.keys(headers).toSorted()
  const query = [
    ["X-Amz-Algorithm", ALGORITHM],
    ["X-Amz-Credential", `${target.credential.accessKeyId}/${scope}`],
    ["X-Amz-Date", time],
    ["X-Amz-Expires", String(target.expires)],
    ["X-Amz-SignedHeaders", signedHeaders.join(";")]
  ] as const
  const request: Signable = { method: target.method, path: target.path, query, header: (name) => headers[name] }
  const canonical = canonicalRequest(request, { signedHeaders }, "UNSIGNED-PAYLOAD")
  const key = signingKey(target.credential, date, target.region, "s3")
  const signature = sign(key, [ALGORITHM, time, scope, hash("sha256", canonical)].join("\n"))
  const path = encode(target.path).replaceAll("%2F", "/")
  return `${target.origin}${path}?${canonicalQuery(request)}&X-Amz-Signature=${signature}`
}
