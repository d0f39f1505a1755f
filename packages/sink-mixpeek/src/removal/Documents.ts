/**
 * What collections made of an object, deleted.
 */
import type { Outcome, Sink } from "@sluice/core"
import { Array as Arr, Effect, Option, Schema } from "effect"
import * as DocumentListing from "./DocumentListing.ts"
import { scrub } from "../client/ErrorBody.ts"
import { Mixpeek } from "../client/Mixpeek.ts"
import { DeleteDocumentsResponse } from "../client/Wire.ts"

/** Ids in a request. */
const maxIds = 1000

const remain = (objectId: string, why: string): Outcome.Cause => ({
  code: "documents-remain",
  message: `not all documents of ${objectId} can be removed: ${why}. The object stays, and a later run tries again; look at its documents, or set documents: "keep"`
})

const decodeResponse = Schema.decodeUnknownOption(DeleteDocumentsResponse)

/** One that is not there is removed already; the API counts it among those that failed. */
const isAbsent = (error: string) => /\bnot[ _-]?found\b|does(n't| not) exist|\b404\b/i.test(error)

/** What became of some documents: those that are gone for certain, and why others are not. */
interface Account {
  readonly gone: ReadonlyArray<string>
  readonly problem: string | undefined
}

const accountOf = (ids: ReadonlyArray<string>, answer: Schema.Json | undefined): Account => {
  // A 404 may be about one of them, and the others are there: what is listed next tells.
  if (answer === undefined || answer === null) return { gone: [], problem: undefined }
  const decoded = decodeResponse(answer)
  if (Option.isNone(decoded)) {
    return { gone: [], problem: "what Mixpeek answers to their deletion cannot be understood" }
  }
  const { deleted_count, failed_count = 0, message = "no message", results = [] } = decoded.value
  const asked = new Set(ids)
  const told = results.filter(({ document_id }) => asked.has(document_id))
  const failed = told.filter(({ error = "", success }) => !success && !isAbsent(error))
  const [first] = failed
  if (first !== undefined) {
    return { gone: [], problem: `Mixpeek keeps ${failed.length} of ${ids.length} (${scrub(first.error ?? message)})` }
  }
  if (failed_count > told.filter(({ success }) => !success).length) {
    return { gone: [], problem: `Mixpeek keeps ${failed_count} of ${ids.length} (${scrub(message)})` }
  }
  return { gone: deleted_count === ids.length ? ids : told.map(({ document_id }) => document_id), problem: undefined }
}

/** Deletes documents, collection by collection. */
const removeAll = Effect.fnUntraced(function* (bucket: string, documents: ReadonlyArray<DocumentListing.Document>) {
  const mixpeek = yield* Mixpeek
  const gone: Array<string> = []
  for (const [collection, some] of Map.groupBy(documents, (document) => document.collection)) {
    for (const batch of Arr.chunksOf(some, maxIds)) {
      const ids = batch.map(({ id }) => id)
      const { value } = yield* mixpeek.deleteDocuments(bucket, collection, { document_ids: ids })
      const account = accountOf(ids, value)
      if (account.problem !== undefined) return account
      gone.push(...account.gone)
    }
  }
  return { gone, problem: undefined } satisfies Account
})

/**
 * Deletes every document of an object; why that cannot be done, where it cannot. How a listing goes on is not described:
 * where it tells of more, or where an answer does not say of a document that it is gone, what is left is asked for again.
 */
export const remove = Effect.fn("MixpeekSink.removeDocuments")(function* (
  bucket: string,
  objectId: string
): Effect.fn.Return<Outcome.Cause | undefined, Sink.SinkError, Mixpeek> {
  yield* Effect.annotateCurrentSpan({ objectId })
  const mixpeek = yield* Mixpeek
  const asked = new Set<string>()
  const gone = new Set<string>()
  while (true) {
    const { value } = yield* mixpeek.getObjectDocuments(bucket, objectId)
    if (value === undefined) return undefined
    const listing = DocumentListing.read(value, objectId)
    if (Option.isNone(listing)) {
      return remain(objectId, "what Mixpeek answers when it is asked for them cannot be understood")
    }
    const { documents, more } = listing.value
    // A listing may still name what was deleted a moment ago.
    const left = documents.filter(({ id }) => !gone.has(id))
    const stays = left.filter(({ id }) => asked.has(id))
    if (stays.length > 0) return remain(objectId, `${stays.length} are still there after they were deleted`)
    if (left.length === 0) {
      return more ? remain(objectId, "Mixpeek tells of more of them than it names") : undefined
    }
    for (const { id } of left) asked.add(id)
    const account = yield* removeAll(bucket, left)
    if (account.problem !== undefined) return remain(objectId, account.problem)
    for (const id of account.gone) gone.add(id)
    if (!more && left.every(({ id }) => gone.has(id))) return undefined
  }
})
