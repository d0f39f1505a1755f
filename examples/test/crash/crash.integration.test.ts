import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { crash, nothing } from "./harness.ts"

it.live(
  "a run that is killed again and again, while files change and answers are lost, loses and doubles nothing",
  () =>
    Effect.gen(function* () {
      const {
        attempts,
        edits,
        kills,
        runs,
        stranded: _stranded,
        ...wrong
      } = yield* crash({
        runs: 20,
        seed: 20,
        files: 2000,
        uploads: true,
        processing: true
      })
      const { attempts: _, edits: __, kills: ___, runs: ____, stranded: _____, ...none } = nothing
      assert.strictEqual(runs, 20)
      assert.isAtLeast(kills, runs)
      assert.isAtLeast(attempts, kills)
      assert.isAbove(edits, 0)
      assert.deepStrictEqual(wrong, none)
    }),
  900_000
)
