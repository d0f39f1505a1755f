/** What the tests of reading share: the only file of a folder, as it was listed. */
import type { Source, SourceFile } from "@sluice/core"
import { assert } from "@effect/vitest"
import type { DriveStandIn } from "@sluice/testkit/drive"
import { Effect, Option, Stream } from "effect"
import { DriveSource, type Drive } from "../src/index.ts"
import { open } from "./sweeping.ts"
import { changesOf, pages } from "./tree.ts"

export const google = (kind: string) => `application/vnd.google-apps.${kind}`

export interface Options {
  /** What of the file the mapping asks for. */
  readonly asked?: ReadonlyArray<DriveSource.Attribute>
  readonly source?: Partial<DriveSource.Options>
  readonly server?: DriveStandIn.Options
}

/** Plants what there is in a folder; the file of it that was listed is read. */
export const listed = Effect.fnUntraced(function* <A, E>(
  plant: (drive: DriveStandIn.DriveStandIn, folder: string) => Effect.Effect<A, E>,
  options: Options = {}
) {
  const { drive, live } = yield* open(options.server)
  const folder = yield* drive.createFolder("folder")
  const planted = yield* plant(drive, folder)
  const from = { from: { folders: [folder] }, ...options.source }
  const source = DriveSource.make(from)
  const [change] = changesOf(yield* pages(from, live, { attributes: new Set(options.asked) }))
  const file = change === undefined || change._tag === "Delete" ? assert.fail("nothing is listed") : change.file
  yield* drive.forgetRequests
  return { drive, live, folder, planted, source, file }
})

/** All bytes of a file. */
export const bytesOf = (source: Source.Source<Drive>, file: SourceFile.SourceFile) =>
  source.read(file).pipe(
    Stream.runCollect,
    Effect.map((chunks) => Buffer.concat(chunks))
  )

/** Why there are none: reason, code and message. */
export const refusalOf = (source: Source.Source<Drive>, file: SourceFile.SourceFile) =>
  Effect.map(Effect.flip(bytesOf(source, file)), ({ code, message, reason }) => [reason._tag, code, message] as const)

/** What has to be verified without a checksum. */
export const withoutChecksum = (file: SourceFile.SourceFile): SourceFile.SourceFile => {
  const { checksum: _, ...others } = file
  return others
}

/** How many requests there were of each operation, besides those for access tokens. */
export const asked = (drive: DriveStandIn.DriveStandIn) =>
  Effect.map(drive.requestsByOperation, (counts) => {
    const { token: _, ...others } = counts
    return others
  })

/** The file as it is now; `undefined` where it is gone. */
export const now = (source: Source.Source<Drive>, file: SourceFile.SourceFile) =>
  Effect.map(source.stat(file), Option.getOrUndefined)
