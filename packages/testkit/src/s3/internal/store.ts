/** What the stand-in holds: buckets, the versions of their objects, and the keys it pretends to hold. */
import { hash } from "node:crypto"
import { type Body, md5Of } from "../../internal/body.ts"
import type { Algorithm } from "./checksum.ts"
import { compareKeys, lowerBound } from "./order.ts"
import type { Pretended } from "./pretend.ts"
import { wholeSeconds } from "./time.ts"

/** Where the restoration of an archived object stands. */
export type Restoration = { readonly ongoing: true } | { readonly ongoing: false; readonly expiresAt: number }

/** One version of an object, or a delete marker. */
export interface Version {
  readonly key: string
  /** `null` (the word) for what was put while the bucket had no versioning. */
  readonly versionId: string
  readonly deleteMarker: boolean
  /** Milliseconds since 1970, whole seconds. */
  readonly lastModified: number
  readonly body: Body
  /** Without quotes; absent until somebody asks, where it is costly. */
  etag: string | undefined
  /** Headers that were stored with it and are sent with it: Content-Type, Cache-Control… */
  readonly headers: Readonly<Record<string, string>>
  /** User metadata, by lower-case name without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>
  readonly storageClass: string
  tags: ReadonlyArray<readonly [key: string, value: string]>
  restoration: Restoration | undefined
  /** Base64 checksums by algorithm, of the whole object or `…-N` of its parts. */
  readonly checksums: Partial<Record<Algorithm, string>>
  /** Base64 MD5 of the customer's key, for SSE-C. */
  readonly customerKeyMd5: string | undefined
  /** `AES256` or `aws:kms`. */
  readonly encryption: string | undefined
}

/** An upload in parts that is not complete. */
export interface Upload {
  readonly id: string
  readonly key: string
  readonly template: Omit<Version, "body" | "etag" | "versionId" | "lastModified" | "checksums">
  readonly checksumAlgorithm: Algorithm | undefined
  readonly parts: Map<number, { readonly bytes: Uint8Array; readonly etag: string }>
}

/** A bucket. */
export interface Bucket {
  readonly name: string
  readonly region: string
  readonly createdAt: number
  readonly requesterPays: boolean
  /** Anybody may list and read. */
  readonly public: boolean
  versioning: "Unversioned" | "Enabled" | "Suspended"
  /** Versions by key, the newest first. */
  readonly objects: Map<string, Array<Version>>
  readonly uploads: Map<string, Upload>
  /** Keys that are computed; what `objects` says of a key goes before. */
  pretended: Pretended | undefined
  sorted: ReadonlyArray<string> | undefined
}

/** All buckets, and the source of version and upload ids. */
export interface Store {
  readonly buckets: Map<string, Bucket>
  issued: number
}

export const makeStore = (): Store => ({ buckets: new Map(), issued: 0 })

/** Opaque like S3's ids (which have no order), and the same in every run. */
export const issueId = (store: Store): string => hash("sha256", `sluice ${store.issued++}`, "base64url").slice(0, 32)

export const makeBucket = (
  name: string,
  region: string,
  createdAt: number,
  options: { readonly requesterPays: boolean; readonly public: boolean; readonly versioning: boolean }
): Bucket => ({
  name,
  region,
  createdAt,
  requesterPays: options.requesterPays,
  public: options.public,
  versioning: options.versioning ? "Enabled" : "Unversioned",
  objects: new Map(),
  uploads: new Map(),
  pretended: undefined,
  sorted: undefined
})

/** The newest version of a key, which may be a delete marker. */
export const currentVersion = (bucket: Bucket, key: string): Version | undefined =>
  bucket.objects.get(key)?.[0] ?? bucket.pretended?.find(key)

/** One version of a key by its id. */
export const versionById = (bucket: Bucket, key: string, versionId: string): Version | undefined =>
  bucket.objects.get(key)?.find((version) => version.versionId === versionId) ??
  (versionId === "null" ? bucket.pretended?.find(key) : undefined)

/** Adds a version as the newest of its key; without versioning it takes the place of the one that was there. */
export const addVersion = (store: Store, bucket: Bucket, content: Omit<Version, "versionId">): Version => {
  const version = { ...content, versionId: bucket.versioning === "Enabled" ? issueId(store) : "null" }
  const versions = bucket.objects.get(version.key)
  if (versions === undefined) {
    bucket.objects.set(version.key, [version])
    bucket.sorted = undefined
  } else {
    const replaced = versions.findIndex((other) => other.versionId === version.versionId)
    if (replaced >= 0) versions.splice(replaced, 1)
    versions.unshift(version)
  }
  return version
}

/** A delete marker for a key. */
export const deleteMarker = (key: string, now: number, body: Body): Omit<Version, "versionId"> => ({
  key,
  deleteMarker: true,
  lastModified: wholeSeconds(now),
  body,
  etag: undefined,
  headers: {},
  metadata: {},
  storageClass: "STANDARD",
  tags: [],
  restoration: undefined,
  checksums: {},
  customerKeyMd5: undefined,
  encryption: undefined
})

/** Takes one version out for good. */
export const dropVersion = (bucket: Bucket, key: string, versionId: string): Version | undefined => {
  const versions = bucket.objects.get(key)
  const at = versions?.findIndex((version) => version.versionId === versionId) ?? -1
  if (versions === undefined || at < 0) return undefined
  const [dropped] = versions.splice(at, 1)
  if (versions.length === 0) {
    bucket.objects.delete(key)
    bucket.sorted = undefined
  }
  return dropped
}

/** The ETag, computed now if nobody asked before. */
export const etagOf = async (version: Version): Promise<string> => (version.etag ??= await md5Of(version.body))

/** Walks a bucket in key order: for each key its versions (the newest first), those it pretends to hold included. */
export interface Walk {
  /** The versions of the key it stands at; `undefined` at the end. */
  readonly versions: () => ReadonlyArray<Version> | undefined
  readonly advance: () => void
  /** Goes on to the first key for which `reached` holds. */
  readonly seek: (reached: (key: string) => boolean) => void
}

export const walk = (bucket: Bucket, reached: (key: string) => boolean): Walk => {
  const keys = (bucket.sorted ??= [...bucket.objects.keys()].toSorted(compareKeys))
  const pretended = bucket.pretended
  let stored = 0
  let computed = 0
  const seek = (from: (key: string) => boolean) => {
    stored = lowerBound(keys.length, (index) => from(keys[index] ?? ""))
    if (pretended !== undefined) computed = lowerBound(pretended.count, (index) => from(pretended.key(index)))
  }
  seek(reached)
  // Negative: the computed key is first; positive: the stored one; zero: both are the same key.
  const order = (): number | undefined => {
    const key = keys[stored]
    const hasComputed = pretended !== undefined && computed < pretended.count
    if (key === undefined) return hasComputed ? -1 : undefined
    return hasComputed ? compareKeys(pretended.key(computed), key) : 1
  }
  return {
    seek,
    versions: () => {
      const which = order()
      if (which === undefined) return undefined
      if (which < 0 && pretended !== undefined) return [pretended.at(computed)]
      return bucket.objects.get(keys[stored] ?? "")
    },
    advance: () => {
      const which = order() ?? 0
      if (which <= 0) computed++
      if (which >= 0) stored++
    }
  }
}
