/** What the tests of following share: a source with a ledger that settles what it says, page by page, as a pipeline does. */
import { type Change, Ledger, Outcome, type Source, SourceFile } from "@sluice/core"
import { assert } from "@effect/vitest"
import type { DriveStandIn } from "@sluice/testkit/drive"
import { Context, Effect, Layer, Option, Schema, Stream } from "effect"
import { type Drive, DriveSource } from "../src/index.ts"
import { everything, filesOf, folderOf, lines } from "./tree.ts"

/** What of a source is asked for. */
export type Asked = Partial<Omit<Source.SweepOptions, "resume">>

/** A folder that is taken, and another one beside it. Every name is there once. */
export const twoFolders = Effect.fnUntraced(function* (drive: DriveStandIn.DriveStandIn) {
  const taken = yield* folderOf(drive, [
    { path: "top.txt", bytes: "top" },
    { path: "a/one.txt", bytes: "one" },
    { path: "a/b/two.txt", bytes: "two" },
    { path: "c/three.txt", bytes: "three" }
  ])
  const beside = yield* folderOf(drive, [
    { path: "out.txt", bytes: "out" },
    { path: "d/four.txt", bytes: "four" },
    { path: "d/e/five.txt", bytes: "five" }
  ])
  yield* drive.rename(taken.root, "taken")
  yield* drive.rename(beside.root, "beside")
  const ids = new Map([...taken.folders, ...taken.ids, ...beside.folders, ...beside.ids])
  ids.set("taken", taken.root).set("beside", beside.root)
  for (const [path, id] of ids) ids.set(path.slice(path.lastIndexOf("/") + 1), id)
  /** The id of what has this name. */
  const id = (name: string): string => ids.get(name) ?? assert.fail(`nothing is called ${name}`)
  return { id, taken: taken.root, beside: beside.root }
})

const Position = Schema.fromJsonString(
  Schema.Struct({
    t: Schema.String,
    d: Schema.optionalKey(Schema.Array(Schema.String)),
    open: Schema.optionalKey(Schema.Boolean),
    gone: Schema.optionalKey(Schema.Boolean)
  })
)
const decodePosition = Schema.decodeSync(Position)
/** Where a log stands. */
export const positionOf = ({ cursor }: Change.RangeCursor) => decodePosition(cursor)

/** What there is to compare of a file. */
const stateOf = (file: SourceFile.SourceFile) => `${file.path} ${file.id} ${file.token} ${SourceFile.facts(file)}`

/** A source whose pages are settled in a ledger of its own. */
export const kept = Effect.fnUntraced(function* <E>(
  drive: DriveStandIn.DriveStandIn,
  live: Layer.Layer<Drive, E>,
  options: DriveSource.Options,
  asked: Asked = {}
) {
  const clients = yield* Layer.build(live)
  const ledger = Context.get(yield* Layer.build(Ledger.layerMemory), Ledger.Ledger)
  const book = yield* ledger.open({ pipeline: "test", runId: "run" })
  const names = new Map<string, string>()
  const delivered = new Map<string, SourceFile.SourceFile>()
  const wanted = { ...everything, ...asked }
  let cost: Readonly<Record<string, number>> = {}
  let last: ReadonlyArray<Change.Page> = []

  /** The filter that the pipeline has besides. */
  const passes = ({ path }: SourceFile.SourceFile) => wanted.pathPrefixes.some((prefix) => path.startsWith(prefix))

  /** What of a page is written when there is one unsettled before it: all but the position, and what comes with that. */
  const deliver = Effect.fnUntraced(function* ({ changes, containers = [] }: Change.Page) {
    const gone = changes.flatMap((one) => {
      if (one._tag === "Delete") return [one.id]
      return (one._tag === "Skip" && one.isGone === true) || !passes(one.file) ? [one.file.id] : []
    })
    const files = changes.flatMap((one) => (one._tag === "Upsert" && passes(one.file) ? [one.file] : []))
    for (const file of files) delivered.set(file.id, file)
    if (gone.length > 0) yield* book.settle({ ...Ledger.nothing, gone })
    const known = yield* book.containers(containers.map(({ id }) => id))
    const nested = containers.flatMap((one) => {
      if (one.within === undefined) return []
      const before = known.get(one.id)
      return [before !== undefined && before.within === one.within ? before : { ...one, state: "" }]
    })
    const outcome = Outcome.Created.make({})
    yield* book.settle({
      ...Ledger.nothing,
      files: files.map((file) => ({ file, outcome })),
      containers: nested
    })
  })

  /** A page whose every change has its outcome. */
  const settle = Effect.fnUntraced(function* (page: Change.Page) {
    const { containers = [], cursor, follows = false, range } = page
    yield* deliver(page)
    yield* book.settle({ ...Ledger.nothing, containers, cursors: [{ range, cursor, follows }] })
  })

  /** By name, what is deleted too. */
  const told = (pages: ReadonlyArray<Change.Page>) =>
    lines(pages)
      .map((line) => line.replace(/^Delete (.*)$/, (_, id: string) => `Delete ${names.get(id) ?? id}`))
      .toSorted()

  /** All are settled, or so many, and what comes behind them is delivered. */
  const take = <F>(pages: Stream.Stream<Change.Page, F, Drive>, settled = Number.POSITIVE_INFINITY) =>
    Effect.gen(function* () {
      for (const { id, name } of yield* drive.items()) names.set(id, name)
      yield* drive.forgetRequests
      const said: Array<Change.Page> = []
      last = said
      yield* pages.pipe(
        Stream.runForEach((page) =>
          Effect.map(said.length < settled ? settle(page) : deliver(page), () => void said.push(page))
        ),
        Effect.ensuring(Effect.map(drive.requestsByOperation, (counts) => (cost = counts)))
      )
      return said
    }).pipe(Effect.provide(clients))

  /** What is delivered and not gone. */
  const files = Effect.gen(function* () {
    const known = yield* book.known([...delivered.keys()])
    return [...delivered.values()].filter(({ id }) => known.get(id)?.gone === false)
  })

  const followPages = (as: DriveSource.Options) =>
    Stream.unwrap(
      Effect.map(book.position, ({ follow: since }) =>
        Option.getOrThrow(DriveSource.make(as).follow)({
          attributes: wanted.attributes,
          pathPrefixes: wanted.pathPrefixes,
          since,
          containers: (ids) => book.containers(ids)
        })
      )
    )

  /** Fails where it is not what a sweep would say now. */
  const compare = Effect.gen(function* () {
    const now = yield* Effect.provide(Stream.runCollect(DriveSource.make(options).sweep(wanted)), clients)
    assert.deepStrictEqual((yield* files).map(stateOf).toSorted(), filesOf(now).filter(passes).map(stateOf).toSorted())
  })

  /** Everything, from the beginning. */
  const sweep = Effect.gen(function* () {
    yield* book.beginSweep({ tracks: true, asked: "" })
    const said = yield* take(DriveSource.make(options).sweep(wanted))
    yield* book.completeSweep
    return told(said)
  })

  return {
    sweep,
    /** What changed; after it, what is kept is what a sweep would say. */
    follow: Effect.gen(function* () {
      const said = yield* take(followPages(options))
      for (const page of said) assert.isTrue(page.follows)
      yield* compare
      return told(said)
    }),
    /** The same, compared with nothing. */
    followOnly: Effect.map(take(followPages(options)), told),
    /** With other options. */
    followAs: (as: DriveSource.Options) => Effect.map(take(followPages(as)), told),
    /**
     * So many pages are settled, then the run is broken off. Answers how many it were. `ahead`: of those behind them, what
     * was delivered until then; nothing is gone before all that came before it is settled.
     */
    followPart: (pages: number, ahead = 0) => {
      const isGone = (page: Change.Page) => page.changes.some(({ _tag }) => _tag === "Delete")
      const part = followPages(options).pipe(
        Stream.take(pages + ahead),
        Stream.zipWithIndex,
        Stream.takeWhile(([page, index]) => index < pages || !isGone(page)),
        Stream.map(([page]) => page)
      )
      return Effect.map(take(part, pages), ({ length }) => length)
    },
    /** The paths of what is kept. */
    paths: Effect.map(files, (all) => all.map(({ path }) => path).toSorted()),
    /** What lines call it, where it is not an item with a name. */
    call: (id: string, name: string) => void names.set(id, name),
    /** Where changes are followed from. */
    since: Effect.map(book.position, ({ follow }) => follow),
    /** Requests of the last sweep, or of the last time that changes were followed. */
    cost: () => cost,
    /** Pages of that. */
    pages: () => last,
    compare
  }
})

/** The same, after a sweep that is followed up. */
export const swept = <E>(
  drive: DriveStandIn.DriveStandIn,
  live: Layer.Layer<Drive, E>,
  options: DriveSource.Options,
  asked: Asked = {}
) => Effect.tap(kept(drive, live, options, asked), ({ follow, sweep }) => Effect.andThen(sweep, follow))
