/**
 * A source whose files come, change and go between runs, and what it said of them.
 */
import { Effect, Option, Stream } from "effect"
import { type Change, Cursor, type Page, type RangeCursor } from "../../src/Change.ts"
import type * as Source from "../../src/Source.ts"
import type { SourceFile } from "../../src/SourceFile.ts"
import { file } from "./files.ts"

/** A file in some state, or that it is gone. */
export interface State {
  readonly id: string
  readonly file: SourceFile | undefined
}

/** A page that was said. */
export interface Said {
  readonly range: "tree" | "changes"
  readonly cursor: Cursor
  readonly states: ReadonlyArray<State>
}

/** Changes by file: `[token, path]`, or gone. */
export type Changes = ReadonlyArray<readonly [id: string, state: readonly [token: string, path?: string] | "gone"]>

const pageSize = 2

const changeOf = ({ file: one, id }: State): Change =>
  one === undefined ? { _tag: "Delete", id, uri: file(id).uri } : { _tag: "Upsert", file: one }

/** Pages say every file once. */
const paged = (states: ReadonlyArray<State>, from: number): ReadonlyArray<State> => {
  const page: Array<State> = []
  for (const state of states.slice(from, from + pageSize)) {
    if (page.some(({ id }) => id === state.id)) break
    page.push(state)
  }
  return page
}

const cursorOf = (positions: ReadonlyArray<RangeCursor>, range: string) =>
  positions.find((one) => one.range === range)?.cursor

export const make = (options: { readonly follows: boolean }) => {
  const files = new Map<string, SourceFile>()
  const log: Array<State> = []
  let said: Array<Said> = []

  const say = (one: Said, follows: boolean): Page => {
    said.push(one)
    return { range: one.range, cursor: one.cursor, follows, changes: one.states.map(changeOf) }
  }

  const tree = (resume: ReadonlyArray<RangeCursor>) =>
    Stream.paginate(cursorOf(resume, "tree"), (after) =>
      Effect.sync(() => {
        const rest = [...files.values()]
          .filter(({ id }) => after === undefined || id > after)
          .toSorted((a, b) => (a.id < b.id ? -1 : 1))
        const states = rest.slice(0, pageSize).map((one) => ({ id: one.id, file: one }))
        const last = states.at(-1)
        if (last === undefined) return [[], Option.none()] as const
        const cursor = Cursor.make(last.id)
        return [[say({ range: "tree", cursor, states }, false)], Option.some(cursor)] as const
      })
    )

  const changes = (since: ReadonlyArray<RangeCursor>) =>
    Stream.paginate(Number(cursorOf(since, "changes")), (from) =>
      Effect.sync(() => {
        const states = paged(log, from)
        if (states.length === 0) return [[], Option.none<number>()] as const
        const cursor = Cursor.make(String(from + states.length))
        return [[say({ range: "changes", cursor, states }, true)], Option.some(from + states.length)] as const
      })
    )

  const source: Source.Source = {
    name: "moving",
    check: Effect.succeed([]),
    sweep: ({ resume }) =>
      Stream.suspend(() => {
        if (resume.length > 0) return tree(resume)
        said = []
        const start = { range: "changes", cursor: Cursor.make(String(log.length)), states: [] } as const
        return options.follows ? Stream.concat(Stream.fromIterable([say(start, true)]), tree(resume)) : tree(resume)
      }),
    follow: options.follows ? Option.some(({ since }) => changes(since)) : Option.none(),
    read: () => Stream.empty,
    stat: ({ id }) => Effect.sync(() => Option.fromUndefinedOr(files.get(id))),
    link: () => Option.none()
  }

  return {
    source,
    files,
    /** Since the last sweep began, in order. */
    said: (): ReadonlyArray<Said> => said,
    change: (all: Changes) => {
      for (const [id, state] of all) {
        if (state === "gone") files.delete(id)
        else {
          const [token, path = id] = state
          files.set(id, file(id, { token, path }))
        }
        log.push({ id, file: files.get(id) })
      }
    }
  }
}
