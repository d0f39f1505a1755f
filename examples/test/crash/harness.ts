/**
 * Kills a run at random instants, again and again, while the source changes and answers are lost; then lets it end, and looks
 * at what is in the bucket.
 */
import * as Crash from "@sluice/testkit/crash"
import { Effect, Fiber, Random } from "effect"
import { fileURLToPath } from "node:url"
import { postgres, type Variant, make } from "./world.ts"

export interface Options {
  readonly runs: number
  readonly seed: number
  /** Files at the source of each run. */
  readonly files: number
  /** Files are uploaded in every second run of each kind of bucket and ledger. */
  readonly uploads: boolean
  /** Objects are processed in every second run of each kind. */
  readonly processing: boolean
  /** Hears of each run. */
  readonly onRun?: (result: Result & Variant & { readonly run: number }) => Effect.Effect<void>
}

/** What came of one run, or of all. Everything but `runs`, `kills`, `attempts`, `edits` and `stranded` should be 0. */
export interface Result {
  readonly runs: number
  readonly kills: number
  /** Processes that were started. */
  readonly attempts: number
  readonly edits: number
  readonly lost: number
  readonly doubled: number
  /** Objects of files that are gone. */
  readonly left: number
  /** Uploads that no object uses, but for `stranded`. */
  readonly orphans: number
  /**
   * Uploads that no object uses because a run was killed between confirming them and making their objects, and their files changed
   * before the next run: the API takes them back no more. Said in reports, and not 0.
   */
  readonly stranded: number
  /** Objects that are there and were never processed, and batches that were made and never submitted. */
  readonly forgotten: number
  /** Objects that were processed again although nothing of them had changed. */
  readonly reprocessed: number
  /** Files that a stored cursor had passed without their state being settled. */
  readonly frontierAhead: number
  /** Ledgers that were damaged, or held something open at the end. */
  readonly unclean: number
  /** Answers of the stand-in that broke the API's description. */
  readonly violations: number
}

export const nothing: Result = {
  runs: 0,
  kills: 0,
  attempts: 0,
  edits: 0,
  lost: 0,
  doubled: 0,
  left: 0,
  orphans: 0,
  stranded: 0,
  forgotten: 0,
  reprocessed: 0,
  frontierAhead: 0,
  unclean: 0,
  violations: 0
}

const sum = (a: Result, b: Result): Result => ({
  runs: a.runs + b.runs,
  kills: a.kills + b.kills,
  attempts: a.attempts + b.attempts,
  edits: a.edits + b.edits,
  lost: a.lost + b.lost,
  doubled: a.doubled + b.doubled,
  left: a.left + b.left,
  orphans: a.orphans + b.orphans,
  stranded: a.stranded + b.stranded,
  forgotten: a.forgotten + b.forgotten,
  reprocessed: a.reprocessed + b.reprocessed,
  frontierAhead: a.frontierAhead + b.frontierAhead,
  unclean: a.unclean + b.unclean,
  violations: a.violations + b.violations
})

/** Runs of the program that are killed, at most, before one is left to end. */
const mostKills = 5
/** The program is up after some half a second, and done after two or three. */
const longestLife = 3000
const mostAttempts = 60

const ledgers = postgres === undefined ? (["sqlite"] as const) : (["sqlite", "postgres"] as const)

const variants = (uploads: boolean, processing: boolean): ReadonlyArray<Variant> => {
  const kinds = [false, true].flatMap((upserts) => ledgers.map((ledger) => ({ ledger, upserts })))
  const either = (given: boolean) => (given ? [false, true] : [false])
  return either(uploads).flatMap((uploaded) =>
    either(processing).flatMap((processed) =>
      kinds.map((kind) => ({ ...kind, uploads: uploaded, processing: processed }))
    )
  )
}

const one = Effect.fnUntraced(function* (variant: Variant, files: number, draw: () => number) {
  const world = yield* make(variant, files, draw)
  const program = { args: [fileURLToPath(new URL("program.ts", import.meta.url))], env: world.env }
  let found = { ...nothing, runs: 1 }
  /** The sweep that goes on, and the last edit before it began. */
  let sweep = { number: 0, since: 0 }

  /** One process, killed after so long; answers whether it ended well. */
  const attempt = Effect.fnUntraced(function* (life: number) {
    const before = world.now()
    const ended = yield* Crash.run(program, Effect.sleep(life))
    found = sum(found, { ...nothing, attempts: 1, kills: ended._tag === "Killed" ? 1 : 0 })
    const number = yield* world.sweep
    if (number !== sweep.number) sweep = { number, since: before + 1 }
    found = sum(found, { ...nothing, frontierAhead: yield* world.aheadOfSettlement(sweep.since) })
    if (ended._tag === "Killed") return false
    // Another run has the book until its lease ends; whatever else it fails with was done to it.
    if (ended.code !== 0) yield* Effect.sleep(100)
    return ended.code === 0
  })

  const editing = yield* Effect.forkChild(
    Effect.forever(
      Effect.andThen(
        Effect.suspend(() => Effect.sleep(draw() * 200)),
        world.edit
      )
    )
  )
  const kills = Math.ceil(draw() * mostKills)
  for (let tries = 0; found.kills < kills && tries < mostAttempts; tries++) yield* attempt(200 + draw() * longestLife)
  yield* Fiber.interrupt(editing)
  for (let i = 0; i < 20; i++) yield* world.edit

  const untilComplete = Effect.fnUntraced(function* () {
    for (let tries = 0; tries < mostAttempts; tries++) if (yield* attempt(120_000)) return
    return yield* Effect.die(`the program did not end well in ${mostAttempts} attempts`)
  })
  // A sweep that went on may have passed what was edited since: the next one is whole.
  yield* untilComplete()
  const early = yield* world.compareWithSource(1 + files)
  yield* untilComplete()
  const late = yield* world.compareWithSource(Number.POSITIVE_INFINITY)
  return sum(found, {
    ...nothing,
    edits: world.now() - files,
    lost: early.lost + late.lost,
    doubled: late.doubled,
    left: late.left,
    ...(yield* world.uploads),
    ...(yield* world.processing),
    unclean: (yield* world.isClean) ? 0 : 1,
    violations: (yield* world.violations).length
  })
})

/** All runs, one after the other. */
export const crash = Effect.fnUntraced(function* ({ files, onRun, processing, runs, seed, uploads }: Options) {
  let total = nothing
  const kinds = variants(uploads, processing)
  for (let run = 0; run < runs; run++) {
    // All of them before any comes again, and those that are far apart one after the other.
    const variant = kinds[(run * 7) % kinds.length] ?? {
      ledger: "sqlite",
      upserts: false,
      uploads: false,
      processing: false
    }
    const random = yield* Random.Random.pipe(Random.withSeed(`${seed} ${run}`))
    const result = yield* Effect.scoped(one(variant, files, () => random.nextDoubleUnsafe()))
    if (onRun !== undefined) yield* onRun({ ...result, ...variant, run })
    total = sum(total, result)
  }
  return total
})
