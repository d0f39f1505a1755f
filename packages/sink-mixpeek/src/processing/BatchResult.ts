/**
 * What an answer about a processing batch means for the objects in it.
 */
import type { Processing } from "@sluice/core"
import type { BatchResponse, FailedDocument } from "../client/BatchWire.ts"
import { scrub } from "../client/ErrorBody.ts"

type Ended = Extract<Processing.Status, { readonly _tag: "Ended" }>

const over: ReadonlySet<string> = new Set(["COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "CANCELED", "SKIPPED"])

/** Nothing more becomes of a batch with this status, unless it is retried. */
export const isOver = (status: string): boolean => over.has(status)

const ended = (failed: Ended["failed"], rest: Partial<Ended> = {}): Ended => ({
  _tag: "Ended",
  failed,
  unnamed: [],
  isTransient: false,
  ...rest
})

const failure = (code: string, message: string, stage?: string): Processing.Failure => ({
  code,
  message: scrub(message),
  ...(stage === undefined ? {} : { stage })
})

const unexplained = "Mixpeek does not say why"

const noCollections = failure(
  "no-collections",
  "the bucket has no collections, so that nothing was made of its objects; make a collection on it, and process them again"
)

/** Of a batch that is not over, or of which nothing failed. */
export const withoutFailures = (batch: BatchResponse): Processing.Status | undefined => {
  const { collection_ids = [], status = "UNKNOWN", tier_tasks } = batch
  switch (status) {
    case "DRAFT":
      return { _tag: "Draft" }
    case "CANCELED":
      return ended(failure("canceled", "the batch was cancelled; process its objects again where that was not meant"))
    case "SKIPPED":
      return ended(failure("skipped", batch.error ?? "Mixpeek skipped the batch, and does not say why"))
    case "COMPLETED":
      return ended(collection_ids.length === 0 && tier_tasks?.length === 0 ? noCollections : [])
    case "COMPLETED_WITH_ERRORS":
    case "FAILED":
      return undefined
    default:
      return { _tag: "Running" }
  }
}

const stageOf = ({ stage, tier_num }: { readonly stage?: string; readonly tier_num?: number }) =>
  stage ?? (tier_num === undefined ? undefined : `tier ${tier_num}`)

/** By what the batch itself says, where nothing else does: documents of the first tier are named as their objects are. */
const bySelf = ({ object_ids = [], tier_tasks = [] }: BatchResponse) => {
  const known = new Set(object_ids)
  return tier_tasks.flatMap(({ errors = [], tier_num }) =>
    errors.flatMap(({ affected_document_ids = [], error_type = "unknown", message = unexplained, stage }) =>
      affected_document_ids.flatMap((objectId) =>
        known.has(objectId)
          ? [
              {
                objectId,
                failure: failure(
                  error_type,
                  message,
                  stageOf({
                    ...(stage === undefined ? {} : { stage }),
                    ...(tier_num === undefined ? {} : { tier_num })
                  })
                )
              }
            ]
          : []
      )
    )
  )
}

/** Of a batch of which something failed. */
export const withFailures = (batch: BatchResponse, documents: ReadonlyArray<FailedDocument>): Ended => {
  const said = documents.flatMap((one) => {
    const objectId = one.object_id ?? one.source_object_id
    const { error_message = unexplained, error_type = "unknown" } = one
    return objectId === undefined
      ? []
      : [
          {
            objectId,
            failure: failure(error_type, error_message, stageOf(one)),
            isTransient: one.is_transient === true
          }
        ]
  })
  const isTransient = documents.some(({ is_transient }) => is_transient === true)
  const named = said.length > 0 ? said : bySelf(batch)
  // Of an object several documents may have failed: the first one names the cause.
  const byObject = new Map(named.toReversed().map((one) => [one.objectId, one.failure]))
  if (batch.status === "FAILED") {
    const all = failure("failed", batch.error ?? unexplained)
    if (batch.object_ids === undefined) return ended(all, { isTransient })
    return ended(
      batch.object_ids.map((objectId) => ({ objectId, failure: byObject.get(objectId) ?? all })),
      { isTransient }
    )
  }
  const failed = Array.from(byObject, ([objectId, one]) => ({ objectId, failure: one }))
  if (failed.length > 0) return ended(failed, { isTransient })
  const summary = Object.entries(batch.error_summary ?? {})
  const message = batch.error ?? unexplained
  return ended([], {
    isTransient,
    unnamed:
      summary.length === 0
        ? [{ failure: failure("unknown", message), count: 1 }]
        : summary.map(([code, count]) => ({ failure: failure(code, message), count }))
  })
}
