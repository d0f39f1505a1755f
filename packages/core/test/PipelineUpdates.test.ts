import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import * as Ledger from "../src/Ledger.ts"
import * as Mapping from "../src/Mapping.ts"
import * as Outcome from "../src/Outcome.ts"
import * as Pipeline from "../src/Pipeline.ts"
import type { SourceFile } from "../src/SourceFile.ts"
import * as Bucketed from "./fakes/bucketed.ts"
import * as FakeSink from "./fakes/FakeSink.ts"
import * as FakeSource from "./fakes/FakeSource.ts"
import { file } from "./fakes/files.ts"
import { settled } from "./fakes/settled.ts"

const { killedAfter, killedBefore } = Bucketed

describe("a file that is in another state than the one that was delivered", () => {
  for (const [updates, upserts, column, there] of [
    [undefined, true, "updated", ["a@2", "b@1"]],
    ["upsert", true, "updated", ["a@2", "b@1"]],
    ["ignore", true, "skipped", ["a@1", "b@1"]],
    [undefined, false, "created", ["a@2", "b@1"]],
    ["replace", false, "created", ["a@2", "b@1"]],
    ["new", false, "created", ["a@1", "a@2", "b@1"]],
    ["ignore", false, "skipped", ["a@1", "b@1"]]
  ] as const) {
    const bucket = upserts ? "a bucket that upserts" : "a bucket that does not"
    it.effect(`is ${column} in ${bucket} by ${updates ?? "default"}, and unchanged from then on`, () =>
      Effect.gen(function* () {
        const pipeline = Bucketed.make(upserts, { updates })
        yield* pipeline.run(["a@1", "b@1"])
        const report = yield* pipeline.run(["a@2", "b@1"])
        assert.deepStrictEqual([report[column], report.unchanged, pipeline.there()], [1, 1, [...there]])
        const again = yield* pipeline.run(["a@2", "b@1"])
        assert.strictEqual(again.unchanged, updates === "ignore" ? 1 : 2)
        assert.deepStrictEqual(pipeline.there(), [...there])
        if (updates === "ignore") assert.strictEqual(again.skips[0]?.code, "update-ignored")
      })
    )
  }

  for (const [updates, upserts, remedy] of [
    ["upsert", false, '"replace"'],
    ["replace", true, '"upsert"'],
    ["new", true, '"upsert"']
  ] as const) {
    it.effect(`is not ${updates} where the bucket ${upserts ? "upserts" : "does not"}: refused before any work`, () =>
      Effect.gen(function* () {
        const { bucket, pipelineOver, run } = Bucketed.make(upserts, { updates })
        const findings = yield* pipelineOver([]).check
        assert.deepStrictEqual(
          findings.map(({ severity, subject }) => [severity, subject]),
          [["error", "updates"]]
        )
        assert.include(findings[0]?.remedy, remedy)
        const error = yield* Effect.flip(run(["a@1"]))
        assert.deepStrictEqual([error.reason._tag, bucket.objects.size], ["CheckFailed", 0])
      })
    )
  }

  for (const updates of ["upsert", "ignore"] as const) {
    it.effect(`is sent if its object was about to be removed, with ${updates}`, () =>
      Effect.gen(function* () {
        const { run, there } = Bucketed.make(updates === "upsert", { updates, deletes: "propagate" })
        yield* run(["a@1", "b@1"])
        yield* Effect.exit(run(["b@1"], killedAfter("remove")))
        assert.deepStrictEqual(there(), ["b@1"])
        yield* run(["a@2", "b@1"])
        assert.deepStrictEqual(there(), ["a@2", "b@1"])
      })
    )
  }

  for (const updates of ["replace", "new", "ignore"] as const) {
    it.effect(`has one object if the old one was about to be removed and was not, with ${updates}`, () =>
      Effect.gen(function* () {
        const { run, there } = Bucketed.make(false, { updates, deletes: "propagate" })
        yield* run(["a@1", "b@1"])
        yield* Effect.exit(run(["b@1"], killedBefore("remove")))
        yield* Effect.exit(run(["a@2", "b@1"], killedAfter("send")))
        yield* run(["a@2", "b@1"])
        assert.deepStrictEqual(there(), ["a@2", "b@1"])
      })
    )
  }
})

describe("replace", () => {
  it.effect("removes the old object only when the new one is settled", () =>
    Effect.gen(function* () {
      const { bucket, run, settlements, there } = Bucketed.make(false, {})
      yield* run(["a@1"])
      const [old] = bucket.objects.keys()
      const superseded = () => settlements.flatMap((one) => one.superseded.map(({ objectId }) => objectId))
      const steps: Array<
        readonly [operation: string, there: ReadonlyArray<string>, superseded: ReadonlyArray<string>]
      > = []
      yield* run(["a@2"], (operation, effect) => {
        steps.push([operation, there(), superseded()])
        return effect
      })
      assert.deepStrictEqual(steps, [
        ["send", ["a@1"], []],
        ["remove", ["a@1", "a@2"], [old ?? ""]]
      ])
      assert.deepStrictEqual(
        settlements.flatMap(({ cleared }) => cleared),
        [old]
      )
    })
  )

  it.effect("removes no object of a file whose new state is refused", () =>
    Effect.gen(function* () {
      const { removals, sink } = FakeSink.make({
        find: () => [],
        reply: (batch, index) =>
          Effect.succeed(
            batch.map(({ key }) =>
              index === 0
                ? FakeSink.created(key)
                : {
                    _tag: "Settled",
                    key,
                    outcome: Outcome.Rejected.make({ cause: { code: "x", message: "too large" } })
                  }
            )
          )
      })
      yield* runWith(sink, file("a"))
      const report = yield* runWith(sink, file("a", { token: "2" }))
      assert.deepStrictEqual([report.rejected, removals], [1, []])
    }).pipe(Effect.provide(Layer.fresh(Ledger.layerMemory)))
  )

  for (const [when, point] of [
    ["after the new one was made", killedAfter("send")],
    ["before it was removed", killedBefore("remove")],
    ["after it was removed", killedAfter("remove")]
  ] as const) {
    it.effect(`removes the old object, or knows that it is not there, after a run that was killed ${when}`, () =>
      Effect.gen(function* () {
        const { run, there } = Bucketed.make(false, {})
        yield* run(["a@1"])
        yield* Effect.exit(run(["a@2"], point))
        const report = yield* run(["a@2"])
        assert.deepStrictEqual([there(), report.unchanged], [["a@2"], 1])
      })
    )
  }

  for (const [what, outcome] of [
    ["Updated", Outcome.Updated],
    ["SkippedDuplicate", Outcome.SkippedDuplicate]
  ] as const) {
    it.effect(`removes nothing where the answer, ${what}, names the object that was there before`, () =>
      Effect.gen(function* () {
        const { removals, sink } = FakeSink.make({
          find: () => [],
          reply: (batch, index) =>
            Effect.succeed(
              batch.map(({ key }) => ({
                _tag: "Settled",
                key,
                outcome: index === 0 ? Outcome.Created.make({ objectId: "one" }) : outcome.make({ objectId: "one" })
              }))
            )
        })
        yield* runWith(sink, file("a"))
        yield* runWith(sink, file("a", { token: "2" }))
        const last = yield* runWith(sink, file("a", { token: "2" }))
        assert.deepStrictEqual([last.unchanged, removals], [1, []])
      }).pipe(Effect.provide(Layer.fresh(Ledger.layerMemory)))
    )
  }
})

describe("a file in another state with the same content", () => {
  const sum = (value: string) => ({ checksum: { algorithm: "md5", value: value.repeat(32) } }) as const
  for (const [what, sameContent, over, sent] of [
    ["is sent by default", undefined, sum("0"), 1],
    ["is kept where that is asked for", "keep", sum("0"), 0],
    ["is sent where its content is another", "keep", sum("1"), 1],
    ["is sent where it was renamed", "keep", { ...sum("0"), path: "renamed" }, 1],
    ["is sent where nobody knows its content", "keep", {}, 1]
  ] as const) {
    it.effect(what, () =>
      Effect.gen(function* () {
        const { known, run } = Bucketed.make(true, { sameContent })
        yield* run([file("a", sum("0"))])
        const [before] = [...(yield* known("a")).values()]
        const changed = file("a", { token: "2", ...over })
        const report = yield* run([changed])
        assert.deepStrictEqual([report.updated, report.unchanged], [sent, 1 - sent])
        const [after] = [...(yield* known("a")).values()]
        assert.deepStrictEqual([after?.token, after?.objectId], ["2", before?.objectId])
        assert.deepStrictEqual((yield* run([changed])).unchanged, 1)
      })
    )
  }
})

const runWith = (sink: ReturnType<typeof FakeSink.make>["sink"], one: SourceFile) =>
  settled(
    Pipeline.run(
      Pipeline.make({
        name: "p",
        source: FakeSource.make({ pages: Stream.fromIterable(FakeSource.pages("a", [FakeSource.upsert(one)])) }).source,
        map: Mapping.make(({ path }) => path),
        sink
      })
    )
  )
