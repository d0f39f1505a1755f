/**
 * What a run does with its pages: filter, compare, map, dispatch, settle; and how far cursors may move.
 */
import { Array as Arr, Effect, Option, Result, Semaphore, Stream } from "effect"
import { isAtHand } from "../AtHand.ts"
import type { Change, Page } from "../Change.ts"
import * as Dispatch from "../Dispatch.ts"
import * as Filter from "../Filter.ts"
import { Ledger, type LedgerError } from "../Ledger.ts"
import type { Mapping, MappingError } from "../Mapping.ts"
import { Filtered, type Outcome, Rejected, Skipped, Unchanged } from "../Outcome.ts"
import { Event } from "../Progress.ts"
import type * as Retry from "../Retry.ts"
import type { Prepared, Record, Sink, SinkError } from "../Sink.ts"
import type { Source, SourceError } from "../Source.ts"
import type { SourceFile } from "../SourceFile.ts"
import * as Frontier from "./frontier.ts"
import type { Tally } from "./tally.ts"

/** Why a run could not go on. */
export type Failure = SourceError | SinkError | LedgerError

/** What a run brings with it. */
export interface RunContext {
  readonly pipeline: string
  readonly runId: string
  readonly tally: Tally
  readonly publish: (event: Event) => Effect.Effect<void>
  readonly stop: Effect.Effect<void>
}

/** One run, from its resume point to its last settlement. */
export type Engine<R> = (run: RunContext) => Effect.Effect<void, Failure, R | Ledger>

/** Pages that are compared at the same time. */
const pageConcurrency = 2
/** Files that are mapped together. */
const sliceSize = 100
/** Files of one slice that are mapped at the same time, where mapping takes time. */
const mapConcurrency = 16

/** Files of one page that are mapped together. */
interface Slice {
  readonly files: ReadonlyArray<SourceFile>
  readonly open: Frontier.OpenPage
}

/** A change with its page, until it has its outcome. */
interface Taken {
  readonly page: Frontier.OpenPage
  readonly file: Pick<SourceFile, "uri" | "size"> & { readonly known?: SourceFile }
  readonly outcome: Outcome
}

export const make =
  <O, P extends Prepared, RS, RM, RK>(options: {
    readonly source: Source<RS>
    readonly filter: Filter.Filter
    readonly map: Mapping<O, RM>
    readonly sink: Sink<O, P, RK>
    readonly retry?: Retry.Policy | undefined
  }): Engine<RS | RM | RK> =>
  (run) =>
    Effect.gen(function* () {
      const { filter, map, sink, source } = options
      const { pipeline, publish, runId, tally } = run
      const ledger = yield* Ledger
      const context = yield* Effect.context<RS | RM>()
      const recordOf = yield* Dispatch.recordsOf(source, run)
      const frontier = Frontier.make()
      const oneAtATime = yield* Semaphore.make(1)
      let listedAll = false

      interface OnItsWay extends Record<O> {
        readonly page: Frontier.OpenPage
      }

      /**
       * Outcomes and the cursors they let move, in one transaction. One after the other: a cursor that passes a page
       * must not be stored before the outcomes of that page are.
       */
      const settle = (taken: ReadonlyArray<Taken>) =>
        Semaphore.withPermit(
          oneAtATime,
          Effect.suspend(() => {
            const files: Array<{ readonly file: SourceFile; readonly outcome: Outcome }> = []
            for (const { file, outcome, page } of taken) {
              tally.settled(file.uri, outcome, file.size)
              frontier.settle(page)
              if (file.known !== undefined) files.push({ file: file.known, outcome })
            }
            const cursors = frontier.advanced()
            const write =
              files.length > 0 || cursors.length > 0 ? ledger.settle({ pipeline, runId, files, cursors }) : Effect.void
            return Effect.andThen(write, publish(Event.cases.Settled.make({ files: taken.length })))
          })
        )

      const record = (file: SourceFile, object: O, page: Frontier.OpenPage): OnItsWay => ({
        ...recordOf(file, object),
        page
      })

      const unmapped = ({ disposition, message }: MappingError): Outcome =>
        disposition === "skip"
          ? Skipped.make({ cause: { code: "mapping", message } })
          : Rejected.make({ cause: { code: "mapping", message } })

      /** Everything that can be said without the sink. */
      const withoutSink = (
        change: Change,
        known: ReadonlyMap<string, { readonly token: string }>
      ): Outcome | undefined => {
        if (change._tag === "Delete") return deletesAreIgnored
        if (!Filter.matches(filter, change.file)) return Filtered.make({})
        if (change._tag === "Skip") return Skipped.make({ cause: change.reason })
        if (change._tag === "Reject") return Rejected.make({ cause: change.reason })
        return known.get(change.file.id)?.token === change.file.token ? Unchanged.make({}) : undefined
      }

      /** What is left of a page when everything that needs no sink has its outcome. */
      const comparePage = Effect.fn("Pipeline.page")(function* (page: Page, open: Frontier.OpenPage) {
        const ids = page.changes.flatMap((change) => (change._tag === "Upsert" ? [change.file.id] : []))
        const known = ids.length === 0 ? new Map<string, never>() : yield* ledger.known(pipeline, ids)
        const settled: Array<Taken> = []
        const left: Array<SourceFile> = []
        for (const change of page.changes) {
          const outcome = withoutSink(change, known)
          if (outcome !== undefined) {
            const file = change._tag === "Delete" ? { uri: change.uri } : identity(change.file)
            settled.push({ page: open, file, outcome })
          } else if (change._tag === "Upsert") left.push(change.file)
        }
        if (settled.length > 0 || page.changes.length === 0) yield* settle(settled)
        return Arr.chunksOf(left, sliceSize).map((files) => ({ files, open }))
      })

      /** Files become records a slice at a time, when there is room for them: a record is many times its file. */
      const mapSlice = Effect.fnUntraced(function* (slice: Slice) {
        const { files, open } = slice
        const records: Array<OnItsWay> = []
        const settled: Array<Taken> = []
        const slow: Array<readonly [SourceFile, Effect.Effect<O, MappingError, RM>]> = []
        for (const file of files) {
          const object = map.map(file)
          if (isAtHand(object)) records.push(record(file, object.value, open))
          else slow.push([file, object])
        }
        yield* Effect.forEach(
          slow,
          ([file, object]) =>
            Effect.match(object, {
              onSuccess: (made) => records.push(record(file, made, open)),
              onFailure: (error) =>
                settled.push({ page: open, file: { ...identity(file), known: file }, outcome: unmapped(error) })
            }),
          { concurrency: mapConcurrency, discard: true }
        )
        if (settled.length > 0) yield* settle(settled)
        return records
      })

      /** The file changed after it was listed: its new state takes its place. */
      const retake = (stale: OnItsWay) =>
        Effect.gen(function* () {
          const now = yield* source.stat(stale.file)
          if (Option.isNone(now)) return Result.fail<Outcome>(goneWhileRunning)
          if (!Filter.matches(filter, now.value)) return Result.fail<Outcome>(Filtered.make({}))
          const object = yield* Effect.result(map.map(now.value))
          return Result.mapBoth(object, {
            onFailure: unmapped,
            onSuccess: (made) => record(now.value, made, stale.page)
          })
        }).pipe(Effect.provideContext(context))

      const records = source
        .sweep({
          resume: yield* ledger.cursors(pipeline),
          attributes: map.attributes,
          pathPrefixes: Filter.pathPrefixes(filter)
        })
        .pipe(
          // Opened in the order of the listing, before pages overtake each other.
          Stream.map((page) => [page, frontier.open(page, page.changes.length)] as const),
          Stream.tap(([page]) => {
            tally.listed(page.changes.length)
            return publish(Event.cases.Listed.make({ range: page.range, changes: page.changes.length }))
          }),
          Stream.onEnd(
            Effect.suspend(() => {
              listedAll = true
              return publish(Event.cases.ListingEnded.make({}))
            })
          ),
          Stream.mapEffect(([page, open]) => comparePage(page, open), { concurrency: pageConcurrency }),
          Stream.flattenIterable,
          Stream.rechunk(1),
          Stream.mapEffect(mapSlice),
          Stream.flattenIterable
        )

      yield* Dispatch.dispatch(sink)(records, {
        retry: options.retry,
        retake,
        stop: run.stop,
        onBatch: (batch) => tally.batch(batch)
      }).pipe(
        Stream.runForEachArray((settled) =>
          settle(
            settled.map(({ outcome, record }) => ({
              page: record.page,
              file: { ...identity(record.file), known: record.file },
              outcome
            }))
          )
        )
      )
      if (listedAll && frontier.unsettled() === 0) yield* ledger.completeSweep(pipeline)
    })

const identity = (file: SourceFile): Pick<SourceFile, "uri" | "size"> => ({
  uri: file.uri,
  ...(file.size === undefined ? {} : { size: file.size })
})

const deletesAreIgnored = Skipped.make({
  cause: { code: "delete-ignored", message: "gone at the source; objects are not removed by this pipeline" }
})

const goneWhileRunning = Skipped.make({
  cause: { code: "gone", message: "deleted at the source after it was listed" }
})
