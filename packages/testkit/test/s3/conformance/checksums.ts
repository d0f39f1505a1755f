/** Checksums beside objects, and bodies in signed chunks with trailers. */
import { ChecksumAlgorithm, GetObjectCommand, HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3"
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { Readable } from "node:stream"
import { ask, freshBucket, refusal, Target } from "../target.ts"
import type { Suite } from "./abilities.ts"

export const checksums = (it: Suite): void => {
  it.effect("keeps the checksum a client sends, by every algorithm, and answers it when asked", () =>
    Effect.gen(function* () {
      const Bucket = yield* freshBucket
      const sha256 = createHash("sha256").update("checked").digest("base64")
      for (const algorithm of [
        ChecksumAlgorithm.CRC32,
        ChecksumAlgorithm.CRC32C,
        ChecksumAlgorithm.CRC64NVME,
        ChecksumAlgorithm.SHA1,
        ChecksumAlgorithm.SHA256
      ]) {
        const object = { Bucket, Key: algorithm }
        const done = yield* ask((s3) =>
          s3.send(new PutObjectCommand({ ...object, Body: "checked", ChecksumAlgorithm: algorithm }))
        )
        const head = yield* ask((s3) => s3.send(new HeadObjectCommand({ ...object, ChecksumMode: "ENABLED" })))
        const got = yield* ask((s3) => s3.send(new GetObjectCommand({ ...object, ChecksumMode: "ENABLED" })))
        // The SDK verifies the bytes against the checksum while they are read.
        assert.strictEqual(yield* Effect.promise(async () => got.Body?.transformToString()), "checked")
        const name = `Checksum${algorithm}` as const
        assert.isString(head[name])
        assert.deepStrictEqual([done[name], got[name]], [head[name], head[name]])
        assert.strictEqual(head.ChecksumType, "FULL_OBJECT")
        if (algorithm === ChecksumAlgorithm.SHA256) assert.strictEqual(head.ChecksumSHA256, sha256)
        const quiet = yield* ask((s3) => s3.send(new HeadObjectCommand(object)))
        assert.strictEqual(quiet[name], undefined)
      }
    })
  )

  it.effect("says nothing of the whole when a part is read", () =>
    Effect.gen(function* () {
      const Bucket = yield* freshBucket
      yield* ask((s3) => s3.send(new PutObjectCommand({ Bucket, Key: "a", Body: "checked" })))
      const part = { Bucket, Key: "a", Range: "bytes=1-2", ChecksumMode: "ENABLED" } as const
      const got = yield* ask((s3) => s3.send(new GetObjectCommand(part)))
      assert.strictEqual(got.ChecksumCRC32, undefined)
      assert.strictEqual(yield* Effect.promise(async () => got.Body?.transformToString()), "he")
    })
  )

  it.effect("refuses a checksum that is not that of the body", () =>
    Effect.gen(function* () {
      const { client } = yield* Target
      const Bucket = yield* freshBucket
      const ChecksumSHA256 = createHash("sha256").update("another").digest("base64")
      const refused = yield* refusal(() =>
        client.send(new PutObjectCommand({ Bucket, Key: "a", Body: "one", ChecksumSHA256 }))
      )
      assert.deepInclude(refused, { name: "BadDigest", status: 400 })
    })
  )

  it.effect("takes a body of unknown checksum in chunks, with the checksum as a trailer", () =>
    Effect.gen(function* () {
      const Bucket = yield* freshBucket
      const bytes = Buffer.alloc(200_000, "chunk ")
      const put = new PutObjectCommand({
        Bucket,
        Key: "a",
        Body: Readable.from([bytes.subarray(0, 70_000), bytes.subarray(70_000)]),
        ContentLength: bytes.byteLength,
        ContentEncoding: "identity",
        ChecksumAlgorithm: "SHA256"
      })
      yield* ask((s3) => s3.send(put))
      const got = yield* ask((s3) => s3.send(new GetObjectCommand({ Bucket, Key: "a", ChecksumMode: "ENABLED" })))
      const read = yield* Effect.promise(async () => got.Body?.transformToByteArray())
      assert.isTrue(read !== undefined && bytes.equals(read))
      assert.strictEqual(got.ContentEncoding, "identity")
      assert.strictEqual(got.ChecksumSHA256, createHash("sha256").update(bytes).digest("base64"))
    })
  )
}
