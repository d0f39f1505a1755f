/**
 * Where shortcuts lead.
 */
import type { Change } from "@sluice/core"
import { Effect, Option } from "effect"
import type { DriveError } from "./DriveError.ts"
import { isFolder, isOwned, isShortcut, join, type Location, targetOf } from "./Entry.ts"
import type { Folder, Listing } from "./Listing.ts"
import type { Places } from "./Places.ts"
import type { File } from "./Wire.ts"

/** What is at the other end. */
export type Led =
  | { readonly _tag: "File"; readonly file: File }
  /** It is to be listed here, and nowhere else. */
  | { readonly _tag: "Folder"; readonly file: File; readonly folder: Omit<Folder, "drive"> }
  | { readonly _tag: "Left"; readonly file: File | undefined; readonly reason: Change.Reason }

/** Changes of these files have to be followed as well. */
export interface Watch {
  /** Reads a file, and does so again where its drive was not watched before that: what was read may be older. */
  readonly look: (
    read: Effect.Effect<Option.Option<File>, DriveError>
  ) => Effect.Effect<Option.Option<File>, DriveError>
}

const left = (file: File | undefined, code: string, message: string): Led => ({
  _tag: "Left",
  file,
  reason: { code, message }
})

const dangling = (file?: File): Led =>
  left(file, "shortcut-dangling", "leads to a file that is gone or in the trash, or that this account may not see")

const loop = (file: File): Led => left(file, "shortcut-loop", "leads to a folder that it is in itself")

/** Follows a shortcut that is at a location. Two requests at most, for one to a file that is in a drive seen before one. */
export const follow = Effect.fnUntraced(function* (
  listing: Listing,
  places: Places,
  watch: Watch,
  shortcut: File,
  location: Location
): Effect.fn.Return<Led, DriveError> {
  const target = targetOf(shortcut)
  if (target === undefined) return dangling()
  const found = yield* watch.look(listing.file(target))
  if (Option.isNone(found)) return dangling()
  const file = found.value
  if (file.trashed === true && !listing.settings.includeTrashed) return dangling(file)
  if (isShortcut(file))
    return left(file, "shortcut-nested", "leads to another shortcut, which Drive does not follow either")
  if (!isFolder(file)) {
    return isOwned(listing.settings, file)
      ? { _tag: "File", file }
      : left(file, "not-owned", "leads to a file of an owner who is not among those asked for")
  }
  if (yield* places.isAbove(file.id, location.within)) return loop(file)
  const place = yield* places.ofFolder(file)
  if (place !== undefined && place.within !== shortcut.id) {
    return left(file, "shortcut-duplicate", `leads to a folder that is taken where it is: ${place.path}`)
  }
  const path = join(location.path, shortcut.name ?? shortcut.id)
  return { _tag: "Folder", file, folder: { ...target, path, depth: location.depth + 1 } }
})
