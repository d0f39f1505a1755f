/**
 * What a bucket of the stand-in holds.
 */
import { Predicate } from "effect"
import type { BucketSchema, UniqueKey } from "./BucketSchema.ts"
import type { Content } from "./Content.ts"
import * as Fingerprints from "./Fingerprints.ts"

/** A bucket as a test sets it up. */
export interface BucketOptions {
  readonly id: string
  /** The id by default. */
  readonly name?: string | undefined
  /** No schema, and so no checks of objects against it, where absent. */
  readonly schema?: BucketSchema | undefined
  readonly uniqueKey?: UniqueKey | undefined
  /** `ACTIVE` by default. */
  readonly status?: string | undefined
  /** Read-only: writes are answered 403. False by default. */
  readonly locked?: boolean | undefined
}

export interface StoredBlob {
  readonly blobId: string
  readonly property: string
  readonly type: string
  readonly keyPrefix: string | null
  readonly metadata: Readonly<Record<PropertyKey, unknown>>
  readonly content: Content
}

export interface StoredObject {
  readonly objectId: string
  readonly bucketId: string
  readonly keyPrefix: string | null
  /** The user's fields, as they stood at the object's root. */
  readonly fields: Readonly<Record<string, unknown>>
  readonly blobs: ReadonlyArray<StoredBlob>
  readonly sourceDetails: ReadonlyArray<unknown>
  readonly status: string
  readonly skipDuplicates: boolean
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly updatedAt: number
  /** How often it was written: 1 when created. */
  readonly revision: number
  /** The value of the bucket's unique key. */
  readonly uniqueKey: string | undefined
}

/** Objects kept, and what is known of those that are not. */
export interface BucketState {
  options: BucketOptions
  /** In the order of creation. Empty where only counts are kept. */
  readonly objects: ReadonlyMap<string, StoredObject>
  /** Whether only counts are kept. */
  readonly forgets: boolean
  readonly count: () => number
  /** First and last object ever stored. */
  readonly samples: () => ReadonlyArray<StoredObject>
  readonly put: (object: StoredObject) => void
  readonly remove: (objectId: string) => boolean
  /** What an object's status becomes by being processed; that is no change of the object. */
  readonly setStatus: (objectId: string, status: string) => void
  readonly byUniqueKey: (key: string) => StoredObject | undefined
  readonly byContent: (sha256: string) => StoredObject | undefined
  /** Ids of the uploads that blobs are made of, or were: those of objects that are gone too. */
  readonly usedUploads: () => ReadonlySet<string>
  /** Source keys stored more than once, and how many different ones there are. */
  readonly duplicates: () => ReadonlyArray<string>
  readonly distinct: () => number
}

/** The value at a dot path. */
export const valueAt = (value: unknown, path: string): unknown =>
  path
    .split(".")
    .reduce((at: unknown, name) => (Predicate.isObjectOrArray(at) ? Reflect.get(at, name) : undefined), value)

/** The key by which an object's source is told; the first path that leads to a string. */
export const sourceKeyOf = (fields: Readonly<Record<string, unknown>>, paths: ReadonlyArray<string>) =>
  paths.map((path) => valueAt(fields, path)).find(Predicate.isString)

const uploadsIn = ({ blobs }: StoredObject): ReadonlyArray<string> =>
  blobs.flatMap(({ content }) => content.uploadId ?? [])

/** Everything is kept. */
const keepAll = (options: BucketOptions, sourceKeys: ReadonlyArray<string>): BucketState => {
  const objects = new Map<string, StoredObject>()
  const unique = new Map<string, string>()
  const contents = new Map<string, string>()
  const uploads = new Set<string>()
  let first: StoredObject | undefined
  let last: StoredObject | undefined
  const tally = () => {
    const counts = new Map<string, number>()
    for (const { fields } of objects.values()) {
      const key = sourceKeyOf(fields, sourceKeys)
      if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    return counts
  }
  return {
    options,
    objects,
    forgets: false,
    count: () => objects.size,
    samples: () => [first, last].filter(Predicate.isNotUndefined),
    put: (object) => {
      objects.set(object.objectId, object)
      first ??= object
      last = object
      for (const upload of uploadsIn(object)) uploads.add(upload)
      if (object.uniqueKey !== undefined) unique.set(object.uniqueKey, object.objectId)
      for (const { content } of object.blobs) {
        if (content.sha256 !== undefined && !contents.has(content.sha256)) contents.set(content.sha256, object.objectId)
      }
    },
    remove: (objectId) => {
      const object = objects.get(objectId)
      if (object === undefined) return false
      objects.delete(objectId)
      if (object.uniqueKey !== undefined) unique.delete(object.uniqueKey)
      for (const { content } of object.blobs) {
        if (content.sha256 !== undefined && contents.get(content.sha256) === objectId) contents.delete(content.sha256)
      }
      return true
    },
    setStatus: (objectId, status) => {
      const object = objects.get(objectId)
      if (object !== undefined) objects.set(objectId, { ...object, status })
    },
    byUniqueKey: (key) => objects.get(unique.get(key) ?? ""),
    byContent: (sha256) => objects.get(contents.get(sha256) ?? ""),
    usedUploads: () => uploads,
    duplicates: () => [...tally()].filter(([, count]) => count > 1).map(([key]) => key),
    distinct: () => tally().size
  }
}

/** Nothing is kept but counts, two samples and eight bytes of each source key. */
const keepCounts = (options: BucketOptions, sourceKeys: ReadonlyArray<string>): BucketState => {
  const seen = Fingerprints.make()
  const twice = new Set<string>()
  const uploads = new Set<string>()
  let count = 0
  let first: StoredObject | undefined
  let last: StoredObject | undefined
  return {
    options,
    objects: new Map(),
    forgets: true,
    count: () => count,
    samples: () => [first, last].filter(Predicate.isNotUndefined),
    put: (object) => {
      count++
      first ??= object
      last = object
      const key = sourceKeyOf(object.fields, sourceKeys)
      if (key !== undefined && !seen.add(key)) twice.add(key)
      for (const upload of uploadsIn(object)) uploads.add(upload)
    },
    remove: () => false,
    setStatus: () => {},
    byUniqueKey: () => undefined,
    byContent: () => undefined,
    usedUploads: () => uploads,
    duplicates: () => [...twice],
    distinct: seen.size
  }
}

export const make = (
  options: BucketOptions,
  sourceKeys: ReadonlyArray<string>,
  retain: "all" | "counts"
): BucketState => (retain === "all" ? keepAll : keepCounts)(options, sourceKeys)
