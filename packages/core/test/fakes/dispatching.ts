/** Runs a dispatch to the end of time, and tells what came of it. */
import { Cause, Effect, Exit, Fiber, Option, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Dispatch from "../../src/Dispatch.ts"
import type * as Sink from "../../src/Sink.ts"
import type * as FakeSink from "./FakeSink.ts"
import { records } from "./files.ts"

type Settled = Dispatch.Settled<Sink.Record<string>>

/** Every wait of a test is over at its end. */
const finish = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(Effect.exit(effect))
    for (let i = 0; i < 200; i++) yield* TestClock.adjust("1 minute")
    return yield* Fiber.join(fiber)
  })

/** So many records into a sink. */
export const dispatch = (
  sink: Sink.Sink<string, FakeSink.FakePrepared>,
  count: number,
  options?: Dispatch.Options<Sink.Record<string>>
) => Dispatch.dispatch(sink)(Stream.fromIterable(records(count)), options)

/** `path:Outcome`, sorted. */
export const summary = (settled: ReadonlyArray<Settled>) =>
  settled.map(({ outcome, record }) => `${record.file.path}:${outcome._tag}`).toSorted()

/** What was settled, also where it ends with an error. */
export const collect = Effect.fnUntraced(function* <E>(stream: Stream.Stream<Settled, E>) {
  const settled: Array<Settled> = []
  const exit = yield* finish(Stream.runForEach(stream, (one) => Effect.sync(() => settled.push(one))))
  return { exit, settled }
})

export const failureOf = (exit: Exit.Exit<unknown, unknown>) =>
  Exit.isFailure(exit) ? Option.getOrUndefined(Cause.findErrorOption(exit.cause)) : undefined
