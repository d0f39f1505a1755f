/**
 * What collections make of objects: `getObjectDocuments` and `deleteDocuments`.
 */
import { Predicate } from "effect"
import type { Answer } from "./Answer.ts"
import * as Answers from "./Answer.ts"
import type { StoredObject } from "./BucketState.ts"
import type { State } from "./State.ts"

/** A collection that processes every object, as soon as it is stored or in batches. */
export interface Collection {
  readonly id: string
  /** Documents made of each object. 1 by default. */
  readonly documentsPerObject?: number | undefined
}

/** What is made of objects, and how it is answered. */
export interface DocumentSettings {
  /** None by default: objects are stored, and nothing is made of them. */
  readonly collections?: ReadonlyArray<Collection> | undefined
  /** Whether objects are processed when they are stored (default), or when a batch is. */
  readonly made?: "on-storing" | "by-batches" | undefined
  /**
   * The answer that lists an object's documents is described as a map, and no more: `flat`, an array of them (default);
   * `nested`, one for each collection; `unknown`, something else.
   */
  readonly form?: "flat" | "nested" | "unknown" | undefined
  /** Documents in one answer; `total` tells of all. 1,000 by default. */
  readonly listed?: number | undefined
  /** Ids of documents that cannot be deleted. */
  readonly stuck?: ReadonlyArray<string> | undefined
  /** Whether they are deleted together with their object. False by default. */
  readonly cascades?: boolean | undefined
}

export interface StoredDocument {
  readonly documentId: string
  readonly collectionId: string
  readonly objectId: string
}

const make = (state: State, objectId: string, run: string): void => {
  for (const { documentsPerObject = 1, id: collectionId } of state.settings.documents.collections ?? []) {
    for (let n = 0; n < documentsPerObject; n++) {
      const documentId = `doc_${collectionId}_${objectId}_${n}${run}`
      state.documents.set(documentId, { documentId, collectionId, objectId })
    }
  }
}

/** Makes an object's documents when it is stored; the same ones again where it was updated. */
export const processStored = (state: State, { objectId }: StoredObject): void => {
  if (state.settings.documents.made !== "by-batches") make(state, objectId, "")
}

/** Makes an object's documents in a batch: others each time, unless the object has a unique key. */
export const processInBatch = (state: State, { objectId, uniqueKey }: StoredObject): void => {
  if (state.settings.documents.made !== "by-batches") return
  const before = (state.processed.get(objectId)?.succeeded ?? 1) - 1
  make(state, objectId, uniqueKey === undefined && before > 0 ? `_${before}` : "")
}

const of = (state: State, objectId: string) => [...state.documents.values()].filter((one) => one.objectId === objectId)

/** What goes with an object that is deleted. */
export const removeWith = (state: State, { objectId }: StoredObject): void => {
  if (state.settings.documents.cascades !== true) return
  for (const { documentId } of of(state, objectId)) state.documents.delete(documentId)
}

const wire = ({ collectionId, documentId, objectId }: StoredDocument) => ({
  document_id: documentId,
  collection_id: collectionId,
  _internal: { lineage: { root_object_id: objectId, source_object_id: objectId, source_type: "bucket" } }
})

/** Those of an object in all buckets; 404 where there is no such object, and nothing was made of one. */
export const list = (state: State, objectId: string): Answer => {
  const { form = "flat", listed = 1000 } = state.settings.documents
  const documents = of(state, objectId)
  const exists = [...state.buckets.values()].some(({ objects }) => objects.has(objectId))
  if (documents.length === 0 && !exists) return Answers.notFound(`Object ${objectId} was not found`)
  const shown = documents.slice(0, listed)
  switch (form) {
    case "flat":
      return Answers.ok({ object_id: objectId, documents: shown.map(wire), total: documents.length })
    case "nested":
      return Answers.ok({
        object_id: objectId,
        collections: [...Map.groupBy(shown, ({ collectionId }) => collectionId)].map(([id, some]) => ({
          collection_id: id,
          documents: some.map(({ documentId }) => ({ document_id: documentId }))
        })),
        total: documents.length
      })
    case "unknown":
      return Answers.ok({ object_id: objectId, lineage: { depth: 1 } })
  }
}

/** Deletes documents of a collection by their ids, and answers for each of them. */
export const remove = (state: State, collectionId: string, body: unknown): Answer => {
  const ids: unknown = Predicate.hasProperty(body, "document_ids") ? body.document_ids : undefined
  const filters: unknown = Predicate.hasProperty(body, "filters") ? body.filters : undefined
  if (Array.isArray(ids) === Predicate.isObject(filters)) {
    return Answers.badRequest("Either 'document_ids' or 'filters' must be provided, and not both")
  }
  if (!Array.isArray(ids)) return Answers.badRequest("The stand-in deletes no documents by filters")
  const { collections = [], stuck = [] } = state.settings.documents
  const isThere = [...state.documents.values()].some((one) => one.collectionId === collectionId)
  if (!isThere && !collections.some(({ id }) => id === collectionId)) {
    return Answers.notFound(`Collection ${collectionId} was not found`)
  }
  const results = ids.filter(Predicate.isString).map((id) => {
    if (stuck.includes(id)) return { document_id: id, success: false, error: "StorageError: the point is locked" }
    return state.documents.get(id)?.collectionId === collectionId && state.documents.delete(id)
      ? { document_id: id, success: true }
      : { document_id: id, success: false, error: `Document ${id} not found in collection` }
  })
  const deleted = results.filter(({ success }) => success).length
  return Answers.ok({
    deleted_count: deleted,
    failed_count: results.length - deleted,
    message: `Deleted ${deleted} document(s)`,
    results
  })
}
