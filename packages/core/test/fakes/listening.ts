/** A ledger in memory that lets a test look into the book while a run has it. */
import { Effect } from "effect"
import * as Memory from "../../src/internal/memoryLedger.ts"
import { type Book, type Intent, type Known, Ledger, type Settlement } from "../../src/Ledger.ts"

export const make = () => {
  const memory = Memory.make()
  const settlements: Array<Settlement> = []
  let book: Book | undefined
  const ledger = Ledger.of({
    ...memory,
    open: (run) =>
      Effect.map(memory.open(run), (opened) => {
        book = opened
        return {
          ...opened,
          settle: (settlement) =>
            Effect.tap(opened.settle(settlement), () => Effect.sync(() => settlements.push(settlement)))
        }
      })
  })
  const look = <A, E>(f: (book: Book) => Effect.Effect<A, E>, none: A) =>
    Effect.suspend(() => (book === undefined ? Effect.succeed(none) : Effect.orDie(f(book))))
  return {
    ledger,
    settlements,
    intents: look((one) => one.intents(100), [] as ReadonlyArray<Intent>),
    known: (...ids: ReadonlyArray<string>) => look((one) => one.known(ids), new Map<string, Known>())
  }
}
