/**
 * A file's bytes over connections that may break: resumed where they broke, and verified at the end. What a source
 * brings is one connection (`open`); everything around it is here.
 */
import { type Array as Arr, Cause, Channel, Data, Duration, Effect, Exit, Pull, Random, Scope, Stream } from "effect"
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

/** Bytes of a connection that does not notice by itself that nothing comes any more: after a minute it is broken. */
export const watched = <E>(bytes: Stream.Stream<Uint8Array, E>): Stream.Stream<Uint8Array, E | Broken> =>
  Stream.timeoutOrElse(bytes, {
    duration: stalledAfter,
    orElse: () => Stream.fail(new Broken({ code: `no byte for ${Duration.format(stalledAfter)}` }))
  })

/** One connection, whose answer has begun. */
export interface Opened {
  /** Fails with `Broken` also where nothing comes any more (`watched`). */
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

type Chunks = Arr.NonEmptyReadonlyArray<Uint8Array>

/**
 * The bytes. Fails with `Corrupt` where length or checksum are not those announced (at the end, after the bytes were
 * handed over), and with `Unavailable` where they do not arrive: four connections in a row without a byte, or 50 in all.
 */
export const read = <R>(options: Options<R>): Stream.Stream<Uint8Array, SourceError, Exclude<R, Scope.Scope>> =>
  // One pull for a whole read: streams put together of streams would cost a small file more than its bytes do.
  Stream.fromChannel(
    Channel.fromTransform((_: Pull.Pull<unknown, unknown, unknown>, scope) => Effect.sync(() => pullOf(options, scope)))
  )

const pullOf = <R>(
  options: Options<R>,
  scope: Scope.Scope
): Pull.Pull<Chunks, SourceError, void, Exclude<R, Scope.Scope>> => {
  const { fail, retry, store } = options
  let offset = 0
  let size = options.size
  let expected: Opened["expected"]
  /** The present connection, from its beginning, and its bytes, once it is there. */
  let connection: Scope.Closeable | undefined
  let bytes: Pull.Pull<Chunks, Broken | SourceError> | undefined
  /** Connections so far, those in a row without a byte, and where the present one began. */
  let opened = 0
  let idle = 0
  let before = 0

  /** What the answer announces against what is known already. */
  const begin = (answer: Opened): Effect.Effect<void, SourceError> => {
    if (offset > 0) {
      return answer.resumed
        ? Effect.void
        : fail(
            new Unavailable(),
            `the connection broke after ${offset} bytes, and the server does not resume by Range: read it again`
          )
    }
    if (answer.size !== undefined && size !== undefined && answer.size !== size) {
      return fail(new Corrupt(), `${store} announces ${answer.size} bytes, its listing said ${size}`)
    }
    size = answer.size ?? size
    expected = answer.expected
    return Effect.void
  }

  const connect = Effect.gen(function* () {
    opened++
    before = offset
    connection = yield* Scope.fork(scope)
    const answer = yield* Scope.provide(options.open(offset), connection)
    yield* begin(answer)
    bytes = yield* Scope.provide(Stream.toPull(answer.bytes), connection)
    return yield* bytes
  })

  const take = Effect.suspend(() => bytes ?? connect).pipe(
    Effect.map((chunks) => {
      for (const chunk of chunks) {
        offset += chunk.length
        expected?.digest.update(chunk)
      }
      return chunks
    })
  )

  const end: Pull.Pull<never, Broken | SourceError> = Effect.gen(function* () {
    if (size !== undefined && offset < size) return yield* new Broken({ code: "ended early" })
    if (size !== undefined && offset > size) {
      return yield* fail(new Corrupt(), `it has more than the ${size} bytes that ${store} announced`)
    }
    if (expected === undefined) return yield* Cause.done()
    const { algorithm, value } = expected.checksum
    if ((yield* expected.digest.digest) === value) return yield* Cause.done()
    return yield* fail(
      new Corrupt(),
      `the bytes read do not match the ${algorithm} that ${store} keeps of it: read it again, and if it stays so, restore it from a backup`
    )
  })

  const again = Effect.fnUntraced(function* (broken: Broken) {
    idle = offset > before ? 0 : idle + 1
    if (idle >= fruitless || opened >= connections) {
      return yield* fail(
        new Unavailable(),
        `its bytes do not arrive: given up after ${opened} connections, ${offset} of ${size ?? "unknown"} bytes`,
        broken.code
      )
    }
    if (connection !== undefined) yield* Scope.close(connection, Exit.void)
    bytes = undefined
    yield* Effect.sleep(Retry.delay(retry, idle + 1, yield* Random.next))
    return yield* next
  })

  const next: Pull.Pull<Chunks, SourceError, void, Exclude<R, Scope.Scope>> = take.pipe(
    Pull.catchDone(() => end),
    Effect.catchTag("Broken", again)
  )
  return next
}
