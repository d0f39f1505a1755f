/**
 * `createObjectsBatch` and `createObject`.
 */
import { Effect, Predicate } from "effect"
import type { Answer, Complaint } from "./Answer.ts"
import * as Answers from "./Answer.ts"
import * as Batches from "./Batches.ts"
import type { BucketState, StoredObject } from "./BucketState.ts"
import { type Policy } from "./BucketSchema.ts"
import * as Draft from "./Draft.ts"
import type { State } from "./State.ts"
import { shuffled } from "./Chance.ts"
import * as Wire from "./Wire.ts"

/** What is to be done with an object, decided before anything is stored. */
type Plan =
  | { readonly _tag: "Store"; readonly draft: Draft.Draft; readonly existing: StoredObject | undefined }
  | {
      readonly _tag: "Refuse"
      readonly index: number
      readonly complaint: Complaint
      readonly sourceKey: string | undefined
    }

const policyComplaint = (policy: Policy, exists: boolean): Complaint | undefined => {
  if (policy === "insert" && exists) {
    return { location: [], message: "An object with this unique key already exists", type: "AlreadyExistsError" }
  }
  if (policy === "update" && !exists) {
    return { location: [], message: "No object has this unique key", type: "NotFoundError" }
  }
  return undefined
}

const plan = (bucket: BucketState, drafts: ReadonlyArray<Draft.Result>, policy: Policy | undefined) => {
  const inThisCall = new Set<string>()
  return drafts.map((result, index): Plan => {
    const refuse = (complaint: Complaint): Plan => ({ _tag: "Refuse", index, complaint, sourceKey: result.sourceKey })
    if (result._tag === "Refused") return refuse(result.complaint)
    const { draft } = result
    if (draft.uniqueKey === undefined || policy === undefined) return { _tag: "Store", draft, existing: undefined }
    const existing = bucket.byUniqueKey(draft.uniqueKey)
    const complaint = policyComplaint(policy, existing !== undefined || inThisCall.has(draft.uniqueKey))
    if (complaint !== undefined) return refuse(complaint)
    inThisCall.add(draft.uniqueKey)
    return { _tag: "Store", draft, existing }
  })
}

/** The policy that applies; an answer where a unique key asks for one and there is none. */
const policyOf = (bucket: BucketState, requested: string | null): Policy | undefined | Answer => {
  const { uniqueKey } = bucket.options
  if (uniqueKey === undefined) return undefined
  if (requested === "insert" || requested === "update" || requested === "upsert") return requested
  return (
    uniqueKey.default_policy ??
    Answers.badRequest("The bucket has a unique key without a default policy, and the request names no policy")
  )
}

const isAnswer = (value: Policy | undefined | Answer): value is Answer => Predicate.isObject(value)

/** Refuses a whole call of the array generation for its bad objects. */
const refuseAll = (state: State, refused: ReadonlyArray<Plan & { readonly _tag: "Refuse" }>): Answer => {
  const complaints = refused.map(({ complaint, index }) => ({
    ...complaint,
    location: ["body", "objects", index, ...complaint.location]
  }))
  switch (state.settings.refusal) {
    case "loc":
      return Answers.unprocessable(complaints)
    case "location":
      return Answers.unprocessableEnvelope(complaints)
    case "unnamed":
      return Answers.badRequest("One or more objects are invalid")
  }
}

const exceedsQuota = (state: State, created: number): Answer | undefined => {
  const { quota } = state.settings
  if (quota === undefined) return undefined
  const current = [...state.buckets.values()].reduce((sum, bucket) => sum + bucket.count(), 0)
  return current + created <= quota.limit
    ? undefined
    : Answers.failure(403, "QuotaExceededError", `Quota exceeded for ${quota.resource}`, { ...quota, current })
}

const note = (state: State, bucket: BucketState, refused: ReadonlyArray<Plan & { readonly _tag: "Refuse" }>) => {
  for (const { complaint, sourceKey } of refused) {
    state.journal.refusals.add({
      bucket: bucket.options.id,
      sourceKey,
      errorType: complaint.type,
      error: complaint.message
    })
  }
}

const ordered = (state: State, objects: ReadonlyArray<StoredObject>): ReadonlyArray<StoredObject> => {
  switch (state.settings.order) {
    case "same":
      return objects
    case "reversed":
      return objects.toReversed()
    case "shuffled":
      return shuffled(objects, state.draw)
  }
}

/** Processes what was created, where the request asks for that. */
const autoProcess = (
  state: State,
  bucket: BucketState,
  query: URLSearchParams,
  stored: ReadonlyArray<StoredObject>
) => {
  if (query.get("auto_process") !== "true") return
  const ids = stored.filter(({ status }) => status !== "SKIPPED").map(({ objectId }) => objectId)
  Batches.automatic(state, bucket, [...new Set(ids)])
}

/** The batch endpoint. `body` was held against the description already, unless that was left out for this request. */
export const batch = Effect.fnUntraced(function* (
  state: State,
  bucket: BucketState,
  body: unknown,
  query: URLSearchParams
) {
  const objects = Predicate.isObject(body) && Array.isArray(body["objects"]) ? body["objects"] : []
  const policy = policyOf(bucket, null)
  if (isAnswer(policy)) return policy
  const drafts = yield* Effect.forEach(objects, (object) => Draft.make(state, bucket, object), { concurrency: 16 })
  const plans = plan(bucket, drafts, policy)
  const refused = plans.filter((plan) => plan._tag === "Refuse")
  const accepted = plans.filter((plan) => plan._tag === "Store")
  note(state, bucket, refused)
  const { allFailed, generation } = state.settings
  if (generation === "array" && refused.length > 0) return refuseAll(state, refused)
  if (allFailed === 400 && objects.length > 0 && accepted.length === 0) {
    return Answers.badRequest(`All objects failed: ${refused[0]?.complaint.message ?? ""}`)
  }
  const quota = exceedsQuota(state, accepted.filter(({ existing }) => existing === undefined).length)
  if (quota !== undefined) return quota
  const stored = accepted.map(({ draft, existing }) => Draft.store(state, bucket, draft, existing))
  autoProcess(state, bucket, query, stored)
  const succeeded = ordered(state, stored).map((object) => Wire.object(object, state.settings))
  if (generation === "array") return Answers.ok(succeeded)
  return Answers.ok({
    succeeded,
    failed: refused.map(({ complaint, index }) => ({
      object_index: index,
      error: complaint.message,
      error_type: complaint.type
    })),
    total_requested: objects.length,
    succeeded_count: succeeded.length,
    failed_count: refused.length
  })
})

const refuseOne = ({ message, type, ...complaint }: Complaint): Answer => {
  switch (type) {
    case "AlreadyExistsError":
      return Answers.alreadyExists(message)
    case "NotFoundError":
      return Answers.notFound(message)
    case "URLValidationError":
      return Answers.badRequest(message)
    default:
      return Answers.unprocessable([{ message, type, location: ["body", ...complaint.location] }])
  }
}

/** The endpoint for one object, the only one where a request can name a policy. */
export const one = Effect.fnUntraced(function* (
  state: State,
  bucket: BucketState,
  body: unknown,
  query: URLSearchParams
) {
  const policy = policyOf(bucket, query.get("policy"))
  if (isAnswer(policy)) return policy
  const draft = yield* Draft.make(state, bucket, body)
  const plans = plan(bucket, [draft], policy)
  for (const plan of plans) {
    if (plan._tag === "Refuse") {
      note(state, bucket, [plan])
      return refuseOne(plan.complaint)
    }
    const quota = plan.existing === undefined ? exceedsQuota(state, 1) : undefined
    if (quota !== undefined) return quota
    const stored = Draft.store(state, bucket, plan.draft, plan.existing)
    autoProcess(state, bucket, query, [stored])
    return Answers.ok(Wire.object(stored, state.settings))
  }
  return Answers.badRequest("The request has no object")
})
