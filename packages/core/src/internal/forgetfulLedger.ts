/** A ledger that knows nothing, and answers as one that is always new; what is to be processed it knows as long as the run goes on. */
import { Effect } from "effect"
import type { Book, Ledger, Settlement } from "../Ledger.ts"
import * as MemoryJobs from "./memoryJobs.ts"

const bookOf = (hear: (settlement: Settlement) => void, jobs: MemoryJobs.MemoryJobs): Book => ({
  hold: Effect.void,
  paused: Effect.never,
  position: Effect.succeed({ swept: false, tracks: false, asked: "", sweep: [], follow: [] }),
  beginSweep: () => Effect.void,
  known: () => Effect.succeed(new Map()),
  compare: (files) => Effect.sync(() => ({ known: files.map(() => undefined), interval: undefined })),
  list: () => Effect.succeed([]),
  containers: () => Effect.succeed(new Map()),
  intend: () => Effect.void,
  intents: () => Effect.succeed([]),
  settle: (settlement) =>
    Effect.sync(() => {
      jobs.write(settlement, [])
      hear(settlement)
    }),
  completeSweep: Effect.void,
  gone: () => Effect.succeed([]),
  superseded: () => Effect.succeed([]),
  count: Effect.succeed({ known: 0, gone: 0 }),
  jobs,
  end: () => Effect.void
})

export const make = (hear: (settlement: Settlement) => void = () => {}): Ledger["Service"] => ({
  open: () => Effect.sync(() => bookOf(hear, MemoryJobs.make())),
  pause: () => Effect.void,
  resume: () => Effect.void,
  deadLetters: () => Effect.succeed([]),
  discard: () => Effect.succeed(0),
  unprocessed: () => Effect.succeed([]),
  reprocess: () => Effect.succeed(0),
  runs: () => Effect.succeed([])
})
