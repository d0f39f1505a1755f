import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Cursor } from "../src/Change.ts"
import * as Ledger from "../src/Ledger.ts"
import * as Outcome from "../src/Outcome.ts"
import { file } from "./fakes/files.ts"

const settlement = (pipeline: string, over: Partial<Ledger.Settlement>): Ledger.Settlement => ({
  pipeline,
  runId: "r",
  files: [],
  cursors: [],
  ...over
})
const at = (range: string, cursor: string) => ({ range, cursor: Cursor.make(cursor) })

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
          { id: "1", token: "1", objectId: "obj_1" },
          { id: "2", token: "1" }
        ]
      )
    })
  )

  it.effect("keeps the latest state of a file, and forgets one that was removed", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      const settle = (token: string, outcome: Outcome.Outcome) =>
        ledger.settle(settlement("b", { files: [{ file: file("1", { token }), outcome }] }))
      yield* settle("1", Outcome.Created.make({}))
      yield* settle("2", Outcome.Updated.make({}))
      assert.strictEqual((yield* ledger.known("b", ["1"])).get("1")?.token, "2")
      yield* settle("2", Outcome.Removed.make({}))
      assert.strictEqual((yield* ledger.known("b", ["1"])).size, 0)
    })
  )

  it.effect("keeps pipelines apart", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      yield* ledger.settle(
        settlement("c", { files: [{ file: file("1"), outcome: Outcome.Created.make({}) }], cursors: [at("r", "9")] })
      )
      assert.strictEqual((yield* ledger.known("d", ["1"])).size, 0)
      assert.deepStrictEqual(yield* ledger.cursors("d"), [])
    })
  )

  it.effect("stores cursors by range until the sweep is complete", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      yield* ledger.settle(settlement("e", { cursors: [at("r", "1"), at("s", "1")] }))
      yield* ledger.settle(settlement("e", { cursors: [at("r", "2")] }))
      assert.deepStrictEqual(yield* ledger.cursors("e"), [at("r", "2"), at("s", "1")])
      yield* ledger.completeSweep("e")
      assert.deepStrictEqual(yield* ledger.cursors("e"), [])
    })
  )
})

layer(Ledger.layerForgetful)("a forgetful ledger", (it) => {
  it.effect("knows nothing of what was settled", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      yield* ledger.settle(
        settlement("a", { files: [{ file: file("1"), outcome: Outcome.Created.make({}) }], cursors: [at("r", "1")] })
      )
      assert.strictEqual((yield* ledger.known("a", ["1"])).size, 0)
      assert.deepStrictEqual(yield* ledger.cursors("a"), [])
    })
  )
})
