/**
 * Content that everybody has: the same mebibyte over and over.
 */
import type { Writable } from "node:stream"

const block = Buffer.alloc(1024 ** 2)
for (let at = 0; at < block.length; at++) block[at] = (at * 31 + (at >>> 8)) & 0xff

/** Pieces that go to a socket at once: of the size in which it takes them. */
const pieceBytes = 256 * 1024

/** So many bytes of it. */
export const pattern = (bytes: number) => {
  function* chunks(from: number, to = bytes): Generator<Buffer> {
    for (let at = from; at < to;) {
      const within = at % block.length
      const length = Math.min(to - at, block.length - within, pieceBytes)
      yield block.subarray(within, within + length)
      at += length
    }
  }
  /** Writes from one place to another, as fast as they are taken, and ends. */
  const write = (into: Writable, from: number, to: number): void => {
    const pieces = chunks(from, to)
    const go = () => {
      for (;;) {
        const next = pieces.next()
        if (next.done === true) {
          into.end()
          return
        }
        if (!into.write(next.value)) {
          into.once("drain", go)
          return
        }
      }
    }
    go()
  }
  return { chunks, write }
}
