/**
 * Links of a batch, minted when it leaves: at each attempt anew, so that none is old when Mixpeek fetches it.
 */
import { Sink, type Source, type SourceFile } from "@sluice/core"
import { Array as Arr, Effect, Redacted, Result } from "effect"
import * as BlobDelivery from "./BlobDelivery.ts"
import { scrub } from "../client/ErrorBody.ts"
import type { MixpeekRecord } from "./MixpeekRecord.ts"
import type { Settings } from "../SinkOptions.ts"

/** A record with its links. */
export interface Linked {
  readonly record: MixpeekRecord
  readonly urls: ReadonlyArray<string>
}

/** Links to be handed out in the order in which they were asked for. */
interface Minted {
  readonly urls: ReadonlyArray<string>
  next: number
}

/** What a source mints at once, by what mints it. */
const together = Effect.fnUntraced(function* ({ delivery }: Settings, batch: ReadonlyArray<MixpeekRecord>) {
  const wanted = new Map<Source.Link, Array<SourceFile.SourceFile>>()
  for (const { link, linked } of batch) {
    if (link?.presignedAll === undefined) continue
    const files = wanted.get(link)
    if (files === undefined) wanted.set(link, [...linked])
    else files.push(...linked)
  }
  const minted = new Map<Source.Link, Minted>()
  for (const [link, files] of wanted) {
    if (!Arr.isReadonlyArrayNonEmpty(files) || link.presignedAll === undefined) continue
    const all = yield* Effect.result(link.presignedAll(files, delivery.linkLifetime))
    const urls = Result.isSuccess(all) ? Redacted.value(all.success) : []
    if (urls.length === files.length) minted.set(link, { urls, next: 0 })
  }
  return minted
})

const none: Effect.Effect<ReadonlyArray<string>> = Effect.succeed([])

const alone = (
  { delivery }: Settings,
  { link, linked }: MixpeekRecord
): Effect.Effect<ReadonlyArray<string>, Source.SourceError> =>
  link === undefined
    ? none
    : Effect.forEach(linked, (of) => Effect.map(link.presigned(of, delivery.linkLifetime), Redacted.value))

/** The records that can be sent, and answers for those that cannot. Fails where no link can be made any more. */
export const mint = Effect.fnUntraced(function* (settings: Settings, batch: ReadonlyArray<MixpeekRecord>) {
  const linked: Array<Linked> = []
  const answers: Array<Sink.Answer> = []
  const put = (record: MixpeekRecord, urls: ReadonlyArray<string>) => {
    if (urls.every((url) => url.length <= BlobDelivery.maxUrlLength)) linked.push({ record, urls })
    else answers.push({ _tag: "Settled", key: record.key, outcome: BlobDelivery.linkTooLong })
  }
  const minted = yield* together(settings, batch)
  for (const record of batch) {
    const links = record.link === undefined ? undefined : minted.get(record.link)
    if (links !== undefined) {
      put(record, links.urls.slice(links.next, (links.next += record.linked.length)))
      continue
    }
    const urls = yield* Effect.result(alone(settings, record))
    if (Result.isSuccess(urls)) {
      put(record, urls.success)
      continue
    }
    const { message, source, stopsRun } = urls.failure
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
