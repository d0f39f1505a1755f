/** The server a suite runs against, and the official SDK pointed at it. */
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  S3Client,
  type S3ClientConfig
} from "@aws-sdk/client-s3"
import { Context, Effect, Layer, Predicate, Redacted } from "effect"
import { randomUUID } from "node:crypto"

/** Where a server is, and a key pair that may do everything. */
export interface Address {
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: Redacted.Redacted<string>
}

/** A client of the SDK without retries of its own, closed with the scope. */
export const clientOf = (address: Address, config: S3ClientConfig = {}) =>
  Effect.acquireRelease(
    Effect.sync(
      () =>
        new S3Client({
          endpoint: address.endpoint,
          region: address.region,
          forcePathStyle: true,
          maxAttempts: 1,
          credentials: {
            accessKeyId: address.accessKeyId,
            secretAccessKey: Redacted.value(address.secretAccessKey)
          },
          ...config
        })
    ),
    (client) => Effect.sync(() => client.destroy())
  )

/** The server under test. */
export class Target extends Context.Service<Target, { readonly address: Address; readonly client: S3Client }>()(
  "test/s3/Target"
) {
  static readonly layer = <E, R>(address: Effect.Effect<Address, E, R>, config: S3ClientConfig = {}) =>
    Layer.effect(
      Target,
      Effect.gen(function* () {
        const found = yield* address
        return Target.of({ address: found, client: yield* clientOf(found, config) })
      })
    )
}

/** What the SDK answers; what it throws is a defect, since a test that expects it says so with {@link refusal}. */
export const ask = <A>(f: (client: S3Client) => Promise<A>) =>
  Target.use(({ client }) => Effect.promise(() => f(client)))

/** What a server refused, by the code of its error document and its status. */
export interface Refused {
  readonly name: string
  readonly status: number | undefined
  readonly message: string
}

const refusedBy = (error: unknown): Refused => ({
  name: Predicate.hasProperty(error, "name") ? String(error.name) : "",
  message: Predicate.hasProperty(error, "message") ? String(error.message) : "",
  status:
    Predicate.hasProperty(error, "$metadata") &&
    Predicate.hasProperty(error.$metadata, "httpStatusCode") &&
    Predicate.isNumber(error.$metadata.httpStatusCode)
      ? error.$metadata.httpStatusCode
      : undefined
})

/** What a call of the SDK is refused with; a call that goes through is a defect. */
export const refusal = (call: () => Promise<unknown>): Effect.Effect<Refused> =>
  Effect.promise(() =>
    call().then(
      () => Promise.reject(new Error("expected a refusal, but the call went through")),
      (error: unknown) => refusedBy(error)
    )
  )

const emptyBucket = async (client: S3Client, Bucket: string): Promise<void> => {
  for (;;) {
    const page = await client.send(new ListObjectVersionsCommand({ Bucket, EncodingType: "url" }))
    const found = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]
    if (found.length === 0) return
    // One by one: DeleteObjects cannot name control characters, since XML cannot.
    for (const { Key = "", VersionId } of found) {
      const version = VersionId === undefined ? {} : { VersionId }
      await client.send(new DeleteObjectCommand({ Bucket, Key: listedKey(Key), ...version }))
    }
  }
}

/** A bucket of the test's own, gone with its scope. */
export const freshBucket = Effect.gen(function* () {
  const { client } = yield* Target
  const name = `sluice-${randomUUID()}`
  return yield* Effect.acquireRelease(
    Effect.as(
      Effect.promise(() => client.send(new CreateBucketCommand({ Bucket: name }))),
      name
    ),
    () =>
      Effect.promise(async () => {
        await emptyBucket(client, name)
        await client.send(new DeleteBucketCommand({ Bucket: name }))
      })
  )
})

/** A key out of a listing with `encoding-type=url`, where a space is `+` or `%20`. */
export const listedKey = (text: string): string => decodeURIComponent(text.replaceAll("+", "%20"))
