import { GetObjectCommand, type GetObjectCommandInput, S3Client, type S3ClientConfig } from "@aws-sdk/client-s3"
import { getSignedUrl } from "@aws-sdk/s3-request-presigner"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Schema } from "effect"
import { presign } from "../src/internal/presign.ts"

const pair = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "secret" }

const clients: ReadonlyArray<readonly [string, S3ClientConfig]> = [
  ["AWS", { region: "us-east-1", credentials: pair }],
  ["AWS, path style", { region: "us-east-1", forcePathStyle: true, credentials: pair }],
  ["AWS, dual stack", { region: "us-east-1", useDualstackEndpoint: true, credentials: pair }],
  ["a session", { region: "us-east-1", credentials: { ...pair, sessionToken: "a+b/c==" } }],
  [
    "an endpoint with a port",
    { region: "x", endpoint: "http://127.0.0.1:9000", forcePathStyle: true, credentials: pair }
  ],
  ["an endpoint with a path", { region: "x", endpoint: "https://s3.example/base", credentials: pair }]
]

const inputs: ReadonlyArray<GetObjectCommandInput> = [
  { Bucket: "files", Key: "a.txt" },
  { Bucket: "with.dots", Key: "/leading//empty/ " },
  { Bucket: "files", Key: "räksmörgås/漢字/\u{1f600}+%25?&#=!'()*~\u0001\n.txt" },
  { Bucket: "files", Key: "a.txt", VersionId: "null" },
  { Bucket: "files", Key: "a.txt", VersionId: "3/L4+kqtJlcpXroDTDmJ==", RequestPayer: "requester" }
]
/** Has no path style. */
const accessPoint = { Bucket: "arn:aws:s3:us-east-1:123456789012:accesspoint/reports", Key: "a.txt" }

/** The parameters that depend on nothing but request and time. */
const linkAt = (url: string) => {
  const { origin, pathname, searchParams } = new URL(url)
  return { origin, pathname, parameters: [...searchParams].toSorted() }
}

const ours = (client: S3Client, input: GetObjectCommandInput) =>
  Effect.map(presign(client, [input], Duration.hours(1), false), (links) => links.join())
const theirs = (client: S3Client, input: GetObjectCommandInput) =>
  Effect.promise(() => getSignedUrl(client, new GetObjectCommand(input), { expiresIn: 3600 }))

describe("presign", () => {
  it.live.each(clients)("makes the links the SDK makes: %s", ([, config]) =>
    Effect.gen(function* () {
      const client = new S3Client(config)
      for (const input of config.forcePathStyle === true ? inputs : [...inputs, accessPoint]) {
        const both = Effect.all([ours(client, input), theirs(client, input)])
        // A second may end between the two.
        const [a, b] = yield* Effect.repeat(both, { until: ([a, b]) => dateOf(a) === dateOf(b) })
        assert.deepStrictEqual(linkAt(a), linkAt(b))
      }
      client.destroy()
    })
  )

  it.live("makes many at once in their order, each as if it were alone", () =>
    Effect.gen(function* () {
      const client = new S3Client({ region: "us-east-1", credentials: pair })
      const some = [...inputs, ...inputs.toReversed()]
      const alone = Effect.forEach(some, (input) => ours(client, input))
      const both = Effect.all([presign(client, some, Duration.hours(1), false), alone])
      // A second may end between the two.
      const [a, b] = yield* Effect.repeat(both, {
        until: ([a, b]) => [...a, ...b].every((link) => dateOf(link) === dateOf(a[0] ?? ""))
      })
      assert.deepStrictEqual(a, b)
      client.destroy()
    })
  )

  it.effect.prop("names every key as the SDK does", { key: Schema.NonEmptyString }, ({ key }) =>
    Effect.gen(function* () {
      if (!key.isWellFormed()) return
      const client = new S3Client({ region: "us-east-1", credentials: pair })
      const input = { Bucket: "files", Key: key }
      assert.strictEqual(pathOf(yield* ours(client, input)), pathOf(yield* theirs(client, input)))
      client.destroy()
    })
  )
})

const dateOf = (url: string) => new URL(url).searchParams.get("X-Amz-Date")
/** As it is written: a URL would take dots for folders. */
const pathOf = (url: string) => url.slice(0, url.indexOf("?"))
