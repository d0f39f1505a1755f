/**
 * One file, streamed into Mixpeek's storage: an upload is made and its bytes are put. It is confirmed only when an object is
 * about to use it (`Confirmation`). Memory does not grow with the file.
 */
import { Observer, Outcome, Retry, Sink, type Source, type SourceFile } from "@sluice/core"
import { Clock, Duration, Effect, Redacted, type Stream } from "effect"
import { Mixpeek } from "../client/Mixpeek.ts"
import { retrying } from "../client/Requests.ts"
import { StorageError } from "../client/Storage.ts"
import { digesting, known, type Measured, spooled } from "./Measured.ts"
import { keyOf, type Staged, type UploadDesk } from "./UploadDesk.ts"
import * as UploadWire from "../client/UploadWire.ts"

/** What is uploaded, and for which property of which object. */
export interface Content {
  readonly file: SourceFile.SourceFile
  readonly bytes: Stream.Stream<Uint8Array, Source.SourceError>
  /** The same bytes for whoever compares their MD5. */
  readonly comparable?: Source.Comparable | undefined
  readonly property: string
  /** Of its object, and of the state that is made from. */
  readonly key: string
  readonly token: string
  readonly run: { readonly pipeline: string; readonly runId: string }
}

/** The content is there already, in an object or in another upload; or it is not going to be there. */
type Instead = Staged | Outcome.Outcome

/** An address that is older than this is not used any more. */
const addressLifetime = Duration.hours(1)
/** Addresses that are made for a file before it is given up. */
const maxAddresses = 3
const patience: Retry.Policy = { ...Retry.standard, maxAttempts: 6 }
/** What is left behind is also found later: this is not worth a long wait. */
const patienceToCancel = Duration.seconds(10)

const rejected = (code: string, message: string): Outcome.Outcome => Outcome.Rejected.make({ cause: { code, message } })

const count = (bytes: number) => bytes.toLocaleString("en")

const tooLarge = (bytes: number | undefined, limit: number) =>
  rejected(
    "too-large",
    `${bytes === undefined ? "it has" : `${count(bytes)} bytes are`} more than the ${count(limit)} that an upload may have by the plan (or delivery.uploads.maxFileBytes). Leave such files out with a filter, deliver them by reference, or raise the plan`
  )

/** No more than `most` code units, and no half of a character that takes two. */
const cut = (text: string, most: number): string => {
  const last = text.charCodeAt(most - 1)
  return text.slice(0, last >= 0xd800 && last < 0xdc00 && text.length > most ? most - 1 : most)
}

/** A name that the API takes: no separators, at most 255 characters, the extension kept. */
export const fileName = (path: string): string => {
  const name = path
    .slice(path.lastIndexOf("/") + 1)
    .replaceAll(/[\\\p{Cc}]/gu, "_")
    .replaceAll("..", "_")
  if (name === "") return "file"
  // Alone, it would be a folder.
  if (name === ".") return "_"
  const { maxNameLength } = UploadWire
  if (name.length <= maxNameLength) return name
  const dot = name.lastIndexOf(".")
  const extension = dot > 0 && name.length - dot <= 16 ? name.slice(dot) : ""
  return cut(name, maxNameLength - extension.length) + extension
}

const requestOf = ({ file, key, property, run, token }: Content, bytes: number): UploadWire.CreateUploadRequest => ({
  filename: fileName(file.path),
  content_type: file.mimeType,
  ...(bytes === 0 ? {} : { file_size_bytes: bytes }),
  presigned_url_expiration: Duration.toSeconds(addressLifetime),
  metadata: {
    sluice_pipeline: run.pipeline,
    sluice_run: run.runId,
    source_key: key,
    source_token: token,
    property
  },
  create_object_on_confirm: false,
  skip_duplicates: false
})

/** Where nothing is to be put. */
const insteadOf = (answer: UploadWire.UploadResponse, bytes: number): Instead => {
  if (answer.is_duplicate === true) {
    const uploadId = answer.duplicate_of_upload_id ?? answer.upload_id
    return { uploadId, etag: answer.etag, bytes, sha256: undefined, isConfirmed: true }
  }
  if (answer.skipped_unique_key === true) {
    const { existing_object_id: objectId } = answer
    return Outcome.SkippedDuplicate.make(objectId === undefined ? {} : { objectId })
  }
  return rejected(
    "no-address",
    `Mixpeek gave no address to put the file at (${answer.message ?? "it does not say why"}). Run again; report it if this goes on`
  )
}

/** Takes an upload back, as far as that can be done at once; what is left is found by a later run. */
export const cancel = (desk: UploadDesk, uploadId: string): Effect.Effect<void, never, Mixpeek> =>
  Effect.flatMap(Mixpeek, ({ uploads }) => uploads.cancel(desk.bucket, uploadId)).pipe(
    Effect.timeout(patienceToCancel),
    Effect.ignore
  )

const otherBytes = Effect.fail(
  new StorageError({
    reason: "corrupt",
    message: "the storage of uploads keeps other bytes than were sent: its ETag is not their MD5"
  })
)

/** Puts the content at an address, also several times where the storage does not take it at once, or keeps something else. */
const put = Effect.fnUntraced(function* (
  desk: UploadDesk,
  content: Content,
  measured: Measured,
  url: string
): Effect.fn.Return<
  { readonly etag: string | undefined; readonly sha256: string },
  StorageError | Source.SourceError,
  Mixpeek
> {
  const { uploads } = yield* Mixpeek
  const observer = yield* Observer.Observer
  return yield* Effect.gen(function* () {
    const { content: sent, digests, md5: expected } = digesting(desk, content.file, measured)
    const stored = yield* uploads.put({
      url: Redacted.make(url),
      contentType: content.file.mimeType,
      bytes: measured.bytes,
      content: sent
    })
    if (expected !== undefined && stored.md5 !== expected) {
      // Other bytes, or what the source says is no MD5, or the storage says none: from now on they are read to be verified.
      desk.comparesMd5 = false
      return yield* otherBytes
    }
    if (expected === undefined && stored.md5 !== undefined && stored.md5 !== digests.md5()) {
      observer.upload({ _tag: "Mismatched" })
      return yield* otherBytes
    }
    return { etag: stored.etag, sha256: digests.sha256() }
  }).pipe(
    retrying("putUpload", patience, (error: StorageError | Source.SourceError) =>
      error._tag === "StorageError" && (error.reason === "busy" || error.reason === "corrupt")
        ? Retry.again()
        : Retry.stop
    )
  )
})

/** What ends the run, or has ended: it is no file's fault. */
const failures = {
  exposed: { reason: new Sink.Unusable(), remedy: "" },
  down: {
    reason: new Sink.Unusable(),
    remedy: ". Run again when it is: nothing is lost. Raise maxUnavailable (MIXPEEK_MAX_UNAVAILABLE) to wait longer"
  },
  unwanted: { reason: new Sink.Throttled({}), remedy: "" },
  busy: {
    reason: new Sink.Unavailable({}),
    remedy: "; nothing can be uploaded. Check that this machine reaches the storage, and run again: nothing is lost"
  }
} as const

const failure = (desk: UploadDesk, which: keyof typeof failures, message: string) =>
  new Sink.SinkError({
    sink: desk.name,
    operation: "putUpload",
    reason: failures[which].reason,
    message: `${message}${failures[which].remedy}`
  })

/** A file whose upload is refused, and no other's. */
const refusalOf = ({ reason }: Sink.SinkError): Outcome.Outcome | undefined =>
  reason._tag === "Refused" || reason._tag === "TooLarge" ? Outcome.Rejected.make({ cause: reason.cause }) : undefined

const transfer = Effect.fnUntraced(function* (desk: UploadDesk, content: Content, measured: Measured) {
  const mixpeek = yield* Mixpeek
  const observer = yield* Observer.Observer
  const start = yield* Clock.currentTimeMillis
  desk.creators.add(content.run.pipeline)
  for (let address = 1; ; address++) {
    const created = yield* desk.create(mixpeek, requestOf(content, measured.bytes))
    const { presigned_url: url, upload_id: uploadId } = created
    if (url === undefined) return insteadOf(created, measured.bytes)
    observer.upload({ _tag: "Created" })
    const done = yield* put(desk, content, measured, url).pipe(
      Effect.catchTag("StorageError", (error) => Effect.succeed(error)),
      Effect.onExit((exit) =>
        exit._tag === "Success" && !("_tag" in exit.value) ? Effect.void : cancel(desk, uploadId)
      )
    )
    if (!("_tag" in done)) {
      desk.lastPut = yield* Clock.currentTimeMillis
      observer.upload({ _tag: "Completed", bytes: measured.bytes })
      return {
        uploadId,
        etag: done.etag,
        bytes: measured.bytes,
        sha256: done.sha256,
        isConfirmed: false
      } satisfies Staged
    }
    switch (done.reason) {
      case "exposed":
      case "down":
      case "unwanted":
        return yield* failure(desk, done.reason, done.message)
      case "refused":
        return rejected("upload-refused", `${done.message}. See what is special about the file`)
      case "corrupt":
        return rejected("upload-corrupt", `${done.message}. Replay it; report it if this goes on`)
      case "busy":
        // Others got through meanwhile: it is something about this file, and it must not end the run.
        return desk.lastPut > start
          ? rejected("upload-failed", `${done.message}. Replay it`)
          : yield* failure(desk, done.reason, done.message)
      case "expired":
        if (address < maxAddresses) continue
        return rejected("upload-expired", `${done.message}, ${maxAddresses} times. Replay it`)
    }
  }
})

const ofUnknownLength = Effect.fnUntraced(function* (desk: UploadDesk, content: Content, limit: number) {
  const measured = yield* spooled(desk, content.file, content.bytes, limit)
  if (measured === undefined) return tooLarge(undefined, limit)
  return yield* desk.holding(measured.bytes)(transfer(desk, content, measured))
}, Effect.scoped)

const ofKnownLength = Effect.fnUntraced(function* (desk: UploadDesk, content: Content, bytes: number) {
  return yield* transfer(desk, content, yield* known(content, bytes))
})

/** What an earlier run put there: for one. */
const recall = ({ recalled }: UploadDesk, { key, property, run, token }: Content): Staged | undefined => {
  if (recalled.size === 0) return undefined
  const by = keyOf({ sluice_pipeline: run.pipeline, source_key: key, source_token: token, property })
  const staged = recalled.get(by)?.staged
  recalled.delete(by)
  return staged
}

/**
 * Puts a file into the storage, unless an earlier run did already. An outcome where the file is not going to be there. Fails
 * with what reading the file fails with, and with `SinkError` where nothing can be uploaded any more.
 */
export const upload = Effect.fnUntraced(
  function* (
    desk: UploadDesk,
    content: Content
  ): Effect.fn.Return<Staged | Outcome.Outcome, Source.SourceError | Sink.SinkError, Mixpeek> {
    const recalled = recall(desk, content)
    if (recalled !== undefined) return recalled
    const { maxUploadBytes } = yield* Mixpeek
    const limit = Math.min(desk.maxFileBytes ?? (yield* maxUploadBytes), UploadWire.maxPutBytes)
    const { size } = content.file
    if (size === undefined) return yield* ofUnknownLength(desk, content, limit)
    if (size > limit) return tooLarge(size, limit)
    return yield* desk.holding(size)(ofKnownLength(desk, content, size))
  },
  Effect.catchTags({
    SinkError: (error) => {
      const outcome = refusalOf(error)
      return outcome === undefined ? Effect.fail(error) : Effect.succeed(outcome)
    },
    SourceError: (error) =>
      Effect.flatMap(Observer.Observer, (observer) => {
        if (error.reason._tag === "Corrupt") observer.upload({ _tag: "Mismatched" })
        return Effect.fail(error)
      })
  })
)
