/**
 * A Mixpeek bucket as a sink.
 */
import { Sink } from "@sluice/core"
import { type Array as Arr, Duration, Effect, Option, Predicate, Redacted } from "effect"
import * as BlobDelivery from "./BlobDelivery.ts"
import * as BucketCheck from "./BucketCheck.ts"
import { scrub } from "./ErrorBody.ts"
import * as LineageFields from "./LineageFields.ts"
import { Misconfigured } from "./Misconfigured.ts"
import { Mixpeek } from "./Mixpeek.ts"
import type { MixpeekObject } from "./MixpeekObject.ts"
import * as MixpeekRecord from "./MixpeekRecord.ts"
import * as Settlement from "./Settlement.ts"
import { at } from "./Wire.ts"

/** How a bucket is filled. Everything but `bucket` has a default. */
export interface Options {
  /** The bucket's id: `bkt_…`. */
  readonly bucket: string
  /** How files get there; default: by reference where the source has links, else inline. */
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
  /** Files read at the same time for inline delivery; default 8. */
  readonly preparing?: number | undefined
  /** Leave out content the bucket has already, unless the object says otherwise; default false (a mirror). */
  readonly skipDuplicates?: boolean | undefined
  /**
   * Says that the bucket has a unique key with the default policy `upsert`: sending again is then harmless, and nobody
   * asks what became of a lost answer. `check` verifies it.
   */
  readonly uniqueKey?: "upsert" | undefined
}

/** A Mixpeek bucket as a sink. */
export interface MixpeekSink extends Sink.Sink<MixpeekObject, MixpeekRecord.MixpeekRecord, Mixpeek> {}

type Batch = Arr.NonEmptyReadonlyArray<MixpeekRecord.MixpeekRecord>

const whole = (field: string, value: number, from: number, to: number): number => {
  if (Number.isSafeInteger(value) && value >= from && value <= to) return value
  throw new Misconfigured({
    field,
    problem: `${value} is not a whole number from ${from} to ${to.toLocaleString("en")}`,
    remedy: "Leave it out for the default, or correct it"
  })
}

const limitsOf = (options: Options): Sink.Limits => {
  const maxWait = Duration.fromInputUnsafe(options.batch?.maxWait ?? "1 second")
  if (!Duration.isFinite(maxWait)) {
    throw new Misconfigured({ field: "batch.maxWait", problem: "endless", remedy: "Use a few seconds" })
  }
  return {
    maxRecords: whole("batch.maxRecords", options.batch?.maxRecords ?? 100, 1, 100),
    maxBytes: whole("batch.maxBytes", options.batch?.maxBytes ?? 16 * 1024 * 1024, 1024, 1024 ** 3),
    maxWait,
    maxInFlight: whole("concurrency", options.concurrency ?? 4, 1, 1000),
    maxPreparing: whole("preparing", options.preparing ?? 8, 1, 1000)
  }
}

const checkBucket = (bucket: string) => {
  if (/^[\w.-]+$/.test(bucket)) return
  throw new Misconfigured({
    field: "bucket",
    problem: bucket.trim() === "" ? "empty" : `${JSON.stringify(bucket)} cannot be a bucket's id`,
    remedy: "Use the id that Mixpeek shows for the bucket (bkt_…)"
  })
}

/** Ids, the same for all; the most a batch may have is 100, so one page of 1,000 holds them unless there are doubles. */
const pageSize = 1000
/** Where offsets end, by the API's own documentation. */
const maxOffset = 10_000

/**
 * A sink that creates objects in a bucket, up to 100 a request. A plain value: nothing is sent before it runs. Throws
 * `Misconfigured` where the options cannot work.
 */
export const make = (options: Options): MixpeekSink => {
  const name = `mixpeek:${options.bucket}`
  checkBucket(options.bucket)
  const limits = limitsOf(options)
  const delivery = BlobDelivery.resolve(options.delivery)
  const lineage = LineageFields.resolve(options.lineage)
  const upserts = options.uniqueKey === "upsert"
  if (lineage.sourceKey === undefined && !upserts) {
    throw new Misconfigured({
      field: "lineage.sourceKey",
      problem: "nowhere, so nobody could tell which objects of a lost answer exist",
      remedy: 'Give it a place, or use a bucket whose unique key upserts and say uniqueKey: "upsert"'
    })
  }
  const recordOptions: MixpeekRecord.Options = {
    delivery,
    lineage,
    skipDuplicates: options.skipDuplicates ?? false,
    maxBytes: limits.maxBytes
  }

  const linkOf = Effect.fnUntraced(function* (record: MixpeekRecord.MixpeekRecord) {
    if (record.link === undefined) return { record, url: undefined }
    const url = yield* record.link.presigned(record.file, delivery.linkLifetime)
    return { record, url: Redacted.value(url) }
  })

  /** The links of a batch: those that can be sent, and answers for those that cannot. */
  const mint = Effect.fnUntraced(function* (batch: Batch) {
    const sendable: Array<{ readonly record: MixpeekRecord.MixpeekRecord; readonly url: string | undefined }> = []
    const answers: Array<Sink.Answer> = []
    for (const record of batch) {
      const minted = yield* Effect.result(linkOf(record))
      if (minted._tag === "Failure") {
        const error = minted.failure
        if (error.stopsRun) {
          return yield* new Sink.SinkError({
            sink: name,
            operation: "presign",
            reason: new Sink.Unusable(),
            message: `${error.source} cannot make links any more: ${error.message}`
          })
        }
        answers.push({
          _tag: "Retry",
          key: record.key,
          cause: { code: "no-link", message: `${error.source} could not make a link: ${scrub(error.message)}` }
        })
      } else if (minted.success.url !== undefined && minted.success.url.length > BlobDelivery.maxUrlLength) {
        answers.push({ _tag: "Settled", key: record.key, outcome: BlobDelivery.linkTooLong })
      } else sendable.push(minted.success)
    }
    return { sendable, answers }
  })

  const send = Effect.fn("MixpeekSink.send")(function* (batch: Batch) {
    yield* Effect.annotateCurrentSpan({ sink: name, records: batch.length })
    const mixpeek = yield* Mixpeek
    const { answers, sendable } = yield* mint(batch)
    if (sendable.length === 0) return answers
    const body = `{"objects":[${sendable.map(({ record, url }) => MixpeekRecord.json(record, url)).join(",")}]}`
    const answer = yield* mixpeek.createObjects(options.bucket, body)
    const settled = Settlement.settle(
      sendable.map(({ record }) => record),
      answer,
      { sourceKey: lineage.sourceKey, upserts }
    )
    if (settled._tag === "Settled") return [...answers, ...settled.answers]
    return yield* new Sink.SinkError({
      sink: name,
      operation: "createObjectsBatch",
      reason: new Sink.Ambiguous({}),
      message: `Mixpeek's answer does not add up: ${settled.problem}. What became of the batch is found out before anything is sent again`,
      ...(answer.requestId === undefined ? {} : { requestId: answer.requestId })
    })
  })

  const find = (sourceKey: ReadonlyArray<string>) =>
    Effect.fn("MixpeekSink.find")(function* (batch: Batch) {
      const mixpeek = yield* Mixpeek
      const token = lineage.source === undefined ? undefined : [...lineage.source, "token"]
      const records = new Map(batch.map((record) => [record.key, record]))
      const found = new Map<string, Sink.Found>()
      let cursor: string | undefined
      let offset: number | undefined
      do {
        const { value: page } = yield* mixpeek.listObjects({
          bucket: options.bucket,
          limit: pageSize,
          cursor,
          offset,
          body: {
            filters: {
              AND: [{ field: sourceKey.join("."), operator: "in", value: [...records.keys()] }],
              case_sensitive: true
            },
            select: [sourceKey.join("."), ...(token === undefined ? [] : [token.join(".")])]
          }
        })
        for (const object of page.results) {
          const key = at(object, sourceKey)
          const record = Predicate.isString(key) ? records.get(key) : undefined
          if (record === undefined || object.object_id === undefined) continue
          const state = token === undefined ? undefined : at(object, token)
          // Where there are several, the one that holds the state that was sent is the one that was looked for.
          if (found.has(record.key) && state !== record.file.token) continue
          found.set(record.key, {
            key: record.key,
            objectId: object.object_id,
            token: Predicate.isString(state) ? Option.some(state) : Option.none()
          })
        }
        const next = page.pagination?.next_cursor
        const isFull = page.results.length >= pageSize
        offset = next === undefined && cursor === undefined && isFull ? (offset ?? 0) + pageSize : undefined
        cursor = next === cursor ? undefined : next
      } while (cursor !== undefined || (offset !== undefined && offset <= maxOffset))
      return [...found.values()]
    })

  return {
    name,
    limits,
    check: (mapping) => BucketCheck.check({ bucket: options.bucket, name, lineage, upserts }, mapping),
    prepare: (record) => MixpeekRecord.make(recordOptions, record),
    send,
    find: upserts || lineage.sourceKey === undefined ? Option.none() : Option.some(find(lineage.sourceKey))
  }
}
