import { assert, describe, it } from "@effect/vitest"
import type { Change } from "@sluice/core"
import { Effect, Schema } from "effect"
import { compare } from "../src/KeySpace.ts"
import * as Ranges from "../src/Ranges.ts"

/** Draws from `[0, n)`, the same for the same seed. */
const dice = (seed: number) => {
  let state = (seed >>> 0) + 1
  return (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * n)
  }
}

interface Page extends Change.RangeCursor {
  readonly keys: ReadonlyArray<string>
}

/**
 * Lists with random cuts and settles in any order; stops dead after `steps`. What is stored afterwards is, for each
 * range, the cursor of the last page before its first unsettled one.
 */
const run = (
  draw: (n: number) => number,
  all: ReadonlyArray<string>,
  prefixes: ReadonlyArray<string>,
  stored: ReadonlyArray<Change.RangeCursor>,
  steps: number
) => {
  const open = [...Ranges.resume(prefixes, stored)]
  const emitted: Array<{ readonly page: Page; settled: boolean }> = []
  const list = (range: Ranges.Range) => {
    const { after } = range.position
    const left = all.filter(
      (key) =>
        key.startsWith(range.prefix) &&
        (after === undefined || compare(key, after) > 0) &&
        (range.until === undefined || compare(key, range.until) <= 0)
    )
    const keys = left.slice(0, 1 + draw(4))
    const done = keys.length === left.length && draw(4) > 0
    range.position = { after: keys[keys.length - 1] ?? after }
    emitted.push({ page: { ...Ranges.cursor(range, done), keys }, settled: false })
    if (done) open.splice(open.indexOf(range), 1)
  }
  const cut = (range: Ranges.Range) => {
    const { after } = range.position
    const above = all.filter(
      (key) =>
        key.startsWith(range.prefix) &&
        key !== range.prefix &&
        compare(key, after ?? "") > 0 &&
        (range.until === undefined || compare(key, range.until) < 0)
    )
    const cuts = [...new Set([above[draw(above.length)], above[draw(above.length)]])]
      .filter((key) => key !== undefined)
      .toSorted(compare)
    open.push(...Ranges.cut(range, cuts))
  }
  for (let step = 0; step < steps && (open.length > 0 || emitted.some((one) => !one.settled)); step++) {
    const range = open[draw(open.length)]
    const unsettled = emitted.filter((one) => !one.settled)
    const what = draw(5)
    if (what < 2 && range !== undefined) list(range)
    else if (what < 3 && range !== undefined) cut(range)
    else {
      const one = unsettled[draw(unsettled.length)]
      if (one !== undefined) one.settled = true
    }
  }
  const frontier = new Map(stored.map((cursor) => [cursor.range, cursor]))
  const kept: Array<string> = []
  const blocked = new Set<string>()
  for (const { page, settled } of emitted) {
    if (!settled) blocked.add(page.range)
    if (blocked.has(page.range)) continue
    frontier.set(page.range, { range: page.range, cursor: page.cursor })
    kept.push(...page.keys)
  }
  return { stored: [...frontier.values()], kept, said: emitted.flatMap(({ page }) => page.keys) }
}

const alphabet = ["a", "b/", "c", "é", "\u{1f600}", "\uffee", "0"]

describe("Ranges", () => {
  it.effect.prop(
    "loses no key and says none twice, whatever is cut, settled and interrupted",
    { seed: Schema.Int, steps: Schema.Natural },
    ({ seed, steps }) =>
      Effect.sync(() => {
        const draw = dice(seed)
        const all = [
          ...new Set(
            Array.from({ length: 60 }, () =>
              Array.from({ length: 1 + draw(4) }, () => alphabet[draw(alphabet.length)]).join("")
            )
          )
        ].toSorted(compare)
        const prefixes = draw(2) === 0 ? [""] : ["a", "b/", "c"]
        const wanted = all.filter((key) => prefixes.some((prefix) => key.startsWith(prefix)))
        let stored: ReadonlyArray<Change.RangeCursor> = []
        const kept: Array<string> = []
        for (let crash = 0; crash < 3; crash++) {
          const one = run(draw, all, prefixes, stored, steps % 150)
          assert.strictEqual(new Set(one.said).size, one.said.length, "a key was said twice in one run")
          for (const key of one.said) assert.notInclude(kept, key, "a settled key was said again")
          stored = one.stored
          kept.push(...one.kept)
        }
        const last = run(draw, all, prefixes, stored, Infinity)
        assert.deepStrictEqual([...kept, ...last.said].toSorted(compare), wanted)
        assert.deepStrictEqual(Ranges.resume(prefixes, last.stored), [])
      }),
    { arbitrary: { runs: 300 } }
  )

  it("lists the upper part that was cut off and never stored", () => {
    const range = Ranges.whole("")
    range.position = { after: "c" }
    Ranges.cut(range, ["m"])
    assert.deepStrictEqual(
      Ranges.resume([""], [Ranges.cursor(range, false)]).map(({ from, position, until }) => [
        from,
        position.after,
        until
      ]),
      [
        [undefined, "c", "m"],
        ["m", "m", undefined]
      ]
    )
  })

  it("ends the lower part where a stored upper part begins, though its cursor is from before the cut", () => {
    const range = Ranges.whole("")
    range.position = { after: "c" }
    const before = Ranges.cursor(range, false)
    const [upper] = Ranges.cut(range, ["m"])
    assert.isDefined(upper)
    if (upper === undefined) return
    assert.deepStrictEqual(
      Ranges.resume([""], [Ranges.cursor(upper, true), before]).map(({ position, until }) => [position.after, until]),
      [["c", "m"]]
    )
  })

  it("lists again what cursors cover that it cannot read, or that belong to another prefix", () => {
    const other = Ranges.cursor(Ranges.whole("other/"), true)
    const foreign: Change.RangeCursor = { range: "", cursor: Ranges.cursor(Ranges.whole("x"), true).cursor }
    assert.deepStrictEqual(Ranges.resume(["mine/"], [other, foreign]), [Ranges.whole("mine/")])
  })

  it("goes on within the versions of a key", () => {
    const range = Ranges.whole("")
    range.position = { after: "k", version: "v2", found: true }
    const [resumed] = Ranges.resume([""], [Ranges.cursor(range, false)])
    assert.deepInclude(resumed?.position, { after: "k", version: "v2", found: true })
  })
})
