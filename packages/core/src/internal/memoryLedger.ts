/**
 * A ledger in memory.
 */
import { Clock, DateTime, Deferred, Effect } from "effect"
import { hostname } from "node:os"
import type { Container, RangeCursor } from "../Change.ts"
import type * as Ledger from "../Ledger.ts"
import { Held, held, Paused, paused } from "../LedgerError.ts"
import { isDelivered, type Outcome } from "../Outcome.ts"
import { type SourceFile, state } from "../SourceFile.ts"
import { isAsNamed } from "./asNamed.ts"
import * as MemoryJobs from "./memoryJobs.ts"
import { noState } from "./noState.ts"

/** A file that was delivered. One for each of many files: plain and small. */
interface Row {
  known: Omit<Ledger.Known, "gone" | "within">
  within: string | undefined
  /** The sweep that named it last. */
  sweep: number
  gone: boolean
}

interface Shelf {
  readonly rows: Map<string, Row>
  /** With the sweep that named each last. */
  readonly containers: Map<string, { readonly container: Container; readonly sweep: number }>
  readonly cursors: Map<string, Ledger.Advance>
  readonly intents: Map<string, Ledger.Intent>
  readonly superseded: Map<string, Ledger.Superseded>
  readonly letters: Map<string, Ledger.DeadLetter>
  readonly jobs: MemoryJobs.MemoryJobs
  readonly runs: Array<Ledger.RunRecord>
  sweep: number
  tracks: boolean
  asked: string
  swept: boolean
  holder: Held | undefined
  pause: Paused | undefined
  pausing: Deferred.Deferred<string>
}

const emptyShelf = (): Shelf => ({
  rows: new Map(),
  containers: new Map(),
  cursors: new Map(),
  intents: new Map(),
  superseded: new Map(),
  letters: new Map(),
  jobs: MemoryJobs.make(),
  runs: [],
  sweep: 0,
  tracks: false,
  asked: "",
  swept: false,
  holder: undefined,
  pause: undefined,
  pausing: Deferred.makeUnsafe()
})

/** Runs that are remembered. */
const runsKept = 100

const knownOf = ({ gone, known, within }: Row): Ledger.Known => ({
  ...known,
  ...(within === undefined ? {} : { within }),
  gone
})

/** These, and all containers that are in them. */
const withContainersIn = (shelf: Shelf, ids: ReadonlyArray<string>): ReadonlySet<string> => {
  const found = new Set(ids)
  const children = Map.groupBy(shelf.containers.values(), ({ container }) => container.within)
  // A set is walked in the order of insertion, also over what is added meanwhile.
  for (const id of found) for (const child of children.get(id) ?? []) found.add(child.container.id)
  return found
}

const deliver = (
  shelf: Shelf,
  { facts, id, token, uri, within, ...rest }: Omit<Ledger.Intent, "sentAt" | "replaces">,
  objectId: string | undefined,
  sha256?: string
) => {
  const content = rest.content === undefined ? {} : { content: rest.content }
  const known = {
    id,
    uri,
    token,
    facts,
    ...content,
    ...(objectId === undefined ? {} : { objectId }),
    ...(sha256 === undefined ? {} : { sha256 })
  }
  shelf.rows.set(id, { known, within, sweep: shelf.sweep, gone: false })
}

const refuse = (
  { letters }: Shelf,
  { file, request }: Ledger.Settlement["files"][number],
  { cause }: Extract<Outcome, { readonly _tag: "Rejected" }>,
  runId: string,
  now: DateTime.Utc
) => {
  const before = letters.get(file.id)
  letters.set(file.id, {
    file,
    cause,
    ...(request === undefined ? {} : { request }),
    refusals: (before?.refusals ?? 0) + (before?.runId === runId ? 0 : 1),
    runId,
    firstAt: before?.firstAt ?? now,
    lastAt: now
  })
}

const write = (shelf: Shelf, runId: string, settlement: Ledger.Settlement, now: DateTime.Utc) => {
  for (const container of settlement.containers) shelf.containers.set(container.id, { container, sweep: shelf.sweep })
  for (const one of settlement.files) {
    const { file, objectId, outcome, sha256 } = one
    shelf.intents.delete(file.id)
    if (outcome._tag === "Rejected") refuse(shelf, one, outcome, runId, now)
    else shelf.letters.delete(file.id)
    if (isDelivered(outcome) || outcome._tag === "Unchanged") {
      deliver(shelf, state(file), objectId, sha256)
    }
  }
  for (const { intent, objectId } of settlement.arrived) {
    shelf.intents.delete(intent.id)
    shelf.letters.delete(intent.id)
    deliver(shelf, intent, objectId)
  }
  for (const id of settlement.missed) shelf.intents.delete(id)
  for (const intent of settlement.unsure) {
    if (!shelf.rows.has(intent.id)) deliver(shelf, { ...intent, token: noState }, undefined)
  }
  for (const id of settlement.inDoubt) {
    const row = shelf.rows.get(id)
    if (row !== undefined) row.known = { ...row.known, token: noState }
  }
  for (const one of settlement.superseded) shelf.superseded.set(one.objectId, one)
  for (const objectId of settlement.cleared) shelf.superseded.delete(objectId)
  for (const { id, within } of settlement.seen) {
    const row = shelf.rows.get(id)
    if (row === undefined) continue
    row.within = within
    row.sweep = shelf.sweep
    row.gone = false
  }
  if (settlement.gone.length > 0) {
    const gone = withContainersIn(shelf, settlement.gone)
    for (const [id, row] of shelf.rows) {
      if (gone.has(id) || (row.within !== undefined && gone.has(row.within))) row.gone = true
    }
    for (const [id, { file }] of shelf.letters) {
      if (gone.has(id) || (file.within !== undefined && gone.has(file.within))) shelf.letters.delete(id)
    }
    for (const id of gone) shelf.containers.delete(id)
  }
  shelf.jobs.write(
    settlement,
    settlement.removed.flatMap((id) => shelf.rows.get(id)?.known.objectId ?? [])
  )
  for (const id of settlement.removed) shelf.rows.delete(id)
  for (const cursor of settlement.cursors) shelf.cursors.set(cursor.range, cursor)
}

const among = <A>(map: ReadonlyMap<string, A>, ids: ReadonlyArray<string>): Map<string, A> => {
  const found = new Map<string, A>()
  for (const id of ids) {
    const value = map.get(id)
    if (value !== undefined) found.set(id, value)
  }
  return found
}

/** To name each of them costs nothing here: no interval is looked for. */
const compare = ({ rows }: Shelf, files: ReadonlyArray<SourceFile>): Ledger.Compared => ({
  known: files.map((file) => {
    const row = rows.get(file.id)
    const known = row === undefined ? undefined : knownOf(row)
    return known !== undefined && isAsNamed(known, file) ? "same" : known
  }),
  interval: undefined
})

const mapValues = <A, B>(map: ReadonlyMap<string, A>, f: (a: A) => B): ReadonlyMap<string, B> =>
  new Map(Array.from(map, ([id, value]) => [id, f(value)]))

const cursorsOf = ({ cursors }: Shelf, follows: boolean): ReadonlyArray<RangeCursor> =>
  [...cursors.values()].filter((cursor) => cursor.follows === follows).map(({ cursor, range }) => ({ range, cursor }))

/** In the order of their keys, beyond one of them. */
const page = <A>(map: ReadonlyMap<string, A>, limit: number, after: string | undefined): ReadonlyArray<A> =>
  [...map]
    .filter(([id]) => after === undefined || id > after)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, limit)
    .map(([, value]) => value)

const bookOf = (shelf: Shelf, runId: string): Ledger.Book => ({
  hold: Effect.void,
  paused: Effect.suspend(() => Deferred.await(shelf.pausing)),
  position: Effect.sync(() => ({
    swept: shelf.swept,
    tracks: shelf.tracks,
    asked: shelf.asked,
    sweep: cursorsOf(shelf, false),
    follow: cursorsOf(shelf, true)
  })),
  beginSweep: ({ asked, tracks }) =>
    Effect.sync(() => {
      shelf.cursors.clear()
      shelf.swept = false
      shelf.tracks = tracks
      shelf.asked = asked
      shelf.sweep++
    }),
  known: (ids) => Effect.sync(() => mapValues(among(shelf.rows, ids), knownOf)),
  compare: (files) => Effect.sync(() => compare(shelf, files)),
  list: (limit, after) => Effect.sync(() => page(shelf.rows, limit, after).map(knownOf)),
  containers: (ids) => Effect.sync(() => mapValues(among(shelf.containers, ids), ({ container }) => container)),
  intend: (intents) =>
    Effect.sync(() => {
      for (const intent of intents) shelf.intents.set(intent.id, intent)
    }),
  intents: (limit, after) => Effect.sync(() => page(shelf.intents, limit, after)),
  settle: (settlement) => Effect.map(DateTime.now, (now) => write(shelf, runId, settlement, now)),
  completeSweep: Effect.sync(() => {
    for (const [range, { follows }] of shelf.cursors) if (!follows) shelf.cursors.delete(range)
    for (const [id, { sweep }] of shelf.containers) if (sweep !== shelf.sweep) shelf.containers.delete(id)
    for (const row of shelf.rows.values()) if (shelf.tracks && row.sweep !== shelf.sweep) row.gone = true
    shelf.swept = true
  }),
  gone: (limit) =>
    Effect.sync(() => {
      const gone: Array<Ledger.Known> = []
      for (const row of shelf.rows.values()) {
        if (gone.length === limit) break
        if (row.gone) gone.push(knownOf(row))
      }
      return gone
    }),
  superseded: (limit, uris) =>
    Effect.sync(() => {
      const all = [...shelf.superseded.values()]
      return (uris === undefined ? all : all.filter(({ uri }) => uris.includes(uri))).slice(0, limit)
    }),
  count: Effect.sync(() => {
    let gone = 0
    for (const row of shelf.rows.values()) if (row.gone) gone++
    return { known: shelf.rows.size, gone }
  }),
  jobs: shelf.jobs,
  end: (report) =>
    Effect.sync(() => {
      const at = shelf.runs.findIndex((run) => run.runId === runId)
      const run = shelf.runs[at]
      if (run !== undefined) shelf.runs[at] = { ...run, report }
    })
})

export const make = (): Ledger.Ledger["Service"] => {
  const shelves = new Map<string, Shelf>()
  const on = <A>(pipeline: string, f: (shelf: Shelf) => A) =>
    Effect.sync(() => {
      const shelf = shelves.get(pipeline) ?? emptyShelf()
      shelves.set(pipeline, shelf)
      return f(shelf)
    })
  return {
    open: ({ pipeline, runId }) =>
      Effect.gen(function* () {
        const since = yield* DateTime.now
        const startedAt = yield* Clock.currentTimeMillis
        const shelf = yield* on(pipeline, (one) => one)
        if (shelf.pause !== undefined) return yield* paused(pipeline, shelf.pause)
        yield* Effect.acquireRelease(
          Effect.suspend(() => {
            if (shelf.holder !== undefined) return held(pipeline, shelf.holder)
            shelf.holder = new Held({ by: `${hostname()}:${process.pid}`, since })
            return Effect.void
          }),
          () =>
            Effect.sync(() => {
              shelf.holder = undefined
            })
        )
        shelf.runs.push({ runId, startedAt, report: undefined })
        shelf.runs.splice(0, shelf.runs.length - runsKept)
        return bookOf(shelf, runId)
      }),
    pause: (pipeline, why) =>
      Effect.flatMap(DateTime.now, (since) =>
        on(pipeline, (shelf) => {
          shelf.pause = new Paused({ why, since })
          Deferred.doneUnsafe(shelf.pausing, Effect.succeed(why))
        })
      ),
    resume: (pipeline) =>
      on(pipeline, (shelf) => {
        shelf.pause = undefined
        shelf.pausing = Deferred.makeUnsafe()
      }),
    deadLetters: (pipeline, { after, ids, limit }) =>
      on(pipeline, ({ letters }) => page(ids === undefined ? letters : among(letters, ids), limit, after)),
    discard: (pipeline, ids) => on(pipeline, ({ letters }) => ids.filter((id) => letters.delete(id)).length),
    unprocessed: (pipeline, { after, limit }) => on(pipeline, ({ jobs }) => jobs.failed(limit, after)),
    reprocess: (pipeline, objectIds) => on(pipeline, ({ jobs }) => jobs.reprocess(objectIds)),
    runs: (pipeline, limit) => on(pipeline, ({ runs }) => runs.toReversed().slice(0, limit))
  }
}
