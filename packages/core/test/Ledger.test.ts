import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { type Container, Cursor } from "../src/Change.ts"
import * as Ledger from "../src/Ledger.ts"
import * as Outcome from "../src/Outcome.ts"
import { facts, type SourceFile } from "../src/SourceFile.ts"
import { file } from "./fakes/files.ts"

const settlement = (pipeline: string, over: Partial<Ledger.Settlement>): Ledger.Settlement => ({
  pipeline,
  runId: "r",
  files: [],
  removed: [],
  seen: [],
  gone: [],
  containers: [],
  cursors: [],
  ...over
})
const at = (range: string, cursor: string, follows = false) => ({ range, cursor: Cursor.make(cursor), follows })
const bare = ({ cursor, range }: Ledger.Advance) => ({ range, cursor })
const created = (...files: ReadonlyArray<SourceFile>) =>
  files.map((one) => ({ file: one, outcome: Outcome.Created.make({}) }))
const ids = (known: ReadonlyArray<Ledger.Known>) => known.map(({ id }) => id).toSorted()

layer(Ledger.layerMemory)("a ledger in memory", (it) => {
  it.effect("knows what was delivered, in which state and as which object, and nothing else", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      yield* ledger.settle(
        settlement("a", {
          files: [
            { file: file("1"), outcome: Outcome.Created.make({ objectId: "obj_1" }) },
            { file: file("2"), outcome: Outcome.SkippedDuplicate.make({}) },
            { file: file("3"), outcome: Outcome.Rejected.make({ cause: { code: "x", message: "x" } }) },
            { file: file("4"), outcome: Outcome.Skipped.make({ cause: { code: "x", message: "x" } }) }
          ]
        })
      )
      const known = yield* ledger.known("a", ["1", "2", "3", "4", "5"])
      assert.deepStrictEqual(
        [...known.values()],
        [
          { id: "1", uri: "fake://1", token: "1", facts: facts(file("1")), objectId: "obj_1", gone: false },
          { id: "2", uri: "fake://2", token: "1", facts: facts(file("2")), gone: false }
        ]
      )
    })
  )

  it.effect("keeps the latest state of a file and the id of its object, and forgets one that was removed", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      const settle = (token: string, outcome: Outcome.Outcome) =>
        ledger.settle(settlement("b", { files: [{ file: file("1", { token }), outcome }] }))
      yield* settle("1", Outcome.Created.make({ objectId: "obj_1" }))
      yield* settle("2", Outcome.Updated.make({}))
      const known = (yield* ledger.known("b", ["1"])).get("1")
      assert.deepStrictEqual([known?.token, known?.objectId], ["2", "obj_1"])
      yield* ledger.settle(settlement("b", { removed: ["1"] }))
      assert.strictEqual((yield* ledger.known("b", ["1"])).size, 0)
    })
  )

  it.effect("keeps pipelines apart", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      yield* ledger.settle(
        settlement("c", { files: created(file("1")), cursors: [at("r", "9")], containers: [{ id: "f", state: "" }] })
      )
      assert.strictEqual((yield* ledger.known("d", ["1"])).size, 0)
      assert.strictEqual((yield* ledger.containers("d", ["f"])).size, 0)
      assert.deepStrictEqual((yield* ledger.position("d")).sweep, [])
    })
  )

  it.effect("keeps a sweep's cursors until it is complete, and those to follow from until the next sweep begins", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      yield* ledger.beginSweep("e", { tracks: false, asked: "all" })
      yield* ledger.settle(settlement("e", { cursors: [at("r", "1"), at("s", "1"), at("changes", "7", true)] }))
      yield* ledger.settle(settlement("e", { cursors: [at("r", "2")] }))
      const follow = [bare(at("changes", "7"))]
      assert.deepStrictEqual(yield* ledger.position("e"), {
        swept: false,
        tracks: false,
        asked: "all",
        sweep: [bare(at("r", "2")), bare(at("s", "1"))],
        follow
      })
      yield* ledger.completeSweep("e")
      assert.deepStrictEqual(yield* ledger.position("e"), {
        swept: true,
        tracks: false,
        asked: "all",
        sweep: [],
        follow
      })
      yield* ledger.beginSweep("e", { tracks: true, asked: "pdf" })
      assert.deepStrictEqual(yield* ledger.position("e"), {
        swept: false,
        tracks: true,
        asked: "pdf",
        sweep: [],
        follow: []
      })
    })
  )

  it.effect("holds for gone what a complete sweep did not name, where the sweep kept account", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      yield* ledger.settle(settlement("f", { files: created(file("1"), file("2"), file("3")) }))
      yield* ledger.beginSweep("f", { tracks: false, asked: "all" })
      yield* ledger.completeSweep("f")
      assert.deepStrictEqual(yield* ledger.gone("f", 10), [])
      yield* ledger.beginSweep("f", { tracks: true, asked: "pdf" })
      yield* ledger.settle(
        settlement("f", { seen: [{ id: "1" }, { id: "9" }], files: created(file("3", { token: "2" })) })
      )
      assert.deepStrictEqual(yield* ledger.gone("f", 10), [])
      yield* ledger.completeSweep("f")
      assert.deepStrictEqual(ids(yield* ledger.gone("f", 10)), ["2"])
      assert.deepStrictEqual(yield* ledger.count("f"), { known: 3, gone: 1 })
    })
  )

  it.effect("holds a file for gone until it is named again, or its object is removed", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      yield* ledger.settle(settlement("g", { files: created(file("1"), file("2"), file("3")) }))
      yield* ledger.settle(settlement("g", { gone: ["1", "2", "3", "4"] }))
      assert.isTrue((yield* ledger.known("g", ["1"])).get("1")?.gone)
      assert.strictEqual((yield* ledger.gone("g", 2)).length, 2)
      yield* ledger.settle(settlement("g", { seen: [{ id: "1" }] }))
      yield* ledger.settle(settlement("g", { files: created(file("2")) }))
      yield* ledger.settle(settlement("g", { removed: ["3"] }))
      assert.deepStrictEqual(yield* ledger.gone("g", 10), [])
      assert.deepStrictEqual(yield* ledger.count("g"), { known: 2, gone: 0 })
    })
  )

  it.effect("with a container, holds everything in it for gone, however deep, and nothing else", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      const containers: ReadonlyArray<Container> = [
        { id: "top", state: "top" },
        { id: "a", within: "top", state: "a" },
        { id: "b", within: "a", state: "b" },
        { id: "c", within: "top", state: "c" }
      ]
      const files = ["top", "a", "b", "b", "c"].map((within, i) => file(String(i), { within }))
      yield* ledger.settle(settlement("h", { containers, files: created(...files, file("alone")) }))
      assert.deepStrictEqual((yield* ledger.containers("h", ["b", "z"])).get("b"), containers[2])
      yield* ledger.settle(settlement("h", { gone: ["a"] }))
      assert.deepStrictEqual(ids(yield* ledger.gone("h", 10)), ["1", "2", "3"])
      assert.deepStrictEqual([...(yield* ledger.containers("h", ["top", "a", "b", "c"])).keys()], ["top", "c"])
    })
  )

  it.effect("knows where a file is although its new state was not delivered", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      const containers = [
        { id: "a", state: "a" },
        { id: "b", state: "b" }
      ]
      yield* ledger.settle(settlement("j", { containers, files: created(file("1", { within: "a" })) }))
      yield* ledger.settle(settlement("j", { seen: [{ id: "1", within: "b" }] }))
      assert.strictEqual((yield* ledger.known("j", ["1"])).get("1")?.within, "b")
      yield* ledger.settle(settlement("j", { gone: ["a"] }))
      assert.deepStrictEqual(yield* ledger.gone("j", 10), [])
      yield* ledger.settle(settlement("j", { gone: ["b"] }))
      assert.deepStrictEqual(ids(yield* ledger.gone("j", 10)), ["1"])
    })
  )

  it.effect("follows a container that moved", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      const containers = [
        { id: "a", state: "a" },
        { id: "b", state: "b" },
        { id: "c", within: "a", state: "c" }
      ]
      yield* ledger.settle(settlement("i", { containers, files: created(file("1", { within: "c" })) }))
      yield* ledger.settle(settlement("i", { containers: [{ id: "c", within: "b", state: "c" }] }))
      yield* ledger.settle(settlement("i", { gone: ["a"] }))
      assert.deepStrictEqual(yield* ledger.gone("i", 10), [])
      yield* ledger.settle(settlement("i", { gone: ["b"] }))
      assert.deepStrictEqual(ids(yield* ledger.gone("i", 10)), ["1"])
    })
  )
})

layer(Ledger.layerForgetful)("a forgetful ledger", (it) => {
  it.effect("knows nothing of what was settled", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      yield* ledger.settle(settlement("a", { files: created(file("1")), cursors: [at("r", "1")] }))
      assert.strictEqual((yield* ledger.known("a", ["1"])).size, 0)
      assert.deepStrictEqual(yield* ledger.position("a"), {
        swept: false,
        tracks: false,
        asked: "",
        sweep: [],
        follow: []
      })
      assert.deepStrictEqual(yield* ledger.count("a"), { known: 0, gone: 0 })
    })
  )
})
