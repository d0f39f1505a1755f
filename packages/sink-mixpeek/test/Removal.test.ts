import { assert, describe, it } from "@effect/vitest"
import { Lineage, type Sink } from "@sluice/core"
import { MixpeekSink } from "@sluice/sink-mixpeek"
import type { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { type Array as Arr, Effect, Option } from "effect"
import * as Fixtures from "./Fixtures.ts"

const removal = (name: string, objectId?: string): Sink.Removal => ({
  key: Lineage.sourceKey(Fixtures.file(name).uri),
  objectId: Option.fromUndefinedOr(objectId)
})

/** Fills a bucket with texts under these names and removes what the test says. */
const remove = Effect.fnUntraced(function* (
  server: MixpeekStandIn.MixpeekStandIn,
  names: Arr.NonEmptyReadonlyArray<string>,
  removals: (objects: ReadonlyArray<MixpeekStandIn.StoredObject>) => Arr.NonEmptyReadonlyArray<Sink.Removal>,
  options?: Partial<MixpeekSink.Options>
) {
  const sink = MixpeekSink.make({ bucket: Fixtures.bucket, ...options })
  return yield* Effect.gen(function* () {
    // A batch with one file several times is stored, and its answer is no answer.
    yield* Effect.ignore(sink.send(yield* Fixtures.prepareAll(sink, names)))
    const objects = yield* server.objects(Fixtures.bucket)
    return yield* Fixtures.elapsing(sink.remove(removals(objects)))
  }).pipe(Effect.provide(Fixtures.client(server)))
})

const operations = (server: MixpeekStandIn.MixpeekStandIn) =>
  Effect.map(server.totals, ({ byOperation }) => [byOperation["listObjects"] ?? 0, byOperation["deleteObject"] ?? 0])

describe("MixpeekSink.remove", () => {
  it.effect("asks nobody for objects whose ids are known", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn()
      const answers = yield* remove(server, ["a", "b", "c"], ([a, b]) => [
        removal("a", a?.objectId),
        removal("b", b?.objectId)
      ])
      assert.deepStrictEqual(Fixtures.tags(answers), ["Removed", "Removed"])
      assert.strictEqual(yield* server.count(Fixtures.bucket), 1)
      assert.deepStrictEqual(yield* operations(server), [0, 2])
    })
  )

  it.effect("deletes every object of a file, where one question finds them by its key", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn()
      const answers = yield* remove(server, ["a", "a", "b", "c"], () => [removal("a"), removal("c"), removal("never")])
      assert.deepStrictEqual(Fixtures.tags(answers), ["Removed", "Removed", "Removed"])
      assert.strictEqual(yield* server.count(Fixtures.bucket), 1)
      assert.deepStrictEqual(yield* operations(server), [1, 3])
    })
  )

  it.effect("rejects what cannot be found, because its key is nowhere", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn()
      const options = { uniqueKey: "upsert", lineage: { sourceKey: false } } as const
      const answers = yield* remove(server, ["a"], ([a]) => [removal("a", a?.objectId), removal("b")], options)
      assert.deepStrictEqual(Fixtures.tags(answers), ["Removed", "Rejected"])
    })
  )

  it.effect("tries again while it is throttled, unavailable or unanswered", () =>
    Effect.gen(function* () {
      const operations = ["deleteObject"]
      const server = yield* Fixtures.standIn({
        faults: [
          { kind: "throttle", times: 1, operations },
          { kind: "bad-gateway", times: 1, operations },
          { kind: "reset", commits: "before", times: 1, operations }
        ]
      })
      const answers = yield* remove(server, ["a"], ([a]) => [removal("a", a?.objectId)])
      assert.deepStrictEqual(Fixtures.tags(answers), ["Removed"])
      assert.strictEqual(yield* server.count(Fixtures.bucket), 0)
    })
  )

  it.effect("stops the run where the key may not delete, and names the permission", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn({ keys: [{ key: "sk_writer", permission: "write" }] })
      const error = yield* Effect.flip(remove(server, ["a"], ([a]) => [removal("a", a?.objectId)]))
      assert.strictEqual(error.reason._tag, "Unauthorized")
      assert.include(error.message, "delete to remove")
    })
  )
})
