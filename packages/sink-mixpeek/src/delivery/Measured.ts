/**
 * Content whose length is known, as an upload has to say it first: whole, where it is small; else read while it is put, or waiting
 * in a file.
 */
import { Sink, Source, type SourceFile } from "@sluice/core"
import { Array as Arr, Cause, Effect, Pull, type Scope, Stream } from "effect"
import { createHash, hash } from "node:crypto"
import * as Spool from "./Spool.ts"
import type { UploadDesk } from "./UploadDesk.ts"

type Bytes = Stream.Stream<Uint8Array, Source.SourceError>

type Chunks = Pull.Pull<Arr.NonEmptyReadonlyArray<Uint8Array>, Source.SourceError>

/** The content, and how long it is. */
export interface Measured {
  readonly bytes: number
  readonly content: Uint8Array | Bytes
}

/** Read whole before anything is asked for it. Beyond, what reading it at once saves is nothing beside its bytes. */
export const smallBytes = 256 * 1024

const count = (bytes: number) => bytes.toLocaleString("en")

const otherLength = ({ uri }: SourceFile.SourceFile, message: string) =>
  new Source.SourceError({
    source: uri.split("/", 3).join("/"),
    operation: "read",
    reason: new Source.Corrupt(),
    message: `${message}. See whether it is being written, and replay it`
  })

const tooLong = (file: SourceFile.SourceFile, bytes: number) =>
  otherLength(file, `it has more than the ${count(bytes)} bytes that the source announced`)

const tooShort = (file: SourceFile.SourceFile, read: number, bytes: number) =>
  otherLength(file, `it has ${count(read)} bytes, not the ${count(bytes)} that the source announced`)

/** All of it: exactly `bytes`, else `Corrupt`. */
const whole = Effect.fnUntraced(function* (file: SourceFile.SourceFile, bytes: number, content: Bytes) {
  const all: Array<Uint8Array> = []
  let read = 0
  yield* Stream.runForEachArray(content, (chunks) => {
    for (const chunk of chunks) {
      all.push(chunk)
      read += chunk.length
    }
    return read > bytes ? tooLong(file, bytes) : Effect.void
  })
  if (read < bytes) return yield* tooShort(file, read, bytes)
  const [only] = all
  return all.length === 1 && only !== undefined ? only : Buffer.concat(all, read)
})

/**
 * Exactly `bytes`, else `Corrupt`. The last of them are held back until the source has said that it has given everything as it
 * should: storage answers as soon as it has them, whatever the source finds out then.
 */
const exactly = (file: SourceFile.SourceFile, bytes: number, content: Bytes): Bytes =>
  Stream.transformPull(content, (pull: Chunks) =>
    Effect.sync(() => {
      let read = 0
      let held: ReadonlyArray<Uint8Array> = []
      let ended = false
      const end = Effect.gen(function* () {
        if (ended) return yield* Cause.done()
        ended = true
        if (read < bytes) return yield* tooShort(file, read, bytes)
        return held
      })
      const next: Chunks = Effect.suspend(() => (ended ? end : pull)).pipe(
        Effect.flatMap((chunks) => {
          const before = held
          held = chunks.filter(({ length }) => length > 0)
          for (const { length } of held) read += length
          return read > bytes ? tooLong(file, bytes) : Effect.succeed(before)
        }),
        Pull.catchDone(() => end),
        Effect.flatMap((given) => (Arr.isReadonlyArrayNonEmpty(given) ? Effect.succeed(given) : next))
      )
      return next
    })
  )

/** Digests of what was sent, once all of it was; `undefined` of one that was not computed. */
export interface Digests {
  readonly md5: () => string | undefined
  readonly sha256: () => string
}

/** The content, to be sent once, and what will be known of it then. Of a stream, only digests that are not `known` are computed. */
export const digesting = (
  { content }: Measured,
  known: { readonly md5: string | undefined; readonly sha256: string | undefined }
): { readonly content: Measured["content"]; readonly digests: Digests } => {
  if (content instanceof Uint8Array) {
    return {
      content,
      digests: { md5: () => hash("md5", content, "hex"), sha256: () => known.sha256 ?? hash("sha256", content, "hex") }
    }
  }
  const sha256 = known.sha256 === undefined ? createHash("sha256") : undefined
  const md5 = known.md5 === undefined ? createHash("md5") : undefined
  return {
    content: Stream.mapArray(content, (chunks) => {
      for (const chunk of chunks) {
        sha256?.update(chunk)
        md5?.update(chunk)
      }
      return chunks
    }),
    digests: { md5: () => md5?.digest("hex"), sha256: () => known.sha256 ?? sha256?.digest("hex") ?? "" }
  }
}

const cannotWait = (desk: UploadDesk, { message }: Spool.SpoolError) =>
  new Sink.SinkError({
    sink: desk.name,
    operation: "spool",
    reason: new Sink.Unusable(),
    message: `${message}. Make room there, or name another folder (delivery.uploads.folder)`
  })

/** Content of which the source says how long it is: read, where it is small. */
export const known = (
  file: SourceFile.SourceFile,
  bytes: number,
  content: Bytes
): Effect.Effect<Measured, Source.SourceError> =>
  bytes > smallBytes
    ? Effect.succeed({ bytes, content: exactly(file, bytes, content) })
    : Effect.map(whole(file, bytes, content), (read) => ({ bytes, content: read }))

/** Content of which the source does not say that: written into a file. `undefined` where it is longer than `limit`. */
export const spooled = (
  desk: UploadDesk,
  file: SourceFile.SourceFile,
  content: Bytes,
  limit: number
): Effect.Effect<Measured | undefined, Source.SourceError | Sink.SinkError, Scope.Scope> =>
  Spool.write(content, { folder: desk.folder, maxBytes: limit }).pipe(
    desk.holding(limit),
    Effect.map((written) => written && { ...written, content: exactly(file, written.bytes, written.content) }),
    Effect.catchTag("SpoolError", (error) => Effect.fail(cannotWait(desk, error)))
  )
