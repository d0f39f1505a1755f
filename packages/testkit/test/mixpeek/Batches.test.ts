import { assert, layer } from "@effect/vitest"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Effect, Schema } from "effect"
import { TestClock } from "effect/testing"
import {
  as,
  Batch,
  batchesPath,
  bucket,
  call,
  client,
  created,
  Envelope,
  getBatch,
  grouped,
  submit,
  Task,
  text
} from "./session.ts"

type StandIn = MixpeekStandIn.MixpeekStandIn

const started = (processing: MixpeekStandIn.ProcessingSettings = {}, options: Partial<MixpeekStandIn.Options> = {}) =>
  MixpeekStandIn.make({ buckets: [bucket], processing, documents: { collections: [{ id: "col_pages" }] }, ...options })

const add = (standIn: StandIn, batchId: string, ids: ReadonlyArray<string>, query = "") =>
  call(standIn, { path: `${batchesPath}/${batchId}/objects${query}`, body: { object_ids: ids } })

const cancel = (standIn: StandIn, batchId: string) => call(standIn, { path: `${batchesPath}/${batchId}/cancel` })

const getTask = (standIn: StandIn, taskId: string | null) =>
  call(standIn, { method: "GET", path: `/v1/tasks/${taskId}` })

/** A submitted batch of one object. */
const submitted = Effect.fnUntraced(function* (standIn: StandIn) {
  const { batch_id } = yield* grouped(standIn, yield* created(standIn, "a"))
  const { task_id } = as(Task, yield* submit(standIn, batch_id))
  return { batch_id, task_id }
})

layer(client)("batches", (it) => {
  it.effect("are DRAFT, take objects once, and no more when they are submitted", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const [a = "", b = ""] = yield* created(standIn, "a", "b")
      const batch = yield* grouped(standIn, [a, a])
      assert.deepInclude(batch, { status: "DRAFT", object_ids: [a], task_id: null, tier_tasks: [] })
      assert.match(batch.batch_id, /^btch_/)
      assert.deepStrictEqual(as(Batch, yield* add(standIn, batch.batch_id, [b, a])).object_ids, [a, b])
      yield* submit(standIn, batch.batch_id)
      assert.strictEqual((yield* add(standIn, batch.batch_id, [b])).status, 400)
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect("refuse objects that are not there, unless that is not to be looked at", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const [a = ""] = yield* created(standIn, "a")
      const create = (query: string) =>
        call(standIn, { path: `${batchesPath}${query}`, body: { object_ids: [a, "obj_gone"] } })
      const refused = as(Envelope, yield* create(""))
      assert.deepStrictEqual([refused.status, refused.error.details], [404, { object_ids: ["obj_gone"] }])
      const batch = as(Batch, yield* create("?skip_validation=true"))
      assert.deepStrictEqual([batch.object_ids, batch.loaded_object_ids], [[a, "obj_gone"], [a]])
      const other = yield* grouped(standIn, [a])
      assert.strictEqual((yield* add(standIn, other.batch_id, ["obj_gone"])).status, 404)
      assert.strictEqual((yield* add(standIn, other.batch_id, ["obj_gone"], "?skip_validation=true")).status, 200)
      yield* submit(standIn, batch.batch_id)
      yield* getBatch(standIn, batch.batch_id)
      const ended = yield* getBatch(standIn, batch.batch_id)
      assert.deepStrictEqual([ended.status, ended.error_summary], ["COMPLETED_WITH_ERRORS", { validation: 1 }])
    })
  )

  it.effect.each([
    [batchesPath, { object_ids: [] }, 422],
    [batchesPath, {}, 422],
    [`${batchesPath}/btch_other/submit`, {}, 404],
    [`${batchesPath}/btch_other/cancel`, undefined, 404],
    [`${batchesPath}/btch_other/retry`, { retry_mode: "all" }, 404],
    [`${batchesPath}/btch_other/retry`, { retry_mode: "some" }, 422],
    [`${batchesPath}/btch_other/retry`, { max_retry_count: 11 }, 422]
  ] as const)("answer %s with %o by status", ([path, body, status]) =>
    Effect.gen(function* () {
      const standIn = yield* started()
      assert.strictEqual((yield* call(standIn, { path, body })).status, status)
    })
  )

  it.effect("go from PENDING over IN_PROGRESS to COMPLETED as they are polled, by batch or by task", () =>
    Effect.gen(function* () {
      const standIn = yield* started({ queue: { polls: 1 }, run: { polls: 2 } })
      const { batch_id, task_id } = yield* submitted(standIn)
      assert.strictEqual((yield* getBatch(standIn, batch_id)).status, "PENDING")
      assert.strictEqual(as(Task, yield* getTask(standIn, task_id)).status, "IN_PROGRESS")
      const running = yield* getBatch(standIn, batch_id)
      assert.deepStrictEqual([running.status, running.tier_tasks[0]?.documents_written], ["IN_PROGRESS", null])
      const ended = yield* getBatch(standIn, batch_id)
      assert.deepStrictEqual([ended.status, ended.tier_tasks[0]?.documents_written], ["COMPLETED", 1])
      assert.strictEqual(as(Task, yield* getTask(standIn, task_id)).status, "COMPLETED")
      assert.deepStrictEqual(
        (yield* standIn.objects("bkt_files")).map(({ status }) => status),
        ["COMPLETED"]
      )
    })
  )

  it.effect("go there by the clock, and tests see it without polling", () =>
    Effect.gen(function* () {
      const standIn = yield* started({ queue: { after: "10 seconds" }, run: { after: "1 minute" } })
      yield* submitted(standIn)
      const status = Effect.map(standIn.batches("bkt_files"), ([batch]) => batch?.status)
      assert.strictEqual(yield* status, "PENDING")
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* status, "IN_PROGRESS")
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(yield* status, "IN_PROGRESS")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* status, "COMPLETED")
    })
  )

  it.effect("outlive their task", () =>
    Effect.gen(function* () {
      const standIn = yield* started({ run: {} }, { taskLife: "1 hour" })
      const { batch_id, task_id } = yield* submitted(standIn)
      assert.strictEqual((yield* getTask(standIn, task_id)).status, 200)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual((yield* getTask(standIn, task_id)).status, 404)
      assert.strictEqual((yield* getBatch(standIn, batch_id)).status, "COMPLETED")
    })
  )

  it.effect("are not submitted twice: 429 with a time to wait within 60 seconds, and 400 later", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const { batch_id } = yield* submitted(standIn)
      yield* TestClock.adjust("20 seconds")
      const soon = yield* submit(standIn, batch_id)
      assert.deepStrictEqual([soon.status, soon.headers["retry-after"]], [429, "40"])
      yield* TestClock.adjust("40 seconds")
      assert.strictEqual((yield* submit(standIn, batch_id)).status, 400)
      const [batch] = yield* standIn.batches("bkt_files")
      assert.strictEqual(batch?.submits, 3)
    })
  )

  it.effect("may answer a second submission with the first task", () =>
    Effect.gen(function* () {
      const standIn = yield* started({ resubmit: "same", run: {} })
      const { batch_id, task_id } = yield* submitted(standIn)
      assert.strictEqual(as(Task, yield* submit(standIn, batch_id)).task_id, task_id)
      const processed = yield* standIn.processed
      assert.deepStrictEqual([...processed.values()], [{ succeeded: 1, failed: 0 }])
    })
  )

  it.effect("complete at once where there are no collections, or cannot be submitted", () =>
    Effect.gen(function* () {
      const standIn = yield* started({ run: {} }, { documents: {} })
      const { batch_id } = yield* submitted(standIn)
      assert.deepInclude(yield* getBatch(standIn, batch_id), { status: "COMPLETED", tier_tasks: [] })
      yield* standIn.set({ processing: { withoutCollections: 400 } })
      const other = yield* grouped(standIn, yield* created(standIn, "b"))
      assert.strictEqual((yield* submit(standIn, other.batch_id)).status, 400)
      assert.strictEqual((yield* getBatch(standIn, other.batch_id)).status, "DRAFT")
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect("are cancelled while they run, and only then", () =>
    Effect.gen(function* () {
      const standIn = yield* started({ run: { polls: 5 } })
      const draft = yield* grouped(standIn, yield* created(standIn, "b"))
      assert.strictEqual((yield* cancel(standIn, draft.batch_id)).status, 400)
      const { batch_id, task_id } = yield* submitted(standIn)
      assert.deepInclude(as(Task, yield* cancel(standIn, batch_id)), { task_id, status: "CANCELED" })
      assert.strictEqual((yield* getBatch(standIn, batch_id)).status, "CANCELED")
      assert.strictEqual((yield* cancel(standIn, batch_id)).status, 400)
      assert.strictEqual((yield* standIn.processed).size, 0)
    })
  )

  it.effect("are deleted with what they are doing", () =>
    Effect.gen(function* () {
      const standIn = yield* started({ run: { after: "1 minute" } })
      const { batch_id } = yield* submitted(standIn)
      const path = `${batchesPath}/${batch_id}`
      assert.strictEqual((yield* call(standIn, { method: "DELETE", path })).status, 200)
      assert.strictEqual((yield* call(standIn, { method: "GET", path })).status, 404)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* standIn.processed).size, 0)
    })
  )

  it.effect("are listed by status and collection, the newest first", () =>
    Effect.gen(function* () {
      const standIn = yield* started({ run: {} })
      const done = yield* submitted(standIn)
      const draft = yield* grouped(standIn, yield* created(standIn, "b"))
      const Page = Schema.Struct({ results: Schema.Array(Batch), total_count: Schema.Int })
      for (const [body, expected, total] of [
        [{}, [draft.batch_id, done.batch_id], 2],
        [{ status: "COMPLETED" }, [done.batch_id], 1],
        [{ collection_id: "col_pages" }, [done.batch_id], 1],
        [{ limit: 1 }, [draft.batch_id], 2],
        [{ limit: 1, offset: 1 }, [done.batch_id], 2]
      ] as const) {
        const page = as(Page, yield* call(standIn, { path: `${batchesPath}/list`, body }))
        const ids: ReadonlyArray<string> = page.results.map(({ batch_id }) => batch_id)
        assert.deepStrictEqual([ids, page.total_count], [expected, total])
      }
    })
  )

  it.effect("are made by auto_process of what was created, and no answer tells of them", () =>
    Effect.gen(function* () {
      const standIn = yield* started({ run: {} })
      const objects = [text("a"), { source_key: "bad", blobs: [{ property: "nowhere", type: "text", data: "x" }] }]
      const reply = yield* call(standIn, {
        path: "/v1/buckets/bkt_files/objects/batch?auto_process=true",
        body: { objects }
      })
      assert.notInclude(reply.text, "btch_")
      yield* call(standIn, { path: "/v1/buckets/bkt_files/objects?auto_process=true", body: text("b") })
      yield* created(standIn, "c")
      const [a = "", b = ""] = (yield* standIn.objects("bkt_files")).map(({ objectId }) => objectId)
      const batches = yield* standIn.batches("bkt_files")
      assert.deepStrictEqual(
        batches.map(({ automatic, objectIds, status }) => ({ automatic, objectIds, status })),
        [
          { automatic: true, objectIds: [a], status: "COMPLETED" },
          { automatic: true, objectIds: [b], status: "COMPLETED" }
        ]
      )
      assert.deepStrictEqual([...(yield* standIn.processed).keys()], [a, b])
    })
  )

  it.effect("make documents, others each time unless there is a unique key", () =>
    Effect.gen(function* () {
      const documents = { collections: [{ id: "col_pages" }], made: "by-batches" as const }
      const keyed = { ...bucket, uniqueKey: { fields: ["source_key"], default_policy: "upsert" as const } }
      for (const [one, expected] of [
        [bucket, 2],
        [keyed, 1]
      ] as const) {
        const standIn = yield* started({ run: {} }, { buckets: [one], documents })
        const ids = yield* created(standIn, "a")
        assert.deepStrictEqual(yield* standIn.documents, [])
        for (let run = 0; run < 2; run++) yield* submit(standIn, (yield* grouped(standIn, ids)).batch_id)
        assert.strictEqual((yield* standIn.documents).length, expected)
      }
    })
  )

  it.effect("count for the limits of metadata, but compute where they are submitted or retried", () =>
    Effect.gen(function* () {
      const standIn = yield* started({ run: {} }, { limits: { compute: { requests: 1 }, metadata: { requests: 3 } } })
      const { batch_id } = yield* submitted(standIn)
      assert.strictEqual((yield* submit(standIn, batch_id)).status, 429)
      const retry = call(standIn, { path: `${batchesPath}/${batch_id}/retry`, body: {} })
      assert.strictEqual((yield* retry).status, 429)
      yield* getBatch(standIn, batch_id)
      yield* getBatch(standIn, batch_id)
      const path = `${batchesPath}/${batch_id}`
      assert.strictEqual((yield* call(standIn, { method: "GET", path })).status, 429)
    })
  )

  it.effect("are struck by faults as objects are", () =>
    Effect.gen(function* () {
      const standIn = yield* started({ run: {} })
      const { batch_id } = yield* grouped(standIn, yield* created(standIn, "a"))
      yield* standIn.set({
        faults: [{ kind: "bad-gateway", commits: "before", operations: ["submitBatch"], times: 1 }]
      })
      assert.strictEqual((yield* submit(standIn, batch_id)).status, 502)
      assert.strictEqual((yield* getBatch(standIn, batch_id)).status, "COMPLETED")
      assert.strictEqual((yield* submit(standIn, batch_id)).status, 429)
    })
  )
})
