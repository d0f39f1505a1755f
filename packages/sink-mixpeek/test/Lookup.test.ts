import { assert, describe, it } from "@effect/vitest"
import type { Sink, SourceFile } from "@sluice/core"
import { MixpeekSink } from "@sluice/sink-mixpeek"
import type { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Array as Arr, Clock, Effect, Option } from "effect"
import * as Fixtures from "./Fixtures.ts"

const lostOf = ({
  file: { token },
  key
}: {
  readonly key: string
  readonly file: SourceFile.SourceFile
}): Sink.Lost => ({
  key,
  token,
  replaces: [],
  lostAt: 0
})

/** Sends some of a batch and looks for all of it. */
const lookFor = Effect.fnUntraced(function* (
  server: MixpeekStandIn.MixpeekStandIn,
  names: Arr.NonEmptyReadonlyArray<string>,
  sent: ReadonlyArray<Arr.NonEmptyReadonlyArray<string>>,
  options?: Partial<MixpeekSink.Options>,
  over: Partial<Sink.Lost> = {}
) {
  const sink = MixpeekSink.make({ bucket: Fixtures.bucket, ...options })
  const look = Option.getOrThrow(sink.find)
  return yield* Effect.gen(function* () {
    // A batch with one file several times is stored, and its answer is no answer.
    for (const batch of sent) yield* Effect.ignore(sink.send(yield* Fixtures.prepareAll(sink, batch)))
    const batch = yield* Fixtures.prepareAll(sink, names)
    return yield* Fixtures.elapsing(look(Arr.map(batch, (record) => ({ ...lostOf(record), ...over })))).pipe(
      Effect.map((found) =>
        found.map(({ key, objectId }) => ({ name: batch.find((record) => record.key === key)?.file.path, objectId }))
      )
    )
  }).pipe(Effect.provide(Fixtures.client(server)))
})

const lists = (server: MixpeekStandIn.MixpeekStandIn) =>
  Effect.map(server.requests, (requests) => requests.filter(({ operation }) => operation === "listObjects").length)

describe("MixpeekSink.find", () => {
  it.effect("finds those of a batch that exist, made from the state that was sent, and not there before", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn()
      const found = yield* lookFor(server, ["a", "b", "c"], [["c", "a", "x"]])
      assert.deepStrictEqual(
        found.map(({ name }) => name),
        ["c", "a"]
      )
      const objects = yield* server.objects(Fixtures.bucket)
      assert.strictEqual(found[0]?.objectId, objects[0]?.objectId)
      assert.deepStrictEqual(yield* lookFor(server, ["c"], [], {}, { token: "v2" }), [])
      assert.deepStrictEqual(
        yield* lookFor(server, ["c"], [], {}, { replaces: found.map(({ objectId }) => objectId) }),
        []
      )
    })
  )

  it.effect(
    "finds them under metadata where lineage puts the key there, in any state where lineage puts that nowhere",
    () =>
      Effect.gen(function* () {
        const server = yield* Fixtures.standIn()
        const lineage = { sourceKey: "metadata.source_key", source: false } as const
        const found = yield* lookFor(server, ["a", "b"], [["a"]], { lineage }, { token: "v2" })
        assert.deepStrictEqual(
          found.map(({ name }) => name),
          ["a"]
        )
      })
  )

  it.effect.each(["cursor", "offset"] as const)("reads every page, by %s", (paging) =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn({ paging })
      const doubles = Array.from({ length: 11 }, () => Arr.makeBy(100, () => "a"))
      const found = yield* lookFor(server, ["a", "z"], [...doubles, ["z"]])
      assert.sameMembers(
        found.map(({ name }) => name ?? ""),
        ["a", "z"]
      )
      assert.strictEqual(yield* lists(server), 2)
    })
  )

  it.effect(
    "asks once where everything is found, and a second time where something is missing that was lost lately",
    () =>
      Effect.gen(function* () {
        const server = yield* Fixtures.standIn()
        const lostAt = yield* Clock.currentTimeMillis
        yield* lookFor(server, ["a"], [["a"]], {}, { lostAt })
        assert.strictEqual(yield* lists(server), 1)
        yield* lookFor(server, ["a", "b"], [], {}, { lostAt: (yield* Clock.currentTimeMillis) - 9_000 })
        assert.strictEqual(yield* lists(server), 3)
        yield* lookFor(server, ["a", "b"], [], {}, { lostAt: (yield* Clock.currentTimeMillis) - 10_000 })
        assert.strictEqual(yield* lists(server), 4)
      })
  )

  it.live("finds what was taken only after its answer was lost", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn({
        faults: [{ kind: "reset", commits: "after", commitDelay: "500 millis" }]
      })
      const sink = MixpeekSink.make({ bucket: Fixtures.bucket, grace: "1 second" })
      const found = yield* Effect.gen(function* () {
        const batch = yield* Fixtures.prepareAll(sink, ["a", "b"])
        yield* Effect.flip(sink.send(batch))
        const lostAt = yield* Clock.currentTimeMillis
        return yield* Option.getOrThrow(sink.find)(Arr.map(batch, (record) => ({ ...lostOf(record), lostAt })))
      }).pipe(Effect.provide(Fixtures.client(server)))
      assert.strictEqual(found.length, 2)
    })
  )

  it.effect("goes on through throttling and failures of the server", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn({
        faults: [
          { kind: "throttle", operations: ["listObjects"], times: 1 },
          { kind: "bad-gateway", operations: ["listObjects"], times: 2 }
        ]
      })
      assert.strictEqual((yield* lookFor(server, ["a"], [["a"]])).length, 1)
    })
  )
})
