/**
 * The listing of everything, over several ranges of the key space at a time.
 *
 * It begins with one range for each prefix. A range that keeps on giving full pages while there is a free hand is cut:
 * at the folders of its prefix the first time, where there are folders, else where its key space can be parted. Small
 * listings therefore stay one plain sequence of pages, and directory buckets, whose listings are in no order, always do.
 */
import type { Change, Source } from "@sluice/core"
import { Clock, Effect, FiberSet, Option, Queue, Stream } from "effect"
import * as Attributes from "./Attributes.ts"
import * as Crew from "./Crew.ts"
import { type Entry, toChange } from "./Entry.ts"
import { restore } from "./Archived.ts"
import { alphabet, compare, intersect, splitPoints, spread } from "./KeySpace.ts"
import * as Listing from "./Listing.ts"
import * as Ranges from "./Ranges.ts"
import { S3 } from "./S3.ts"
import { misconfigured } from "./S3Options.ts"
import { type S3Error, toSourceError } from "./S3Error.ts"
import type { Settings } from "./Settings.ts"

/** Full pages of a range before it is cut: cutting costs some 20 small requests. */
const pagesBeforeCut = 3
/** Levels of folders looked into for places to cut. */
const folderDepth = 4
/** Questions over the number of pages: a small listing is not to cost many times what it would in one sequence. */
const questionsAhead = 40
/** Ranges for each hand, while there is something to cut: to cut takes time, in which nobody is to be idle. */
const partsPerHand = 2
/** Ranges of one sweep for each hand; bounds what is kept of a sweep, here and in the ledger. */
const rangesPerHand = 32
/** Filter prefixes that are listed one by one; beyond, the source's own prefixes are. */
const maxPushedDown = 64

export const sweep = (
  settings: Settings,
  options: Source.SweepOptions
): Stream.Stream<Change.Page, Source.SourceError, S3> =>
  Stream.callback<Change.Page, Source.SourceError, S3>(
    (queue) =>
      Effect.gen(function* () {
        const s3 = yield* S3
        const listing = Listing.make(s3, settings)
        const toChanges = changesOf(s3, settings, options.attributes)
        const failure = toSourceError(settings.name)
        const prefixes = yield* prefixesToList(listing, settings, options.pathPrefixes).pipe(Effect.mapError(failure))
        const pending = [...Ranges.resume(prefixes, options.resume)]
        const hands = yield* FiberSet.make<void>()
        let busy = 0
        let total = pending.length
        const crew = yield* Crew.make(settings.concurrency)
        /** One range is cut at a time: what it gives may be enough for all. */
        let isCutting = false
        /** Ranges there are too few of, for hands to have one when they are done with theirs. */
        const wanted = () => partsPerHand * crew.hands() - busy - pending.length
        let listed = 0
        let questions = 0

        const cutRange = Effect.fn("S3Source.cutRange")(function* (
          range: Ranges.Range,
          entries: ReadonlyArray<Entry>,
          folders: boolean
        ) {
          const { after } = range.position
          const count = Math.min(wanted(), settings.concurrency * rangesPerHand - total)
          if (after === undefined || count < 1) return
          const beside = folders ? yield* folderCuts(listing, range.prefix, after, count) : []
          const cuts =
            beside.length > 0
              ? beside
              : yield* splitPoints(
                  { prefix: range.prefix, after, until: range.until },
                  { characters: alphabet(entries.map(({ key }) => key)), count },
                  (from, until) => {
                    questions++
                    return listing.isEmpty(range.prefix, from, until)
                  }
                )
          const parts = Ranges.cut(range, cuts)
          total += parts.length
          pending.push(...parts)
          yield* Effect.annotateCurrentSpan({ range: Ranges.id(range), parts: parts.length })
        })

        const list = Effect.fnUntraced(function* (range: Ranges.Range) {
          let pages = 0
          let unseen = range.from === undefined && range.until === undefined && range.position.after === undefined
          let resumed = range.position.token !== undefined
          while (true) {
            const { entries, next } = yield* listing.page(range.prefix, range.position).pipe(
              Effect.catchIf(
                (error) => resumed && error.status === 400,
                () => listing.page(range.prefix, {})
              ),
              Effect.mapError(failure)
            )
            resumed = false
            if (!range.unordered && !inOrder(entries, range.position.after)) {
              if (range.from !== undefined || range.until !== undefined) return yield* disorder(settings)
              range.unordered = true
            }
            const inside = upTo(entries, range.until)
            const done = Option.isNone(next) || inside.length < entries.length
            range.position = Option.getOrElse(next, () => range.position)
            const changes = yield* toChanges(inside).pipe(Effect.mapError(failure))
            const offeredAt = yield* Clock.currentTimeMillis
            yield* Queue.offer(queue, { ...Ranges.cursor(range, done), changes })
            crew.held((yield* Clock.currentTimeMillis) - offeredAt)
            if (done) return
            pages++
            listed++
            if (busy >= crew.hands()) yield* crew.grow
            if (pending.length > 0) yield* recruit
            if (pages < pagesBeforeCut || range.unordered || wanted() < crew.hands() / 2) continue
            if (isCutting || questions > listed + questionsAhead) continue
            isCutting = true
            const folders = unseen && entries.some(({ key }) => key.includes("/", range.prefix.length))
            yield* cutRange(range, entries, folders).pipe(
              Effect.mapError(failure),
              Effect.ensuring(
                Effect.sync(() => {
                  isCutting = false
                })
              )
            )
            unseen = false
            pages = 0
            yield* recruit
          }
        })

        const hand = Effect.suspend(() => {
          busy++
          return Effect.whileLoop({
            while: () => pending.length > 0,
            body: () => list(pending.shift() ?? Ranges.whole("")),
            step: () => {}
          })
        }).pipe(
          Effect.ensuring(Effect.sync(() => busy--)),
          Effect.catchCause((cause) => Queue.failCause(queue, cause))
        )
        const recruit: Effect.Effect<void> = Effect.suspend(() =>
          Effect.forEach(
            Array.from({ length: Math.min(crew.hands() - busy, pending.length) }),
            () => FiberSet.run(hands, hand, { startImmediately: true }),
            { discard: true }
          )
        )

        yield* recruit
        yield* FiberSet.awaitEmpty(hands)
        yield* Queue.end(queue)
      }),
    { bufferSize: 1, strategy: "suspend" }
  )

/**
 * The prefixes that both the source and the filter allow. A permission may be for the source's own prefixes alone, so
 * narrower ones are tried first, and given up together where they are refused.
 */
const prefixesToList = Effect.fnUntraced(function* (
  listing: Listing.Listing,
  settings: Settings,
  pathPrefixes: ReadonlyArray<string>
) {
  const own = intersect(settings.prefixes, [""])
  const pushed = intersect(own, pathPrefixes)
  const narrower = pushed.filter((prefix) => !own.includes(prefix))
  if (narrower.length === 0) return pushed
  if (narrower.length > maxPushedDown) return own
  if (settings.directory && narrower.some((prefix) => !prefix.endsWith("/"))) return own
  return yield* Effect.forEach(narrower, (prefix) => listing.isEmpty(prefix, undefined, undefined), {
    concurrency: settings.concurrency
  }).pipe(
    Effect.as(pushed),
    Effect.catchIf(isRefused, () => Effect.succeed(own))
  )
})

const isRefused = (error: S3Error): boolean => error.reason._tag === "Unauthorized" && error.status === 403

/** Folders after `after`, evenly spread: the first level at which there is more than one. None where that is refused. */
const folderCuts = Effect.fnUntraced(
  function* (listing: Listing.Listing, prefix: string, after: string, count: number) {
    let level = prefix
    for (let depth = 0; depth < folderDepth; depth++) {
      const { folders, files } = yield* listing.folders(level, after)
      const ahead = folders.filter((folder) => compare(folder, after) > 0)
      if (ahead.length > 0) return spread(ahead, count)
      const [only] = folders
      if (only === undefined || files) return []
      level = only
    }
    return []
  },
  Effect.catchIf(isRefused, () => Effect.succeed<ReadonlyArray<string>>([]))
)

const inOrder = (entries: ReadonlyArray<Entry>, after: string | undefined): boolean => {
  let previous = after
  for (const { key } of entries) {
    if (previous !== undefined && compare(previous, key) > 0) return false
    previous = key
  }
  return true
}

const disorder = (settings: Settings): Source.SourceError =>
  misconfigured(
    settings.name,
    "this server does not list keys in the order of their UTF-8 octets: set `concurrency: 1`"
  )

/** Entries are in key order where a range ends anywhere but with its prefix. */
const upTo = (entries: ReadonlyArray<Entry>, until: string | undefined): ReadonlyArray<Entry> => {
  const last = entries[entries.length - 1]
  if (until === undefined || last === undefined || compare(last.key, until) <= 0) return entries
  return entries.filter(({ key }) => compare(key, until) <= 0)
}

const changesOf = (s3: S3["Service"], settings: Settings, asked: ReadonlySet<string>) => {
  const attributes = new Set([...settings.attributes, ...asked])
  return Effect.fnUntraced(function* (entries: ReadonlyArray<Entry>) {
    const now = yield* Clock.currentTimeMillis
    const changes: Array<Change.Change> = []
    const archived: Array<Entry> = []
    for (const entry of entries) {
      const change = toChange(settings, entry, now)
      if (change === undefined) archived.push(entry)
      else changes.push(change)
    }
    if (archived.length > 0) changes.push(...(yield* restore(s3, settings, archived)))
    return yield* Attributes.load(s3, settings, attributes, changes)
  })
}
