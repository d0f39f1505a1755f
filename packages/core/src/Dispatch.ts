/**
 * Records in, outcomes out: prepared, batched across whatever pages they came from, sent several requests at a time,
 * retried, and settled one by one. Needs no ledger; `Pipeline` is built on it.
 */
import {
  Cause,
  Duration,
  Effect,
  Exit,
  FiberSet,
  Latch,
  Option,
  Queue,
  Result,
  type Schema,
  Semaphore,
  Stream
} from "effect"
import { isAtHand } from "./AtHand.ts"
import * as AdaptiveLimit from "./AdaptiveLimit.ts"
import * as Content from "./internal/content.ts"
import * as Sending from "./internal/sending.ts"
import * as WaitingRoom from "./internal/waitingRoom.ts"
import * as Lineage from "./Lineage.ts"
import { type Outcome, Rejected, Skipped } from "./Outcome.ts"
import * as Retry from "./Retry.ts"
import type { Prepared, Record, Sink, SinkError } from "./Sink.ts"
import type { Source, SourceError } from "./Source.ts"
import type { SourceFile } from "./SourceFile.ts"

/** A record and what became of it. */
export interface Settled<out Rec> {
  readonly record: Rec
  readonly outcome: Outcome
  /** Of one that the sink refused: what was said to it (`Sink.describe`). */
  readonly request?: Schema.Json | undefined
}

/**
 * Makes records of a source's files and of what they are mapped to, with the source's requirements provided: for
 * streams composed by hand. `run` names the run in their lineage.
 */
export const recordsOf = <R>(
  source: Source<R>,
  run: { readonly pipeline: string; readonly runId: string }
): Effect.Effect<<O>(file: SourceFile, object: O) => Record<O>, never, R> =>
  Effect.map(Effect.context<R>(), (context) => {
    const contentOf = Content.make(source, context)
    return (file, object) => ({
      key: Lineage.sourceKey(file.uri),
      file,
      object,
      lineage: Lineage.make(file, run),
      content: contentOf(file)
    })
  })

/** One batch as it is taken. A half of a batch that is being searched for a bad record is not a batch. */
export interface Batch {
  readonly records: number
  /** Bytes of its body. */
  readonly bytes: number
  /** Records over what the sink takes; 1 where the next record would have been too many bytes. */
  readonly fill: number
}

/** A record with what the sink made of it. */
export interface Leaving<out Rec> {
  readonly record: Rec
  readonly prepared: Prepared
}

/** `E`: why a batch may not leave. */
export interface Options<Rec, E = never> {
  /** For requests and records alike. Default `Dispatch.patience`. */
  readonly retry?: Retry.Policy | undefined
  /**
   * A record whose file is no longer in the state it was made from: the record of the new state, or the outcome where
   * there is none. Default: rejected as `changed`.
   */
  readonly retake?: ((record: Rec) => Effect.Effect<Result.Result<Rec, Outcome>, SourceError>) | undefined
  /**
   * When this completes, nothing more is taken or sent again; what is in flight is settled, and the stream ends.
   * Default: never.
   */
  readonly stop?: Effect.Effect<void> | undefined
  readonly onBatch?: ((batch: Batch) => void) | undefined
  /** Runs before each request that sends these, also when they are sent again. Where it fails nothing is sent any more. */
  readonly leaving?: ((leaving: ReadonlyArray<Leaving<Rec>>) => Effect.Effect<void, E>) | undefined
  /**
   * Objects of earlier states of these that may still be there besides `Record.replaces`, by the records' keys: asked for when
   * an answer was lost, before the sink is asked. Default: none.
   */
  readonly earlier?: ((records: ReadonlyArray<Rec>) => Effect.Effect<Sending.Earlier, E>) | undefined
}

/** Retries a request for up to 15 minutes, at most 10 times in a row; a 429 counts for time only. */
export const patience: Retry.Policy = { ...Retry.standard, maxElapsed: Duration.minutes(15) }

/** Batches that may wait for a permit: enough to take one at once, few enough to be young when they leave. */
const batchesWaiting = 4

/** Of batches that are full of bytes, so many may be in memory: one is on its way while the next is filled. */
const fullBatches = 2

/** A file that changes more often than this while it is read is left to a later run. */
const maxRetakes = 3

/** Bytes that are wrong were damaged on the way, or are damaged where they are. */
const maxRereads = 1

/** How often a file was read anew: in a new state, or in the same. */
interface Tries {
  readonly retakes: number
  readonly rereads: number
}

const once: Tries = { retakes: 0, rereads: 0 }

/** Records with bodies beyond this are held back by bytes, not only by count. */
const heavy = 64 * 1024

/**
 * Sends a stream of records through a sink; each record comes out once, with its outcome, in the order in which answers
 * arrive. The elements of one answer form one chunk.
 *
 * Back-pressure: records are taken while at most four batches wait, and contents while their bytes fit in two
 * requests.
 *
 * Fails, after what is in flight is settled, with
 * - the error of `records` itself;
 * - `SourceError` where reading contents lost its authorisation or its store;
 * - what `leaving` and `earlier` fail with;
 * - `SinkError` where nothing can be sent any more (`stopsRun`), or the sink stayed unavailable for as long as `retry`
 *   allows.
 *
 * Records that have no outcome then were not settled: they may be sent again by a later run.
 */
export const dispatch =
  <O, P extends Prepared, R>(sink: Sink<O, P, R>) =>
  <Rec extends Record<O>, E, R2, E2 = never>(
    records: Stream.Stream<Rec, E, R2>,
    options: Options<Rec, E2> = {}
  ): Stream.Stream<Settled<Rec>, E | E2 | SinkError | SourceError, R | R2> =>
    Stream.unwrap(
      Effect.gen(function* () {
        type Failure = E | E2 | SinkError | SourceError
        const { maxBytes, maxInFlight, maxPreparing, maxRecords, maxWait } = sink.limits
        const policy = options.retry ?? patience
        const staging = Option.getOrUndefined(sink.staging)
        const outbox = yield* Queue.bounded<Settled<Rec>, Failure | Cause.Done>(maxRecords * maxInFlight)
        const limit = yield* AdaptiveLimit.make({ max: maxInFlight })
        const preparing = yield* Semaphore.make(maxPreparing)
        const held = maxBytes * Math.min(maxInFlight + 1, fullBatches)
        const contents = yield* Semaphore.make(held)
        const stopping = yield* Latch.make(false)
        const fibers = yield* FiberSet.make<void, never>()
        const readers = yield* FiberSet.make<void, never>()
        let byteBudget = maxBytes
        let stopped = false
        let failure: Cause.Cause<Failure> | undefined

        const room = WaitingRoom.make<Sending.Item<Rec, P>>({
          capacity: maxRecords * batchesWaiting,
          maxRecords,
          maxBytes: () => byteBudget,
          maxWait
        })

        const stop = Effect.sync(() => {
          stopped = true
          room.stop()
          stopping.openUnsafe()
        })
        const halt = (cause: Cause.Cause<Failure>) => {
          failure ??= cause
          return stop
        }

        /** A defect in a sink ends the run: a record must not vanish with the fiber it was on. */
        const guarded = <R3>(effect: Effect.Effect<void, never, R3>) =>
          effect.pipe(
            Effect.onExit((exit) => (Exit.isFailure(exit) ? halt(exit.cause) : Effect.void)),
            Effect.ignoreCause
          )

        const heldBack = (weight: number) => (weight > heavy ? Math.min(weight, held) : 0)
        const letGo = (items: ReadonlyArray<Sending.Item<Rec, P>>) => {
          const bytes = items.reduce((sum, item) => sum + heldBack(item.weight), 0)
          return bytes === 0 ? Effect.void : Effect.asVoid(Semaphore.release(contents, bytes))
        }

        const emit = (settled: ReadonlyArray<Settled<Rec>>) => Effect.asVoid(Queue.offerAll(outbox, settled))

        const send = Sending.make<O, P, R, Rec, E2>(sink, {
          policy,
          leaving: (items) => options.leaving?.(items) ?? Effect.void,
          earlier: (items) => options.earlier?.(items.map(({ record }) => record)) ?? Effect.succeed(new Map()),
          stopping: stopping.await,
          stopped: () => stopped,
          again: room.again,
          settle: (items) =>
            Effect.suspend(() => {
              room.done(items.length)
              for (const [{ prepared }, outcome] of items) {
                if (outcome._tag === "Rejected" && prepared.staged === true) staging?.refused(prepared)
              }
              return Effect.andThen(
                letGo(items.map(([item]) => item)),
                emit(
                  items.map(([item, outcome]) =>
                    outcome._tag === "Rejected"
                      ? { record: item.record, outcome, request: sink.describe(item.prepared) }
                      : { record: item.record, outcome }
                  )
                )
              )
            }),
          abandon: (items) => room.done(items.length),
          halt: (error) => halt(Cause.fail(error)),
          tooLarge: (bytes) => {
            byteBudget = Math.max(Math.floor(Math.min(byteBudget, bytes) / 2), heavy)
          },
          feedback: limit.feedback
        })

        const enter = Effect.fnUntraced(function* (record: Rec, prepared: P) {
          const bytes = heldBack(prepared.weight)
          if (bytes > 0) yield* Effect.raceFirst(Semaphore.take(contents, bytes), stopping.await)
          yield* room.offer([{ record, prepared, weight: prepared.weight, attempts: 0 }])
        })

        const isPrepared = (value: P | Outcome): value is P => value._tag === "Prepared"

        const prepare = (record: Rec, tries = once): Effect.Effect<void, never, R> =>
          sink.prepare(record).pipe(
            Effect.flatMap((value) => (isPrepared(value) ? enter(record, value) : emit([{ record, outcome: value }]))),
            Effect.catch((error: SourceError | SinkError) =>
              error._tag === "SinkError" ? halt(Cause.fail(error)) : unreadable(record, error, tries)
            )
          )

        const unreadable: (record: Rec, error: SourceError, tries: Tries) => Effect.Effect<void, never, R> =
          Effect.fnUntraced(function* (record: Rec, error: SourceError, tries: Tries) {
            if (error.stopsRun) return yield* halt(Cause.fail(error))
            const { _tag } = error.reason
            const cause = { code: error.code ?? _tag.toLowerCase(), message: error.message }
            if (_tag === "Gone" || _tag === "NoContent") {
              return yield* emit([{ record, outcome: Skipped.make({ cause }) }])
            }
            if (_tag === "Corrupt" && tries.rereads < maxRereads) {
              return yield* prepare(record, { ...tries, rereads: tries.rereads + 1 })
            }
            if (_tag !== "Changed" || options.retake === undefined || tries.retakes === maxRetakes) {
              return yield* emit([{ record, outcome: Rejected.make({ cause }) }])
            }
            const anew = yield* Effect.result(options.retake(record))
            if (Result.isFailure(anew)) return yield* unreadable(record, anew.failure, tries)
            return yield* Result.match(anew.success, {
              onFailure: (outcome) => emit([{ record, outcome }]),
              onSuccess: (retaken) => prepare(retaken, { ...tries, retakes: tries.retakes + 1 })
            })
          })

        /** Contents that are at hand already enter together; the others are fetched side by side. */
        const takeIn = Effect.fnUntraced(function* (chunk: ReadonlyArray<Rec>) {
          const ready: Array<Sending.Item<Rec, P>> = []
          const settled: Array<Settled<Rec>> = []
          for (const record of chunk) {
            const prepared = sink.prepare(record)
            if (isAtHand(prepared)) {
              const value = prepared.value
              if (!isPrepared(value)) settled.push({ record, outcome: value })
              else if (heldBack(value.weight) > 0) yield* enter(record, value)
              else ready.push({ record, prepared: value, weight: value.weight, attempts: 0 })
            } else {
              yield* Semaphore.take(preparing, 1)
              yield* FiberSet.run(
                readers,
                guarded(prepare(record)).pipe(Effect.ensuring(Semaphore.release(preparing, 1)))
              )
            }
          }
          if (settled.length > 0) yield* emit(settled)
          if (ready.length > 0) yield* room.offer(ready)
        })

        const feed = records.pipe(
          Stream.runForEachArray(takeIn),
          Effect.raceFirst(stopping.await),
          Effect.onExit((exit) => {
            if (Exit.isFailure(exit)) failure ??= exit.cause
            return Effect.void
          }),
          Effect.exit,
          Effect.andThen(Effect.raceFirst(FiberSet.awaitEmpty(readers), stopping.await)),
          Effect.ensuring(Effect.sync(room.end))
        )

        const drain = Effect.gen(function* () {
          while (true) {
            const release = yield* limit.acquire
            const taken = yield* room.take
            if (Option.isNone(taken)) break
            const { bytes, fill, items } = taken.value
            options.onBatch?.({ records: items.length, bytes, fill })
            yield* FiberSet.run(fibers, guarded(send(items)).pipe(Effect.ensuring(release)))
          }
          yield* FiberSet.awaitEmpty(fibers)
        }).pipe(
          Effect.andThen(
            Effect.suspend(() => (failure === undefined ? Queue.end(outbox) : Queue.failCause(outbox, failure)))
          )
        )

        yield* Effect.forkScoped(feed)
        yield* Effect.forkScoped(drain)
        if (options.stop !== undefined) yield* Effect.forkScoped(Effect.andThen(options.stop, stop))
        return Stream.fromQueue(outbox)
      })
    )
