/**
 * What Sluice knows between runs: which state of which file was delivered, which of these files are gone, and where an
 * unfinished sweep stands, or changes are followed from.
 */
import { Context, Effect, Layer, Schema } from "effect"
import type { Container, RangeCursor } from "./Change.ts"
import { isDelivered, type Outcome } from "./Outcome.ts"
import { facts, type SourceFile } from "./SourceFile.ts"

/** The ledger could not be read or written. Nothing is sent without it: the run stops. */
export class LedgerError extends Schema.TaggedError<LedgerError>()("LedgerError", {
  operation: Schema.String,
  message: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {}

/** What is known of a file that was delivered. */
export const Known = Schema.Struct({
  id: Schema.NonEmptyString,
  uri: Schema.NonEmptyString,
  /** The state that was delivered. */
  token: Schema.NonEmptyString,
  /** `SourceFile.facts` of that state. */
  facts: Schema.NonEmptyString,
  /** The sink's id of the object, where its answer named one. */
  objectId: Schema.optionalKey(Schema.String),
  /** The container it was in when it was named last. */
  within: Schema.optionalKey(Schema.String),
  /** It is gone at the source. */
  gone: Schema.Boolean
})
export interface Known extends Schema.Schema.Type<typeof Known> {}

/** Where the source stands. */
export interface Position {
  /** The last sweep is complete: changes can be followed from here, where the source can. */
  readonly swept: boolean
  /** The sweep that goes on, or was the last, keeps account of what it names. */
  readonly tracks: boolean
  /** What the sweep was asked for, in the pipeline's notation: another question needs another sweep. */
  readonly asked: string
  /** Of an unfinished sweep, by range. */
  readonly sweep: ReadonlyArray<RangeCursor>
  /** Where changes are followed from, by range. */
  readonly follow: ReadonlyArray<RangeCursor>
}

/** A cursor that may be stored now, and which kind it is. */
export interface Advance extends RangeCursor {
  readonly follows: boolean
}

/** What is written at once. */
export interface Settlement {
  readonly pipeline: string
  readonly runId: string
  /** Files with an outcome that the source named. */
  readonly files: ReadonlyArray<{ readonly file: SourceFile; readonly outcome: Outcome }>
  /** Files whose objects were removed: nothing is known of them any more. */
  readonly removed: ReadonlyArray<string>
  /** Files that were named, where they are now, whatever becomes of them. Those that are not known count for nothing. */
  readonly seen: ReadonlyArray<Pick<SourceFile, "id" | "within">>
  /** Files and containers that are gone at the source; of a container, everything in it, however deep. */
  readonly gone: ReadonlyArray<string>
  readonly containers: ReadonlyArray<Container>
  /** The cursors that all of this lets move. */
  readonly cursors: ReadonlyArray<Advance>
}

/**
 * The service. One query a page, one transaction a settlement.
 *
 * A file that is known is *gone* from the moment its source says so (or a complete sweep did not name it) until it is
 * named again, or its object is removed.
 */
export class Ledger extends Context.Service<
  Ledger,
  {
    readonly position: (pipeline: string) => Effect.Effect<Position, LedgerError>
    /**
     * A sweep begins from the beginning: all cursors are forgotten, and no file has been named by it. One that `tracks`
     * keeps account of what it names (`files`, `seen`), so that what it did not name is known at its end.
     */
    readonly beginSweep: (
      pipeline: string,
      options: { readonly tracks: boolean; readonly asked: string }
    ) => Effect.Effect<void, LedgerError>
    /** What was delivered of these files. Files that are not known are left out. */
    readonly known: (
      pipeline: string,
      ids: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyMap<string, Known>, LedgerError>
    /** What was last settled of these containers. Those that are not known are left out. */
    readonly containers: (
      pipeline: string,
      ids: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyMap<string, Container>, LedgerError>
    readonly settle: (settlement: Settlement) => Effect.Effect<void, LedgerError>
    /**
     * The sweep has said everything and all of it is settled. Containers it did not name are forgotten; where it tracked,
     * files it did not name are gone.
     */
    readonly completeSweep: (pipeline: string) => Effect.Effect<void, LedgerError>
    /** Some of the files that are gone, at most so many. */
    readonly gone: (pipeline: string, limit: number) => Effect.Effect<ReadonlyArray<Known>, LedgerError>
    /** How many files are known, and how many of them are gone. */
    readonly count: (pipeline: string) => Effect.Effect<{ readonly known: number; readonly gone: number }, LedgerError>
  }
>()("@sluice/core/Ledger") {}

/** A file that was delivered. One for each of many files: plain and small. */
interface Row {
  readonly known: Omit<Known, "gone" | "within">
  within: string | undefined
  /** The sweep that named it last. */
  sweep: number
  gone: boolean
}

const knownOf = ({ gone, known, within }: Row): Known => ({
  ...known,
  ...(within === undefined ? {} : { within }),
  gone
})

interface Book {
  readonly rows: Map<string, Row>
  /** With the sweep that named each last. */
  readonly containers: Map<string, { readonly container: Container; readonly sweep: number }>
  readonly cursors: Map<string, Advance>
  sweep: number
  tracks: boolean
  asked: string
  swept: boolean
}

/** These, and all containers that are in them. */
const withContainersIn = (book: Book, ids: ReadonlyArray<string>): ReadonlySet<string> => {
  const found = new Set(ids)
  const children = Map.groupBy(book.containers.values(), ({ container }) => container.within)
  // A set is walked in the order of insertion, also over what is added meanwhile.
  for (const id of found) for (const child of children.get(id) ?? []) found.add(child.container.id)
  return found
}

const write = (book: Book, settlement: Settlement) => {
  for (const container of settlement.containers) book.containers.set(container.id, { container, sweep: book.sweep })
  for (const { file, outcome } of settlement.files) {
    if (!isDelivered(outcome)) continue
    const said = "objectId" in outcome ? outcome.objectId : undefined
    const objectId = said ?? book.rows.get(file.id)?.known.objectId
    const { id, token, uri, within } = file
    const known = { id, uri, token, facts: facts(file), ...(objectId === undefined ? {} : { objectId }) }
    book.rows.set(id, { known, within, sweep: book.sweep, gone: false })
  }
  for (const { id, within } of settlement.seen) {
    const row = book.rows.get(id)
    if (row === undefined) continue
    row.within = within
    row.sweep = book.sweep
    row.gone = false
  }
  if (settlement.gone.length > 0) {
    const gone = withContainersIn(book, settlement.gone)
    for (const [id, row] of book.rows) {
      if (gone.has(id) || (row.within !== undefined && gone.has(row.within))) row.gone = true
    }
    for (const id of gone) book.containers.delete(id)
  }
  for (const id of settlement.removed) book.rows.delete(id)
  for (const cursor of settlement.cursors) book.cursors.set(cursor.range, cursor)
}

const among = <A>(map: ReadonlyMap<string, A>, ids: ReadonlyArray<string>): Map<string, A> => {
  const found = new Map<string, A>()
  for (const id of ids) {
    const value = map.get(id)
    if (value !== undefined) found.set(id, value)
  }
  return found
}

const cursorsOf = ({ cursors }: Book, follows: boolean): ReadonlyArray<RangeCursor> =>
  [...cursors.values()].filter((cursor) => cursor.follows === follows).map(({ cursor, range }) => ({ range, cursor }))

/**
 * Remembers every delivered file for as long as the process lives: memory grows by some 300 bytes a file. For tests and
 * for services that run a small pipeline again and again.
 */
export const layerMemory: Layer.Layer<Ledger> = Layer.sync(Ledger, () => {
  const books = new Map<string, Book>()
  const book = (pipeline: string): Book => {
    const there = books.get(pipeline)
    if (there !== undefined) return there
    const made: Book = {
      rows: new Map(),
      containers: new Map(),
      cursors: new Map(),
      sweep: 0,
      tracks: false,
      asked: "",
      swept: false
    }
    books.set(pipeline, made)
    return made
  }
  const on = <A>(pipeline: string, f: (book: Book) => A) => Effect.sync(() => f(book(pipeline)))

  return Ledger.of({
    position: (pipeline) =>
      on(pipeline, (book) => ({
        swept: book.swept,
        tracks: book.tracks,
        asked: book.asked,
        sweep: cursorsOf(book, false),
        follow: cursorsOf(book, true)
      })),
    beginSweep: (pipeline, { asked, tracks }) =>
      on(pipeline, (book) => {
        book.cursors.clear()
        book.swept = false
        book.tracks = tracks
        book.asked = asked
        book.sweep++
      }),
    known: (pipeline, ids) =>
      on(pipeline, ({ rows }) => new Map(Array.from(among(rows, ids), ([id, row]) => [id, knownOf(row)]))),
    containers: (pipeline, ids) =>
      on(
        pipeline,
        ({ containers }) => new Map(Array.from(among(containers, ids), ([id, { container }]) => [id, container]))
      ),
    settle: (settlement) => on(settlement.pipeline, (book) => write(book, settlement)),
    completeSweep: (pipeline) =>
      on(pipeline, (book) => {
        for (const [range, { follows }] of book.cursors) if (!follows) book.cursors.delete(range)
        for (const [id, { sweep }] of book.containers) if (sweep !== book.sweep) book.containers.delete(id)
        for (const row of book.rows.values()) if (book.tracks && row.sweep !== book.sweep) row.gone = true
        book.swept = true
      }),
    gone: (pipeline, limit) =>
      on(pipeline, ({ rows }) => {
        const gone: Array<Known> = []
        for (const row of rows.values()) {
          if (gone.length === limit) break
          if (row.gone) gone.push(knownOf(row))
        }
        return gone
      }),
    count: (pipeline) =>
      on(pipeline, ({ rows }) => {
        let gone = 0
        for (const row of rows.values()) if (row.gone) gone++
        return { known: rows.size, gone }
      })
  })
})

/**
 * Remembers nothing: every run takes every file, and memory does not grow with their number. For one-off loads into a
 * bucket whose unique key upserts, and for measuring.
 */
export const layerForgetful: Layer.Layer<Ledger> = Layer.sync(Ledger, () => forgetful)

/** The service of `layerForgetful`: a beginning for one that hears what is settled and remembers nothing. */
export const forgetful = Ledger.of({
  position: () => Effect.succeed({ swept: false, tracks: false, asked: "", sweep: [], follow: [] }),
  beginSweep: () => Effect.void,
  known: () => Effect.succeed(new Map()),
  containers: () => Effect.succeed(new Map()),
  settle: () => Effect.void,
  completeSweep: () => Effect.void,
  gone: () => Effect.succeed([]),
  count: () => Effect.succeed({ known: 0, gone: 0 })
})
