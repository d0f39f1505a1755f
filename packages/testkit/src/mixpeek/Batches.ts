/**
 * Processing batches, from `createBatch` to `deleteBatch`.
 */
import { Duration, Predicate } from "effect"
import type { Answer } from "./Answer.ts"
import * as Answers from "./Answer.ts"
import * as BatchState from "./BatchState.ts"
import type { BucketState } from "./BucketState.ts"
import * as BatchWire from "./BatchWire.ts"
import type { Match } from "./Description.ts"
import * as Processing from "./Processing.ts"
import type { State } from "./State.ts"
import * as Tasks from "./Tasks.ts"
import { retryAfter } from "./Waits.ts"

const idsIn = (body: unknown): ReadonlyArray<string> =>
  Predicate.hasProperty(body, "object_ids") && Array.isArray(body.object_ids)
    ? [...new Set(body.object_ids.filter(Predicate.isString))]
    : []

/** Refuses ids of objects that are not there, unless that is not to be looked at. */
const unknownIds = (bucket: BucketState, ids: ReadonlyArray<string>, query: URLSearchParams): Answer | undefined => {
  if (query.get("skip_validation") === "true" || bucket.forgets) return undefined
  const missing = ids.filter((id) => !bucket.objects.has(id))
  return missing.length === 0
    ? undefined
    : Answers.failure(404, "NotFoundError", `${missing.length} objects were not found`, { object_ids: missing })
}

const make = (state: State, bucket: BucketState, objectIds: ReadonlyArray<string>, automatic: boolean) => {
  const now = state.clock.currentTimeMillisUnsafe()
  const batch: BatchState.StoredBatch = {
    batchId: state.newId("btch"),
    bucketId: bucket.options.id,
    objectIds,
    loadedIds: objectIds.filter((id) => bucket.objects.has(id)),
    automatic,
    taskId: null,
    collectionIds: [],
    createdAt: now,
    updatedAt: now,
    submittedAt: null,
    endedAt: null,
    submits: 0,
    failures: []
  }
  state.batches.set(batch.batchId, batch)
  return batch
}

export const create = (state: State, bucket: BucketState, body: unknown, query: URLSearchParams): Answer => {
  const ids = idsIn(body)
  return unknownIds(bucket, ids, query) ?? Answers.ok(BatchWire.batch(state, make(state, bucket, ids, false)))
}

const start = (state: State, bucket: BucketState, batch: BatchState.StoredBatch): Tasks.Task => {
  BatchState.change(state, batch.batchId, {
    submittedAt: state.clock.currentTimeMillisUnsafe(),
    collectionIds: (state.settings.documents.collections ?? []).map(({ id }) => id)
  })
  return Processing.begin(state, bucket, batch.batchId, new Map(batch.objectIds.map((id) => [id, 0])))
}

/** What `auto_process` does with the objects that a request created: a batch, of which its answer does not tell. */
export const automatic = (state: State, bucket: BucketState, ids: ReadonlyArray<string>): void => {
  if (ids.length > 0) start(state, bucket, make(state, bucket, ids, true))
}

const add = (
  state: State,
  bucket: BucketState,
  batch: BatchState.StoredBatch,
  body: unknown,
  query: URLSearchParams
) => {
  const status = BatchState.statusOf(state, batch)
  if (status !== "DRAFT") return Answers.badRequest(`Batch ${batch.batchId} is ${status}, not DRAFT`)
  const ids = idsIn(body)
  const refusal = unknownIds(bucket, ids, query)
  if (refusal !== undefined) return refusal
  const objectIds = [...new Set([...batch.objectIds, ...ids])]
  const loadedIds = objectIds.filter((id) => bucket.objects.has(id))
  const changed = BatchState.change(state, batch.batchId, { objectIds, loadedIds })
  return Answers.ok(BatchWire.batch(state, changed ?? batch))
}

const minute = Duration.toMillis("1 minute")

/** Nothing but the clock of the batch itself: this limit is none of the key's. */
const tooSoon = (state: State, submittedAt: number): Answer => {
  const now = state.clock.currentTimeMillisUnsafe()
  const header = retryAfter(state.settings.retryAfter, now, submittedAt + minute, state.draw)
  return {
    ...Answers.failure(429, "TooManyRequestsError", "The batch was submitted less than 60 seconds ago"),
    headers: header === undefined ? {} : { "retry-after": header.value }
  }
}

const again = (state: State, batch: BatchState.StoredBatch): Answer => {
  const { resubmit = 429 } = state.settings.processing
  const task = batch.taskId === null ? undefined : state.tasks.get(batch.taskId)
  if (resubmit === "same" && task !== undefined) return Answers.ok(Tasks.wire(task))
  const { batchId, submittedAt } = batch
  return submittedAt !== null && state.clock.currentTimeMillisUnsafe() < submittedAt + minute
    ? tooSoon(state, submittedAt)
    : Answers.badRequest(`Batch ${batchId} is ${BatchState.statusOf(state, batch)} and cannot be submitted`)
}

const submit = (state: State, bucket: BucketState, batch: BatchState.StoredBatch): Answer => {
  const { withoutCollections = "completes" } = state.settings.processing
  BatchState.change(state, batch.batchId, { submits: batch.submits + 1 })
  if (batch.taskId !== null) return again(state, batch)
  if (withoutCollections === 400 && (state.settings.documents.collections ?? []).length === 0) {
    return Answers.badRequest(`Bucket ${bucket.options.id} has no collections`)
  }
  return Answers.ok(Tasks.wire(start(state, bucket, batch)))
}

const running: ReadonlySet<string> = new Set(["PENDING", "IN_PROGRESS"])

const stopped = (state: State, batch: BatchState.StoredBatch): Tasks.Task | undefined => {
  const task = batch.taskId === null ? undefined : state.tasks.get(batch.taskId)
  if (task === undefined || !running.has(Tasks.statusOf(task))) return undefined
  BatchState.change(state, batch.batchId, { endedAt: state.clock.currentTimeMillisUnsafe() })
  return Tasks.stop(state, task, { status: "CANCELED", outputs: [], error: null })
}

const cancel = (state: State, batch: BatchState.StoredBatch): Answer => {
  const task = stopped(state, batch)
  return task === undefined
    ? Answers.badRequest(`Batch ${batch.batchId} is ${BatchState.statusOf(state, batch)} and cannot be cancelled`)
    : Answers.ok(Tasks.wire(task))
}

const remove = (state: State, batch: BatchState.StoredBatch): Answer => {
  stopped(state, batch)
  state.batches.delete(batch.batchId)
  return Answers.ok({ message: "Successfully deleted", success: true })
}

/** The newest first. */
export const list = (state: State, bucket: BucketState, body: unknown): Answer => {
  const { collection_id, limit, offset, status } = Predicate.isObject(body) ? body : {}
  const found = BatchState.of(state, bucket.options.id)
    .filter((batch) => !Predicate.isString(status) || BatchState.statusOf(state, batch) === status)
    .filter(({ collectionIds }) => !Predicate.isString(collection_id) || collectionIds.includes(collection_id))
    .toReversed()
  const from = Predicate.isNumber(offset) ? offset : 0
  const page = found.slice(from, from + (Predicate.isNumber(limit) ? limit : 100))
  for (const { taskId } of page) Tasks.look(state, taskId)
  return Answers.ok({ results: page.map((batch) => BatchWire.batch(state, batch)), total_count: found.length })
}

/** What a request asks of one batch; undefined for an operation that is none of these. */
export const one = (
  state: State,
  bucket: BucketState,
  match: Match,
  body: unknown,
  query: URLSearchParams
): Answer | undefined => {
  const batchId = match.parameters["batch_id"]
  if (batchId === undefined) return undefined
  const batch = BatchState.find(state, bucket.options.id, batchId)
  if (batch === undefined) return Answers.notFound(`Batch ${batchId} was not found`)
  switch (match.operation) {
    case "getBatch":
      Tasks.look(state, batch.taskId)
      return Answers.ok(BatchWire.batch(state, batch))
    case "addObjectsToBatch":
      return add(state, bucket, batch, body, query)
    case "submitBatch":
      return submit(state, bucket, batch)
    case "cancelBatch":
      return cancel(state, batch)
    case "deleteBatch":
      return remove(state, batch)
    case "getFailedDocuments":
      return Processing.failed(state, batch, query)
    case "retryBatch":
      return Processing.retry(state, bucket, batch, body)
    default:
      return undefined
  }
}
