/**
 * Directory buckets (S3 Express One Zone), known by their names: their listings are in no order, and requests are signed
 * with the credentials of a session.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-express-differences.html
 */
import { Redacted } from "effect"
import { mix } from "../../internal/body.ts"
import { type Answer, xml } from "./answer.ts"
import type { Credential } from "./credentials.ts"
import { commonPrefix, type Mark, type Page } from "./page.ts"
import { Refusal } from "./refusal.ts"
import { isDirectoryName, type S3Request } from "./request.ts"
import { type Bucket, issueId, type Store, type Version, walk } from "./store.ts"
import { element } from "./xml.ts"

const FIVE_MINUTES = 300_000

/** Refuses what the listing of a directory bucket cannot do: prefixes within a name, and `start-after`. */
export const checkDirectoryListing = (request: S3Request): void => {
  const prefix = request.parameter("prefix") ?? ""
  if (prefix !== "" && !prefix.endsWith("/")) {
    throw new Refusal("InvalidRequest", { message: "Prefixes of directory buckets must end in a delimiter" })
  }
  if ((request.parameter("start-after") ?? "") !== "") throw new Refusal("NotImplemented")
}

/** A page in an order that is always the same and never that of the keys. */
export const directoryPage = (
  bucket: Bucket,
  prefix: string,
  delimiter: string,
  after: Mark | undefined,
  max: number
): Page => {
  const found = new Map<string, Version | undefined>()
  const keys = walk(bucket, () => true)
  for (let versions = keys.versions(); versions !== undefined; versions = keys.versions()) {
    const version = versions[0]
    keys.advance()
    if (version === undefined || version.deleteMarker || !version.key.startsWith(prefix)) continue
    const common = commonPrefix(version.key, prefix, delimiter)
    found.set(common ?? version.key, common === undefined ? version : undefined)
  }
  const texts = [...found.keys()].toSorted((a, b) => mix(a, 7) - mix(b, 7))
  const from = after === undefined ? 0 : texts.indexOf(after.text) + 1
  const said = texts.slice(from, from + max)
  const last = said.at(-1)
  return {
    contents: said.flatMap((text) => found.get(text) ?? []),
    prefixes: said.filter((text) => found.get(text) === undefined),
    last: last === undefined ? undefined : { kind: found.get(last) === undefined ? "prefix" : "key", text: last },
    truncated: max > 0 && from + max < texts.length
  }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateSession.html */
export const createSession = (
  store: Store,
  bucket: Bucket,
  now: number,
  add: (credential: Credential) => void
): Answer => {
  if (!isDirectoryName(bucket.name))
    throw new Refusal("InvalidRequest", { message: "Only directory buckets have sessions" })
  const [accessKeyId, secretAccessKey, sessionToken] = [`ASIA${issueId(store)}`, issueId(store), issueId(store)]
  const expiresAt = now + FIVE_MINUTES
  add({
    accessKeyId,
    secretAccessKey: Redacted.make(secretAccessKey),
    sessionToken: Redacted.make(sessionToken),
    expiresAt
  })
  return xml(
    "CreateSessionResult",
    `<Credentials>${element("AccessKeyId", accessKeyId)}${element("SecretAccessKey", secretAccessKey)}${element("SessionToken", sessionToken)}${element("Expiration", new Date(expiresAt).toISOString())}</Credentials>`
  )
}
