/**
 * A run: an unfinished sweep goes on, or changes are followed from where the last one left off, or everything is swept;
 * then what is gone is removed.
 */
import { Effect, Option } from "effect"
import { Ledger } from "../Ledger.ts"
import * as Filter from "../Filter.ts"
import type { Prepared } from "../Sink.ts"
import type { FollowOptions, SourceError } from "../Source.ts"
import * as Pass from "./pass.ts"
import * as Removal from "./removal.ts"
import type { Engine, Failure } from "./run.ts"

export const make =
  <O, P extends Prepared, RS, RM, RK>(parts: Pass.Parts<O, P, RS, RM, RK>): Engine<RS | RM | RK> =>
  (run) =>
    Effect.gen(function* () {
      const { filter, map, removes, sink, source } = parts
      const { pipeline, tally } = run
      const ledger = yield* Ledger
      const take = Pass.make(parts, run)
      const remove = Removal.make(sink, run)
      const asked = { attributes: map.attributes, pathPrefixes: Filter.pathPrefixes(filter) }
      let foundNothing = false

      /** Everything, from where an unfinished sweep stands, or from the beginning. True when the sweep is complete. */
      const sweep = Effect.gen(function* () {
        const position = yield* ledger.position(pipeline)
        const goesOn = !position.swept && position.sweep.length > 0
        if (!goesOn) yield* ledger.beginSweep(pipeline, { tracks: removes })
        const ended = yield* take(
          source.sweep({ ...asked, resume: goesOn ? [...position.sweep, ...position.follow] : [] }),
          { isLast: Option.isNone(source.follow), tracks: goesOn ? position.tracks : removes }
        )
        foundNothing = !goesOn && ended.named === 0
        return yield* conclude("sweep", ended, ledger.completeSweep(pipeline))
      })

      /** What changed since then. True when all of it is settled. */
      const follow = <E>(
        changes: (options: FollowOptions<Failure>) => Parameters<typeof take>[0],
        since: FollowOptions<E>["since"]
      ) =>
        Effect.gen(function* () {
          const containers = (ids: ReadonlyArray<string>) => ledger.containers(pipeline, ids)
          const ended = yield* take(changes({ ...asked, since, containers }), { isLast: true, tracks: removes })
          return yield* conclude("follow", ended, Effect.void)
        })

      const conclude = Effect.fnUntraced(function* <E>(
        kind: "sweep" | "follow",
        { incomplete, settled }: Pass.Ended,
        complete: Effect.Effect<void, E>
      ) {
        if (!settled) {
          tally.pass({ kind, ended: "unfinished" })
          return false
        }
        if (incomplete !== undefined) {
          tally.pass({ kind, ended: "incomplete", message: incomplete.message })
          // The cursors say that everything was listed, and it was not.
          yield* ledger.beginSweep(pipeline, { tracks: removes })
          return false
        }
        yield* complete
        tally.pass({ kind, ended: "complete" })
        return true
      })

      /** Where changes can no longer be followed, everything is swept, and followed from there. */
      const takeAll = Effect.gen(function* () {
        const before = yield* ledger.position(pipeline)
        if (Option.isNone(source.follow)) return yield* sweep
        const changes = source.follow.value
        if (before.swept && before.follow.length > 0) {
          const followed = yield* follow(changes, before.follow).pipe(
            Effect.asSome,
            Effect.catchIf(isExpired, (error) => {
              tally.pass({ kind: "follow", ended: "expired", message: error.message })
              return Effect.succeedNone
            })
          )
          if (Option.isSome(followed)) return followed.value
          yield* ledger.beginSweep(pipeline, { tracks: removes })
        }
        if (!(yield* sweep) || run.stopped()) return false
        const { follow: since } = yield* ledger.position(pipeline)
        return since.length === 0 || (yield* follow(changes, since))
      })

      if ((yield* takeAll) && removes && !run.stopped()) yield* remove(foundNothing)
    })

const isExpired = (error: Failure): error is SourceError =>
  error._tag === "SourceError" && error.reason._tag === "Expired"
