/**
 * A cap on bytes per second, for all uploads of a process together.
 */
import { Clock, Duration, Effect, Stream } from "effect"

/**
 * The same bytes, in pieces of at most 64 KiB, each of which waits until the pieces before it had their time. No piece is
 * kept: what waits is what the reader was going to be given next. `waits` is told before and after each wait.
 */
export type Cap = (
  waits: (waiting: boolean) => void
) => <E, R>(content: Stream.Stream<Uint8Array, E, R>) => Stream.Stream<Uint8Array, E, R>

/** A line that carries one piece after the other. */
export interface Bandwidth {
  readonly cap: (bytesPerSecond: number) => Cap
}

/** Small enough to flow evenly, large enough to cost nothing. */
const pieceBytes = 64 * 1024

const piecesOf = (chunk: Uint8Array): ReadonlyArray<Uint8Array> =>
  Array.from({ length: Math.ceil(chunk.length / pieceBytes) }, (_, index) =>
    chunk.subarray(index * pieceBytes, (index + 1) * pieceBytes)
  )

/** A line of its own. */
export const make = (): Bandwidth => {
  /** When everything that was let through will have had its time. */
  let freeAt = 0
  return {
    cap: (bytesPerSecond) => (waits) => (content) =>
      content.pipe(
        Stream.flatMap((chunk) => Stream.fromIterable(piecesOf(chunk))),
        Stream.mapEffect(
          Effect.fnUntraced(function* (piece) {
            const now = yield* Clock.currentTimeMillis
            const start = Math.max(now, freeAt)
            freeAt = start + (piece.length / bytesPerSecond) * 1000
            if (start > now) {
              waits(true)
              yield* Effect.ensuring(
                Effect.sleep(Duration.millis(start - now)),
                Effect.sync(() => waits(false))
              )
            }
            return piece
          })
        )
      )
  }
}

/** The line of this process: every client keeps to it, with its own rate. */
export const ofThisProcess: Bandwidth = make()
