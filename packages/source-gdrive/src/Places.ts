/**
 * Where folders are: the path from a root of what is taken down to a folder, if there is one.
 *
 * A folder has one place, however many ways lead to it: that of its own parents (of several, the one with the smallest
 * id that has a place), else that of the shortcut with the smallest id that leads to it and has a place. Files are where
 * their folder is. So nothing is taken twice, and two runs that see the same tree agree.
 */
import { Effect, Option } from "effect"
import type { DriveError } from "./DriveError.ts"
import { isShortcut, join, type Location, nowhere, segment } from "./Entry.ts"
import type { Listing } from "./Listing.ts"
import type { File } from "./Wire.ts"

/** A place, and the folder or shortcut that it is in; `undefined` at the top. */
export interface Place {
  readonly path: string
  readonly within: string | undefined
}

/** What is known of a folder without asking Drive. */
export type Remembered =
  /** It is known to be in no place. */
  | { readonly _tag: "Gone" }
  /** It was listed, by this name, in this container. */
  | { readonly _tag: "Listed"; readonly name: string; readonly within: string | undefined }
  /** This is what Drive says of it now. */
  | { readonly _tag: "Fresh"; readonly file: File }

export interface Places {
  readonly of: (folderId: string) => Effect.Effect<Place | undefined, DriveError>
  /** Where a file is by its own parents, the first with a place of them. */
  readonly ofParents: (
    file: File
  ) => Effect.Effect<{ readonly folder: string; readonly place: Place } | undefined, DriveError>
  /** Where something is: in a folder of ours, by itself, or not among what is taken. */
  readonly locate: (file: File) => Effect.Effect<Location | undefined, DriveError>
  /** Takes note of a place that is certain. */
  readonly learn: (folderId: string, place: Place) => void
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
  readonly remember: (folderId: string) => Effect.Effect<Remembered | undefined, DriveError>
  /** Whether shortcuts may lead there: asked before they are searched. */
  readonly mayBeTarget: (id: string) => Effect.Effect<boolean, DriveError>
}

/** Places kept; older ones are found out again. */
const capacity = 50_000

/** A place, or none; and whether that is certain, or only so because of a circle that is still being looked at. */
interface Found {
  readonly place: Place | undefined
  readonly isSure: boolean
}

export const make = ({ isAlone, listing, mayBeTarget, remember, roots }: Options): Places => {
  const { includeTrashed, shortcuts } = listing.settings
  const known = new Map<string, Place | undefined>()
  const learn = (id: string, place: Place | undefined) => {
    known.delete(id)
    known.set(id, place)
    if (known.size <= capacity) return
    for (const oldest of known.keys()) {
      known.delete(oldest)
      return
    }
  }

  type Look = (id: string, looking: ReadonlySet<string>) => Effect.Effect<Found, DriveError>

  const look: Look = Effect.fnUntraced(function* (id: string, looking: ReadonlySet<string>) {
    if (known.has(id)) return { place: known.get(id), isSure: true }
    const base = roots.get(id)
    if (base !== undefined) return { place: { path: base, within: undefined }, isSure: true }
    if (looking.has(id)) return { place: undefined, isSure: false }
    const found = yield* find(id, new Set([...looking, id]))
    if (found.isSure) learn(id, found.place)
    return found
  })

  const find: Look = Effect.fnUntraced(function* (id: string, looking: ReadonlySet<string>) {
    const remembered = yield* remember(id)
    if (remembered?._tag === "Gone") return { place: undefined, isSure: true }
    if (remembered?._tag === "Listed") {
      const { name, within } = remembered
      // At the top and no root: it was taken by itself.
      if (within === undefined) return { place: { path: segment(name), within: undefined }, isSure: true }
      const above = yield* look(within, looking)
      // A folder that is in a shortcut has the shortcut's name.
      return below(above, within, name)
    }
    const file = remembered?._tag === "Fresh" ? remembered.file : Option.getOrUndefined(yield* listing.file({ id }))
    if (file === undefined || (file.trashed === true && !includeTrashed)) return { place: undefined, isSure: true }
    const own = yield* among(
      (file.parents ?? []).map((parent) => [parent, parent] as const),
      () => file.name ?? id,
      looking
    )
    if (own.place !== undefined) return own
    const led = yield* byShortcut(id, looking)
    if (led.place !== undefined) return led
    const isSure = own.isSure && led.isSure
    return { place: isAlone(file) ? { path: segment(file.name ?? id), within: undefined } : undefined, isSure }
  })

  const below = ({ isSure, place }: Found, within: string, name: string): Found => ({
    place: place && { path: name === "" ? place.path : join(place.path, name), within },
    isSure
  })

  /** The first of these, by id, that has a place. */
  const among = Effect.fnUntraced(function* (
    candidates: ReadonlyArray<readonly [within: string, parent: string]>,
    nameOf: (within: string) => string,
    looking: ReadonlySet<string>
  ) {
    let isSure = true
    for (const [within, parent] of candidates.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      const above = yield* look(parent, looking)
      if (above.place !== undefined) return below({ ...above, isSure: above.isSure && isSure }, within, nameOf(within))
      isSure &&= above.isSure
    }
    return { place: undefined, isSure } satisfies Found
  })

  const byShortcut: Look = Effect.fnUntraced(function* (id: string, looking: ReadonlySet<string>) {
    if (shortcuts !== "follow" || !(yield* mayBeTarget(id))) return { place: undefined, isSure: true }
    const found = (yield* listing.shortcutsTo([id])).filter(isShortcut)
    const names = new Map(found.map((shortcut) => [shortcut.id, shortcut.name ?? shortcut.id]))
    return yield* among(
      found.flatMap(({ id: shortcut, parents = [] }) => parents.map((parent) => [shortcut, parent] as const)),
      (shortcut) => names.get(shortcut) ?? shortcut,
      looking
    )
  })

  const of = (id: string) => Effect.map(look(id, new Set()), ({ place }) => place)
  const ofParents = Effect.fnUntraced(function* ({ parents = [] }: File) {
    for (const folder of parents.toSorted()) {
      const place = yield* of(folder)
      if (place !== undefined) return { folder, place }
    }
    return undefined
  })
  return {
    of,
    ofParents,
    locate: (file) =>
      Effect.map(ofParents(file), (found) => {
        if (found !== undefined) return { path: found.place.path, within: found.folder }
        return isAlone(file) ? nowhere : undefined
      }),
    learn,
    forget: () => known.clear()
  }
}
