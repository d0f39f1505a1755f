/**
 * What is said of one answer of a log of changes, and in which order.
 */
import { type Change, type Source, SourceFile } from "@sluice/core"
import { Effect } from "effect"
import * as Changes from "./Changes.ts"
import * as Containers from "./Containers.ts"
import * as Contents from "./Contents.ts"
import * as Doubts from "./Doubts.ts"
import { remove, type Taken } from "./Entry.ts"
import type { DriveError } from "./DriveError.ts"
import * as Feeds from "./Feeds.ts"
import type { Folder } from "./Listing.ts"
import type { Memory } from "./Memory.ts"
import type { Places } from "./Places.ts"
import type { Positions } from "./Positions.ts"
import type { Roots } from "./Roots.ts"
import * as Walk from "./Walk.ts"
import type { ChangeList } from "./Wire.ts"

export interface Options {
  readonly reader: Contents.Reader
  readonly places: Places
  readonly memory: Memory
  readonly positions: Positions
  readonly roots: Roots
  readonly say: (page: Change.Page) => Effect.Effect<void>
}

export interface Answers {
  /**
   * Lists folders with all that is in them. The log stays where it is until that is settled, and the folders themselves are
   * kept with the position behind it (`containers` of a later page): else a run that breaks in between would take them for
   * listed. Answers what is to be doubted of this log.
   */
  readonly list: (
    feed: string,
    folders: ReadonlyArray<Folder>,
    isSaid?: (change: Taken) => boolean
  ) => Effect.Effect<ReadonlyArray<string>, DriveError>
  /** Says one answer, and moves the log behind it. True where it was the last. */
  readonly take: (feed: string, answer: ChangeList) => Effect.Effect<boolean, DriveError | Source.SourceError>
}

export const make = ({ memory, places, positions, reader, roots: { folders: rootFolders }, say }: Options): Answers => {
  const roots = new Map(rootFolders.map((root) => [root.id, root]))
  /** Logs of which a run was broken off. */
  const brokenOff = new Set(positions.feeds.filter((feed) => positions.of(feed).open === true))

  /**
   * Takes note, before anything is said, that it is not all. Folders that are gone are forgotten at once, not with the
   * position behind them: a run that breaks in between leaves nothing to tell that shortcuts have to be looked at again.
   */
  const open = Effect.fnUntraced(function* (feed: string) {
    const { s: _, ...position } = positions.of(feed)
    if (position.open !== true) yield* say({ ...positions.move(feed, { ...position, open: true }), changes: [] })
  })

  /**
   * What is kept of a folder above what shortcuts lead to stays until its own entry comes, though it is newer where another
   * shortcut was read: else that entry would seem to say nothing new, and the other shortcuts would not be looked at.
   */
  const withoutNewer = Effect.fnUntraced(function* (containers: ReadonlyArray<Change.Container>) {
    const holders = containers.filter(Containers.isHolder)
    yield* memory.load(holders.map(({ id }) => id))
    const known = new Set(holders.filter(({ id }) => memory.container(id) !== undefined))
    return containers.filter((one) => !known.has(one))
  })

  const list: Answers["list"] = Effect.fnUntraced(function* (feed, folders, isSaid = () => false) {
    const drives = new Set<string>()
    if (folders.length > 0) yield* open(feed)
    yield* Walk.walk({
      reader,
      folders,
      onFound: Effect.fnUntraced(function* ({ changes, containers: found, group, incomplete }) {
        const containers = yield* withoutNewer(found)
        memory.put(containers)
        drives.add(group.folders[0].drive ?? Feeds.account)
        const news = changes.filter((change) => !isSaid(change))
        yield* say({ ...positions.at(feed), changes: news, containers, incomplete })
      })
    })
    const listed = folders.map(({ id }) => id)
    const isOwn = drives.delete(feed)
    for (const position of positions.doubt(drives, listed)) yield* say({ ...position, changes: [] })
    return isOwn ? listed : []
  })

  /**
   * Tombstones go first: what is gone from one place may be back in another. What is listed again goes last: it is newer
   * than what the log says.
   */
  const take: Answers["take"] = Effect.fnUntraced(function* (feed, answer) {
    if (answer.changes.length > 0) yield* open(feed)
    const { d = [], t } = positions.of(feed)
    const meaning = yield* Changes.interpret(
      {
        reader,
        places,
        memory,
        roots,
        // Folders may have been listed in part, and be again as they were before that.
        doubts: new Set(brokenOff.has(feed) ? [Doubts.everything] : d),
        isAgain: brokenOff.has(feed)
      },
      answer.changes
    )
    const read = yield* Contents.read(reader, meaning.taken)
    const contents = { ...read, containers: yield* withoutNewer(read.containers) }
    const left = meaning.taken.flatMap(({ file }) => (isLeft(memory, contents, file.id) ? [file.id] : []))
    left.forEach(memory.drop)
    const removed = [...meaning.gone, ...left].map(remove)
    if (removed.length > 0) yield* say({ ...positions.at(feed), changes: removed })

    const led = contents.folders.filter(({ id }) => meaning.isDoubtful(id) || !isListed(memory, contents, id))
    const placed = [...meaning.containers, ...contents.containers.filter((one) => hasMoved(memory, one))]
    memory.put(contents.containers)
    // What is below a shortcut that has led elsewhere meanwhile is gone with it.
    const isThere = (id: string | undefined) => id === undefined || roots.has(id) || memory.container(id) !== undefined
    const changes = contents.changes.filter(({ file }) => isThere(file.within))
    // Files that are sent by a run that breaks are found by the folders above them, should one of those go.
    const nested = new Map(
      placed.flatMap(({ id, within }) =>
        within !== undefined && isThere(id) ? [[id, Containers.unread(id, within)]] : []
      )
    )
    if (changes.length + nested.size > 0) {
      yield* say({ ...positions.at(feed), changes, containers: [...nested.values()] })
    }

    const said = new Map(changes.map((change) => [change.file.id, change]))
    const listed = yield* list(
      feed,
      [...meaning.again, ...led].filter(({ id }) => isThere(id)),
      (change) => isSame(change, said.get(change.file.id))
    )
    // What was found of them meanwhile is newer.
    const ids = new Set([...meaning.containers, ...contents.containers].map(({ id }) => id))
    const containers = [...ids].flatMap((id) => memory.container(id) ?? [])
    const isLast = answer.nextPageToken === undefined
    const doubts = Doubts.both(isLast ? [] : d, listed)
    const position = positions.move(feed, {
      t: answer.nextPageToken ?? answer.newStartPageToken ?? t,
      ...(isLast ? {} : { open: true }),
      ...(doubts.size === 0 ? {} : { d: [...doubts] })
    })
    yield* say({ ...position, changes: [], containers })
    return isLast
  })

  return { list, take }
}

const isSame = (now: Taken, before: Taken | undefined): boolean =>
  before?._tag === now._tag &&
  before.file.token === now.file.token &&
  SourceFile.facts(before.file) === SourceFile.facts(now.file)

/** Of a container: it is not known, or known to be elsewhere. */
const hasMoved = (memory: Memory, { id, within }: Change.Container): boolean => memory.container(id)?.within !== within

/** Of a shortcut: what it led to was listed, and now it leads nowhere, or to what is listed in its own place. */
const isLeft = (memory: Memory, { containers }: Contents.Contents, id: string): boolean =>
  memory.container(id) !== undefined && !containers.some((one) => one.id === id)

/** Of a shortcut's folder: it is listed, and is still where it was. */
const isListed = (memory: Memory, { containers }: Contents.Contents, id: string): boolean => {
  const now = containers.find((one) => one.id === id)
  const shortcut = containers.find((one) => one.id === now?.within)
  return [now, shortcut].every((one) => {
    const before = one && memory.container(one.id)
    return one !== undefined && before !== undefined && !Containers.differs(before, one)
  })
}
