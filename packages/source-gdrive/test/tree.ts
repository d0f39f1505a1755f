/** What the tests of the source share: a tree, and what a source says of it. */
import { type Change, type Source, type SourceFile } from "@sluice/core"
import type { DriveStandIn } from "@sluice/testkit/drive"
import { Effect, type Layer, Stream } from "effect"
import { type Drive, DriveSource } from "../src/index.ts"

export const everything: Source.SweepOptions = { resume: [], attributes: new Set(), pathPrefixes: [""] }

export const pages = <E>(
  options: DriveSource.Options,
  live: Layer.Layer<Drive, E>,
  sweep: Partial<Source.SweepOptions> = {}
) =>
  DriveSource.make(options)
    .sweep({ ...everything, ...sweep })
    .pipe(Stream.runCollect, Effect.provide(live))

export const changesOf = (found: ReadonlyArray<Change.Page>): ReadonlyArray<Change.Change> =>
  found.flatMap(({ changes }) => changes)

export const filesOf = (found: ReadonlyArray<Change.Page>): ReadonlyArray<SourceFile.SourceFile> =>
  changesOf(found).flatMap((change) => (change._tag === "Upsert" ? [change.file] : []))

/** Each change in a line: `Upsert a/b.txt`, `Skip c (shortcut-loop)`, `Delete 1abc`. */
export const lines = (found: ReadonlyArray<Change.Page>): ReadonlyArray<string> =>
  changesOf(found)
    .map((change) => {
      if (change._tag === "Delete") return `Delete ${change.id}`
      return change._tag === "Upsert"
        ? `Upsert ${change.file.path}`
        : `${change._tag} ${change.file.path} (${change.reason.code})`
    })
    .toSorted()

/** The last cursor of each range among these pages: what a ledger would have stored. */
export const cursorsOf = (found: ReadonlyArray<Change.Page>): ReadonlyArray<Change.RangeCursor> => {
  const cursors = new Map<string, Change.Cursor>()
  for (const page of found) cursors.set(page.range, page.cursor)
  return Array.from(cursors, ([range, cursor]) => ({ range, cursor }))
}

/** A folder with so many files in so many folders below it; answers its id. */
export const folderOf = Effect.fnUntraced(function* (
  drive: DriveStandIn.DriveStandIn,
  contents: ReadonlyArray<{ readonly path: string; readonly bytes: Uint8Array | string }>,
  parent?: string
) {
  const root = yield* drive.createFolder("root", parent === undefined ? {} : { parents: [parent] })
  const folders = new Map([["", root]])
  const ids = new Map<string, string>()
  const folder: (path: string) => Effect.Effect<string, DriveStandIn.StandInError> = Effect.fnUntraced(function* (
    path: string
  ) {
    const there = folders.get(path)
    if (there !== undefined) return there
    const above = yield* folder(path.slice(0, Math.max(path.lastIndexOf("/"), 0)))
    const made = yield* drive.createFolder(path.slice(path.lastIndexOf("/") + 1), { parents: [above] })
    folders.set(path, made)
    return made
  })
  for (const { bytes, path } of contents) {
    const parents = [yield* folder(path.slice(0, Math.max(path.lastIndexOf("/"), 0)))]
    ids.set(path, yield* drive.createFile({ name: path.slice(path.lastIndexOf("/") + 1), parents, content: bytes }))
  }
  return { root, folders, ids }
})
