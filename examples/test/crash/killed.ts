/** A number of runs of the harness, and that nothing is wrong after them. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { crash, nothing, type Options } from "./harness.ts"

export const killed = Effect.fnUntraced(function* (options: Omit<Options, "files" | "onRun">) {
  const found = yield* crash({ files: 2000, ...options })
  const { attempts, edits, kills, runs, stranded: _stranded, ...wrong } = found
  const { attempts: _, edits: __, kills: ___, runs: ____, stranded: _____, ...none } = nothing
  assert.strictEqual(runs, options.runs)
  assert.isAtLeast(kills, runs)
  assert.isAtLeast(attempts, kills)
  assert.isAbove(edits, 0)
  assert.deepStrictEqual(wrong, none)
})
