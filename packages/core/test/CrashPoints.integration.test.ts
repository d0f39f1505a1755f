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

describe("runs that are killed twice, at any two points", () => {
  it.effect.each(Crashing.cases(changes))(
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
