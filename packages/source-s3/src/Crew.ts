/**
 * How many hands a listing has: more while this process waits for answers, and not for itself, nor for whoever takes the pages.
 * One more hand than is of use holds a page that nobody takes.
 */
import { Clock, Effect } from "effect"

/** Hands of a listing that has just begun. */
const atFirst = 4
/** Milliseconds between two looks at how busy the process is: answers come in bursts, and in between nothing can be told. */
const lookEvery = 50
/** A process that is busy for less than this share of the time can do more. */
const idleBelow = 0.7

export interface Crew {
  readonly hands: () => number
  /** A hand could not get rid of its page for so many milliseconds. */
  readonly held: (millis: number) => void
  /** All hands have something to do: looks whether twice as many would have. */
  readonly grow: Effect.Effect<void>
}

/** Milliseconds of a core that this process has used. */
const cpuOfProcess = (): number => {
  const { system, user } = process.cpuUsage()
  return (system + user) / 1000
}

/** `most`: hands that there are ever to be. */
export const make = Effect.fnUntraced(function* (most: number, cpu = cpuOfProcess): Effect.fn.Return<Crew> {
  let hands = Math.min(atFirst, most)
  let lookedAt = yield* Clock.currentTimeMillis
  let before = cpu()
  let heldMillis = 0
  return {
    hands: () => hands,
    held: (millis) => {
      heldMillis += millis
    },
    grow: Effect.map(Clock.currentTimeMillis, (now) => {
      const elapsed = now - lookedAt
      if (elapsed < lookEvery) return
      const isIdle = cpu() - before < elapsed * idleBelow
      const isTaken = heldMillis / hands < elapsed * idleBelow
      if (isIdle && isTaken) hands = Math.min(2 * hands, most)
      lookedAt = now
      before = cpu()
      heldMillis = 0
    })
  }
})
