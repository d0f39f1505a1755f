/**
 * A bucket in memory behind a sink: one that makes an object of whatever it is sent, and can be asked what there is, or one
 * that updates the object of the same key. Requests are carried out by the bucket, whatever becomes of whoever sent them.
 */
import { Clock, Deferred, Duration, Effect, Option, Stream } from "effect"
import * as Outcome from "../../src/Outcome.ts"
import type * as Sink from "../../src/Sink.ts"
import { content, type SourceFile } from "../../src/SourceFile.ts"

export interface Sendable extends Sink.Prepared {
  readonly file: SourceFile
}

export interface BucketObject extends Sink.Stored {
  /** How often it was put there; absent for one that a test put there. */
  readonly puts?: number
}

export const make = (options: {
  /** An object's key is unique: what is sent again updates it. */
  readonly upserts: boolean
  /** How long a request takes to be carried out. Default 0. */
  readonly delay?: Duration.Duration
  /** How long `find` waits before it believes that something is not there. Default 1 minute. */
  readonly grace?: Duration.Duration
  /** Files that are refused, by id. Default: none. */
  readonly refuses?: (id: string) => boolean
  /** Around each thing the sink is asked: what the test does to it. */
  readonly around?: <A, E>(
    operation: "send" | "find" | "remove",
    effect: Effect.Effect<A, E>
  ) => Effect.Effect<A, E | Sink.SinkError>
}) => {
  const { around = (_, effect) => effect, refuses = () => false, upserts } = options
  const delay = options.delay ?? Duration.zero
  const grace = Duration.toMillis(options.grace ?? Duration.minutes(1))
  const objects = new Map<string, BucketObject>()
  let made = 0

  /** Goes on also when nobody waits for it any more. */
  const carriedOut = <A>(effect: Effect.Effect<A>) =>
    Duration.toMillis(delay) === 0
      ? effect
      : Effect.gen(function* () {
          const done = yield* Deferred.make<A>()
          yield* Effect.forkDetach(Effect.andThen(Effect.sleep(delay), Deferred.complete(done, effect)))
          return yield* Deferred.await(done)
        })

  const put = ({ file, key }: Sendable): Sink.Answer => {
    const { id, path, token, uri } = file
    if (refuses(id)) {
      const cause = { code: "refused", message: "the bucket does not take it" }
      return { _tag: "Settled", key, outcome: Outcome.Rejected.make({ cause }) }
    }
    const before = upserts ? [...objects.values()].find((one) => one.key === key) : undefined
    const objectId = before?.objectId ?? `object ${++made}`
    objects.set(objectId, {
      objectId,
      key,
      id,
      uri,
      path,
      token,
      content: content(file),
      puts: (before?.puts ?? 0) + 1
    })
    const outcome = before === undefined ? Outcome.Created.make({ objectId }) : Outcome.Updated.make({ objectId })
    return { _tag: "Settled", key, outcome }
  }

  const look = (lost: ReadonlyArray<Sink.Lost>): ReadonlyArray<Sink.Found> =>
    lost.flatMap(({ key, replaces, token }) => {
      const one = [...objects.values()].find(
        (object) => object.key === key && object.token === token && !replaces.includes(object.objectId)
      )
      return one === undefined ? [] : [{ key, objectId: one.objectId }]
    })

  const find = Effect.fnUntraced(function* (lost: ReadonlyArray<Sink.Lost>) {
    const found = look(lost)
    if (found.length === lost.length) return found
    const believedAt = Math.max(...lost.map(({ lostAt }) => lostAt)) + grace
    yield* Effect.sleep(Duration.millis(Math.max(believedAt - (yield* Clock.currentTimeMillis), 0)))
    return look(lost)
  })

  const sink: Sink.Sink<string, Sendable> = {
    name: "bucket",
    limits: { maxRecords: 2, maxBytes: 1000, maxWait: Duration.seconds(1), maxInFlight: 2, maxPreparing: 4 },
    check: () => Effect.succeed([]),
    prepare: ({ file, key }) => Effect.succeed({ _tag: "Prepared", key, weight: 1, file }),
    describe: ({ file: { path } }) => ({ path }),
    send: (batch) => around("send", carriedOut(Effect.sync(() => batch.map(put)))),
    find: upserts ? Option.none() : Option.some((lost) => around("find", find(lost))),
    remove: (batch) =>
      around(
        "remove",
        carriedOut(
          Effect.sync(() =>
            batch.map(({ key, objectId }): Sink.Answer => {
              for (const one of objects.values()) {
                if (Option.isSome(objectId) ? one.objectId === objectId.value : one.key === key) {
                  objects.delete(one.objectId)
                }
              }
              return { _tag: "Settled", key, outcome: Outcome.Removed.make({}) }
            })
          )
        )
      ),
    inventory: Option.some({
      withKeys: (_, keys) => Effect.sync(() => [...objects.values()].filter(({ key }) => keys.includes(key))),
      all: () => Stream.suspend(() => Stream.fromIterable(Map.groupBy(objects.values(), ({ key }) => key).values()))
    }),
    staging: Option.none(),
    processing: Option.none()
  }
  return { sink, objects }
}
