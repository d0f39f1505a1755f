import { assert, layer } from "@effect/vitest"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Effect, Schema } from "effect"
import { TestClock } from "effect/testing"
import { hash } from "node:crypto"
import {
  as,
  bucket,
  call,
  client,
  Confirmation,
  confirm,
  createBatch,
  createUpload,
  Partial,
  put,
  Task,
  Upload,
  uploaded,
  uploadsPath
} from "./session.ts"

const started = (uploads: MixpeekStandIn.UploadSettings = {}) => MixpeekStandIn.make({ buckets: [bucket], uploads })

type StandIn = MixpeekStandIn.MixpeekStandIn

const statusOf = Effect.fnUntraced(function* (standIn: StandIn, uploadId: string) {
  return as(Upload, yield* call(standIn, { method: "GET", path: `${uploadsPath}/${uploadId}` })).status
})

const task = (standIn: StandIn, taskId: string | null) => call(standIn, { method: "GET", path: `/v1/tasks/${taskId}` })

/** A blob of an upload, in an object that holds nothing else. */
const object = (sourceKey: string, uploadId: string) => ({
  source_key: sourceKey,
  blobs: [{ property: "content", type: "text", upload_id: uploadId }]
})

/** An upload that was put, and whose confirmation was answered PROCESSING. */
const processing = Effect.fnUntraced(function* (standIn: StandIn, claim: Readonly<Record<string, unknown>> = {}) {
  const upload = yield* createUpload(standIn)
  yield* put(upload.presigned_url, "abc")
  return as(Confirmation, yield* confirm(standIn, upload.upload_id, claim, "?async=true"))
})

const etag = hash("md5", "abc", "hex")
const sha256 = hash("sha256", "abc", "hex")

layer(client)("confirmation", (it) => {
  it.effect("completes an upload, and takes the ETag for the hash where none was given", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const { presigned_url, upload_id } = yield* createUpload(standIn)
      yield* put(presigned_url, "abc")
      const confirmed = as(Confirmation, yield* confirm(standIn, upload_id))
      assert.deepStrictEqual(confirmed, {
        upload_id,
        status: "COMPLETED",
        file_hash: etag,
        object_id: null,
        task_id: null
      })
      assert.strictEqual(yield* statusOf(standIn, upload_id), "COMPLETED")
      assert.deepStrictEqual(yield* standIn.objects("bkt_files"), [])
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect.each([
    ["the ETag in quotes", { etag: `"${etag}"` }, {}, 200],
    ["the ETag without quotes", { etag }, {}, 200],
    ["another ETag", { etag: `"${"0".repeat(32)}"` }, {}, 400],
    ["the size", { file_size_bytes: 3 }, {}, 200],
    ["another size", { file_size_bytes: 4 }, {}, 400],
    ["a size of 0", { file_size_bytes: 0 }, {}, 422],
    ["another size than was declared", {}, { file_size_bytes: 4 }, 400],
    ["a hash, which is not looked at", {}, { file_hash: "0".repeat(64) }, 200]
  ] as const)("given %s", ([, claim, declared, status]) =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const { presigned_url, upload_id } = yield* createUpload(standIn, declared)
      yield* put(presigned_url, "abc")
      assert.strictEqual((yield* confirm(standIn, upload_id, claim)).status, status)
      assert.strictEqual(yield* statusOf(standIn, upload_id), status === 200 ? "COMPLETED" : "PENDING")
    })
  )

  it.effect.each([
    ["sha256", sha256, 200],
    ["sha256", "0".repeat(64), 400],
    ["etag", sha256, 400]
  ] as const)("may look at the hash as %s: %s is answered %i", ([fileHash, file_hash, status]) =>
    Effect.gen(function* () {
      const standIn = yield* started({ fileHash })
      const { presigned_url, upload_id } = yield* createUpload(standIn, { file_hash })
      yield* put(presigned_url, "abc")
      assert.strictEqual((yield* confirm(standIn, upload_id)).status, status)
    })
  )

  it.effect("is refused where nothing was put, nothing is known, or it was cancelled", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const { presigned_url, upload_id } = yield* createUpload(standIn)
      assert.strictEqual((yield* confirm(standIn, upload_id)).status, 400)
      assert.strictEqual((yield* confirm(standIn, "upl_other")).status, 404)
      yield* put(presigned_url, "abc")
      yield* call(standIn, { method: "DELETE", path: `${uploadsPath}/${upload_id}` })
      assert.strictEqual((yield* confirm(standIn, upload_id)).status, 400)
    })
  )

  it.effect("repeated is answered the same, or 400", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const id = yield* uploaded(standIn, "abc")
      assert.strictEqual(as(Confirmation, yield* confirm(standIn, id)).status, "COMPLETED")
      yield* standIn.set({ uploads: { reconfirm: 400 } })
      assert.strictEqual((yield* confirm(standIn, id)).status, 400)
    })
  )

  it.effect("finds a duplicate by its content, and refers to what there is", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const own = {
        create_object_on_confirm: true,
        blob_property: "content",
        object_metadata: { source_key: "a" }
      }
      const first = yield* uploaded(standIn, "abc", own)
      const second = yield* uploaded(standIn, "abc", own)
      const read = as(Upload, yield* call(standIn, { method: "GET", path: `${uploadsPath}/${second}` }))
      const [object, ...more] = yield* standIn.objects("bkt_files")
      assert.deepInclude(read, {
        is_duplicate: true,
        duplicate_of_upload_id: first,
        object_id: object?.objectId ?? ""
      })
      assert.deepStrictEqual(more, [])
      yield* uploaded(standIn, "abc", { ...own, skip_duplicates: false })
      assert.strictEqual(yield* standIn.count("bkt_files"), 2)
    })
  )

  it.effect("of a large file is done in the background whatever was asked for", () =>
    Effect.gen(function* () {
      const standIn = yield* started({ backgroundBytes: 3 })
      const confirmed = Effect.fnUntraced(function* (content: string) {
        const { presigned_url, upload_id } = yield* createUpload(standIn)
        yield* put(presigned_url, content)
        return as(Confirmation, yield* confirm(standIn, upload_id)).status
      })
      assert.deepStrictEqual([yield* confirmed("ab"), yield* confirmed("abc")], ["COMPLETED", "PROCESSING"])
    })
  )

  it.effect("in the background is over after so many polls of the task or of the upload", () =>
    Effect.gen(function* () {
      const standIn = yield* started({ confirmation: { polls: 2 } })
      const { status, task_id, upload_id } = yield* processing(standIn)
      assert.strictEqual(status, "PROCESSING")
      assert.strictEqual(as(Confirmation, yield* confirm(standIn, upload_id)).task_id, task_id)
      assert.strictEqual(as(Task, yield* task(standIn, task_id)).status, "IN_PROGRESS")
      assert.strictEqual(yield* statusOf(standIn, upload_id), "PROCESSING")
      assert.strictEqual(yield* statusOf(standIn, upload_id), "COMPLETED")
      const ended = as(Task, yield* task(standIn, task_id))
      assert.deepStrictEqual(ended.outputs, [{ upload_id, status: "COMPLETED", object_id: null }])
      assert.strictEqual(ended.status, "COMPLETED")
    })
  )

  it.effect("in the background is over after a time, and tests see it without polling", () =>
    Effect.gen(function* () {
      const standIn = yield* started({ confirmation: { after: "2 seconds" } })
      const { task_id } = yield* processing(standIn)
      const seen = Effect.map(standIn.uploads("bkt_files"), (uploads) => uploads.map(({ status }) => status))
      yield* TestClock.adjust("1999 millis")
      assert.deepStrictEqual(yield* seen, ["PROCESSING"])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* seen, ["COMPLETED"])
      assert.strictEqual(as(Task, yield* task(standIn, task_id)).status, "COMPLETED")
    })
  )

  it.effect("in the background fails the task and the upload where something does not agree", () =>
    Effect.gen(function* () {
      const standIn = yield* started({ confirmation: {} })
      const { task_id, upload_id } = yield* processing(standIn, { file_size_bytes: 4 })
      const ended = as(Task, yield* task(standIn, task_id))
      assert.deepStrictEqual([ended.status, ended.error], ["FAILED", "File size mismatch: expected 4, found 3"])
      assert.strictEqual(yield* statusOf(standIn, upload_id), "FAILED")
    })
  )

  it.effect("of many is always done in the background, and tells of each", () =>
    Effect.gen(function* () {
      const standIn = yield* started({ confirmation: {} })
      const good = yield* createUpload(standIn)
      yield* put(good.presigned_url, "abc")
      const bad = yield* createUpload(standIn)
      const confirmations = [good.upload_id, bad.upload_id, "upl_other"].map((upload_id) => ({ upload_id }))
      const path = `${uploadsPath}/confirm/batch`
      const reply = yield* call(standIn, { path, body: { confirmations } })
      const Begun = Schema.Struct({ task_id: Schema.String, confirmations_count: Schema.Int, status: Schema.String })
      const begun = as(Begun, reply)
      assert.deepInclude(begun, { confirmations_count: 3, status: "PENDING" })
      const ended = as(Task, yield* task(standIn, begun.task_id))
      assert.strictEqual(ended.status, "COMPLETED_WITH_ERRORS")
      assert.deepStrictEqual(
        ended.outputs?.map(({ status }) => status),
        ["COMPLETED", "FAILED", "FAILED"]
      )
      assert.strictEqual(yield* statusOf(standIn, bad.upload_id), "FAILED")
      const many = Array.from({ length: 101 }, () => ({ upload_id: good.upload_id }))
      assert.strictEqual((yield* call(standIn, { path, body: { confirmations: many } })).status, 422)
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect("is forgotten with its task after a time, and the upload is not", () =>
    Effect.gen(function* () {
      const standIn = yield* started({ confirmation: {} })
      const { task_id, upload_id } = yield* processing(standIn)
      yield* standIn.set({ taskLife: "1 hour" })
      yield* TestClock.adjust("59 minutes")
      assert.strictEqual((yield* task(standIn, task_id)).status, 200)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* task(standIn, task_id)).status, 404)
      assert.strictEqual(yield* statusOf(standIn, upload_id), "COMPLETED")
      assert.strictEqual((yield* task(standIn, "task_other")).status, 404)
    })
  )
})

layer(client)("blobs of uploads", (it) => {
  it.effect("have the content that was put, and may share it", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const id = yield* uploaded(standIn, "abc")
      assert.isFalse((yield* standIn.uploads("bkt_files"))[0]?.used)
      assert.strictEqual((yield* standIn.orphans("bkt_files")).length, 1)
      const reply = yield* createBatch(standIn, [object("a", id), object("b", id)])
      assert.strictEqual(as(Partial, reply).succeeded_count, 2)
      const content = {
        form: "upload" as const,
        uploadId: id,
        size: 3,
        sha256,
        bytes: new TextEncoder().encode("abc"),
        mimeType: "text/plain",
        filename: "a.txt"
      }
      const objects = yield* standIn.objects("bkt_files")
      assert.deepStrictEqual(
        objects.map(({ blobs }) => blobs[0]?.content),
        [content, content]
      )
      for (const { objectId } of objects) {
        yield* call(standIn, { method: "DELETE", path: `/v1/buckets/bkt_files/objects/${objectId}` })
      }
      assert.isTrue((yield* standIn.uploads("bkt_files"))[0]?.used)
      assert.deepStrictEqual(yield* standIn.orphans("bkt_files"), [])
    })
  )

  it.effect("need an upload that is COMPLETED, and of the same bucket", () =>
    Effect.gen(function* () {
      const other = { ...bucket, id: "bkt_other" }
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket, other], uploads: { confirmation: { polls: 9 } } })
      const pending = yield* createUpload(standIn)
      yield* put(pending.presigned_url, "abc")
      const { upload_id } = yield* processing(standIn)
      const good = yield* uploaded(standIn, "x")
      const objects = [object("a", pending.upload_id), object("b", good), object("c", upload_id), object("d", "upl_no")]
      const reply = as(Partial, yield* createBatch(standIn, objects))
      assert.deepStrictEqual(
        reply.failed.map(({ error, error_type, object_index }) => [object_index, error_type, error.split(" is ")[1]]),
        [
          [0, "ValidationError", "PENDING, not COMPLETED"],
          [2, "ValidationError", "PROCESSING, not COMPLETED"],
          [3, "ValidationError", undefined]
        ]
      )
      const elsewhere = { path: "/v1/buckets/bkt_other/objects/batch", body: { objects: [object("a", good)] } }
      assert.strictEqual(as(Partial, yield* call(standIn, elsewhere)).failed_count, 1)
    })
  )

  it.effect.each([
    ["both data and an upload", { data: "abc", upload_id: "upl_1" }],
    ["neither", {}]
  ] as const)("are refused with %s, whether or not they are held against the description", ([, content]) =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const objects = [{ source_key: "a", blobs: [{ property: "content", type: "text", ...content }] }]
      assert.strictEqual((yield* createBatch(standIn, objects)).status, 422)
      yield* standIn.set({ validateEvery: 1_000_000 })
      const [failure] = as(Partial, yield* createBatch(standIn, objects)).failed
      assert.strictEqual(failure?.error_type, "ValidationError")
    })
  )

  it.effect("are known also where only counts are kept", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket], retain: "counts" })
      const id = yield* uploaded(standIn, "abc")
      yield* createBatch(standIn, [object("a", id)])
      assert.deepStrictEqual(yield* standIn.orphans("bkt_files"), [])
    })
  )
})
