/**
 * Uploads, confirmed: storage tells nobody that a file has arrived, and an object may not use one that is not confirmed. Done when
 * the object is about to be made, because what is confirmed cannot be taken back.
 */
import { Observer, Sink } from "@sluice/core"
import { Array as Arr, Clock, Duration, Effect } from "effect"
import { Mixpeek } from "../client/Mixpeek.ts"
import type { Staged, UploadDesk } from "./UploadDesk.ts"
import * as UploadWire from "../client/UploadWire.ts"

/** From here on the API confirms in the background, whatever it is asked. */
const backgroundBytes = 100 * 1000 * 1000

const firstLook = Duration.millis(250)
const longestPause = Duration.seconds(10)
/** Confirming is a look at the storage, and a few seconds for the largest files. */
const patience = Duration.minutes(10)

const confirmationOf = ({ bytes, etag, uploadId }: Staged): UploadWire.Confirmation => ({
  upload_id: uploadId,
  ...(etag === undefined ? {} : { etag }),
  ...(bytes === 0 ? {} : { file_size_bytes: bytes })
})

/** Looks again and again, less and less often, until there is an answer. */
const poll = <A>(desk: UploadDesk, look: Effect.Effect<A | undefined, Sink.SinkError>) =>
  Effect.gen(function* () {
    const observer = yield* Observer.Observer
    const traffic = { role: "sink", operation: "confirmUpload" } as const
    const start = yield* Clock.currentTimeMillis
    for (let pause = firstLook; ; pause = Duration.min(Duration.times(pause, 1.6), longestPause)) {
      const found = yield* look
      if (found !== undefined) return found
      if ((yield* Clock.currentTimeMillis) - start > Duration.toMillis(patience)) {
        return yield* new Sink.SinkError({
          sink: desk.name,
          operation: "confirmUpload",
          reason: new Sink.Unavailable({}),
          message: `Mixpeek has been confirming uploads for ${Duration.format(patience)}. It is tried again`
        })
      }
      observer.waited(traffic, pause)
      yield* Effect.sleep(pause)
    }
  })

type Verdict = "confirmed" | "failed"

/** What became of one, once nothing is at work on it any more. */
const verdictOf = Effect.fnUntraced(function* (desk: UploadDesk, { uploadId }: Staged) {
  const { uploads } = yield* Mixpeek
  return yield* poll(
    desk,
    Effect.map(uploads.get(desk.bucket, uploadId), ({ value }): Verdict | undefined => {
      switch (value?.status) {
        case "COMPLETED":
        case "ACTIVE":
          return "confirmed"
        case "IN_PROGRESS":
        case "PROCESSING":
          return undefined
        default:
          return "failed"
      }
    })
  )
})

const confirmOne = Effect.fnUntraced(function* (desk: UploadDesk, staged: Staged) {
  const { uploads } = yield* Mixpeek
  const isDone = yield* uploads.confirm(desk.bucket, confirmationOf(staged), staged.bytes >= backgroundBytes).pipe(
    Effect.map(({ value }) => value.status === "COMPLETED"),
    // It may be confirmed already, by a request whose answer was lost.
    Effect.catchIf(isRefused, () => Effect.succeed(false))
  )
  return isDone ? "confirmed" : yield* verdictOf(desk, staged)
})

const isRefused = (error: Sink.SinkError): boolean => error.reason._tag === "Refused"

const isOver = (status: UploadWire.TaskResponse["status"]) =>
  status === "COMPLETED" || status === "COMPLETED_WITH_ERRORS" || status === "FAILED" || status === "CANCELED"

/** All in one request; what became of each is only asked where the whole did not go well. */
const confirmTogether = Effect.fnUntraced(function* (desk: UploadDesk, all: Arr.NonEmptyReadonlyArray<Staged>) {
  const { uploads } = yield* Mixpeek
  const each = (confirm: (staged: Staged) => Effect.Effect<Verdict, Sink.SinkError, Mixpeek>) =>
    Effect.forEach(all, confirm, { concurrency: 4 })
  const accepted = yield* uploads.confirmAll(desk.bucket, all.map(confirmationOf)).pipe(
    Effect.map(({ value }) => value.task_id),
    Effect.catchIf(isRefused, () => Effect.succeed(undefined))
  )
  if (accepted === undefined) return yield* each((staged) => confirmOne(desk, staged))
  const status = yield* poll(
    desk,
    Effect.map(uploads.task(desk.bucket, accepted), ({ value }) =>
      // One that is forgotten is over.
      value === undefined ? "UNKNOWN" : isOver(value.status) ? value.status : undefined
    )
  )
  if (status === "COMPLETED") return all.map((): Verdict => "confirmed")
  return yield* each((staged) => verdictOf(desk, staged))
})

/** Confirms what is not confirmed yet; answers what could not be. Fails where nobody can tell. */
export const confirm = Effect.fn("MixpeekSink.confirm")(function* (
  desk: UploadDesk,
  staged: ReadonlyArray<Staged>
): Effect.fn.Return<ReadonlySet<Staged>, Sink.SinkError, Mixpeek> {
  const open = staged.filter(({ isConfirmed }) => !isConfirmed)
  yield* Effect.annotateCurrentSpan({ sink: desk.name, uploads: open.length })
  const failed = new Set<Staged>()
  const some = Arr.isReadonlyArrayNonEmpty(open) ? Arr.chunksOf(open, UploadWire.maxUploads) : []
  for (const chunk of some) {
    const verdicts = chunk.length === 1 ? [yield* confirmOne(desk, chunk[0])] : yield* confirmTogether(desk, chunk)
    for (const [i, one] of chunk.entries()) {
      if (verdicts[i] === "confirmed") one.isConfirmed = true
      else failed.add(one)
    }
  }
  return failed
})
