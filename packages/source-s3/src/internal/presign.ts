import { GetObjectCommand, type GetObjectCommandInput, type S3Client } from "@aws-sdk/client-s3"
import { getSignedUrl } from "@aws-sdk/s3-request-presigner"
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
  if (anonymous)
    return Redacted.make(
      stripSignature(await getSignedUrl(client, new GetObjectCommand(input), { expiresIn: seconds }))
    )
  const left = (expiration: Date | undefined) =>
    expiration === undefined ? Infinity : Math.floor((expiration.getTime() - now) / 1000)
  let life = left((await client.config.credentials()).expiration)
  if (life < seconds) life = left((await client.config.credentials({ forceRefresh: true })).expiration)
  return Redacted.make(
    await getSignedUrl(client, new GetObjectCommand(input), { expiresIn: Math.max(1, Math.min(seconds, life)) })
  )
}

/** Where requests are not signed, the address alone is the link. */
const stripSignature = (signed: string): string => {
  const url = new URL(signed)
  const kept = [...url.searchParams].filter(([name]) => !/^x-(amz|id)/i.test(name))
  url.search = new URLSearchParams(kept).toString()
  return url.href
}
