/**
 * Objects of files that are gone are removed at the end of a run, when everything that was named is settled; held back
 * where they are suspiciously many.
 */
import { Array as Arr, Effect, Option } from "effect"
import { type Known, Ledger } from "../Ledger.ts"
import { sourceKey } from "../Lineage.ts"
import { Rejected } from "../Outcome.ts"
import { Event } from "../Progress.ts"
import type { Answer, Prepared, Removal, Sink, SinkError } from "../Sink.ts"
import type { LedgerError } from "../Ledger.ts"
import type { RunContext } from "./run.ts"

/** Up to so many, removals are never held back. */
const alwaysAllowed = 10
/** Beyond that, they are where they are more than this share of what is known. */
const shareAllowed = 0.1
/** Files that are looked up at a time. */
const pageSize = 1000

/** What a misread listing, an expired permission or a changed prefix looks like: confirmed by a person, or not done. */
const isSuspicious = (count: { readonly known: number; readonly gone: number }, foundNothing: boolean): boolean =>
  (count.gone > alwaysAllowed && count.gone > count.known * shareAllowed) || (foundNothing && count.gone > 0)

const unanswered = Rejected.make({
  cause: { code: "no-answer", message: "the sink does not say what became of its removal; a later run tries again" }
})

/** Removes what is gone. `foundNothing`: the run swept the source and found no file at all. */
export const make =
  <O, P extends Prepared, R>(sink: Sink<O, P, R>, run: RunContext) =>
  (foundNothing: boolean): Effect.Effect<void, SinkError | LedgerError, R | Ledger> =>
    Effect.gen(function* () {
      const { pipeline, publish, runId, tally } = run
      const ledger = yield* Ledger
      const count = yield* ledger.count(pipeline)
      if (count.gone === 0) return
      if (isSuspicious(count, foundNothing) && !run.confirmDeletes) return tally.heldBack(count.gone)

      const removal = ({ objectId, uri }: Known): Removal => ({
        key: sourceKey(uri),
        objectId: Option.fromUndefinedOr(objectId)
      })

      const removeBatch = Effect.fnUntraced(function* (batch: Arr.NonEmptyReadonlyArray<Known>) {
        if (run.stopped()) return batch
        const answers = yield* sink.remove(Arr.map(batch, removal))
        const byKey = new Map<string, Answer>(answers.map((answer) => [answer.key, answer]))
        const removed: Array<string> = []
        const refused: Array<Known> = []
        for (const known of batch) {
          const answer = byKey.get(sourceKey(known.uri))
          const outcome = answer?._tag === "Settled" ? answer.outcome : unanswered
          tally.listed(1)
          tally.settled(known.uri, outcome, undefined)
          if (outcome._tag === "Removed") removed.push(known.id)
          else refused.push(known)
        }
        yield* ledger.settle({ pipeline, runId, files: [], removed, seen: [], gone: [], containers: [], cursors: [] })
        yield* publish(Event.cases.Settled.make({ files: batch.length }))
        return refused
      })

      const left = new Set<string>()
      while (true) {
        const page = yield* ledger.gone(pipeline, pageSize + left.size)
        const todo = page.filter(({ id }) => !left.has(id))
        if (todo.length === 0) return
        const refused = yield* Effect.forEach(Arr.chunksOf(todo, sink.limits.maxRecords), removeBatch, {
          concurrency: sink.limits.maxInFlight
        })
        for (const { id } of refused.flat()) left.add(id)
      }
    }).pipe(Effect.withSpan("Pipeline.remove", { attributes: { pipeline: run.pipeline } }))
