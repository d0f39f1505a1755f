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
  PubSub,
  Schema,
  type Scope,
  Stream
} from "effect"
import { randomUUID } from "node:crypto"
import * as Check from "./Check.ts"
import * as Filter from "./Filter.ts"
import * as Engine from "./internal/engine.ts"
import type { Engine as RunEngine, Failure } from "./internal/run.ts"
import * as Tally from "./internal/tally.ts"
import { type Ledger, LedgerError } from "./Ledger.ts"
import type { Mapping } from "./Mapping.ts"
import * as Observer from "./Observer.ts"
import { Event, type Snapshot } from "./Progress.ts"
import * as Report from "./Report.ts"
import type * as Retry from "./Retry.ts"
import { type Prepared, type Sink, SinkError } from "./Sink.ts"
import { type Source, SourceError } from "./Source.ts"

const failed = (pipeline: string, error: Failure, report?: Report.Report): PipelineError => {
  const reason =
    error._tag === "SourceError"
      ? new SourceFailed({ error })
      : error._tag === "SinkError"
        ? new SinkFailed({ error })
        : new LedgerFailed({ error })
  return new PipelineError({ pipeline, reason, ...(report === undefined ? {} : { report }) })
}

/** Refused before any work: at least one finding is an error. */
export class CheckFailed extends Schema.TaggedClass<CheckFailed>()("CheckFailed", {
  findings: Schema.Array(Check.Finding)
}) {}
/** The source cannot go on. */
export class SourceFailed extends Schema.TaggedClass<SourceFailed>()("SourceFailed", { error: SourceError }) {}
/** The sink cannot go on. */
export class SinkFailed extends Schema.TaggedClass<SinkFailed>()("SinkFailed", { error: SinkError }) {}
/** The ledger cannot go on. */
export class LedgerFailed extends Schema.TaggedClass<LedgerFailed>()("LedgerFailed", { error: LedgerError }) {}

/** Why a run could not go on. Single files never end a run: they are rejected, and counted in its report. */
export class PipelineError extends Schema.TaggedError<PipelineError>()("PipelineError", {
  pipeline: Schema.String,
  reason: Schema.Union([CheckFailed, SourceFailed, SinkFailed, LedgerFailed]),
  /** What was done before it ended; absent where it was refused before any work. */
  report: Schema.optionalKey(Report.Report)
}) {
  override get message(): string {
    const reason = this.reason
    if (reason._tag !== "CheckFailed") return `${this.pipeline}: ${reason.error.message}`
    const errors = reason.findings.filter((finding) => finding.severity === "error")
    return [`${this.pipeline} was refused before any work:`, ...errors.map(Check.format)].join("\n  ")
  }
}

/** A pipeline: a plain value, made once, run as often as you like. */
export interface Pipeline<out R = never> {
  readonly name: string
  /** What source and sink say before any work. Fails where they could not find out. */
  readonly check: Effect.Effect<ReadonlyArray<Check.Finding>, SourceError | SinkError, R>
  /** For `Pipeline.start`. */
  readonly engine: RunEngine<R>
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
  /** How long the sink is given. Default `Dispatch.patience`. */
  readonly retry?: Retry.Policy | undefined
}

/** Makes a pipeline. Nothing is checked or opened before it runs. */
export const make = <O, P extends Prepared, RS, RM, RK>(options: Options<O, P, RS, RM, RK>): Pipeline<RS | RM | RK> => {
  const filter = options.filter ?? Filter.all
  return {
    name: options.name,
    check: Effect.map(
      Effect.all([options.source.check, options.sink.check(options.map)], { concurrency: 2 }),
      ([source, sink]) => [...nameFindings(options.name), ...source, ...sink]
    ),
    engine: Engine.make({ ...options, filter, removes: options.deletes === "propagate" })
  }
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
    const findings = yield* Effect.mapError(pipeline.check, (error) => failed(name, error))
    if (findings.some((finding) => finding.severity === "error")) {
      return yield* new PipelineError({ pipeline: name, reason: new CheckFailed({ findings }) })
    }
    const id = yield* Effect.sync(() => randomUUID())
    const startedAt = yield* DateTime.now
    const startedNanos = yield* Clock.monotonicTimeNanos
    const tally = Tally.make()
    const events = yield* PubSub.sliding<Event>({ capacity: 1024, replay: 1024 })
    const stopping = yield* Latch.make(false)
    const result = yield* Deferred.make<Report.Report, PipelineError>()
    const outer = yield* Observer.Observer
    let stopped = false
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
      const report = tally.report({ pipeline: name, runId: id, ended, startedAt, seconds: yield* seconds })
      yield* publish(Event.cases.Ended.make({ report }))
      yield* Deferred.done(
        result,
        Exit.isSuccess(exit)
          ? Exit.succeed(report)
          : Exit.failCause(Cause.map(exit.cause, (error) => failed(name, error, report)))
      )
    })

    yield* publish(Event.cases.Started.make({ pipeline: name, runId: id, at: startedAt }))
    const run = {
      pipeline: name,
      runId: id,
      tally,
      publish,
      stop: stopping.await,
      stopped: () => stopped,
      confirmDeletes: options.confirmDeletes === true,
      sweeps: options.sweep === true
    }
    const fiber = yield* pipeline.engine(run).pipe(
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
