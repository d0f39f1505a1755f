/** Objects: put, read, condition, range, delete, copy, tag, parts. */
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
  UploadPartCommand
} from "@aws-sdk/client-s3"
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { createHash, randomBytes } from "node:crypto"
import { ask, freshBucket, refusal, Target } from "../target.ts"
import type { Suite } from "./abilities.ts"
import { allKeys, md5, oddKeys, put } from "./keys.ts"

export const objects = (it: Suite): void => {
  it.effect("lists, finds and locates a bucket", () =>
    Effect.gen(function* () {
      const Bucket = yield* freshBucket
      const { Buckets = [] } = yield* ask((s3) => s3.send(new ListBucketsCommand({})))
      assert.include(
        Buckets.map((bucket) => bucket.Name),
        Bucket
      )
      yield* ask((s3) => s3.send(new HeadBucketCommand({ Bucket })))
      const location = yield* ask((s3) => s3.send(new GetBucketLocationCommand({ Bucket })))
      assert.oneOf(location.LocationConstraint ?? "", ["", "default"])
    })
  )

  it.effect("says that a bucket or a key is not there", () =>
    Effect.gen(function* () {
      const { client } = yield* Target
      const Bucket = yield* freshBucket
      const absent = `${Bucket}-absent`
      const found = [
        yield* refusal(() => client.send(new HeadBucketCommand({ Bucket: absent }))),
        yield* refusal(() => client.send(new ListObjectsV2Command({ Bucket: absent }))),
        yield* refusal(() => client.send(new GetObjectCommand({ Bucket, Key: "absent" }))),
        yield* refusal(() => client.send(new HeadObjectCommand({ Bucket, Key: "absent" })))
      ]
      assert.deepStrictEqual(
        found.map((refused) => [refused.name, refused.status]),
        [
          ["NotFound", 404],
          ["NoSuchBucket", 404],
          ["NoSuchKey", 404],
          ["NotFound", 404]
        ]
      )
    })
  )

  it.effect("gives an object back as it was put, with its MD5 as ETag", () =>
    Effect.gen(function* () {
      const Bucket = yield* freshBucket
      const Body = randomBytes(100_000)
      const kept = {
        ContentType: "application/pdf",
        CacheControl: "max-age=60",
        ContentDisposition: 'attachment; filename="a b.pdf"',
        ContentLanguage: "de"
      }
      const done = yield* ask((s3) =>
        s3.send(new PutObjectCommand({ Bucket, Key: "a.pdf", Body, Metadata: { colour: "blue" }, ...kept }))
      )
      assert.strictEqual(done.ETag, `"${md5(Body)}"`)
      const got = yield* ask((s3) => s3.send(new GetObjectCommand({ Bucket, Key: "a.pdf" })))
      const bytes = yield* Effect.promise(async () => got.Body?.transformToByteArray())
      assert.isTrue(bytes !== undefined && Body.equals(bytes))
      const head = yield* ask((s3) => s3.send(new HeadObjectCommand({ Bucket, Key: "a.pdf" })))
      for (const answer of [got, head]) {
        assert.strictEqual(answer.ETag, done.ETag)
        assert.strictEqual(answer.ContentLength, Body.byteLength)
        assert.deepStrictEqual(answer.Metadata, { colour: "blue" })
        assert.strictEqual(answer.ContentEncoding, undefined)
        assert.deepInclude(answer, kept)
        assert.isBelow(Math.abs((answer.LastModified?.getTime() ?? 0) - Date.now()), 60_000)
      }
    })
  )

  it.effect("reads ranges: from the middle, to the end, from the end, and none beyond it", () =>
    Effect.gen(function* () {
      const { client } = yield* Target
      const Bucket = yield* freshBucket
      yield* ask((s3) => put(s3, Bucket, "digits", "0123456789"))
      const range = (Range: string) =>
        ask(async (s3) => {
          const got = await s3.send(new GetObjectCommand({ Bucket, Key: "digits", Range }))
          return [await got.Body?.transformToString(), got.ContentRange, got.$metadata.httpStatusCode]
        })
      assert.deepStrictEqual(yield* range("bytes=2-4"), ["234", "bytes 2-4/10", 206])
      assert.deepStrictEqual(yield* range("bytes=7-"), ["789", "bytes 7-9/10", 206])
      assert.deepStrictEqual(yield* range("bytes=-3"), ["789", "bytes 7-9/10", 206])
      assert.deepStrictEqual(yield* range("bytes=8-99"), ["89", "bytes 8-9/10", 206])
      assert.deepStrictEqual(yield* range("bytes=0-0"), ["0", "bytes 0-0/10", 206])
      const beyond = yield* refusal(() =>
        client.send(new GetObjectCommand({ Bucket, Key: "digits", Range: "bytes=10-" }))
      )
      assert.deepInclude(beyond, { name: "InvalidRange", status: 416 })
    })
  )

  it.effect("reads only the state that was asked for", () =>
    Effect.gen(function* () {
      const { client } = yield* Target
      const Bucket = yield* freshBucket
      const old = yield* ask((s3) => put(s3, Bucket, "a", "old"))
      const IfMatch = old.ETag ?? ""
      const same = yield* ask((s3) => s3.send(new GetObjectCommand({ Bucket, Key: "a", IfMatch })))
      assert.strictEqual(yield* Effect.promise(async () => same.Body?.transformToString()), "old")
      const unchanged = yield* refusal(() =>
        client.send(new GetObjectCommand({ Bucket, Key: "a", IfNoneMatch: IfMatch }))
      )
      assert.strictEqual(unchanged.status, 304)
      yield* ask((s3) => put(s3, Bucket, "a", "new"))
      const changed = yield* refusal(() => client.send(new GetObjectCommand({ Bucket, Key: "a", IfMatch })))
      assert.deepInclude(changed, { name: "PreconditionFailed", status: 412 })
    })
  )

  it.effect("refuses to overwrite where it is told not to", () =>
    Effect.gen(function* () {
      const { client } = yield* Target
      const Bucket = yield* freshBucket
      const first = new PutObjectCommand({ Bucket, Key: "a", Body: "1", IfNoneMatch: "*" })
      yield* ask((s3) => s3.send(first))
      const second = yield* refusal(() => client.send(first))
      assert.deepInclude(second, { name: "PreconditionFailed", status: 412 })
    })
  )

  it.effect("deletes keys, alone and together, and does not mind absent ones", () =>
    Effect.gen(function* () {
      const Bucket = yield* freshBucket
      for (const key of oddKeys.slice(0, 28)) yield* ask((s3) => put(s3, Bucket, key))
      yield* ask((s3) => s3.send(new DeleteObjectCommand({ Bucket, Key: "plain.txt" })))
      yield* ask((s3) => s3.send(new DeleteObjectCommand({ Bucket, Key: "plain.txt" })))
      const Objects = oddKeys.slice(1, 28).map((Key) => ({ Key }))
      const done = yield* ask((s3) => s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } })))
      assert.strictEqual(done.Errors, undefined)
      assert.deepStrictEqual(yield* ask((s3) => allKeys(s3, Bucket)), [])
    })
  )

  it.effect("copies an object within the server", () =>
    Effect.gen(function* () {
      const Bucket = yield* freshBucket
      yield* ask((s3) => put(s3, Bucket, "a ü", "original"))
      const CopySource = `${Bucket}/${encodeURIComponent("a ü")}`
      const copy = yield* ask((s3) => s3.send(new CopyObjectCommand({ Bucket, Key: "b", CopySource })))
      assert.strictEqual(copy.CopyObjectResult?.ETag?.replaceAll('"', ""), md5("original"))
    })
  )

  it.effect("keeps tags beside an object", () =>
    Effect.gen(function* () {
      const Bucket = yield* freshBucket
      const tagged = new PutObjectCommand({ Bucket, Key: "a", Body: "1", Tagging: "team=red%20one&year=2026" })
      yield* ask((s3) => s3.send(tagged))
      const read = ask(async (s3) => {
        const { TagSet = [] } = await s3.send(new GetObjectTaggingCommand({ Bucket, Key: "a" }))
        return TagSet.map((tag) => `${tag.Key}=${tag.Value}`).toSorted()
      })
      assert.deepStrictEqual(yield* read, ["team=red one", "year=2026"])
      const TagSet = [{ Key: "only", Value: "<one>" }]
      yield* ask((s3) => s3.send(new PutObjectTaggingCommand({ Bucket, Key: "a", Tagging: { TagSet } })))
      assert.deepStrictEqual(yield* read, ["only=<one>"])
    })
  )

  it.effect("refuses a body that is not the one whose MD5 was announced", () =>
    Effect.gen(function* () {
      const { client } = yield* Target
      const Bucket = yield* freshBucket
      const ContentMD5 = createHash("md5").update("another").digest("base64")
      const refused = yield* refusal(() =>
        client.send(new PutObjectCommand({ Bucket, Key: "a", Body: "one", ContentMD5 }))
      )
      assert.deepInclude(refused, { name: "BadDigest", status: 400 })
    })
  )

  it.effect("puts parts together, with an ETag that is no MD5 of the whole", () =>
    Effect.gen(function* () {
      const Bucket = yield* freshBucket
      const Key = "big/ü.bin"
      const bodies = [randomBytes(5 * 1024 * 1024), randomBytes(1000)]
      const { UploadId } = yield* ask((s3) => s3.send(new CreateMultipartUploadCommand({ Bucket, Key })))
      const Parts = yield* Effect.forEach(bodies, (Body, index) =>
        ask(async (s3) => {
          const part = { Bucket, Key, UploadId, PartNumber: index + 1 }
          const { ETag } = await s3.send(new UploadPartCommand({ ...part, Body }))
          return { ETag, PartNumber: index + 1 }
        })
      )
      yield* ask((s3) =>
        s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }))
      )
      const digests = Buffer.concat(bodies.map((body) => createHash("md5").update(body).digest()))
      const got = yield* ask((s3) => s3.send(new GetObjectCommand({ Bucket, Key })))
      const bytes = yield* Effect.promise(async () => got.Body?.transformToByteArray())
      assert.strictEqual(got.ETag, `"${md5(digests)}-2"`)
      assert.isTrue(bytes !== undefined && Buffer.concat(bodies).equals(bytes))
      const Range = `bytes=${5 * 1024 * 1024 - 3}-${5 * 1024 * 1024 + 2}`
      const seam = yield* ask((s3) => s3.send(new GetObjectCommand({ Bucket, Key, Range })))
      const seamBytes = yield* Effect.promise(async () => seam.Body?.transformToByteArray())
      assert.deepStrictEqual(
        Buffer.from(seamBytes ?? []),
        Buffer.concat(bodies).subarray(5 * 1024 * 1024 - 3, 5 * 1024 * 1024 + 3)
      )
    })
  )
}
