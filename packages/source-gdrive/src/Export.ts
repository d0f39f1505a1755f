/**
 * Native documents as files, by the first way that works:
 *
 * 1. `files.export`, up to 10 MB;
 * 2. the address that the document names for the format (`exportLinks`), of any size;
 * 3. a download that Google prepares (`files.download`), asked for until it is done;
 *
 * else the document is too large to be exported. Exports have neither length nor checksum; a broken one of the first kind
 * begins again, one of the third is resumed where Google allows it.
 *
 * https://developers.google.com/workspace/drive/api/guides/manage-downloads
 */
import { Body, Retry, Source, type SourceFile } from "@sluice/core"
import { Duration, Effect, Schedule, Stream } from "effect"
import { bytesOf, contentOf, type Fail, failOn, opened, range, sinceListed } from "./Bytes.ts"
import { Drive } from "./Drive.ts"
import { toSourceError } from "./DriveError.ts"
import type { Reference } from "./DriveUri.ts"
import type { Download } from "./internal/download.ts"
import type { Requests } from "./Requests.ts"
import type { Settings } from "./Settings.ts"

/** What is kept of an export until it is whole: Google's limit, and a little more. */
const maxKept = 11 * 1024 * 1024

/** An export of the first kind that takes longer is taken for broken. */
const longestExport = Duration.minutes(5)

/** How often a prepared download is asked for, and how long: first after 1 s, then up to every 20 s, 10 minutes in all. */
const polling = Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("20 seconds")])
const patience = Duration.minutes(10)

/** The format that a file is exported in; `undefined` where it has bytes of its own. */
export const formatOf = ({ token }: SourceFile.SourceFile): string | undefined => /^version:\d*:(.+)$/.exec(token)?.[1]

export const isExport = (file: SourceFile.SourceFile): boolean => formatOf(file) !== undefined

export const read = (
  settings: Settings,
  file: SourceFile.SourceFile
): Stream.Stream<Uint8Array, Source.SourceError, Drive> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const drive = yield* Drive
      const fail = failOn(settings, "files.export", file)
      const changed = yield* sinceListed(settings, file, fail)
      if (changed !== undefined) return yield* changed
      const document = { drive, fail, ...contentOf(file), format: formatOf(file) ?? "", source: settings.name }
      return yield* Effect.map(exported(document), Stream.fromIterable).pipe(
        Effect.catchIf(isOfferedElsewhere, () => Effect.succeed(linked(document)))
      )
    })
  )

interface Document extends Reference {
  readonly drive: Requests & Pick<Drive["Service"], "retry">
  readonly fail: Fail
  readonly format: string
  readonly source: string
}

/** Google does not export it in this way, and may in another. */
const isOfferedElsewhere = ({ code }: { readonly code?: string }): boolean =>
  code === "export-too-large" || code === "not-exportable" || code === "export-unsupported"

const tooLarge = ({ fail, format }: Document, why: string, code = "export-too-large"): Source.SourceError =>
  fail(
    new Source.Denied(),
    `cannot be exported as ${format}: ${why}. Export it by hand, divide it, or choose another format (\`exports\`)`,
    undefined,
    code
  )

/** The first way. Nothing of it is handed over before it is whole, so a broken one can begin again. */
const exported = (document: Document): Effect.Effect<ReadonlyArray<Uint8Array>, Source.SourceError> => {
  const { drive, fail, format, id, resourceKey, source } = document
  return Effect.scoped(
    Effect.gen(function* () {
      const answer = yield* drive.exportFile(id, format, { resourceKey }).pipe(Effect.mapError(toSourceError(source)))
      const chunks: Array<Uint8Array> = []
      let size = 0
      yield* Stream.runForEach(bytesOf(answer), (chunk) => {
        chunks.push(chunk)
        size += chunk.length
        return size > maxKept ? tooLarge(document, `it has more than ${maxKept} bytes`) : Effect.void
      })
      const announced = opened(answer, 0).size
      return announced === undefined || announced === size ? chunks : yield* new Body.Broken({ code: "ended early" })
    })
  ).pipe(
    Effect.timeoutOrElse({
      duration: longestExport,
      orElse: () => Effect.fail(new Body.Broken({ code: `not whole after ${Duration.format(longestExport)}` }))
    }),
    Retry.retry(drive.retry, ({ _tag }) => (_tag === "Broken" ? Retry.again() : Retry.stop)),
    Effect.catchTag("Broken", ({ code }) =>
      Effect.fail(fail(new Source.Unavailable(), "its export does not arrive, also after several attempts", code))
    )
  )
}

/** The second way. */
const linked = (document: Document): Stream.Stream<Uint8Array, Source.SourceError> => {
  const { drive, fail, format, id, resourceKey, source } = document
  return Stream.unwrap(
    Effect.gen(function* () {
      const { exportLinks = {} } = yield* drive.getFile(id, { fields: "id,exportLinks", resourceKey })
      const link = exportLinks[format]
      if (link === undefined) return prepared(document)
      let first: Download | undefined = yield* drive.fetchLink(link, { fileId: id })
      return Body.read({
        size: undefined,
        retry: drive.retry,
        store: "Google Drive",
        fail,
        open: (offset) => {
          const answer = first === undefined ? drive.fetchLink(link, { fileId: id }) : Effect.succeed(first)
          first = undefined
          return answer.pipe(
            Effect.mapError(toSourceError(source)),
            Effect.map((one) => opened(one, offset))
          )
        }
      })
    }).pipe(
      Effect.mapError(toSourceError(source)),
      Effect.catchIf(
        ({ reason }) => reason._tag === "Denied" || reason._tag === "Changed" || reason._tag === "NoContent",
        () => Effect.succeed(prepared(document))
      )
    )
  )
}

/** The third way. */
const prepared = (document: Document): Stream.Stream<Uint8Array, Source.SourceError> => {
  const { drive, fail, format, id, resourceKey, source } = document
  return Stream.unwrap(
    Effect.gen(function* () {
      const started = yield* drive.startDownload(id, format, { resourceKey })
      const ended =
        started.done === true
          ? started
          : yield* Effect.delay(drive.getOperation(started.name, id), "1 second").pipe(
              Effect.repeat({ until: ({ done }) => done === true, schedule: polling }),
              Effect.timeoutOrElse({
                duration: patience,
                orElse: () =>
                  Effect.fail(tooLarge(document, `Google did not prepare it in ${Duration.format(patience)}`))
              })
            )
      const uri = ended.response?.downloadUri
      if (uri === undefined) {
        return yield* tooLarge(document, ended.error?.message ?? "Google offers no download of it")
      }
      return Body.read({
        size: undefined,
        retry: drive.retry,
        store: "Google Drive",
        fail,
        open: (offset) =>
          drive.fetchLink(uri, { fileId: id, ...range(offset) }).pipe(
            Effect.mapError(toSourceError(source)),
            Effect.map((one) => opened(one, offset))
          )
      })
    }).pipe(
      Effect.catchTag("DriveError", (error) =>
        Effect.fail(
          isOfferedElsewhere(error) || error.reason._tag === "NoContent"
            ? tooLarge(document, error.message, error.code === "not-exportable" ? "export-unsupported" : error.code)
            : toSourceError(source)(error)
        )
      )
    )
  )
}
