/**
 * Where what is taken begins: folders by id, with the path that their content has; and plain lists of files that are in no
 * folder of ours.
 */
import { type Change, Source } from "@sluice/core"
import { Effect, Option } from "effect"
import type { Requests } from "./Requests.ts"
import * as Containers from "./Containers.ts"
import { folderState } from "./Contents.ts"
import type { DriveError } from "./DriveError.ts"
import { isFolder, isShortcut, segment, targetOf } from "./Entry.ts"
import type { Reference } from "./DriveUri.ts"
import type { Feeds } from "./Feeds.ts"
import type { Corpus, Folder, Listing } from "./Listing.ts"
import type { Options as PlacesOptions } from "./Places.ts"
import type { File, SharedDrive } from "./Wire.ts"

/** A plain list. */
export interface Flat {
  readonly name: string
  /** Folders in it are to be walked, and what else is in them is left to that; else all of it is in the list. */
  readonly isWalked: boolean
  /** The condition of its query. */
  readonly condition: string
  readonly corpus: Corpus
}

/** A folder where what is taken begins. */
export interface Root extends Folder {
  /** Its name matters where it is a part of paths; who may see it, where that is asked for. */
  readonly state: Containers.State
}

export interface Roots {
  readonly folders: ReadonlyArray<Root>
  readonly lists: ReadonlyArray<Flat>
  readonly isAlone: PlacesOptions["isAlone"]
}

/** A root as it is kept. */
export const containerOf = ({ id, state }: Root): Change.Container => Containers.make(id, undefined, state)

/** All shared drives that the account is a member of. */
export const sharedDrives = Effect.fnUntraced(function* (drive: Requests) {
  const drives: Array<SharedDrive> = []
  let pageToken: string | undefined
  do {
    const page = yield* drive.listDrives({ pageSize: 100, pageToken, fields: "nextPageToken,drives(id,name)" })
    drives.push(...page.drives)
    pageToken = page.nextPageToken
  } while (pageToken !== undefined)
  return drives
})

const root = (listing: Listing, file: File, path: string, drive: string | undefined): Effect.Effect<Root, DriveError> =>
  Effect.map(folderState(listing, file), (state) => ({
    id: file.id,
    resourceKey: file.resourceKey,
    state,
    path,
    depth: 0,
    drive
  }))

const ofDrive = (listing: Listing, { id, name = id }: SharedDrive, path: string) =>
  root(listing, { id, name }, path, id)

/**
 * Finds the roots, and begins to follow the logs of their drives before. A root that is not there, or not shared with the
 * account, is `Missing`: it must not look like an empty folder.
 */
export const find = Effect.fnUntraced(function* (
  drive: Requests,
  listing: Listing,
  feeds: Feeds
): Effect.fn.Return<Roots, DriveError | Source.SourceError> {
  const { settings } = listing
  const { where } = settings
  const none = { folders: [], lists: [], isAlone: () => false }
  switch (where._tag) {
    case "Folders": {
      const files = yield* Effect.forEach(where.folders, folderAt(listing))
      // One may be named by its id and by a shortcut.
      const byId = new Map(files.map((file) => [file.id, file]))
      const outermost = yield* Effect.filter([...byId.values()], (file) =>
        Effect.map(isBelow(listing, file, byId), (below) => !below)
      )
      yield* Effect.forEach(outermost, feeds.begin, { discard: true })
      const folders = yield* Effect.forEach(outermost, (file) =>
        root(listing, file, outermost.length > 1 ? segment(file.name ?? file.id) : "", feeds.corpusOf(file))
      )
      return { ...none, folders }
    }
    case "SharedDrive": {
      yield* feeds.beginDrive(where.id)
      return { ...none, folders: [yield* ofDrive(listing, yield* drive.getDrive(where.id), "")] }
    }
    case "MyDrive": {
      yield* feeds.beginAccount
      const top = yield* listing.root({ id: "root" })
      return { ...none, folders: [yield* root(listing, top, "", feeds.corpusOf(top))] }
    }
    case "SharedWithMe": {
      yield* feeds.beginAccount
      return {
        folders: [],
        lists: [{ name: "shared", isWalked: true, condition: "sharedWithMe = true", corpus: {} }],
        isAlone: (file) => file.sharedWithMeTime !== undefined
      }
    }
    case "Everything": {
      yield* feeds.beginAccount
      const drives = yield* sharedDrives(drive)
      yield* Effect.forEach(drives, ({ id }) => feeds.beginDrive(id), { discard: true })
      return {
        folders: yield* Effect.forEach(drives, (one) => ofDrive(listing, one, segment(one.name ?? one.id))),
        lists: [{ name: "account", isWalked: false, condition: "", corpus: { corpora: "user" } }],
        isAlone: () => true
      }
    }
    case "Files": {
      yield* feeds.beginAccount
      const ids = new Set(where.files.map(({ id }) => id))
      return { ...none, isAlone: (file) => ids.has(file.id) && !isFolder(file) }
    }
  }
})

/** The folder at a reference, or that a shortcut there leads to. */
export const folderAt = (listing: Listing) =>
  Effect.fnUntraced(function* (reference: Reference) {
    const found = yield* listing.root(reference)
    const target = isShortcut(found) ? targetOf(found) : undefined
    const file = target === undefined ? found : yield* listing.root(target)
    if (file.trashed === true && !listing.settings.includeTrashed) {
      return yield* new Source.SourceError({
        source: listing.settings.name,
        operation: "files.get",
        reason: new Source.Missing(),
        message: `\`from.folders\`: ${file.id} (${file.name ?? ""}) is in the trash: restore it, or name another folder`
      })
    }
    if (isFolder(file)) return file
    return yield* new Source.SourceError({
      source: listing.settings.name,
      operation: "files.get",
      reason: new Source.Misconfigured(),
      message: `\`from.folders\`: ${file.id} (${file.name ?? ""}) is a file: name the folder it is in, or take it with \`from: { files: [...] }\``
    })
  })

/** Whether a folder is somewhere below one of these: listed with it, it would be listed twice. */
const isBelow = Effect.fnUntraced(function* (listing: Listing, file: File, ids: ReadonlyMap<string, unknown>) {
  if (ids.size < 2) return false
  const above = [...(file.parents ?? [])]
  const seen = new Set(above)
  for (const id of above) {
    if (ids.has(id)) return true
    const parent = yield* listing.file({ id })
    for (const next of Option.isSome(parent) ? (parent.value.parents ?? []) : []) {
      if (seen.has(next)) continue
      seen.add(next)
      above.push(next)
    }
  }
  return false
})
