/**
 * What becomes of the files, folders and shortcuts of one answer: changes, and folders that are to be listed.
 */
import type { Change } from "@sluice/core"
import { Effect } from "effect"
import { hash } from "node:crypto"
import * as Attributes from "./Attributes.ts"
import * as Containers from "./Containers.ts"
import type { DriveError } from "./DriveError.ts"
import {
  isFolder,
  isOwned,
  isShortcut,
  join,
  type Location,
  nowhere,
  reject,
  shortcutItself,
  skip,
  type Taken,
  toChange,
  toFile,
  upsert
} from "./Entry.ts"
import type { Folder, Listing } from "./Listing.ts"
import * as Permissions from "./Permissions.ts"
import type { Places } from "./Places.ts"
import * as Shortcuts from "./Shortcuts.ts"
import type { File, Permission } from "./Wire.ts"

/** Shortcuts followed, and permissions asked for, at a time. */
const concurrency = 8

/** What an answer holds. */
export interface Contents {
  readonly changes: ReadonlyArray<Change.Change>
  /** To be listed. */
  readonly folders: ReadonlyArray<Folder>
  readonly containers: ReadonlyArray<Change.Container>
}

/** One of them with where it is. */
export interface Located {
  readonly file: File
  readonly location: Location
}

/** Turns files into contents. */
export interface Reader {
  readonly listing: Listing
  readonly places: Places
  readonly watch: Shortcuts.Watch
  /** Whether a folder can hold anything that is wanted; those that cannot are passed over. */
  readonly wanted: (path: string) => boolean
  /** The shared drive in whose corpus a folder of it is searched; `undefined` where that is not open to us. */
  readonly corpusOf: (file: Pick<File, "driveId">) => string | undefined
}

const nothing: Contents = { changes: [], folders: [], containers: [] }

/** The contents of an answer, in its order. */
export const read = (reader: Reader, located: ReadonlyArray<Located>): Effect.Effect<Contents, DriveError> =>
  Effect.map(
    Effect.forEach(located, (one) => readOne(reader, one), { concurrency }),
    (all) => ({
      changes: all.flatMap(({ changes }) => changes),
      folders: all.flatMap(({ folders }) => folders),
      containers: all.flatMap(({ containers }) => containers)
    })
  )

const readOne = (reader: Reader, one: Located): Effect.Effect<Contents, DriveError> => {
  const { file } = one
  if (isFolder(file)) return readFolder(reader, one)
  if (isShortcut(file)) return readShortcut(reader, one)
  if (!isOwned(reader.listing.settings, file)) return Effect.succeed(nothing)
  return Effect.map(changeOf(reader.listing, one, file), (change) => ({
    changes: [change],
    folders: [],
    containers: []
  }))
}

/** A folder in its place, to be listed. */
export const readFolder = Effect.fnUntraced(function* (reader: Reader, { file, location }: Located) {
  const name = file.name ?? file.id
  const path = join(location.path, name)
  if (!reader.wanted(path)) return nothing
  reader.places.learn(file.id, { path, within: location.within })
  return {
    changes: [],
    folders: [{ id: file.id, resourceKey: file.resourceKey, path, drive: reader.corpusOf(file) }],
    containers: [Containers.make(file.id, location.within, yield* folderState(reader, file))]
  } satisfies Contents
})

/** What matters of a folder for what is in it. */
export const folderState = Effect.fnUntraced(function* (reader: Reader, file: File) {
  const name = file.name ?? file.id
  if (!reader.listing.asked.has("permissions")) return { name }
  const access = yield* permissionsOf(reader.listing, file).pipe(
    Effect.map(Permissions.normalize),
    Effect.catchIf(isDenied, () => Effect.succeed("not ours to see"))
  )
  return { name, access: hash("sha256", JSON.stringify(access), "base64url").slice(0, 16) }
})

const readShortcut = Effect.fnUntraced(function* (
  reader: Reader,
  { file, location }: Located
): Effect.fn.Return<Contents, DriveError> {
  const { listing, places, watch } = reader
  const { settings } = listing
  if (!isOwned(settings, file)) return nothing
  const itself = shortcutItself(settings, {
    entry: file,
    content: file,
    location,
    attributes: Attributes.of(file, listing.asked, [])
  })
  if (settings.shortcuts === "keep") return { ...nothing, changes: [upsert(itself)] }
  if (settings.shortcuts === "skip") {
    return { ...nothing, changes: [skip(itself, "shortcut", "a shortcut, and shortcuts are skipped")] }
  }
  const led = yield* Shortcuts.follow(listing, places, watch, file, location)
  const target = itself.target
  const containers = target === undefined ? [] : [Containers.mark(target.id)]
  switch (led._tag) {
    case "Left":
      return { changes: [skip(itself, led.reason.code, led.reason.message)], folders: [], containers }
    case "File":
      return { changes: [yield* changeOf(listing, { file, location }, led.file)], folders: [], containers }
    case "Folder":
      if (!reader.wanted(led.folder.path)) return nothing
      places.learn(led.folder.id, { path: led.folder.path, within: file.id })
      return {
        changes: [],
        folders: [{ ...led.folder, drive: reader.corpusOf(led.file) }],
        containers: [...containers, ...led.containers]
      }
  }
})

const isDenied = (error: DriveError): boolean => error.reason._tag === "Denied"

/** A file with the content of another, or its own. One whose permissions are asked for and not told is not taken. */
export const changeOf = (
  listing: Listing,
  { file, location }: Located,
  content: File
): Effect.Effect<Taken, DriveError> => {
  const { asked, settings } = listing
  const change = (permissions: ReadonlyArray<Permission>) =>
    toChange(settings, {
      entry: file,
      content,
      location,
      attributes: Attributes.of(content, asked, permissions)
    })
  if (!asked.has("permissions")) return Effect.succeed(change([]))
  return permissionsOf(listing, content).pipe(
    Effect.map(change),
    Effect.catchIf(isDenied, (error) => {
      const bare = toFile(settings, { entry: file, content, location, attributes: {} })
      return Effect.succeed(reject(bare, error.code ?? "no-permission", error.message))
    })
  )
}

/** Who may see it: the listing says it in My Drive, and never in shared drives. */
const permissionsOf = (
  listing: Listing,
  { id, permissions, resourceKey }: File
): Effect.Effect<ReadonlyArray<Permission>, DriveError> =>
  permissions === undefined ? listing.permissions({ id, resourceKey }) : Effect.succeed(permissions)

/** A file that is in no folder. */
export const unplaced = (file: File): Located => ({ file, location: nowhere })
