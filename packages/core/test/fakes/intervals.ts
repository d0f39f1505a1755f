/** A ledger in memory that looks for intervals of ids, as one does that has files in the order of their ids. */
import { Effect } from "effect"
import * as Memory from "../../src/internal/memoryLedger.ts"
import type { Book, Interval, Ledger, Settlement } from "../../src/Ledger.ts"

const withIntervals = (book: Book, hear: (settlement: Settlement) => void): Book => {
  const between = ({ first, last }: Interval) =>
    Effect.map(book.list(Number.MAX_SAFE_INTEGER), (all) =>
      all.filter(({ gone, id }) => !gone && id >= first && id <= last)
    )
  return {
    ...book,
    compare: (files) =>
      Effect.gen(function* () {
        const { known } = yield* book.compare(files)
        const ids = files.map(({ id }) => id).toSorted()
        const interval = { first: ids[0] ?? "", last: ids.at(-1) ?? "" }
        const found = yield* between(interval)
        const isWhole = found.length > 0 && found.every(({ id }) => ids.includes(id))
        return { known, interval: isWhole ? interval : undefined }
      }),
    settle: (settlement) =>
      Effect.gen(function* () {
        hear(settlement)
        const named = yield* Effect.forEach(settlement.named, between)
        yield* book.settle({ ...settlement, named: [], seen: [...named.flat(), ...settlement.seen] })
      })
  }
}

/** `hear`: what is settled. */
export const make = (hear: (settlement: Settlement) => void = () => {}): Ledger["Service"] => {
  const memory = Memory.make()
  return { ...memory, open: (run) => Effect.map(memory.open(run), (book) => withIntervals(book, hear)) }
}
