/**
 * What becomes of the files, folders and shortcuts of one answer: changes, and folders that are to be listed.
 */
import type { Change } from "@sluice/core"
import { Effect } from "effect"
import { hash } from "node:crypto"
import type { Above } from "./Above.ts"
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
  readonly changes: ReadonlyArray<Taken>
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
  readonly above: Above
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
const readFolder = Effect.fnUntraced(function* (reader: Reader, { file, location }: Located) {
  const { depth, within } = location
  // Below one shortcut, a way with fewer does not lead by another; below more it may, and then it is listed there.
  if (depth > 1 && (yield* reader.places.ofFolder(file))?.within !== within) return nothing
  const path = join(location.path, file.name ?? file.id)
  if (!reader.wanted(path)) return nothing
  reader.places.learn(file.id, { path, within, depth, isLed: false })
  return {
    changes: [],
    folders: [{ id: file.id, resourceKey: file.resourceKey, path, depth, drive: reader.corpusOf(file) }],
    containers: [Containers.make(file.id, within, yield* folderState(reader.listing, file))]
  } satisfies Contents
})

/** What matters of a folder for what is in it. */
export const folderState = (listing: Listing, file: File): Effect.Effect<Containers.State, DriveError> =>
  Effect.map(accessOf(listing)(file), (access) => ({
    name: file.name ?? file.id,
    ...(access === undefined ? {} : { access })
  }))

/** A digest of who may see a folder, where that is asked for. */
export const accessOf =
  (listing: Listing) =>
  (folder: File): Effect.Effect<string | undefined, DriveError> =>
    listing.asked.has("permissions")
      ? permissionsOf(listing, folder).pipe(
          Effect.map(Permissions.normalize),
          Effect.catchIf(isDenied, () => Effect.succeed("not ours to see")),
          Effect.map((access) => hash("sha256", JSON.stringify(access), "base64url").slice(0, 16))
        )
      : Effect.undefined

const readShortcut = Effect.fnUntraced(function* (
  reader: Reader,
  { file, location }: Located
): Effect.fn.Return<Contents, DriveError> {
  const { above, listing, places, watch } = reader
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
  const containers = [
    ...(itself.target === undefined ? [] : [Containers.mark(itself.target.id)]),
    ...(led.file === undefined ? [] : yield* above.marks(led.file))
  ]
  switch (led._tag) {
    case "Left":
      return { changes: [skip(itself, led.reason.code, led.reason.message)], folders: [], containers }
    case "File":
      return { changes: [yield* changeOf(listing, { file, location }, led.file)], folders: [], containers }
    case "Folder":
      if (settings.where._tag === "Files") {
        const message = "leads to a folder: take what is in it with from: { folders: [...] }"
        return { changes: [reject(itself, "folder", message)], folders: [], containers }
      }
      if (!reader.wanted(led.folder.path)) return nothing
      places.learn(file.id, { path: led.folder.path, within: location.within, depth: location.depth, isLed: false })
      places.learn(led.folder.id, { path: led.folder.path, within: file.id, depth: led.folder.depth, isLed: true })
      return {
        changes: [],
        folders: [{ ...led.folder, drive: reader.corpusOf(led.file) }],
        containers: [
          ...containers,
          Containers.make(file.id, location.within, { name: file.name ?? file.id, target: led.folder.id }),
          // What is in it is below the shortcut's name, not its own.
          Containers.make(led.folder.id, file.id, { ...(yield* folderState(listing, led.file)), name: "" })
        ]
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
