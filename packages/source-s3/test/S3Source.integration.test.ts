/** On a real S3: Ceph RADOS Gateway on loopback. */
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client
} from "@aws-sdk/client-s3"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { sourceContract } from "@sluice/testkit/source-contract"
import { DateTime, Duration, Effect, Layer, Option, Redacted } from "effect"
import { Credentials, S3, type S3Options, S3Source } from "../src/index.ts"
import { bytes, changes, files, keys, retry } from "./bench.ts"

const options: S3Options.Options = {
  endpoint: "http://127.0.0.1:7480",
  credentials: Credentials.Static({ accessKeyId: "S3RVER", secretAccessKey: Redacted.make("S3RVER") }),
  retry
}
const live = S3.layer(options).pipe(Layer.provideMerge(NodeHttpClient.layerUndici))

const client = new S3Client({
  endpoint: "http://127.0.0.1:7480",
  region: "us-east-1",
  forcePathStyle: true,
  requestChecksumCalculation: "WHEN_REQUIRED",
  credentials: { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" }
})

let buckets = 0
const newBucket = Effect.promise(async () => {
  const Bucket = `sluice-${process.pid}-${Date.now()}-${buckets++}`
  await client.send(new CreateBucketCommand({ Bucket }))
  return Bucket
})
const put = (Bucket: string, Key: string, Body: string | Uint8Array, more: object = {}) =>
  Effect.promise(() => client.send(new PutObjectCommand({ Bucket, Key, Body, ...more })))
const remove = (Bucket: string, Key: string) =>
  Effect.promise(() => client.send(new DeleteObjectCommand({ Bucket, Key })))
const putAll = (bucket: string, keys: ReadonlyArray<string>) =>
  Effect.forEach(keys, (key) => put(bucket, key, key), { concurrency: 32, discard: true })

const strange = [
  " space",
  "%25/percent",
  "+plus+",
  "/leading",
  "a//b",
  "a?versionId=x",
  "control\u0001\u007f",
  "newline\ntab\t",
  "ü/漢字",
  "\uffee",
  "\u{1f600}",
  "x".repeat(1024)
]

const contents = Array.from({ length: 40 }, (_, i) => ({
  path: ["a b/+%", "ü/漢字", "x\u0001\ny"][i % 3] + `/${i}.txt`,
  bytes: new Uint8Array(Buffer.from(`file ${i} `.repeat(i)))
}))

sourceContract(
  "S3 on Ceph",
  Effect.gen(function* () {
    const bucket = yield* newBucket
    yield* Effect.forEach(contents, ({ bytes, path }) => put(bucket, path, bytes), { concurrency: 16, discard: true })
    return {
      source: S3Source.make({ bucket }),
      files: contents,
      replace: (path: string, bytes: Uint8Array) => Effect.asVoid(put(bucket, path, bytes)),
      remove: (path: string) => Effect.asVoid(remove(bucket, path))
    }
  }),
  live
)

describe("S3Source on Ceph", () => {
  it.live("says every legal key as it is, and reads each", () =>
    Effect.gen(function* () {
      const bucket = yield* newBucket
      yield* putAll(bucket, strange)
      const found = yield* files({ bucket }, live)
      assert.deepStrictEqual(
        found.map((file) => file.path),
        strange.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      )
      const source = S3Source.make({ bucket })
      const read = yield* Effect.forEach(found, (file) => bytes(source, file)).pipe(Effect.provide(live))
      assert.deepStrictEqual(
        read.map(String),
        found.map((file) => file.path)
      )
    })
  )

  it.live.each([
    ["a flat run", (i: number) => `n-${String(i).padStart(6, "0")}`],
    ["folders and Unicode", (i: number) => `${["a", "é", "漢", "\u{1f600}"][i % 4]}/${i}`]
  ] as const)(
    "lists %s over several ranges, each key once",
    ([, key]) =>
      Effect.gen(function* () {
        const bucket = yield* newBucket
        const all = Array.from({ length: 5500 }, (_, i) => key(i))
        yield* putAll(bucket, all)
        assert.deepStrictEqual((yield* keys({ bucket }, live)).toSorted(), all.toSorted())
      }),
    180_000
  )

  it.live("tells versions, deletions and what was there at an instant", () =>
    Effect.gen(function* () {
      const bucket = yield* newBucket
      yield* Effect.promise(() =>
        client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Enabled" } }))
      )
      yield* put(bucket, "a", "a1")
      yield* put(bucket, "b", "b1")
      yield* Effect.sleep("1100 millis")
      const between = yield* DateTime.now
      yield* Effect.sleep("1100 millis")
      yield* put(bucket, "a", "a2")
      yield* remove(bucket, "b")
      const all = yield* changes({ bucket, versions: "all" }, live)
      assert.deepStrictEqual(
        all.map((change) => change._tag),
        ["Upsert", "Upsert", "Delete", "Upsert"]
      )
      const then = yield* files({ bucket, versions: { asOf: between } }, live)
      const source = S3Source.make({ bucket, versions: { asOf: between } })
      const read = yield* Effect.forEach(then, (file) => bytes(source, file)).pipe(Effect.provide(live))
      assert.deepStrictEqual(read.map(String), ["a1", "b1"])
    })
  )

  it.live("loads metadata and tags", () =>
    Effect.gen(function* () {
      const bucket = yield* newBucket
      yield* put(bucket, "k", "x", { Metadata: { author: "Ada" }, Tagging: "project=omega" })
      const [file] = yield* files({ bucket, attributes: ["metadata", "tags"] }, live)
      assert.deepStrictEqual(file?.attributes, { metadata: { author: "Ada" }, tags: { project: "omega" } })
    })
  )

  it.live("names wrong keys and a bucket that is not there; links expire", () =>
    Effect.gen(function* () {
      const bucket = yield* newBucket
      yield* put(bucket, "k", "x")
      const as = (accessKeyId: string, secret: string) =>
        S3.layer({
          ...options,
          credentials: Credentials.Static({ accessKeyId, secretAccessKey: Redacted.make(secret) })
        })
      const secret = yield* Effect.flip(keys({ bucket }, as("S3RVER", "wrong")))
      assert.include(secret.message, "`secretAccessKey`")
      const id = yield* Effect.flip(keys({ bucket }, as("WRONG", "S3RVER")))
      assert.include(id.message, "`accessKeyId`")
      const missing = yield* Effect.flip(keys({ bucket: "no-such-bucket-here" }, live))
      assert.strictEqual(missing.reason._tag, "Missing")
      const [file] = yield* files({ bucket }, live)
      if (file === undefined) return assert.fail("nothing was listed")
      const { presigned } = Option.getOrThrow(S3Source.make({ bucket }).link(file))
      const url = Redacted.value(yield* presigned(file, Duration.seconds(1)).pipe(Effect.provide(live)))
      const get = (address: string) => Effect.promise(() => fetch(address).then((answer) => answer.status))
      assert.strictEqual(yield* get(url), 200)
      assert.strictEqual(yield* get(url.replace("/k?", "/j?")), 403)
      yield* Effect.sleep("2500 millis")
      assert.strictEqual(yield* get(url), 403)
    })
  )
})
