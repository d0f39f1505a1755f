/**
 * How a bucket is filled, checked without looking outside.
 */
import type { Sink } from "@sluice/core"
import { Duration, Option, Result } from "effect"
import * as BlobDelivery from "./delivery/BlobDelivery.ts"
import * as LineageFields from "./mapping/LineageFields.ts"
import { Misconfigured } from "./Misconfigured.ts"
import * as ProcessingOptions from "./processing/ProcessingOptions.ts"

/** How a bucket is filled. Everything but `bucket` has a default. */
export interface Options {
  /** The bucket's id: `bkt_…`. */
  readonly bucket: string
  /** How files get there; default: inline what fits into a request, else by upload (`BlobDelivery.Options`). */
  readonly delivery?: BlobDelivery.Options | undefined
  /** Where lineage stands in the objects; default: `source_key`, `metadata.source` and `source_details`. */
  readonly lineage?: LineageFields.Placement | undefined
  readonly batch?:
    | {
        /** Objects in a request, 1 to 100 (the default). */
        readonly maxRecords?: number | undefined
        /** Bytes in a request's body; default 16 MiB (the API's own limit is not documented). Halved on a 413. */
        readonly maxBytes?: number | undefined
        /** How long the first object of a batch waits for company; default 1 second. */
        readonly maxWait?: Duration.Input | undefined
      }
    | undefined
  /** Requests in flight, at most; default 4 (the free plan allows 5). */
  readonly concurrency?: number | undefined
  /** Files read at the same time, as far as their bytes have room; default 100: as many as a request makes uploads for. */
  readonly preparing?: number | undefined
  /** Leave out content the bucket has already, unless the object says otherwise; default false (a mirror). */
  readonly skipDuplicates?: boolean | undefined
  /**
   * Says that the bucket has a unique key with the default policy `upsert`: sending again is then harmless, and nobody
   * asks what became of a lost answer. `check` verifies it.
   */
  readonly uniqueKey?: "upsert" | undefined
  /**
   * What becomes of what collections made of an object that is removed: `keep` (default) leaves it to Mixpeek, whose
   * guides do not agree whether it goes with the object; `remove` deletes it first, at one request more for an object, and one
   * for each collection that made something of it.
   */
  readonly documents?: "keep" | "remove" | undefined
  /**
   * What becomes of objects once they are there: `none` (default), `auto`, or `batch`, whose results end up in the report;
   * docs/processing.md.
   */
  readonly processing?: ProcessingOptions.Options | undefined
  /**
   * How long Mixpeek may still be at work on a request after its answer was lost: what is not there by then is sent again.
   * Default 10 seconds. Not needed, and not waited for, with `uniqueKey: "upsert"`.
   */
  readonly grace?: Duration.Input | undefined
  /**
   * Accepts second objects of files whose answers were lost, or that were on their way when a run was killed: for buckets
   * without a unique key that can hold no `lineage.sourceKey` either, where nobody can tell what arrived. Default false.
   */
  readonly acceptDoubles?: boolean | undefined
}

/** Options that hold. */
export interface Settings {
  readonly bucket: string
  /** `mixpeek:bkt_…` */
  readonly name: string
  readonly limits: Sink.Limits
  readonly delivery: BlobDelivery.Delivery
  readonly lineage: LineageFields.Placed
  readonly skipDuplicates: boolean
  readonly upserts: boolean
  readonly removesDocuments: boolean
  readonly grace: Duration.Duration
  readonly processing: ProcessingOptions.Settings
}

const within = (field: string, value: number, from: number, to: number): ReadonlyArray<Misconfigured> =>
  Number.isSafeInteger(value) && value >= from && value <= to
    ? []
    : [
        new Misconfigured({
          field,
          problem: `${value} is not a whole number from ${from.toLocaleString("en")} to ${to.toLocaleString("en")}`,
          remedy: "Leave it out for the default, or correct it"
        })
      ]

const bucketProblems = (bucket: string): ReadonlyArray<Misconfigured> =>
  /^[\w.-]+$/.test(bucket)
    ? []
    : [
        new Misconfigured({
          field: "bucket",
          problem: bucket.trim() === "" ? "empty" : `${JSON.stringify(bucket)} cannot be a bucket's id`,
          remedy: "Use the id that Mixpeek shows for the bucket (bkt_…)"
        })
      ]

const limitsOf = (options: Options): Sink.Limits => ({
  maxRecords: options.batch?.maxRecords ?? 100,
  maxBytes: options.batch?.maxBytes ?? 16 * 1024 * 1024,
  maxWait: Option.getOrElse(Duration.fromInput(options.batch?.maxWait ?? "1 second"), () => Duration.infinity),
  maxInFlight: options.concurrency ?? 4,
  maxPreparing: options.preparing ?? 100
})

/** What holds where nothing is said. */
export const defaultLimits: Sink.Limits = limitsOf({ bucket: "" })

const limitProblems = (limits: Sink.Limits): ReadonlyArray<Misconfigured> => [
  ...within("batch.maxRecords", limits.maxRecords, 1, 100),
  ...within("batch.maxBytes", limits.maxBytes, 4096, 1024 ** 3),
  ...within("concurrency", limits.maxInFlight, 1, 1000),
  ...within("preparing", limits.maxPreparing, 1, 1000),
  ...(Duration.isFinite(limits.maxWait)
    ? []
    : [new Misconfigured({ field: "batch.maxWait", problem: "not a finite duration", remedy: "Use a few seconds" })])
]

const keyProblems = (lineage: LineageFields.Placed, isHarmless: boolean): ReadonlyArray<Misconfigured> =>
  lineage.sourceKey !== undefined || isHarmless
    ? []
    : [
        new Misconfigured({
          field: "lineage.sourceKey",
          problem: "nowhere, so nobody could tell which objects of a lost answer exist",
          remedy:
            'Give it a place, or use a bucket whose unique key upserts and say uniqueKey: "upsert"; or say acceptDoubles: true'
        })
      ]

const problemOf = <A>(result: Result.Result<A, Misconfigured>): ReadonlyArray<Misconfigured> =>
  Result.isFailure(result) ? [result.failure] : []

/** The name of a bucket's sink, for people. */
export const nameOf = (options: Options): string => `mixpeek:${options.bucket}`

/** Settings, or everything that is wrong with the options. */
export const resolve = (options: Options): Result.Result<Settings, ReadonlyArray<Misconfigured>> => {
  const limits = limitsOf(options)
  const delivery = BlobDelivery.resolve(options.delivery)
  const lineage = LineageFields.resolve(options.lineage)
  const processing = ProcessingOptions.resolve(options.processing)
  const upserts = options.uniqueKey === "upsert"
  const grace = Option.getOrElse(Duration.fromInput(options.grace ?? "10 seconds"), () => Duration.infinity)
  const problems = [
    ...(Duration.isFinite(grace)
      ? []
      : [new Misconfigured({ field: "grace", problem: "not a finite duration", remedy: "Use some seconds" })]),
    ...bucketProblems(options.bucket),
    ...limitProblems(limits),
    ...problemOf(delivery),
    ...problemOf(lineage),
    ...problemOf(processing),
    ...(Result.isSuccess(lineage) ? keyProblems(lineage.success, upserts || options.acceptDoubles === true) : [])
  ]
  if (problems.length > 0 || Result.isFailure(delivery) || Result.isFailure(lineage) || Result.isFailure(processing))
    return Result.fail(problems)
  return Result.succeed({
    bucket: options.bucket,
    name: nameOf(options),
    limits,
    delivery: delivery.success,
    lineage: lineage.success,
    skipDuplicates: options.skipDuplicates ?? false,
    upserts,
    removesDocuments: options.documents === "remove",
    grace,
    processing: processing.success
  })
}
