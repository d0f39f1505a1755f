import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { alphabet, compare, intersect, outermost, splitPoints, spread } from "../src/KeySpace.ts"

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

  it("knows by which characters keys differ", () => {
    assert.deepStrictEqual(alphabet(["a/08.pdf", "a/09.pdf", "a/10.pdf", "a/11.pdf"]), ["0", "1", "8", "9"])
    assert.deepStrictEqual(alphabet(["a"]), [])
    assert.deepStrictEqual(alphabet(["a", "a😀", "a😁"]), ["😀", "😁"])
  })

  it.effect.prop(
    "cuts a stretch inside, in order, with something left above the first",
    {
      keys: Schema.NonEmptyArray(Key),
      at: Schema.Natural,
      end: Schema.Natural,
      bounded: Schema.Boolean,
      count: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 20 }))
    },
    ({ at, bounded, count, end, keys }) =>
      Effect.gen(function* () {
        const all = sorted(keys.map((key) => `p/${key}`))
        const first = at % all.length
        const after = all[first] ?? "p/"
        // What comes after the end is no business of the stretch.
        const until = bounded ? all[first + (end % (all.length - first))] : undefined
        const { isEmpty } = bucket(all)
        const cuts = yield* splitPoints({ prefix: "p/", after, until }, { characters: alphabet(all), count }, isEmpty)
        assert.isAtMost(cuts.length, count)
        assert.deepStrictEqual(cuts, sorted(cuts))
        for (const cut of cuts) {
          assert.isTrue(cut.isWellFormed() && cut.startsWith("p/"))
          assert.isAbove(compare(cut, after), 0)
          assert.isTrue(until === undefined || compare(cut, until) < 0)
        }
        if (cuts[0] !== undefined) assert.isFalse(yield* isEmpty(cuts[0], until))
      })
  )

  it.effect("cuts no stretch beyond its end, where a number has grown by then", () =>
    Effect.gen(function* () {
      const keys = Array.from({ length: 50 }, (_, i) => `archive/${String(i).padStart(6, "0")}/document`)
      const stretch = { prefix: "", after: "archive/000004/document", until: "archive/000015/" }
      const characters = alphabet(keys)
      const cuts = yield* splitPoints(stretch, { characters, count: 3 }, bucket(keys).isEmpty)
      assert.lengthOf(cuts, 3)
      for (const cut of cuts) {
        assert.isAbove(compare(cut, stretch.after), 0)
        assert.isBelow(compare(cut, stretch.until), 0)
      }
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
      const characters = alphabet(all.slice(0, 1000))
      const cuts = yield* splitPoints(
        { prefix, after: all[9] ?? "", until: undefined },
        { characters, count: 1 },
        isEmpty
      )
      assert.lengthOf(cuts, 1)
      assert.isAtMost(asked(), 60)
    })
  )

  it.effect.each([
    ["numbered keys", numbers],
    ["hexadecimal digests", numbers.map((_, i) => (i * 2654435761).toString(16).padStart(12, "0"))]
  ] as const)("parts %s into parts of which none has more than a third", ([, keys]) =>
    Effect.gen(function* () {
      const all = sorted(keys)
      const { isEmpty } = bucket(all)
      const characters = alphabet(all.slice(0, 1000))
      const cuts = yield* splitPoints(
        { prefix: "", after: all[999] ?? "", until: undefined },
        { characters, count: 7 },
        isEmpty
      )
      const left = all.slice(1000)
      const parts = Map.groupBy(left, (key) => cuts.filter((cut) => compare(cut, key) < 0).length)
      for (const part of parts.values()) assert.isAtMost(part.length, left.length / 3)
    })
  )

  it.effect("finds no cut where only longer keys follow", () =>
    Effect.gen(function* () {
      const { isEmpty } = bucket(["a", "aa", "aaa", "aaaa"])
      const stretch = { prefix: "", after: "aa", until: undefined }
      assert.deepStrictEqual(yield* splitPoints(stretch, { characters: ["a"], count: 3 }, isEmpty), [])
    })
  )
})
