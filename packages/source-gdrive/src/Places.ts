/**
 * Where folders are: the path from a root of what is taken down to a folder, if there is one.
 *
 * A folder has one place, however many ways lead to it, so that nothing is taken twice and two runs that see the same tree
 * agree: the place with the fewest shortcuts on the way; of those, by a folder that it is in rather than by a shortcut; of
 * those, by the one with the smallest id. (Fewest first, because of circles: where shortcuts lead to what they are in
 * themselves, every other order may place each of two folders in the other, and nothing in a root.) Files are where their
 * folder is.
 *
 * Folders and shortcuts are looked at from below, level by level of shortcuts, so that what is somewhere costs a request
 * for each folder above it that is not known, and what is nowhere a search for shortcuts besides.
 */
import { Effect, Option } from "effect"
import type { DriveError } from "./DriveError.ts"
import { isFolder, join, type Location, nowhere, segment } from "./Entry.ts"
import type { Listing } from "./Listing.ts"
import type { File } from "./Wire.ts"

/** The path there, how many shortcuts are on the way, and what leads there last: nothing, a folder, or a shortcut. */
export type Place = { readonly path: string; readonly depth: number } & (
  | { readonly within: string | undefined; readonly isLed: false }
  | { readonly within: string; readonly isLed: true }
)

/** What is known of a folder, or of a shortcut to one, without asking Drive. */
export type Remembered =
  /** It is known to be in no place. */
  | { readonly _tag: "Gone" }
  /** It was listed, by this name, in this container. `isShortcut`: it leads to a folder. */
  | {
      readonly _tag: "Listed"
      readonly name: string
      readonly within: string | undefined
      readonly isShortcut: boolean
    }
  /** This is what Drive says of it now. */
  | { readonly _tag: "Fresh"; readonly file: File }

export interface Places {
  /** Of a folder, or of a shortcut as if it were the folder that it leads to. */
  readonly of: (id: string) => Effect.Effect<Place | undefined, DriveError>
  /** The same of a folder that was just read, whatever is remembered of it. */
  readonly ofFolder: (folder: File) => Effect.Effect<Place | undefined, DriveError>
  /** Where something is: in a folder of ours, by itself, or not among what is taken. */
  readonly locate: (file: File) => Effect.Effect<Location | undefined, DriveError>
  /** Whether what is in a container is, by that, in a folder. */
  readonly isAbove: (folder: string, within: string | undefined) => Effect.Effect<boolean, DriveError>
  /** Takes note of a place that is certain. */
  readonly learn: (id: string, place: Place) => void
  /** Forgets what was found out of all places: a folder has moved. */
  readonly forget: () => void
}

export interface Options {
  readonly listing: Listing
  /** Roots by id, with the path that their content has. */
  readonly roots: ReadonlyMap<string, string>
  /** Whether something that is in no folder of ours is taken by itself; of a folder, what is in it too. */
  readonly isAlone: (file: File) => boolean
  /** What is known without asking; `undefined` where nothing is. */
  readonly remember: (id: string) => Effect.Effect<Remembered | undefined, DriveError>
  /** Whether shortcuts may lead there: asked before they are searched. */
  readonly mayBeTarget: (id: string) => Effect.Effect<boolean, DriveError>
}

/** Places, and what leads to them, kept; older ones are found out again. */
const capacity = 50_000

/** What leads to a folder, or to a shortcut. */
interface Node {
  readonly name: string
  /** Taken by itself, where it is in no folder of ours. */
  readonly isAlone: boolean
  /** Folders that it is in, by id. */
  readonly parents: ReadonlyArray<string>
  /** Shortcuts that lead to it, by id; `undefined` as long as they have not been searched. */
  shortcuts: ReadonlyArray<string> | undefined
}

const absent: Node = { name: "", isAlone: false, parents: [], shortcuts: [] }

export const make = ({ isAlone, listing, mayBeTarget, remember, roots }: Options): Places => {
  const { includeTrashed, shortcuts } = listing.settings
  const known = new Map<string, Place | undefined>()
  const nodes = new Map<string, Node>()

  const keep = <A>(map: Map<string, A>, id: string, value: A) => {
    map.delete(id)
    map.set(id, value)
    if (map.size <= capacity) return
    for (const oldest of map.keys()) {
      map.delete(oldest)
      return
    }
  }

  const nodeOf = (file: File): Node =>
    file.trashed === true && !includeTrashed
      ? absent
      : {
          name: file.name ?? file.id,
          isAlone: isAlone(file),
          parents: (file.parents ?? []).toSorted(),
          // A shortcut to a shortcut leads nowhere.
          shortcuts: shortcuts === "follow" && file.shortcutDetails === undefined ? undefined : []
        }

  const resolve = Effect.fnUntraced(function* (id: string): Effect.fn.Return<Node, DriveError> {
    const remembered = yield* remember(id)
    if (remembered?._tag === "Gone") return absent
    if (remembered?._tag === "Fresh") return nodeOf(remembered.file)
    if (remembered?._tag === "Listed") {
      const { name, within } = remembered
      // At the top and no root: it was taken by itself.
      if (within === undefined) return { name, isAlone: true, parents: [], shortcuts: [] }
      const container = yield* remember(within)
      // Of what it is in, nothing but the place may be known: then it is not known whether that is a folder or a shortcut.
      if (container !== undefined || roots.has(within)) {
        const isLed =
          (container?._tag === "Listed" && container.isShortcut) ||
          (container?._tag === "Fresh" && container.file.shortcutDetails !== undefined)
        return { name, isAlone: false, parents: isLed ? [] : [within], shortcuts: isLed ? [within] : [] }
      }
    }
    return Option.match(yield* listing.file({ id }), { onNone: () => absent, onSome: nodeOf })
  })

  const look = Effect.fnUntraced(function* (id: string) {
    const before = nodes.get(id)
    if (before !== undefined) return before
    const node = yield* resolve(id)
    keep(nodes, id, node)
    return node
  })

  /** Shortcuts that lead to these; searched where that was not done. Meanwhile one of them may be read anew. */
  const shortcutsTo = Effect.fnUntraced(function* (ids: ReadonlyArray<string>) {
    const looked = yield* Effect.forEach(ids, (id) => Effect.map(look(id), (node) => ({ id, node })))
    const unknown: typeof looked = []
    for (const one of looked) {
      if (one.node.shortcuts !== undefined) continue
      if (yield* mayBeTarget(one.id)) unknown.push(one)
      else one.node.shortcuts = []
    }
    const all = unknown.length === 0 ? [] : yield* listing.shortcutsTo(unknown.map(({ id }) => id))
    const found = all.toSorted((a, b) => (a.id < b.id ? -1 : 1))
    const byTarget = Map.groupBy(found, ({ shortcutDetails }) => shortcutDetails?.targetId)
    for (const { id, node } of unknown) {
      const leading = byTarget.get(id) ?? []
      node.shortcuts = leading.map((shortcut) => shortcut.id)
      for (const shortcut of leading) keep(nodes, shortcut.id, { ...nodeOf(shortcut), isAlone: false, shortcuts: [] })
    }
    return looked.flatMap(({ node: { shortcuts = [] } }) => shortcuts)
  })

  /** The fewest shortcuts on a way from a root; `undefined` where there is none. `isNew`: what is known of it is not. */
  const depthOf = Effect.fnUntraced(function* (start: string, isNew = false) {
    const seen = new Set<string>()
    let best = Number.POSITIVE_INFINITY
    let level: ReadonlyArray<string> = [start]
    for (let depth = 0; depth < best && level.length > 0; depth++) {
      const waiting = [...level]
      const climbed: Array<string> = []
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
        if (seen.has(id)) continue
        seen.add(id)
        if (roots.has(id)) best = Math.min(best, depth)
        else if (known.has(id) && !(isNew && id === start)) {
          best = Math.min(best, depth + (known.get(id)?.depth ?? Number.POSITIVE_INFINITY))
        } else {
          const node = yield* look(id)
          if (node.isAlone) best = Math.min(best, depth)
          climbed.push(id)
          waiting.push(...node.parents)
        }
      }
      // Shortcuts to any of them are one more on the way.
      if (depth + 1 >= best) break
      level = yield* shortcutsTo(climbed)
    }
    return best === Number.POSITIVE_INFINITY ? undefined : best
  })

  type Find = (
    id: string,
    looking?: ReadonlyArray<string>,
    isNew?: boolean
  ) => Effect.Effect<Place | undefined, DriveError>

  /** `looking`: below it. While folders are moved, some are known as they were, and others as they are: in a circle. */
  const find: Find = Effect.fnUntraced(function* (id: string, looking: ReadonlyArray<string> = [], isNew = false) {
    const depth = yield* depthOf(id, isNew)
    if (depth === undefined) return undefined
    const below = [...looking, id]
    const { isAlone: isTop, name, parents } = yield* look(id)
    for (const parent of parents) {
      if ((yield* depthOf(parent)) !== depth) continue
      const above = yield* placeAt(parent, below)
      if (above !== undefined) return { path: join(above.path, name), within: parent, depth, isLed: false }
    }
    if (isTop && depth === 0) return { path: segment(name), within: undefined, depth, isLed: false }
    for (const shortcut of yield* shortcutsTo([id])) {
      if ((yield* depthOf(shortcut)) !== depth - 1) continue
      const above = yield* placeAt(shortcut, below)
      if (above !== undefined) return { path: above.path, within: shortcut, depth, isLed: true }
    }
    return undefined
  })

  const placeAt: Find = Effect.fnUntraced(function* (id: string, looking: ReadonlyArray<string> = []) {
    const base = roots.get(id)
    if (base !== undefined) return { path: base, within: undefined, depth: 0, isLed: false }
    if (known.has(id)) return known.get(id)
    if (looking.includes(id)) return undefined
    const place = yield* find(id, looking)
    if (place !== undefined || looking.length === 0) keep(known, id, place)
    return place
  })
  const of: Places["of"] = (id) => placeAt(id)

  const isAbove: Places["isAbove"] = Effect.fnUntraced(function* (folder, within) {
    const seen = new Set<string>()
    for (let at = within; at !== undefined && !seen.has(at); at = (yield* of(at))?.within) {
      if (at === folder) return true
      seen.add(at)
    }
    return false
  })

  return {
    of,
    isAbove,
    ofFolder: Effect.fnUntraced(function* (folder) {
      if (roots.has(folder.id)) return yield* of(folder.id)
      keep(nodes, folder.id, nodeOf(folder))
      const place = yield* find(folder.id, [], true)
      keep(known, folder.id, place)
      return place
    }),
    locate: Effect.fnUntraced(function* (file) {
      let found: Location | undefined
      for (const folder of (file.parents ?? []).toSorted()) {
        const place = yield* of(folder)
        if (place === undefined || place.depth >= (found?.depth ?? Number.POSITIVE_INFINITY)) continue
        // What seems to be in itself is in another of its folders.
        if (isFolder(file) && (yield* isAbove(file.id, folder))) continue
        found = { path: place.path, within: folder, depth: place.depth }
      }
      return found ?? (isAlone(file) ? nowhere : undefined)
    }),
    learn: (id, place) => keep(known, id, place),
    forget: () => {
      known.clear()
      nodes.clear()
    }
  }
}
