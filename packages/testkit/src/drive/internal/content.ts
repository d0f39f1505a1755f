/** Bytes of files: given by the test, or computed from id and revision and stored nowhere. */
import { createHash, type Hash } from "node:crypto"
import { type Body, memoryBody, NoiseBody } from "../../internal/body.ts"
import type { Digests, Item } from "./item.ts"

export type { Body }

/** The bytes of a file with binary content. */
export const contentOf = (item: Item): Body =>
  item.bytes === undefined ? new NoiseBody(`${item.id} ${item.revision}`, item.size) : memoryBody(item.bytes)

/** What an export of a document gives: bytes that a test gave are the same in all formats, computed ones are not. */
export const exportOf = (item: Item, format: string): Body =>
  item.bytes === undefined ? new NoiseBody(`${item.id} ${item.revision} ${format}`, item.size) : memoryBody(item.bytes)

/** Text that answers are made of. */
export const textBody = (text: string): Body => memoryBody(Buffer.from(text))

const PIECE = 65_536

/** All bytes of a body at once. */
export const bytesOf = (body: Body): Uint8Array => {
  const whole = new Uint8Array(body.size)
  for (const [at, piece] of pieces(body)) whole.set(piece, at)
  return whole
}

function* pieces(body: Body): Generator<readonly [at: number, piece: Uint8Array]> {
  for (let at = 0; at < body.size; at += PIECE) {
    const piece = body.read(at, Math.min(body.size, at + PIECE))
    // Bodies in memory and computed ones stream only what is longer.
    if (piece instanceof Uint8Array) yield [at, piece]
  }
}

const hex = (body: Body, hash: Hash): string => {
  for (const [, piece] of pieces(body)) hash.update(piece)
  return hash.digest("hex")
}

/** Lower-case hex of the bytes of a body, which need not fit into memory. */
export const sha256Of = (body: Body): string => hex(body, createHash("sha256"))

/** A checksum of a file's content, computed when first asked for. */
export const digestOf = (item: Item, algorithm: keyof Digests): string => {
  const digests = (item.digests ??= {})
  return (digests[algorithm] ??= hex(contentOf(item), createHash(algorithm)))
}
