/**
 * What reading a file's own bytes and reading an export have in common.
 */
import * as NodeStream from "@effect/platform-node/NodeStream"
import { Body, Source, type SourceFile } from "@sluice/core"
import { Effect, Option, type Stream } from "effect"
import * as Attributes from "./Attributes.ts"
import { classify } from "./DriveError.ts"
import type { Reference } from "./DriveUri.ts"
import type { Download } from "./internal/download.ts"
import type { Settings } from "./Settings.ts"
import { stat } from "./Stat.ts"

/** Whose content it is: that of the file, or of the one that a shortcut leads to. */
export const contentOf = (file: SourceFile.SourceFile): Reference => ({
  id: file.target?.id ?? file.id,
  resourceKey: Attributes.resourceKeyOf(file)
})

/** An error of this source about a file. */
export const failOn =
  (settings: Settings, operation: string, file: SourceFile.SourceFile) =>
  (reason: Source.SourceErrorReason, message: string, cause?: string, code?: string): Source.SourceError =>
    new Source.SourceError({
      source: settings.name,
      operation,
      reason,
      ...(code === undefined ? {} : { code }),
      message: `${file.path}: ${message}`,
      ...(cause === undefined ? {} : { cause })
    })

/** The bytes of an answer, which ends with its scope. */
export const bytesOf = ({ stream }: Download): Stream.Stream<Uint8Array, Body.Broken> =>
  NodeStream.fromReadable<Uint8Array, Body.Broken>({
    evaluate: () => stream,
    onError: (thrown) => new Body.Broken({ code: classify(thrown, { operation: "files.media" }).said })
  })

const lengthOf = ({ headers }: Download): number | undefined => {
  const length = headers.get("content-length")
  return length === null ? undefined : Number(length)
}

/** An answer to a request for the bytes from `offset` on. */
export const opened = (answer: Download, offset: number): Body.Opened => ({
  bytes: Body.watched(bytesOf(answer)),
  resumed: answer.status === 206 && answer.headers.get("content-range")?.startsWith(`bytes ${offset}-`) === true,
  size: offset === 0 ? lengthOf(answer) : undefined
})

export const range = (offset: number): { readonly range?: string } =>
  offset === 0 ? {} : { range: `bytes=${offset}-` }

/** Makes this source's errors about a file. */
export type Fail = ReturnType<typeof failOn>

/** What a file is now compared with what it was when it was listed: gone, changed, or the same (`undefined`). */
export const sinceListed = Effect.fnUntraced(function* (settings: Settings, file: SourceFile.SourceFile, fail: Fail) {
  const now = yield* stat(settings, file)
  if (Option.isNone(now)) return fail(new Source.Gone(), "is no longer there")
  return now.value.token === file.token
    ? undefined
    : fail(new Source.Changed(), "is no longer in the state it was listed in")
})
