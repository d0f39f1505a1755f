import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Schema } from "effect"
import { compare, intersect, outermost, splitPoint, spread } from "../src/KeySpace.ts"

const Key = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(12)).pipe(
  Schema.check(Schema.makeFilter((text) => text.isWellFormed()))
)
const Keys = Schema.Array(Key)

const sorted = (keys: Iterable<string>) => [...new Set(keys)].toSorted(compare)

/** Answers of a bucket that holds these keys, and how often it was asked. */
const bucket = (keys: ReadonlyArray<string>) => {
  let asked = 0
  return {
    asked: () => asked,
    isEmpty: (from: string, until: string | undefined) =>
      Effect.sync(() => {
        asked++
        return !keys.some((key) => compare(key, from) > 0 && (until === undefined || compare(key, until) <= 0))
      })
  }
}

describe("KeySpace", () => {
  it.effect.prop("orders keys by the octets of their UTF-8 form", { a: Key, b: Key }, ({ a, b }) =>
    Effect.sync(() =>
      assert.strictEqual(Math.sign(compare(a, b)), Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))))
    )
  )

  it("puts characters above U+FFFF after those that JavaScript puts after them", () => {
    assert.isBelow(compare("\uffee", "\u{1f600}"), 0)
    assert.isAbove(compare("\u{1f600}", "\ue000"), 0)
  })

  it.effect.prop("keeps the outermost prefixes, each key under exactly one", { prefixes: Keys, key: Key }, (given) =>
    Effect.sync(() => {
      const { key, prefixes } = given
      const kept = outermost(prefixes)
      assert.strictEqual(
        kept.filter((prefix) => key.startsWith(prefix)).length,
        prefixes.some((prefix) => key.startsWith(prefix)) ? 1 : 0
      )
    })
  )

  it.effect.prop("intersects prefixes as the keys under them do", { a: Keys, b: Keys, key: Key }, ({ a, b, key }) =>
    Effect.sync(() => {
      const under = (prefixes: ReadonlyArray<string>) => prefixes.some((prefix) => key.startsWith(prefix))
      assert.strictEqual(under(intersect(a, b)), under(a) && under(b))
    })
  )

  it("spreads evenly", () => {
    assert.deepStrictEqual(spread([1, 2, 3, 4, 5, 6, 7], 3), [2, 4, 6])
    assert.deepStrictEqual(spread([1, 2], 3), [1, 2])
  })

  it.effect.prop(
    "cuts a stretch inside, with something left above",
    { keys: Schema.NonEmptyArray(Key), at: Schema.Natural, end: Schema.Natural, bounded: Schema.Boolean },
    ({ at, bounded, end, keys }) =>
      Effect.gen(function* () {
        const all = sorted(keys.map((key) => `p/${key}`))
        const first = at % all.length
        const after = all[first] ?? "p/"
        // What comes after the end is no business of the stretch.
        const until = bounded ? all[first + (end % (all.length - first))] : undefined
        const { isEmpty } = bucket(all)
        const found = yield* splitPoint({ prefix: "p/", after, until }, isEmpty)
        if (Option.isNone(found)) return
        const cut = found.value
        assert.isTrue(cut.isWellFormed() && cut.startsWith("p/"))
        assert.isAbove(compare(cut, after), 0)
        assert.isTrue(until === undefined || compare(cut, until) < 0)
        assert.isFalse(yield* isEmpty(cut, until))
      })
  )

  it.effect("cuts no stretch beyond its end, where a number has grown by then", () =>
    Effect.gen(function* () {
      const keys = Array.from({ length: 50 }, (_, i) => `archive/${String(i).padStart(6, "0")}/document`)
      const stretch = { prefix: "", after: "archive/000004/document", until: "archive/000015/" }
      const cut = Option.getOrThrow(yield* splitPoint(stretch, bucket(keys).isEmpty))
      assert.isAbove(compare(cut, stretch.after), 0)
      assert.isBelow(compare(cut, stretch.until), 0)
    })
  )

  const numbers = Array.from({ length: 3000 }, (_, i) => `logs/2026/part-${String(i).padStart(5, "0")}.json`)
  const cases: ReadonlyArray<readonly [string, string, ReadonlyArray<string>]> = [
    ["numbered keys", "", numbers],
    ["folders", "", ["a", "b", "c", "d"].flatMap((folder) => numbers.map((key) => `${folder}/${key}`))],
    ["kanji", "写真/", numbers.map((_, i) => `写真/${String.fromCodePoint(0x4e00 + i)}`)],
    ["emoji across the surrogates", "", numbers.map((_, i) => String.fromCodePoint(0xfe00 + i * 40))],
    ["control characters", "\u0001/", numbers.map((_, i) => `\u0001/${String.fromCharCode(1 + (i % 30))}${i}`)],
    ["hexadecimal digests", "", numbers.map((_, i) => (i * 2654435761).toString(16).padStart(12, "0"))]
  ]
  it.effect.each(cases)("finds a cut among %s with few requests", ([, prefix, keys]) =>
    Effect.gen(function* () {
      const all = sorted(keys)
      const { asked, isEmpty } = bucket(all)
      const found = yield* splitPoint({ prefix, after: all[9] ?? "", until: undefined }, isEmpty)
      assert.isTrue(Option.isSome(found))
      assert.isAtMost(asked(), 30)
    })
  )

  it.effect("finds no cut where only longer keys follow", () =>
    Effect.gen(function* () {
      const { isEmpty } = bucket(["a", "aa", "aaa", "aaaa"])
      assert.isTrue(Option.isNone(yield* splitPoint({ prefix: "", after: "aa", until: undefined }, isEmpty)))
    })
  )
})
