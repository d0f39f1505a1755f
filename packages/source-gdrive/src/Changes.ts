/**
 * What one answer of a log of changes means for what is taken: what is gone, which folders have to be listed again, and
 * what else there is to take.
 */
import type { Change, Source } from "@sluice/core"
import { Effect, Option } from "effect"
import * as Containers from "./Containers.ts"
import type { Located, Reader } from "./Contents.ts"
import { folderState } from "./Contents.ts"
import * as Doubts from "./Doubts.ts"
import type { DriveError } from "./DriveError.ts"
import { isFolder, isOwned, isShortcut } from "./Entry.ts"
import * as Formats from "./Formats.ts"
import type { Folder } from "./Listing.ts"
import type { Memory } from "./Memory.ts"
import type { Places } from "./Places.ts"
import * as Roots from "./Roots.ts"
import type { Change as Entry, File, FileList } from "./Wire.ts"

export interface Meaning {
  /** Files and folders that are gone, or no longer among what is taken. */
  readonly gone: ReadonlySet<string>
  readonly again: ReadonlyArray<Folder>
  /** Whether what a shortcut leads to has to be listed again, though it seems as it was. */
  readonly isDoubtful: (folder: string) => boolean
  /** Files, and shortcuts that have to be followed again. */
  readonly taken: ReadonlyArray<Located>
  /**
   * Folders as this answer has them, those above what is taken that are not listed yet, and marks above what shortcuts lead
   * to: should any of them change before it is listed, it is known what was said to be in it.
   */
  readonly containers: ReadonlyArray<Change.Container>
}

export interface Options {
  readonly reader: Reader
  readonly places: Places
  readonly memory: Memory
  /** Folders where what is taken begins. */
  readonly roots: ReadonlyMap<string, Folder>
  readonly doubts: Doubts.Doubts
  /** The answer was taken before, and not to its end: what was said to be gone then is no longer in memory. */
  readonly isAgain: boolean
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
  { doubts, isAgain, memory, places, reader, roots }: Options,
  entries: ReadonlyArray<Entry>
): Effect.fn.Return<Meaning, DriveError | Source.SourceError> {
  const { above, listing } = reader
  const { settings } = listing
  const latest = latestOf(entries)
  const gone = new Set<string>()
  const again = new Map<string, Folder>()
  const taken = new Map<string, Located>()
  const containers: Array<Change.Container> = []
  const doubted = new Set<string>()
  const looked = new Set(latest.keys())
  /** A folder is gone from where it was, or may be. */
  let hasMoved = isAgain

  /** It is gone, or elsewhere; with all that is in it. */
  const leave = (id: string) => {
    gone.add(id)
    if (memory.container(id) !== undefined) {
      hasMoved = true
      memory.drop(id)
    }
  }

  const note = (container: Change.Container) => {
    containers.push(container)
    memory.put([container])
  }

  /** Of the folders above that are not listed yet, though they are where things are taken, the outermost is listed. */
  const listAbove = Effect.fnUntraced(function* (within: string | undefined) {
    let outermost: string | undefined
    for (let id = within; id !== undefined && !roots.has(id);) {
      const place = yield* places.of(id)
      const before = memory.container(id)
      if (before === undefined || Containers.isUnread(before)) {
        outermost = id
        note(Containers.unread(id, place?.within))
      }
      id = place?.within
    }
    if (outermost !== undefined) yield* listAgain(outermost)
  })

  const take = Effect.fnUntraced(function* (file: File) {
    const location = yield* places.locate(file)
    if (location === undefined || !isOwned(settings, file)) return leave(file.id)
    taken.set(file.id, { file, location })
    yield* listAbove(location.within)
  })

  /** Something that no entry speaks of. */
  const listAgain: (id: string) => Effect.Effect<void, DriveError> = Effect.fnUntraced(function* (id: string) {
    if (looked.has(id)) return
    looked.add(id)
    const found = Option.getOrUndefined(yield* listing.file({ id }))
    if (found === undefined) return
    yield* isFolder(found) ? consider(found) : take(found)
  })

  /** A folder in its place, compared with what was listed. */
  const consider = Effect.fnUntraced(function* (file: File) {
    const affected = Doubts.affected(doubts, memory, file.id)
    if (affected.includes(file.id)) doubted.add(file.id)
    else yield* Effect.forEach(affected, listAgain, { discard: true })
    const known = yield* places.of(file.id)
    // Below several shortcuts, one that is not known yet may lead there on a shorter way.
    const place = known !== undefined && known.depth > 1 ? yield* reader.places.of(file.id) : known
    if (place === undefined) return gone.has(file.id) ? undefined : leave(file.id)
    const { depth, isLed, path, within } = place
    if (isLed) return yield* listAgain(within)
    const before = memory.container(file.id)
    if (!reader.wanted(path)) return before === undefined ? undefined : leave(file.id)
    const now = Containers.make(file.id, within, yield* folderState(listing, file))
    if (before?.within !== within) hasMoved ||= before !== undefined
    if (before !== undefined && !Containers.differs(before, now) && !doubted.has(file.id)) return
    note(now)
    again.set(file.id, { id: file.id, resourceKey: file.resourceKey, path, depth, drive: reader.corpusOf(file) })
    yield* listAbove(within)
  })

  const files = [...latest.values()].flatMap(({ file }) =>
    file === undefined || (file.trashed === true && !settings.includeTrashed) ? [] : [file]
  )
  const there = new Set(files.map(({ id }) => id))
  const ids = [...latest.keys()]
  yield* memory.load([
    ...ids,
    ...ids.map(Containers.markOf),
    ...ids.map(Containers.holderOf),
    ...doubts,
    ...files.flatMap(({ parents = [] }) => parents)
  ])
  for (const id of ids) {
    if (there.has(id)) continue
    // What we were told to take must not look empty.
    if (roots.has(id)) yield* Roots.folderAt(listing)({ id })
    else leave(id)
  }
  let isHolderChanged = false
  for (const [id, { file }] of latest) {
    const before = memory.container(Containers.holderOf(id))
    if (before === undefined) continue
    above.forget(id)
    const now = file === undefined ? Containers.holder(id, []) : yield* above.mark(file)
    if (!Containers.differs(before, now) && doubts.size === 0) continue
    isHolderChanged = true
    note(now)
  }
  // Where things are depends on all folders of this answer, and shortcuts to folders, whatever their order in it.
  for (const file of files) if (isFolder(file) || isShortcut(file)) memory.refresh(file)
  places.forget()
  reader.places.forget()
  // What is gone is gone before anything is put in its place: the ledger will see it in this order too.
  for (const file of files) {
    if (!isFolder(file) && !isShortcut(file)) continue
    if (!roots.has(file.id) && (yield* places.of(file.id)) === undefined) leave(file.id)
  }
  for (const file of files) {
    const root = roots.get(file.id)
    if (root === undefined) {
      if (isFolder(file)) yield* consider(file)
    } else if (Doubts.affected(doubts, memory, file.id).length > 0) again.set(file.id, root)
  }
  for (const file of files) {
    if (isFolder(file)) continue
    const target = isShortcut(file) ? file.shortcutDetails?.targetId : undefined
    if (target !== undefined && Doubts.affected(doubts, memory, file.id).length > 0) doubted.add(target)
    yield* take(file)
  }

  if (settings.shortcuts === "follow") {
    const led = ids.filter(memory.isMarked)
    for (const shortcut of led.length === 0 ? [] : yield* listing.shortcutsTo(led)) {
      if (!looked.has(shortcut.id)) yield* take(shortcut)
    }
    // What became of the files in a folder, and where shortcuts lead then, no log says: shortcuts are looked at again.
    const others = (hasMoved || isHolderChanged ? yield* allShortcuts(listing) : []).filter(({ id }) => !looked.has(id))
    const isToFolder = (shortcut: File) => shortcut.shortcutDetails?.targetMimeType === Formats.folder
    if (others.some(isToFolder)) {
      // They may be newer than what the log has said so far, and what is below them is where they are now.
      others.filter(isToFolder).forEach(memory.refresh)
      places.forget()
      reader.places.forget()
      const before = [...taken.values()]
      taken.clear()
      for (const { file } of before) yield* take(file)
    }
    for (const shortcut of others) {
      if (!isHolderChanged && !isToFolder(shortcut)) continue
      if ((yield* places.locate(shortcut)) !== undefined) yield* take(shortcut)
    }
  }
  yield* memory.load(taken.keys())

  return {
    gone,
    containers,
    isDoubtful: (id) => doubted.has(id) || (isHolderChanged && Doubts.has(doubts, memory, id)),
    again: yield* outermost(again, places.of),
    taken: [...taken.values()].toSorted((a, b) => (a.file.id < b.file.id ? -1 : 1))
  }
})

/** All shortcuts that we can see. */
const allShortcuts = Effect.fnUntraced(function* (listing: Reader["listing"]) {
  const shortcuts: Array<File> = []
  let pageToken: string | undefined
  do {
    const page: FileList = yield* listing.search(`mimeType = '${Formats.shortcut}'`, {
      corpora: "allDrives",
      pageToken
    })
    shortcuts.push(...page.files)
    pageToken = page.nextPageToken
  } while (pageToken !== undefined)
  return shortcuts
})

/** Without those that are in others of them, and are listed with them. */
const outermost = Effect.fnUntraced(function* (again: ReadonlyMap<string, Folder>, placeOf: Places["of"]) {
  const found: Array<Folder> = []
  for (const [id, folder] of again) {
    const place = yield* placeOf(id)
    let above = place?.within
    while (above !== undefined && !again.has(above)) above = (yield* placeOf(above))?.within
    if (above === undefined)
      found.push(place === undefined ? folder : { ...folder, path: place.path, depth: place.depth })
  }
  return found
})
