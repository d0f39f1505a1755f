/** A ledger that knows nothing, and answers as one that is always new. */
import { Effect } from "effect"
import type { Book, Ledger, Settlement } from "../Ledger.ts"

const bookOf = (hear: (settlement: Settlement) => void): Book => ({
  hold: Effect.void,
  paused: Effect.never,
  position: Effect.succeed({ swept: false, tracks: false, asked: "", sweep: [], follow: [] }),
  beginSweep: () => Effect.void,
  known: () => Effect.succeed(new Map()),
  compare: (files) =>
    Effect.sync(() => ({ others: new Map(files.map(({ id }) => [id, undefined])), interval: undefined })),
  list: () => Effect.succeed([]),
  containers: () => Effect.succeed(new Map()),
  intend: () => Effect.void,
  intents: () => Effect.succeed([]),
  settle: (settlement) => Effect.sync(() => hear(settlement)),
  completeSweep: Effect.void,
  gone: () => Effect.succeed([]),
  superseded: () => Effect.succeed([]),
  count: Effect.succeed({ known: 0, gone: 0 }),
  end: () => Effect.void
})

export const make = (hear: (settlement: Settlement) => void = () => {}): Ledger["Service"] => {
  const book = bookOf(hear)
  return {
    open: () => Effect.succeed(book),
    pause: () => Effect.void,
    resume: () => Effect.void,
    deadLetters: () => Effect.succeed([]),
    discard: () => Effect.succeed(0),
    runs: () => Effect.succeed([])
  }
}
