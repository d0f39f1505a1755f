/**
 * The folders above what shortcuts lead to. Such a target may be anywhere, and what becomes of it when a folder above it is
 * trashed, moved or shared is in no log: so those folders are marked, and when one of them changes, shortcuts are followed
 * again.
 */
import type { Change } from "@sluice/core"
import { Effect, Option } from "effect"
import * as Containers from "./Containers.ts"
import type { DriveError } from "./DriveError.ts"
import type { Listing } from "./Listing.ts"
import type { File } from "./Wire.ts"

export interface Above {
  /** Marks of all folders that a file is in, however far above. */
  readonly marks: (file: File) => Effect.Effect<ReadonlyArray<Change.Container>, DriveError>
  /** The mark of one of them. */
  readonly mark: (folder: File) => Effect.Effect<Change.Container, DriveError>
  /** It has changed. */
  readonly forget: (id: string) => void
}

/** Folders kept. */
const capacity = 10_000

/** `accessOf`: a digest of who may see a folder, where that is asked for. */
export const make = (
  listing: Listing,
  accessOf: (folder: File) => Effect.Effect<string | undefined, DriveError>
): Above => {
  const folders = new Map<string, File | undefined>()

  const folderAt = Effect.fnUntraced(function* (id: string) {
    if (folders.has(id)) return folders.get(id)
    const folder = Option.getOrUndefined(yield* listing.file({ id }))
    if (folders.size >= capacity) folders.clear()
    folders.set(id, folder)
    return folder
  })

  const mark = (folder: File) =>
    Effect.map(accessOf(folder), (access) =>
      Containers.holder(folder.id, [folder.parents ?? [], folder.trashed === true, access ?? ""])
    )

  return {
    mark,
    marks: Effect.fnUntraced(function* (file) {
      const found: Array<Change.Container> = []
      const ids = new Set(file.parents)
      // A set is walked in the order of insertion, also over what is added meanwhile.
      for (const id of ids) {
        const folder = yield* folderAt(id)
        if (folder === undefined) continue
        found.push(yield* mark(folder))
        for (const parent of folder.parents ?? []) ids.add(parent)
      }
      return found
    }),
    forget: (id) => {
      folders.delete(id)
    }
  }
}
