/**
 * An object as the API answers it, with the user's fields at its root. Only `bucket_id` is promised, and not even that is
 * needed: what is missing, null or of a kind nobody has heard of is absent. Each part is read when it is asked for: an answer
 * has a hundred objects, and little of each matters.
 */
import { DateTime, Option, Predicate, Schema } from "effect"

/** Any object of JSON. */
export interface ObjectResponse {
  readonly [name: string]: unknown
}

export const ObjectResponse: Schema.Codec<ObjectResponse> = Schema.declare(Predicate.isReadonlyObject)

const textOf = (value: unknown): string | undefined => (Predicate.isString(value) && value !== "" ? value : undefined)

/** The API's id of it. */
export const idOf = (object: ObjectResponse): string | undefined => textOf(object["object_id"])

/** In the API's words, of today or tomorrow. */
export const statusOf = (object: ObjectResponse): string | undefined => textOf(object["status"])

/** Why it failed. */
export const errorOf = (object: ObjectResponse): string | undefined => textOf(object["error"])

/** How many blobs it has. */
export const blobsOf = ({ blobs }: ObjectResponse): number | undefined =>
  Array.isArray(blobs) ? blobs.length : undefined

const millisOf = (value: unknown): number | undefined => {
  const text = textOf(value)
  return text === undefined ? undefined : Option.getOrUndefined(Option.map(DateTime.make(text), DateTime.toEpochMillis))
}

/** Milliseconds since 1970. */
export const createdAt = (object: ObjectResponse): number | undefined => millisOf(object["created_at"])

/** It was there at that time, and was changed since. */
export const wasChanged = (object: ObjectResponse, since: number): boolean => {
  // Of most objects both times are the same text.
  if (object["updated_at"] === object["created_at"]) return false
  const created = createdAt(object)
  const updated = millisOf(object["updated_at"])
  return created !== undefined && updated !== undefined && created < since && updated > created
}

/** The value at a dotted path: `source_key`, `metadata.source.token`. */
export const at = (object: ObjectResponse, path: ReadonlyArray<string>): unknown => {
  let value: unknown = object
  for (const name of path) value = Predicate.hasProperty(value, name) ? value[name] : undefined
  return value
}
