/**
 * An object on its way from a request into a bucket.
 */
import { Effect, Predicate, Result as Res } from "effect"
import type { Complaint } from "./Answer.ts"
import * as BucketSchema from "./BucketSchema.ts"
import { type BucketState, sourceKeyOf, type StoredBlob, type StoredObject } from "./BucketState.ts"
import { fate } from "./Chance.ts"
import * as Content from "./Content.ts"
import * as Documents from "./Documents.ts"
import * as Reference from "./Reference.ts"
import type { State } from "./State.ts"
import { contentOf } from "./UploadState.ts"

/** All checks passed, nothing stored yet. */
export interface Draft {
  readonly keyPrefix: string | null
  readonly fields: Readonly<Record<string, unknown>>
  readonly blobs: ReadonlyArray<StoredBlob>
  readonly sourceDetails: ReadonlyArray<unknown> | undefined
  readonly skipDuplicates: boolean
  readonly uniqueKey: string | undefined
}

export type Result =
  | { readonly _tag: "Ready"; readonly draft: Draft; readonly sourceKey: string | undefined }
  | { readonly _tag: "Refused"; readonly complaint: Complaint; readonly sourceKey: string | undefined }

type Json = Readonly<Record<PropertyKey, unknown>>

const invalid = (location: Complaint["location"], message: string): Complaint => ({
  location,
  message,
  type: "ValidationError"
})

const text = (value: unknown): string | null => (Predicate.isString(value) ? value : null)

type Misfit = Omit<Complaint, "location">

const refused = (message: string): Misfit => ({ message, type: "ValidationError" })

const readContent = Effect.fnUntraced(function* (state: State, blob: Json, type: string) {
  const read = Res.mapError(Content.read(blob["data"], type, state.keepContent), refused)
  const { fetchReferences, maxInlineBytes } = state.settings
  if (Res.isFailure(read)) return read
  const content = read.success
  if (content.url !== undefined) {
    return fetchReferences === "off" ? read : yield* Reference.get(state, content.url, fetchReferences)
  }
  return content.form !== "value" && (content.size ?? 0) > maxInlineBytes
    ? Res.fail(refused(`Inline content of ${content.size} bytes exceeds ${maxInlineBytes}`))
    : read
})

/** The content of a blob that names an upload instead of having data. */
const uploaded = (state: State, bucket: BucketState, uploadId: string): Res.Result<Content.Content, Misfit> => {
  const content = contentOf(state, bucket.options.id, uploadId)
  return Predicate.isString(content) ? Res.fail(refused(content)) : Res.succeed(content)
}

const readBlob = Effect.fnUntraced(function* (state: State, bucket: BucketState, blob: unknown, index: number) {
  if (!Predicate.isObject(blob)) return Res.fail(invalid(["blobs", index], "A blob must be an object"))
  const { data, key_prefix, metadata, property, type, upload_id } = blob
  if (Predicate.isString(upload_id) && data !== undefined) {
    return Res.fail(invalid(["blobs", index], "A blob has either 'data' or 'upload_id', and not both"))
  }
  const content: Res.Result<Content.Content, Misfit> = Predicate.isString(upload_id)
    ? uploaded(state, bucket, upload_id)
    : yield* readContent(state, blob, String(type))
  return Res.mapBoth(content, {
    onSuccess: (content): StoredBlob => ({
      blobId: state.newId("blob"),
      property: String(property),
      type: String(type),
      keyPrefix: text(key_prefix),
      metadata: Predicate.isObject(metadata) ? metadata : {},
      content
    }),
    onFailure: (misfit): Complaint => ({
      location: ["blobs", index, Predicate.isString(upload_id) ? "upload_id" : "data"],
      ...misfit
    })
  })
})

/** What chance holds for an object; it depends on the seed and the source key only, so that a retry changes nothing. */
const misfortune = (state: State, key: string): Complaint | undefined => {
  const { badObjects, unreachable } = state.settings
  if (badObjects > 0 && fate(`${state.seed} bad ${key}`) < badObjects) {
    return invalid([], "Schema validation failed: this object is one of those that fail on purpose")
  }
  if (unreachable > 0 && fate(`${state.seed} unreachable ${key}`) < unreachable) {
    const message = "URL is not reachable: 404 (one of those that fail on purpose)"
    return { location: ["blobs", 0, "data"], message, type: "URLValidationError" }
  }
  return undefined
}

const uniqueKeyOf = (bucket: BucketState, fields: Readonly<Record<string, unknown>>) => {
  const { uniqueKey } = bucket.options
  return uniqueKey === undefined ? { key: undefined } : BucketSchema.keyOf(uniqueKey, fields)
}

/** Checks an object as it was sent against the bucket's schema and unique key, and reads its blobs. */
export const make = Effect.fnUntraced(function* (state: State, bucket: BucketState, object: unknown) {
  if (!Predicate.isObject(object)) {
    return { _tag: "Refused", complaint: invalid([], "An object must be a JSON object"), sourceKey: undefined } as const
  }
  const fields = BucketSchema.userFields(object)
  const sourceKey = sourceKeyOf(fields, state.sourceKeys)
  const refuse = (complaint: Complaint): Result => ({ _tag: "Refused", complaint, sourceKey })
  const { schema } = bucket.options
  const complaint =
    misfortune(state, sourceKey ?? JSON.stringify(object)) ??
    (schema === undefined ? undefined : BucketSchema.check(schema, object, state.settings.undeclaredFields)[0])
  if (complaint !== undefined) return refuse(complaint)
  const unique = uniqueKeyOf(bucket, fields)
  if ("complaint" in unique) return refuse(unique.complaint)
  const blobs: Array<StoredBlob> = []
  const sent: ReadonlyArray<unknown> = Array.isArray(object["blobs"]) ? object["blobs"] : []
  for (const [index, blob] of sent.entries()) {
    const read: Res.Result<StoredBlob, Complaint> = yield* readBlob(state, bucket, blob, index)
    if (Res.isFailure(read)) return refuse(read.failure)
    blobs.push(read.success)
  }
  const draft: Draft = {
    keyPrefix: text(object["key_prefix"]),
    fields,
    blobs,
    sourceDetails: Array.isArray(object["source_details"]) ? object["source_details"] : undefined,
    skipDuplicates: object["skip_duplicates"] === true,
    uniqueKey: unique.key
  }
  return { _tag: "Ready", draft, sourceKey } satisfies Result
})

/** Takes out the blobs whose content the bucket has; what `skip_duplicates` asks for. */
const withoutDuplicates = (state: State, bucket: BucketState, draft: Draft) => {
  const known = draft.blobs.flatMap(({ content }) =>
    content.sha256 === undefined ? [] : (bucket.byContent(content.sha256) ?? [])
  )
  const fresh = draft.blobs.filter(
    ({ content }) => content.sha256 === undefined || bucket.byContent(content.sha256) === undefined
  )
  const all = draft.blobs.length > 0 && fresh.length === 0
  return {
    blobs: fresh,
    status: all && state.settings.skipDuplicates === "skipped" ? "SKIPPED" : "DRAFT",
    instead: all && state.settings.skipDuplicates === "existing" ? known[0] : undefined
  }
}

/** Stores a draft as a new object, or over an existing one: fields are merged, blobs replaced. */
export const store = (
  state: State,
  bucket: BucketState,
  draft: Draft,
  existing: StoredObject | undefined
): StoredObject => {
  const now = state.clock.currentTimeMillisUnsafe()
  const { blobs, instead, status } = draft.skipDuplicates
    ? withoutDuplicates(state, bucket, draft)
    : { blobs: draft.blobs, status: "DRAFT", instead: undefined }
  if (instead !== undefined) return instead
  // An upsert may meet an object that was created earlier in the same call.
  const before = existing ?? (draft.uniqueKey === undefined ? undefined : bucket.byUniqueKey(draft.uniqueKey))
  const bucketId = bucket.options.id
  const sent = state.settings.sourceDetails === "sent" ? draft.sourceDetails : undefined
  const object: StoredObject = {
    objectId: before?.objectId ?? state.newId("obj"),
    bucketId,
    keyPrefix: draft.keyPrefix,
    fields: { ...before?.fields, ...draft.fields },
    blobs,
    sourceDetails: sent ?? [{ type: "bucket", source_id: bucketId }],
    status,
    skipDuplicates: draft.skipDuplicates,
    createdAt: before?.createdAt ?? now,
    updatedAt: now,
    revision: (before?.revision ?? 0) + 1,
    uniqueKey: draft.uniqueKey
  }
  bucket.put(object)
  Documents.processStored(state, object)
  return object
}
