/**
 * An S3 of one's own: a real HTTP server on loopback that speaks S3's protocol (path style), checks signatures, can
 * pretend to hold millions of keys or serve a folder, and fails on command. Deterministic; nothing is kept on disk.
 */
import { Effect, Redacted, type Scope } from "effect"
import { digestOf, memoryBody } from "../internal/body.ts"
import type { FaultControls } from "../internal/faultRules.ts"
import { listen } from "../internal/listen.ts"
import { makeRequestLog, type RequestViews } from "../internal/requestLog.ts"
import { StandInError } from "../internal/StandInError.ts"
import type { Fault } from "./Fault.ts"
import { type Algorithm, checksumOf } from "./internal/checksum.ts"
import type { Credential } from "./internal/credentials.ts"
import { addFolder, contentTypeOf } from "./internal/folder.ts"
import type { Operation } from "./internal/operation.ts"
import { firstUnordered, pretended, type PretendOptions } from "./internal/pretend.ts"
import { makeServer, type RequestLogEntry } from "./internal/server.ts"
import {
  addVersion,
  type Bucket,
  currentVersion,
  etagOf,
  makeBucket,
  makeStore,
  type Restoration
} from "./internal/store.ts"
import { makeStriking } from "./internal/striking.ts"
import { deleteVersion, etagFor } from "./internal/writing.ts"
import { customerKeyMd5, encodeMetadata } from "./internal/stored.ts"
import { wholeSeconds } from "./internal/time.ts"

export type { Algorithm, Credential, Operation, PretendOptions, RequestLogEntry, Restoration }
export { StandInError }

/** How a stand-in is made. */
export interface Options {
  /** `us-east-1` by default. */
  readonly region?: string
  /** A free port by default. */
  readonly port?: number
  /** What a request signed for another region than its bucket's gets: 301 PermanentRedirect (default), or 400. */
  readonly wrongRegion?: "redirect" | "malformed"
  /** How many requests the log keeps, the latest; 10,000 by default. */
  readonly logCapacity?: number
  /** The clock, in milliseconds since 1970; that of the machine by default, since clients sign by it. */
  readonly now?: () => number
}

/** What a bucket is like. */
export interface BucketOptions {
  /** That of the stand-in by default. */
  readonly region?: string
  readonly versioning?: boolean
  /** Refuses requests without `x-amz-request-payer: requester`. */
  readonly requesterPays?: boolean
  /** Anybody may list and read, without a signature. */
  readonly public?: boolean
}

/** What goes with an object. */
export interface PutOptions {
  /** User metadata; values that are not ASCII are sent as RFC 2047 words, as S3 does. */
  readonly metadata?: Readonly<Record<string, string>>
  readonly tags?: Readonly<Record<string, string>>
  /** By the extension of the key by default. */
  readonly contentType?: string
  /** Further headers to keep: `content-encoding`, `cache-control`… */
  readonly headers?: Readonly<Record<string, string>>
  /** `STANDARD` by default; `GLACIER` and `DEEP_ARCHIVE` cannot be read before they are restored. */
  readonly storageClass?: string
  readonly restoration?: Restoration
  /** Milliseconds since 1970; now by default. */
  readonly lastModified?: number
  /** The checksum kept beside the object, `CRC64NVME` by default; `none` for objects from before 2025. */
  readonly checksum?: Algorithm | "none"
  /** Encrypted with this key of the customer's, 32 bytes: not readable without it, and the ETag is not an MD5. */
  readonly customerKey?: Uint8Array
  /** `aws:kms`: the ETag looks like an MD5 and is none. */
  readonly encryption?: "AES256" | "aws:kms"
  /** An ETag other than the MD5 of the body, without quotes: that of an upload in parts, say. */
  readonly etag?: string
}

/**
 * A running stand-in. Buckets that do not exist are made by whatever puts something into them. One whose name ends in
 * `--x-s3` is a directory bucket: its listings are in no order, and only prefixes that end in a slash are listed.
 */
export interface S3StandIn extends RequestViews<Operation, RequestLogEntry> {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string
  readonly region: string
  /** The key pair that is valid from the start. */
  readonly accessKeyId: string
  readonly secretAccessKey: Redacted.Redacted<string>
  readonly createBucket: (name: string, options?: BucketOptions) => Effect.Effect<void>
  readonly put: (
    bucket: string,
    key: string,
    body: Uint8Array | string,
    options?: PutOptions
  ) => Effect.Effect<{ readonly etag: string; readonly versionId: string | undefined }>
  /** Deletes a key, leaving a delete marker where there is versioning. */
  readonly remove: (bucket: string, key: string) => Effect.Effect<void>
  /** The ETag of the current version, without quotes; `undefined` where there is none. */
  readonly etag: (bucket: string, key: string) => Effect.Effect<string | undefined>
  /** Lower-case hex of the bytes of the current version, which may be computed ones; `undefined` where there is none. */
  readonly sha256: (bucket: string, key: string) => Effect.Effect<string | undefined>
  /**
   * Serves the files of a folder (and of the folders in it) as they are now: streamed from disk, ETag the MD5 (computed
   * when first asked for). `keys` names the object of a file by its path from the folder, `/`-separated; `undefined`
   * leaves the file out. Answers the number of objects.
   */
  readonly serveFolder: (
    bucket: string,
    folder: string,
    options?: { readonly keys?: (relativePath: string) => string | undefined }
  ) => Effect.Effect<number, StandInError>
  /**
   * Lets a bucket pretend to hold `count` objects whose keys are computed when asked for. Their bytes depend on the key
   * alone. What is put or deleted afterwards goes before. Fails where the keys are seen not to ascend.
   */
  readonly pretend: (bucket: string, options: PretendOptions) => Effect.Effect<void, StandInError>
  readonly faults: FaultControls<Fault>
  readonly credentials: {
    /** Makes another key pair valid, perhaps of a session and until a moment. */
    readonly add: (credential: Credential) => Effect.Effect<void>
    /** Lets a key pair expire now: `ExpiredToken` from here on. */
    readonly expire: (accessKeyId: string) => Effect.Effect<void>
    /** Takes a key pair away: `InvalidAccessKeyId` from here on. */
    readonly revoke: (accessKeyId: string) => Effect.Effect<void>
  }
  /** Sets the clock of the stand-in ahead (or, negative, back) by so many milliseconds. */
  readonly shiftClock: (millis: number) => Effect.Effect<void>
  /** Ends all restorations that go on in a bucket: their objects can be read for a day. */
  readonly completeRestorations: (bucket: string) => Effect.Effect<void>
}

const DAY = 86_400_000

/** Starts a stand-in; it is stopped, and its connections are closed, with the scope. */
export const make = (options: Options = {}): Effect.Effect<S3StandIn, StandInError, Scope.Scope> =>
  Effect.gen(function* () {
    const region = options.region ?? "us-east-1"
    const store = makeStore()
    const striking = makeStriking()
    const clock = options.now ?? Date.now
    let shift = 0
    const now = () => clock() + shift
    const first: Credential = {
      accessKeyId: "AKIASLUICESTANDIN001",
      secretAccessKey: Redacted.make("sluice/standin/secret/key/of/forty/chars")
    }
    const credentials = new Map([[first.accessKeyId, first]])
    const log = makeRequestLog<Operation, RequestLogEntry>(options.logCapacity ?? 10_000)

    const bucketNamed = (name: string, bucket: BucketOptions = {}): Bucket => {
      const existing = store.buckets.get(name)
      if (existing !== undefined) return existing
      const made = makeBucket(name, bucket.region ?? region, wholeSeconds(now()), {
        requesterPays: bucket.requesterPays ?? false,
        public: bucket.public ?? false,
        versioning: bucket.versioning ?? false
      })
      store.buckets.set(name, made)
      return made
    }

    const replace = (bucket: Bucket, keys: ReadonlyArray<string>) => {
      for (const key of keys) {
        const current = currentVersion(bucket, key)
        if (current === undefined || current.deleteMarker) continue
        const bytes = Buffer.from(`replaced after listing: ${key}`)
        addVersion(store, bucket, {
          ...current,
          body: memoryBody(bytes),
          etag: etagFor(bytes, current),
          checksums: {},
          lastModified: wholeSeconds(now())
        })
      }
    }

    const server = makeServer({
      store,
      credentials,
      striking,
      region,
      wrongRegion: options.wrongRegion ?? "redirect",
      now,
      replace,
      log: log.add
    })
    const url = yield* listen(server, options.port)

    return {
      url,
      region,
      accessKeyId: first.accessKeyId,
      secretAccessKey: first.secretAccessKey,
      createBucket: (name, bucket) => Effect.sync(() => void bucketNamed(name, bucket)),
      put: (name, key, body, put = {}) =>
        Effect.promise(async () => {
          const bucket = bucketNamed(name)
          const bytes = typeof body === "string" ? Buffer.from(body) : body
          const customerKey = put.customerKey === undefined ? undefined : customerKeyMd5(put.customerKey)
          const algorithm = put.checksum ?? "CRC64NVME"
          const version = addVersion(store, bucket, {
            key,
            deleteMarker: false,
            body: memoryBody(bytes),
            etag: put.etag ?? etagFor(bytes, { customerKeyMd5: customerKey, encryption: put.encryption }),
            headers: { "content-type": put.contentType ?? contentTypeOf(key), ...put.headers },
            metadata: encodeMetadata(put.metadata ?? {}),
            tags: Object.entries(put.tags ?? {}),
            storageClass: put.storageClass ?? "STANDARD",
            restoration: put.restoration,
            lastModified: wholeSeconds(put.lastModified ?? now()),
            checksums: algorithm === "none" ? {} : { [algorithm]: await checksumOf(algorithm, bytes) },
            customerKeyMd5: customerKey,
            encryption: put.encryption
          })
          return {
            etag: version.etag ?? "",
            versionId: bucket.versioning === "Unversioned" ? undefined : version.versionId
          }
        }),
      remove: (name, key) => Effect.sync(() => void deleteVersion(store, bucketNamed(name), key, undefined, now())),
      etag: (name, key) =>
        Effect.promise(async () => {
          const version = currentVersion(bucketNamed(name), key)
          return version === undefined || version.deleteMarker ? undefined : etagOf(version)
        }),
      sha256: (name, key) =>
        Effect.promise(async () => {
          const version = currentVersion(bucketNamed(name), key)
          return version === undefined || version.deleteMarker ? undefined : digestOf("sha256", version.body)
        }),
      serveFolder: (name, folder, { keys = (path: string) => path } = {}) =>
        Effect.tryPromise({
          try: () => addFolder(store, bucketNamed(name), folder, keys),
          catch: (cause) =>
            new StandInError({ operation: "serveFolder", message: `cannot read the folder ${folder}`, cause })
        }),
      pretend: (name, what) =>
        Effect.suspend(() => {
          const unordered = firstUnordered(what)
          if (unordered !== undefined) {
            return Effect.fail(
              new StandInError({
                operation: "pretend",
                message: `keys must ascend in UTF-8 order, but number ${unordered} does not come after the one before it; pad numbers with zeros`
              })
            )
          }
          bucketNamed(name).pretended = pretended(what)
          return Effect.void
        }),
      faults: striking.controls,
      credentials: {
        add: (credential) => Effect.sync(() => void credentials.set(credential.accessKeyId, credential)),
        expire: (accessKeyId) =>
          Effect.sync(() => {
            const credential = credentials.get(accessKeyId)
            if (credential !== undefined) credentials.set(accessKeyId, { ...credential, expiresAt: now() })
          }),
        revoke: (accessKeyId) => Effect.sync(() => void credentials.delete(accessKeyId))
      },
      shiftClock: (millis) =>
        Effect.sync(() => {
          shift = millis
        }),
      completeRestorations: (name) =>
        Effect.sync(() => {
          for (const versions of bucketNamed(name).objects.values()) {
            for (const version of versions) {
              if (version.restoration?.ongoing === true) {
                version.restoration = { ongoing: false, expiresAt: wholeSeconds(now() + DAY) }
              }
            }
          }
        }),
      ...log.views
    }
  })
