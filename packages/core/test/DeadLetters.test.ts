import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Stream } from "effect"
import * as DeadLetters from "../src/DeadLetters.ts"
import * as Filter from "../src/Filter.ts"
import * as Ledger from "../src/Ledger.ts"
import * as Mapping from "../src/Mapping.ts"
import * as Outcome from "../src/Outcome.ts"
import * as Pipeline from "../src/Pipeline.ts"
import type * as Sink from "../src/Sink.ts"
import * as FakeSink from "./fakes/FakeSink.ts"
import * as FakeSource from "./fakes/FakeSource.ts"
import { file } from "./fakes/files.ts"
import { settled } from "./fakes/settled.ts"

const memory = Layer.fresh(Ledger.layerMemory)

/** A source of files in states that change, and a sink that refuses some. */
const harness = () => {
  const states = new Map<string, string>()
  const refused = new Set<string>()
  const objects: Array<string> = []
  const { removals, sink } = FakeSink.make({
    find: () => [],
    prepare: ({ file: one, key, object }) =>
      Effect.succeed({ _tag: "Prepared", key, weight: 1, path: `${one.id}@${one.token} ${object}` }),
    reply: (batch) =>
      Effect.sync(() =>
        batch.map(({ key, path }): Sink.Answer => {
          const [state = ""] = path.split(" ")
          if (refused.has(state)) {
            const cause = { code: "too-large", message: "the fake takes less", requestId: "req_1" }
            return { _tag: "Settled", key, outcome: Outcome.Rejected.make({ cause }) }
          }
          objects.push(path)
          return { _tag: "Settled", key, outcome: Outcome.Created.make({ objectId: state }) }
        })
      )
  })
  const fake = FakeSource.make({
    pages: Stream.suspend(() =>
      Stream.fromIterable(
        FakeSource.pages(
          "a",
          Array.from(states, ([id, token]) => FakeSource.upsert(file(id, { token })))
        )
      )
    ),
    now: ({ id }) => Option.map(Option.fromUndefinedOr(states.get(id)), (token) => file(id, { token }))
  })
  const pipelineWith = (
    over: Partial<Pipeline.Options<string, FakeSink.FakePrepared, never, never, never>> = {}
  ): Pipeline.Pipeline =>
    Pipeline.make({ name: "p", source: fake.source, map: Mapping.make(({ path }) => path), sink, ...over })
  const letters = Effect.map(Stream.runCollect(DeadLetters.list("p")), (all) =>
    all.map(({ file: { id, token }, refusals }) => `${id}@${token} ${refusals}`)
  )
  /** These are there from now on, and these are refused. */
  const set = (there: ReadonlyArray<string>, not: ReadonlyArray<string>) => {
    states.clear()
    refused.clear()
    for (const state of there) {
      const [id = "", token = ""] = state.split("@")
      states.set(id, token)
    }
    for (const state of not) refused.add(state)
  }
  return { ...fake, letters, objects, pipelineWith, removals, set, run: settled(Pipeline.run(pipelineWith())) }
}

describe("a dead letter", () => {
  it.effect("says which file was refused, why, how often, and what was said to the sink", () =>
    Effect.gen(function* () {
      const { run, set } = harness()
      set(["a@1", "b@1"], ["b@1"])
      const first = yield* run
      const second = yield* run
      const letter = yield* DeadLetters.get("p", "b")
      assert.isTrue(Option.isSome(letter))
      if (Option.isNone(letter)) return
      const { cause, file: one, firstAt, lastAt, refusals, request, runId } = letter.value
      assert.deepStrictEqual(one, file("b"))
      assert.deepStrictEqual(cause, { code: "too-large", message: "the fake takes less", requestId: "req_1" })
      assert.deepStrictEqual([refusals, runId, request], [2, second.runId, { path: "b@1 b" }])
      assert.isBelow(firstAt.epochMilliseconds, lastAt.epochMilliseconds)
      const lineage = DeadLetters.lineage("p", letter.value)
      assert.deepStrictEqual(
        [lineage.uri, lineage.token, lineage.runId, lineage.pipeline],
        [one.uri, "1", second.runId, "p"]
      )
      assert.notStrictEqual(first.runId, second.runId)
      assert.deepStrictEqual(yield* DeadLetters.get("p", "a"), Option.none())
    }).pipe(Effect.provide(memory))
  )

  it.effect("goes when its file is delivered, and when it is discarded", () =>
    Effect.gen(function* () {
      const { letters, run, set } = harness()
      set(["a@1", "b@1", "c@1"], ["a@1", "b@1", "c@1"])
      yield* run
      assert.deepStrictEqual(yield* letters, ["a@1 1", "b@1 1", "c@1 1"])
      assert.strictEqual(yield* DeadLetters.discard("p", ["b", "nobody"]), 1)
      set(["a@2", "b@1", "c@1"], ["b@1", "c@1"])
      yield* run
      assert.deepStrictEqual(yield* letters, ["b@1 1", "c@1 2"])
    }).pipe(Effect.provide(memory))
  )

  it.effect("is one of many, and all are listed, in the order of their files' ids", () =>
    Effect.gen(function* () {
      const { letters, run, set } = harness()
      const ids = Array.from({ length: 1100 }, (_, i) => String(i))
      set(
        ids.map((id) => `${id}@1`),
        ids.map((id) => `${id}@1`)
      )
      yield* run
      assert.deepStrictEqual(
        yield* letters,
        ids.toSorted().map((id) => `${id}@1 1`)
      )
    }).pipe(Effect.provide(memory))
  )
})

describe("replay", () => {
  it.effect("takes every file that was refused as it is now: delivered, refused again, or gone", () =>
    Effect.gen(function* () {
      const { letters, objects, pipelineWith, run, set, sweeps } = harness()
      set(["a@1", "b@1", "c@1", "d@1", "e@1"], ["a@1", "b@1", "c@1", "d@1"])
      yield* run
      set(["a@1", "b@2", "c@1", "e@2"], ["c@1"])
      const report = yield* settled(DeadLetters.replay(pipelineWith()))
      assert.deepStrictEqual([report.ended, report.discovered, report.created, report.rejected], ["complete", 3, 2, 1])
      assert.deepStrictEqual(objects, ["e@1 e", "a@1 a", "b@2 b"])
      assert.deepStrictEqual(yield* letters, ["c@1 2"])
      assert.strictEqual(sweeps.length, 1)
      const next = yield* run
      assert.deepStrictEqual([next.unchanged, next.created, next.rejected], [2, 1, 1])
    }).pipe(Effect.provide(memory))
  )

  it.effect("takes only those that are named", () =>
    Effect.gen(function* () {
      const { letters, objects, pipelineWith, run, set } = harness()
      set(["a@1", "b@1", "c@1"], ["a@1", "b@1", "c@1"])
      yield* run
      set(["a@1", "b@1", "c@1"], [])
      const report = yield* settled(DeadLetters.replay(pipelineWith(), ["c", "a", "nobody"]))
      assert.deepStrictEqual([report.created, objects.toSorted()], [2, ["a@1 a", "c@1 c"]])
      assert.deepStrictEqual(yield* letters, ["b@1 1"])
    }).pipe(Effect.provide(memory))
  )

  it.effect("uses the filter and the mapping that the pipeline has now", () =>
    Effect.gen(function* () {
      const { letters, objects, pipelineWith, run, set } = harness()
      set(["a@1", "b@1"], ["a@1", "b@1"])
      yield* run
      set(["a@1", "b@1"], [])
      const now = pipelineWith({
        map: Mapping.make(({ path }) => `new ${path}`),
        filter: Filter.make({ exclude: ["b"] })
      })
      const report = yield* settled(DeadLetters.replay(now))
      assert.deepStrictEqual([report.created, report.filtered, objects], [1, 1, ["a@1 new a"]])
      assert.deepStrictEqual(yield* letters, [])
    }).pipe(Effect.provide(memory))
  )

  it.effect("moves no cursor: a sweep that was not finished goes on from where it stood", () =>
    Effect.gen(function* () {
      const { pipelineWith, run, set, sweeps } = harness()
      const ledger = yield* Ledger.Ledger
      set(["a@1", "b@1", "c@1", "d@1"], ["a@1"])
      yield* settled(Pipeline.run(pipelineWith({ maxObjectsPerRun: 2 })))
      const position = Effect.scoped(
        Effect.flatMap(ledger.open({ pipeline: "p", runId: "a look" }), (book) => book.position)
      )
      const before = yield* position
      set(["a@1", "b@1", "c@1", "d@1"], [])
      yield* settled(DeadLetters.replay(pipelineWith()))
      assert.deepStrictEqual(yield* position, before)
      yield* run
      assert.strictEqual(sweeps.length, 2)
    }).pipe(Effect.provide(memory))
  )

  it.effect("forgets the letter of a file that went back to the state that was delivered", () =>
    Effect.gen(function* () {
      const { letters, objects, pipelineWith, run, set } = harness()
      set(["a@1"], [])
      yield* run
      set(["a@2"], ["a@2"])
      yield* run
      assert.deepStrictEqual(yield* letters, ["a@2 1"])
      set(["a@1"], [])
      const report = yield* settled(DeadLetters.replay(pipelineWith()))
      assert.deepStrictEqual([report.unchanged, objects], [1, ["a@1 a"]])
      assert.deepStrictEqual(yield* letters, [])
      assert.strictEqual((yield* run).unchanged, 1)
    }).pipe(Effect.provide(memory))
  )

  it.effect("removes objects whose places others took", () =>
    Effect.gen(function* () {
      const { pipelineWith, removals, run, set } = harness()
      set(["a@1"], [])
      yield* run
      set(["a@2"], ["a@2"])
      yield* run
      set(["a@2"], [])
      yield* settled(DeadLetters.replay(pipelineWith()))
      assert.deepStrictEqual(
        removals.map(({ objectId }) => objectId),
        [Option.some("a@1")]
      )
    }).pipe(Effect.provide(memory))
  )
})
