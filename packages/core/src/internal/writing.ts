/**
 * What is written to the ledger while pages are taken: one settlement after the other, because a cursor that passes a page
 * must not be stored before the outcomes of that page are.
 */
import { Effect, Semaphore } from "effect"
import type { Page } from "../Change.ts"
import { type Book, nothing, type Settlement } from "../Ledger.ts"
import type { LedgerError } from "../LedgerError.ts"
import type { Frontier } from "./frontier.ts"

export interface Writing {
  /** What is written at once, with the cursors that may move. */
  readonly write: (settlement: () => Partial<Settlement>) => Effect.Effect<void, LedgerError>
  /**
   * Keeps where the containers of a page are, before there is anything in them: when one is gone, what is below it is found
   * by the containers between, and the run may end when files far below are delivered and this page is not settled. No state
   * of a container is settled by that; where it was there before, the one that was stays.
   */
  readonly nest: (page: Page) => Effect.Effect<void, LedgerError>
}

/** `frontier`: where cursors move at all. */
export const make = (book: Book, frontier: Frontier | undefined): Effect.Effect<Writing> =>
  Effect.map(Semaphore.make(1), (oneAtATime): Writing => {
    const flush = (settlement: Partial<Settlement>) => {
      const all = { ...nothing, ...settlement, ...frontier?.advanced() }
      return Object.values(all).every((part) => part.length === 0) ? Effect.void : book.settle(all)
    }
    const keep = Effect.fnUntraced(function* (containers: Settlement["containers"]) {
      yield* flush({})
      const known = yield* book.containers(containers.map(({ id }) => id))
      yield* book.settle({
        ...nothing,
        // One that is as it was is written too: a sweep has named it.
        containers: containers.map((one) => {
          const before = known.get(one.id)
          return before !== undefined && before.within === one.within ? before : { ...one, state: "" }
        })
      })
    })
    /** Whole, also where the run is stopped meanwhile: what was given out as settled is, or cursors pass what is not. */
    const whole = (writing: Effect.Effect<void, LedgerError>) =>
      Semaphore.withPermit(oneAtATime, Effect.uninterruptible(writing))
    return {
      write: (settlement) => whole(Effect.suspend(() => flush(settlement()))),
      nest: ({ containers = [] }) => {
        const nested = containers.filter(({ within }) => within !== undefined)
        return nested.length === 0 ? Effect.void : whole(keep(nested))
      }
    }
  })
