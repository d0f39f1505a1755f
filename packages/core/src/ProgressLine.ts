/**
 * A run's progress for people: one line that renews itself on a terminal, plain lines elsewhere. Always on standard
 * error, so that standard output stays free for data.
 */
import { Duration, Effect, Fiber, Schedule, Stdio, Stream } from "effect"
import type { Run } from "./Pipeline.ts"
import type { Snapshot } from "./Progress.ts"

/** Where a run stood before, for its rate. */
interface Sample {
  readonly seconds: number
  readonly discovered: number
}

/** Files a second between two moments of a run; 0 where no time has passed. */
export const rateOf = (before: Sample, now: Sample): number =>
  now.seconds > before.seconds ? (now.discovered - before.discovered) / (now.seconds - before.seconds) : 0

/**
 * `photos: 12,300 of 20,000 files, 950/s, 8 s left; created 12,000, rejected 3`. While the listing goes on the total is
 * not known: `of 20,000+ files`, and no time left.
 */
export const render = (snapshot: Snapshot, rate: number): string => {
  const count = (n: number) => n.toLocaleString("en-US")
  const left = snapshot.listed - snapshot.discovered
  const time = snapshot.listingEnded && rate > 0 && left > 0 ? `, ${duration(left / rate)} left` : ""
  const outcomes = (["created", "updated", "unchanged", "filtered", "skipped", "rejected", "removed"] as const)
    .filter((column) => snapshot[column] > 0)
    .map((column) => `${column} ${count(snapshot[column])}`)
  return (
    `${snapshot.pipeline}: ${count(snapshot.discovered)} of ${count(snapshot.listed)}${snapshot.listingEnded ? "" : "+"} files` +
    `, ${rate >= 10 ? count(Math.round(rate)) : rate.toFixed(1)}/s${time}` +
    (outcomes.length === 0 ? "" : `; ${outcomes.join(", ")}`)
  )
}

const duration = (seconds: number): string => {
  const s = Math.ceil(seconds)
  if (s < 60) return `${s} s`
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`
}

const clearLine = "\r\u001B[2K"
/** A rate over this many samples is steady enough to read and quick enough to be true. */
const window = 20

/**
 * Shows a run until it ends. On a terminal the line is renewed four times a second; elsewhere a line is written every
 * ten seconds. Problems of standard error are not the run's: they end the line, silently.
 */
export const follow = (run: Run): Effect.Effect<void, never, Stdio.Stdio> =>
  Effect.gen(function* () {
    const stdio = yield* Stdio.Stdio
    const isTerminal = yield* stdio.stderrIsTerminal
    const samples: Array<Sample> = []
    const write = (text: string) => Stream.run(Stream.succeed(text), stdio.stderr({ endOnDone: false }))
    const show = Effect.gen(function* () {
      const snapshot = yield* run.snapshot
      samples.push(snapshot)
      if (samples.length > window) samples.shift()
      const line = render(
        snapshot,
        rateOf(samples.length > 1 ? (samples[0] ?? snapshot) : { seconds: 0, discovered: 0 }, snapshot)
      )
      yield* write(isTerminal ? clearLine + line : `${line}\n`)
    })
    const ticks = yield* Effect.forkChild(Effect.repeat(Effect.delay(show, pause(isTerminal)), Schedule.forever))
    yield* Stream.runDrain(run.progress)
    yield* Fiber.interrupt(ticks)
    yield* show
    if (isTerminal) yield* write("\n")
  }).pipe(Effect.ignore)

const pause = (isTerminal: boolean) => (isTerminal ? Duration.millis(250) : Duration.seconds(10))
