import { assert, layer } from "@effect/vitest"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Effect } from "effect"
import { as, bucket, call, client, createBatch, Stored, text } from "./session.ts"

const withOne = Effect.fnUntraced(function* (options: Partial<MixpeekStandIn.Options> = {}) {
  const standIn = yield* MixpeekStandIn.make({ buckets: [bucket], ...options })
  yield* createBatch(standIn, [{ ...text("a"), metadata: { kept: 1 } }])
  const [object] = yield* standIn.objects("bkt_files")
  return { standIn, path: `/v1/buckets/bkt_files/objects/${object?.objectId}` }
})

layer(client)("a stored object", (it) => {
  it.effect("can be read", () =>
    Effect.gen(function* () {
      const { path, standIn } = yield* withOne()
      assert.strictEqual(as(Stored, yield* call(standIn, { method: "GET", path })).source_key, "a")
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect("is deleted once and not found after that", () =>
    Effect.gen(function* () {
      const { path, standIn } = yield* withOne()
      const remove = call(standIn, { method: "DELETE", path })
      const first = yield* remove
      assert.deepStrictEqual([first.status, first.text], [204, ""])
      assert.strictEqual((yield* remove).status, 404)
      assert.strictEqual(yield* standIn.count("bkt_files"), 0)
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect("takes fields at its root with PATCH, within the schema", () =>
    Effect.gen(function* () {
      const { path, standIn } = yield* withOne()
      const patch = (body: unknown) =>
        Effect.map(call(standIn, { method: "PATCH", path, body }), ({ status }) => status)
      assert.deepStrictEqual([yield* patch({ year: 2001 }), yield* patch({ year: "soon" })], [200, 422])
      const [object] = yield* standIn.objects("bkt_files")
      assert.deepStrictEqual([object?.fields["year"], object?.revision], [2001, 2])
    })
  )

  it.effect("keeps the fields of its unique key", () =>
    Effect.gen(function* () {
      const uniqueKey = { fields: ["source_key"], default_policy: "upsert" } as const
      const { path, standIn } = yield* withOne({ buckets: [{ ...bucket, uniqueKey }] })
      assert.strictEqual((yield* call(standIn, { method: "PATCH", path, body: { source_key: "b" } })).status, 400)
    })
  )

  it.effect("gets new blobs and merged metadata with PUT", () =>
    Effect.gen(function* () {
      const { path, standIn } = yield* withOne()
      const body = { metadata: { added: 2 }, blobs: [{ property: "content", type: "text", data: "longer content" }] }
      assert.strictEqual((yield* call(standIn, { method: "PUT", path, body })).status, 200)
      const [object] = yield* standIn.objects("bkt_files")
      assert.deepStrictEqual(object?.fields["metadata"], { kept: 1, added: 2 })
      assert.deepStrictEqual(
        object?.blobs.map(({ content }) => content.size),
        [14]
      )
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )
})

layer(client)("source_details", (it) => {
  it.effect("are stored as sent, or made by the server", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket] })
      const source_details = [{ type: "bucket", source_id: "s3://b/a.txt" }]
      yield* createBatch(standIn, [{ ...text("a"), source_details }])
      yield* standIn.set({ sourceDetails: "made" })
      yield* createBatch(standIn, [{ ...text("b"), source_details }])
      const objects = yield* standIn.objects("bkt_files")
      assert.deepEqual<unknown>(
        objects.map(({ sourceDetails }) => sourceDetails),
        [source_details, [{ type: "bucket", source_id: "bkt_files" }]]
      )
    })
  )
})
