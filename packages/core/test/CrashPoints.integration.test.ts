import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Crashing from "./fakes/crashing.ts"

/** Changed, gone, and both back in the very state they had. */
const changes: Crashing.Script["changes"] = [
  [
    ["a", ["1"]],
    ["b", ["1"]]
  ],
  [
    ["a", ["2"]],
    ["b", "gone"]
  ],
  [
    ["a", ["1"]],
    ["b", ["1"]]
  ]
]

/** Each takes half a minute: one of them, or with `CRASH_PAIRS=all` every one. */
const cases = Crashing.cases(changes).slice(0, process.env["CRASH_PAIRS"] === "all" ? undefined : 1)

describe("runs that are killed twice, at any two points", () => {
  it.effect.each(cases)(
    "are finished by those after them, each file there once: %s",
    ([, script]) =>
      Effect.gen(function* () {
        const { pairs, problems } = yield* Crashing.playTwice(script)
        assert.isAbove(pairs, 2500)
        assert.deepStrictEqual(problems, [])
      }),
    300_000
  )
})
