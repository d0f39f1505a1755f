import { assert, layer } from "@effect/vitest"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Effect, Schema } from "effect"
import { as, bucket, call, client, createBatch, Envelope, Located, Partial, Stored, text } from "./session.ts"

const keys = (objects: ReadonlyArray<typeof Stored.Type>) => objects.map(({ source_key }) => source_key)

const unreadable = { source_key: "bad", blobs: [{ property: "nowhere", type: "text", data: "x" }] }

layer(client)("creating objects in batches", (it) => {
  it.effect("stores what it is sent and answers an object for each", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket] })
      const reply = yield* createBatch(standIn, [text("a"), text("b")])
      assert.strictEqual(reply.status, 200)
      const { failed, succeeded, ...counts } = as(Partial, reply)
      assert.deepStrictEqual(counts, { total_requested: 2, succeeded_count: 2, failed_count: 0 })
      assert.deepStrictEqual(failed, [])
      assert.deepStrictEqual(keys(succeeded), ["a", "b"])
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
      assert.deepStrictEqual(keys(as(Schema.Array(Stored), reply)), ["a", "b"])
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect("creates twice what is sent twice", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket] })
      yield* createBatch(standIn, [text("a"), text("b")])
      yield* createBatch(standIn, [text("a")])
      assert.strictEqual(yield* standIn.count("bkt_files"), 3)
      assert.strictEqual(yield* standIn.distinct("bkt_files"), 2)
      assert.deepStrictEqual(yield* standIn.duplicates("bkt_files"), ["a"])
    })
  )

  it.effect("answers in reverse, or shuffled the same way for the same seed", () =>
    Effect.gen(function* () {
      const sent = Array.from({ length: 20 }, (_, index) => text(`k${index}`))
      const answered = Effect.fnUntraced(function* (options: { readonly order: "reversed" | "shuffled" }) {
        const standIn = yield* MixpeekStandIn.make({ buckets: [bucket], seed: "dice", ...options })
        return keys(as(Partial, yield* createBatch(standIn, sent)).succeeded)
      })
      const inOrder = sent.map(({ source_key }) => source_key)
      assert.deepStrictEqual(yield* answered({ order: "reversed" }), inOrder.toReversed())
      const shuffled = yield* answered({ order: "shuffled" })
      assert.notDeepEqual(shuffled, inOrder)
      assert.sameMembers([...shuffled], [...inOrder])
      assert.deepStrictEqual(yield* answered({ order: "shuffled" }), shuffled)
    })
  )

  it.effect("leaves user fields out of the answer when told to", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket], echoFields: false })
      const { succeeded } = as(Partial, yield* createBatch(standIn, [text("a")]))
      assert.deepStrictEqual(keys(succeeded), [undefined])
      assert.strictEqual((yield* standIn.objects("bkt_files"))[0]?.fields["source_key"], "a")
    })
  )

  it.effect("refuses more than 100 objects with 422 and their place", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket] })
      const reply = yield* createBatch(
        standIn,
        Array.from({ length: 101 }, (_, index) => text(`k${index}`))
      )
      assert.strictEqual(reply.status, 422)
      assert.deepStrictEqual(as(Located, reply).detail[0]?.loc, ["body", "objects"])
      assert.strictEqual(yield* standIn.count("bkt_files"), 0)
    })
  )

  it.effect("refuses a blob with both data and upload_id, or of a type that was removed", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket] })
      const both = { property: "content", type: "text", data: "x", upload_id: "upl_1" }
      const legacy = { property: "content", type: "json", data: {} }
      for (const blob of [both, legacy]) {
        const reply = yield* createBatch(standIn, [{ source_key: "a", blobs: [blob] }])
        assert.strictEqual(reply.status, 422)
      }
    })
  )

  it.effect("refuses a body that is not JSON, or has no objects", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket] })
      const reply = yield* call(standIn, { path: "/v1/buckets/bkt_files/objects/batch", raw: '{"objects": [' })
      assert.deepStrictEqual([reply.status, as(Located, reply).detail[0]?.loc], [422, ["body"]])
      const empty = yield* call(standIn, { path: "/v1/buckets/bkt_files/objects/batch", body: {} })
      assert.deepStrictEqual([empty.status, as(Located, empty).detail[0]?.loc], [422, ["body", "objects"]])
    })
  )
})

layer(client)("bad objects in a batch", (it) => {
  it.effect.each([
    ["an unknown property", unreadable],
    [
      "another type than the schema's",
      { source_key: "bad", blobs: [{ property: "picture", type: "text", data: "x" }] }
    ],
    ["a missing required field", { blobs: [{ property: "content", type: "text", data: "x" }] }],
    ["a field of the wrong type", { ...text("bad"), year: "1999" }],
    ["broken base64", { source_key: "bad", blobs: [{ property: "picture", type: "image", data: { base64: "%%%" } }] }],
    ["text where a file is wanted", { source_key: "bad", blobs: [{ property: "picture", type: "image", data: "x" }] }]
  ] as const)("%s is refused alone, by its index", ([, bad]) =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket] })
      const reply = yield* createBatch(standIn, [text("a"), bad, text("b")])
      const { failed, succeeded } = as(Partial, reply)
      assert.deepStrictEqual(
        failed.map(({ error_type, object_index }) => [object_index, error_type]),
        [[1, "ValidationError"]]
      )
      assert.deepStrictEqual(keys(succeeded), ["a", "b"])
      assert.strictEqual((yield* standIn.refusals).length, 1)
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect("undeclared root fields are kept, or rejected when told to", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket] })
      const odd = { ...text("a"), skipDuplicates: true }
      yield* createBatch(standIn, [odd])
      assert.strictEqual((yield* standIn.objects("bkt_files"))[0]?.fields["skipDuplicates"], true)
      yield* standIn.set({ undeclaredFields: "rejected" })
      const { failed } = as(Partial, yield* createBatch(standIn, [odd]))
      assert.include(failed[0]?.error, "skipDuplicates")
    })
  )

  it.effect("all failed is 200 with nothing in succeeded, or 400 when told to", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket] })
      const reply = yield* createBatch(standIn, [unreadable])
      assert.deepStrictEqual([reply.status, as(Partial, reply).succeeded_count], [200, 0])
      yield* standIn.set({ allFailed: 400 })
      assert.strictEqual(as(Envelope, yield* createBatch(standIn, [unreadable])).error.type, "BadRequestError")
    })
  )

  it.effect("the array generation refuses the whole call in three ways", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket], generation: "array" })
      const refused = Effect.suspend(() => createBatch(standIn, [text("a"), unreadable]))
      const loc = yield* refused
      assert.deepStrictEqual(
        [loc.status, as(Located, loc).detail[0]?.loc],
        [422, ["body", "objects", 1, "blobs", 0, "property"]]
      )
      yield* standIn.set({ refusal: "location" })
      const location = as(Envelope, yield* refused)
      assert.strictEqual(location.error.type, "ValidationError")
      assert.include(JSON.stringify(location.error.details), '"location":["body","objects",1')
      yield* standIn.set({ refusal: "unnamed" })
      const unnamed = as(Envelope, yield* refused)
      assert.deepStrictEqual([unnamed.status, unnamed.error.details], [400, null])
      assert.strictEqual(yield* standIn.count("bkt_files"), 0)
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect("a share of objects fails on purpose, and the same ones again", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket], badObjects: 0.1, unreachable: 0.1 })
      const sent = Array.from({ length: 100 }, (_, index) => text(`k${index}`))
      const first = as(Partial, yield* createBatch(standIn, sent)).failed
      assert.isAbove(first.length, 5)
      assert.isBelow(first.length, 40)
      assert.sameMembers(
        [...new Set(first.map(({ error_type }) => error_type))],
        ["ValidationError", "URLValidationError"]
      )
      assert.deepStrictEqual(as(Partial, yield* createBatch(standIn, sent)).failed, first)
    })
  )
})

const keyed = (default_policy?: MixpeekStandIn.Policy): MixpeekStandIn.BucketOptions => ({
  ...bucket,
  uniqueKey: { fields: ["source_key"], default_policy }
})

const createOne = (standIn: MixpeekStandIn.MixpeekStandIn, object: unknown, query = "") =>
  call(standIn, { path: `/v1/buckets/bkt_files/objects${query}`, body: object })

layer(client)("a bucket with a unique key", (it) => {
  it.effect("obeys the policy of the request for a single object", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [keyed()] })
      const status = (query: string) => Effect.map(createOne(standIn, text("a"), query), ({ status }) => status)
      assert.strictEqual(yield* status(""), 400)
      assert.strictEqual(yield* status("?policy=update"), 404)
      assert.strictEqual(yield* status("?policy=insert"), 200)
      assert.strictEqual(yield* status("?policy=insert"), 409)
      assert.strictEqual(yield* status("?policy=update"), 200)
      assert.strictEqual(yield* status("?policy=upsert"), 200)
      const objects = yield* standIn.objects("bkt_files")
      assert.deepStrictEqual(
        objects.map(({ revision }) => revision),
        [3]
      )
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect("obeys its default policy for a batch, and answers 400 where it has none", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [keyed()] })
      assert.strictEqual((yield* createBatch(standIn, [text("a")])).status, 400)
      yield* standIn.setBucket("bkt_files", keyed("upsert"))
      yield* createBatch(standIn, [text("a"), text("b"), text("a", "newer")])
      yield* createBatch(standIn, [text("b")])
      assert.strictEqual(yield* standIn.count("bkt_files"), 2)
      yield* standIn.setBucket("bkt_files", keyed("insert"))
      const { failed, succeeded } = as(Partial, yield* createBatch(standIn, [text("a"), text("c")]))
      assert.deepStrictEqual(keys(succeeded), ["c"])
      assert.strictEqual(failed[0]?.error_type, "AlreadyExistsError")
    })
  )

  it.effect("refuses a key that is empty, missing or longer than 255 characters", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [keyed("upsert")] })
      const sent = [text("x".repeat(255)), text("x".repeat(256)), text("")]
      const { failed } = as(Partial, yield* createBatch(standIn, sent))
      assert.deepStrictEqual(
        failed.map(({ object_index }) => object_index),
        [1, 2]
      )
    })
  )
})

layer(client)("skip_duplicates", (it) => {
  const copy = (sourceKey: string) => ({ ...text(sourceKey, "same bytes"), skip_duplicates: true })

  it.effect("makes a skipped object, one without blobs, or answers the existing one", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket] })
      yield* createBatch(standIn, [text("original", "same bytes")])
      const again = Effect.fnUntraced(function* (skipDuplicates: "skipped" | "empty" | "existing") {
        yield* standIn.set({ skipDuplicates })
        return as(Partial, yield* createBatch(standIn, [copy(skipDuplicates)])).succeeded[0]
      })
      assert.strictEqual((yield* again("skipped"))?.status, "SKIPPED")
      assert.strictEqual((yield* again("empty"))?.status, "DRAFT")
      assert.strictEqual((yield* again("existing"))?.source_key, "original")
      const objects = yield* standIn.objects("bkt_files")
      assert.deepStrictEqual(
        objects.map(({ blobs, fields }) => [fields["source_key"], blobs.length]),
        [
          ["original", 1],
          ["skipped", 0],
          ["empty", 0]
        ]
      )
    })
  )
})
