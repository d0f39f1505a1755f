/**
 * A Mixpeek API on loopback: real HTTP, answers held against the API description, behaviour switchable and repeatable.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Clock, Context, Effect, Layer, Random, Redacted, type Scope } from "effect"
import { HttpClient } from "effect/http"
import * as BatchState from "./BatchState.ts"
import * as BucketState from "./BucketState.ts"
import * as Description from "./Description.ts"
import type { StoredDocument } from "./Documents.ts"
import * as Faults from "./Faults.ts"
import * as Journal from "./Journal.ts"
import * as Limits from "./Limits.ts"
import * as Listener from "./Listener.ts"
import { defaults, type Settings } from "./Settings.ts"
import type { State } from "./State.ts"
import * as Tasks from "./Tasks.ts"
import * as UploadState from "./UploadState.ts"
import * as Waits from "./Waits.ts"

export type {
  Batch,
  Category as FailureCategory,
  FailedObject,
  Processed,
  ProcessingFailure,
  ProcessingSettings,
  StoredBatch
} from "./BatchState.ts"
export type { BucketOptions, StoredBlob, StoredObject } from "./BucketState.ts"
export type { BucketSchema, Field, Policy, UniqueKey } from "./BucketSchema.ts"
export type { Content } from "./Content.ts"
export type { Collection, DocumentSettings, StoredDocument } from "./Documents.ts"
export type { Fault } from "./Faults.ts"
export type { Refusal, RequestRecord, TooEarly, Totals } from "./Journal.ts"
export type { Category, Limits, Rate } from "./Limits.ts"
export { type ApiKey, defaults, type Permission, type Quota, type RetryAfterForm, type Settings } from "./Settings.ts"
export type { StoredFile } from "./Storage.ts"
export type { Until } from "./Tasks.ts"
export type { StoredUpload, Upload, UploadSettings } from "./UploadState.ts"

/** What a stand-in is made with; all of `Settings` can be changed later, the rest cannot. */
export interface Options extends Partial<Settings> {
  readonly buckets: ReadonlyArray<BucketState.BucketOptions>
  /** `ns_stand_in` by default. */
  readonly namespace?: string | undefined
  /** Decides everything that happens by chance. 1 by default. */
  readonly seed?: string | number | undefined
  /** `counts` keeps counts and two samples of each bucket's objects: for runs of millions. `all` by default. */
  readonly retain?: "all" | "counts" | undefined
  /** Bytes kept of each blob's content and of each file put; size and hash are kept anyway. 64 by default. */
  readonly keepContent?: number | undefined
  /** Dot paths at which an object's source key may stand. `source_key` and `metadata.source_key` by default. */
  readonly sourceKeys?: ReadonlyArray<string> | undefined
  /** Requests (and refusals, violations, …) kept in the log; the totals count all. 10,000 by default. */
  readonly logged?: number | undefined
  /**
   * Milliseconds after an answer with `Retry-After` in which a request on each connection is taken to have been on its
   * way already, unless it repeats a refused one. 250 by default.
   */
  readonly reaction?: number | undefined
}

export interface MixpeekStandIn {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string
  /** The first of the configured keys. */
  readonly apiKey: Redacted.Redacted
  readonly namespace: string
  /** Objects of a bucket in the order of creation; none with `retain: "counts"`. */
  readonly objects: (bucket: string) => Effect.Effect<ReadonlyArray<BucketState.StoredObject>>
  /** Objects there are in a bucket. */
  readonly count: (bucket: string) => Effect.Effect<number>
  /** Different source keys there are in a bucket. */
  readonly distinct: (bucket: string) => Effect.Effect<number>
  /** Source keys that occur more than once in a bucket. */
  readonly duplicates: (bucket: string) => Effect.Effect<ReadonlyArray<string>>
  /** The first and the last object that came into a bucket. */
  readonly samples: (bucket: string) => Effect.Effect<ReadonlyArray<BucketState.StoredObject>>
  /** What was made of objects and is there, in all collections. */
  readonly documents: Effect.Effect<ReadonlyArray<StoredDocument>>
  /** Uploads of a bucket in the order of creation. */
  readonly uploads: (bucket: string) => Effect.Effect<ReadonlyArray<UploadState.Upload>>
  /** Uploads of a bucket that were left behind: neither cancelled nor ever used by an object. */
  readonly orphans: (bucket: string) => Effect.Effect<ReadonlyArray<UploadState.Upload>>
  /** Processing batches of a bucket in the order of creation; not those that were deleted. */
  readonly batches: (bucket: string) => Effect.Effect<ReadonlyArray<BatchState.Batch>>
  /** How often objects were processed, by their ids, in all buckets. */
  readonly processed: Effect.Effect<ReadonlyMap<string, BatchState.Processed>>
  /** The last requests, oldest first. */
  readonly requests: Effect.Effect<ReadonlyArray<Journal.RequestRecord>>
  readonly totals: Effect.Effect<Journal.Totals>
  /** Objects refused by the schema, by chance or by a link, one entry for each time. */
  readonly refusals: Effect.Effect<ReadonlyArray<Journal.Refusal>>
  /** Answers that broke the API description. Anything here is a mistake in the stand-in. */
  readonly violations: Effect.Effect<ReadonlyArray<string>>
  /** Requests that did not wait as `Retry-After` had told. */
  readonly tooEarly: Effect.Effect<ReadonlyArray<Journal.TooEarly>>
  /** Changes settings while it runs; the next request meets them. */
  readonly set: (settings: Partial<Settings>) => Effect.Effect<void>
  /** Changes a bucket while it runs: locks it, say. */
  readonly setBucket: (bucket: string, options: Partial<Omit<BucketState.BucketOptions, "id">>) => Effect.Effect<void>
}

const ids = () => {
  let last = 0
  return (prefix: string) => `${prefix}_${(++last).toString(36).padStart(10, "0")}`
}

const makeState = Effect.fnUntraced(function* (options: Options) {
  const {
    buckets,
    keepContent = 64,
    logged = 10_000,
    namespace = "ns_stand_in",
    reaction = 250,
    retain = "all",
    seed = 1,
    sourceKeys = ["source_key", "metadata.source_key"],
    ...settings
  } = options
  const random = yield* Random.Random.pipe(Random.withSeed(seed))
  const draw = () => random.nextDoubleUnsafe()
  const state: State = {
    settings: { ...defaults, ...settings },
    origin: "",
    seed,
    namespace,
    keepContent,
    sourceKeys,
    buckets: new Map(buckets.map((bucket) => [bucket.id, BucketState.make(bucket, sourceKeys, retain)])),
    documents: new Map(),
    uploads: new Map(),
    files: new Map(),
    batches: new Map(),
    processed: new Map(),
    tasks: new Map(),
    running: new Set(),
    description: yield* Description.load,
    journal: Journal.make(logged),
    limiter: Limits.make(),
    faults: Faults.make(draw),
    waits: Waits.make(reaction),
    clock: yield* Clock.Clock,
    client: Context.get(yield* Layer.build(NodeHttpClient.layerUndici), HttpClient.HttpClient),
    draw,
    newId: ids()
  }
  return state
})

/** Starts a stand-in on a free port of 127.0.0.1; it stops when the scope closes. Its time is the `Clock`'s. */
export const make = (options: Options): Effect.Effect<MixpeekStandIn, never, Scope.Scope> =>
  Effect.gen(function* () {
    const state = yield* makeState(options)
    const url = yield* Listener.start(state)
    const seen = <A>(read: () => A): Effect.Effect<A> => Effect.andThen(Tasks.settle(state), Effect.sync(read))
    const bucket = <A>(id: string, read: (bucket: BucketState.BucketState) => A): Effect.Effect<A> =>
      seen(() => {
        const found = state.buckets.get(id)
        if (found === undefined) throw new Error(`The stand-in has no bucket ${id}`)
        return read(found)
      })
    return {
      url,
      apiKey: Redacted.make(state.settings.keys[0]?.key ?? ""),
      namespace: state.namespace,
      objects: (id) => bucket(id, ({ objects }) => [...objects.values()]),
      count: (id) => bucket(id, (bucket) => bucket.count()),
      distinct: (id) => bucket(id, (bucket) => bucket.distinct()),
      duplicates: (id) => bucket(id, (bucket) => bucket.duplicates()),
      samples: (id) => bucket(id, (bucket) => bucket.samples()),
      documents: seen(() => [...state.documents.values()]),
      uploads: (id) => bucket(id, () => UploadState.views(state, id)),
      orphans: (id) => bucket(id, () => UploadState.views(state, id).filter(UploadState.isOrphan)),
      batches: (id) => bucket(id, () => BatchState.views(state, id)),
      processed: seen(() => new Map(state.processed)),
      requests: Effect.sync(() => state.journal.requests.items()),
      totals: Effect.sync(() => state.journal.totals()),
      refusals: Effect.sync(() => state.journal.refusals.items()),
      violations: Effect.sync(() => state.journal.violations.items()),
      tooEarly: Effect.sync(() => state.journal.tooEarly.items()),
      set: (settings) =>
        Effect.sync(() => {
          state.settings = { ...state.settings, ...settings }
        }),
      setBucket: (id, options) =>
        bucket(id, (bucket) => {
          bucket.options = { ...bucket.options, ...options }
        })
    }
  })
