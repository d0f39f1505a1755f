/**
 * Objects are processed while a run goes on and at its end: jobs leave as they fill, what is left leaves when everything was
 * sent, and then results are waited for.
 *
 * A job is in the ledger before the sink hears of it, and its id is there before it is submitted: whatever a run that was
 * killed left open is found again, and is submitted once.
 */
import { Array as Arr, Clock, Duration, Effect, Fiber, Latch, Option, type Scope } from "effect"
import type { Book, Settlement } from "../Ledger.ts"
import type { LedgerError } from "../LedgerError.ts"
import type { Failure, Job, Processing } from "../Processing.ts"
import type { Prepared, Sink, SinkError } from "../Sink.ts"
import type { RunContext } from "./run.ts"

/** From one look at the jobs to the next: doubled each time. */
const firstWait = Duration.seconds(1)
const longestWait = Duration.seconds(30)

/** What a run does besides sending. */
export interface Running<R> {
  /** The run's book: what is settled through it waits to be processed. */
  readonly book: Book
  /** Everything was sent. */
  readonly finish: Effect.Effect<void, SinkError | LedgerError, R>
}

type Fails = SinkError | LedgerError

/** Objects that are there in a state that nobody has processed yet. */
const unprocessedOf = ({ arrived, files }: Settlement): Settlement["unprocessed"] => [
  ...files.flatMap(({ file: { uri }, objectId, outcome }) =>
    (outcome._tag === "Created" || outcome._tag === "Updated") && objectId !== undefined ? [{ objectId, uri }] : []
  ),
  ...arrived.map(({ intent: { uri }, objectId }) => ({ objectId, uri }))
]

const isMissing: Failure = {
  code: "job-missing",
  message:
    "the sink does not know the job any more, so that nobody can tell what became of its objects; process them again"
}

const makeRunning = Effect.fnUntraced(function* <R>(processing: Processing<R>, run: RunContext) {
  const { book, tally } = run
  const { jobs } = book
  const stirred = yield* Latch.make(false)
  let waiting = yield* jobs.waiting
  let isClosing = false
  let nextAt = Number.NEGATIVE_INFINITY

  /** Unless the run is stopped before that. */
  const pause = (duration: Duration.Duration) => Effect.raceFirst(Effect.sleep(duration), run.stop)

  const pace = Effect.gen(function* () {
    const wait = nextAt - (yield* Clock.currentTimeMillis)
    if (wait > 0) yield* pause(Duration.millis(wait))
  })

  const submit = Effect.fn("Pipeline.submit")(function* (job: Job, mayExist: boolean) {
    yield* book.hold
    let { id } = job
    if (id === undefined) {
      const objectIds = yield* jobs.objects(job.number)
      // All of them were removed, or updated, since.
      if (!Arr.isReadonlyArrayNonEmpty(objectIds)) return yield* Effect.asVoid(jobs.close(job.number, []))
      id = yield* processing.create(objectIds, mayExist)
      yield* jobs.accepted(job.number, id)
    }
    const begun = yield* Effect.result(processing.submit(id))
    if (begun._tag === "Success") {
      if (!begun.success) return
      tally.processing({ _tag: "Submitted", objects: job.objects })
      nextAt = (yield* Clock.currentTimeMillis) + Duration.toMillis(processing.every)
    } else if (begun.failure.reason._tag === "Refused") {
      yield* close(job, begun.failure.reason.cause, [])
    } else return yield* begun.failure
  })

  const close = Effect.fnUntraced(function* (
    { number }: Job,
    failed: Parameters<typeof jobs.close>[1],
    unnamed: ReadonlyArray<{ readonly failure: Failure; readonly count: number }>
  ) {
    const closed = yield* jobs.close(number, failed)
    tally.processing({ _tag: "Ended", ...closed, unnamed })
  })

  /** True where the job is over. */
  const look = Effect.fnUntraced(function* (job: Job) {
    if (job.id === undefined) return false
    yield* book.hold
    const status = yield* processing.status(job.id)
    switch (status._tag) {
      case "Running":
        return false
      case "Draft":
        yield* submit(job, true)
        return false
      case "Missing":
        yield* close(job, isMissing, [])
        return true
      case "Ended": {
        if (status.isTransient && job.retries < processing.retries) {
          // Written first: a run that is killed here tries once less, and never once more.
          yield* jobs.retrying(job.number)
          if (yield* processing.retry(job.id)) return false
        }
        yield* close(job, status.failed, status.unnamed)
        return true
      }
    }
  })

  /** Results of the oldest jobs, up to the first that goes on: they may be over long before the run is. */
  const resultsSoFar = Effect.gen(function* () {
    for (const job of yield* jobs.list) {
      if (run.stopped() || !(yield* look(job))) return
    }
  })

  /** Until everything was sent and has left, or the run is stopped. */
  const serve = Effect.gen(function* () {
    for (const job of yield* jobs.list) {
      if (job.id === undefined) yield* pace
      if (run.stopped()) return
      yield* submit(job, true)
    }
    while (!run.stopped()) {
      if (isClosing || waiting >= processing.maxObjects) {
        if (!isClosing) yield* resultsSoFar
        if (waiting > 0) yield* pace
        if (run.stopped()) return
        const job = yield* jobs.open(processing.maxObjects)
        if (job !== undefined) {
          waiting -= job.objects
          yield* submit(job, false)
          continue
        }
        waiting = 0
        if (isClosing) return
      }
      stirred.closeUnsafe()
      yield* Effect.raceFirst(stirred.await, run.stop)
    }
  })

  const results = Effect.gen(function* () {
    const until = (yield* Clock.currentTimeMillis) + Duration.toMillis(processing.wait)
    for (let wait = firstWait; ; wait = Duration.min(Duration.times(wait, 2), longestWait)) {
      let open = 0
      for (const job of yield* jobs.list) {
        if (run.stopped()) return
        if (!(yield* look(job))) open++
      }
      const left = until - (yield* Clock.currentTimeMillis)
      if (open === 0 || left <= 0) return
      yield* pause(Duration.min(wait, Duration.millis(left)))
    }
  }).pipe(Effect.withSpan("Pipeline.results"))

  const count = Effect.gen(function* () {
    const open = yield* jobs.list
    const still = yield* jobs.waiting
    tally.processing({ _tag: "Left", objects: open.reduce((sum, { objects }) => sum + objects, still) })
  })

  tally.processing({ _tag: "Left", objects: waiting })
  // However the run ends; where the ledger cannot say it, nobody can.
  yield* Effect.addFinalizer(() => Effect.ignore(count))
  const serving = yield* Effect.forkScoped(serve)
  const finish = Effect.gen(function* () {
    isClosing = true
    stirred.openUnsafe()
    yield* Fiber.join(serving)
    if (!run.stopped()) yield* results
  })
  const heard: Book = {
    ...book,
    settle: (settlement) => {
      const unprocessed = unprocessedOf(settlement)
      return Effect.tap(book.settle({ ...settlement, unprocessed }), () =>
        Effect.sync(() => {
          // Several files may have one object.
          waiting += new Set(unprocessed.map(({ objectId }) => objectId)).size
          if (waiting >= processing.maxObjects) stirred.openUnsafe()
        })
      )
    }
  }
  return { book: heard, finish }
})

/** Begins; it ends with the scope. */
export const make = <O, P extends Prepared, R>(
  sink: Sink<O, P, R>,
  run: RunContext
): Effect.Effect<Running<R>, Fails, R | Scope.Scope> =>
  Option.match(sink.processing, {
    onNone: () => Effect.succeed({ book: run.book, finish: Effect.void }),
    onSome: (processing) => makeRunning(processing, run)
  })
