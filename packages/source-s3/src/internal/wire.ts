/**
 * ListObjectsV2 and GetObject in ordinary buckets, without the SDK: it takes half a millisecond of a core for each
 * request, more than everything else that is done for a small file. Credentials and endpoints are the SDK's, and whatever
 * is not known here goes to it.
 */
import type { S3Client } from "@aws-sdk/client-s3"
import { Body } from "@sluice/core"
import { Clock, Effect, Pull, Stream } from "effect"
import { hash } from "node:crypto"
import { codeOf } from "../S3Error.ts"
import { encodePath } from "../S3Uri.ts"
import type { Answer, Connections } from "./connections.ts"
import { inside, readPage } from "./listPage.ts"
import { signed } from "./signature.ts"
import { addressOf, identityOf, isOrdinaryBucket } from "./signer.ts"
import { bounded, bySdk, type ObjectAnswer, Thrown, type Transport } from "./transport.ts"

/** Where an input stands in a request: a parameter of the query or, in lower case, a header. */
type Place = { readonly query: string } | { readonly header: string }

const customerKey = "x-amz-server-side-encryption-customer-key"

const places = {
  ListObjectsV2: {
    Prefix: { query: "prefix" },
    Delimiter: { query: "delimiter" },
    EncodingType: { query: "encoding-type" },
    MaxKeys: { query: "max-keys" },
    StartAfter: { query: "start-after" },
    ContinuationToken: { query: "continuation-token" },
    OptionalObjectAttributes: { header: "x-amz-optional-object-attributes" },
    RequestPayer: { header: "x-amz-request-payer" },
    ExpectedBucketOwner: { header: "x-amz-expected-bucket-owner" }
  },
  GetObject: {
    VersionId: { query: "versionId" },
    IfMatch: { header: "if-match" },
    Range: { header: "range" },
    RequestPayer: { header: "x-amz-request-payer" },
    ExpectedBucketOwner: { header: "x-amz-expected-bucket-owner" },
    SSECustomerAlgorithm: { header: "x-amz-server-side-encryption-customer-algorithm" },
    SSECustomerKey: { header: customerKey }
  }
} as const satisfies Record<string, Record<string, Place>>

/** The parts of a request; `undefined` where an input is not known here. */
const partsOf = (input: object, known: Readonly<Record<string, Place>>) => {
  const query: Array<readonly [string, string]> = []
  const headers: Record<string, string> = { "user-agent": "sluice" }
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined || name === "Bucket" || name === "Key") continue
    const place = known[name]
    if (place === undefined) return undefined
    if ("query" in place) query.push([place.query, String(value)])
    else headers[place.header] = String(value)
  }
  return { query, headers }
}

const text = (value: string | ReadonlyArray<string> | undefined): string | undefined =>
  value === undefined || typeof value === "string" ? value : value.join(", ")

/** All of a body, read to its end. */
const whole = (answer: Answer): Effect.Effect<string, Thrown> => {
  const chunks: Array<Uint8Array> = []
  return Effect.whileLoop({
    while: () => true,
    body: () => answer.body,
    step: (some) => void chunks.push(...some)
  }).pipe(
    Pull.catchDone(() => Effect.void),
    Effect.map(() => Buffer.concat(chunks).toString())
  )
}

/** An error as the SDK would throw it: all that `classify` reads is there. */
const refusal = (answer: Answer, body: string): Thrown => {
  const said = (tag: string) => inside(body, tag)
  const code = said("Code")
  return new Thrown({
    name: code ?? "Error",
    Code: code,
    message: said("Message"),
    Region: said("Region"),
    $metadata: { httpStatusCode: answer.status, requestId: text(answer.headers["x-amz-request-id"]) },
    $response: { headers: answer.headers }
  })
}

/** Sent by the wire where it can be, and else by the SDK. */
export const make = (client: S3Client, connections: Connections, anonymous: boolean): Transport => {
  const sdk = bySdk(client)

  const get = (
    bucket: string,
    key: string,
    query: ReadonlyArray<readonly [string, string]>,
    headers: Record<string, string>
  ): Effect.Effect<Answer, Thrown> =>
    Effect.gen(function* () {
      const now = (yield* Clock.currentTimeMillis) + client.config.systemClockOffset
      const { folder, host, origin, scope } = yield* addressOf(client, bucket)
      const identity = anonymous ? undefined : yield* identityOf(client, now)
      const request = signed({ host, path: folder + encodePath(key), query }, headers, identity, scope, now)
      const answer = yield* connections.get({ origin, path: request.target, headers: request.headers })
      if (answer.status < 300) return answer
      return yield* Effect.ensuring(
        Effect.flatMap(whole(answer), (body) => Effect.fail(refusal(answer, body))),
        answer.close
      )
    })

  return {
    listObjects: (input) => {
      const { Bucket } = input
      const parts = partsOf(input, places.ListObjectsV2)
      if (parts === undefined || !isOrdinaryBucket(Bucket)) return sdk.listObjects(input)
      return get(Bucket, "", [["list-type", "2"], ...parts.query], parts.headers).pipe(
        Effect.flatMap((answer) => Effect.onExit(whole(answer), () => answer.close)),
        bounded,
        Effect.flatMap((body) => {
          const page = readPage(body)
          // What is not certain to be understood is asked for again.
          return page === undefined ? sdk.listObjects(input) : Effect.succeed(page)
        })
      )
    },
    getObject: (input) => {
      const { Bucket, Key = "", Range, SSECustomerKey } = input
      const parts = partsOf(input, places.GetObject)
      if (parts === undefined || Key === "" || !isOrdinaryBucket(Bucket)) return sdk.getObject(input)
      if (Range === undefined) parts.headers["x-amz-checksum-mode"] = "ENABLED"
      if (SSECustomerKey !== undefined) parts.headers[`${customerKey}-md5`] = md5(SSECustomerKey)
      return Effect.map(get(Bucket, Key, parts.query, parts.headers), objectAnswer)
    }
  }
}

/** S3 asks for the digest of the key besides the key, to notice one that was garbled. */
const md5 = (key: string): string => hash("md5", Buffer.from(key, "base64"), "base64")

const objectAnswer = ({ body, close, headers }: Answer): ObjectAnswer => {
  const length = text(headers["content-length"])
  return {
    ContentLength: length === undefined ? undefined : Number(length),
    ContentRange: text(headers["content-range"]),
    ETag: text(headers["etag"]),
    ServerSideEncryption: text(headers["x-amz-server-side-encryption"]),
    SSECustomerAlgorithm: text(headers["x-amz-server-side-encryption-customer-algorithm"]),
    ChecksumType: text(headers["x-amz-checksum-type"]),
    ChecksumCRC32: text(headers["x-amz-checksum-crc32"]),
    ChecksumCRC32C: text(headers["x-amz-checksum-crc32c"]),
    ChecksumCRC64NVME: text(headers["x-amz-checksum-crc64nvme"]),
    ChecksumSHA1: text(headers["x-amz-checksum-sha1"]),
    ChecksumSHA256: text(headers["x-amz-checksum-sha256"]),
    bytes: Stream.fromPull(Effect.succeed(Effect.catchTag(body, "Thrown", broken))),
    close
  }
}

const broken = ({ thrown }: Thrown) => Effect.fail(new Body.Broken({ code: codeOf(thrown) }))
