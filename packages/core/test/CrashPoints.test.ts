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

/** Longer than a run takes, and shorter than `find` waits. */
const delay = Duration.seconds(40)

const late = Crashing.cases(changes)
  // A bucket that upserts takes an older state for the newer one, where it comes later than that.
  .filter(([, { goesOn, upserts }]) => !(upserts && goesOn))
  .map(([title, script]) => [title, { ...script, delay }] as const)

describe("a run that is killed at any point of its settlement", () => {
  it.effect.each(Crashing.cases(changes))(
    "is finished by those after it, each file there once: %s",
    Effect.fnUntraced(function* ([, script]) {
      const { points, problems } = yield* Crashing.playAll(script)
      assert.isAbove(points, 150)
      assert.deepStrictEqual(problems, [])
    })
  )

  it.effect.each(late)(
    "is finished by those after it, although what it sent is taken later: %s",
    Effect.fnUntraced(function* ([, script]) {
      const { points, problems } = yield* Crashing.playAll(script)
      assert.isAbove(points, 150)
      assert.deepStrictEqual(problems, [])
    })
  )

  const processed = Crashing.cases([...changes.slice(0, 2), ...changes.slice(3)]).map(
    ([title, script]) => [title, { ...script, processes: true }] as const
  )
  it.effect.each(processed)(
    "is finished by those after it, each object processed, and no job submitted twice: %s",
    Effect.fnUntraced(function* ([, script]) {
      const { points, problems } = yield* Crashing.playAll(script)
      assert.isAbove(points, 200)
      assert.deepStrictEqual(problems, [])
    })
  )

  const followed = Crashing.cases([[["a", ["1"]]], [["a", ["2"]]]]).filter(
    ([, { follows, goesOn }]) => follows && goesOn
  )
  it.effect.each(followed)(
    "and killed again at any later point, is finished by those after it: %s",
    Effect.fnUntraced(function* ([, script]) {
      const { pairs, problems } = yield* Crashing.playTwice(script)
      assert.isAbove(pairs, 500)
      assert.deepStrictEqual(problems, [])
    })
  )
})
