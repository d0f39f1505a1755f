/**
 * Uploads that no object came to use: taken back, also those of runs that were killed. They are found by what they carry, so
 * that no ledger has to know of them.
 */
import { Observer, type Sink } from "@sluice/core"
import { Array as Arr, Duration, Effect } from "effect"
import { Mixpeek } from "../client/Mixpeek.ts"
import * as UploadWire from "../client/UploadWire.ts"
import * as Lookup from "../settlement/Lookup.ts"
import type { Settings } from "../SinkOptions.ts"
import { type MixpeekRecord, slotsOf } from "./MixpeekRecord.ts"
import { keyOf, type Staged, type UploadDesk } from "./UploadDesk.ts"

/** Requests at a time. */
const concurrency = 4
/** Keys that are asked for at a time. */
const keysAtOnce = 500

const asked = (
  pipeline: string,
  ...also: UploadWire.ListUploadsRequest["filters"]["AND"]
): UploadWire.ListUploadsRequest => ({
  filters: {
    AND: [{ field: "metadata.sluice_pipeline", operator: "eq", value: pipeline }, ...also],
    case_sensitive: true
  },
  sort: { field: "created_at", direction: "asc" }
})

/** Whether it is gone. */
const cancel = Effect.fnUntraced(function* (desk: UploadDesk, uploadId: string) {
  const { uploads } = yield* Mixpeek
  return yield* uploads.cancel(desk.bucket, uploadId).pipe(
    Effect.as(true),
    Effect.catchIf(
      ({ reason }) => reason._tag === "Refused",
      () => Effect.succeed(false)
    )
  )
})

/** Takes back every upload of the pipeline that is not confirmed. Nobody else may be at work on it. */
const clear = Effect.fn("MixpeekSink.clear")(function* (desk: UploadDesk, pipeline: string) {
  const { uploads } = yield* Mixpeek
  const body = asked(pipeline, { field: "status", operator: "in", value: ["PENDING", "IN_PROGRESS", "FAILED"] })
  const tried = new Set<string>()
  // What is taken back is in the list no more, so each page is the first one again; those that stay are passed over.
  for (let offset = 0; ;) {
    const { value } = yield* uploads.list(desk.bucket, body, offset)
    const fresh = value.results.map(({ upload_id }) => upload_id).filter((id) => !tried.has(id))
    yield* Effect.forEach(fresh, (id) => cancel(desk, id), { concurrency, discard: true })
    for (const id of fresh) tried.add(id)
    if (fresh.length > 0) continue
    if (value.results.length < UploadWire.maxUploads) return
    offset += UploadWire.maxUploads
  }
})

/** What is there, confirmed or about to be, and nobody took. */
const giveUp = Effect.fnUntraced(function* (desk: UploadDesk, pipeline: string) {
  const observer = yield* Observer.Observer
  for (const [key, { pipeline: of, staged }] of desk.recalled) {
    if (of !== pipeline) continue
    if (staged.isUsed !== true && !(yield* cancel(desk, staged.uploadId))) observer.upload({ _tag: "Orphaned" })
    desk.recalled.delete(key)
  }
})

const end = (desk: UploadDesk, pipeline: string): Effect.Effect<void, never, Mixpeek> =>
  Effect.gen(function* () {
    yield* giveUp(desk, pipeline)
    if (desk.creators.has(pipeline)) yield* clear(desk, pipeline)
    desk.creators.delete(pipeline)
  }).pipe(
    Effect.timeout("1 minute"),
    Effect.catch(
      Effect.fnUntraced(function* ({ message }) {
        const observer = yield* Observer.Observer
        // Nobody knows how many; that there are some makes the next run look.
        observer.upload({ _tag: "Orphaned" })
        yield* Effect.logWarning(`uploads that nothing uses are left behind; the next run takes them back (${message})`)
      })
    )
  )

/** Of these, whose objects are there in the state that was sent: of a bucket that upserts nobody asked that yet. */
const used = (
  { lineage, upserts, ...settings }: Settings,
  lost: ReadonlyArray<Sink.Lost>
): Effect.Effect<ReadonlySet<string>, Sink.SinkError, Mixpeek> =>
  !upserts || lineage.sourceKey === undefined || lineage.source === undefined || lost.length === 0
    ? Effect.succeed(new Set())
    : Lookup.find(
        { ...settings, lineage, upserts, grace: Duration.zero },
        lineage.sourceKey,
        // What was there before is the same object.
        lost.map((one) => ({ ...one, replaces: [] }))
      ).pipe(Effect.map((found) => new Set(found.map(({ key }) => key))))

const recall = Effect.fn("MixpeekSink.recall")(function* (
  settings: Settings,
  desk: UploadDesk,
  pipeline: string,
  lost: Arr.NonEmptyReadonlyArray<Sink.Lost>
) {
  const { uploads } = yield* Mixpeek
  const byKey = new Map(lost.map((one) => [one.key, one]))
  const found: Array<readonly [Sink.Lost, UploadWire.UploadMetadata, Staged]> = []
  for (const keys of Arr.chunksOf([...byKey.keys()], keysAtOnce)) {
    const body = asked(
      pipeline,
      { field: "metadata.source_key", operator: "in", value: keys },
      { field: "status", operator: "in", value: ["COMPLETED", "PROCESSING"] }
    )
    for (let offset = 0, isLast = false; !isLast; offset += UploadWire.maxUploads) {
      const { value } = yield* uploads.list(desk.bucket, body, offset)
      isLast = value.results.length < UploadWire.maxUploads
      for (const upload of value.results) {
        const { metadata } = upload
        const one = metadata === undefined ? undefined : byKey.get(metadata.source_key)
        if (metadata === undefined || one?.token !== metadata.source_token) continue
        found.push([one, metadata, stagedOf(upload)])
      }
    }
  }
  const usedKeys = yield* used(settings, [...new Set(found.map(([one]) => one))])
  for (const [{ key }, metadata, staged] of found) {
    desk.recalled.set(keyOf(metadata), { pipeline, staged: { ...staged, isUsed: usedKeys.has(key) } })
  }
})

const stagedOf = (upload: UploadWire.UploadResponse): Staged => ({
  uploadId: upload.upload_id,
  etag: upload.etag,
  bytes: upload.file_size_bytes ?? 0,
  sha256: undefined,
  isConfirmed: upload.status === "COMPLETED"
})

/** What is confirmed cannot be taken back: it is used if the record is sent again in this run, else given up at its end. */
const keep = (desk: UploadDesk, record: MixpeekRecord): void => {
  for (const { current: staged, pipeline, recalledBy } of slotsOf(record)) {
    desk.recalled.set(recalledBy, { pipeline, staged })
  }
}

/** Of a sink that uploads. */
export const make = (settings: Settings, desk: UploadDesk): Sink.Staging<MixpeekRecord, Mixpeek> => ({
  open: ({ isClean, pipeline }) =>
    Effect.acquireRelease(isClean ? Effect.void : clear(desk, pipeline), () => end(desk, pipeline)),
  recall: (pipeline, lost) => recall(settings, desk, pipeline, lost),
  refused: (record) => keep(desk, record)
})
