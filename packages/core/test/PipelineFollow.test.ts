import { assert, layer } from "@effect/vitest"
import { Effect, Stream } from "effect"
import type { Container } from "../src/Change.ts"
import * as Filter from "../src/Filter.ts"
import * as Ledger from "../src/Ledger.ts"
import * as Mapping from "../src/Mapping.ts"
import * as Report from "../src/Report.ts"
import * as Sink from "../src/Sink.ts"
import * as Source from "../src/Source.ts"
import type { SourceFile } from "../src/SourceFile.ts"
import * as FakeSink from "./fakes/FakeSink.ts"
import * as FakeSource from "./fakes/FakeSource.ts"
import { file } from "./fakes/files.ts"
import { change, harness, keyOf, names, page, start } from "./fakes/following.ts"

const { upsert } = FakeSource

const passes = (report: Report.Report) => report.passes.map(({ ended, kind }) => `${kind} ${ended}`)

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

const settledContainers = (pipeline: string, ids: ReadonlyArray<string>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      const book = yield* ledger.open({ pipeline, runId: "a look" })
      return yield* book.containers(ids)
    })
  )

layer(Ledger.layerMemory)("containers", (it) => {
  it.effect("are kept once all of their page is settled, and not before", () =>
    Effect.gen(function* () {
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
      assert.deepStrictEqual([...(yield* settledContainers("late containers", ["f", "g"])).keys()], ["f"])
    })
  )

  it.effect("that a complete sweep did not name are forgotten", () =>
    Effect.gen(function* () {
      const { run } = harness("old containers", {})
      const containers = (...ids: ReadonlyArray<string>) => ({ containers: ids.map((id) => ({ id, state: "" })) })
      yield* run({ sweep: [start(1), page("tree", 1, names("1"), containers("f", "g"))] })
      yield* run({ sweep: [start(2), page("tree", 1, names("1"), containers("g"))] }, { sweep: true })
      assert.deepStrictEqual([...(yield* settledContainers("old containers", ["f", "g"])).keys()], ["g"])
    })
  )
})
