/** Bytes of files, wherever they come from: memory, a file on disk, or computed from the name. */
import { createHash, hash } from "node:crypto"
import { createReadStream } from "node:fs"
import { Readable } from "node:stream"

/** The content of one version of a file. */
export interface Body {
  readonly size: number
  /** The bytes from `start` up to and without `end`. */
  readonly read: (start: number, end: number) => Uint8Array | Readable
}

/** Content held in memory. */
export const memoryBody = (bytes: Uint8Array): Body => ({
  size: bytes.byteLength,
  read: (start, end) => bytes.subarray(start, end)
})

/** Content of a file, read from disk each time. */
export const fileBody = (path: string, size: number): Body => ({
  size,
  read: (start, end) => (end > start ? createReadStream(path, { start, end: end - 1 }) : new Uint8Array(0))
})

// A prime length: no power of two that a client resumes at falls on the same noise again.
const period = 65_521
const noise = (() => {
  const bytes = new Uint8Array(period + 65_536)
  let state = 0x9e3779b9
  for (let i = 0; i < bytes.length; i++) {
    if (i < period) {
      state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) | 0
      bytes[i] = state >>> 24
    } else bytes[i] = bytes[i - period] ?? 0
  }
  return bytes
})()

/** A number that depends on the key alone. */
export const mix = (key: string, seed: number): number => {
  let state = seed
  for (let i = 0; i < key.length; i++) state = Math.imul(state ^ key.charCodeAt(i), 0x01000193)
  state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d)
  return (state ^ (state >>> 13)) >>> 0
}

/** Content computed from a key: the same bytes each time, none of them stored. A class, since pages make thousands. */
export class NoiseBody implements Body {
  readonly key: string
  readonly size: number

  constructor(key: string, size: number) {
    this.key = key
    this.size = size
  }

  read(start: number, end: number): Uint8Array | Readable {
    const seed = mix(this.key, 1)
    const piece = (at: number): Uint8Array => {
      const from = (seed + at) % period
      return noise.subarray(from, from + Math.min(end - at, 65_536))
    }
    if (end - start <= 65_536) return piece(start)
    let at = start
    return new Readable({
      read() {
        const bytes = at < end ? piece(at) : null
        at += bytes?.byteLength ?? 0
        this.push(bytes)
      }
    })
  }
}

/** A digest of a body in lower-case hex, piece by piece. */
export const digestOf = async (algorithm: "md5" | "sha256", body: Body): Promise<string> => {
  const content = body.read(0, body.size)
  if (content instanceof Uint8Array) return hash(algorithm, content)
  const digest = createHash(algorithm)
  for await (const piece of content) digest.update(piece)
  return digest.digest("hex")
}

/** The ETag of an object that was put in one piece. */
export const md5Of = (body: Body): Promise<string> => digestOf("md5", body)
