/**
 * An object's bytes: in the state it was listed in, resumed where a connection breaks, and verified.
 */
import { Body, Source, type SourceFile } from "@sluice/core"
import { Effect, Stream } from "effect"
import { storedChecksum } from "./Attributes.ts"
import * as Digest from "./Digest.ts"
import { stateOf } from "./Entry.ts"
import type { ObjectAnswer } from "./internal/transport.ts"
import { S3 } from "./S3.ts"
import { toSourceError, type S3Error } from "./S3Error.ts"
import type { Settings } from "./Settings.ts"

export const read = (
  settings: Settings,
  file: SourceFile.SourceFile,
  { comparesMd5 = false }: { /** Whoever reads does. */ readonly comparesMd5?: boolean } = {}
): Stream.Stream<Uint8Array, Source.SourceError, S3> =>
  Stream.unwrap(
    Effect.map(S3, (s3) => {
      const state = stateOf(file)
      const open = (offset: number) =>
        s3
          .getObject({
            Bucket: settings.bucket,
            Key: file.path,
            ...(state.versionId === undefined ? {} : { VersionId: state.versionId }),
            ...(state.etag === undefined ? {} : { IfMatch: state.etag }),
            ...(offset === 0 ? {} : { Range: `bytes=${offset}-` }),
            ...settings.payer,
            ...settings.customerKey()
          })
          .pipe(
            Effect.mapError(toSourceError(settings.name)),
            Effect.map((answer) => opened(answer, offset, comparesMd5))
          )
      return Body.read({
        open,
        size: file.size,
        retry: s3.retry,
        store: "S3",
        fail: (reason, message, cause) =>
          new Source.SourceError({
            source: settings.name,
            operation: "GetObject",
            reason,
            message: `${file.path}: ${message}`,
            ...(cause === undefined ? {} : { cause })
          })
      })
    })
  )

const opened = (answer: ObjectAnswer, offset: number, comparesMd5: boolean): Body.Opened => {
  const stored = offset === 0 ? storedChecksum(answer) : undefined
  const checksum = comparesMd5 && stored?.algorithm === "md5" ? undefined : stored
  return {
    bytes: answer.bytes,
    resumed: answer.ContentRange?.startsWith(`bytes ${offset}-`) === true,
    size: offset === 0 ? answer.ContentLength : undefined,
    expected: checksum && { checksum, digest: Digest.make(checksum.algorithm) }
  }
}

/** The first byte of an object is there to be read; for `check`. */
export const probe = (
  s3: S3["Service"],
  settings: Settings,
  file: SourceFile.SourceFile
): Effect.Effect<void, S3Error> => {
  const state = stateOf(file)
  return Effect.scoped(
    s3.getObject({
      Bucket: settings.bucket,
      Key: file.path,
      ...(state.versionId === undefined ? {} : { VersionId: state.versionId }),
      ...(file.size === 0 ? {} : { Range: "bytes=0-0" }),
      ...settings.payer,
      ...settings.customerKey()
    })
  )
}
