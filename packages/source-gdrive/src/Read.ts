/**
 * A file's bytes: its own, resumed where a connection breaks and verified; or an export of a native document.
 */
import { Body, Source, type SourceFile } from "@sluice/core"
import { Effect, Stream } from "effect"
import { contentOf, failOn, opened, range, sinceListed } from "./Bytes.ts"
import { Drive } from "./Drive.ts"
import { toSourceError } from "./DriveError.ts"
import * as Export from "./Export.ts"
import * as Formats from "./Formats.ts"
import type { Settings } from "./Settings.ts"

export const read = (
  settings: Settings,
  file: SourceFile.SourceFile
): Stream.Stream<Uint8Array, Source.SourceError, Drive> => {
  if (file.mimeType === Formats.shortcut) {
    const fail = failOn(settings, "files.media", file)
    return Stream.fail(fail(new Source.NoContent(), "a shortcut has no content of its own", undefined, "shortcut"))
  }
  return Export.isExport(file) ? Export.read(settings, file) : readOwn(settings, file)
}

const readOwn = (
  settings: Settings,
  file: SourceFile.SourceFile
): Stream.Stream<Uint8Array, Source.SourceError, Drive> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const drive = yield* Drive
      const fail = failOn(settings, "files.media", file)
      const since = sinceListed(settings, file, fail)
      const { id, resourceKey } = contentOf(file)
      const { acknowledgeAbuse } = settings
      const expected = checksumOf(file)
      // Drive reads what is there now, whatever was listed. A checksum tells in the end; without one, only asking does.
      const changed = expected === undefined ? yield* since : undefined
      if (changed !== undefined) return Stream.fail(changed)
      return Body.read({
        size: file.size,
        retry: drive.retry,
        store: "Google Drive",
        fail,
        open: (offset) =>
          drive.media(id, { ...range(offset), resourceKey, ...(acknowledgeAbuse ? { acknowledgeAbuse } : {}) }).pipe(
            Effect.mapError(toSourceError(settings.name)),
            Effect.map((answer) => ({
              ...opened(answer, offset),
              expected:
                offset > 0 || expected === undefined
                  ? undefined
                  : { checksum: expected, digest: Body.digest(expected.algorithm) }
            }))
          )
      }).pipe(
        Stream.catchIf(
          ({ reason }) => reason._tag === "Corrupt",
          (error) => Stream.fromEffect(Effect.flatMap(since, (why) => Effect.fail(why ?? error)))
        )
      )
    })
  )

/** Those of Drive's checksums that are computed here. */
const checksumOf = ({ checksum }: SourceFile.SourceFile) => {
  if (checksum === undefined) return undefined
  const { algorithm } = checksum
  return algorithm === "md5" || algorithm === "sha1" || algorithm === "sha256" ? { ...checksum, algorithm } : undefined
}

/** The first byte of a file is there to be read, or the first answer of its export is; for `check`. */
export const probe = (
  settings: Settings,
  file: SourceFile.SourceFile
): Effect.Effect<void, Source.SourceError, Drive> =>
  Effect.gen(function* () {
    const drive = yield* Drive
    const { id, resourceKey } = contentOf(file)
    const { acknowledgeAbuse } = settings
    const format = Export.formatOf(file)
    yield* Effect.scoped(
      format === undefined
        ? drive.media(id, {
            resourceKey,
            ...(file.size === 0 ? {} : { range: "bytes=0-0" }),
            ...(acknowledgeAbuse ? { acknowledgeAbuse } : {})
          })
        : drive.exportFile(id, format, { resourceKey })
    ).pipe(Effect.mapError(toSourceError(settings.name)))
  })
