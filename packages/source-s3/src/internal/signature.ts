/**
 * AWS's signature of version 4, of GET requests: in a header, and in a link. Of the headers, what S3 asks for is signed
 * (`host` and `x-amz-*`), so that a proxy may do to the others what it likes.
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 */
import { createHmac, hash } from "node:crypto"
import { encodePath } from "../S3Uri.ts"

/** Who signs. */
export interface Identity {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

/** For whom a signature is good. */
export interface Scope {
  readonly region: string
  readonly service: string
}

/** A request of which everything is written as it will be sent. */
export interface Request {
  readonly host: string
  readonly path: string
  /** Names and values, not encoded. */
  readonly query: ReadonlyArray<readonly [name: string, value: string]>
}

const algorithm = "AWS4-HMAC-SHA256"
const empty = hash("sha256", "")

/** As signatures want it, a slash too. */
export const escape = (text: string): string => encodePath(text).replaceAll("/", "%2F")

/** Encoded, in the order in which it is signed. */
const queryString = (query: Request["query"]): string =>
  query
    .map(([name, value]) => `${escape(name)}=${escape(value)}`)
    .toSorted()
    .join("&")

const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest()

/** A key is good for a day and a scope, and costs more than the signature itself. */
const keys = new WeakMap<Identity, { readonly name: string; readonly key: Buffer }>()

const keyOf = (identity: Identity, day: string, { region, service }: Scope): Buffer => {
  const name = `${day}/${region}/${service}`
  const known = keys.get(identity)
  if (known?.name === name) return known.key
  const key = hmac(hmac(hmac(hmac(`AWS4${identity.secretAccessKey}`, day), region), service), "aws4_request")
  keys.set(identity, { name, key })
  return key
}

/** `20260102T030405Z`. */
const timestamp = (at: number): string => new Date(at).toISOString().replace(/[-:]|\.\d+/g, "")

const scopeName = (day: string, { region, service }: Scope): string => `${day}/${region}/${service}/aws4_request`

/** RFC 2104: a key that fits into a block, with zeros behind it, in each of two pads. */
const padded = (key: Buffer, pad: number, length: number): Buffer => {
  const block = Buffer.alloc(64 + length, pad)
  for (const [at, byte] of key.entries()) block[at] = byte ^ pad
  return block
}

/**
 * What signs canonical requests of one moment. All that differs is their digest: it is put into its place between two hashes,
 * which take less than half of what a `Hmac` does.
 */
const signerOf = (identity: Identity, scope: Scope, time: string): ((canonical: string) => string) => {
  const day = time.slice(0, 8)
  const key = keyOf(identity, day, scope)
  const text = `${algorithm}\n${time}\n${scopeName(day, scope)}\n`
  const digestAt = 64 + Buffer.byteLength(text)
  const inner = padded(key, 0x36, digestAt)
  const outer = padded(key, 0x5c, 32)
  inner.write(text, 64)
  return (canonical) => {
    inner.write(hash("sha256", canonical), digestAt, "latin1")
    outer.write(hash("sha256", inner, "binary"), 64, "latin1")
    return hash("sha256", outer)
  }
}

/** Path and query of the request, and its headers with a signature among them; without an identity, none. */
export const signed = (
  { host, path, query }: Request,
  headers: Readonly<Record<string, string>>,
  identity: Identity | undefined,
  scope: Scope,
  at: number
): { readonly target: string; readonly headers: Record<string, string> } => {
  const parameters = queryString(query)
  const target = parameters === "" ? path : `${path}?${parameters}`
  const all: Record<string, string> = { ...headers, host }
  if (identity === undefined) return { target, headers: all }
  const time = timestamp(at)
  all["x-amz-content-sha256"] = empty
  all["x-amz-date"] = time
  if (identity.sessionToken !== undefined) all["x-amz-security-token"] = identity.sessionToken
  const names = Object.keys(all)
    .filter((name) => name === "host" || name.startsWith("x-amz-"))
    .toSorted()
  const lines = names.map((name) => `${name}:${all[name]}\n`).join("")
  const list = names.join(";")
  const proof = signerOf(identity, scope, time)(`GET\n${path}\n${parameters}\n${lines}\n${list}\n${empty}`)
  const credential = `${identity.accessKeyId}/${scopeName(time.slice(0, 8), scope)}`
  all["authorization"] = `${algorithm} Credential=${credential}, SignedHeaders=${list}, Signature=${proof}`
  return { target, headers: all }
}

/** What signs links to one host: path and query of each, that can be followed for so many seconds. */
export const presigner = (
  { host, query }: Omit<Request, "path">,
  identity: Identity,
  scope: Scope,
  at: number,
  expiresIn: number
): ((path: string, more: Request["query"]) => string) => {
  const time = timestamp(at)
  const common: Request["query"] = [
    ...query,
    ["X-Amz-Algorithm", algorithm],
    ["X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"],
    ["X-Amz-Credential", `${identity.accessKeyId}/${scopeName(time.slice(0, 8), scope)}`],
    ["X-Amz-Date", time],
    ["X-Amz-Expires", String(expiresIn)],
    ...(identity.sessionToken === undefined ? [] : [["X-Amz-Security-Token", identity.sessionToken] as const]),
    ["X-Amz-SignedHeaders", "host"]
  ]
  const usual = queryString(common)
  const sign = signerOf(identity, scope, time)
  return (path, more) => {
    const parameters = more.length === 0 ? usual : queryString([...common, ...more])
    const canonical = `GET\n${path}\n${parameters}\nhost:${host}\n\nhost\nUNSIGNED-PAYLOAD`
    return `${path}?${parameters}&X-Amz-Signature=${sign(canonical)}`
  }
}
