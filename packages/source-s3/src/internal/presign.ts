/**
 * Links to objects: there is one for each of millions of files, so an address is signed, and nothing else is done.
 */
import { GetObjectCommand, type GetObjectCommandInput, type S3Client } from "@aws-sdk/client-s3"
import { getSignedUrl } from "@aws-sdk/s3-request-presigner"
import { Clock, Duration, Effect } from "effect"
import { encodePath } from "../S3Uri.ts"
import { presigner } from "./signature.ts"
import { type Address, addressOf, identityOf, isOrdinaryBucket, leftOf } from "./signer.ts"
import { promised, type Thrown } from "./transport.ts"

/**
 * Credentials that are about to expire are renewed first, where they can be; a signature is worth nothing after they
 * are gone, so the links never claim to live longer.
 */
export const presign = (
  client: S3Client,
  inputs: ReadonlyArray<GetObjectCommandInput>,
  expiresIn: Duration.Duration,
  anonymous: boolean
): Effect.Effect<ReadonlyArray<string>, Thrown> =>
  Effect.gen(function* () {
    const seconds = Math.ceil(Duration.toSeconds(expiresIn))
    const now = yield* Clock.currentTimeMillis
    const identity = yield* identityOf(client, now, seconds * 1000)
    const lifetime = Math.max(1, Math.min(seconds, Math.floor(leftOf(identity, now) / 1000)))
    const links: Array<string> = []
    let signer: Signer | undefined
    for (const input of inputs) {
      if (!isOrdinary(input)) {
        links.push(yield* promised(() => getSignedUrl(client, new GetObjectCommand(input), { expiresIn: lifetime })))
        continue
      }
      if (signer?.bucket !== input.Bucket) {
        const address = yield* addressOf(client, input.Bucket)
        const at = now + client.config.systemClockOffset
        signer = { bucket: input.Bucket, address, sign: presigner(address, identity, address.scope, at, lifetime) }
      }
      links.push(linkBy(signer, input))
    }
    return anonymous ? links.map(stripSignature) : links
  })

/** What signs links into one bucket. */
interface Signer {
  readonly bucket: string
  readonly address: Address
  readonly sign: ReturnType<typeof presigner>
}

const none: ReadonlyArray<never> = []

const linkBy = ({ address, sign }: Signer, { Key = "", RequestPayer, VersionId }: GetObjectCommandInput): string => {
  const path = address.folder + encodePath(Key)
  if (VersionId === undefined && RequestPayer === undefined) return address.origin + sign(path, none)
  const more: Array<readonly [string, string]> = []
  if (VersionId !== undefined) more.push(["versionId", VersionId])
  if (RequestPayer !== undefined) more.push(["x-amz-request-payer", RequestPayer])
  return address.origin + sign(path, more)
}

const ordinary = new Set(["Bucket", "Key", "RequestPayer", "VersionId"])

/** Other options are other requests. */
const isOrdinary = (input: GetObjectCommandInput): input is GetObjectCommandInput & { readonly Bucket: string } =>
  isOrdinaryBucket(input.Bucket) && Object.keys(input).every((name) => ordinary.has(name))

/** Where requests are not signed, the address alone is the link. */
const stripSignature = (signed: string): string => {
  const url = new URL(signed)
  const kept = [...url.searchParams].filter(([name]) => !/^x-(amz|id)/i.test(name))
  url.search = new URLSearchParams(kept).toString()
  return url.href
}
