import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Schema } from "effect"
import { minimatch } from "minimatch"
import picomatch from "picomatch"
import { compile, GlobProblem, minimal } from "../src/internal/glob.ts"

/** Pieces of a pattern, each with a text it takes, or nearly takes. */
const pieces = [
  ["a", "a"],
  ["b", "b"],
  ["ab", "ab"],
  ["a.b", "a.b"],
  [".", "."],
  ["-", "-"],
  ["é", "é"],
  ["漢", "漢"],
  ["*", ""],
  ["*", "a"],
  ["*", "ba.b"],
  ["?", "b"],
  ["?", "漢"],
  ["?", ""],
  ["[ab]", "a"],
  ["[ab]", "c"],
  ["[a-c]", "c"],
  ["[!ab]", "c"],
  ["[!ab]", "a"],
  ["[^a]", "b"],
  ["[.-]", "."],
  ["[\\]a]", "]"],
  ["\\*", "*"],
  ["\\?", "?"],
  ["\\[", "["],
  ["\\{", "{"],
  ["{a,b}", "b"],
  ["{a,ab}", "ab"],
  ["{1..3}", "2"],
  ["{08..11}", "09"],
  ["{a,{b,c}}", "c"],
  ["{a*,?b}", "aab"],
  ["{a/b,b}", "a/b"],
  ["{,a}", ""]
] as const

/** What only this dialect takes, or takes for what it is. */
const oddPieces = [
  ["?", "\n"],
  ["*", "\r\n"],
  ["?", "😀"],
  ["[😀-😂]", "😁"],
  ["[!a]", "😀"],
  ["😀", "😀"],
  [" (1)", " (1)"],
  ["a|b", "a|b"],
  ['"', '"'],
  ["$^+", "$^+"],
  ["..", ".."],
  ["", ""]
] as const

interface Case {
  readonly pattern: string
  readonly keys: ReadonlyArray<string>
}

const indexes = (count: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: count - 1 }))

/** Patterns of up to five segments, with keys made from them, and the same keys a little off. */
const cases = (from: ReadonlyArray<readonly [string, string]>): Arbitrary.Arbitrary<Case> => {
  const segment = Arbitrary.schema(
    Schema.Struct({
      globstar: indexes(4),
      below: Schema.Array(indexes(from.length)).check(Schema.isMaxLength(2)),
      pieces: Schema.Array(indexes(from.length)).check(Schema.isMinLength(1), Schema.isMaxLength(4))
    })
  )
  return Arbitrary.map(
    Arbitrary.all({
      segments: Arbitrary.array(segment, { minLength: 1, maxLength: 5 }),
      cut: Arbitrary.schema(indexes(100)),
      insert: Arbitrary.schema(Schema.Literals(["", "a", "b", "c", ".", "/a/", "*"]))
    }),
    ({ cut, insert, segments }) => {
      const pattern = segments
        .map((one) => (one.globstar === 0 ? "**" : one.pieces.map((index) => from[index]![0]).join("")))
        .join("/")
      const key = segments
        .flatMap((one) =>
          one.globstar === 0
            ? one.below.map((index) => from[index]![1])
            : [one.pieces.map((index) => from[index]![1]).join("")]
        )
        .join("/")
      const at = cut % (key.length + 1)
      return {
        pattern,
        keys: [key, key.slice(0, at) + insert + key.slice(at), key.slice(0, at) + insert + key.slice(at + 1), insert]
      }
    }
  )
}

/** The dialect once more, by recursion over segments and characters: slow, and plain to see. */
const oracle = (pattern: string, key: string): boolean =>
  expand(pattern).some((one) => takesSegments(one.split("/"), key.split("/")))

const expand = (pattern: string): ReadonlyArray<string> => {
  const open = /^(?:[^\\{]|\\.)*?\{/su.exec(pattern)?.[0]
  if (open === undefined) return [pattern]
  let depth = 0
  let branch = ""
  const branches: Array<string> = []
  for (let at = open.length; ; at++) {
    const character = pattern[at]!
    if (character === "{") depth++
    if (depth === 0 && (character === "," || character === "}")) {
      branches.push(branch)
      branch = ""
      if (character === "}") {
        const [, from, to] = /^(\d+)\.\.(\d+)$/.exec(branches[0]!) ?? []
        const values =
          from === undefined
            ? branches
            : Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) =>
                String(Number(from) + index).padStart(from.length, "0")
              )
        return values.flatMap((value) => expand(open.slice(0, -1) + value + pattern.slice(at + 1)))
      }
      continue
    }
    if (character === "}") depth--
    branch += character
  }
}

const takesSegments = (patterns: ReadonlyArray<string>, segments: ReadonlyArray<string>): boolean => {
  const [first, ...rest] = patterns
  if (first === undefined) return segments.length === 0
  if (segments.length === 0) return false
  if (first !== "**") return takesSegment(first, segments[0]!) && takesSegments(rest, segments.slice(1))
  if (rest.length === 0) return true
  return segments.some((_, skipped) => takesSegments(rest, segments.slice(skipped)))
}

const takesSegment = (pattern: string, segment: string): boolean =>
  !(segment === "" && /^\*+$/.test(pattern)) && takes(pattern.match(/\\.|\[(?:\\.|[^\]])*\]|./gsu) ?? [], [...segment])

const takes = (tokens: ReadonlyArray<string>, characters: ReadonlyArray<string>): boolean => {
  const [token, ...rest] = tokens
  if (token === undefined) return characters.length === 0
  if (token === "*") return characters.some((_, at) => takes(rest, characters.slice(at))) || takes(rest, [])
  const [character, ...others] = characters
  return character !== undefined && takesOne(token, character) && takes(rest, others)
}

const takesOne = (token: string, character: string): boolean => {
  if (token === "?") return true
  if (token.startsWith("\\")) return character === token.slice(1)
  if (!token.startsWith("[")) return character === token
  const [, negated, members] = /^\[([!^]?)(.*)\]$/su.exec(token)!
  const within = (members!.match(/\\.|[^\\]-[^\\]|[^\\]/gsu) ?? []).some((member) => {
    const [from, , to] = [...member.replace("\\", "")]
    return to === undefined ? from === character : from! <= character && character <= to
  })
  return within === (negated === "")
}

/** What this dialect, picomatch and minimatch read alike: they treat these segments as a file system does. */
const isOrdinary = (key: string) => !key.split("/").some((segment) => ["", ".", ".."].includes(segment))

/** Valid here, and without what the other two read differently. */
const isShared = (pattern: string) =>
  isValid(pattern) && expand(pattern).every((one) => !one.split("/").some((s) => ["", ".", ".."].includes(s)))

const isValid = (pattern: string) => {
  try {
    compile(pattern)
    return true
  } catch {
    return false
  }
}

const describing = (pattern: string, key: string) => `${JSON.stringify(pattern)} on ${JSON.stringify(key)}`

const check = { arbitrary: { runs: 1_000 } }
const any = Arbitrary.filter(cases([...pieces, ...oddPieces]), ({ pattern }) => isValid(pattern))
const shared = Arbitrary.filter(cases(pieces), ({ pattern }) => isShared(pattern))

describe("Filter globs", () => {
  it.prop(
    "agree with picomatch where it reads keys as paths",
    // With a range such as {1..3} in the pattern, picomatch takes every "." for any character; an empty alternative
    // makes it take "*/**/{,a}*" for one segment.
    { one: Arbitrary.filter(shared, ({ pattern }) => !pattern.includes("..") && !/[{,](?=[,}])/.test(pattern)) },
    ({ one: { pattern, keys } }) => {
      const glob = compile(pattern)
      const theirs = picomatch(pattern, {
        dot: true,
        flags: "s",
        literalBrackets: false,
        noextglob: true,
        posix: true,
        strictSlashes: true
      })
      for (const key of keys.filter((key) => isOrdinary(key) && key !== pattern)) {
        assert.strictEqual(glob.matches(key), theirs(key), describing(pattern, key))
      }
    },
    check
  )

  it.prop(
    "agree with minimatch where it reads keys as paths",
    { one: shared },
    ({ one: { pattern, keys } }) => {
      const glob = compile(pattern)
      for (const key of keys.filter(isOrdinary)) {
        const theirs = minimatch(key, pattern, { dot: true, nocomment: true, noext: true, nonegate: true })
        assert.strictEqual(glob.matches(key), theirs, describing(pattern, key))
      }
    },
    check
  )

  it.prop(
    "do what the plain reading of the dialect says, on any key",
    { one: any },
    ({ one: { pattern, keys } }) => {
      const glob = compile(pattern)
      for (const key of keys) {
        assert.strictEqual(glob.matches(key), oracle(pattern, key), describing(pattern, key))
      }
    },
    check
  )

  it.prop(
    "match no path outside their literal prefixes",
    { one: any },
    ({ one: { pattern, keys } }) => {
      const { prefixes } = compile(pattern)
      assert.deepStrictEqual(prefixes, minimal(prefixes))
      for (const key of keys.filter((key) => oracle(pattern, key))) {
        assert.isTrue(
          prefixes.some((prefix) => key.startsWith(prefix)),
          describing(pattern, key)
        )
      }
    },
    check
  )

  it.effect("are tested on keys of which many match and many do not", () =>
    Effect.gen(function* () {
      const sample = yield* Arbitrary.sampleEffect(shared, { count: 500, seed: 1 })
      const results = sample.flatMap(({ pattern, keys }) =>
        keys.filter(isOrdinary).map((key) => compile(pattern).matches(key))
      )
      const matching = results.filter((matches) => matches).length
      assert.isAbove(matching, results.length * 0.1)
      assert.isAbove(results.length - matching, results.length * 0.1)
    })
  )

  const readings: ReadonlyArray<readonly [pattern: string, takes: ReadonlyArray<string>, not: ReadonlyArray<string>]> =
    [
      ["*.pdf", ["a.pdf", ".pdf", "a\nb.pdf"], ["a/b.pdf", "a.PDF", "a.pdf/", "/a.pdf"]],
      ["**/*.pdf", ["a.pdf", "a/b.pdf", "a//b.pdf", "/a.pdf", "../a.pdf", "./.git/a.pdf"], ["a.pdf/b", "a.txt"]],
      ["**", ["", "a", "/", "a/../b", "a//b/", "\n\u0001", "\ud800"], []],
      ["*", ["a", "..", "\n", "*"], ["", "a/b", "/"]],
      ["docs/**", ["docs/a", "docs/a/b", "docs/", "docs//a"], ["docs", "docsa", "a/docs/b"]],
      ["a/**/b", ["a/b", "a/x/b", "a//b", "a/x/y/b"], ["ab", "a/bx", "a/xb"]],
      ["a/*/b", ["a/x/b", "a/../b"], ["a//b", "a/b", "a/x/y/b"]],
      ["a?c", ["abc", "a.c", "a\nc", "a漢c", "a😀c"], ["ac", "a/c", "abbc"]],
      ["[!a]", ["b", "😀", "\n"], ["a", "/", "", "bb"]],
      ["[]-]", ["]", "-"], ["[", "a"]],
      ["[+-9]", ["5", "."], ["/"]],
      ["report (1).pdf", ["report (1).pdf"], ["report 1.pdf"]],
      ['a|b "c" $^+.', ['a|b "c" $^+.'], ["a|b", 'a|b "c" $^+x']],
      ["img\\[1\\]\\*", ["img[1]*"], ["img1x"]],
      ["a}b]c)", ["a}b]c)"], []],
      ["docs\\/", ["docs/"], ["docs", "docs/a"]],
      ["\\d\\n", ["dn"], ["5n", "d\n"]],
      ["/a//b", ["/a//b"], ["a/b", "/a/b"]],
      ["é", ["é"], ["e\u0301"]],
      ["{2024,2025}/{01..12}/*", ["2024/01/a", "2025/12/a"], ["2024/1/a", "2024/13/a", "2026/01/a"]],
      ["{3..1}", ["1", "2", "3"], ["0", "3..1"]],
      ["a{,.b{c,d}}", ["a", "a.bc", "a.bd"], ["a.b"]]
    ]
  it.each(readings)("read %j", (pattern, takes, not) => {
    const glob = compile(pattern)
    for (const path of takes) assert.isTrue(glob.matches(path), `takes ${JSON.stringify(path)}`)
    for (const path of not) assert.isFalse(glob.matches(path), `does not take ${JSON.stringify(path)}`)
  })

  const refusals: ReadonlyArray<readonly [pattern: string, problem: string]> = [
    ["", "empty"],
    ["x".repeat(4_097), "longer than 4096"],
    ["./a", 'begins with "./"'],
    ["!a", 'leading "!"'],
    ["a/", 'ends with "/"'],
    ["a\\", "ends with a backslash"],
    ["**.pdf", "stands beside other characters"],
    ["a/b**/c", "stands beside other characters"],
    ["***", '"***" has no meaning'],
    ["*{,a}*", 'put "*" beside "*"'],
    ["{a,b", "never closed"],
    ["{a}", "one alternative"],
    ["{}", "one alternative"],
    ["{1..x}", "one alternative"],
    ["{1..1001}", "more than 1000"],
    ["{1..40}{1..40}", "more than 1000"],
    [`{1..1000}${"x".repeat(100)}`, "64000 characters"],
    ["[a", "never closed"],
    ["[]", "never closed"],
    ["[b-a]", "is empty"],
    ["[a/]", 'holds "/"'],
    ["[[:alpha:]]", "not supported"],
    ["+(a|b)", "extended glob"],
    ["a!(b)", "extended glob"],
    ["*(1).pdf", "extended glob"]
  ]
  it.each(refusals)("refuse %j", (pattern, problem) => {
    try {
      compile(pattern)
    } catch (error) {
      assert.instanceOf(error, GlobProblem)
      assert.include(error.problem, problem)
      assert.isNotEmpty(error.remedy)
      return
    }
    assert.fail("it is not refused")
  })

  it.each([
    ["*a".repeat(50) + "*b", "a".repeat(1_024)],
    ["*a?".repeat(50) + "b", "a".repeat(1_024)],
    ["*{a,aa}".repeat(9) + "*b", "a".repeat(1_024)],
    ["*[ab]".repeat(50) + "*c", "ab".repeat(512)],
    ["**/a/".repeat(50) + "b", "a/".repeat(512)],
    ["**/*a*a/".repeat(20) + "b", "aaaa/".repeat(204)],
    ["**/*/*/".repeat(50) + "b", "a/".repeat(512)],
    ["**/*/".repeat(50) + "b", "/".repeat(1_024)]
  ])("answer %j on a hostile key without backtracking", (pattern, key) => {
    const glob = compile(pattern)
    glob.matches("")
    const start = performance.now()
    assert.isFalse(glob.matches(key))
    // A few milliseconds; hours, where one star more multiplies the time.
    assert.isBelow(performance.now() - start, 5_000)
  })
})
