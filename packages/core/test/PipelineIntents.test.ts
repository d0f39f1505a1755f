import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { sourceKey } from "../src/Lineage.ts"
import * as Sink from "../src/Sink.ts"
import * as Bucketed from "./fakes/bucketed.ts"
import { file } from "./fakes/files.ts"

const { killedAfter, killedBefore, statesOf } = Bucketed

const ambiguous = new Sink.SinkError({
  sink: "bucket",
  operation: "send",
  reason: new Sink.Ambiguous({}),
  message: "the connection was reset"
})

describe("intents", () => {
  it.effect("are written before each request, also when it is sent again, and are gone after the outcome", () =>
    Effect.gen(function* () {
      const { intents, run, there } = Bucketed.make(false, {})
      const seen: Array<readonly [states: ReadonlyArray<string>, age: number]> = []
      const report = yield* run(["a@1", "b@1"], (operation, effect) =>
        operation !== "send"
          ? effect
          : Effect.gen(function* () {
              const now = yield* Clock.currentTimeMillis
              const written = yield* intents
              seen.push([statesOf(written), now - Math.min(...written.map(({ sentAt }) => sentAt))])
              return yield* seen.length === 1 ? ambiguous : effect
            })
      )
      assert.deepStrictEqual(seen, [
        [["a@1", "b@1"], 0],
        [["a@1", "b@1"], 0]
      ])
      assert.deepStrictEqual([report.created, yield* intents, there()], [2, [], ["a@1", "b@1"]])
    })
  )

  it.effect("carry the object of the state before", () =>
    Effect.gen(function* () {
      const { bucket, intents, run } = Bucketed.make(false, {})
      yield* run(["a@1"])
      const [before] = bucket.objects.keys()
      let replaces: ReadonlyArray<string | undefined> = []
      yield* run(["a@2", "b@1"], (operation, effect) =>
        operation !== "send"
          ? effect
          : Effect.andThen(
              Effect.map(intents, (all) => {
                replaces = all.map((one) => one.replaces)
              }),
              effect
            )
      )
      assert.deepStrictEqual(replaces, [before, undefined])
    })
  )

  for (const [what, deletes, expected] of [
    ["of files that were there before, where nothing is removed", "ignore", ["b@2"]],
    ["of all files, where objects are removed", "propagate", ["a@1", "b@2"]]
  ] as const) {
    it.effect(`of a bucket that upserts are written ${what}`, () =>
      Effect.gen(function* () {
        const { intents, run } = Bucketed.make(true, { deletes })
        yield* run(["b@1"])
        let written: ReadonlyArray<string> = []
        yield* run(["a@1", "b@2"], (operation, effect) =>
          operation !== "send"
            ? effect
            : Effect.andThen(
                Effect.map(intents, (all) => {
                  written = statesOf(all)
                }),
                effect
              )
        )
        assert.deepStrictEqual(written, [...expected])
        assert.deepStrictEqual(yield* intents, [])
      })
    )
  }
})

describe("after a run that was killed between a request and its answer", () => {
  it.effect("what arrived is not sent again, and is known with its object", () =>
    Effect.gen(function* () {
      const { bucket, intents, known, run, there } = Bucketed.make(false, {})
      yield* Effect.exit(run(["a@1", "b@1"], killedAfter("send")))
      assert.deepStrictEqual(
        [statesOf(yield* intents), there()],
        [
          ["a@1", "b@1"],
          ["a@1", "b@1"]
        ]
      )
      const asked: Array<string> = []
      const report = yield* run(["a@1", "b@1"], (operation, effect) => {
        asked.push(operation)
        return effect
      })
      assert.deepStrictEqual([report.unchanged, asked, yield* intents], [2, ["find"], []])
      const objects = [...bucket.objects.values()].map(({ id, objectId }) => [id, objectId])
      assert.deepStrictEqual(
        [...(yield* known("a", "b")).values()].map(({ id, objectId }) => [id, objectId]),
        objects
      )
    })
  )

  it.effect("what did not arrive is sent again", () =>
    Effect.gen(function* () {
      const { intents, run, there } = Bucketed.make(false, {})
      yield* Effect.exit(run(["a@1", "b@1"], killedBefore("send")))
      assert.deepStrictEqual([statesOf(yield* intents), there()], [["a@1", "b@1"], []])
      const report = yield* run(["a@1", "b@1"])
      assert.deepStrictEqual([report.created, there(), yield* intents], [2, ["a@1", "b@1"], []])
    })
  )

  it.effect("what is there in another state is not taken for it: the state that was lost is sent", () =>
    Effect.gen(function* () {
      const { bucket, run, there } = Bucketed.make(false, {})
      const { uri } = file("a")
      bucket.objects.set("another's", {
        objectId: "another's",
        key: sourceKey(uri),
        id: "a",
        uri,
        token: "0",
        path: "a",
        content: undefined
      })
      yield* Effect.exit(run(["a@1"], killedBefore("send")))
      const report = yield* run(["a@1"])
      assert.deepStrictEqual([report.created, there()], [1, ["a@0", "a@1"]])
    })
  )

  it.effect("what arrived and changed since is sent in its new state, and the one that arrived is removed", () =>
    Effect.gen(function* () {
      const { run, there } = Bucketed.make(false, {})
      yield* Effect.exit(run(["a@1"], killedAfter("send")))
      const report = yield* run(["a@2"])
      assert.deepStrictEqual([report.created, there()], [1, ["a@2"]])
    })
  )

  it.effect("the object that is to be removed is not taken for a state that the file went back to", () =>
    Effect.gen(function* () {
      const { known, run, there } = Bucketed.make(false, {})
      yield* run(["a@1"])
      yield* Effect.exit(run(["a@2"], killedBefore("remove")))
      yield* Effect.exit(run(["a@1"], killedBefore("send")))
      yield* run(["a@1"])
      assert.deepStrictEqual([there(), (yield* known("a")).get("a")?.token], [["a@1"], "1"])
    })
  )

  it.effect("a bucket that upserts is sent all of it again, and asked nothing", () =>
    Effect.gen(function* () {
      const { bucket, intents, run, there } = Bucketed.make(true, { deletes: "propagate" })
      yield* Effect.exit(run(["a@1", "b@1"], killedAfter("send")))
      const report = yield* run(["a@1", "b@1"])
      assert.deepStrictEqual([report.updated, bucket.objects.size, there()], [2, 2, ["a@1", "b@1"]])
      assert.deepStrictEqual(yield* intents, [])
    })
  )
})
