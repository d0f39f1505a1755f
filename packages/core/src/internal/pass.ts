/**
 * What is done with the pages of one sweep, or of following once: filter, compare, map, dispatch, settle; and how far
 * cursors may move.
 */
import { Array as Arr, Effect, Option, Result, Semaphore, Stream } from "effect"
import { isAtHand } from "../AtHand.ts"
import type { Change, Page, Reason } from "../Change.ts"
import * as Dispatch from "../Dispatch.ts"
import * as Filter from "../Filter.ts"
import { type Known, Ledger, type Settlement } from "../Ledger.ts"
import type { Mapping, MappingError } from "../Mapping.ts"
import { Filtered, type Outcome, Rejected, Skipped, Unchanged } from "../Outcome.ts"
import { Event } from "../Progress.ts"
import type * as Retry from "../Retry.ts"
import type { Prepared, Record, Sink } from "../Sink.ts"
import type { Source } from "../Source.ts"
import { facts, type SourceFile } from "../SourceFile.ts"
import * as Claims from "./claims.ts"
import * as Frontier from "./frontier.ts"
import type { Failure, RunContext } from "./run.ts"

/** What a pipeline is made of. */
export interface Parts<O, P extends Prepared, RS, RM, RK> {
  readonly source: Source<RS>
  readonly filter: Filter.Filter
  readonly map: Mapping<O, RM>
  readonly sink: Sink<O, P, RK>
  readonly retry?: Retry.Policy | undefined
  /** Whether objects of files that are gone are removed. */
  readonly removes: boolean
}

/** How a pass ended. */
export interface Ended {
  /** Everything was said, and all of it is settled. */
  readonly settled: boolean
  /** What the store could not say, where it could not. */
  readonly incomplete: Reason | undefined
  /** Changes that were named. */
  readonly named: number
}

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

/** A file with its page and its outcome. */
interface Taken {
  readonly page: Frontier.OpenPage
  readonly file: SourceFile
  readonly outcome: Outcome
}

/** Takes every page to its end. `isLast`: no other pass follows in this run. */
export const make =
  <O, P extends Prepared, RS, RM, RK>(parts: Parts<O, P, RS, RM, RK>, run: RunContext) =>
  (
    pages: Stream.Stream<Page, Failure, RS>,
    options: { readonly isLast: boolean; readonly tracks: boolean }
  ): Effect.Effect<Ended, Failure, RS | RM | RK | Ledger> =>
    Effect.gen(function* () {
      const { filter, map, removes, sink, source } = parts
      const { pipeline, publish, runId, tally } = run
      const ledger = yield* Ledger
      const context = yield* Effect.context<RS | RM>()
      const recordOf = yield* Dispatch.recordsOf(source, run)
      const frontier = Frontier.make()
      const claims = Claims.make()
      const oneAtATime = yield* Semaphore.make(1)
      let listedAll = false
      let incomplete: Reason | undefined
      let named = 0
      /** Files on their way may be in containers. */
      let nests = false

      interface OnItsWay extends Record<O> {
        readonly page: Frontier.OpenPage
      }

      /**
       * What is written at once, with the cursors that may move. One after the other: a cursor that passes a page must
       * not be stored before the outcomes of that page are.
       */
      const write = (settlement: () => Partial<Settlement>) =>
        Semaphore.withPermit(
          oneAtATime,
          Effect.suspend(() => {
            const all = { ...nothing, pipeline, runId, ...settlement(), ...frontier.advanced() }
            const isIdle = Object.values(all).every((part) => !Array.isArray(part) || part.length === 0)
            return isIdle ? Effect.void : ledger.settle(all)
          })
        )

      /** `leaving`: files that are gone from here on; their outcome comes with the removal of their objects. */
      const settle = Effect.fnUntraced(function* (
        taken: ReadonlyArray<Taken>,
        also: { readonly seen: Settlement["seen"]; readonly leaving: ReadonlyArray<Omit<Taken, "outcome">> } = {
          seen: [],
          leaving: []
        }
      ) {
        yield* write(() => {
          for (const { file, outcome, page } of taken) {
            tally.settled(file.uri, outcome, file.size)
            frontier.settle(page)
          }
          for (const { page } of also.leaving) {
            tally.listed(-1)
            frontier.settle(page)
          }
          return {
            files: taken.filter(({ outcome }) => outcome._tag !== "Unchanged" && outcome._tag !== "Filtered"),
            seen: also.seen,
            gone: also.leaving.map(({ file }) => file.id)
          }
        })
        for (const { file } of taken) claims.release(file.id)
        for (const { file } of also.leaving) claims.release(file.id)
        yield* publish(Event.cases.Settled.make({ files: taken.length }))
      })

      const record = (file: SourceFile, object: O, page: Frontier.OpenPage): OnItsWay => ({
        ...recordOf(file, object),
        page
      })

      const unmapped = ({ disposition, message }: MappingError): Outcome =>
        disposition === "skip"
          ? Skipped.make({ cause: { code: "mapping", message } })
          : Rejected.make({ cause: { code: "mapping", message } })

      /** Everything that can be said of a file without the sink. */
      const withoutSink = (change: Exclude<Change, { _tag: "Delete" }>, known: Known | undefined) => {
        if (!Filter.matches(filter, change.file)) return Filtered.make({})
        if (change._tag === "Skip") return Skipped.make({ cause: change.reason })
        if (change._tag === "Reject") return Rejected.make({ cause: change.reason })
        const same = known?.token === change.file.token && known.facts === facts(change.file)
        return same ? Unchanged.make({}) : undefined
      }

      /**
       * One page after the other: what it says is gone is written before a later page is looked at, and after what is on
       * its way under the same names.
       */
      const admit = Effect.fnUntraced(function* (page: Page) {
        incomplete ??= page.incomplete
        named += page.changes.length
        const deleted = page.changes.flatMap((change) => (change._tag === "Delete" ? [change.id] : []))
        const files = page.changes.flatMap((change) => (change._tag === "Delete" ? [] : [change.file.id]))
        // What is deleted may be a container, and files in it on their way: the ledger does not know them yet.
        if (deleted.length > 0 && nests) yield* claims.idle
        nests ||= page.changes.some((change) => change._tag !== "Delete" && change.file.within !== undefined)
        yield* claims.take([...deleted, ...files])
        tally.listed(files.length)
        yield* publish(Event.cases.Listed.make({ range: page.range, changes: page.changes.length }))
        if (deleted.length > 0) {
          if (!removes) yield* ignore(page, deleted)
          yield* write(() => ({ gone: deleted }))
          for (const id of deleted) claims.release(id)
        }
        // Opened in the order of the listing, before pages overtake each other.
        return [page, frontier.open(page, files.length)] as const
      })

      /** Deletions of what was delivered, where objects are not removed. */
      const ignore = Effect.fnUntraced(function* (page: Page, deleted: ReadonlyArray<string>) {
        const known = yield* ledger.known(pipeline, deleted)
        for (const change of page.changes) {
          if (change._tag !== "Delete" || known.get(change.id)?.gone !== false) continue
          tally.listed(1)
          tally.settled(change.uri, deletesAreIgnored, undefined)
        }
      })

      /** What is left of a page when everything that needs no sink has its outcome. */
      const comparePage = Effect.fn("Pipeline.page")(function* (page: Page, open: Frontier.OpenPage) {
        const ids = page.changes.flatMap((change) =>
          change._tag === "Upsert" || (removes && change._tag !== "Delete") ? [change.file.id] : []
        )
        const known = ids.length === 0 ? new Map<string, Known>() : yield* ledger.known(pipeline, ids)
        const settled: Array<Taken> = []
        const left: Array<SourceFile> = []
        const seen: Array<Settlement["seen"][number]> = []
        const leaving: Array<Omit<Taken, "outcome">> = []
        for (const change of page.changes) {
          if (change._tag === "Delete") continue
          const { file } = change
          const before = known.get(file.id)
          const outcome = withoutSink(change, before)
          const isOut = outcome?._tag === "Filtered" || (change._tag === "Skip" && change.isGone === true)
          if (isOut && removes && before !== undefined) {
            leaving.push({ page: open, file })
            continue
          }
          const isElsewhere = before !== undefined && (before.gone || before.within !== file.within)
          if (options.tracks || isElsewhere) seen.push(file)
          if (outcome === undefined) left.push(file)
          else settled.push({ page: open, file, outcome })
        }
        if (left.length === 0 || settled.length + seen.length + leaving.length > 0) {
          yield* settle(settled, { seen, leaving })
        }
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
              onFailure: (error) => settled.push({ page: open, file, outcome: unmapped(error) })
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

      const records = pages.pipe(
        Stream.mapEffect(admit),
        Stream.onEnd(
          Effect.suspend(() => {
            listedAll = true
            return options.isLast ? publish(Event.cases.ListingEnded.make({})) : Effect.void
          })
        ),
        Stream.mapEffect(([page, open]) => comparePage(page, open), { concurrency: pageConcurrency }),
        Stream.flattenIterable,
        Stream.rechunk(1),
        Stream.mapEffect(mapSlice),
        Stream.flattenIterable
      )

      yield* Dispatch.dispatch(sink)(records, {
        retry: parts.retry,
        retake,
        stop: run.stop,
        onBatch: (batch) => tally.batch(batch)
      }).pipe(
        Stream.runForEachArray((settled) =>
          settle(settled.map(({ outcome, record }) => ({ page: record.page, file: record.file, outcome })))
        )
      )
      return { settled: listedAll && frontier.unsettled() === 0, incomplete, named }
    })

const nothing = { files: [], removed: [], seen: [], gone: [], containers: [] }

const deletesAreIgnored = Skipped.make({
  cause: { code: "delete-ignored", message: "gone at the source; objects are not removed by this pipeline" }
})

const goneWhileRunning = Skipped.make({
  cause: { code: "gone", message: "deleted at the source after it was listed" }
})
