/**
 * What was uploaded for the records of a batch: confirmed before the batch leaves, and uploaded again where it is of no use.
 */
import { Outcome, type Sink } from "@sluice/core"
import { Effect, Result } from "effect"
import * as Confirmation from "./Confirmation.ts"
import { scrub } from "../client/ErrorBody.ts"
import type { Mixpeek } from "../client/Mixpeek.ts"
import { type MixpeekRecord, type Slot, slotsOf } from "./MixpeekRecord.ts"
import type { UploadDesk } from "./UploadDesk.ts"

/** How often a file is uploaded again because what was there is of no use. */
const maxRepeats = 2

const notConfirmed = Outcome.Rejected.make({
  cause: {
    code: "upload-failed",
    message: `Mixpeek did not find what was uploaded as it was sent, ${maxRepeats + 1} times. Replay it; report it if this goes on`
  }
})

type Fate = { readonly _tag: "Ready" } | { readonly _tag: "Answer"; readonly answer: Sink.Answer }

const ready: Fate = { _tag: "Ready" }

/** Uploads again what could not be confirmed. */
const repeat = Effect.fnUntraced(function* (
  desk: UploadDesk,
  record: MixpeekRecord,
  isUseless: (slot: Slot) => boolean
): Effect.fn.Return<Fate, Sink.SinkError, Mixpeek> {
  const { key } = record
  for (let left = maxRepeats, useless = slotsOf(record).filter(isUseless); useless.length > 0; left--) {
    if (left === 0) return { _tag: "Answer", answer: { _tag: "Settled", key, outcome: notConfirmed } }
    for (const slot of useless) {
      const again = yield* Effect.result(slot.again)
      if (Result.isSuccess(again)) {
        if (!("uploadId" in again.success)) {
          return { _tag: "Answer", answer: { _tag: "Settled", key, outcome: again.success } }
        }
        slot.current = again.success
        continue
      }
      if (again.failure._tag === "SinkError") return yield* again.failure
      const { code, message, reason } = again.failure
      const cause = { code: code ?? reason._tag.toLowerCase(), message: scrub(message) }
      return { _tag: "Answer", answer: { _tag: "Retry", key, cause } }
    }
    const failed = yield* Confirmation.confirm(
      desk,
      useless.map(({ current }) => current)
    )
    useless = useless.filter(({ current }) => failed.has(current))
  }
  return ready
})

/** The records whose objects can be made, and answers for the others. */
export const confirm = Effect.fnUntraced(function* (desk: UploadDesk, batch: ReadonlyArray<MixpeekRecord>) {
  const slots = batch.flatMap(slotsOf)
  if (slots.length === 0) return { ready: batch, answers: [] }
  const failed = yield* Confirmation.confirm(
    desk,
    slots.map(({ current }) => current)
  )
  const answers: Array<Sink.Answer> = []
  const left: Array<MixpeekRecord> = []
  for (const record of batch) {
    const fate = failed.size === 0 ? ready : yield* repeat(desk, record, ({ current }) => failed.has(current))
    if (fate._tag === "Ready") left.push(record)
    else answers.push(fate.answer)
  }
  return { ready: left, answers }
})
