/**
 * Objects are removed at the end of a run: those whose places others took; and those of files that are gone, when everything
 * that was named is settled, held back where they are suspiciously many.
 */
import { Array as Arr, Effect, Option } from "effect"
import { type Known, nothing } from "../Ledger.ts"
import type { LedgerError } from "../LedgerError.ts"
import { sourceKey } from "../Lineage.ts"
import { Rejected } from "../Outcome.ts"
import { Event } from "../Progress.ts"
import type { Answer, Prepared, Removal, Sink, SinkError } from "../Sink.ts"
import { noState } from "./noState.ts"
import type { RunContext } from "./run.ts"

/** Up to so many, removals are never held back. */
const alwaysAllowed = 10
/** Beyond that, they are where they are more than this share of what is known. */
const shareAllowed = 0.1
/** Files that are looked up at a time. */
const pageSize = 1000

/** What a misread listing, an expired permission or a changed prefix looks like: confirmed by a person, or not done. */
const isSuspicious = (count: { readonly known: number; readonly gone: number }, seemsEmpty: boolean): boolean =>
  (count.gone > alwaysAllowed && count.gone > count.known * shareAllowed) || (seemsEmpty && count.gone === count.known)

const unanswered = Rejected.make({
  cause: { code: "no-answer", message: "the sink does not say what became of its removal; a later run tries again" }
})

/** What there is to remove. */
export interface Removals<R> {
  /** Objects whose places others took. */
  readonly superseded: Effect.Effect<void, SinkError | LedgerError, R>
  /** Objects of files that are gone. `seemsEmpty`: the end of a sweep, if not all of it, named nothing. */
  readonly gone: (seemsEmpty: boolean) => Effect.Effect<void, SinkError | LedgerError, R>
}

export const make = <O, P extends Prepared, R>(sink: Sink<O, P, R>, run: RunContext): Removals<R> => {
  const { book, publish, tally } = run

  /** Answers by the keys of what was asked for; of one key there may be several objects, which are asked for one by one. */
  const removeAll = Effect.fnUntraced(function* (removals: Arr.NonEmptyReadonlyArray<Removal>) {
    yield* book.hold
    const answers = yield* sink.remove(removals)
    const byKey = new Map<string, Answer>(answers.map((answer) => [answer.key, answer]))
    return removals.map(({ key }) => {
      const answer = byKey.get(key)
      return answer?._tag === "Settled" ? answer.outcome : unanswered
    })
  })

  /** Where sinks upsert, a file that was sent again without an answer may have another object than the one that is known. */
  const names = ({ token }: Known) => token !== noState || Option.isSome(sink.find)

  const gone = Effect.fn("Pipeline.remove")(function* (seemsEmpty: boolean) {
    const count = yield* book.count
    if (count.gone === 0) return
    if (isSuspicious(count, seemsEmpty) && !run.confirmDeletes) return tally.heldBack(count.gone)

    const removeBatch = Effect.fnUntraced(function* (batch: Arr.NonEmptyReadonlyArray<Known>) {
      if (run.stopped()) return batch
      // A file that comes back is sent again, also where nobody hears that its object was removed.
      yield* book.settle({ ...nothing, inDoubt: batch.map(({ id }) => id) })
      const outcomes = yield* removeAll(
        Arr.map(batch, (one) => ({
          key: sourceKey(one.uri),
          objectId: Option.filter(Option.fromUndefinedOr(one.objectId), () => names(one))
        }))
      )
      const removed: Array<string> = []
      const refused: Array<Known> = []
      for (const [i, known] of batch.entries()) {
        const outcome = outcomes[i] ?? unanswered
        tally.listed(1)
        tally.settled(known.uri, outcome, undefined)
        if (outcome._tag === "Removed") removed.push(known.id)
        else refused.push(known)
      }
      yield* book.settle({ ...nothing, removed })
      yield* publish(Event.cases.Settled.make({ files: batch.length }))
      return refused
    })

    const left = new Set<string>()
    while (true) {
      const page = yield* book.gone(pageSize + left.size)
      const todo = page.filter(({ id }) => !left.has(id))
      if (todo.length === 0) return
      const refused = yield* Effect.forEach(Arr.chunksOf(todo, sink.limits.maxRecords), removeBatch, {
        concurrency: sink.limits.maxInFlight
      })
      for (const { id } of refused.flat()) left.add(id)
    }
  })

  const superseded = Effect.gen(function* () {
    const left = new Set<string>()
    while (!run.stopped()) {
      const page = yield* book.superseded(pageSize + left.size)
      const todo = page.filter(({ objectId }) => !left.has(objectId))
      // One object of a file at a time: answers name the file.
      const batch = [...new Map(todo.map((one) => [one.uri, one])).values()].slice(0, sink.limits.maxRecords)
      if (!Arr.isArrayNonEmpty(batch)) return
      const outcomes = yield* removeAll(
        Arr.map(batch, ({ objectId, uri }) => ({ key: sourceKey(uri), objectId: Option.some(objectId) }))
      )
      const cleared: Array<string> = []
      for (const [i, { objectId }] of batch.entries()) {
        if (outcomes[i]?._tag === "Removed") cleared.push(objectId)
        else left.add(objectId)
      }
      yield* book.settle({ ...nothing, cleared })
    }
  })

  return {
    superseded: Effect.withSpan(superseded, "Pipeline.removeSuperseded"),
    gone
  }
}
