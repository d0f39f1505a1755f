/** Keys that are computed from their number, so that a bucket of millions costs no memory. */
import { mix, NoiseBody } from "../../internal/body.ts"
import { compareKeys, lowerBound } from "./order.ts"
import { type Version } from "./store.ts"
import { wholeSeconds } from "./time.ts"

/** What a bucket pretends to hold. */
export interface PretendOptions {
  /** How many keys. */
  readonly count: number
  /** The key with this number, from 0; ascending in UTF-8 order. */
  readonly key: (index: number) => string
  /** Bytes of each object. */
  readonly size: number | ((index: number) => number)
  /** Milliseconds since 1970 (fractions of a second are dropped); a fixed day in 2026 by default. */
  readonly lastModified?: number | ((index: number) => number)
  /** Without quotes. By default computed from the key and shaped like that of a multipart upload, so that nobody takes it for an MD5. */
  readonly etag?: (index: number) => string
  /** `STANDARD` by default. */
  readonly storageClass?: (index: number) => string
}

/** A sequence of computed objects. */
export interface Pretended {
  readonly count: number
  readonly key: (index: number) => string
  readonly at: (index: number) => Version
  readonly find: (key: string) => Version | undefined
}

// Numbers are looked up in fours of digits: a page writes thousands of them.
const fours = Array.from({ length: 65_536 }, (_, value) => value.toString(16).padStart(4, "0"))
const hex = (value: number): string => `${fours[value >>> 16]}${fours[value & 0xffff]}`

/** An ETag that depends on the key alone. */
const etagFor = (key: string): string => {
  const a = mix(key, 0x811c9dc5)
  const b = Math.imul(a, 0x85ebca6b) >>> 0
  return `${hex(a)}${hex(b)}${hex(b ^ 0x5bd1e995)}${hex(a ^ 0x27d4eb2f)}-1`
}

const valueAt = (value: number | ((index: number) => number), index: number): number =>
  typeof value === "number" ? value : value(index)

/** The first number whose key is not above the one before it, among those looked at; the whole is too much to look at. */
export const firstUnordered = (options: PretendOptions): number | undefined => {
  const step = Math.max(1, Math.floor(options.count / 1000))
  for (let index = 1; index < options.count; index += step) {
    if (compareKeys(options.key(index - 1), options.key(index)) >= 0) return index
  }
  return undefined
}

const nothing = {}
const noTags: ReadonlyArray<readonly [string, string]> = []
const noHeaders = { "content-type": "binary/octet-stream" }

export const pretended = (options: PretendOptions): Pretended => {
  const at = (index: number): Version => {
    const key = options.key(index)
    const etag = options.etag?.(index) ?? etagFor(key)
    return {
      key,
      versionId: "null",
      deleteMarker: false,
      lastModified: wholeSeconds(valueAt(options.lastModified ?? 1_767_225_600_000, index)),
      body: new NoiseBody(key, valueAt(options.size, index)),
      etag,
      headers: noHeaders,
      metadata: nothing,
      storageClass: options.storageClass?.(index) ?? "STANDARD",
      tags: noTags,
      restoration: undefined,
      checksums: nothing,
      customerKeyMd5: undefined,
      encryption: undefined
    }
  }
  return {
    count: options.count,
    key: options.key,
    at,
    find: (key) => {
      const index = lowerBound(options.count, (n) => compareKeys(options.key(n), key) >= 0)
      return index < options.count && options.key(index) === key ? at(index) : undefined
    }
  }
}
