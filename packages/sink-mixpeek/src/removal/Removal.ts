/**
 * Objects of files that are gone at their source, deleted.
 */
import { Outcome, type Sink } from "@sluice/core"
import { type Array as Arr, Effect, Option, Predicate } from "effect"
import * as Documents from "./Documents.ts"
import * as Lookup from "../settlement/Lookup.ts"
import { Mixpeek } from "../client/Mixpeek.ts"
import type { Settings } from "../SinkOptions.ts"
import { at, idOf } from "../client/ObjectResponse.ts"

const removed = Outcome.Removed.make({})

const unknown = Outcome.Rejected.make({
  cause: {
    code: "unknown-object",
    message:
      "its object's id is not known, and lineage.sourceKey is nowhere: it cannot be found. Delete it by hand, or give lineage.sourceKey a place"
  }
})

/**
 * An object, after its documents where they go with it. In this order, because a run that is killed in between finds the
 * object still there, and begins again; without its object nobody would ask for the documents any more.
 */
const removeOne = Effect.fnUntraced(function* (settings: Settings, objectId: string) {
  const mixpeek = yield* Mixpeek
  const why = settings.removesDocuments ? yield* Documents.remove(settings.bucket, objectId) : undefined
  if (why !== undefined) return why
  yield* mixpeek.deleteObject(settings.bucket, objectId)
  return undefined
})

/**
 * Deletes objects one by one, as the API has it; one that is not there is removed already. Those whose id is not known
 * are found by their key, however many there are of one. Where documents cannot be removed, their object stays.
 */
export const remove = Effect.fn("MixpeekSink.remove")(function* (
  settings: Settings,
  batch: Arr.NonEmptyReadonlyArray<Sink.Removal>
) {
  yield* Effect.annotateCurrentSpan({ sink: settings.name, removals: batch.length })
  const { sourceKey } = settings.lineage
  const nameless = batch.flatMap(({ key, objectId }) => (Option.isNone(objectId) ? [key] : []))
  const objects =
    nameless.length === 0 || sourceKey === undefined ? [] : yield* Lookup.withKeys(settings, sourceKey, nameless)
  const found = Map.groupBy(objects, (object) => {
    const key = sourceKey === undefined ? undefined : at(object, sourceKey)
    return Predicate.isString(key) ? key : undefined
  })
  return yield* Effect.forEach(
    batch,
    Effect.fnUntraced(function* ({ key, objectId }): Effect.fn.Return<Sink.Answer, Sink.SinkError, Mixpeek> {
      if (Option.isNone(objectId) && sourceKey === undefined) return { _tag: "Settled", key, outcome: unknown }
      const ids = Option.isSome(objectId)
        ? [objectId.value]
        : (found.get(key) ?? []).flatMap((object) => idOf(object) ?? [])
      const left = yield* Effect.forEach(ids, (id) => removeOne(settings, id))
      const why = left.find(Predicate.isNotUndefined)
      return { _tag: "Settled", key, outcome: why === undefined ? removed : Outcome.Rejected.make({ cause: why }) }
    })
  )
})
