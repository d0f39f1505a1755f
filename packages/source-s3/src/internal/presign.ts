import { GetObjectCommand, type GetObjectCommandInput, type S3Client } from "@aws-sdk/client-s3"
import { getSignedUrl, S3RequestPresigner } from "@aws-sdk/s3-request-presigner"
import { Duration, Redacted } from "effect"

/**
 * Credentials that are about to expire are renewed first, where they can be; a signature is worth nothing after they
 * are gone, so the link never claims to live longer.
 */
export const presign = async (
  client: S3Client,
  input: GetObjectCommandInput,
  expiresIn: Duration.Duration,
  anonymous: boolean,
  now: number
): Promise<Redacted.Redacted<string>> => {
  const seconds = Math.ceil(Duration.toSeconds(expiresIn))
  if (anonymous) return Redacted.make(stripSignature(await bySdk(client, input, seconds)))
  const left = (expiration: Date | undefined) =>
    expiration === undefined ? Infinity : Math.floor((expiration.getTime() - now) / 1000)
  let life = left((await client.config.credentials()).expiration)
  if (life < seconds) life = left((await client.config.credentials({ forceRefresh: true })).expiration)
  const lifetime = Math.max(1, Math.min(seconds, life))
  const signed = isOrdinary(input) ? bySigner(client, input, lifetime) : bySdk(client, input, lifetime)
  return Redacted.make(await signed)
}

/** The SDK's own way: a whole request is built, with endpoint and middleware, half a millisecond for each link. */
const bySdk = (client: S3Client, input: GetObjectCommandInput, expiresIn: number): Promise<string> =>
  getSignedUrl(client, new GetObjectCommand(input), { expiresIn })

const ordinary = new Set(["Bucket", "Key", "RequestPayer", "VersionId"])

/** Access points and directory buckets have signatures and sessions of their own; other options are other requests. */
const isOrdinary = (input: GetObjectCommandInput): boolean =>
  input.Bucket?.startsWith("arn:") === false &&
  !input.Bucket.endsWith("--x-s3") &&
  Object.keys(input).every((name) => ordinary.has(name))

/** What links into one bucket have in common, read off a link that the SDK made. */
interface Form {
  readonly url: URL
  /** The path up to the key. */
  readonly folder: string
  readonly query: Readonly<Record<string, string>>
  readonly signingRegion: string
  readonly signer: S3RequestPresigner
}

const forms = new WeakMap<S3Client, Map<string, Promise<Form>>>()

const formOf = (client: S3Client, { Bucket, RequestPayer }: GetObjectCommandInput): Promise<Form> => {
  const ofClient = forms.get(client) ?? new Map<string, Promise<Form>>()
  forms.set(client, ofClient)
  const name = `${RequestPayer ?? ""} ${Bucket ?? ""}`
  const known = ofClient.get(name)
  if (known !== undefined) return known
  const made = readForm(client, { Bucket, ...(RequestPayer === undefined ? {} : { RequestPayer }) })
  ofClient.set(name, made)
  // A form that could not be read is no form: credentials may be there the next time.
  made.catch(() => ofClient.delete(name))
  return made
}

const readForm = async (client: S3Client, input: Omit<GetObjectCommandInput, "Key">): Promise<Form> => {
  const url = new URL(await bySdk(client, { ...input, Key: "k" }, 60))
  const [, , signingRegion = ""] = (url.searchParams.get("X-Amz-Credential") ?? "").split("/")
  return {
    url,
    folder: url.pathname.slice(0, -1),
    // The signature's own parameters are written with capitals, everything else is part of the request.
    query: Object.fromEntries([...url.searchParams].filter(([name]) => !name.startsWith("X-Amz-"))),
    signingRegion,
    signer: new S3RequestPresigner(client.config)
  }
}

/** Signs the address alone, a tenth of the work: there is one link for each of millions of files. */
const bySigner = async (client: S3Client, input: GetObjectCommandInput, expiresIn: number): Promise<string> => {
  const { folder, query, signer, signingRegion, url } = await formOf(client, input)
  const { Key = "", VersionId } = input
  const path = `${folder}${Key.split("/").map(escape).join("/")}`
  const request: Parameters<S3RequestPresigner["presign"]>[0] = {
    method: "GET",
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port === "" ? {} : { port: Number(url.port) }),
    path,
    query: { ...query, ...(VersionId === undefined ? {} : { versionId: VersionId }) },
    headers: { host: url.host }
  }
  const signed = await signer.presign(request, { expiresIn, signingRegion })
  const parameters = Object.entries(signed.query ?? {})
    .map(([name, value]) => `${escape(name)}=${escape(String(value))}`)
    .toSorted()
  return `${url.origin}${path}?${parameters.join("&")}`
}

/** As signatures want it: everything but RFC 3986's unreserved characters. */
const escape = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)

/** Where requests are not signed, the address alone is the link. */
const stripSignature = (signed: string): string => {
  const url = new URL(signed)
  const kept = [...url.searchParams].filter(([name]) => !/^x-(amz|id)/i.test(name))
  url.search = new URLSearchParams(kept).toString()
  return url.href
}
