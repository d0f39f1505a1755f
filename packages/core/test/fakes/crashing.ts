/**
 * Runs that are killed at a chosen point, and those that come after them. Every call of the ledger's book and of the sink has
 * a point before it, and one that has an effect has another between the effect and its answer.
 */
import { type Duration, Effect, Exit, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"
import * as Filter from "../../src/Filter.ts"
import { type Book, Ledger } from "../../src/Ledger.ts"
import * as Mapping from "../../src/Mapping.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import type { SourceFile } from "../../src/SourceFile.ts"
import * as FakeBucket from "./FakeBucket.ts"
import * as FakeProcessing from "./FakeProcessing.ts"
import * as Intervals from "./intervals.ts"
import * as Moving from "./moving.ts"

const pipeline = "crashes"

/** What becomes of a process at its points. */
const makePower = (crashes: ReadonlyArray<number>) => {
  const left = [...crashes]
  const points: Array<string> = []
  let passed = 0
  let isDead = false

  /** Nothing that was killed does anything. */
  const point = (name: string) =>
    Effect.suspend(() => {
      if (!isDead) {
        passed++
        if (passed === left[0]) {
          left.shift()
          points.push(name)
          passed = 0
          isDead = true
        }
      }
      return isDead ? Effect.die(`killed ${name}`) : Effect.void
    })

  return {
    reads: <A, E, R>(name: string, effect: Effect.Effect<A, E, R>) => Effect.andThen(point(`before ${name}`), effect),
    writes: <A, E, R>(name: string, effect: Effect.Effect<A, E, R>) =>
      point(`before ${name}`).pipe(
        Effect.andThen(effect),
        Effect.tap(() => point(`after ${name}`))
      ),
    isDead: () => isDead,
    revive: () => {
      isDead = false
    },
    /** Where it was killed. */
    points: (): ReadonlyArray<string> => points
  }
}

type Power = ReturnType<typeof makePower>

const crashingBook = (book: Book, { isDead, reads, writes }: Power): Book => ({
  hold: reads("hold", book.hold),
  paused: book.paused,
  position: reads("position", book.position),
  beginSweep: (options) => writes("beginSweep", book.beginSweep(options)),
  known: (ids) => reads("known", book.known(ids)),
  compare: (files) => reads("compare", book.compare(files)),
  list: (limit, after) => reads("list", book.list(limit, after)),
  containers: (ids) => reads("containers", book.containers(ids)),
  intend: (intents) => writes("intend", book.intend(intents)),
  intents: (limit, after) => reads("intents", book.intents(limit, after)),
  settle: (settlement) => writes("settle", book.settle(settlement)),
  completeSweep: writes("completeSweep", book.completeSweep),
  gone: (limit) => reads("gone", book.gone(limit)),
  superseded: (limit, uris) => reads("superseded", book.superseded(limit, uris)),
  count: reads("count", book.count),
  jobs: {
    waiting: reads("waiting", book.jobs.waiting),
    open: (limit) => writes("open job", book.jobs.open(limit)),
    list: reads("list jobs", book.jobs.list),
    objects: (number) => reads("objects", book.jobs.objects(number)),
    accepted: (number, id) => writes("accepted", book.jobs.accepted(number, id)),
    retrying: (number) => writes("retrying", book.jobs.retrying(number)),
    close: (number, failed) => writes("close", book.jobs.close(number, failed))
  },
  // A killed process writes no report.
  end: (report) => Effect.suspend(() => (isDead() ? Effect.void : writes("end", book.end(report))))
})

/** Every wait is over in the end. */
const toItsEnd = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(Effect.exit(effect))
    for (let i = 0; i < 500 && fiber.pollUnsafe() === undefined; i++) yield* TestClock.adjust("10 seconds")
    return fiber.pollUnsafe() === undefined ? Exit.die("does not end") : yield* Fiber.join(fiber)
  })

/** What happens in a play. */
export interface Script {
  readonly follows: boolean
  readonly upserts: boolean
  /** How long the bucket takes to carry out a request; it does so although its sender was killed. */
  readonly delay?: Duration.Duration
  /** After a run that was killed the source goes on; else the next run comes first. */
  readonly goesOn: boolean
  /** Objects are processed. */
  readonly processes?: boolean
  /** A run after each. */
  readonly changes: ReadonlyArray<Moving.Changes>
}

/** Each kind of source and of bucket, and what comes first after a run that was killed. */
export const cases = (changes: Script["changes"]): ReadonlyArray<readonly [title: string, script: Script]> =>
  [true, false].flatMap((follows) =>
    [true, false].flatMap((upserts) =>
      [true, false].map((goesOn) => {
        const title = [
          follows ? "followed" : "swept",
          upserts ? "a bucket that upserts" : "a bucket that is asked",
          goesOn ? "the source goes on meanwhile" : "the next run comes at once"
        ].join(", ")
        return [title, { follows, upserts, goesOn, changes }] as const
      })
    )
  )

const isRefused = (id: string) => id.startsWith("refused")
const filter = Filter.make({ exclude: ["*.tmp"] })
const stateOf = ({ id, path, token }: Pick<SourceFile, "id" | "token" | "path">) => `${id}@${token} ${path}`

/**
 * Plays a script to its end, killed at these points, each counted from the one before. Answers where that was, and what is
 * wrong.
 */
export const play = (script: Script, crashes: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    const power = makePower(crashes)
    const memory = Intervals.make()
    const world = Moving.make(script)
    const bucket = FakeBucket.make({
      upserts: script.upserts,
      ...(script.delay === undefined ? {} : { delay: script.delay }),
      refuses: isRefused,
      around: (operation, effect) =>
        operation === "find" ? power.reads(operation, effect) : power.writes(operation, effect)
    })
    const { jobs, processing, submitted } = FakeProcessing.make({
      around: (operation, effect) =>
        operation === "status" ? power.reads(operation, effect) : power.writes(operation, effect)
    })
    const made = Pipeline.make({
      name: pipeline,
      source: world.source,
      filter,
      map: Mapping.make((one) => one.path),
      sink: script.processes === true ? { ...bucket.sink, processing: Option.some(processing) } : bucket.sink,
      deletes: "propagate"
    })
    const ledger = Ledger.of({
      ...memory,
      open: (run) => Effect.map(power.writes("open", memory.open(run)), (book) => crashingBook(book, power))
    })
    const problems: Array<string> = []
    const inBook = <A, E>(look: (book: Book) => Effect.Effect<A, E>) =>
      Effect.scoped(Effect.flatMap(memory.open({ pipeline, runId: "a look" }), look))

    /** What a cursor passed has its outcome. */
    const checkCursors = inBook(
      Effect.fnUntraced(function* (book) {
        const { follow, sweep, swept } = yield* book.position
        const hasPassed = ({ cursor, range }: Moving.Said) => {
          const at = [...sweep, ...follow].find((one) => one.range === range)?.cursor
          if (range === "tree") return swept || (at !== undefined && cursor <= at)
          return at !== undefined && Number(cursor) <= Number(at)
        }
        const states = world.said().flatMap((page) => page.states.map((one) => ({ ...one, passed: hasPassed(page) })))
        const known = yield* book.known(states.map(({ id }) => id))
        for (const [i, { id, passed }] of states.entries()) {
          if (!passed || isRefused(id) || states.slice(i + 1).some((later) => later.id === id && later.passed)) continue
          // Of later pages some may have their outcomes already.
          const good = states.slice(i).filter((one) => one.id === id)
          const isOff = ({ file }: Moving.State) => file === undefined || !Filter.matches(filter, file)
          const [passedLast] = good
          // It comes back: its object may be on its way.
          if (passedLast !== undefined && isOff(passedLast) && good.length > 1) continue
          const isOut = good.some(isOff)
          const isThere = [...bucket.objects.values()].some((object) =>
            good.some(({ file }) => file !== undefined && stateOf(file) === stateOf(object))
          )
          if (!isThere && !(isOut && known.get(id)?.gone !== false)) problems.push(`a cursor passed ${id}`)
        }
      })
    )

    const run = Effect.gen(function* () {
      power.revive()
      const exit = yield* toItsEnd(Effect.provideService(Pipeline.run(made), Ledger, ledger))
      if (power.isDead()) yield* checkCursors
      else if (Exit.isFailure(exit)) problems.push(`a run failed: ${String(exit.cause)}`)
      return !power.isDead()
    })
    const untilOneEnds = Effect.gen(function* () {
      while (!(yield* run));
    })

    for (const changes of script.changes) {
      world.change(changes)
      yield* script.goesOn ? run : untilOneEnds
    }
    yield* untilOneEnds
    // A sweep that was resumed says nothing of what changed behind it: the next one does.
    if (!script.follows) yield* untilOneEnds

    const wanted = [...world.files.values()].filter((one) => Filter.matches(filter, one) && !isRefused(one.id))
    const there = [...bucket.objects.values()].map(stateOf).toSorted()
    const right = wanted.map(stateOf).toSorted()
    if (there.join() !== right.join()) problems.push(`in the bucket: ${there.join()}; at the source: ${right.join()}`)
    const times = Map.groupBy(submitted().flat(), (id) => id)
    for (const { objectId, puts = 0 } of script.processes === true ? bucket.objects.values() : []) {
      const n = times.get(objectId)?.length ?? 0
      if (n === 0) problems.push(`${objectId} is never processed`)
      if (n > puts) problems.push(`${objectId} was put ${puts} times, and is processed ${n} times`)
    }
    for (const { id, submittedAt } of jobs.values()) {
      if (submittedAt.length !== 1) problems.push(`${id} was submitted ${submittedAt.length} times`)
    }
    yield* inBook(
      Effect.fnUntraced(function* (book) {
        if ((yield* book.jobs.waiting) > 0) problems.push("an object waits to be processed")
        if ((yield* book.jobs.list).length > 0) problems.push("a job is left open")
        if ((yield* book.intents(1)).length > 0) problems.push("an intent is left")
        if ((yield* book.superseded(1)).length > 0) problems.push("a superseded object is left")
        const { gone, known } = yield* book.count
        if (gone > 0 || known !== wanted.length) problems.push(`${known} files are known, ${gone} of them gone`)
        const objects = new Map([...bucket.objects.values()].map((one) => [one.id, one.objectId]))
        for (const [id, { objectId }] of yield* book.known(wanted.map((one) => one.id))) {
          if (objects.get(id) !== objectId) problems.push(`the ledger has another object of ${id}`)
        }
      })
    )
    return { points: power.points(), problems }
  })

/**
 * Plays a script again and again, killed at its first point, at its second, and so on until it is not reached any more; each
 * time killed a second time so many points later, where that is given. Answers how often it was killed to the last.
 */
export const playAll = Effect.fnUntraced(function* (script: Script, later: ReadonlyArray<number> = []) {
  const problems: Array<string> = []
  let points = 0
  for (let n = 1; ; n++) {
    const played = yield* play(script, [n, ...later])
    if (played.points.length === 0) return { points, problems }
    if (played.points.length > later.length) points++
    problems.push(
      ...played.problems.map((problem) => `${[n, ...later].join("+")}, ${played.points.join(", ")}: ${problem}`)
    )
  }
})

/** The same, with every pair of points. */
export const playTwice = Effect.fnUntraced(function* (script: Script) {
  const problems: Array<string> = []
  let pairs = 0
  for (let m = 1; ; m++) {
    const played = yield* playAll(script, [m])
    problems.push(...played.problems)
    if (played.points === 0) return { pairs, problems }
    pairs += played.points
  }
})
