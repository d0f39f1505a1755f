/**
 * Links to objects: there is one for each of millions of files, so an address is signed, and nothing else is done.
 */
import { GetObjectCommand, type GetObjectCommandInput, type S3Client } from "@aws-sdk/client-s3"
import { getSignedUrl } from "@aws-sdk/s3-request-presigner"
import { Clock, Duration, Effect, Redacted } from "effect"
import { encodePath } from "../S3Uri.ts"
import { type Identity, presigned } from "./signature.ts"
import { type Address, addressOf, identityOf, isOrdinaryBucket, leftOf } from "./signer.ts"
import { promised, type Thrown } from "./transport.ts"

/**
 * Credentials that are about to expire are renewed first, where they can be; a signature is worth nothing after they
 * are gone, so the link never claims to live longer.
 */
export const presign = (
  client: S3Client,
  input: GetObjectCommandInput,
  expiresIn: Duration.Duration,
  anonymous: boolean
): Effect.Effect<Redacted.Redacted<string>, Thrown> =>
  Effect.gen(function* () {
    const seconds = Math.ceil(Duration.toSeconds(expiresIn))
    const now = yield* Clock.currentTimeMillis
    const identity = yield* identityOf(client, now, seconds * 1000)
    const lifetime = Math.max(1, Math.min(seconds, Math.floor(leftOf(identity, now) / 1000)))
    const link = isOrdinary(input)
      ? bySignature(
          yield* addressOf(client, input.Bucket),
          input,
          identity,
          now + client.config.systemClockOffset,
          lifetime
        )
      : yield* promised(() => getSignedUrl(client, new GetObjectCommand(input), { expiresIn: lifetime }))
    return Redacted.make(anonymous ? stripSignature(link) : link)
  })

const ordinary = new Set(["Bucket", "Key", "RequestPayer", "VersionId"])

/** Other options are other requests. */
const isOrdinary = (input: GetObjectCommandInput): input is GetObjectCommandInput & { readonly Bucket: string } =>
  isOrdinaryBucket(input.Bucket) && Object.keys(input).every((name) => ordinary.has(name))

const bySignature = (
  { folder, host, origin, query, scope }: Address,
  { Key = "", RequestPayer, VersionId }: GetObjectCommandInput,
  identity: Identity,
  now: number,
  lifetime: number
): string => {
  const parameters = [...query]
  if (VersionId !== undefined) parameters.push(["versionId", VersionId])
  if (RequestPayer !== undefined) parameters.push(["x-amz-request-payer", RequestPayer])
  const request = { host, path: folder + encodePath(Key), query: parameters }
  return origin + presigned(request, identity, scope, now, lifetime)
}

/** Where requests are not signed, the address alone is the link. */
const stripSignature = (signed: string): string => {
  const url = new URL(signed)
  const kept = [...url.searchParams].filter(([name]) => !/^x-(amz|id)/i.test(name))
  url.search = new URLSearchParams(kept).toString()
  return url.href
}
