/**
 * Links of a batch, minted when it leaves: at each attempt anew, so that none is old when Mixpeek fetches it.
 */
import { Sink, type Source, type SourceFile } from "@sluice/core"
import { Effect, Redacted, Result } from "effect"
import * as BlobDelivery from "./BlobDelivery.ts"
import { scrub } from "../client/ErrorBody.ts"
import type { MixpeekRecord } from "./MixpeekRecord.ts"
import type { Settings } from "../SinkOptions.ts"

/** A record with its links. */
export interface Linked {
  readonly record: MixpeekRecord
  readonly urls: ReadonlyArray<string>
}

/** The records that can be sent, and answers for those that cannot. Fails where no link can be made any more. */
export const mint = Effect.fnUntraced(function* (settings: Settings, batch: ReadonlyArray<MixpeekRecord>) {
  const linked: Array<Linked> = []
  const answers: Array<Sink.Answer> = []
  for (const record of batch) {
    const minted = yield* Effect.result(urlsOf(settings, record))
    if (Result.isSuccess(minted)) {
      const isTooLong = minted.success.some((url) => url.length > BlobDelivery.maxUrlLength)
      if (!isTooLong) linked.push({ record, urls: minted.success })
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

const none: Effect.Effect<ReadonlyArray<string>> = Effect.succeed([])

const urlsOf = (
  { delivery }: Settings,
  { link, linked }: MixpeekRecord
): Effect.Effect<ReadonlyArray<string>, Source.SourceError> => {
  const [file, ...others] = linked
  if (link === undefined || file === undefined) return none
  const url = (of: SourceFile.SourceFile) => Effect.map(link.presigned(of, delivery.linkLifetime), Redacted.value)
  return others.length === 0 ? Effect.map(url(file), (one) => [one]) : Effect.forEach(linked, url)
}
