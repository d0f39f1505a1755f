/**
 * Files that belong together become one object: a video with its thumbnail and its transcript.
 *
 * ```ts
 * const source = Grouping.make(S3Source.make({ bucket: "films", concurrency: 1 }), {
 *   by: Grouping.stem,
 *   main: ({ mimeType }) => mimeType.startsWith("video/")
 * })
 * ```
 */
import { Array as Arr, Effect, Option, Order, Stream } from "effect"
import { hash } from "node:crypto"
import type { Change, Page } from "./Change.ts"
import * as Check from "./Check.ts"
import { Misconfigured, type Source, SourceError } from "./Source.ts"
import type { Part, SourceFile } from "./SourceFile.ts"

export interface Options {
  /**
   * The beginning of the path that a file has in common with those it belongs to, and with no other: `films/alien.` of
   * `films/alien.mp4`. `undefined`: it belongs to none.
   */
  readonly by: (file: SourceFile) => string | undefined
  /** Which file of a group is what the group is about: its path, size and media type are the group's. The first that is. */
  readonly main: (file: SourceFile) => boolean
}

/** The path up to the last dot of the name, the dot included; `undefined` where there is none. For `Options.by`. */
export const stem = ({ path }: Pick<SourceFile, "path">): string | undefined => {
  const dot = path.lastIndexOf(".")
  return dot > path.lastIndexOf("/") + 1 ? path.slice(0, dot + 1) : undefined
}

const byPath = Order.mapInput(Order.String, ({ path }: Part) => path)

/** One file of all; the group is in another state when one of them is. `undefined` without a main one. */
const grouped = (key: string, files: ReadonlyArray<Part>, main: Options["main"]): SourceFile | undefined => {
  const first = files.find(main)
  if (first === undefined) return undefined
  const others = Arr.sort(
    files.filter((file) => file !== first),
    byPath
  )
  const parts: Arr.NonEmptyReadonlyArray<Part> = [first, ...others]
  // What a store knows of the main one's content says nothing of the others'.
  const { checksum: _checksum, ...rest } = first
  const state = parts.map(({ id, token }) => [id, token])
  return { ...rest, id: `group:${key}`, token: hash("sha256", JSON.stringify(state), "base64url"), parts }
}

interface Open {
  readonly key: string
  readonly files: Array<Part>
  /** Where the range stood before; absent at its beginning. */
  readonly after: Page | undefined
}

const noMain = (key: string) => ({
  code: "group-without-main",
  message: `none of the files that begin with ${key} is one that a group is about (Grouping's main)`
})

const closed = ({ files, key }: Open, main: Options["main"]): ReadonlyArray<Change> => {
  const file = grouped(key, files, main)
  if (file !== undefined) return [{ _tag: "Upsert", file }]
  const [first] = files
  return first === undefined
    ? []
    : [{ _tag: "Skip", file: { ...first, id: `group:${key}` }, reason: noMain(key), isGone: true }]
}

const misplaced = (key: string) => ({
  code: "misplaced-group",
  message: `it is grouped by ${key}, with which its path does not begin. Correct Grouping's by`
})

/** One range, read from its beginning to its end. */
interface Range {
  /** The groups that the next file may belong to, the one that began first at the head. */
  open: ReadonlyArray<Open>
  last: Page | undefined
  /** What there is to say, and no cursor yet to say it with. */
  waiting: Array<Change>
  incomplete: Page["incomplete"]
}

const closeBefore = (range: Range, path: string | undefined, main: Options["main"]) => {
  const stays = ({ key }: Open) => path !== undefined && path.startsWith(key)
  for (const group of range.open) if (!stays(group)) range.waiting.push(...closed(group, main))
  range.open = range.open.filter(stays)
}

const take = (range: Range, change: Change, { by, main }: Options) => {
  if (change._tag !== "Upsert") return void range.waiting.push(change)
  const { file } = change
  closeBefore(range, file.path, main)
  const key = by(file)
  if (key === undefined) return void range.waiting.push(change)
  if (!file.path.startsWith(key)) {
    return void range.waiting.push({ _tag: "Reject", file, reason: misplaced(key) })
  }
  const group = range.open.find((one) => one.key === key)
  if (group === undefined) range.open = [...range.open, { key, files: [file], after: range.last }]
  else group.files.push(file)
}

/** What can be said by now: a group that is still open is said again from where it began, if the run is broken off. */
const said = (range: Range, page: Page): ReadonlyArray<Page> => {
  const [oldest] = range.open
  const at = oldest === undefined ? page : oldest.after
  range.incomplete ??= page.incomplete
  if (at === undefined) return []
  const { incomplete, waiting: changes } = range
  range.waiting = []
  return [{ ...page, cursor: at.cursor, changes, incomplete }]
}

const ranges = (options: Options) => {
  const all = new Map<string, Range>()
  return {
    page: (page: Page): ReadonlyArray<Page> => {
      if (page.follows === true) return [page]
      const range = all.get(page.range) ?? { open: [], last: undefined, waiting: [], incomplete: undefined }
      all.set(page.range, range)
      for (const change of page.changes) take(range, change, options)
      const pages = said(range, page)
      range.last = page
      return pages
    },
    /** Everything was listed: no group is open any more. */
    rest: (): ReadonlyArray<Page> =>
      Array.from(all.values()).flatMap((range) => {
        closeBefore(range, undefined, options.main)
        const { incomplete, last, waiting: changes } = range
        if (last === undefined || changes.length === 0) return []
        return [{ range: last.range, cursor: last.cursor, changes, incomplete }]
      })
  }
}

const unordered = (name: string) =>
  `${name} does not list files in the order of their paths from end to end, so nobody can tell when a group is complete`
const remedy = "Group files of a source that does: of S3 with concurrency: 1"

/**
 * A source whose files are groups of another's. A file that belongs to none is a file as before. A group without a main file is
 * skipped; one that loses it is gone. Members are read, linked and delivered each for itself.
 *
 * The source must be `ordered`: then a group is complete when the listing has passed its beginning, and no more is in memory than
 * the groups that are open. Changes are not followed: every run sweeps.
 */
export const make = <R>(source: Source<R>, options: Options): Source<R> => {
  const mainOf = (file: SourceFile): SourceFile => file.parts?.[0] ?? file
  return {
    ...source,
    check: Effect.map(source.check, (findings) =>
      source.ordered === true ? findings : [...findings, Check.error("source", unordered(source.name), remedy)]
    ),
    sweep: (asked) =>
      Stream.suspend(() => {
        if (source.ordered !== true) {
          return Stream.fail(
            new SourceError({
              source: source.name,
              operation: "group",
              reason: new Misconfigured(),
              message: `${unordered(source.name)}. ${remedy}`
            })
          )
        }
        const { page, rest } = ranges(options)
        return source
          .sweep(asked)
          .pipe(Stream.map(page), Stream.concat(Stream.suspend(() => Stream.succeed(rest()))), Stream.flattenIterable)
      }),
    follow: Option.none(),
    read: (file) => source.read(mainOf(file)),
    link: (file) => source.link(mainOf(file)),
    stat: Effect.fnUntraced(function* (file) {
      if (file.parts === undefined) return yield* source.stat(file)
      const now = yield* Effect.forEach(file.parts, source.stat, { concurrency: 4 })
      const key = file.id.slice("group:".length)
      return Option.fromUndefinedOr(grouped(key, now.flatMap(Option.toArray), options.main))
    })
  }
}
