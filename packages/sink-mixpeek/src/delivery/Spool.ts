/**
 * Content of which nobody knows how long it is, in a temporary file: an upload has to say its length first.
 */
import { Data, Effect, Option, Predicate, type Scope, Stream } from "effect"
import { randomUUID } from "node:crypto"
import { type FileHandle, open, unlink } from "node:fs/promises"
import { join } from "node:path"

/** The file could not be made or written: no room, no such folder, no permission. */
export class SpoolError extends Data.TaggedError("SpoolError")<{ readonly message: string }> {}

const attempt = <A>(folder: string, run: () => Promise<A>): Effect.Effect<A, SpoolError> =>
  Effect.tryPromise({
    try: () => run(),
    catch: (cause) => {
      const code = Predicate.hasProperty(cause, "code") ? String(cause.code) : "unknown"
      return new SpoolError({ message: `content of unknown length cannot wait in ${folder} (${code})` })
    }
  })

/** What was written. */
export interface Spooled {
  readonly bytes: number
  /** From the beginning, each time it is run. */
  readonly content: Stream.Stream<Uint8Array>
}

/** Bytes that are read at a time. */
const chunkSize = 256 * 1024

const contentOf = (file: FileHandle, bytes: number): Stream.Stream<Uint8Array> =>
  Stream.paginate(
    0,
    Effect.fnUntraced(function* (position: number) {
      const buffer = Buffer.allocUnsafe(Math.min(chunkSize, bytes - position))
      const { bytesRead } = yield* Effect.promise(() => file.read(buffer, 0, buffer.length, position))
      const next = position + bytesRead
      return [
        bytesRead === 0 ? [] : [buffer.subarray(0, bytesRead)],
        bytesRead > 0 && next < bytes ? Option.some(next) : Option.none<number>()
      ] as const
    })
  )

/** The system may take a part of it. */
const writeAll = async (file: FileHandle, chunk: Uint8Array, position: number) => {
  for (let done = 0; done < chunk.length;) {
    done += (await file.write(chunk, done, chunk.length - done, position + done)).bytesWritten
  }
}

/**
 * Writes content into a file in `folder` that has no name any more once it is open: it is gone when the scope closes, and also
 * when the process is killed. Readable by its owner alone. `undefined` where there is more than `maxBytes`: no more than that
 * is read.
 */
export const write = Effect.fn("MixpeekSink.spool")(function* <E, R>(
  content: Stream.Stream<Uint8Array, E, R>,
  options: { readonly folder: string; readonly maxBytes: number }
): Effect.fn.Return<Spooled | undefined, E | SpoolError, R | Scope.Scope> {
  const { folder, maxBytes } = options
  const path = join(folder, `sluice-${randomUUID()}`)
  const file = yield* Effect.acquireRelease(
    attempt(folder, async () => {
      const opened = await open(path, "wx+", 0o600)
      await unlink(path)
      return opened
    }),
    (opened) => Effect.promise(() => opened.close())
  )
  let bytes = 0
  yield* Stream.runForEachWhile(content, (chunk) =>
    attempt(folder, async () => {
      if (bytes + chunk.length <= maxBytes) await writeAll(file, chunk, bytes)
      bytes += chunk.length
      return bytes <= maxBytes
    })
  )
  return bytes > maxBytes ? undefined : { bytes, content: contentOf(file, bytes) }
})
