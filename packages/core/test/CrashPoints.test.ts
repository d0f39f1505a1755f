import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import * as Crashing from "./fakes/crashing.ts"

const changes: Crashing.Script["changes"] = [
  [
    ["a", ["1"]],
    ["b", ["1"]],
    ["c", ["1"]],
    ["d", ["1"]],
    ["refused", ["1"]],
    ["temporary", ["1", "t.tmp"]]
  ],
  [
    ["b", ["2"]],
    ["c", ["1", "c renamed"]],
    ["d", "gone"],
    ["e", ["1"]]
  ],
  [
    ["a", "gone"],
    ["b", ["1"]],
    ["d", ["1"]],
    ["e", ["1", "e.tmp"]]
  ],
  [
    ["a", ["2"]],
    ["b", ["3"]],
    ["b", ["1"]],
    ["c", "gone"],
    ["e", ["1"]],
    ["refused", "gone"]
  ]
]

const cases = [true, false].flatMap((follows) =>
  [true, false].flatMap((upserts) =>
    [true, false].flatMap((goesOn) =>
      [undefined, Duration.seconds(3)].map((delay) => {
        const script = { follows, upserts, goesOn, ...(delay === undefined ? {} : { delay }), changes }
        const title = [
          follows ? "followed" : "swept",
          upserts ? "a bucket that upserts" : "a bucket that is asked",
          goesOn ? "the source goes on meanwhile" : "the next run comes at once",
          delay === undefined ? "what is sent is taken at once" : "what is sent is taken late"
        ].join(", ")
        return [title, script] as const
      })
    )
  )
)

describe("a run that is killed at any point of its settlement", () => {
  it.effect.each(cases)("is finished by those after it, each file there once: %s", ([, script]) =>
    Effect.gen(function* () {
      const { points, problems } = yield* Crashing.playAll(script)
      assert.isAbove(points, 100)
      assert.deepStrictEqual(problems, [])
    })
  )
})
