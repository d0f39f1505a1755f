/**
 * A bucket's schema and unique key, and what they say of an object.
 */
import { Predicate } from "effect"
import type { Complaint } from "./Answer.ts"

/** A field of a bucket's schema; `type` is one of the API's fifteen, in lower case. */
export interface Field {
  readonly type: string
  readonly required?: boolean | null | undefined
  readonly enum?: ReadonlyArray<unknown> | null | undefined
  readonly items?: Field | null | undefined
  readonly properties?: Readonly<Record<string, Field>> | null | undefined
  readonly description?: string | undefined
}

export interface BucketSchema {
  readonly properties: Readonly<Record<string, Field>>
}

export type Policy = "insert" | "update" | "upsert"

export interface UniqueKey {
  readonly fields: ReadonlyArray<string>
  readonly default_policy?: Policy | null | undefined
}

/** Names of an object's own parts; everything else at its root is a user's field. */
export const ownParts: ReadonlySet<string> = new Set([
  "object_id",
  "bucket_id",
  "key_prefix",
  "blobs",
  "source_details",
  "status",
  "error",
  "created_at",
  "updated_at",
  "content_hash",
  "skip_duplicates",
  "canonicalize_source",
  "force_remirror"
])

const blobTypes: ReadonlySet<string> = new Set(["text", "image", "audio", "video", "pdf", "excel"])

/** The user's fields of an object as it was sent. */
export const userFields = (object: Readonly<Record<PropertyKey, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !ownParts.has(name)))

const isDay = (text: string) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text))
const isInstant = (text: string) => /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(text) && !Number.isNaN(Date.parse(text))

const fits: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: Predicate.isString,
  number: Predicate.isNumber,
  float: Predicate.isNumber,
  integer: Number.isInteger,
  boolean: Predicate.isBoolean,
  object: Predicate.isObject,
  array: Array.isArray,
  date: (value) => Predicate.isString(value) && isDay(value),
  datetime: (value) => Predicate.isString(value) && isInstant(value)
}

const invalid = (location: Complaint["location"], message: string): Complaint => ({
  location,
  message: `Schema validation failed: ${message}`,
  type: "ValidationError"
})

const ofValue = (field: Field, value: unknown, location: ReadonlyArray<string | number>): ReadonlyArray<Complaint> => {
  const name = location.join(".")
  const type = field.type.toLowerCase()
  if (value === null || value === undefined) {
    return field.required === true ? [invalid(location, `Missing required field '${name}'`)] : []
  }
  if (blobTypes.has(type)) return [invalid(location, `Field '${name}' has type '${type}' and must be sent as a blob`)]
  if (fits[type]?.(value) === false) return [invalid(location, `Field '${name}' must be of type '${type}'`)]
  if (field.enum && !field.enum.includes(value)) {
    return [invalid(location, `Field '${name}' must be one of ${JSON.stringify(field.enum)}`)]
  }
  const { items, properties } = field
  if (Array.isArray(value) && items) return value.flatMap((item, index) => ofValue(items, item, [...location, index]))
  if (Predicate.isObject(value) && properties) {
    const inside = value
    return Object.entries(properties).flatMap(([part, field]) => ofValue(field, inside[part], [...location, part]))
  }
  return []
}

const ofBlob = (schema: BucketSchema, blob: unknown, index: number): ReadonlyArray<Complaint> => {
  if (!Predicate.isObject(blob)) return [invalid(["blobs", index], "A blob must be an object")]
  const property = String(blob["property"])
  const field = schema.properties[property]
  if (field === undefined) {
    return [invalid(["blobs", index, "property"], `Blob property '${property}' is not in the bucket schema`)]
  }
  const declared = field.type.toLowerCase()
  return blob["type"] === declared
    ? []
    : [
        invalid(
          ["blobs", index, "type"],
          `Blob type '${String(blob["type"])}' does not match the schema type '${declared}' of '${property}'`
        )
      ]
}

/** What is wrong with an object as it was sent; `undeclared` says what becomes of root fields the schema lacks. */
export const check = (
  schema: BucketSchema,
  object: Readonly<Record<PropertyKey, unknown>>,
  undeclared: "kept" | "rejected"
): ReadonlyArray<Complaint> => {
  const blobs = Array.isArray(object["blobs"]) ? object["blobs"] : []
  const filled = new Set(blobs.map((blob: unknown) => (Predicate.isObject(blob) ? blob["property"] : undefined)))
  const fields = userFields(object)
  const unknownFields = Object.keys(fields).filter((name) => !Object.hasOwn(schema.properties, name))
  return [
    ...blobs.flatMap((blob, index) => ofBlob(schema, blob, index)),
    ...Object.entries(schema.properties).flatMap(([name, field]) =>
      filled.has(name) ? [] : ofValue(field, fields[name], [name])
    ),
    ...(undeclared === "rejected" ? unknownFields : []).map((name) =>
      invalid([name], `Field '${name}' is not in the bucket schema`)
    )
  ]
}

/** The value objects are told apart by, or what is wrong with it. */
export const keyOf = (
  uniqueKey: UniqueKey,
  fields: Readonly<Record<string, unknown>>
): { readonly key: string } | { readonly complaint: Complaint } => {
  const values: Array<unknown> = []
  for (const name of uniqueKey.fields.toSorted()) {
    const value = fields[name]
    if (value === undefined || value === null || value === "" || Predicate.isObjectOrArray(value)) {
      return {
        complaint: invalid([name], `Unique key field '${name}' must be a scalar that is neither null nor empty`)
      }
    }
    if (Predicate.isString(value) && [...value].length > 255) {
      return { complaint: invalid([name], `Unique key field '${name}' must not have more than 255 characters`) }
    }
    values.push(value)
  }
  return { key: JSON.stringify(values) }
}
