/**
 * What it takes to sign for a bucket: the SDK's credentials, and its word on where the bucket is. Both are asked for once,
 * and then at hand: there is a request, or a link, for each of millions of files.
 */
import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3"
import { getSignedUrl } from "@aws-sdk/s3-request-presigner"
import { Effect } from "effect"
import type { Identity, Scope } from "./signature.ts"
import { promised, type Thrown } from "./transport.ts"

/** Where a bucket is, read off a link that the SDK made. */
export interface Address {
  readonly origin: string
  readonly host: string
  /** The path up to the key. */
  readonly folder: string
  /** What the SDK's links to objects ask for besides the object. */
  readonly query: ReadonlyArray<readonly [name: string, value: string]>
  readonly scope: Scope
}

/** Access points and directory buckets have signatures and sessions of their own. */
export const isOrdinaryBucket = (bucket: string | undefined): bucket is string =>
  bucket !== undefined && bucket !== "" && !bucket.startsWith("arn:") && !bucket.endsWith("--x-s3")

const addresses = new WeakMap<S3Client, Map<string, Address>>()

export const addressOf = (client: S3Client, bucket: string): Effect.Effect<Address, Thrown> =>
  Effect.suspend(() => {
    const known = addresses.get(client)?.get(bucket)
    return known === undefined ? learn(client, bucket) : Effect.succeed(known)
  })

const learn = (client: S3Client, bucket: string): Effect.Effect<Address, Thrown> =>
  Effect.map(
    promised(() => getSignedUrl(client, new GetObjectCommand({ Bucket: bucket, Key: "k" }), { expiresIn: 60 })),
    (link) => {
      const url = new URL(link)
      const [, , region = "", service = ""] = (url.searchParams.get("X-Amz-Credential") ?? "").split("/")
      const address: Address = {
        origin: url.origin,
        host: url.host,
        folder: url.pathname.slice(0, -1),
        // The signature's own parameters are written with capitals, everything else is part of the request.
        query: [...url.searchParams].filter(([name]) => !name.startsWith("X-Amz-")),
        scope: { region, service }
      }
      const ofClient = addresses.get(client) ?? new Map<string, Address>()
      addresses.set(client, ofClient.set(bucket, address))
      return address
    }
  )

/** Credentials, and until when they are good. */
export interface Lent extends Identity {
  readonly expiration?: Date | undefined
}

/** The SDK renews credentials when they have so many milliseconds left. */
const renewal = 300_000
/** Credentials that were renewed so many milliseconds ago are as fresh as can be had. */
const fresh = 60_000

interface Known {
  readonly identity: Lent
  /** When they were renewed for the sake of a longer life. */
  readonly renewed: number
}

const identities = new WeakMap<S3Client, Known>()

/** Milliseconds until they expire. */
export const leftOf = (identity: Lent, now: number): number => (identity.expiration?.getTime() ?? Infinity) - now

/** Credentials that are good for so many milliseconds, where such can be had: those that expire before are renewed first. */
export const identityOf = (client: S3Client, now: number, lifetime = 0): Effect.Effect<Lent, Thrown> =>
  Effect.suspend(() => {
    const { identity, renewed } = identities.get(client) ?? { identity: undefined, renewed: -Infinity }
    if (identity !== undefined) {
      const left = leftOf(identity, now)
      if (left > renewal && (left >= lifetime || now - renewed < fresh)) return Effect.succeed(identity)
    }
    return promised(() => ask(client, now, lifetime, renewed))
  })

const ask = async (client: S3Client, now: number, lifetime: number, renewed: number): Promise<Lent> => {
  const identity: Lent = await client.config.credentials()
  const renews = leftOf(identity, now) < lifetime && now - renewed >= fresh
  const lent: Lent = renews ? await client.config.credentials({ forceRefresh: true }) : identity
  identities.set(client, { identity: lent, renewed: renews ? now : renewed })
  return lent
}
