/**
 * What became of files that an earlier run sent and heard nothing of: found out before anything is sent again.
 */
import { Array as Arr, Clock, Effect, Option, Stream } from "effect"
import { type Book, type Intent, nothing } from "../Ledger.ts"
import type { LedgerError } from "../LedgerError.ts"
import { sourceKey } from "../Lineage.ts"
import type { Found, Lost, Prepared, Sink, SinkError } from "../Sink.ts"
import * as Earlier from "./earlier.ts"
import { noState } from "./noState.ts"
import type { Updates } from "./pass.ts"
import type { RunContext } from "./run.ts"

/** Files that are asked for at a time. */
const pageSize = 1000
/** No request takes longer, in milliseconds: an answer that did not come by then was lost. */
const longestRequest = 5 * 60_000

type Intents = Arr.NonEmptyReadonlyArray<Intent>

/** All intents there are, in pages. */
const left = (book: Book): Stream.Stream<Intents, LedgerError> =>
  Stream.paginate(
    undefined as string | undefined,
    Effect.fnUntraced(function* (after) {
      const intents = yield* book.intents(pageSize, after)
      return Arr.isReadonlyArrayNonEmpty(intents)
        ? ([[intents], Option.some(Arr.lastNonEmpty(intents).id)] as const)
        : ([[], Option.none<string>()] as const)
    })
  )

const lostOf = Effect.fnUntraced(function* (book: Book, intents: Intents) {
  const now = yield* Clock.currentTimeMillis
  const earlier = yield* Earlier.objects(
    book,
    Arr.map(intents, ({ uri }) => uri)
  )
  return Arr.map(intents, ({ replaces, sentAt, token, uri }): Lost => {
    const key = sourceKey(uri)
    return {
      key,
      token,
      replaces: [...(replaces === undefined ? [] : [replaces]), ...(earlier.get(key) ?? [])],
      lostAt: Math.min(now, sentAt + longestRequest)
    }
  })
})

/** What arrived is known from here on. Answers what did not. */
const settleArrived = Effect.fnUntraced(function* (
  book: Book,
  updates: Updates,
  intents: Intents,
  found: ReadonlyArray<Found>,
  missed: boolean
) {
  const byKey = new Map(found.map(({ key, objectId }) => [key, objectId]))
  const arrived = intents.flatMap((intent) => {
    const objectId = byKey.get(sourceKey(intent.uri))
    return objectId === undefined ? [] : [{ intent, objectId }]
  })
  const before = yield* book.known(arrived.map(({ intent }) => intent.id))
  const there = new Set(arrived.map(({ intent }) => intent.id))
  yield* book.settle({
    ...nothing,
    arrived,
    missed: missed ? intents.flatMap(({ id }) => (there.has(id) ? [] : [id])) : [],
    // An object that was about to be removed does not stay, if it is still there.
    superseded: arrived.flatMap(({ intent: { id, replaces, uri } }) =>
      replaces !== undefined && (updates === "replace" || before.get(id)?.token === noState)
        ? [{ uri, objectId: replaces }]
        : []
    )
  })
})

/**
 * Settles the intents that earlier runs left: what arrived is known from here on, what did not is sent again. Where sending
 * again is harmless, nobody asks. Where content may have been staged, intents of what did not arrive are kept until their files
 * are sent again, or the run is `over`.
 */
export const make = <O, P extends Prepared, R>(
  sink: Sink<O, P, R>,
  updates: Updates,
  { book, pipeline }: Pick<RunContext, "book" | "pipeline">
): Effect.Effect<void, SinkError | LedgerError, R> => {
  const recall = (lost: ReadonlyArray<Lost>) =>
    Option.isSome(sink.staging) && Arr.isReadonlyArrayNonEmpty(lost)
      ? sink.staging.value.recall(pipeline, lost)
      : Effect.void
  const isOver = Option.isNone(sink.staging)
  return left(book).pipe(
    Stream.runForEach(
      Effect.fnUntraced(function* (intents) {
        yield* book.hold
        const lost = yield* lostOf(book, intents)
        if (Option.isNone(sink.find)) {
          const ids = intents.map(({ id }) => id)
          yield* recall(lost)
          return yield* book.settle({ ...nothing, unsure: intents, inDoubt: ids, missed: isOver ? ids : [] })
        }
        const found = yield* sink.find.value(lost)
        const there = new Set(found.map(({ key }) => key))
        yield* recall(lost.filter(({ key }) => !there.has(key)))
        yield* settleArrived(book, updates, intents, found, isOver)
      })
    ),
    Effect.withSpan("Pipeline.resolve")
  )
}

/** Without a conclusion for what did not arrive: for whoever only looks. */
export const arrived = <O, P extends Prepared, R>(
  sink: Sink<O, P, R>,
  updates: Updates,
  book: Book
): Effect.Effect<void, SinkError | LedgerError, R> =>
  Option.isNone(sink.find)
    ? Effect.void
    : left(book).pipe(
        Stream.runForEach(
          Effect.fnUntraced(function* (intents) {
            const found = yield* Option.getOrThrow(sink.find)(yield* lostOf(book, intents))
            yield* settleArrived(book, updates, intents, found, false)
          })
        )
      )

/** At the end of a run that took everything: what is left was not sent again, and will not be. */
export const over = (book: Book): Effect.Effect<void, LedgerError> =>
  left(book).pipe(Stream.runForEach((intents) => book.settle({ ...nothing, missed: intents.map(({ id }) => id) })))
