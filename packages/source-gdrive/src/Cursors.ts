/**
 * Positions of a sweep and of following, as the ledger keeps them by range.
 *
 * | range | its cursor |
 * |---|---|
 * | `found/BY/ID` | folders that one answer named, to be listed; ID is the first of them, BY the first folder, or the list, that was asked about (not there for the roots) |
 * | `list/ID` | folders that are listed together: how far, or that they are done; ID is the first of them |
 * | `flat/NAME` | a plain list of files: how far, or that it is done |
 * | `changes/ID` | the shared drive ID (or `user`, the account itself): where changes are followed from |
 *
 * What is left of a sweep is what was found and is not done. Folders are told to have been found before the answer that
 * named them is settled, so nothing is lost in between. Positions that were taken with other settings count for nothing.
 */
import { Change } from "@sluice/core"
import { Array as Arr, Option, Schema } from "effect"
import type { Folder } from "./Listing.ts"
import type { Group } from "./Walk.ts"

const settings = { /** Digest of the settings. */ s: Schema.String }
const maybe = Schema.optionalKey

const Found = Schema.fromJsonString(
  Schema.Struct({
    ...settings,
    f: Schema.Array(
      Schema.Struct({
        id: Schema.String,
        path: Schema.String,
        /** The shared drive that is searched. */
        drive: maybe(Schema.String),
        key: maybe(Schema.String),
        /** Shortcuts on the way. */
        n: maybe(Schema.Int)
      })
    )
  })
)
const Listed = Schema.fromJsonString(
  Schema.Struct({ ...settings, g: Schema.Array(Schema.String), t: maybe(Schema.String), done: maybe(Schema.Boolean) })
)
const Flat = Schema.fromJsonString(Schema.Struct({ ...settings, t: maybe(Schema.String), done: maybe(Schema.Boolean) }))
const Feed = Schema.fromJsonString(
  Schema.Struct({
    ...settings,
    t: Schema.String,
    /** Folders that were listed while the log went on (`Doubts`). */
    d: maybe(Schema.Array(Schema.String)),
    /** An answer was begun and not ended: what it said to be gone, the ledger may know no more. */
    open: maybe(Schema.Boolean),
    /** What was there when the feed began is not listed yet. */
    unlisted: maybe(Schema.Boolean)
  })
)

/** Where a log is followed from. */
export type Feed = typeof Feed.Type

const codec = <S extends Schema.Codec<{ readonly s: string }, string>>(prefix: string, schema: S) => {
  const encode = Schema.encodeSync(schema)
  const decode = Schema.decodeUnknownOption(schema)
  return {
    make: (name: string, value: S["Type"]): Change.RangeCursor => ({
      range: `${prefix}${name}`,
      cursor: Change.Cursor.make(encode(value))
    }),
    /** Those of this kind, taken with these settings, by name. */
    among: (digest: string, stored: ReadonlyArray<Change.RangeCursor>): ReadonlyMap<string, S["Type"]> =>
      new Map(
        stored.flatMap(({ cursor, range }) => {
          if (!range.startsWith(prefix)) return []
          const value = Option.getOrUndefined(decode(cursor))
          return value === undefined || value.s !== digest ? [] : [[range.slice(prefix.length), value] as const]
        })
      )
  }
}

const foundRange = codec("found/", Found)
const listRange = codec("list/", Listed)
export const flat = codec("flat/", Flat)
export const feed = codec("changes/", Feed)

/** All folders that one answer named. `by`: what was asked about; a folder that moves meanwhile is in two answers. */
export const found = (digest: string, folders: Arr.NonEmptyReadonlyArray<Folder>, by?: string): Change.RangeCursor =>
  foundRange.make(by === undefined ? folders[0].id : `${by}/${folders[0].id}`, {
    s: digest,
    f: folders.map(({ depth, drive, id, path, resourceKey }) => ({
      id,
      path,
      ...(drive === undefined ? {} : { drive }),
      ...(resourceKey === undefined ? {} : { key: resourceKey }),
      ...(depth === 0 ? {} : { n: depth })
    }))
  })

/** How far a group is listed. */
export const listed = (digest: string, { folders }: Group, next: string | undefined): Change.RangeCursor =>
  listRange.make(folders[0].id, {
    s: digest,
    g: folders.map(({ id }) => id),
    ...(next === undefined ? { done: true } : { t: next })
  })

/** What is left of a sweep. */
export interface Left {
  /** All folders that were found, by id. */
  readonly known: ReadonlyMap<string, Folder>
  readonly folders: ReadonlyArray<Folder>
  readonly groups: ReadonlyArray<Group>
}

export const left = (digest: string, stored: ReadonlyArray<Change.RangeCursor>): Left => {
  const folders = new Map<string, Folder>()
  for (const { f } of foundRange.among(digest, stored).values()) {
    for (const { drive, id, key, n = 0, path } of f) folders.set(id, { id, path, depth: n, drive, resourceKey: key })
  }
  const known = new Map(folders)
  const groups: Array<Group> = []
  for (const { done, g, t } of listRange.among(digest, stored).values()) {
    const members = g.flatMap((id) => folders.get(id) ?? [])
    for (const id of g) folders.delete(id)
    if (done !== true && Arr.isReadonlyArrayNonEmpty(members)) groups.push({ folders: members, pageToken: t })
  }
  return { known, folders: [...folders.values()], groups }
}
