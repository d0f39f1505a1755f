/**
 * Links of a batch, minted when it leaves: at each attempt anew, so that none is old when Mixpeek fetches it.
 */
import { Sink, type Source } from "@sluice/core"
import { Effect, Redacted, Result } from "effect"
import * as BlobDelivery from "./BlobDelivery.ts"
import { scrub } from "../client/ErrorBody.ts"
import { linkedOf, type MixpeekRecord } from "./MixpeekRecord.ts"
import type { Settings } from "../SinkOptions.ts"

/** A record with its links. */
export interface Linked {
  readonly record: MixpeekRecord
  readonly urls: ReadonlyArray<string>
}

const linkOf = (settings: Settings, record: MixpeekRecord): Effect.Effect<Linked, Source.SourceError> => {
  const { link } = record
  return link === undefined
    ? Effect.succeed({ record, urls: [] })
    : Effect.map(
        Effect.forEach(linkedOf(record), (file) => link.presigned(file, settings.delivery.linkLifetime)),
        (urls) => ({ record, urls: urls.map(Redacted.value) })
      )
}

/** The records that can be sent, and answers for those that cannot. Fails where no link can be made any more. */
export const mint = Effect.fnUntraced(function* (settings: Settings, batch: ReadonlyArray<MixpeekRecord>) {
  const linked: Array<Linked> = []
  const answers: Array<Sink.Answer> = []
  for (const record of batch) {
    const minted = yield* Effect.result(linkOf(settings, record))
    if (Result.isSuccess(minted)) {
      const isTooLong = minted.success.urls.some((url) => url.length > BlobDelivery.maxUrlLength)
      if (!isTooLong) linked.push(minted.success)
      else answers.push({ _tag: "Settled", key: record.key, outcome: BlobDelivery.linkTooLong })
      continue
    }
    const { message, source, stopsRun } = minted.failure
    if (stopsRun) {
      return yield* new Sink.SinkError({
        sink: settings.name,
        operation: "presign",
        reason: new Sink.Unusable(),
        message: `${source} cannot make links any more: ${scrub(message)}`
      })
    }
    const cause = { code: "no-link", message: `${source} could not make a link: ${scrub(message)}` }
    answers.push({ _tag: "Retry", key: record.key, cause })
  }
  return { linked, answers }
})
