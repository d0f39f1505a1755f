import { assert, layer } from "@effect/vitest"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Effect, Schema } from "effect"
import { as, bucket, call, client, createBatch, Envelope, text } from "./session.ts"

const Deleted = Schema.Struct({
  deleted_count: Schema.Int,
  failed_count: Schema.Int,
  results: Schema.Array(
    Schema.Struct({ document_id: Schema.String, success: Schema.Boolean, error: Schema.optionalKey(Schema.String) })
  )
})

const collections = [{ id: "col_pages", documentsPerObject: 2 }, { id: "col_faces" }]

const withOne = Effect.fnUntraced(function* (
  documents: MixpeekStandIn.DocumentSettings = {},
  options: Partial<MixpeekStandIn.Options> = {}
) {
  const standIn = yield* MixpeekStandIn.make({
    buckets: [bucket],
    documents: { collections, ...documents },
    ...options
  })
  yield* createBatch(standIn, [text("a")])
  const [object] = yield* standIn.objects("bkt_files")
  const id = object?.objectId ?? ""
  const list = call(standIn, { method: "GET", path: `/v1/objects/${id}/documents` })
  const remove = (collection: string, ids: ReadonlyArray<string>, headers: Record<string, string> = {}) =>
    call(standIn, {
      method: "DELETE",
      path: `/v1/collections/${collection}/documents/batch`,
      body: { document_ids: ids },
      headers
    })
  const made = yield* standIn.documents
  return { standIn, id, list, remove, ids: made.map(({ documentId }) => documentId) }
})

layer(client)("documents", (it) => {
  it.effect("are made of objects where collections are there to make them, and of none otherwise", () =>
    Effect.gen(function* () {
      const { ids, standIn } = yield* withOne()
      assert.strictEqual(ids.length, 3)
      yield* standIn.set({ documents: {} })
      yield* createBatch(standIn, [text("b")])
      assert.strictEqual((yield* standIn.documents).length, 3)
    })
  )

  it.effect("are the same ones again where an object is updated by its unique key", () =>
    Effect.gen(function* () {
      const uniqueKey = { fields: ["source_key"], default_policy: "upsert" } as const
      const { ids, standIn } = yield* withOne({}, { buckets: [{ ...bucket, uniqueKey }] })
      yield* createBatch(standIn, [text("a", "another content")])
      assert.deepStrictEqual(
        (yield* standIn.documents).map(({ documentId }) => documentId),
        ids
      )
    })
  )

  it.effect.each([
    ["flat", {}],
    ["nested", {}],
    ["unknown", {}],
    ["flat", { listed: 2 }]
  ] as const)("are listed by their object, %s", ([form, options]) =>
    Effect.gen(function* () {
      const { list, standIn } = yield* withOne({ form, ...options })
      const reply = yield* list
      assert.strictEqual(reply.status, 200)
      const said = (reply.text.match(/"document_id"/g) ?? []).length
      assert.strictEqual(said, form === "unknown" ? 0 : "listed" in options ? 2 : 3)
      assert.strictEqual(reply.text.includes('"total":3'), form !== "unknown")
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect("stay when their object is deleted, unless they are to go with it; of no object there is none", () =>
    Effect.gen(function* () {
      for (const cascades of [false, true]) {
        const { id, list, standIn } = yield* withOne({ cascades })
        yield* call(standIn, { method: "DELETE", path: `/v1/buckets/bkt_files/objects/${id}` })
        assert.strictEqual((yield* standIn.documents).length, cascades ? 0 : 3)
        assert.strictEqual((yield* list).status, cascades ? 404 : 200)
        assert.deepStrictEqual(yield* standIn.violations, [])
      }
    })
  )

  it.effect("are deleted by collection and id; each is answered for", () =>
    Effect.gen(function* () {
      const { ids, remove, standIn } = yield* withOne()
      yield* standIn.set({ documents: { collections, stuck: ids.slice(1, 2) } })
      const [first = "", stuck = "", face = ""] = ids
      const deleted = as(Deleted, yield* remove("col_pages", [first, stuck, face, "doc_none"]))
      assert.deepStrictEqual([deleted.deleted_count, deleted.failed_count], [1, 3])
      assert.deepStrictEqual(
        deleted.results.map(({ error = "" }) => error.replaceAll(/doc_\w+/g, "…")),
        [
          "",
          "StorageError: the point is locked",
          "Document … not found in collection",
          "Document … not found in collection"
        ]
      )
      assert.deepStrictEqual(
        (yield* standIn.documents).map(({ documentId }) => documentId),
        [stuck, face]
      )
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect("are not deleted without the permission, of an unknown collection, or without ids", () =>
    Effect.gen(function* () {
      const keys = [
        { key: "sk_admin", permission: "admin" as const },
        { key: "sk_writer", permission: "write" as const }
      ]
      const { ids, remove, standIn } = yield* withOne({}, { keys })
      const refused = yield* remove("col_pages", ids, { authorization: "Bearer sk_writer" })
      assert.deepStrictEqual([refused.status, as(Envelope, refused).error.type], [403, "ForbiddenError"])
      assert.strictEqual((yield* remove("col_other", ids)).status, 404)
      assert.strictEqual((yield* remove("col_pages", [])).status, 422)
      const path = "/v1/collections/col_pages/documents/batch"
      assert.strictEqual((yield* call(standIn, { method: "DELETE", path, body: {} })).status, 400)
      assert.strictEqual((yield* standIn.documents).length, 3)
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )
})
