/**
 * `getObject`, `updateObject`, `patchObject` and `deleteObject`.
 */
import { Effect, Predicate } from "effect"
import * as Answers from "./Answer.ts"
import * as BucketSchema from "./BucketSchema.ts"
import type { BucketState, StoredObject } from "./BucketState.ts"
import * as Documents from "./Documents.ts"
import * as Draft from "./Draft.ts"
import type { State } from "./State.ts"
import * as Wire from "./Wire.ts"

/** Finds the object, or answers 404. */
export const find = (bucket: BucketState, objectId: string): StoredObject | Answers.Answer =>
  bucket.objects.get(objectId) ?? Answers.notFound(`Object ${objectId} was not found`)

export const get = (state: State, stored: StoredObject): Answers.Answer =>
  Answers.ok(Wire.object(stored, state.settings))

export const remove = (state: State, bucket: BucketState, stored: StoredObject): Answers.Answer => {
  bucket.remove(stored.objectId)
  Documents.removeWith(state, stored)
  return Answers.noContent
}

const save = (state: State, bucket: BucketState, stored: StoredObject, changes: Partial<StoredObject>) => {
  const changed: StoredObject = {
    ...stored,
    ...changes,
    updatedAt: state.clock.currentTimeMillisUnsafe(),
    revision: stored.revision + 1
  }
  bucket.put(changed)
  return get(state, changed)
}

const keyPrefixOf = (body: Readonly<Record<PropertyKey, unknown>>): Pick<StoredObject, "keyPrefix"> | undefined => {
  const { key_prefix } = body
  return Predicate.isString(key_prefix) ? { keyPrefix: key_prefix } : undefined
}

/** Changes fields at the root. Fields of the unique key stay what they are. */
export const patch = (state: State, bucket: BucketState, stored: StoredObject, body: unknown): Answers.Answer => {
  if (!Predicate.isObject(body)) return Answers.badRequest("The body must be an object")
  const { schema, uniqueKey } = bucket.options
  const fields = { ...stored.fields, ...BucketSchema.userFields(body) }
  const moved = uniqueKey?.fields.find((name) => fields[name] !== stored.fields[name])
  if (moved !== undefined) return Answers.badRequest(`Field '${moved}' is part of the unique key`)
  const blobs = stored.blobs.map(({ property, type }) => ({ property, type }))
  const complaints =
    schema === undefined ? [] : BucketSchema.check(schema, { ...fields, blobs }, state.settings.undeclaredFields)
  if (complaints.length > 0) return Answers.unprocessable(complaints)
  return save(state, bucket, stored, { fields, ...keyPrefixOf(body) })
}

const mergedMetadata = (stored: StoredObject, metadata: unknown) => {
  if (!Predicate.isObject(metadata)) return stored.fields
  const before = stored.fields["metadata"]
  return { ...stored.fields, metadata: { ...(Predicate.isObject(before) ? before : {}), ...metadata } }
}

/** Replaces the blobs where there are any, and merges `metadata`. */
export const update = Effect.fnUntraced(function* (
  state: State,
  bucket: BucketState,
  stored: StoredObject,
  body: unknown
) {
  if (!Predicate.isObject(body)) return Answers.badRequest("The body must be an object")
  const fields = mergedMetadata(stored, body["metadata"])
  if (!Array.isArray(body["blobs"])) return save(state, bucket, stored, { fields, ...keyPrefixOf(body) })
  const draft = yield* Draft.make(state, bucket, { ...fields, blobs: body["blobs"] })
  if (draft._tag === "Refused") return Answers.unprocessable([draft.complaint])
  return save(state, bucket, stored, { fields, blobs: draft.draft.blobs, ...keyPrefixOf(body) })
})
