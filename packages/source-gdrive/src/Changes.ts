/**
 * What one answer of a log of changes means for what is taken: what is gone, which folders have to be listed again, and
 * what else there is to take.
 */
import type { Change } from "@sluice/core"
import { Effect, Option } from "effect"
import * as Containers from "./Containers.ts"
import type { Located, Reader } from "./Contents.ts"
import { folderState } from "./Contents.ts"
import type { DriveError } from "./DriveError.ts"
import { isFolder, isOwned, join } from "./Entry.ts"
import * as Formats from "./Formats.ts"
import type { Folder } from "./Listing.ts"
import type { Memory } from "./Memory.ts"
import type { Change as Entry, File, FileList } from "./Wire.ts"

/** A folder that has to be listed again. */
export interface Again {
  readonly folder: Folder
  readonly container: Change.Container
}

export interface Meaning {
  /** Files and folders that are gone, or no longer among what is taken. */
  readonly gone: ReadonlySet<string>
  readonly again: ReadonlyArray<Again>
  /** Files, and shortcuts that have to be followed again. */
  readonly taken: ReadonlyArray<Located>
}

export interface Options {
  readonly reader: Reader
  readonly memory: Memory
  /** Folders where what is taken begins. */
  readonly roots: ReadonlySet<string>
}

/** The last entry of each file: a file may be there more than once. */
const latestOf = (entries: ReadonlyArray<Entry>): ReadonlyMap<string, Entry> => {
  const latest = new Map<string, Entry>()
  for (const entry of entries) {
    if (entry.changeType === "drive" || entry.fileId === undefined) continue
    latest.delete(entry.fileId)
    latest.set(entry.fileId, entry)
  }
  return latest
}

export const interpret = Effect.fnUntraced(function* (
  { memory, reader, roots }: Options,
  entries: ReadonlyArray<Entry>
): Effect.fn.Return<Meaning, DriveError> {
  const { listing, places } = reader
  const { settings } = listing
  const latest = latestOf(entries)
  const gone = new Set<string>()
  const again = new Map<string, Again>()
  const taken = new Map<string, Located>()
  let isFolderGone = false

  /** It is gone, or elsewhere; with all that is in it. */
  const leave = (id: string) => {
    gone.add(id)
    if (memory.container(id) !== undefined) {
      isFolderGone = true
      memory.drop(id)
    }
  }

  /** The outermost folder above that is not listed yet, though it is where things are taken. */
  const unlistedAbove = Effect.fnUntraced(function* (within: string | undefined) {
    let found: string | undefined
    for (let id = within; id !== undefined && !roots.has(id);) {
      if (memory.container(id) === undefined) found = id
      id = (yield* places.of(id))?.within
    }
    return found
  })

  const take = Effect.fnUntraced(function* (file: File) {
    const location = yield* places.locate(file)
    if (location === undefined || !isOwned(settings, file)) return leave(file.id)
    const unlisted = yield* unlistedAbove(location.within)
    if (unlisted === undefined) taken.set(file.id, { file, location })
    else yield* listAgain(unlisted)
  })

  /** Something that no entry speaks of. */
  const listAgain: (id: string) => Effect.Effect<void, DriveError> = Effect.fnUntraced(function* (id: string) {
    if (again.has(id) || taken.has(id)) return
    const found = Option.getOrUndefined(yield* listing.file({ id }))
    if (found === undefined) return
    yield* isFolder(found) ? consider(found) : take(found)
  })

  /** A folder in its place, compared with what was listed. */
  const consider = Effect.fnUntraced(function* (file: File) {
    const location = yield* places.locate(file)
    if (location === undefined) {
      // A shortcut may put it somewhere.
      const shortcut = (yield* places.of(file.id))?.within
      return shortcut === undefined ? leave(file.id) : yield* listAgain(shortcut)
    }
    const path = join(location.path, file.name ?? file.id)
    if (!reader.wanted(path)) return memory.container(file.id) === undefined ? undefined : leave(file.id)
    const unlisted = yield* unlistedAbove(location.within)
    if (unlisted !== undefined) return yield* listAgain(unlisted)
    const before = memory.container(file.id)
    const now = Containers.make(file.id, location.within, yield* folderState(reader, file))
    if (before !== undefined && !Containers.differs(before, now)) return
    again.set(file.id, {
      folder: { id: file.id, resourceKey: file.resourceKey, path, drive: reader.corpusOf(file) },
      container: now
    })
  })

  const files = [...latest.values()].flatMap(({ file }) =>
    file === undefined || (file.trashed === true && !settings.includeTrashed) ? [] : [file]
  )
  const there = new Set(files.map(({ id }) => id))
  const ids = [...latest.keys()]
  yield* memory.load([...ids, ...ids.map(Containers.markOf), ...files.flatMap(({ parents = [] }) => parents)])
  for (const id of ids) if (!there.has(id)) leave(id)
  // Where things are depends on all folders of this answer, whatever their order in it.
  for (const file of files) if (isFolder(file)) memory.refresh(file)
  places.forget()
  for (const file of files) if (isFolder(file) && !roots.has(file.id)) yield* consider(file)
  for (const file of files) if (!isFolder(file)) yield* take(file)

  if (settings.shortcuts === "follow") {
    const led = ids.filter(memory.isMarked)
    for (const shortcut of led.length === 0 ? [] : yield* listing.shortcutsTo(led)) {
      if (!latest.has(shortcut.id)) yield* take(shortcut)
    }
    // A folder that was in one that is gone may have a place by a shortcut that was passed over before.
    for (const shortcut of isFolderGone ? yield* folderShortcuts(listing) : []) {
      if (!latest.has(shortcut.id) && (yield* places.locate(shortcut)) !== undefined) yield* take(shortcut)
    }
  }

  return {
    gone,
    again: yield* outermost(again, places.of),
    taken: [...taken.values()].toSorted((a, b) => (a.file.id < b.file.id ? -1 : 1))
  }
})

/** All shortcuts to folders that we can see; Drive cannot be asked for those alone. */
const folderShortcuts = Effect.fnUntraced(function* (listing: Reader["listing"]) {
  const shortcuts: Array<File> = []
  let pageToken: string | undefined
  do {
    const page: FileList = yield* listing.search(`mimeType = '${Formats.shortcut}'`, {
      corpora: "allDrives",
      pageToken
    })
    shortcuts.push(...page.files.filter(({ shortcutDetails }) => shortcutDetails?.targetMimeType === Formats.folder))
    pageToken = page.nextPageToken
  } while (pageToken !== undefined)
  return shortcuts
})

/** Without those that are in others of them, and are listed with them. */
const outermost = Effect.fnUntraced(function* (again: ReadonlyMap<string, Again>, placeOf: Reader["places"]["of"]) {
  const found: Array<Again> = []
  for (const [id, one] of again) {
    let above = (yield* placeOf(id))?.within
    while (above !== undefined && !again.has(above)) above = (yield* placeOf(above))?.within
    if (above === undefined) found.push(one)
  }
  return found
})
