/**
 * What a batch does with its objects, by the rules of the test; `getFailedDocuments` and `retryBatch`.
 */
import { Effect, Predicate } from "effect"
import type { Answer } from "./Answer.ts"
import * as Answers from "./Answer.ts"
import * as BatchState from "./BatchState.ts"
import { type BucketState, sourceKeyOf } from "./BucketState.ts"
import { fate } from "./Chance.ts"
import * as Documents from "./Documents.ts"
import type { State } from "./State.ts"
import * as Tasks from "./Tasks.ts"

type Misfit = Pick<BatchState.FailedObject, "category" | "transient" | "message">

const applies = (
  state: State,
  { fraction = 1, sourceKeys, times = Infinity }: BatchState.ProcessingFailure,
  index: number,
  sourceKey: string,
  failed: number
): boolean =>
  failed < times &&
  (sourceKeys === undefined || sourceKeys.includes(sourceKey)) &&
  fate(`${state.seed} processing ${index} ${sourceKey}`) < fraction

/** What is wrong with an object, by the first rule that applies. */
const misfit = (state: State, bucket: BucketState, objectId: string): Misfit | undefined => {
  const object = bucket.objects.get(objectId)
  if (object === undefined && !bucket.forgets) {
    return { category: "validation", transient: false, message: `Object ${objectId} was not found` }
  }
  const sourceKey = sourceKeyOf(object?.fields ?? {}, state.sourceKeys) ?? objectId
  const failed = state.processed.get(objectId)?.failed ?? 0
  const rule = state.settings.processing.failures?.find((rule, index) => applies(state, rule, index, sourceKey, failed))
  if (rule === undefined) return undefined
  const { category, transient = category === "network" } = rule
  return { category, transient, message: `The processing fails on purpose: ${category}` }
}

const count = (state: State, objectId: string, outcome: keyof BatchState.Processed): void => {
  const before = state.processed.get(objectId) ?? { succeeded: 0, failed: 0 }
  state.processed.set(objectId, { ...before, [outcome]: before[outcome] + 1 })
}

/** Processes one object; what failed, or undefined. */
const processed = (
  state: State,
  bucket: BucketState,
  objectId: string,
  retries: number
): BatchState.FailedObject | undefined => {
  const wrong = misfit(state, bucket, objectId)
  count(state, objectId, wrong === undefined ? "succeeded" : "failed")
  bucket.setStatus(objectId, wrong === undefined ? "COMPLETED" : "FAILED")
  if (wrong !== undefined) return { objectId, ...wrong, retries, at: state.clock.currentTimeMillisUnsafe() }
  const object = bucket.objects.get(objectId)
  if (object !== undefined) Documents.processInBatch(state, object)
  return undefined
}

/** Objects to process, with how often each was tried again. */
type Attempts = ReadonlyMap<string, number>

const run = (state: State, bucket: BucketState, batchId: string, attempts: Attempts): Tasks.Outcome => {
  const failures = [...attempts].flatMap(([objectId, retries]) => processed(state, bucket, objectId, retries) ?? [])
  const untouched = state.batches.get(batchId)?.failures.filter(({ objectId }) => !attempts.has(objectId)) ?? []
  const all = [...untouched, ...failures]
  const batch = BatchState.change(state, batchId, { failures: all, endedAt: state.clock.currentTimeMillisUnsafe() })
  const status =
    all.length === 0 ? "COMPLETED" : all.length < (batch?.objectIds.length ?? 0) ? "COMPLETED_WITH_ERRORS" : "FAILED"
  return {
    status,
    outputs: [{ batch_id: batchId, documents_written: attempts.size - failures.length }],
    error: status === "FAILED" ? (all[0]?.message ?? null) : null
  }
}

/** Begins to process objects of a batch, and says what the task is. */
export const begin = (state: State, bucket: BucketState, batchId: string, attempts: Attempts): Tasks.Task => {
  const { queue = {}, run: running = { polls: 1 } } = state.settings.processing
  const task = Tasks.start(state, {
    type: "api_buckets_batches_process",
    inputs: [batchId],
    data: { batch_id: batchId, bucket_id: bucket.options.id, total_objects: attempts.size },
    stages: [
      { status: "PENDING", until: queue },
      { status: "IN_PROGRESS", until: running }
    ],
    finish: Effect.sync(() => run(state, bucket, batchId, attempts))
  })
  BatchState.change(state, batchId, { taskId: task.taskId, endedAt: null })
  return task
}

const wire = ({ at, category, message, objectId, retries, transient }: BatchState.FailedObject) => ({
  document_id: objectId,
  object_id: objectId,
  tier_num: 0,
  error_type: category,
  error_message: message,
  is_transient: transient,
  retry_count: retries,
  failed_at: new Date(at).toISOString()
})

/** What failed, page by page; nothing of other tiers than the first, and of other collections than the batch's. */
export const failed = (state: State, batch: BatchState.StoredBatch, query: URLSearchParams): Answer => {
  const { failedForm = "failed_documents" } = state.settings.processing
  if (failedForm === "unknown") return Answers.ok({ batch_id: batch.batchId, failures_by_tier: {} })
  const [limit, offset] = [Number(query.get("limit") ?? 100), Number(query.get("offset") ?? 0)]
  const collection = query.get("collection_id")
  const here =
    Number(query.get("tier_num") ?? 0) === 0 && (collection === null || batch.collectionIds.includes(collection))
  const failures = here ? batch.failures : []
  return Answers.ok({
    batch_id: batch.batchId,
    [failedForm]: failures.slice(offset, offset + limit).map(wire),
    total: failures.length,
    limit,
    offset
  })
}

const over: ReadonlySet<string> = new Set(["COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED"])

/** Processes failed objects again: those whose failure was transient, or all; none of them too often. */
export const retry = (state: State, bucket: BucketState, batch: BatchState.StoredBatch, body: unknown): Answer => {
  const { max_retry_count, retry_mode, tier_nums } = Predicate.isObject(body) ? body : {}
  const status = BatchState.statusOf(state, batch)
  if (!over.has(status)) return Answers.badRequest(`Batch ${batch.batchId} is ${status}, and not over`)
  const most = Predicate.isNumber(max_retry_count) ? max_retry_count : 3
  const here = !Array.isArray(tier_nums) || tier_nums.length === 0 || tier_nums.includes(0)
  const chosen = batch.failures.filter(
    ({ retries, transient }) => here && retries < most && (transient || retry_mode === "all")
  )
  const answered = { batch_id: batch.batchId, retried_count: chosen.length }
  if (chosen.length === 0) return Answers.ok({ ...answered, status, message: "There is nothing to retry" })
  const attempts = new Map(chosen.map(({ objectId, retries }) => [objectId, retries + 1]))
  const { taskId } = begin(state, bucket, batch.batchId, attempts)
  return Answers.ok({ ...answered, status: "PENDING", task_id: taskId, message: "Retry started" })
}
