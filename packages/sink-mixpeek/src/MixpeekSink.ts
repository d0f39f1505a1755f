/**
 * A Mixpeek bucket as a sink.
 *
 * ```ts
 * const sink = MixpeekSink.make({ bucket: "bkt_photos" })
 * Pipeline.run({ sink, ... }).pipe(Effect.provide(Mixpeek.layerConfig()))
 * ```
 */
import { Check, Dispatch, Sink, type Source } from "@sluice/core"
import { type Array as Arr, Effect, Option, Result, type Stream } from "effect"
import * as BucketCheck from "./check/BucketCheck.ts"
import * as Inventory from "./removal/Inventory.ts"
import * as Links from "./delivery/Links.ts"
import * as Lookup from "./settlement/Lookup.ts"
import type { Misconfigured } from "./Misconfigured.ts"
import { Mixpeek } from "./client/Mixpeek.ts"
import type { MixpeekObject } from "./mapping/MixpeekObject.ts"
import * as MixpeekRecord from "./delivery/MixpeekRecord.ts"
import * as Processing from "./processing/Processing.ts"
import * as Removal from "./removal/Removal.ts"
import * as Settlement from "./settlement/Settlement.ts"
import * as SinkOptions from "./SinkOptions.ts"
import * as Slots from "./delivery/Slots.ts"
import * as Staging from "./delivery/Staging.ts"
import * as UploadDesk from "./delivery/UploadDesk.ts"

export type { Options } from "./SinkOptions.ts"

/** A Mixpeek bucket as a sink. */
export interface MixpeekSink extends Sink.Sink<MixpeekObject, MixpeekRecord.MixpeekRecord, Mixpeek> {}

type Batch = Arr.NonEmptyReadonlyArray<MixpeekRecord.MixpeekRecord>

/** Joined once: whatever is put around it afterwards copies all of it again, when its bytes are counted. */
const bodyOf = (linked: ReadonlyArray<Links.Linked>): string => {
  const parts = linked.map(
    ({ record, urls }, at) => `${at === 0 ? '{"objects":[' : ","}${MixpeekRecord.json(record, urls)}`
  )
  parts.push("]}")
  return parts.join("")
}

const send = Effect.fn("MixpeekSink.send")(function* (
  settings: SinkOptions.Settings,
  desk: UploadDesk.UploadDesk,
  batch: Batch
) {
  yield* Effect.annotateCurrentSpan({ sink: settings.name, records: batch.length })
  const mixpeek = yield* Mixpeek
  const staged = yield* Slots.confirm(desk, batch)
  const { answers: unlinked, linked } = yield* Links.mint(settings, staged.ready)
  const answers = [...staged.answers, ...unlinked]
  if (linked.length === 0) return answers
  const body = bodyOf(linked)
  const sent = linked.map(({ record }) => record)
  const answer = yield* mixpeek
    .createObjects(settings.bucket, body, settings.processing.mode === "auto")
    .pipe(Effect.mapError(inBatch(batch, sent)))
  const settled = Settlement.settle(sent, answer, {
    sourceKey: settings.lineage.sourceKey,
    upserts: settings.upserts
  })
  if (settled._tag === "Settled") return [...answers, ...settled.answers]
  return yield* new Sink.SinkError({
    sink: settings.name,
    operation: "createObjectsBatch",
    reason: new Sink.Ambiguous({}),
    message: `Mixpeek's answer does not add up: ${settled.problem}. What became of the batch is found out before anything is sent again`,
    ...(answer.requestId === undefined ? {} : { requestId: answer.requestId })
  })
})

/** Suspects are counted in the request; where some records were left out of it, their places in the batch differ. */
const inBatch = (batch: Batch, sent: ReadonlyArray<MixpeekRecord.MixpeekRecord>) => (error: Sink.SinkError) => {
  const { reason } = error
  if (reason._tag !== "Refused" || batch.length === sent.length) return error
  const suspects = reason.suspects.flatMap((index) => {
    const record = sent[index]
    return record === undefined ? [] : [batch.indexOf(record)]
  })
  return new Sink.SinkError({
    sink: error.sink,
    operation: error.operation,
    message: error.message,
    reason: new Sink.Refused({ suspects, cause: reason.cause }),
    ...(error.requestId === undefined ? {} : { requestId: error.requestId })
  })
}

const configured = (settings: SinkOptions.Settings): MixpeekSink => {
  const { lineage, limits, name, processing, skipDuplicates, upserts } = settings
  const { sourceKey } = lineage
  const desk = UploadDesk.make({ bucket: settings.bucket, name, ...settings.delivery.uploads })
  const options = { desk, delivery: settings.delivery, lineage, skipDuplicates, maxBytes: limits.maxBytes }
  return {
    name,
    limits,
    check: (mapping, needs) => BucketCheck.check(settings, mapping, needs),
    prepare: (record) => MixpeekRecord.make(options, record),
    describe: MixpeekRecord.describe,
    send: (batch) => send(settings, desk, batch),
    find: upserts
      ? Option.none()
      : Option.some((lost) =>
          // Nobody can tell: that was accepted.
          sourceKey === undefined ? Effect.succeed([]) : Lookup.find(settings, sourceKey, lost)
        ),
    remove: (batch) => Removal.remove(settings, batch),
    inventory: Inventory.make(settings),
    staging: Option.some(Staging.make(settings, desk)),
    processing:
      processing.mode === "batch"
        ? Option.some(Processing.make({ ...processing.batching, bucket: settings.bucket, grace: settings.grace }))
        : Option.none()
  }
}

/** Says what is wrong, and sends nothing. */
const misconfigured = (name: string, problems: ReadonlyArray<Misconfigured>): MixpeekSink => {
  const error = new Sink.SinkError({
    sink: name,
    operation: "configure",
    reason: new Sink.Unusable(),
    message: problems.map(({ message }) => message).join("; ")
  })
  return {
    name,
    limits: SinkOptions.defaultLimits,
    check: () => Effect.succeed(problems.map(({ field, problem, remedy }) => Check.error(field, problem, remedy))),
    prepare: ({ file, key }) =>
      Effect.succeed({
        _tag: "Prepared",
        key,
        weight: 0,
        file,
        link: undefined,
        parts: [],
        holes: [],
        linked: [],
        blobs: 0,
        skipsDuplicates: false,
        sha256: undefined,
        delivery: undefined
      }),
    describe: () => null,
    send: () => Effect.fail(error),
    find: Option.none(),
    remove: () => Effect.fail(error),
    inventory: Option.none(),
    staging: Option.none(),
    processing: Option.none()
  }
}

/**
 * A sink that creates objects in a bucket, up to 100 a request. A plain value: nothing is sent before it runs. Options
 * that cannot work are findings of `check`, and make `send` fail with `Unusable`.
 */
export const make = (options: SinkOptions.Options): MixpeekSink => {
  const settings = SinkOptions.resolve(options)
  return Result.isSuccess(settings)
    ? configured(settings.success)
    : misconfigured(SinkOptions.nameOf(options), settings.failure)
}

/**
 * For streams composed by hand, without a ledger: records in, each out again with its outcome; batched, limited,
 * retried, settled. `Dispatch.dispatch` on `make(options)`.
 */
export const dispatch =
  (options: SinkOptions.Options) =>
  <Rec extends Sink.Record<MixpeekObject>, E, R>(
    records: Stream.Stream<Rec, E, R>,
    dispatchOptions?: Dispatch.Options<Rec>
  ): Stream.Stream<Dispatch.Settled<Rec>, E | Sink.SinkError | Source.SourceError, R | Mixpeek> =>
    Dispatch.dispatch(make(options))(records, dispatchOptions)
