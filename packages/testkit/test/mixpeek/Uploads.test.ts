import { assert, layer } from "@effect/vitest"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Effect, Schema } from "effect"
import { TestClock } from "effect/testing"
import {
  as,
  bucket,
  call,
  client,
  Confirmation,
  confirm,
  createBatch,
  createUpload,
  Envelope,
  file,
  Located,
  put,
  Upload,
  uploaded,
  uploadsPath
} from "./session.ts"

const started = (options: Partial<MixpeekStandIn.Options> = {}) =>
  MixpeekStandIn.make({ buckets: [bucket], ...options })

const get = (standIn: MixpeekStandIn.MixpeekStandIn, uploadId: string) =>
  call(standIn, { method: "GET", path: `${uploadsPath}/${uploadId}` })

const cancel = (standIn: MixpeekStandIn.MixpeekStandIn, uploadId: string, query = "") =>
  call(standIn, { method: "DELETE", path: `${uploadsPath}/${uploadId}${query}` })

const Page = Schema.Struct({
  results: Schema.Array(Upload),
  pagination: Schema.Struct({ total: Schema.NullOr(Schema.Int) }),
  stats: Schema.Struct({ total_uploads: Schema.Int, uploads_by_status: Schema.Record(Schema.String, Schema.Int) })
})

layer(client)("uploads", (it) => {
  it.effect("are created PENDING, with an address that is given once", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const upload = yield* createUpload(standIn)
      assert.strictEqual(upload.status, "PENDING")
      assert.match(upload.upload_id, /^upl_/)
      assert.match(upload.presigned_url ?? "", /^http:\/\/127\.0\.0\.1:\d+\/.*X-Amz-Signature=/)
      const read = as(Upload, yield* get(standIn, upload.upload_id))
      assert.deepStrictEqual(read, { ...upload, presigned_url: null })
      assert.strictEqual((yield* get(standIn, "upl_other")).status, 404)
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect("are answered 200 or 201", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      for (const created of [200, 201] as const) {
        yield* standIn.set({ uploads: { created } })
        assert.strictEqual((yield* call(standIn, { path: uploadsPath, body: file })).status, created)
      }
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect.each([
    ["an empty file", { file_size_bytes: 0 }, ["body", "file_size_bytes"]],
    ["an empty name", { filename: "" }, ["body", "filename"]],
    ["a name that is too long", { filename: "a".repeat(256) }, ["body", "filename"]],
    ["a name that leads upwards", { filename: "../a.txt" }, ["body", "filename"]],
    ["a name with a backslash", { filename: "a\\b.txt" }, ["body", "filename"]],
    ["an address that lives too short", { presigned_url_expiration: 59 }, ["body", "presigned_url_expiration"]],
    ["an address that lives too long", { presigned_url_expiration: 86_401 }, ["body", "presigned_url_expiration"]],
    ["a hash in capitals", { file_hash: "A".repeat(64) }, ["body", "file_hash"]],
    ["a property with a dot", { blob_property: "a.b" }, ["body", "blob_property"]]
  ] as const)("refuse %s with 422", ([, changes, location]) =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const reply = yield* call(standIn, { path: uploadsPath, body: { ...file, ...changes } })
      assert.strictEqual(reply.status, 422)
      assert.deepStrictEqual(as(Located, reply).detail[0]?.loc, location)
      assert.deepStrictEqual(yield* standIn.uploads("bkt_files"), [])
    })
  )

  it.effect("refuse a file that the plan does not take", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const reply = call(standIn, { path: uploadsPath, body: { ...file, file_size_bytes: 101 } })
      yield* standIn.set({ uploads: { maxFileBytes: 100 } })
      const { error, status } = as(Envelope, yield* reply)
      assert.deepStrictEqual([status, error.type], [403, "QuotaExceededError"])
      assert.deepStrictEqual(error.details, { resource: "file_size_bytes", current: 101, limit: 100, tier: "pro" })
      yield* standIn.set({ uploads: { maxFileBytes: 100, tooLarge: 400 } })
      assert.strictEqual((yield* reply).status, 400)
    })
  )

  it.effect("find a file that the plan does not take on confirmation, where it was not declared", () =>
    Effect.gen(function* () {
      const standIn = yield* started({ uploads: { maxFileBytes: 3 } })
      const { presigned_url, upload_id } = yield* createUpload(standIn)
      yield* put(presigned_url, "four")
      assert.strictEqual((yield* confirm(standIn, upload_id)).status, 403)
    })
  )

  it.effect("are created a hundred at a time, and what they share is merged", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const create = (uploads: ReadonlyArray<unknown>) =>
        call(standIn, {
          path: `${uploadsPath}/batch`,
          body: { uploads, shared_metadata: { run: "r1", path: "shared" } }
        })
      const reply = yield* create([
        { ...file, metadata: { path: "a" } },
        { ...file, filename: "b.txt" }
      ])
      const { total, uploads } = as(Schema.Struct({ uploads: Schema.Array(Upload), total: Schema.Int }), reply)
      assert.strictEqual(total, 2)
      assert.deepStrictEqual(
        uploads.map(({ metadata }) => metadata),
        [
          { run: "r1", path: "a" },
          { run: "r1", path: "shared" }
        ]
      )
      assert.strictEqual((yield* put(uploads[1]?.presigned_url ?? null, "b")).status, 200)
      const many = (count: number) => create(Array.from({ length: count }, () => file))
      assert.deepStrictEqual(
        [(yield* many(0)).status, (yield* many(100)).status, (yield* many(101)).status],
        [422, 200, 422]
      )
    })
  )

  it.effect("are created all or none", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const body = { uploads: [file, { ...file, filename: "../a" }] }
      const reply = yield* call(standIn, { path: `${uploadsPath}/batch`, body })
      assert.deepStrictEqual(as(Located, reply).detail[0]?.loc, ["body", "uploads", 1, "filename"])
      assert.deepStrictEqual(yield* standIn.uploads("bkt_files"), [])
    })
  )

  it.effect("make an object of their own unless told not to", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const own = {
        create_object_on_confirm: true,
        blob_property: "content",
        object_metadata: { source_key: "a", year: 1999 }
      }
      const { presigned_url, upload_id } = yield* createUpload(standIn, own)
      yield* put(presigned_url, "text of a")
      const confirmed = as(Confirmation, yield* confirm(standIn, upload_id))
      const [object] = yield* standIn.objects("bkt_files")
      assert.strictEqual(confirmed.object_id, object?.objectId)
      assert.deepStrictEqual(object?.fields, { source_key: "a", year: 1999 })
      assert.strictEqual(object?.blobs[0]?.content.uploadId, upload_id)
      assert.deepStrictEqual(yield* standIn.orphans("bkt_files"), [])
    })
  )

  it.effect.each([
    ["a property that the schema lacks", { object_metadata: { source_key: "a" } }],
    ["another type than the schema's", { blob_property: "picture", object_metadata: { source_key: "a" } }],
    ["a field of another type", { blob_property: "content", object_metadata: { source_key: "a", year: "1999" } }],
    ["a required field that is missing", { blob_property: "content" }]
  ] as const)("refuse an object of their own with %s before anything is put", ([, changes]) =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const body = { ...file, create_object_on_confirm: true, ...changes }
      assert.strictEqual((yield* call(standIn, { path: uploadsPath, body })).status, 400)
    })
  )

  it.effect("are skipped where an object has the unique key already", () =>
    Effect.gen(function* () {
      const keyed = { ...bucket, uniqueKey: { fields: ["source_key"], default_policy: "upsert" as const } }
      const standIn = yield* started({ buckets: [keyed] })
      yield* createBatch(standIn, [{ source_key: "a" }])
      const upload = yield* createUpload(standIn, {
        create_object_on_confirm: true,
        blob_property: "content",
        object_metadata: { source_key: "a" }
      })
      const [object] = yield* standIn.objects("bkt_files")
      assert.deepInclude(upload, {
        presigned_url: null,
        skipped_unique_key: true,
        existing_object_id: object?.objectId ?? ""
      })
    })
  )

  it.effect("are duplicates by default where a confirmed one has the hash", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const file_hash = "ab".repeat(32)
      const first = yield* createUpload(standIn, { file_hash })
      assert.isFalse((yield* createUpload(standIn, { file_hash })).is_duplicate)
      yield* put(first.presigned_url, "a")
      yield* confirm(standIn, first.upload_id)
      const shown = { is_duplicate: true, presigned_url: null, duplicate_of_upload_id: first.upload_id }
      assert.deepInclude(yield* createUpload(standIn, { file_hash }), { ...shown, upload_id: first.upload_id })
      yield* standIn.set({ uploads: { duplicates: "own" } })
      const own = yield* createUpload(standIn, { file_hash })
      assert.deepInclude(own, { ...shown, status: "SKIPPED" })
      assert.notStrictEqual(own.upload_id, first.upload_id)
      assert.isFalse((yield* createUpload(standIn, { file_hash, skip_duplicates: false })).is_duplicate)
    })
  )

  it.effect("are cancelled with their file, and not when they are COMPLETED", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const one = yield* createUpload(standIn)
      const other = yield* createUpload(standIn)
      yield* put(one.presigned_url, "a")
      yield* put(other.presigned_url, "b")
      assert.strictEqual((yield* cancel(standIn, one.upload_id)).status, 204)
      assert.strictEqual((yield* cancel(standIn, other.upload_id, "?delete_s3_object=false")).status, 204)
      const seen = yield* standIn.uploads("bkt_files")
      assert.deepStrictEqual(
        seen.map(({ file, status }) => ({ status, there: file !== undefined })),
        [
          { status: "CANCELED", there: false },
          { status: "CANCELED", there: true }
        ]
      )
      const completed = yield* uploaded(standIn, "c")
      for (const [id, status] of [
        [completed, 400],
        [one.upload_id, 400],
        ["upl_other", 404]
      ] as const) {
        assert.strictEqual((yield* cancel(standIn, id)).status, status)
      }
    })
  )

  it.effect("fail when their address expires before they are confirmed, and are forgotten 30 days later", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const { presigned_url, upload_id } = yield* createUpload(standIn, { presigned_url_expiration: 60 })
      yield* put(presigned_url, "a")
      yield* TestClock.adjust("60 seconds")
      assert.strictEqual(as(Upload, yield* get(standIn, upload_id)).status, "FAILED")
      assert.strictEqual((yield* confirm(standIn, upload_id)).status, 400)
      yield* TestClock.adjust("30 days")
      assert.strictEqual((yield* get(standIn, upload_id)).status, 404)
    })
  )

  it.effect("are listed by filters, the newest first", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const ids: Array<string> = []
      for (const name of ["a", "b", "c"]) {
        const changes = { filename: `${name}.txt`, metadata: { run: name === "c" ? "r2" : "r1", name } }
        ids.push((yield* createUpload(standIn, changes)).upload_id)
        yield* TestClock.adjust("1 second")
      }
      const [a = "", b = "", c = ""] = ids
      yield* cancel(standIn, b)
      const list = Effect.fnUntraced(function* (body: unknown, query = "") {
        const reply = yield* call(standIn, { path: `${uploadsPath}/list${query}`, body })
        return as(Page, reply).results.map(({ upload_id }) => upload_id)
      })
      for (const [body, query, expected] of [
        [{}, "", [c, b, a]],
        [{ filters: { "metadata.run": "r1" } }, "", [b, a]],
        [{ filters: { "metadata.run": "r1", status: "PENDING" } }, "", [a]],
        [{ filters: { field: "upload_id", operator: "in", value: [a, c] } }, "", [c, a]],
        [{ sort: { field: "metadata.name", direction: "asc" } }, "", [a, b, c]],
        [{ search: "B.TX" }, "", [b]],
        [{ limit: 1 }, "", [c]],
        [{ limit: 1, offset: 1 }, "", [b]],
        [{ limit: 1 }, "?limit=2&offset=1", [b, a]]
      ] as const) {
        assert.deepStrictEqual<ReadonlyArray<string>>(yield* list(body, query), expected, JSON.stringify(body))
      }
      const page = as(Page, yield* call(standIn, { path: `${uploadsPath}/list?include_total=true`, body: {} }))
      assert.deepStrictEqual(page.pagination, { total: 3 })
      assert.deepStrictEqual(page.stats, { total_uploads: 3, uploads_by_status: { PENDING: 2, CANCELED: 1 } })
      for (const body of [{ limit: 101 }, { limit: 0 }, { offset: -1 }]) {
        assert.strictEqual((yield* call(standIn, { path: `${uploadsPath}/list`, body })).status, 422)
      }
    })
  )

  it.effect("count for the limits of their own category, and need a key's permission", () =>
    Effect.gen(function* () {
      const standIn = yield* started({
        limits: { upload: { requests: 1 } },
        keys: [
          { key: "sk_admin", permission: "admin" },
          { key: "sk_read", permission: "read", limits: {} },
          { key: "sk_write", permission: "write", limits: {} }
        ]
      })
      const create = (authorization?: string) =>
        call(standIn, { path: uploadsPath, body: file, headers: authorization === undefined ? {} : { authorization } })
      assert.deepStrictEqual([(yield* create()).status, (yield* create()).status], [200, 429])
      assert.strictEqual((yield* createBatch(standIn, [{ source_key: "a" }])).status, 200)
      assert.strictEqual((yield* create("Bearer sk_read")).status, 403)
      const reply = yield* create("Bearer sk_write")
      const path = `${uploadsPath}/${as(Upload, reply).upload_id}`
      const headers = { authorization: "Bearer sk_write" }
      assert.strictEqual((yield* call(standIn, { method: "DELETE", path, headers })).status, 403)
    })
  )

  it.effect("are refused by a locked bucket", () =>
    Effect.gen(function* () {
      const standIn = yield* started({ buckets: [{ ...bucket, locked: true }] })
      assert.strictEqual((yield* call(standIn, { path: uploadsPath, body: file })).status, 403)
    })
  )
})
