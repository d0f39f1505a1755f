import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import { type Change, type Container, Cursor, type Page } from "../src/Change.ts"
import * as Filter from "../src/Filter.ts"
import * as Ledger from "../src/Ledger.ts"
import { sourceKey } from "../src/Lineage.ts"
import * as Mapping from "../src/Mapping.ts"
import * as Outcome from "../src/Outcome.ts"
import * as Pipeline from "../src/Pipeline.ts"
import * as Report from "../src/Report.ts"
import * as Sink from "../src/Sink.ts"
import * as Source from "../src/Source.ts"
import type { SourceFile } from "../src/SourceFile.ts"
import * as FakeSink from "./fakes/FakeSink.ts"
import * as FakeSource from "./fakes/FakeSource.ts"
import { file } from "./fakes/files.ts"

const { upsert } = FakeSource
const gone = (id: string): Change => ({ _tag: "Delete", id, uri: `fake://${id}` })
const names = (...ids: ReadonlyArray<string>) => ids.map((id) => upsert(file(id)))

const page = (range: string, cursor: number, changes: ReadonlyArray<Change>, over: Partial<Page> = {}): Page => ({
  range,
  cursor: Cursor.make(String(cursor)),
  changes,
  ...over
})
/** Where changes are followed from, said before anything else. */
const start = (cursor: number) => page("changes", cursor, [], { follows: true })
const change = (cursor: number, changes: ReadonlyArray<Change>, over: Partial<Page> = {}) =>
  page("changes", cursor, changes, { follows: true, ...over })

const settled = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect)
    for (let i = 0; i < 100; i++) yield* TestClock.adjust("10 seconds")
    return yield* Fiber.join(fiber)
  })

/** A pipeline that runs again and again over what the test says next. */
const harness = (
  name: string,
  options: Partial<Pipeline.Options<string, FakeSink.FakePrepared, never, never, never>>
) => {
  let sweeping: Stream.Stream<Page, Source.SourceError> = Stream.empty
  let following: Stream.Stream<Page, Source.SourceError> = Stream.empty
  const fake = FakeSource.make({
    pages: Stream.suspend(() => sweeping),
    changes: () => Stream.suspend(() => following)
  })
  const sink = FakeSink.make({})
  const pipelineWith = (over: typeof options) =>
    Pipeline.make({
      name,
      source: fake.source,
      map: Mapping.make((one) => one.path),
      sink: sink.sink,
      ...options,
      ...over
    })
  const run = (
    pages: {
      readonly sweep?: ReadonlyArray<Page>
      readonly follow?: ReadonlyArray<Page> | Stream.Stream<Page, Source.SourceError>
    },
    options?: Pipeline.RunOptions,
    pipeline = pipelineWith({})
  ) => {
    sweeping = Stream.fromIterable(pages.sweep ?? [])
    following = Stream.isStream(pages.follow) ? pages.follow : Stream.fromIterable(pages.follow ?? [])
    return settled(Pipeline.run(pipeline, options))
  }
  const sent = () => sink.requests.splice(0).flatMap(({ paths }) => paths)
  const removed = () => sink.removals.splice(0).map(({ key }) => key)
  return { ...fake, pipelineWith, run, sent, removed }
}

const passes = (report: Report.Report) => report.passes.map(({ ended, kind }) => `${kind} ${ended}`)
const keyOf = (id: string) => sourceKey(file(id).uri)

layer(Ledger.layerMemory)("a run of a source that can say what changed", (it) => {
  it.effect("sweeps once, follows what changed meanwhile, and from then on follows", () =>
    Effect.gen(function* () {
      const { followed, run, sent, sweeps } = harness("follows", {})
      const first = yield* run({
        sweep: [start(5), page("tree", 1, names("1", "2"))],
        follow: [change(6, names("3"))]
      })
      assert.deepStrictEqual(passes(first), ["sweep complete", "follow complete"])
      assert.deepStrictEqual(sent(), ["1", "2", "3"])
      const second = yield* run({ follow: [change(7, [upsert(file("2", { token: "2" }))]), change(8, [])] })
      assert.deepStrictEqual(passes(second), ["follow complete"])
      assert.deepStrictEqual(sent(), ["2"])
      assert.strictEqual(sweeps.length, 1)
      assert.deepStrictEqual(
        followed.map(({ since }) => since.map(({ cursor, range }) => `${range}@${cursor}`)),
        [["changes@5"], ["changes@6"]]
      )
      yield* run({})
      assert.deepStrictEqual(
        followed.at(-1)?.since.map(({ cursor }) => String(cursor)),
        ["8"]
      )
    })
  )

  it.effect("sweeps everything where changes can no longer be followed, and says so", () =>
    Effect.gen(function* () {
      const { run, sent, sweeps } = harness("expires", {})
      yield* run({ sweep: [start(1), page("tree", 1, names("1", "2"))] })
      sent()
      let asked = 0
      const follow = Stream.suspend(() =>
        asked++ === 0 ? Stream.fail(FakeSource.error(new Source.Expired())) : Stream.make(change(9, names("4")))
      )
      const report = yield* run({ sweep: [start(8), page("tree", 1, names("1", "2", "3"))], follow })
      assert.deepStrictEqual(passes(report), ["follow expired", "sweep complete", "follow complete"])
      assert.strictEqual(report.ended, "complete")
      assert.include(Report.format(report), "follow: the fake said Expired")
      assert.deepStrictEqual(sent(), ["3", "4"])
      assert.strictEqual(sweeps.length, 2)
    })
  )

  it.effect(
    "sweeps everything where that is asked for, and where the filter or the mapping ask for something else",
    () =>
      Effect.gen(function* () {
        const { pipelineWith, run, sent } = harness("asked", {})
        yield* run({ sweep: [start(1), page("tree", 1, names("1", "2"))] })
        sent()
        const sweep = [start(2), page("tree", 1, names("1", "2", "3"))]
        assert.deepStrictEqual(passes(yield* run({ sweep }, { sweep: true })), ["sweep complete", "follow complete"])
        assert.deepStrictEqual(sent(), ["3"])
        const filtered = pipelineWith({ filter: Filter.make({ exclude: ["2"] }) })
        assert.deepStrictEqual(passes(yield* run({ sweep }, {}, filtered)), ["sweep complete", "follow complete"])
        assert.deepStrictEqual(passes(yield* run({ sweep }, {}, filtered)), ["follow complete"])
        const mapped = pipelineWith({ map: Mapping.make((one) => one.path, { attributes: ["tags"] }) })
        assert.deepStrictEqual(passes(yield* run({ sweep }, {}, mapped)), ["sweep complete", "follow complete"])
      })
  )

  it.effect("does not store how far it followed before all of it is settled", () =>
    Effect.gen(function* () {
      const { followed, run } = harness("breaks", {
        sink: FakeSink.make({
          reply: (batch) =>
            Effect.succeed(
              batch.some(({ path }) => path === "bad")
                ? new Sink.Unauthorized()
                : batch.map(({ key }) => FakeSink.created(key))
            )
        }).sink
      })
      yield* run({ sweep: [start(1), page("tree", 1, names("1"))] })
      yield* Effect.flip(
        run({ follow: [change(2, names("2", "3", "4")), change(3, names("5", "bad")), change(4, names("6"))] })
      )
      yield* run({})
      assert.deepStrictEqual(
        followed.at(-1)?.since.map(({ cursor }) => String(cursor)),
        ["2"]
      )
    })
  )

  it.effect("is incomplete where the store could not say everything, and sweeps again", () =>
    Effect.gen(function* () {
      const { removed, run, sweeps } = harness("incomplete", { deletes: "propagate" })
      yield* run({ sweep: [start(1), page("tree", 1, names("1", "2"))] })
      const reason = { code: "incomplete-search", message: "Google did not search all of it" }
      const expired = Stream.fail(FakeSource.error(new Source.Expired()))
      const report = yield* run({
        sweep: [start(2), page("tree", 1, names("1"), { incomplete: reason })],
        follow: expired
      })
      assert.deepStrictEqual([report.ended, report.removed], ["incomplete", 0])
      assert.deepStrictEqual(passes(report), ["follow expired", "sweep incomplete"])
      assert.include(Report.format(report), "Google did not search all of it")
      const again = yield* run({ sweep: [start(3), page("tree", 1, names("1"))] })
      assert.deepStrictEqual([again.ended, again.removed], ["complete", 1])
      assert.deepStrictEqual(removed(), [keyOf("2")])
      assert.deepStrictEqual(sweeps.at(-1)?.resume, [])
    })
  )

  it.effect("keeps the order of two states of one file, whatever waits for what", () =>
    Effect.gen(function* () {
      const states: Array<string> = []
      const { run } = harness("order", {
        sink: FakeSink.make({
          limits: { maxInFlight: 4, maxRecords: 1 },
          prepare: (record) =>
            Effect.succeed({
              _tag: "Prepared",
              key: record.key,
              weight: 1,
              path: `${record.file.path}@${record.file.token}`
            }),
          reply: (batch) =>
            Effect.gen(function* () {
              // The first state takes longest.
              yield* Effect.sleep(batch[0]?.path.endsWith("@1") === true ? "50 seconds" : "1 second")
              states.push(...batch.map(({ path }) => path))
              return batch.map(({ key }) => FakeSink.created(key))
            })
        }).sink
      })
      const at = (token: string) => [upsert(file("a", { token }))]
      yield* run({ sweep: [start(1)], follow: [change(2, at("1")), change(3, at("2")), change(4, at("3"))] })
      assert.deepStrictEqual(states, ["a@1", "a@2", "a@3"])
    })
  )

  it.effect("sends a file again that was renamed or whose attributes changed, though its content is the same", () =>
    Effect.gen(function* () {
      const { run, sent } = harness("facts", {})
      const one = (over: Partial<SourceFile>) => [upsert(file("a", over))]
      yield* run({ sweep: [start(1), page("tree", 1, one({}))] })
      sent()
      yield* run({ follow: [change(2, one({ path: "b" }))] })
      assert.deepStrictEqual(sent(), ["b"])
      yield* run({ follow: [change(3, one({ path: "b", attributes: { properties: { team: "x" } } }))] })
      assert.deepStrictEqual(sent(), ["b"])
      const report = yield* run({
        follow: [change(4, one({ path: "b", attributes: { properties: { team: "x" } } }))]
      })
      assert.deepStrictEqual([report.unchanged, sent().length], [1, 0])
    })
  )

  it.effect("lets the source look up what was settled of its containers", () =>
    Effect.gen(function* () {
      const folder: Container = { id: "f", state: "name" }
      let found: ReadonlyMap<string, Container> | undefined
      const { followed, run } = harness("containers", {})
      yield* run({ sweep: [start(1), page("tree", 1, names("1"), { containers: [folder] })] })
      const follow = Stream.unwrap(
        Effect.gen(function* () {
          // The fake keeps what it was asked with; its errors are those of the ledger.
          found = yield* followed.at(-1)!.containers(["f", "g"]) as Effect.Effect<ReadonlyMap<string, Container>>
          return Stream.empty
        })
      )
      yield* run({ follow })
      assert.deepStrictEqual([...(found ?? [])], [["f", folder]])
    })
  )
})

layer(Ledger.layerMemory)("containers", (it) => {
  it.effect("are kept once all of their page is settled, and not before", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      const { run } = harness("late containers", {
        sink: FakeSink.make({
          reply: (batch) =>
            Effect.succeed(
              batch.some(({ path }) => path === "bad")
                ? new Sink.Unauthorized()
                : batch.map(({ key }) => FakeSink.created(key))
            )
        }).sink
      })
      const containers = (id: string) => ({ containers: [{ id, state: "" }] })
      yield* Effect.flip(
        run({
          sweep: [
            start(1),
            page("tree", 1, names("1", "2", "3"), containers("f")),
            page("tree", 2, names("4", "bad"), containers("g"))
          ]
        })
      )
      assert.deepStrictEqual([...(yield* ledger.containers("late containers", ["f", "g"])).keys()], ["f"])
    })
  )

  it.effect("that a complete sweep did not name are forgotten", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      const { run } = harness("old containers", {})
      const containers = (...ids: ReadonlyArray<string>) => ({ containers: ids.map((id) => ({ id, state: "" })) })
      yield* run({ sweep: [start(1), page("tree", 1, names("1"), containers("f", "g"))] })
      yield* run({ sweep: [start(2), page("tree", 1, names("1"), containers("g"))] }, { sweep: true })
      assert.deepStrictEqual([...(yield* ledger.containers("old containers", ["f", "g"])).keys()], ["g"])
    })
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
