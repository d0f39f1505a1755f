/**
 * Content whose length is known, as an upload has to say it first: whole, where it is small; else read while it is put, or waiting
 * in a file.
 */
import { Sink, Source, type SourceFile } from "@sluice/core"
import { Array as Arr, Cause, Effect, Pull, type Scope, Stream } from "effect"
import { createHash, hash } from "node:crypto"
import * as Spool from "./Spool.ts"
import type * as Upload from "./Upload.ts"
import type { UploadDesk } from "./UploadDesk.ts"

type Bytes = Stream.Stream<Uint8Array, Source.SourceError>

type Chunks = Pull.Pull<Arr.NonEmptyReadonlyArray<Uint8Array>, Source.SourceError>

/** The content, and how long it is. */
export interface Measured {
  readonly bytes: number
  readonly content: Uint8Array | Bytes
  /** The same content for whoever compares its MD5. */
  readonly comparable?: Source.Comparable | undefined
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

/** Content that is to be sent once, and what will be known of it then. */
export interface Digesting {
  readonly content: Measured["content"]
  /** The storage has to say this MD5: nobody has verified what was sent, nor computes it. */
  readonly md5: string | undefined
  readonly digests: { readonly md5: () => string; readonly sha256: () => string }
}

const streaming = (content: Bytes, algorithms: ReadonlyArray<"md5" | "sha256">) => {
  const hashes = algorithms.map((algorithm) => [algorithm, createHash(algorithm)] as const)
  const digest = (of: "md5" | "sha256") => () => hashes.find(([algorithm]) => algorithm === of)?.[1].digest("hex") ?? ""
  return {
    digests: { md5: digest("md5"), sha256: digest("sha256") },
    content: Stream.mapArray(content, (chunks) => {
      for (const chunk of chunks) for (const [, one] of hashes) one.update(chunk)
      return chunks
    })
  }
}

/** What is computed is what nobody says: a SHA-256 that the source keeps, it has verified. */
export const digesting = (
  desk: UploadDesk,
  { checksum }: SourceFile.SourceFile,
  { comparable, content }: Measured
): Digesting => {
  const sha256 = checksum?.algorithm === "sha256" ? checksum.value : undefined
  if (content instanceof Uint8Array) {
    const digests = { md5: () => hash("md5", content, "hex"), sha256: () => sha256 ?? hash("sha256", content, "hex") }
    return { content, md5: undefined, digests }
  }
  const compared = desk.comparesMd5 ? comparable : undefined
  const { digests, ...sent } = streaming(compared?.bytes ?? content, [
    ...(compared === undefined ? (["md5"] as const) : []),
    ...(sha256 === undefined ? (["sha256"] as const) : [])
  ])
  return {
    ...sent,
    md5: compared?.md5,
    digests: { ...digests, sha256: sha256 === undefined ? digests.sha256 : () => sha256 }
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
  { bytes: content, comparable, file }: Pick<Upload.Content, "file" | "bytes" | "comparable">,
  bytes: number
): Effect.Effect<Measured, Source.SourceError> =>
  bytes > smallBytes
    ? Effect.succeed({
        bytes,
        content: exactly(file, bytes, content),
        comparable: comparable && { ...comparable, bytes: exactly(file, bytes, comparable.bytes) }
      })
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
