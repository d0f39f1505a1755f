/** The faults in force: which of them strike a request, and how often each kind has struck. */
import { Effect } from "effect"
import { type Frequency, striker } from "./frequency.ts"

/** What a test does with faults. */
export interface FaultControls<Fault> {
  /** Replaces all faults in force. The seed (1 by default) decides which requests a `fraction` strikes. */
  readonly set: (faults: ReadonlyArray<Fault>, options?: { readonly seed?: number }) => Effect.Effect<void>
  readonly clear: Effect.Effect<void>
  /** How often each kind of fault has struck, by its tag. */
  readonly struck: Effect.Effect<Readonly<Record<string, number>>>
}

interface Tagged extends Frequency {
  readonly _tag: string
}

/** What a stand-in does with them. */
export interface FaultRules<Fault extends Tagged> {
  readonly controls: FaultControls<Fault>
  readonly inForce: () => ReadonlyArray<Fault>
  /** The faults that strike now, of those that match; they are counted. */
  readonly strike: (matches: (fault: Fault) => boolean) => ReadonlyArray<Fault>
  /** Counts what strikes in a way of its own. */
  readonly count: (tag: Fault["_tag"], times: number) => void
}

/** `drawsFor` gives the draws of the fault with this number: each has its own, whatever the others strike. */
export const makeFaultRules = <Fault extends Tagged>(
  drawsFor: (seed: number, index: number) => () => number,
  whenSet: (faults: ReadonlyArray<Fault>) => void = () => {}
): FaultRules<Fault> => {
  let rules: ReadonlyArray<{ readonly fault: Fault; readonly strikes: () => boolean }> = []
  const counts: Record<string, number> = {}
  const set = (faults: ReadonlyArray<Fault>, seed: number) => {
    rules = faults.map((fault, index) => ({ fault, strikes: striker(fault, drawsFor(seed, index)) }))
    whenSet(faults)
  }
  const count = (tag: Fault["_tag"], times: number) => {
    counts[tag] = (counts[tag] ?? 0) + times
  }
  return {
    controls: {
      set: (faults, { seed = 1 } = {}) => Effect.sync(() => set(faults, seed)),
      clear: Effect.sync(() => set([], 1)),
      struck: Effect.sync(() => ({ ...counts }))
    },
    inForce: () => rules.map(({ fault }) => fault),
    strike: (matches) => {
      const struck = rules.filter(({ fault, strikes }) => matches(fault) && strikes()).map(({ fault }) => fault)
      for (const { _tag } of struck) count(_tag, 1)
      return struck
    },
    count
  }
}
