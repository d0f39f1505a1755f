/**
 * A source, a filter, a mapping and a sink, run together: everything the source says is settled once, whatever happens.
 */
import {
  Cause,
  Clock,
  DateTime,
  Deferred,
  Duration,
  Effect,
  Exit,
  Fiber,
  Latch,
  Option,
  PubSub,
  Scope,
  Stream
} from "effect"
import * as Check from "./Check.ts"
import * as Filter from "./Filter.ts"
import * as Comparison from "./internal/comparison.ts"
import * as Engine from "./internal/engine.ts"
import * as Opening from "./internal/opening.ts"
import type { Updates } from "./internal/pass.ts"
import type { Engine as RunEngine, Failure, Refusals } from "./internal/run.ts"
import * as Tally from "./internal/tally.ts"
import type { Ledger } from "./Ledger.ts"
import type { Mapping } from "./Mapping.ts"
import * as Observer from "./Observer.ts"
import { Event, type Snapshot } from "./Progress.ts"
import * as Report from "./Report.ts"
import type * as Retry from "./Retry.ts"
import { failed, type PipelineError } from "./PipelineError.ts"
import type { Needs, Prepared, Sink, SinkError } from "./Sink.ts"
import type { Source, SourceError } from "./Source.ts"

export * from "./PipelineError.ts"

/** A pipeline: a plain value, made once, run as often as you like. */
export interface Pipeline<out R = never> {
  readonly name: string
  /** What source and sink say before any work. Fails where they could not find out. */
  readonly check: Effect.Effect<ReadonlyArray<Check.Finding>, SourceError | SinkError, R>
  /** The same, for other work than a run's: it needs less of the sink. */
  readonly checkFor: (needs: Needs) => Effect.Effect<ReadonlyArray<Check.Finding>, SourceError | SinkError, R>
  /** For `Pipeline.start`. */
  readonly engine: RunEngine<R>
  /** For `Reconcile`; `None` where the sink cannot say which objects there are. */
  readonly comparison: Option.Option<Comparison.Comparison<R>>
}

export interface Options<O, P extends Prepared, RS, RM, RK> {
  /** Names what the ledger keeps: pipelines of one ledger need different names, and a renamed one begins anew. */
  readonly name: string
  readonly source: Source<RS>
  /** Which files are taken. Default: all. */
  readonly filter?: Filter.Filter | undefined
  readonly map: Mapping<O, RM>
  readonly sink: Sink<O, P, RK>
  /**
   * What becomes of objects whose files are gone at the source, or no longer pass the filter: `ignore` (default), they
   * stay; `propagate`, they are removed at the end of a run that saw everything, but held back where they are more than
   * 10 and more than 10 % of what the ledger knows, or where the source seems to be empty (`confirmDeletes`).
   */
  readonly deletes?: "ignore" | "propagate" | undefined
  /**
   * What becomes of a file that was delivered and is in another state now. Default `upsert` where the sink updates objects by
   * itself, else `replace`.
   *
   * - `upsert`: it is sent, and the sink updates the object.
   * - `replace`: a new object is made, and the old one is removed at the end of the run.
   * - `new`: a new object is made, and the old one stays.
   * - `ignore`: it is skipped with `update-ignored`.
   */
  readonly updates?: Updates | undefined
  /**
   * What becomes of a file whose state is another while the store's own checksum, its path and its attributes are the same:
   * `send` (default), or `keep`, nothing is sent and the new state is taken note of.
   */
  readonly sameContent?: "send" | "keep" | undefined
  /** Objects sent in a run, at most; the next run goes on from there. Default: no limit. */
  readonly maxObjectsPerRun?: number | undefined
  /** A run fails when so many files in a row were refused. Default: no limit. */
  readonly maxConsecutiveFailures?: number | undefined
  /** How long the sink is given. Default `Dispatch.patience`. */
  readonly retry?: Retry.Policy | undefined
}

/** Makes a pipeline. Nothing is checked or opened before it runs. */
export const make = <O, P extends Prepared, RS, RM, RK>(options: Options<O, P, RS, RM, RK>): Pipeline<RS | RM | RK> => {
  const parts = {
    ...options,
    filter: options.filter ?? Filter.all,
    removes: options.deletes === "propagate",
    updates: options.updates ?? (Option.isNone(options.sink.find) ? "upsert" : "replace"),
    sameContent: options.sameContent ?? "send",
    maxObjects: options.maxObjectsPerRun ?? Number.POSITIVE_INFINITY,
    maxRefusals: options.maxConsecutiveFailures ?? Number.POSITIVE_INFINITY
  }
  const needs: Needs = {
    removes: [
      ...(parts.removes ? (["gone"] as const) : []),
      ...(parts.updates === "replace" ? (["superseded"] as const) : [])
    ]
  }
  const checkFor = (needs: Needs) =>
    Effect.map(
      Effect.all([options.source.check, options.sink.check(options.map, needs)], { concurrency: 2 }),
      ([source, sink]) => [...optionFindings(options), ...source, ...sink]
    )
  return {
    name: options.name,
    check: checkFor(needs),
    checkFor,
    engine: Engine.make(parts),
    comparison: Comparison.make(options.name, parts)
  }
}

const optionFindings = <O, P extends Prepared, RS, RM, RK>(
  options: Options<O, P, RS, RM, RK>
): ReadonlyArray<Check.Finding> => {
  const { maxConsecutiveFailures, maxObjectsPerRun, name, sink, updates } = options
  const count = (field: string, value: number | undefined) =>
    value === undefined || (Number.isSafeInteger(value) && value > 0)
      ? []
      : [Check.error(field, `${value} is not a whole number above 0`, "Leave it out for no limit")]
  const isUpsert = Option.isNone(sink.find)
  return [
    ...nameFindings(name),
    ...count("maxObjectsPerRun", maxObjectsPerRun),
    ...count("maxConsecutiveFailures", maxConsecutiveFailures),
    ...(updates === "upsert" && !isUpsert
      ? [
          Check.error(
            "updates",
            `${sink.name} does not update objects: it would make a second one of a changed file`,
            'Use "replace", or a target whose key upserts'
          )
        ]
      : []),
    ...((updates === "replace" || updates === "new") && isUpsert
      ? [
          Check.error(
            "updates",
            `${sink.name} updates objects by their key: it cannot make a second one of a changed file`,
            'Use "upsert", or leave it out'
          )
        ]
      : [])
  ]
}

const nameFindings = (name: string): ReadonlyArray<Check.Finding> =>
  name.trim() === ""
    ? [Check.error("name", "the pipeline has no name", "Give it one: the ledger keeps its state under this name")]
    : []

/** What holds for one run alone. */
export interface RunOptions {
  /** Removes objects that are held back otherwise: a person has looked at them. Default false. */
  readonly confirmDeletes?: boolean | undefined
  /**
   * Sweeps everything from the beginning, also where changes could be followed: now and then, for what a store's changes
   * do not say. Default false.
   */
  readonly sweep?: boolean | undefined
  /**
   * Takes dead letters instead of what the source says: all of them, or those of these files. Each is looked up at the
   * source, mapped as the pipeline maps now, and settled like any other.
   */
  readonly replay?: "all" | ReadonlyArray<string> | undefined
}

/** A run that goes on. */
export interface Run {
  readonly id: string
  /** From the beginning of the run (the last 1,024 events for those who come late) to `Ended`. Slow readers lose the oldest. */
  readonly progress: Stream.Stream<Event>
  readonly snapshot: Effect.Effect<Snapshot>
  /** Stops taking, settles what was sent, and waits for the report. */
  readonly stop: Effect.Effect<Report.Report, PipelineError>
  /** The report of a run that is complete or was stopped; the error of one that could not go on. */
  readonly result: Effect.Effect<Report.Report, PipelineError>
}

/**
 * Checks, then starts a run and comes back while it goes on. It is stopped when the scope closes, as by `Run.stop`.
 *
 * Fails before any work where `check` finds an error.
 */
export const start = <R>(
  pipeline: Pipeline<R>,
  options: RunOptions = {}
): Effect.Effect<Run, PipelineError, R | Ledger | Scope.Scope> =>
  Effect.gen(function* () {
    const { name } = pipeline
    // As long as the run goes on, which may be shorter than whoever started it lives.
    const scope = yield* Effect.acquireRelease(Scope.make(), Scope.close)
    const { before, book, id, ledger } = yield* Scope.provide(Opening.open(pipeline), scope)
    const startedAt = yield* DateTime.now
    const startedNanos = yield* Clock.monotonicTimeNanos
    const tally = Tally.make()
    const events = yield* PubSub.sliding<Event>({ capacity: 1024, replay: 1024 })
    const stopping = yield* Latch.make(false)
    const result = yield* Deferred.make<Report.Report, PipelineError>()
    const outer = yield* Observer.Observer
    let stopped = false
    let why: string | undefined
    let refusals: Refusals | undefined
    let listingEnded = false

    const seconds = Effect.map(Clock.monotonicTimeNanos, (now) =>
      Duration.toSeconds(Duration.nanos(now - startedNanos))
    )
    const publish = (event: Event) => {
      if (event._tag === "ListingEnded") listingEnded = true
      return Effect.asVoid(PubSub.publish(events, event))
    }

    const end = Effect.fnUntraced(function* (exit: Exit.Exit<void, Failure>) {
      const ended = Exit.isFailure(exit)
        ? "failed"
        : stopped
          ? "stopped"
          : tally.isIncomplete()
            ? "incomplete"
            : "complete"
      const report = tally.report({
        pipeline: name,
        runId: id,
        ended,
        ...(ended === "stopped" && why !== undefined ? { why } : {}),
        startedAt,
        seconds: yield* seconds
      })
      // The run is over whatever the ledger says to that.
      yield* Effect.ignoreCause(book.end(report))
      yield* Scope.close(scope, Exit.void)
      yield* publish(Event.cases.Ended.make({ report }))
      yield* Deferred.done(
        result,
        Exit.isSuccess(exit)
          ? Exit.succeed(report)
          : Exit.failCause(Cause.map(exit.cause, (error) => failed(name, error, report)))
      )
    })

    yield* publish(Event.cases.Started.make({ pipeline: name, runId: id, at: startedAt }))
    const halt = () => {
      stopped = true
      stopping.openUnsafe()
    }
    const stopFor = (reason: string) => {
      why ??= reason
      halt()
    }
    const run = {
      pipeline: name,
      runId: id,
      book,
      tally,
      publish,
      stop: stopping.await,
      stopped: () => stopped,
      stopFor,
      giveUp: (failure: Refusals) => {
        refusals ??= failure
        halt()
      },
      isClean: before?.report !== undefined && before.report.ended !== "failed" && before.report.uploads.orphans === 0,
      confirmDeletes: options.confirmDeletes === true,
      sweeps: options.sweep === true,
      replay: Option.map(
        Option.fromUndefinedOr(options.replay),
        (wanted) => (after: string | undefined, limit: number) =>
          ledger.deadLetters(name, { limit, after, ids: wanted === "all" ? undefined : wanted })
      )
    }
    yield* Effect.forkIn(
      Effect.flatMap(book.paused, (reason) => Effect.sync(() => stopFor(`paused: ${reason}`))),
      scope
    )
    const fiber = yield* pipeline.engine(run).pipe(
      Effect.andThen(Effect.suspend(() => (refusals === undefined ? Effect.void : Effect.fail(refusals)))),
      Effect.provideService(Observer.Observer, {
        request: (traffic) => {
          tally.request(traffic.role)
          outer.request(traffic)
        },
        retried: (traffic) => {
          tally.retried()
          outer.retried(traffic)
        },
        waited: (traffic, duration) => {
          tally.waited(Duration.toMillis(duration))
          outer.waited(traffic, duration)
        },
        upload: (event) => {
          tally.upload(event)
          outer.upload(event)
        },
        unavailable: (traffic, outage) => {
          const since = Math.max(outage.since, DateTime.toEpochMillis(startedAt))
          tally.unavailable({ ...outage, since })
          outer.unavailable(traffic, outage)
        }
      }),
      Effect.annotateLogs({ pipeline: name, runId: id }),
      Effect.withSpan("Pipeline.run", { attributes: { pipeline: name, runId: id } }),
      Effect.onExit(end),
      Effect.forkDetach({ startImmediately: true })
    )

    const stop = Effect.suspend(() => {
      if (fiber.pollUnsafe() === undefined) stopped = true
      stopping.openUnsafe()
      return Fiber.await(fiber)
    })
    yield* Effect.addFinalizer(() => stop)

    return {
      id,
      progress: Stream.fromPubSub(events).pipe(Stream.takeUntil((event) => event._tag === "Ended")),
      snapshot: Effect.map(seconds, (elapsed) => ({
        pipeline: name,
        seconds: elapsed,
        listingEnded,
        ...tally.counts()
      })),
      stop: Effect.andThen(stop, Deferred.await(result)),
      result: Deferred.await(result)
    }
  })

/**
 * Checks, runs, and answers with the report. When it is interrupted (Ctrl-C, SIGTERM) it stops taking, settles what was
 * sent, logs the report, and only then ends.
 */
export const run = <R>(
  pipeline: Pipeline<R>,
  options: RunOptions = {}
): Effect.Effect<Report.Report, PipelineError, R | Ledger> =>
  Effect.scoped(
    Effect.gen(function* () {
      const started = yield* start(pipeline, options)
      return yield* started.result.pipe(
        Effect.onInterrupt(() =>
          Effect.matchEffect(started.stop, {
            onSuccess: (report) => Effect.logWarning(Report.format(report)),
            onFailure: (error) => Effect.logError(error.message)
          })
        )
      )
    })
  )
