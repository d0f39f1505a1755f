/**
 * A run: what an earlier one left open is resolved; an unfinished sweep goes on, or changes are followed from where the last
 * run left off, or everything is swept; then what is gone is removed.
 */
import { Effect, Option } from "effect"
import * as Filter from "../Filter.ts"
import type { Prepared } from "../Sink.ts"
import type { SourceError } from "../Source.ts"
import * as Pass from "./pass.ts"
import * as Processing from "./processing.ts"
import * as Removal from "./removal.ts"
import * as Replay from "./replay.ts"
import * as Resolution from "./resolution.ts"
import type { Engine, Failure } from "./run.ts"

export const make =
  <O, P extends Prepared, RS, RM, RK>(parts: Pass.Parts<O, P, RS, RM, RK>): Engine<RS | RM | RK> =>
  (context) =>
    Effect.gen(function* () {
      const { filter, map, removes, sink, source, updates } = parts
      const processing = yield* Processing.make(sink, context)
      const { book } = processing
      const run = { ...context, book }
      const { tally } = run
      const take = Pass.make(parts, run)
      const remove = Removal.make(sink, run)
      const wanted = { attributes: map.attributes, pathPrefixes: Filter.pathPrefixes(filter) }
      const asked = JSON.stringify([filter.key, [...map.attributes].toSorted()])
      const beginSweep = book.beginSweep({ tracks: removes, asked })

      /** Takes note of how a pass ended. True where it is complete. */
      const conclude = Effect.fnUntraced(function* (kind: "sweep" | "follow", { incomplete, settled }: Pass.Ended) {
        if (!settled) {
          tally.pass({ kind, ended: "unfinished" })
          return false
        }
        if (incomplete !== undefined) {
          tally.pass({ kind, ended: "incomplete", message: incomplete.message })
          // The cursors say that everything was listed, and it was not.
          yield* beginSweep
          return false
        }
        if (kind === "sweep") yield* book.completeSweep
        tally.pass({ kind, ended: "complete" })
        return true
      })

      /**
       * Nothing is concluded from a source in which there is nothing at all, where there was something, before a person has
       * looked at it: every run sweeps it until then.
       */
      const isHeldBack = Effect.fnUntraced(function* ({ incomplete, settled }: Pass.Ended) {
        if (!removes || run.confirmDeletes || incomplete !== undefined || !settled) return false
        const { known } = yield* book.count
        if (known === 0) return false
        tally.pass({ kind: "sweep", ended: "complete" })
        tally.heldBack(known)
        yield* beginSweep
        return true
      })

      /** A sweep that went on from where an earlier run stood named nothing more, and neither did what followed. */
      let seemsEmpty = false

      /** Everything, from where an unfinished sweep stands, or from the beginning. */
      const sweep = Effect.gen(function* () {
        const before = yield* book.position
        const goesOn = !before.swept && before.sweep.length > 0 && before.asked === asked && !run.sweeps
        if (!goesOn) yield* beginSweep
        const ended = yield* take(
          source.sweep({ ...wanted, resume: goesOn ? [...before.sweep, ...before.follow] : [] }),
          { isLast: Option.isNone(source.follow), tracks: goesOn ? before.tracks : removes, replays: false }
        )
        const foundNothing = ended.named === 0
        seemsEmpty = foundNothing && goesOn
        return foundNothing && !goesOn && (yield* isHeldBack(ended)) ? false : yield* conclude("sweep", ended)
      })

      /** What changed since the ledger's positions, where there are any. */
      const follow = Effect.gen(function* () {
        const { follow: since } = yield* book.position
        if (Option.isNone(source.follow) || since.length === 0) return true
        const { containers } = book
        const ended = yield* take(source.follow.value({ ...wanted, since, containers }), {
          isLast: true,
          tracks: removes,
          replays: false
        })
        if (ended.named > 0) seemsEmpty = false
        return yield* conclude("follow", ended)
      })

      /** True where everything was said and is settled. */
      const takeAll = Effect.gen(function* () {
        const before = yield* book.position
        if (before.swept && before.follow.length > 0 && before.asked === asked && !run.sweeps) {
          const followed = yield* follow.pipe(
            Effect.asSome,
            Effect.catchIf(isExpired, (error) => {
              tally.pass({ kind: "follow", ended: "expired", message: error.message })
              return Effect.as(beginSweep, Option.none<boolean>())
            })
          )
          if (Option.isSome(followed)) return followed.value
        }
        return (yield* sweep) && !run.stopped() && (yield* follow)
      })

      if (Option.isSome(sink.staging)) yield* sink.staging.value.open(run)
      yield* Resolution.make(sink, updates, run)
      if (Option.isSome(run.replay)) {
        yield* take(Replay.pages(source, run.replay.value, book), { isLast: true, tracks: false, replays: true })
        if (run.stopped()) return
        yield* remove.superseded
        return yield* processing.finish
      }
      const isWhole = yield* takeAll
      if (run.stopped()) return
      yield* remove.superseded
      if (isWhole && removes) yield* remove.gone(seemsEmpty)
      if (isWhole && Option.isSome(sink.staging)) yield* Resolution.over(book)
      yield* processing.finish
    }).pipe(Effect.scoped)

const isExpired = (error: Failure): error is SourceError =>
  error._tag === "SourceError" && error.reason._tag === "Expired"
