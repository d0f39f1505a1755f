/**
 * Where shortcuts lead.
 */
import type { Change } from "@sluice/core"
import { Effect, Option } from "effect"
import * as Containers from "./Containers.ts"
import type { DriveError } from "./DriveError.ts"
import { isFolder, isOwned, isShortcut, join, type Location, targetOf } from "./Entry.ts"
import type { Folder, Listing } from "./Listing.ts"
import type { Place, Places } from "./Places.ts"
import type { File } from "./Wire.ts"

/** What is at the other end. */
export type Led =
  | { readonly _tag: "File"; readonly file: File }
  /** It is to be listed here, and nowhere else. */
  | {
      readonly _tag: "Folder"
      readonly file: File
      readonly folder: Omit<Folder, "drive">
      readonly containers: ReadonlyArray<Change.Container>
    }
  | { readonly _tag: "Left"; readonly reason: Change.Reason }

/** Changes of these files have to be followed as well. */
export interface Watch {
  /** True where the file's drive was not watched before: what was read of the file may be older than the watch. */
  readonly begin: (file: File) => Effect.Effect<boolean, DriveError>
}

const left = (code: string, message: string): Led => ({ _tag: "Left", reason: { code, message } })

const dangling = left(
  "shortcut-dangling",
  "leads to a file that is gone or in the trash, or that this account may not see"
)

const isIn = (location: Location, { path }: Place): boolean =>
  path === "" || location.path === path || location.path.startsWith(`${path}/`)

/** Follows a shortcut that is at a location. Two requests at most, for one to a file that is in a drive seen before one. */
export const follow = Effect.fnUntraced(function* (
  listing: Listing,
  places: Places,
  watch: Watch,
  shortcut: File,
  location: Location
): Effect.fn.Return<Led, DriveError> {
  const target = targetOf(shortcut)
  if (target === undefined) return dangling
  let found = yield* listing.file(target)
  if (Option.isSome(found) && (yield* watch.begin(found.value))) found = yield* listing.file(target)
  if (Option.isNone(found)) return dangling
  const file = found.value
  if (file.trashed === true && !listing.settings.includeTrashed) return dangling
  if (isShortcut(file)) return left("shortcut-nested", "leads to another shortcut, which Drive does not follow either")
  if (!isFolder(file)) {
    return isOwned(listing.settings, file)
      ? { _tag: "File", file }
      : left("not-owned", "leads to a file of an owner who is not among those asked for")
  }
  const place = yield* places.of(file.id)
  if (place !== undefined && place.within !== shortcut.id) {
    return isIn(location, place)
      ? left("shortcut-loop", "leads to a folder that it is in itself")
      : left("shortcut-duplicate", `leads to a folder that is taken where it is: ${place.path}`)
  }
  const name = shortcut.name ?? shortcut.id
  return {
    _tag: "Folder",
    file,
    folder: { ...target, path: join(location.path, name) },
    containers: [
      Containers.make(shortcut.id, location.within, { name, target: file.id }),
      Containers.make(file.id, shortcut.id, { name: "" })
    ]
  }
})
