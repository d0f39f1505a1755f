/**
 * How the stand-in behaves where the real API's behaviour is not documented, changed over time, or goes wrong at times.
 * Everything here can be changed while it runs.
 */
import type { Duration } from "effect"
import type { ProcessingSettings } from "./BatchState.ts"
import type { DocumentSettings } from "./Documents.ts"
import type { Fault } from "./Faults.ts"
import type { Limits } from "./Limits.ts"
import type { UploadSettings } from "./UploadState.ts"

/** What a key may do; each level includes the ones before it. */
export type Permission = "read" | "write" | "delete" | "admin"

/** An API key the server knows. */
export interface ApiKey {
  readonly key: string
  readonly permission: Permission
  /** This key's own limits; those of the settings otherwise. */
  readonly limits?: Limits | undefined
}

/** How `Retry-After` is written: whole seconds, one of the three HTTP date forms, left out, or any of these by chance. */
export type RetryAfterForm = "seconds" | "imf-fixdate" | "rfc850" | "asctime" | "absent" | "mixed"

/** A plan's allowance of objects in all buckets; writes beyond it are answered 403. */
export interface Quota {
  readonly resource: string
  readonly limit: number
  readonly tier: string
}

/** All of it, as it stands at a time. */
export interface Settings {
  /** Answer of the batch endpoint: `{succeeded, failed}` (since 2025-12-21), or a bare array, all or nothing. */
  readonly generation: "partial" | "array"
  /**
   * How the array generation refuses a batch with a bad object: 422 with `detail[].loc`, 422 with
   * `validation_errors[].location`, or 400 without naming the object.
   */
  readonly refusal: "loc" | "location" | "unnamed"
  /** What the partial generation answers when no object was taken. */
  readonly allFailed: 200 | 400
  /** Order of the objects in a batch's answer. */
  readonly order: "same" | "reversed" | "shuffled"
  /** Whether user fields come back at the root of an answered object. */
  readonly echoFields: boolean
  /** What becomes of root fields the bucket's schema does not declare. */
  readonly undeclaredFields: "kept" | "rejected"
  /** Whether `source_details` is stored as sent, or made by the server and names the bucket. */
  readonly sourceDetails: "sent" | "made"
  /**
   * `skip_duplicates` when all blobs are known: an object with status SKIPPED, an object without blobs, or the object
   * that has the content already.
   */
  readonly skipDuplicates: "skipped" | "empty" | "existing"
  /** Which generation of the list endpoint: both page by offset, only one knows cursors. */
  readonly paging: "cursor" | "offset"
  /** Share of objects (0 to 1) refused for good with ValidationError. The same source key always meets the same fate. */
  readonly badObjects: number
  /** Share of objects (0 to 1) whose link is always found unreachable. The same source key always meets the same fate. */
  readonly unreachable: number
  /** Whether links are really fetched, and how: `HEAD` only looks, `GET` reads, hashes and counts the bytes. */
  readonly fetchReferences: "off" | "HEAD" | "GET"
  /** Whether anything is made of objects, and how it is listed and deleted. */
  readonly documents: DocumentSettings
  readonly uploads: UploadSettings
  /** When batches are over, and what becomes of their objects. */
  readonly processing: ProcessingSettings
  /** How long tasks can be read when they are over; then they are answered 404. 24 hours by default. */
  readonly taskLife: Duration.Input
  /** Base64 of more than this many bytes, decoded, is refused with ValidationError. */
  readonly maxInlineBytes: number
  /** Request bodies above this many bytes are answered 413. */
  readonly maxBodyBytes: number
  readonly limits: Limits
  readonly retryAfter: RetryAfterForm
  readonly faults: ReadonlyArray<Fault>
  /** Time each answer takes, at least. */
  readonly latency: Duration.Input
  readonly quota: Quota | undefined
  /** Keys that are accepted; the first is the one `MixpeekStandIn.apiKey` holds. */
  readonly keys: ReadonlyArray<ApiKey>
  /** Requests and answers are held against the API description at every nth request; 1 is every one. */
  readonly validateEvery: number
}

/** What holds where nothing else is said. */
export const defaults: Settings = {
  generation: "partial",
  refusal: "loc",
  allFailed: 200,
  order: "same",
  echoFields: true,
  undeclaredFields: "kept",
  sourceDetails: "sent",
  skipDuplicates: "skipped",
  paging: "cursor",
  badObjects: 0,
  unreachable: 0,
  fetchReferences: "off",
  documents: {},
  uploads: {},
  processing: {},
  taskLife: "24 hours",
  maxInlineBytes: 10 * 1024 * 1024,
  maxBodyBytes: 32 * 1024 * 1024,
  limits: {},
  retryAfter: "seconds",
  faults: [],
  latency: 0,
  quota: undefined,
  keys: [{ key: "sk_stand_in_5e1f7c", permission: "admin" }],
  validateEvery: 1
}
