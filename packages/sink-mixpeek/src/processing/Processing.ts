/**
 * Mixpeek's processing batches as jobs of the pipeline. A batch is DRAFT until it is submitted; one that nobody heard of is found
 * by the objects in it, since a batch cannot be created with a name.
 */
import { type Processing, Retry, type Sink } from "@sluice/core"
import { type Array as Arr, type Duration, Effect } from "effect"
import * as BatchResult from "./BatchResult.ts"
import * as BatchWire from "../client/BatchWire.ts"
import { Mixpeek } from "../client/Mixpeek.ts"
import type * as ProcessingOptions from "./ProcessingOptions.ts"
import { repeated } from "../client/Requests.ts"

/** Which bucket, and how. */
export interface Options extends ProcessingOptions.Batching {
  readonly bucket: string
  /** How long Mixpeek may still be at work on a request after its answer was lost. */
  readonly grace: Duration.Duration
}

const isRefused = ({ reason }: Sink.SinkError) => reason._tag === "Refused"

/** A batch with all of these in it, that was not submitted. */
const findDraft = Effect.fnUntraced(function* (bucket: string, objectIds: ReadonlyArray<string>) {
  const { batches } = yield* Mixpeek
  for (let offset = 0; ; offset += BatchWire.maxListed) {
    const { value } = yield* batches.listDrafts(bucket, offset)
    const found = value.results.find((batch) => {
      const there = new Set(batch.object_ids)
      // Versions that do not know the filter name all batches.
      return batch.status === "DRAFT" && objectIds.every((id) => there.has(id))
    })
    if (found !== undefined) return found.batch_id
    if (value.results.length < BatchWire.maxListed) return undefined
  }
})

/** Tries a request again; where its answer was lost, `found` first says what became of it. */
const resolved = <A>(
  operation: string,
  grace: Duration.Duration,
  request: Effect.Effect<A, Sink.SinkError, Mixpeek>,
  found: Effect.Effect<A | undefined, Sink.SinkError, Mixpeek>,
  isLost: boolean
) => {
  let lost = isLost
  return Effect.suspend(() => (lost ? found : Effect.succeed(undefined))).pipe(
    Effect.flatMap((there) => (there === undefined ? request : Effect.succeed(there))),
    Effect.tapError(({ reason }) => {
      // A batch that is submitted a second time within a minute is throttled as well.
      lost ||= reason._tag === "Ambiguous" || reason._tag === "Throttled"
      return reason._tag === "Ambiguous" ? Effect.sleep(grace) : Effect.void
    }),
    repeated(operation, Retry.standard)
  )
}

/** What the batches of a bucket are asked. */
export const make = (options: Options): Processing.Processing<Mixpeek> => {
  const { bucket, grace } = options

  const create = Effect.fn("MixpeekSink.createBatch")(
    (objectIds: Arr.NonEmptyReadonlyArray<string>, mayExist: boolean) =>
      resolved(
        "createBatch",
        grace,
        Effect.flatMap(Mixpeek, ({ batches }) =>
          Effect.map(batches.create(bucket, objectIds), ({ value }) => value.batch_id)
        ),
        findDraft(bucket, objectIds),
        mayExist
      )
  )

  const statusOf = (id: string) =>
    Effect.flatMap(Mixpeek, ({ batches }) =>
      Effect.map(batches.get(bucket, id), ({ value }) => value?.status ?? (value === undefined ? "gone" : "UNKNOWN"))
    )

  const submit = Effect.fn("MixpeekSink.submitBatch")(function* (id: string) {
    const { batches } = yield* Mixpeek
    const hasBegun = Effect.map(statusOf(id), (status) => status !== "DRAFT")
    if (yield* hasBegun) return false
    return yield* resolved(
      "submitBatch",
      grace,
      Effect.as(batches.submit(bucket, id), true),
      Effect.map(hasBegun, (begun) => (begun ? true : undefined)),
      false
    ).pipe(
      // The first of two submissions was taken after all, or it cannot begin.
      Effect.catchIf(isRefused, (error) =>
        Effect.flatMap(hasBegun, (begun) => (begun ? Effect.succeed(true) : Effect.fail(error)))
      )
    )
  })

  const status = Effect.fn("MixpeekSink.batchStatus")(function* (id: string) {
    const { batches } = yield* Mixpeek
    const { value: batch } = yield* batches.get(bucket, id)
    if (batch === undefined) return { _tag: "Missing" } as const
    const known = BatchResult.withoutFailures(batch)
    return known ?? BatchResult.withFailures(batch, yield* allFailed(id))
  })

  const allFailed = Effect.fnUntraced(function* (id: string) {
    const { batches } = yield* Mixpeek
    const all: Array<BatchWire.FailedDocument> = []
    for (let before = ""; ;) {
      const { value } = yield* batches.failed(bucket, id, all.length)
      const page = value.failed_documents ?? value.results ?? []
      const said = JSON.stringify(page)
      // One that knows no offset says the same for ever.
      if (said === before) return all
      before = said
      all.push(...page)
      if (page.length < BatchWire.maxFailed) return all
    }
  })

  const retry = Effect.fn("MixpeekSink.retryBatch")(function* (id: string) {
    const { batches } = yield* Mixpeek
    return yield* resolved(
      "retryBatch",
      grace,
      Effect.map(
        batches.retry(bucket, id, Math.max(1, options.retryTransient)),
        ({ value }) => value.retried_count !== 0
      ),
      Effect.map(statusOf(id), (now) => (BatchResult.isOver(now) ? undefined : true)),
      false
    ).pipe(Effect.catchIf(isRefused, () => Effect.succeed(false)))
  })

  return {
    maxObjects: options.batchSize,
    every: options.every,
    wait: options.wait,
    retries: options.retryTransient,
    create,
    submit,
    status,
    retry
  }
}
