/**
 * What became of files that an earlier run sent and heard nothing of: found out before anything is sent again.
 */
import { Array as Arr, Clock, Effect, Option } from "effect"
import { nothing } from "../Ledger.ts"
import type { LedgerError } from "../LedgerError.ts"
import { sourceKey } from "../Lineage.ts"
import type { Prepared, Sink, SinkError } from "../Sink.ts"
import * as Earlier from "./earlier.ts"
import { noState } from "./noState.ts"
import type { Updates } from "./pass.ts"
import type { RunContext } from "./run.ts"

/** Files that are asked for at a time. */
const pageSize = 1000
/** No request takes longer, in milliseconds: an answer that did not come by then was lost. */
const longestRequest = 5 * 60_000

/**
 * Settles the intents that earlier runs left: what arrived is known from here on, what did not is sent again. Where sending
 * again is harmless, nobody asks.
 */
export const make = <O, P extends Prepared, R>(
  sink: Sink<O, P, R>,
  updates: Updates,
  { book }: Pick<RunContext, "book">
): Effect.Effect<void, SinkError | LedgerError, R> =>
  Effect.gen(function* () {
    while (true) {
      const intents = yield* book.intents(pageSize)
      if (!Arr.isReadonlyArrayNonEmpty(intents)) return
      yield* book.hold
      if (Option.isNone(sink.find)) {
        yield* book.settle({ ...nothing, unsure: intents, inDoubt: intents.map(({ id }) => id) })
        continue
      }
      const earlier = yield* Earlier.objects(
        book,
        Arr.map(intents, ({ uri }) => uri)
      )
      const now = yield* Clock.currentTimeMillis
      const found = yield* sink.find.value(
        Arr.map(intents, ({ replaces, sentAt, token, uri }) => ({
          key: sourceKey(uri),
          token,
          replaces: [...(replaces === undefined ? [] : [replaces]), ...(earlier.get(sourceKey(uri)) ?? [])],
          lostAt: Math.min(now, sentAt + longestRequest)
        }))
      )
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
        missed: intents.flatMap(({ id }) => (there.has(id) ? [] : [id])),
        // An object that was about to be removed does not stay, if it is still there.
        superseded: arrived.flatMap(({ intent: { id, replaces, uri } }) =>
          replaces !== undefined && (updates === "replace" || before.get(id)?.token === noState)
            ? [{ uri, objectId: replaces }]
            : []
        )
      })
    }
  }).pipe(Effect.withSpan("Pipeline.resolve"))
