/**
 * A file's bytes over connections that may break: resumed where they broke, and verified at the end. What a source
 * brings is one connection (`open`); everything around it is here.
 */
import { Data, Duration, Effect, Random, type Scope, Stream } from "effect"
import { createHash } from "node:crypto"
import * as Retry from "./Retry.ts"
import { Corrupt, type SourceError, type SourceErrorReason, Unavailable } from "./Source.ts"
import type { Checksum } from "./SourceFile.ts"

/** A body that gives no byte for so long is broken. */
const stalledAfter = Duration.seconds(60)
/** Connections in a row that end without a byte before a read is given up. */
const fruitless = 4
/** Connections for one read in all. */
const connections = 50

/** The body ended before its time. `code` is the system's (`ECONNRESET`), or a few words. */
export class Broken extends Data.TaggedError("Broken")<{ readonly code: string }> {}

/** A checksum in the making. `digest` ends it: lower-case hex. */
export interface Digest {
  readonly update: (bytes: Uint8Array) => void
  readonly digest: Effect.Effect<string>
}

/** What Node computes by itself. */
export const digest = (algorithm: "md5" | "sha1" | "sha256"): Digest => {
  const hash = createHash(algorithm)
  return { update: (bytes) => hash.update(bytes), digest: Effect.sync(() => hash.digest("hex")) }
}

/** One connection, whose answer has begun. */
export interface Opened {
  readonly bytes: Stream.Stream<Uint8Array, Broken | SourceError>
  /** Whether the bytes begin at the offset that was asked for; false where the server began anew. */
  readonly resumed: boolean
  /** Bytes of the whole file, as the answer announces them. */
  readonly size: number | undefined
  /** What the bytes of the whole file must have, and how it is computed. */
  readonly expected?: { readonly checksum: Checksum; readonly digest: Digest } | undefined
}

export interface Options<R> {
  /** Opens a connection that gives the bytes from `offset` on; closed with its scope. */
  readonly open: (offset: number) => Effect.Effect<Opened, SourceError, R>
  /** Bytes, as the listing said. */
  readonly size: number | undefined
  /** Waits between connections. */
  readonly retry: Retry.Policy
  /** The store, for messages: `S3`. */
  readonly store: string
  /** Makes the source's error of a reason and a sentence about the file. */
  readonly fail: (reason: SourceErrorReason, message: string, cause?: string) => SourceError
}

/**
 * The bytes. Fails with `Corrupt` where length or checksum are not those announced (at the end, after the bytes were
 * handed over), and with `Unavailable` where they do not arrive: four connections in a row without a byte, or 50 in all.
 */
export const read = <R>(options: Options<R>): Stream.Stream<Uint8Array, SourceError, Exclude<R, Scope.Scope>> =>
  Stream.suspend(() => {
    const { fail, open, retry, store } = options
    let offset = 0
    let size = options.size
    let expected: Opened["expected"]

    /** What the answer announces against what is known already. */
    const begin = (opened: Opened): Effect.Effect<void, SourceError> => {
      if (offset > 0) {
        return opened.resumed
          ? Effect.void
          : fail(
              new Unavailable(),
              `the connection broke after ${offset} bytes, and the server does not resume by Range: read it again`
            )
      }
      if (opened.size !== undefined && size !== undefined && opened.size !== size) {
        return fail(new Corrupt(), `${store} announces ${opened.size} bytes, its listing said ${size}`)
      }
      size = opened.size ?? size
      expected = opened.expected
      return Effect.void
    }

    const connection = Stream.unwrap(
      Effect.suspend(() => open(offset)).pipe(
        Effect.tap(begin),
        Effect.map(({ bytes }) => bytes)
      )
    ).pipe(
      Stream.timeoutOrElse({
        duration: stalledAfter,
        orElse: () => Stream.fail(new Broken({ code: `no byte for ${Duration.format(stalledAfter)}` }))
      }),
      Stream.mapArray((chunks) => {
        for (const chunk of chunks) {
          offset += chunk.length
          expected?.digest.update(chunk)
        }
        return chunks
      })
    )

    const end = Stream.unwrap(
      Effect.gen(function* () {
        if (size !== undefined && offset < size) return yield* new Broken({ code: "ended early" })
        if (size !== undefined && offset > size) {
          return yield* fail(new Corrupt(), `it has more than the ${size} bytes that ${store} announced`)
        }
        if (expected === undefined) return Stream.empty
        const { algorithm, value } = expected.checksum
        if ((yield* expected.digest.digest) === value) return Stream.empty
        return yield* fail(
          new Corrupt(),
          `the bytes read do not match the ${algorithm} that ${store} keeps of it: read it again, and if it stays so, restore it from a backup`
        )
      })
    )

    const from = (opened: number, idle: number): Stream.Stream<Uint8Array, SourceError, Exclude<R, Scope.Scope>> => {
      const before = offset
      return Stream.concat(connection, end).pipe(
        Stream.catchTag("Broken", (broken) => {
          const without = offset > before ? 0 : idle + 1
          if (without >= fruitless || opened >= connections) {
            return Stream.fail(
              fail(
                new Unavailable(),
                `its bytes do not arrive: given up after ${opened} connections, ${offset} of ${size ?? "unknown"} bytes`,
                broken.code
              )
            )
          }
          return Stream.unwrap(
            Effect.gen(function* () {
              yield* Effect.sleep(Retry.delay(retry, without + 1, yield* Random.next))
              return from(opened + 1, without)
            })
          )
        })
      )
    }
    return from(1, 0)
  })
