import { assert, layer } from "@effect/vitest"
import { Effect, Stream } from "effect"
import type { Change, Container } from "../src/Change.ts"
import * as Filter from "../src/Filter.ts"
import * as Ledger from "../src/Ledger.ts"
import * as Mapping from "../src/Mapping.ts"
import * as Outcome from "../src/Outcome.ts"
import * as Pipeline from "../src/Pipeline.ts"
import * as Report from "../src/Report.ts"
import * as Sink from "../src/Sink.ts"
import * as Source from "../src/Source.ts"
import * as FakeSink from "./fakes/FakeSink.ts"
import * as FakeSource from "./fakes/FakeSource.ts"
import { file } from "./fakes/files.ts"
import { change, harness, keyOf, names, page, start } from "./fakes/following.ts"
import { settled } from "./fakes/settled.ts"

const { upsert } = FakeSource
const gone = (id: string): Change => ({ _tag: "Delete", id, uri: `fake://${id}` })

/** Ends the run before a file has its outcome, when others have theirs. */
const lateIsNotSettled = () =>
  FakeSink.make({
    reply: (batch) =>
      Effect.succeed(
        batch.every(({ path }) => path === "late")
          ? new Sink.Unauthorized()
          : batch.map(({ key, path }) =>
              path === "late"
                ? { _tag: "Retry" as const, key, cause: { code: "busy", message: "later" } }
                : FakeSink.created(key)
            )
      )
  })

layer(Ledger.layerMemory)("deletions at the source", (it) => {
  it.effect("are skipped by default, and only where something was delivered", () =>
    Effect.gen(function* () {
      const { removed, run } = harness("ignore", {})
      yield* run({ sweep: [start(1), page("tree", 1, names("1", "2"))] })
      const report = yield* run({ follow: [change(2, [gone("1"), gone("never")])] })
      assert.deepStrictEqual([report.discovered, report.skipped, report.removed], [1, 1, 0])
      assert.strictEqual(report.skips[0]?.code, "delete-ignored")
      assert.deepStrictEqual(removed(), [])
      const again = yield* run({ follow: [change(3, [gone("1")])] })
      assert.strictEqual(again.discovered, 0)
    })
  )

  it.effect("remove objects at the end of the run where they are propagated", () =>
    Effect.gen(function* () {
      const { removed, run } = harness("propagate", { deletes: "propagate" })
      yield* run({ sweep: [start(1), page("tree", 1, names("1", "2", "3"))] })
      const report = yield* run({ follow: [change(2, [gone("1"), gone("never")]), change(3, names("4"))] })
      assert.deepStrictEqual([report.discovered, report.removed, report.created, report.unsettled], [2, 1, 1, 0])
      assert.deepStrictEqual(removed(), [keyOf("1")])
      const again = yield* run({ follow: [change(4, [gone("1")])] })
      assert.deepStrictEqual([again.discovered, removed()], [0, []])
    })
  )

  it.effect("of a folder remove what is in it, also what was still on its way", () =>
    Effect.gen(function* () {
      const { removed, run } = harness("folder", { deletes: "propagate" })
      const containers: ReadonlyArray<Container> = [
        { id: "f", state: "f" },
        { id: "g", within: "f", state: "g" }
      ]
      const inside = (id: string, within: string) => upsert(file(id, { within }))
      yield* run({
        sweep: [start(1), page("tree", 1, [inside("1", "f"), inside("2", "g"), upsert(file("3"))], { containers })]
      })
      const report = yield* run({ follow: [change(2, [inside("4", "g")]), change(3, [gone("f")])] })
      assert.deepStrictEqual([report.created, report.removed], [1, 3])
      assert.deepStrictEqual(removed().toSorted(), ["1", "2", "4"].map(keyOf).toSorted())
    })
  )

  it.effect("of a folder remove a file that had moved into it and could not be read there", () =>
    Effect.gen(function* () {
      const { removed, run } = harness("moved in", {
        deletes: "propagate",
        sink: FakeSink.make({
          prepare: ({ file: one, key }) =>
            one.token === "2"
              ? Effect.fail(FakeSource.error(new Source.Gone()))
              : Effect.succeed({ _tag: "Prepared", key, weight: 1, path: one.path })
        }).sink
      })
      const containers = [
        { id: "f", state: "f" },
        { id: "g", state: "g" }
      ]
      const inside = (within: string, token: string) => [upsert(file("1", { within, token }))]
      yield* run({ sweep: [start(1), page("tree", 1, inside("f", "1"), { containers })] })
      const report = yield* run({ follow: [change(2, inside("g", "2")), change(3, [gone("g")])] })
      assert.deepStrictEqual([report.skipped, report.removed, removed().length], [1, 1, 0])
    })
  )

  for (const [what, known] of [
    ["is new", []],
    ["was elsewhere", [{ id: "g", state: "g" }]],
    ["was there", [{ id: "g", within: "f", state: "g" }]]
  ] as const) {
    it.effect(`of a folder remove what a run that broke has delivered far below, in one that ${what}`, () =>
      Effect.gen(function* () {
        const { removals, sink } = lateIsNotSettled()
        const { run } = harness(`far below, ${what}`, { deletes: "propagate", sink })
        const top: ReadonlyArray<Container> = [{ id: "f", state: "f" }, ...known]
        yield* run({ sweep: [start(1), page("tree", 1, names("1"), { containers: top })] })
        const tree = [
          change(1, [upsert(file("late", { within: "f" }))], { containers: [{ id: "g", within: "f", state: "new" }] }),
          change(2, [upsert(file("2", { within: "g" }))])
        ]
        yield* Effect.flip(run({ follow: tree }))
        const report = yield* run({ follow: [change(3, [gone("late"), gone("f")])] })
        assert.strictEqual(report.ended, "complete")
        assert.include(
          removals.map(({ key }) => key),
          keyOf("2")
        )
      })
    )
  }

  it.effect("of a folder remove what was delivered far below by a sweep that went on after it broke", () =>
    Effect.gen(function* () {
      const { removals, sink } = lateIsNotSettled()
      const { run } = harness("far below, swept", { deletes: "propagate", sink })
      const containers: ReadonlyArray<Container> = [
        { id: "f", state: "f" },
        { id: "g", within: "f", state: "g" }
      ]
      yield* run({ sweep: [start(1), page("tree", 1, [upsert(file("2", { within: "g" }))], { containers })] })
      const again = [
        page("f", 1, [upsert(file("late", { within: "f" }))], { containers }),
        page("g", 1, [upsert(file("2", { within: "g", token: "new" }))])
      ]
      yield* Effect.flip(run({ sweep: [start(2), ...again] }, { sweep: true }))
      // The folder is gone when it is asked about again.
      yield* run({ sweep: [page("f", 1, [])], follow: [change(3, [gone("f")])] })
      assert.include(
        removals.map(({ key }) => key),
        keyOf("2")
      )
    })
  )

  it.effect("are taken back when the file is there again before its object was removed", () =>
    Effect.gen(function* () {
      const { removed, run } = harness("restored", { deletes: "propagate" })
      const containers: ReadonlyArray<Container> = [{ id: "f", state: "f" }]
      const inside = [upsert(file("1", { within: "f" })), upsert(file("2", { within: "f" }))]
      yield* run({ sweep: [start(1), page("tree", 1, [...inside, ...names("3")], { containers })] })
      const report = yield* run({
        follow: [change(2, [gone("f"), gone("3")]), change(3, [...inside, ...names("3")], { containers })]
      })
      assert.deepStrictEqual([report.unchanged, report.removed, removed()], [3, 0, []])
    })
  )

  it.effect("are found by a complete sweep of a source that cannot follow", () =>
    Effect.gen(function* () {
      const sweep = (...ids: ReadonlyArray<string>) =>
        FakeSource.make({ pages: Stream.make(page("a", 1, names(...ids))) })
      const { removals, sink } = FakeSink.make({})
      const pipeline = (source: Source.Source) =>
        Pipeline.make({ name: "swept", source, map: Mapping.make((one) => one.path), sink, deletes: "propagate" })
      yield* settled(Pipeline.run(pipeline(sweep("1", "2", "3").source)))
      const report = yield* settled(Pipeline.run(pipeline(sweep("1", "3").source)))
      assert.deepStrictEqual([report.unchanged, report.removed], [2, 1])
      assert.deepStrictEqual(
        removals.map(({ key }) => key),
        [keyOf("2")]
      )
    })
  )

  it.effect("of what a file had before it is skipped for being gone remove that, and are no outcome of their own", () =>
    Effect.gen(function* () {
      const { removed, run } = harness("gone skips", { deletes: "propagate" })
      const skip = (id: string, isGone: boolean): Change => ({
        _tag: "Skip",
        file: file(id),
        reason: { code: "dangling", message: "leads nowhere" },
        ...(isGone ? { isGone } : {})
      })
      yield* run({ sweep: [start(1), page("tree", 1, names("1", "2"))] })
      const report = yield* run({ follow: [change(2, [skip("1", true), skip("2", false), skip("3", true)])] })
      assert.deepStrictEqual([report.discovered, report.skipped, report.removed], [3, 2, 1])
      assert.deepStrictEqual(removed(), [keyOf("1")])
    })
  )

  it.effect("follow from a filter that no longer lets a file through", () =>
    Effect.gen(function* () {
      const filter = Filter.make({ include: ["in/**"] })
      const { removed, run } = harness("filter", { deletes: "propagate", filter })
      const at = (path: string) => upsert(file("a", { path }))
      yield* run({ sweep: [start(1), page("tree", 1, [at("in/a"), upsert(file("b", { path: "out/b" }))])] })
      const report = yield* run({ follow: [change(2, [at("out/a")])] })
      assert.deepStrictEqual([report.discovered, report.filtered, report.removed], [1, 0, 1])
      assert.deepStrictEqual(removed(), [keyOf("a")])
    })
  )

  for (const [what, before, after, held] of [
    ["more than 10 items and more than 10 %", 100, 88, 12],
    ["everything: the listing is empty", 5, 0, 5],
    ["half of the files", 40, 20, 20]
  ] as const) {
    it.effect(`are held back where they are ${what}, until they are confirmed`, () =>
      Effect.gen(function* () {
        const { removed, run } = harness(`guard ${before} ${after}`, { deletes: "propagate" })
        const files = Array.from({ length: before }, (_, i) => String(i))
        const expired = Stream.fail(FakeSource.error(new Source.Expired()))
        const sweepOf = (count: number) => [page("tree", 1, names(...files.slice(0, count)))]
        yield* run({ sweep: [start(1), ...sweepOf(before)] })
        const report = yield* run({ sweep: [...sweepOf(after)], follow: expired })
        assert.deepStrictEqual([report.removed, report.heldBack, removed()], [0, held, []])
        assert.include(Report.format(report), `${held} removals are held back`)
        const confirmed = yield* run({ sweep: sweepOf(after) }, { confirmDeletes: true })
        assert.deepStrictEqual([confirmed.removed, confirmed.heldBack, removed().length], [held, 0, held])
      })
    )
  }

  it.effect("of a source that seems to be empty are held back by the runs that follow, and until it is looked at", () =>
    Effect.gen(function* () {
      const { removed, run } = harness("seems empty", { deletes: "propagate" })
      yield* run({ sweep: [start(1), page("tree", 1, names("1", "2"))] })
      const first = yield* run({ sweep: [start(2)] }, { sweep: true })
      assert.deepStrictEqual([first.ended, first.removed, first.heldBack], ["complete", 0, 2])
      const second = yield* run({ sweep: [start(3)], follow: [change(4, [])] })
      assert.deepStrictEqual([second.removed, second.heldBack, removed()], [0, 2, []])
      const back = yield* run({ sweep: [start(4), page("tree", 1, names("1", "2"))] })
      assert.deepStrictEqual([back.unchanged, back.removed, back.heldBack], [2, 0, 0])
      yield* run({ sweep: [start(5)] }, { sweep: true })
      const confirmed = yield* run({ sweep: [start(6)] }, { confirmDeletes: true })
      assert.deepStrictEqual([confirmed.removed, confirmed.heldBack, removed().length], [2, 0, 2])
    })
  )

  it.effect("of a source that seems to be empty are held back also where the run was broken off at the end", () =>
    Effect.gen(function* () {
      const { removed, run } = harness("broken off, empty", { deletes: "propagate" })
      yield* run({ sweep: [page("tree", 1, names("1", "2"))] })
      const breaks = Stream.concat(
        Stream.fromIterable([page("tree", 1, [])]),
        Stream.fail(FakeSource.error(new Source.Unavailable()))
      )
      yield* Effect.exit(run({ sweep: breaks }, { sweep: true }))
      const report = yield* run({ sweep: [page("tree", 1, []), page("tree", 2, [])] })
      assert.deepStrictEqual([report.removed, report.heldBack, removed()], [0, 2, []])
      const back = yield* run({ sweep: [page("tree", 1, names("1")), page("tree", 2, [])] }, { sweep: true })
      assert.deepStrictEqual([back.removed, back.heldBack, removed()], [1, 0, [keyOf("2")]])
    })
  )

  it.effect("of the last file that a source had are not held back where the source says so", () =>
    Effect.gen(function* () {
      const { run } = harness("last", { deletes: "propagate" })
      yield* run({ sweep: [start(1), page("tree", 1, names("1"))] })
      const report = yield* run({ follow: [change(2, [gone("1")])] })
      assert.deepStrictEqual([report.removed, report.heldBack], [1, 0])
    })
  )

  for (const [what, before, after] of [
    ["9 of 20", 20, 11],
    ["12 of 200", 200, 188]
  ] as const) {
    it.effect(`are not held back where they are ${what}`, () =>
      Effect.gen(function* () {
        const { run } = harness(`no guard ${before}`, { deletes: "propagate" })
        const files = Array.from({ length: before }, (_, i) => String(i))
        yield* run({ sweep: [start(1), page("tree", 1, names(...files))] })
        const report = yield* run({ follow: [change(2, files.slice(after).map(gone))] })
        assert.deepStrictEqual([report.removed, report.heldBack], [before - after, 0])
      })
    )
  }

  it.effect("that the sink refuses are rejected, and tried again by the next run", () =>
    Effect.gen(function* () {
      let refuses = true
      const refusal = Outcome.Rejected.make({ cause: { code: "x", message: "locked" } })
      const { run } = harness("refused", {
        deletes: "propagate",
        sink: FakeSink.make({
          remove: (batch) =>
            Effect.sync(() =>
              batch.map((one) =>
                refuses && one.key === keyOf("1")
                  ? { _tag: "Settled" as const, key: one.key, outcome: refusal }
                  : FakeSink.removed(one)
              )
            )
        }).sink
      })
      yield* run({ sweep: [start(1), page("tree", 1, names("1", "2", "3"))] })
      const report = yield* run({ follow: [change(2, [gone("1"), gone("2")])] })
      assert.deepStrictEqual([report.removed, report.rejected], [1, 1])
      refuses = false
      const again = yield* run({})
      assert.deepStrictEqual([again.removed, again.rejected], [1, 0])
    })
  )
})
