/**
 * The API's operations, by `operationId`.
 */
import { Effect } from "effect"
import type { Answer } from "./Answer.ts"
import * as Answers from "./Answer.ts"
import * as Buckets from "./Buckets.ts"
import type { BucketState } from "./BucketState.ts"
import * as Create from "./Create.ts"
import type { Match } from "./Description.ts"
import type { State } from "./State.ts"

const writes = new Set(["createObject", "createObjectsBatch", "updateObject", "patchObject", "deleteObject"])

const inBucket = (
  state: State,
  bucket: BucketState,
  { operation }: Match,
  query: URLSearchParams,
  body: unknown
): Effect.Effect<Answer> => {
  const { id, locked, status } = bucket.options
  if (writes.has(operation)) {
    if (locked === true) return Effect.succeed(Answers.forbidden(`Bucket ${id} is locked`))
    if (status !== undefined && status !== "ACTIVE") {
      return Effect.succeed(Answers.badRequest(`Bucket ${id} is ${status}, not ACTIVE`))
    }
  }
  switch (operation) {
    case "getBucket":
      return Effect.succeed(Buckets.get(bucket))
    case "createObjectsBatch":
      return Create.batch(state, bucket, body)
    case "createObject":
      return Create.one(state, bucket, body, query)
    default:
      return Effect.succeed(Answers.failure(501, "NotEnabledError", `The stand-in does not offer ${operation}`))
  }
}

/** Does what the request asks for. */
export const perform = (state: State, match: Match, url: string, body: unknown): Effect.Effect<Answer> => {
  if (match.operation === "getOrganization") return Effect.succeed(Buckets.organization(state.settings.limits))
  if (match.operation === "listBuckets") return Effect.succeed(Buckets.list(state))
  const identifier = match.parameters["bucket_identifier"] ?? ""
  const bucket = state.buckets.get(identifier)
  if (bucket === undefined) return Effect.succeed(Answers.notFound(`Bucket ${identifier} was not found`))
  return inBucket(state, bucket, match, new URL(url, "http://stand-in").searchParams, body)
}
