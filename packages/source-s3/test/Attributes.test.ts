import { assert, describe, it } from "@effect/vitest"
import { Fault } from "@sluice/testkit/s3"
import { Observer } from "@sluice/core"
import { Deferred, Effect } from "effect"
import { storedChecksum } from "../src/Attributes.ts"
import { changes, files, standIn } from "./bench.ts"

const asked = (...kinds: ReadonlyArray<string>) => ({ attributes: new Set(kinds) })

const tagged = Effect.gen(function* () {
  const { s3, live } = yield* standIn()
  yield* s3.put("acme", "k", "x", {
    metadata: { author: "Ada", "x-note": "two words" },
    tags: { project: "Ω mega", empty: "" },
    contentType: "text/x-special"
  })
  return { s3, live }
})

describe("Attributes", () => {
  it.live("loads user metadata and tags where they are asked for", () =>
    Effect.gen(function* () {
      const { live } = yield* tagged
      const [file] = yield* files({ bucket: "acme" }, live, asked("metadata", "tags"))
      assert.deepStrictEqual(file?.attributes, {
        metadata: { author: "Ada", "x-note": "two words" },
        tags: { project: "Ω mega", empty: "" }
      })
      assert.strictEqual(file?.mimeType, "text/x-special")
      assert.strictEqual(file?.checksum?.algorithm, "crc64nvme")
    })
  )

  it.live("asks only for what is wanted", () =>
    Effect.gen(function* () {
      const { live, s3 } = yield* tagged
      yield* files({ bucket: "acme" }, live, asked("tags"))
      assert.deepStrictEqual(yield* s3.requestsByOperation, { ListObjectsV2: 1, GetObjectTagging: 1 })
    })
  )

  it.live("gives a file the same token with and without them", () =>
    Effect.gen(function* () {
      const { live } = yield* tagged
      const [plain] = yield* files({ bucket: "acme" }, live)
      const [full] = yield* files({ bucket: "acme", attributes: ["metadata"] }, live)
      assert.strictEqual(plain?.token, full?.token)
      assert.deepStrictEqual(plain?.modifiedAt, full?.modifiedAt)
    })
  )

  it.live("rejects a file whose tags it may not read, naming the permission", () =>
    Effect.gen(function* () {
      const { live, s3 } = yield* tagged
      yield* s3.faults.set([Fault.deny({ operations: ["GetObjectTagging"] })])
      const [change] = yield* changes({ bucket: "acme" }, live, asked("tags"))
      assert.strictEqual(change?._tag, "Reject")
      if (change?._tag === "Reject") assert.include(change.reason.message, "s3:GetObjectTagging on arn:aws:s3:::acme/*")
    })
  )

  it.live("says that a file which is gone since it was listed is deleted", () =>
    Effect.gen(function* () {
      const { live, s3 } = yield* tagged
      yield* s3.faults.set([Fault.slow({ operations: ["HeadObject"], latency: 500 })])
      const asking = yield* Deferred.make<void>()
      const sweep = changes({ bucket: "acme" }, live, asked("metadata")).pipe(
        Effect.provideService(Observer.Observer, {
          ...Observer.silent,
          request: ({ operation }) => {
            if (operation === "HeadObject") Deferred.doneUnsafe(asking, Effect.void)
          },
          retried: () => {},
          waited: () => {}
        })
      )
      const vanish = Effect.andThen(Deferred.await(asking), s3.remove("acme", "k"))
      const [[change]] = yield* Effect.all([sweep, vanish], { concurrency: 2 })
      assert.deepStrictEqual(change, { _tag: "Delete", id: "acme/k", uri: "s3://acme/k" })
    })
  )

  it("takes an ETag for an MD5 only where it is one", () => {
    const md5 = "d41d8cd98f00b204e9800998ecf8427e"
    assert.deepStrictEqual(storedChecksum({ ETag: `"${md5}"` }), { algorithm: "md5", value: md5 })
    assert.isUndefined(storedChecksum({ ETag: `"${md5}-3"` }))
    assert.isUndefined(storedChecksum({ ETag: `"${md5}"`, ServerSideEncryption: "aws:kms" }))
    assert.isUndefined(storedChecksum({ ETag: `"${md5}"`, ServerSideEncryption: "aws:kms:dsse" }))
    assert.isUndefined(storedChecksum({ ETag: `"${md5}"`, SSECustomerAlgorithm: "AES256" }))
    assert.deepStrictEqual(storedChecksum({ ETag: `"${md5}"`, ServerSideEncryption: "AES256" })?.algorithm, "md5")
  })

  it("leaves the checksum of a multipart upload's parts alone", () => {
    assert.isUndefined(storedChecksum({ ChecksumCRC32: "AAAAAA==-3", ETag: '"x-3"' }))
    assert.isUndefined(storedChecksum({ ChecksumSHA256: "AAAA", ChecksumType: "COMPOSITE", ETag: '"x-3"' }))
    assert.deepStrictEqual(storedChecksum({ ChecksumCRC32: "AAAA/w==" }), { algorithm: "crc32", value: "000000ff" })
  })
})
