/**
 * What the uploads of a sink share: how they are made together, how many bytes are on their way, and which are there already
 * from a run that was killed.
 */
import { Sink } from "@sluice/core"
import { type Array as Arr, Effect, Exit, Request, RequestResolver, Semaphore } from "effect"
import type { Mixpeek } from "../client/Mixpeek.ts"
import * as UploadWire from "../client/UploadWire.ts"

/** Content that is in the storage. */
export interface Staged {
  readonly uploadId: string
  /** As the storage gave it. */
  readonly etag: string | undefined
  readonly bytes: number
  /** Lower-case hex; `undefined` of what an earlier run put there. */
  readonly sha256: string | undefined
  /** Objects may use it. */
  isConfirmed: boolean
  /** An object that is there uses it, as far as anybody asked. */
  readonly isUsed?: boolean | undefined
}

/** How uploads are made. */
export interface Settings {
  readonly bucket: string
  /** `mixpeek:bkt_…` */
  readonly name: string
  /** Bytes on their way at the same time; a file counts for no more than `bytesForOne`. */
  readonly bytesInFlight: number
  /** Files beyond this are rejected; the plan's own limit where nothing is said. */
  readonly maxFileBytes: number | undefined
  /** Where content of unknown length waits. */
  readonly folder: string
}

/** Of files that are read whole, at a time. */
const bytesRead = 8 * 1024 ** 2
/** However large a file is, no more of it is on its way at a time. */
const bytesForOne = 16 * 1024 ** 2

interface Create extends Request.Request<UploadWire.UploadResponse, Sink.SinkError> {
  readonly _tag: "Create"
  readonly mixpeek: Mixpeek["Service"]
  readonly bucket: string
  readonly upload: UploadWire.CreateUploadRequest
}
const Create = Request.tagged<Create>("Create")

type Entries = Arr.NonEmptyReadonlyArray<Request.Entry<Create>>

const isFor = (upload: UploadWire.CreateUploadRequest, answer: UploadWire.UploadResponse) =>
  answer.metadata?.source_key === upload.metadata.source_key &&
  answer.metadata.source_token === upload.metadata.source_token &&
  answer.metadata.property === upload.metadata.property

const missing = (bucket: string) =>
  new Sink.SinkError({
    sink: `mixpeek:${bucket}`,
    operation: "createUploadsBatch",
    reason: new Sink.Unavailable({}),
    message: "Mixpeek's answer does not name every upload that was asked for. Run again; report it if this goes on"
  })

/** Nothing says that the order is that of the request: where answers say what they are of, only that counts. */
const atPlace = (asked: number, uploads: ReadonlyArray<UploadWire.UploadResponse>, index: number) =>
  uploads.length === asked && uploads.every(({ metadata }) => metadata === undefined) ? uploads[index] : undefined

/** One request for all; where it is refused, one for each, so that one bad file costs no other. */
const createAll = (entries: Entries): Effect.Effect<void> =>
  Effect.gen(function* () {
    const [{ request }] = entries
    const { bucket, mixpeek } = request
    const answer = yield* mixpeek.uploads.create(
      bucket,
      entries.map((entry) => entry.request.upload)
    )
    const { uploads } = answer.value
    const left = [...uploads]
    for (const [i, entry] of entries.entries()) {
      const at = left.findIndex((upload) => isFor(entry.request.upload, upload))
      const one = at >= 0 ? left.splice(at, 1)[0] : atPlace(entries.length, uploads, i)
      entry.completeUnsafe(one === undefined ? Exit.fail(missing(bucket)) : Exit.succeed(one))
    }
  }).pipe(
    Effect.catch((error) =>
      error.reason._tag === "Refused" && entries.length > 1
        ? Effect.forEach(entries, (entry) => createAll([entry]), { discard: true })
        : Effect.sync(() => {
            for (const entry of entries) entry.completeUnsafe(Exit.fail(error))
          })
    )
  )

/** Of one desk: what sinks of two buckets ask for at the same time must not travel together. */
const makeCreating = () =>
  RequestResolver.makeGrouped<Create, Mixpeek["Service"]>({
    key: ({ request }) => request.mixpeek,
    resolver: createAll
  }).pipe(
    RequestResolver.batchN(UploadWire.maxUploads),
    // Files that are prepared side by side ask at about the same time; nobody notices the wait.
    RequestResolver.setDelay("25 millis")
  )

/** The desk of a sink. */
export interface UploadDesk extends Settings {
  readonly create: (
    mixpeek: Mixpeek["Service"],
    upload: UploadWire.CreateUploadRequest
  ) => Effect.Effect<UploadWire.UploadResponse, Sink.SinkError>
  /** The same of content that is read whole, to go with a request: a file is several times in memory before it leaves. */
  readonly reading: (bytes: number) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Holds so many bytes of the budget. */
  readonly holding: (bytes: number) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** What an earlier run put there, until somebody takes it. */
  readonly recalled: Map<string, Recalled>
  /** Pipelines whose runs have made uploads. */
  readonly creators: Set<string>
  /** When a PUT went through last; milliseconds since 1970. */
  lastPut: number
  /** So far, the storage said the MD5s that the source had said. */
  comparesMd5: boolean
}

/** Content that is there and waits for an object. */
export interface Recalled {
  readonly pipeline: string
  readonly staged: Staged
}

/** What recalled content is found by: pipelines that share a sink do not share what they put there. */
export const keyOf = (of: Omit<UploadWire.UploadMetadata, "sluice_run">): string =>
  JSON.stringify([of.sluice_pipeline, of.source_key, of.property, of.source_token])

export const make = (settings: Settings): UploadDesk => {
  const readers = Semaphore.makeUnsafe(bytesRead)
  const permits = Semaphore.makeUnsafe(settings.bytesInFlight)
  const creating = makeCreating()
  return {
    ...settings,
    create: (mixpeek, upload) => Effect.request(Create({ mixpeek, bucket: settings.bucket, upload }), creating),
    reading: (bytes) => Semaphore.withPermits(readers, Math.max(1, Math.min(bytes, bytesRead))),
    holding: (bytes) =>
      Semaphore.withPermits(permits, Math.max(1, Math.min(bytes, bytesForOne, settings.bytesInFlight))),
    recalled: new Map(),
    creators: new Set(),
    lastPut: Number.NEGATIVE_INFINITY,
    comparesMd5: true
  }
}
