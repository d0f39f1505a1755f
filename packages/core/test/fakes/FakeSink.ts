/**
 * A sink in memory whose every answer is decided by the test: what the engine around sinks is tested with.
 */
import { type Array as Arr, Duration, Effect, Option } from "effect"
import * as Outcome from "../../src/Outcome.ts"
import * as Sink from "../../src/Sink.ts"

export interface FakePrepared extends Sink.Prepared {
  readonly path: string
}

export interface Request {
  readonly at: number
  readonly paths: ReadonlyArray<string>
}

type Reply = ReadonlyArray<Sink.Answer> | Sink.SinkErrorReason

export const created = (key: string): Sink.Answer => ({
  _tag: "Settled",
  key,
  outcome: Outcome.Created.make({ objectId: `obj_${key.slice(0, 8)}` })
})

export const removed = ({ key }: Sink.Removal): Sink.Answer => ({
  _tag: "Settled",
  key,
  outcome: Outcome.Removed.make({})
})

/** Answers each request by `reply`, asked with the paths of the batch and how many requests there were before. */
export const make = (options: {
  readonly limits?: Partial<Sink.Limits>
  readonly reply?: (batch: ReadonlyArray<FakePrepared>, index: number) => Effect.Effect<Reply>
  readonly prepare?: Sink.Sink<string, FakePrepared>["prepare"]
  readonly find?: (lost: ReadonlyArray<Sink.Lost>) => ReadonlyArray<Sink.Found>
  readonly remove?: Sink.Sink<string, FakePrepared>["remove"]
}) => {
  const requests: Array<Request> = []
  const removals: Array<Sink.Removal> = []
  const state = { inFlight: 0, maxInFlight: 0 }
  const reply = options.reply ?? ((batch) => Effect.succeed(batch.map((one) => created(one.key))))
  const sink: Sink.Sink<string, FakePrepared> = {
    name: "fake",
    limits: {
      maxRecords: 3,
      maxBytes: 1000,
      maxWait: Duration.seconds(1),
      maxInFlight: 1,
      maxPreparing: 4,
      ...options.limits
    },
    check: () => Effect.succeed([]),
    prepare:
      options.prepare ??
      ((record) =>
        Effect.succeed<FakePrepared>({
          _tag: "Prepared",
          key: record.key,
          weight: record.file.size ?? 0,
          path: record.file.path
        })),
    describe: ({ path }) => ({ path }),
    send: Effect.fnUntraced(function* (batch: Arr.NonEmptyReadonlyArray<FakePrepared>) {
      const at = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
      requests.push({ at, paths: batch.map((one) => one.path) })
      state.inFlight++
      state.maxInFlight = Math.max(state.maxInFlight, state.inFlight)
      const answer = yield* reply(batch, requests.length - 1)
      state.inFlight--
      if ("_tag" in answer) {
        return yield* new Sink.SinkError({ sink: "fake", operation: "send", reason: answer, message: answer._tag })
      }
      return answer
    }),
    find: Option.map(Option.fromUndefinedOr(options.find), (find) => (lost) => Effect.succeed(find(lost))),
    remove: (batch) => {
      removals.push(...batch)
      return options.remove === undefined ? Effect.succeed(batch.map(removed)) : options.remove(batch)
    },
    inventory: Option.none(),
    staging: Option.none(),
    processing: Option.none()
  }
  return { sink, requests, removals, state }
}
