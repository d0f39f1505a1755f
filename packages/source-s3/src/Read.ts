/**
 * An object's bytes: in the state it was listed in, resumed where a connection breaks, and verified.
 */
import type { GetObjectCommandOutput } from "@aws-sdk/client-s3"
import { NodeStream } from "@effect/platform-node"
import { Retry, Source, type SourceFile } from "@sluice/core"
import { Data, Duration, Effect, Random, Stream } from "effect"
import { Readable } from "node:stream"
import { storedChecksum } from "./Attributes.ts"
import * as Digest from "./Digest.ts"
import { stateOf } from "./Entry.ts"
import { S3 } from "./S3.ts"
import { classify, toSourceError, type S3Error } from "./S3Error.ts"
import type { Settings } from "./Settings.ts"

/** A body that gives no byte for so long is broken. */
const stalledAfter = Duration.seconds(60)
/** Connections in a row that end without a byte before a read is given up. */
const fruitless = 4
/** Connections for one read in all. */
const connections = 50

/** The body ended before its time. */
class Broken extends Data.TaggedError("Broken")<{ readonly code: string }> {}

export const read = (
  settings: Settings,
  file: SourceFile.SourceFile
): Stream.Stream<Uint8Array, Source.SourceError, S3> =>
  Stream.unwrap(
    Effect.map(S3, (s3) => {
      const state = stateOf(file)
      const fail = (reason: Source.SourceErrorReason, message: string, cause?: string) =>
        new Source.SourceError({
          source: settings.name,
          operation: "GetObject",
          reason,
          message: `${file.path}: ${message}`,
          ...(cause === undefined ? {} : { cause })
        })
      let offset = 0
      let size = file.size
      let expected: SourceFile.Checksum | undefined
      let digest: Digest.Digest | undefined

      const request = Effect.suspend(() =>
        s3.getObject({
          Bucket: settings.bucket,
          Key: file.path,
          ...(state.versionId === undefined ? {} : { VersionId: state.versionId }),
          ...(state.etag === undefined ? {} : { IfMatch: state.etag }),
          ...(offset === 0 ? {} : { Range: `bytes=${offset}-` }),
          ...settings.payer,
          ...settings.customerKey()
        })
      ).pipe(Effect.mapError(toSourceError(settings.name)))

      /** What the answer announces against what is known already. */
      const begin = Effect.fnUntraced(function* (answer: GetObjectCommandOutput) {
        if (offset > 0) {
          if (answer.ContentRange?.startsWith(`bytes ${offset}-`) === true) return
          return yield* fail(
            new Source.Unavailable(),
            `the connection broke after ${offset} bytes, and the server does not resume by Range: read it again`
          )
        }
        const announced = answer.ContentLength
        if (announced !== undefined && size !== undefined && announced !== size) {
          return yield* fail(new Source.Corrupt(), `S3 announces ${announced} bytes, its listing said ${size}`)
        }
        size = announced ?? size
        expected = storedChecksum(answer)
        digest = expected && Digest.make(expected.algorithm)
      })

      const connection = Stream.unwrap(
        Effect.acquireRelease(request, release, { interruptible: true }).pipe(
          Effect.tap(begin),
          Effect.map((answer) => bytesOf(answer))
        )
      ).pipe(
        Stream.timeoutOrElse({
          duration: stalledAfter,
          orElse: () => Stream.fail(new Broken({ code: `no byte for ${Duration.format(stalledAfter)}` }))
        }),
        Stream.mapArray((chunks) => {
          for (const chunk of chunks) {
            offset += chunk.length
            digest?.update(chunk)
          }
          return chunks
        })
      )

      const end = Stream.unwrap(
        Effect.gen(function* () {
          if (size !== undefined && offset < size) return yield* new Broken({ code: "ended early" })
          if (size !== undefined && offset > size) {
            return yield* fail(new Source.Corrupt(), `it has more than the ${size} bytes that S3 announced`)
          }
          if (digest === undefined || expected === undefined) return Stream.empty
          const value = yield* digest.digest
          if (value === expected.value) return Stream.empty
          return yield* fail(
            new Source.Corrupt(),
            `the bytes read do not match the ${expected.algorithm} that S3 keeps of it: read it again, and if it stays so, restore it from a backup`
          )
        })
      )

      const from = (opened: number, idle: number): Stream.Stream<Uint8Array, Source.SourceError> => {
        const before = offset
        return Stream.concat(connection, end).pipe(
          Stream.catchTag("Broken", (broken) => {
            const without = offset > before ? 0 : idle + 1
            if (without >= fruitless || opened >= connections) {
              return Stream.fail(
                fail(
                  new Source.Unavailable(),
                  `its bytes do not arrive: given up after ${opened} connections, ${offset} of ${size ?? "unknown"} bytes`,
                  broken.code
                )
              )
            }
            return Stream.unwrap(
              Effect.gen(function* () {
                yield* Effect.sleep(Retry.delay(s3.retry, without + 1, yield* Random.next))
                return from(opened + 1, without)
              })
            )
          })
        )
      }
      return from(1, 0)
    })
  )

/** The first byte of an object is there to be read; for `check`. */
export const probe = (
  s3: S3["Service"],
  settings: Settings,
  file: SourceFile.SourceFile
): Effect.Effect<void, S3Error> => {
  const state = stateOf(file)
  return Effect.scoped(
    Effect.acquireRelease(
      s3.getObject({
        Bucket: settings.bucket,
        Key: file.path,
        ...(state.versionId === undefined ? {} : { VersionId: state.versionId }),
        ...(file.size === 0 ? {} : { Range: "bytes=0-0" }),
        ...settings.payer,
        ...settings.customerKey()
      }),
      release,
      { interruptible: true }
    )
  )
}

/** An unread body keeps its connection, and with all of them kept a client hangs. */
const release = (answer: GetObjectCommandOutput): Effect.Effect<void> =>
  Effect.sync(() => {
    const body = answer.Body
    if (body instanceof Readable) body.destroy()
  })

const bytesOf = ({ Body }: GetObjectCommandOutput): Stream.Stream<Uint8Array, Broken> => {
  const onError = (thrown: unknown) =>
    new Broken({ code: classify(thrown, { operation: "GetObject", bucket: "" }).code })
  if (Body === undefined) return Stream.empty
  if (Body instanceof Readable) return NodeStream.fromReadable<Uint8Array, Broken>({ evaluate: () => Body, onError })
  return Stream.fromReadableStream({ evaluate: () => Body.transformToWebStream(), onError })
}
