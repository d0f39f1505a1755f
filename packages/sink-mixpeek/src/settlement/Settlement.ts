/**
 * What an answer to a batch says of each record. Pure.
 */
import { Outcome, type Sink } from "@sluice/core"
import { Predicate } from "effect"
import { scrub } from "../client/ErrorBody.ts"
import type { Answer } from "../client/Mixpeek.ts"
import type { MixpeekRecord } from "../delivery/MixpeekRecord.ts"
import {
  at,
  blobsOf,
  createdAt,
  errorOf,
  idOf,
  type ObjectResponse,
  statusOf,
  wasChanged
} from "../client/ObjectResponse.ts"
import type { BatchResult, FailedObject } from "../client/Wire.ts"

/** The outcomes, or why the answer does not add up. */
export type Settled =
  | { readonly _tag: "Settled"; readonly answers: ReadonlyArray<Sink.Answer> }
  | { readonly _tag: "Ambiguous"; readonly problem: string }

/** Where the objects' keys are in the answer, and whether the bucket upserts. */
export interface Options {
  readonly sourceKey: ReadonlyArray<string> | undefined
  readonly upserts: boolean
}

const ambiguous = (problem: string): Settled => ({ _tag: "Ambiguous", problem })

interface Refusal {
  readonly retry: boolean
  readonly code: string
}

/**
 * What an `error_type` means; the first that fits. Nothing of a failed object was stored, so trying again is harmless:
 * what is not known to be final is tried again, as often as the engine does, and then rejected.
 */
const refusals: ReadonlyArray<readonly [RegExp, (failed: FailedObject) => Refusal]> = [
  [
    /^URLValidationError$/,
    // A store that says 404 or 410 says that the file is gone; anything else may be a link that ran out, or a bad moment.
    ({ error }) =>
      /\b(404|410)\b/.test(error) ? { retry: false, code: "url-not-found" } : { retry: true, code: "url-unreachable" }
  ],
  [
    /^(RequestValidationError|ValidationError|BadRequestError|ValueError|TypeError)$/,
    () => ({ retry: false, code: "validation" })
  ],
  [/^(AlreadyExists|Conflict|Duplicate)/, () => ({ retry: false, code: "already-exists" })],
  [/^NotFound/, () => ({ retry: false, code: "not-found" })],
  // The next request is answered with the quota itself, which stops the run.
  [/Quota/, () => ({ retry: true, code: "quota" })]
]

const failure = (record: MixpeekRecord, failed: FailedObject, requestId: string | undefined): Sink.Answer => {
  const found = refusals.find(([type]) => type.test(failed.error_type))
  const { code, retry } = found === undefined ? { retry: true, code: "not-taken" } : found[1](failed)
  const cause: Outcome.Cause = {
    code,
    message: `${scrub(failed.error_type)}: ${scrub(failed.error)}`,
    ...(requestId === undefined ? {} : { requestId })
  }
  return retry
    ? { _tag: "Retry", key: record.key, cause }
    : { _tag: "Settled", key: record.key, outcome: Outcome.Rejected.make({ cause }) }
}

/** Clocks that agree by `Date` may still be this far apart. */
const clockTolerance = 2000

const told = ({ delivery, sha256 }: MixpeekRecord) => ({
  ...(sha256 === undefined ? {} : { sha256 }),
  ...(delivery === undefined ? {} : { delivery })
})

const outcomeOf = (
  record: MixpeekRecord,
  object: ObjectResponse,
  options: Options,
  answer: Pick<Answer<unknown>, "sentAt" | "requestId">
): Outcome.Outcome => {
  const id = idOf(object)
  const objectId = id === undefined ? {} : { objectId: id }
  const status = statusOf(object)
  const error = errorOf(object)
  if (status === "FAILED" || (error !== undefined && status !== "COMPLETED_WITH_ERRORS")) {
    return Outcome.Rejected.make({
      cause: {
        code: "object-failed",
        message: `Mixpeek stored the object but calls it failed: ${scrub(error ?? "no reason given")}. Look at it there; it is not sent again`,
        ...(answer.requestId === undefined ? {} : { requestId: answer.requestId })
      }
    })
  }
  if (record.skipsDuplicates) {
    const created = createdAt(object)
    const isEmpty = record.blobs > 0 && blobsOf(object) === 0
    const isOlder = created !== undefined && created < answer.sentAt - clockTolerance
    if (status === "SKIPPED" || isEmpty || (isOlder && !options.upserts))
      return { _tag: "SkippedDuplicate", ...objectId }
  }
  const isUpdate = options.upserts && wasChanged(object, answer.sentAt)
  return { _tag: isUpdate ? "Updated" : "Created", ...objectId, ...told(record) }
}

const keyOf = (object: ObjectResponse, path: ReadonlyArray<string> | undefined): string | undefined => {
  const key = path === undefined ? undefined : at(object, path)
  return Predicate.isString(key) ? key : undefined
}

interface Matched {
  /** Of each record, in their order; `undefined` where none carries its key. */
  readonly objects: ReadonlyArray<ObjectResponse | undefined>
  /** Objects that belong to none of the batch's keys: with `skip_duplicates`, those that had the content before. */
  readonly others: number
}

/** Which object is whose: by key; by position where no object echoes a key. */
const match = (
  records: ReadonlyArray<MixpeekRecord>,
  objects: ReadonlyArray<ObjectResponse>,
  path: ReadonlyArray<string> | undefined
): Matched => {
  const keys = objects.map((object) => keyOf(object, path))
  if (keys.every(Predicate.isUndefined)) return { objects, others: 0 }
  const found: Array<ObjectResponse | undefined> = records.map(() => undefined)
  let places: ReadonlyMap<string, number> | undefined
  const placeOf = (key: string) => {
    places ??= new Map(records.map((record, place) => [record.key, place]))
    return places.get(key)
  }
  let others = 0
  for (const [index, key] of keys.entries()) {
    if (key === undefined) continue
    // They come in the order in which they were sent: the others are looked for.
    const place = records[index]?.key === key ? index : placeOf(key)
    if (place === undefined || found[place] !== undefined) others++
    else found[place] = objects[index]
  }
  return { objects: found, others }
}

// The generation before says nothing of failures: it creates all of a batch or none.
const isList = (result: BatchResult): result is ReadonlyArray<ObjectResponse> => Array.isArray(result)

const counts = (sent: number, result: BatchResult): string | undefined => {
  if (isList(result)) return result.length === sent ? undefined : `${sent} objects were sent, it lists ${result.length}`
  const { failed, failed_count, succeeded, succeeded_count } = result
  if (succeeded.length !== succeeded_count || failed.length !== failed_count)
    return "its counts are not those of its lists"
  if (succeeded_count + failed_count !== sent) {
    return `${sent} objects were sent, it speaks of ${succeeded_count + failed_count}`
  }
  const indexes = new Set(failed.map(({ object_index }) => object_index))
  if (indexes.size !== failed.length || [...indexes].some((index) => index >= sent)) {
    return "it names failed objects that were not sent, or one of them twice"
  }
  return undefined
}

/**
 * One outcome for each record of the batch. Where the answer does not add up (counts, foreign or repeated keys),
 * nothing is concluded from it.
 */
export const settle = (batch: ReadonlyArray<MixpeekRecord>, answer: Answer<BatchResult>, options: Options): Settled => {
  const problem = counts(batch.length, answer.value)
  if (problem !== undefined) return ambiguous(problem)
  const { failed, succeeded } = isList(answer.value) ? { failed: [], succeeded: answer.value } : answer.value
  const refused = new Map(failed.map((one) => [one.object_index, one]))
  const taken = batch.filter((_, index) => !refused.has(index))
  const { objects, others } = match(taken, succeeded, options.sourceKey)
  const unnamed = taken.filter((_, index) => objects[index] === undefined)
  if (others > 0 && !unnamed.every(({ skipsDuplicates }) => skipsDuplicates)) {
    return ambiguous("it names an object twice, or one that was not sent, or one that it also calls failed")
  }
  if (
    unnamed.length > 0 &&
    succeeded.some((object) => statusOf(object) === "FAILED" || errorOf(object) !== undefined)
  ) {
    return ambiguous("it calls objects failed without saying which")
  }
  let next = 0
  const answers = batch.map((record, index): Sink.Answer => {
    const refusal = refused.get(index)
    if (refusal !== undefined) return failure(record, refusal, answer.requestId)
    const object = objects[next++]
    const outcome: Outcome.Outcome =
      object !== undefined
        ? outcomeOf(record, object, options, answer)
        : // All of them were taken, so this one was; which object it is, or was before, the answer does not say.
          others > 0
          ? { _tag: "SkippedDuplicate" }
          : { _tag: "Created", ...told(record) }
    return { _tag: "Settled", key: record.key, outcome }
  })
  return { _tag: "Settled", answers }
}
