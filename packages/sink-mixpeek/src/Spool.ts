/**
 * Content of which nobody knows how long it is, in a temporary file: an upload has to say its length first.
 */
import { Effect, Option, type Scope, Stream } from "effect"
import { randomUUID } from "node:crypto"
import { type FileHandle, open, unlink } from "node:fs/promises"
import { join } from "node:path"

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

/**
 * Writes content into a file in `folder` that has no name any more once it is open: it is gone when the scope closes, and also
 * when the process is killed. Readable by its owner alone. `undefined` where there is more than `maxBytes`: no more than that
 * is read.
 */
export const write = Effect.fn("MixpeekSink.spool")(function* <E, R>(
  content: Stream.Stream<Uint8Array, E, R>,
  options: { readonly folder: string; readonly maxBytes: number }
): Effect.fn.Return<Spooled | undefined, E, R | Scope.Scope> {
  const path = join(options.folder, `sluice-${randomUUID()}`)
  const file = yield* Effect.acquireRelease(
    Effect.promise(async () => {
      const opened = await open(path, "wx+", 0o600)
      await unlink(path)
      return opened
    }),
    (opened) => Effect.promise(() => opened.close())
  )
  let bytes = 0
  yield* Stream.runForEachWhile(content, (chunk) =>
    Effect.promise(async () => {
      if (bytes + chunk.length <= options.maxBytes) await file.write(chunk, 0, chunk.length, bytes)
      bytes += chunk.length
      return bytes <= options.maxBytes
    })
  )
  return bytes > options.maxBytes ? undefined : { bytes, content: contentOf(file, bytes) }
})
