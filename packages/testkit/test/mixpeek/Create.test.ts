import { assert, layer } from "@effect/vitest"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Effect, Schema } from "effect"
import { as, bucket, call, client, createBatch, Partial, Stored, text } from "./session.ts"

layer(client)("creating objects in batches", (it) => {
  it.effect("stores what it is sent and answers an object for each", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket] })
      const reply = yield* createBatch(standIn, [text("a"), text("b")])
      assert.strictEqual(reply.status, 200)
      const { failed, succeeded, ...counts } = as(Partial, reply)
      assert.deepStrictEqual(counts, { total_requested: 2, succeeded_count: 2, failed_count: 0 })
      assert.deepStrictEqual(failed, [])
      assert.deepStrictEqual(
        succeeded.map(({ source_key }) => source_key),
        ["a", "b"]
      )
      const objects = yield* standIn.objects("bkt_files")
      assert.deepStrictEqual(
        objects.map(({ objectId }) => objectId),
        succeeded.map(({ object_id }) => object_id)
      )
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect("answers an array in the array generation", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket], generation: "array" })
      const reply = yield* createBatch(standIn, [text("a"), text("b")])
      assert.deepStrictEqual(
        as(Schema.Array(Stored), reply).map(({ source_key }) => source_key),
        ["a", "b"]
      )
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect("creates twice what is sent twice", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket] })
      yield* createBatch(standIn, [text("a"), text("b")])
      yield* createBatch(standIn, [text("a")])
      assert.strictEqual(yield* standIn.count("bkt_files"), 3)
      assert.deepStrictEqual(yield* standIn.duplicates("bkt_files"), ["a"])
    })
  )

  it.effect("shows the bucket's schema", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket] })
      const reply = yield* call(standIn, { method: "GET", path: "/v1/buckets/bkt_files" })
      const shown = as(Schema.Struct({ bucket_schema: Schema.JsonObject, status: Schema.String }), reply)
      assert.deepEqual<unknown>(shown, { bucket_schema: bucket.schema, status: "ACTIVE" })
    })
  )
})
