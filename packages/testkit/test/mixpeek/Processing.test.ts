import { assert, layer } from "@effect/vitest"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Effect, Schema } from "effect"
import { as, batchesPath, bucket, call, client, created, getBatch, grouped, submit } from "./session.ts"

type StandIn = MixpeekStandIn.MixpeekStandIn

const started = (...failures: ReadonlyArray<MixpeekStandIn.ProcessingFailure>) =>
  MixpeekStandIn.make({
    buckets: [bucket],
    documents: { collections: [{ id: "col_pages" }] },
    processing: { failures, run: {} }
  })

/** A processed batch of objects with these source keys: its id, and their ids. */
const processed = Effect.fnUntraced(function* (standIn: StandIn, ...sourceKeys: ReadonlyArray<string>) {
  const ids = yield* created(standIn, ...sourceKeys)
  const { batch_id } = yield* grouped(standIn, ids)
  yield* submit(standIn, batch_id)
  return { batch_id, ids }
})

const Failed = Schema.Struct({
  failed_documents: Schema.Array(
    Schema.Struct({
      object_id: Schema.String,
      error_type: Schema.String,
      is_transient: Schema.Boolean,
      retry_count: Schema.Int
    })
  ),
  total: Schema.Int
})

const failedOf = (standIn: StandIn, batchId: string, query = "") =>
  call(standIn, { method: "GET", path: `${batchesPath}/${batchId}/failed-documents${query}` })

const retry = (standIn: StandIn, batchId: string, body: Readonly<Record<string, unknown>> = {}) =>
  Effect.map(call(standIn, { path: `${batchesPath}/${batchId}/retry`, body }), (reply) =>
    as(Schema.Struct({ retried_count: Schema.Int, status: Schema.String }), reply)
  )

layer(client)("processing", (it) => {
  it.effect.each([
    [[], "COMPLETED", null],
    [["a"], "COMPLETED_WITH_ERRORS", { runtime: 1 }],
    [["a", "b"], "FAILED", { runtime: 2 }]
  ] as const)("of a and b where %o fail ends %s", ([sourceKeys, status, error_summary]) =>
    Effect.gen(function* () {
      const standIn = yield* started({ category: "runtime", sourceKeys })
      const { batch_id, ids } = yield* processed(standIn, "a", "b")
      const batch = yield* getBatch(standIn, batch_id)
      const written = 2 - sourceKeys.length
      assert.deepInclude(batch, { status, error_summary })
      assert.deepInclude(batch.tier_tasks[0], { documents_submitted_to_engine: 2, documents_written: written })
      const affected = ids.slice(0, sourceKeys.length)
      assert.deepStrictEqual(
        batch.tier_tasks[0]?.errors,
        affected.length === 0
          ? []
          : [{ error_type: "runtime", affected_count: affected.length, affected_document_ids: affected }]
      )
      const objects = yield* standIn.objects("bkt_files")
      assert.strictEqual(objects.filter(({ status }) => status === "FAILED").length, affected.length)
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect("fails the same share of objects each time", () =>
    Effect.gen(function* () {
      const keys = Array.from({ length: 50 }, (_, index) => `k${index}`)
      const failing = Effect.gen(function* () {
        const standIn = yield* started({ category: "resource", fraction: 0.3 })
        yield* processed(standIn, ...keys)
        const [batch] = yield* standIn.batches("bkt_files")
        return batch?.failures.map(({ objectId }) => objectId)
      })
      const first = yield* failing
      assert.isTrue(first !== undefined && first.length > 5 && first.length < 25)
      assert.deepStrictEqual(yield* failing, first)
    })
  )

  it.effect("tells of what failed page by page, by tier and by collection", () =>
    Effect.gen(function* () {
      const standIn = yield* started({ category: "network", sourceKeys: ["b"] }, { category: "validation" })
      const { batch_id, ids } = yield* processed(standIn, "a", "b", "c")
      const page = as(Failed, yield* failedOf(standIn, batch_id, "?limit=1&offset=1"))
      assert.deepStrictEqual(page, {
        failed_documents: [{ object_id: ids[1] ?? "", error_type: "network", is_transient: true, retry_count: 0 }],
        total: 3
      })
      for (const [query, total] of [
        ["", 3],
        ["?tier_num=0", 3],
        ["?tier_num=1", 0],
        ["?collection_id=col_pages", 3],
        ["?collection_id=col_other", 0]
      ] as const) {
        assert.strictEqual(as(Failed, yield* failedOf(standIn, batch_id, query)).total, total, query)
      }
      yield* standIn.set({ processing: { failedForm: "results" } })
      assert.include((yield* failedOf(standIn, batch_id)).text, '"results":[')
      yield* standIn.set({ processing: { failedForm: "unknown" } })
      assert.notInclude((yield* failedOf(standIn, batch_id)).text, ids[1] ?? "")
    })
  )

  it.effect("is tried again where the failure is transient, by default", () =>
    Effect.gen(function* () {
      const standIn = yield* started(
        { category: "network", sourceKeys: ["a"], times: 1 },
        { category: "validation", sourceKeys: ["b"], times: 1 }
      )
      const { batch_id, ids } = yield* processed(standIn, "a", "b", "c")
      assert.deepStrictEqual(yield* retry(standIn, batch_id), { retried_count: 1, status: "PENDING" })
      const [batch] = yield* standIn.batches("bkt_files")
      assert.deepStrictEqual(
        batch?.failures.map(({ objectId }) => objectId),
        [ids[1]]
      )
      assert.strictEqual((yield* getBatch(standIn, batch_id)).status, "COMPLETED_WITH_ERRORS")
      assert.strictEqual((yield* retry(standIn, batch_id, { retry_mode: "all" })).retried_count, 1)
      assert.strictEqual((yield* getBatch(standIn, batch_id)).status, "COMPLETED")
      assert.deepStrictEqual(yield* retry(standIn, batch_id), { retried_count: 0, status: "COMPLETED" })
      assert.deepStrictEqual(
        [...(yield* standIn.processed)],
        [
          [ids[0], { succeeded: 1, failed: 1 }],
          [ids[1], { succeeded: 1, failed: 1 }],
          [ids[2], { succeeded: 1, failed: 0 }]
        ]
      )
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect("is not tried again too often, nor in other tiers", () =>
    Effect.gen(function* () {
      const standIn = yield* started({ category: "network" })
      const { batch_id } = yield* processed(standIn, "a")
      const again = (body: Readonly<Record<string, unknown>>) =>
        Effect.map(retry(standIn, batch_id, body), ({ retried_count }) => retried_count)
      assert.strictEqual(yield* again({ tier_nums: [1] }), 0)
      assert.deepStrictEqual(
        [
          yield* again({ max_retry_count: 2 }),
          yield* again({ max_retry_count: 2 }),
          yield* again({ max_retry_count: 2 })
        ],
        [1, 1, 0]
      )
      assert.strictEqual(yield* again({}), 1)
      assert.strictEqual(as(Failed, yield* failedOf(standIn, batch_id)).failed_documents[0]?.retry_count, 3)
    })
  )

  it.effect("is not tried again before it is over", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const { batch_id } = yield* grouped(standIn, yield* created(standIn, "a"))
      const reply = yield* call(standIn, { path: `${batchesPath}/${batch_id}/retry`, body: {} })
      assert.strictEqual(reply.status, 400)
    })
  )

  it.effect("fails for objects that were deleted meanwhile", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const ids = yield* created(standIn, "a", "b")
      const { batch_id } = yield* grouped(standIn, ids)
      yield* call(standIn, { method: "DELETE", path: `/v1/buckets/bkt_files/objects/${ids[0]}` })
      yield* submit(standIn, batch_id)
      assert.deepInclude(yield* getBatch(standIn, batch_id), {
        status: "COMPLETED_WITH_ERRORS",
        error_summary: { validation: 1 }
      })
    })
  )

  it.effect("is counted also where only counts of objects are kept", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket], retain: "counts", processing: { run: {} } })
      const { ids } = yield* processed(standIn, "a", "b")
      assert.deepStrictEqual([...(yield* standIn.processed).keys()], ids)
    })
  )
})
