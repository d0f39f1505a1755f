/**
 * What is done with the pages of one sweep, or of following once: filter, compare, map, dispatch, settle; and how far
 * cursors may move.
 */
import { Array as Arr, Clock, Effect, Option, Result, type Schema, Stream } from "effect"
import { isAtHand } from "../AtHand.ts"
import type { Change, Page, Reason } from "../Change.ts"
import * as Dispatch from "../Dispatch.ts"
import * as Filter from "../Filter.ts"
import type { Intent, Known, Settlement, Superseded } from "../Ledger.ts"
import * as Lineage from "../Lineage.ts"
import type { Mapping, MappingError } from "../Mapping.ts"
import {
  Filtered,
  isDelivered,
  objectAfter,
  type Outcome,
  sha256After,
  Rejected,
  Skipped,
  Unchanged
} from "../Outcome.ts"
import { Event } from "../Progress.ts"
import type * as Retry from "../Retry.ts"
import type { Prepared, Record, Sink } from "../Sink.ts"
import type { Source } from "../Source.ts"
import { type SourceFile, state } from "../SourceFile.ts"
import * as Claims from "./claims.ts"
import * as Content from "./content.ts"
import * as Earlier from "./earlier.ts"
import * as Frontier from "./frontier.ts"
import * as PageComparison from "./pageComparison.ts"
import { deletesAreIgnored, goneWhileRunning, updatesAreIgnored } from "./leftAlone.ts"
import { type Failure, Refusals, type RunContext } from "./run.ts"
import { standingOf } from "./standing.ts"
import { supersededBy } from "./superseded.ts"
import * as Writing from "./writing.ts"

/** What a pipeline is made of. */
export interface Parts<O, P extends Prepared, RS, RM, RK> {
  readonly source: Source<RS>
  readonly filter: Filter.Filter
  readonly map: Mapping<O, RM>
  readonly sink: Sink<O, P, RK>
  readonly retry?: Retry.Policy | undefined
  /** Whether objects of files that are gone are removed. */
  readonly removes: boolean
  readonly updates: Updates
  readonly sameContent: "send" | "keep"
  /** Records that are sent in a run, at most. */
  readonly maxObjects: number
  /** Files in a row that may be refused. */
  readonly maxRefusals: number
}

/** What becomes of a file that was delivered in another state. */
export type Updates = "upsert" | "replace" | "new" | "ignore"

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
  readonly files: ReadonlyArray<Left>
  readonly open: Frontier.OpenPage
}

/** A file that is to be sent, and what was delivered of it before. */
interface Left {
  readonly file: SourceFile
  readonly before: Known | undefined
}

/** A file with its page. */
interface OnPage extends Left {
  readonly page: Frontier.OpenPage
}

/** The same, with its outcome. */
export interface Taken {
  readonly record: OnPage
  readonly outcome: Outcome
  readonly request?: Schema.Json | undefined
}

/**
 * Takes every page to its end. `isLast`: no other pass follows in this run. `tracks`: account is kept of what was named.
 * `replays`: pages are no position of the source.
 */
export const make = <O, P extends Prepared, RS, RM, RK>(parts: Parts<O, P, RS, RM, RK>, run: RunContext) => {
  /** Records that may still be sent in this run. */
  const allowance = { left: parts.maxObjects, isExceeded: false }
  let refused = 0

  const countRefusals = (outcome: Outcome) => {
    if (outcome._tag !== "Rejected") {
      if (isDelivered(outcome)) refused = 0
      return
    }
    refused++
    if (refused === parts.maxRefusals) run.giveUp(new Refusals({ count: refused, cause: outcome.cause }))
  }

  return (
    pages: Stream.Stream<Page, Failure, RS>,
    options: { readonly isLast: boolean; readonly tracks: boolean; readonly replays: boolean }
  ): Effect.Effect<Ended, Failure, RS | RM | RK> =>
    Effect.gen(function* () {
      const { filter, map, removes, sink, source } = parts
      const { book, publish, tally } = run
      const context = yield* Effect.context<RS | RM>()
      const contentOf = Content.make(source, context)
      const frontier = Frontier.make()
      const { nest, write } = yield* Writing.make(book, options.replays ? undefined : frontier)
      const claims = Claims.make()
      let listedAll = false
      let incomplete: Reason | undefined
      let named = 0
      /** Files whose content is as it was, though their state is another: the ledger is told. */
      const renewed = new Set<SourceFile>()
      /** Files on their way may be in containers. */
      let nests = false

      interface OnItsWay extends Record<O>, OnPage {}

      /** `leaving`: files that are gone from here on; their outcome comes with the removal of their objects. */
      const settle = Effect.fnUntraced(function* (
        taken: ReadonlyArray<Taken>,
        leaving: ReadonlyArray<OnPage> = [],
        also: Partial<Pick<Settlement, "seen" | "named">> = {}
      ) {
        yield* write(() => {
          const files: Array<Settlement["files"][number]> = []
          const superseded: Array<Superseded> = []
          for (const one of taken) {
            const { outcome, record, request } = one
            const { before, file, page } = record
            tally.settled(file.uri, outcome, file.size)
            frontier.settle(page)
            countRefusals(outcome)
            const replaced = supersededBy(one, parts.updates)
            if (replaced !== undefined) superseded.push(replaced)
            if (outcome._tag === "Unchanged" && !renewed.delete(file) && !options.replays) continue
            const objectId = objectAfter(outcome, before?.objectId)
            files.push({ file, outcome, objectId, sha256: sha256After(outcome, before?.sha256), request })
          }
          for (const { page } of leaving) {
            tally.listed(-1)
            frontier.settle(page)
          }
          return { files, superseded, gone: leaving.map(({ file }) => file.id), ...also }
        })
        for (const { record } of taken) claims.release(record.file.id)
        for (const { file } of leaving) claims.release(file.id)
        yield* publish(Event.cases.Settled.make({ files: taken.length }))
      })

      const recordOf = ({ before, file }: Left, object: O, page: Frontier.OpenPage): OnItsWay => ({
        key: Lineage.sourceKey(file.uri),
        file,
        object,
        lineage: Lineage.make(file, run),
        content: contentOf(file),
        replaces: before?.objectId,
        page,
        before
      })

      /** Nothing leaves that is not in the ledger, and nothing at all once the book is another run's. */
      const leaving = Effect.fnUntraced(function* (all: ReadonlyArray<Dispatch.Leaving<OnItsWay>>) {
        yield* book.hold
        // Where sending again is harmless, it matters whether an object is there when its file is gone, in which state one is
        // that was there before, and what was staged.
        const lasting =
          Option.isNone(sink.find) && !removes
            ? all.filter(({ prepared, record }) => record.before !== undefined || prepared.staged === true)
            : all
        if (lasting.length === 0) return
        const sentAt = yield* Clock.currentTimeMillis
        yield* book.intend(
          lasting.map(({ record: { file, replaces } }): Intent => ({
            ...state(file),
            ...(replaces === undefined ? {} : { replaces }),
            sentAt
          }))
        )
      })

      const unmapped = ({ disposition, message }: MappingError): Outcome =>
        disposition === "skip"
          ? Skipped.make({ cause: { code: "mapping", message } })
          : Rejected.make({ cause: { code: "mapping", message } })

      /** Everything that can be said of a file without the sink. */
      const withoutSink = (change: Exclude<Change, { _tag: "Delete" }>, known: Known | "same" | undefined) => {
        if (!Filter.matches(filter, change.file)) return Filtered.make({})
        if (change._tag === "Skip") return Skipped.make({ cause: change.reason })
        if (change._tag === "Reject") return Rejected.make({ cause: change.reason })
        if (known === "same") return Unchanged.make({})
        switch (standingOf(known, change.file, parts.sameContent)) {
          case "undelivered":
            return undefined
          case "same":
            return Unchanged.make({})
          case "renewed":
            renewed.add(change.file)
            return Unchanged.make({})
          case "changed":
            return parts.updates === "ignore" ? updatesAreIgnored : undefined
        }
      }

      /**
       * One page after the other: what it says is gone is written before a later page is looked at, and after what is on
       * its way under the same names.
       */
      const admit = Effect.fnUntraced(function* (page: Page) {
        incomplete ??= page.incomplete
        named += page.changes.length
        const deleted: Array<string> = []
        const ids: Array<string> = []
        let nested = nests
        for (const change of page.changes) {
          if (change._tag === "Delete") deleted.push(change.id)
          else nested ||= change.file.within !== undefined
          ids.push(change._tag === "Delete" ? change.id : change.file.id)
        }
        // What is deleted may be a container, and files in it on their way: the ledger does not know them yet.
        if (deleted.length > 0 && nests) yield* claims.idle
        nests = nested
        yield* claims.take(ids)
        const files = ids.length - deleted.length
        tally.listed(files)
        yield* publish(Event.cases.Listed.make({ range: page.range, changes: page.changes.length }))
        if (deleted.length > 0) {
          if (!removes) yield* ignore(page, deleted)
          yield* write(() => ({ gone: deleted }))
          for (const id of deleted) claims.release(id)
        }
        yield* nest(page)
        // Opened in the order of the listing, before pages overtake each other.
        return [page, frontier.open(page, files)] as const
      })

      /** Deletions of what was delivered, where objects are not removed. */
      const ignore = Effect.fnUntraced(function* (page: Page, deleted: ReadonlyArray<string>) {
        const known = yield* book.known(deleted)
        for (const change of page.changes) {
          if (change._tag !== "Delete" || known.get(change.id)?.gone !== false) continue
          tally.listed(1)
          tally.settled(change.uri, deletesAreIgnored, undefined)
        }
      })

      /** What is left of a page when everything that needs no sink has its outcome. */
      const comparePage = Effect.fn("Pipeline.page")(function* (page: Page, open: Frontier.OpenPage) {
        const { interval, known } = yield* PageComparison.compare(book, page, {
          takesAll: removes || options.tracks,
          replays: options.replays
        })
        const settled: Array<Taken> = []
        const left: Array<Left> = []
        const seen: Array<Settlement["seen"][number]> = []
        const leaving: Array<OnPage> = []
        for (const [index, change] of page.changes.entries()) {
          if (change._tag === "Delete") continue
          const { file } = change
          const found = known[index]
          const before = found === "same" ? undefined : found
          const outcome = withoutSink(change, found)
          const isOut = outcome?._tag === "Filtered" || (change._tag === "Skip" && change.isGone === true)
          if (isOut && removes && found !== undefined) {
            leaving.push({ page: open, file, before })
            continue
          }
          const isElsewhere = before !== undefined && (before.gone || before.within !== file.within)
          if ((options.tracks && interval === undefined) || isElsewhere) seen.push(file)
          if (outcome === undefined) left.push({ file, before })
          else settled.push({ record: { page: open, file, before }, outcome })
        }
        const intervals = options.tracks && interval !== undefined ? [interval] : []
        if (left.length === 0 || settled.length + seen.length + intervals.length + leaving.length > 0) {
          yield* settle(settled, leaving, { seen, named: intervals })
        }
        return Arr.chunksOf(left, sliceSize).map((files) => ({ files, open }))
      })

      /** Files become records a slice at a time, when there is room for them: a record is many times its file. */
      const mapSlice = Effect.fnUntraced(function* (slice: Slice) {
        const { files, open } = slice
        const records: Array<OnItsWay> = []
        const settled: Array<Taken> = []
        const slow: Array<readonly [Left, Effect.Effect<O, MappingError, RM>]> = []
        for (const one of files) {
          const object = map.map(one.file)
          if (isAtHand(object)) records.push(recordOf(one, object.value, open))
          else slow.push([one, object])
        }
        yield* Effect.forEach(
          slow,
          ([one, object]) =>
            Effect.match(object, {
              onSuccess: (made) => records.push(recordOf(one, made, open)),
              onFailure: (error) => settled.push({ record: { ...one, page: open }, outcome: unmapped(error) })
            }),
          { concurrency: mapConcurrency, discard: true }
        )
        if (settled.length > 0) yield* settle(settled)
        return withinAllowance(records)
      })

      /** What is beyond it stays without an outcome: a later run takes it. What is within it is sent before the run stops. */
      const withinAllowance = (records: ReadonlyArray<OnItsWay>) => {
        const allowed = records.slice(0, allowance.left)
        allowance.left -= allowed.length
        allowance.isExceeded ||= allowed.length < records.length
        return allowed
      }

      /** The file changed after it was listed: its new state takes its place. */
      const retake = (stale: OnItsWay) =>
        Effect.gen(function* () {
          const now = yield* source.stat(stale.file)
          if (Option.isNone(now)) return Result.fail<Outcome>(goneWhileRunning)
          if (!Filter.matches(filter, now.value)) return Result.fail<Outcome>(Filtered.make({}))
          const object = yield* Effect.result(map.map(now.value))
          return Result.mapBoth(object, {
            onFailure: unmapped,
            onSuccess: (made) => recordOf({ file: now.value, before: stale.before }, made, stale.page)
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
        Stream.takeUntil(() => allowance.isExceeded),
        Stream.flattenIterable
      )

      yield* Dispatch.dispatch(sink)(records, {
        retry: parts.retry,
        retake,
        leaving,
        earlier: (records) =>
          Earlier.objects(
            book,
            Arr.map(records, ({ file }) => file.uri)
          ),
        stop: run.stop,
        onBatch: (batch) => tally.batch(batch)
      }).pipe(Stream.runForEachArray((settled) => settle(settled)))
      if (allowance.isExceeded) {
        run.stopFor(`maxObjectsPerRun (${parts.maxObjects}) is reached; a later run takes the rest`)
      }
      return { settled: listedAll && frontier.unsettled() === 0, incomplete, named }
    })
}
