import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Cursor } from "../src/Change.ts"
import * as Ledger from "../src/Ledger.ts"
import * as Outcome from "../src/Outcome.ts"
import { file } from "./fakes/files.ts"

layer(Ledger.layerForgetful)("a forgetful ledger", (it) => {
  it.effect("knows nothing of what was settled", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      const book = yield* ledger.open({ pipeline: "a", runId: "r" })
      yield* book.settle({
        ...Ledger.nothing,
        files: [{ file: file("1"), outcome: Outcome.Created.make({}) }],
        cursors: [{ range: "r", cursor: Cursor.make("1"), follows: false }]
      })
      assert.strictEqual((yield* book.known(["1"])).size, 0)
      assert.deepStrictEqual(yield* book.position, { swept: false, tracks: false, asked: "", sweep: [], follow: [] })
      assert.deepStrictEqual(yield* book.count, { known: 0, gone: 0 })
    })
  )
})
