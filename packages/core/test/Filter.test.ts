import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, DateTime, Effect, Schema } from "effect"
import { all, FilterError, make, matches, Options, pathPrefixes } from "../src/Filter.ts"
import type { SourceFile } from "../src/SourceFile.ts"

const at = (iso: string) => DateTime.makeUnsafe(iso)

const file = (path: string, fields: Partial<SourceFile> = {}): SourceFile => ({
  id: `s3://bucket/${path}`,
  token: "token",
  uri: `s3://bucket/${encodeURI(path)}`,
  path,
  size: 1_000,
  mimeType: "application/octet-stream",
  modifiedAt: at("2026-06-15T12:00:00Z"),
  attributes: {},
  ...fields
})

const { modifiedAt: _time, size: _size, ...unknownSizeAndTime } = file("a.pdf")

/** The error a wrong value is refused with. */
const refusal = (options: Options): FilterError => {
  try {
    make(options)
  } catch (error) {
    assert.instanceOf(error, FilterError)
    return error
  }
  return assert.fail("it is not refused")
}

describe("Filter.matches", () => {
  const table: ReadonlyArray<readonly [rule: string, options: Options, kept: SourceFile, left: SourceFile]> = [
    ["one of the includes", { include: ["docs/**", "*.md"] }, file("a.md"), file("src/a.md")],
    ["no exclude", { exclude: ["**/tmp/**", "**/.*"] }, file("a/b"), file("a/tmp/b")],
    ["exclude over include", { include: ["docs/**"], exclude: ["docs/old/**"] }, file("docs/a"), file("docs/old/a")],
    ["the first rule that matches", { rules: ["+ a/keep/**", "- a/**"] }, file("a/keep/b"), file("a/b")],
    ["not a later rule", { rules: ["- a/secret/**", "+ a/**", "- **"] }, file("a/b"), file("a/secret/b")],
    ["what no rule matches", { rules: ["- a/**"] }, file("b/c"), file("a/c")],
    ["rules and includes", { include: ["**/*.pdf"], rules: ["- a/**"] }, file("b/c.pdf"), file("a/c.pdf")],
    ["a rule cannot bring back", { exclude: ["a/**"], rules: ["+ **"] }, file("b"), file("a/b")],
    ["one of the extensions", { extensions: ["pdf", ".TXT"] }, file("a/b.PDF"), file("a/b.pdfx")],
    ["a compound extension", { extensions: ["tar.gz"] }, file("a.tar.gz"), file("a.gz")],
    ["an extension of the name", { extensions: ["pdf"] }, file("a.pdf"), file("a.pdf/b")],
    ["a name before the extension", { extensions: ["env"] }, file("a/b.env"), file("a/.env")],
    ["an extension as it is written", { extensions: ["c++"] }, file("a.c++"), file("a.ccc")],
    ["an extension after a newline", { extensions: ["pdf"] }, file("a\n.pdf"), file("a.pdf\n")],
    ["minBytes itself", { minBytes: 10 }, file("a", { size: 10 }), file("a", { size: 9 })],
    ["maxBytes itself", { maxBytes: 10 }, file("a", { size: 10 }), file("a", { size: 11 })],
    ["no bytes", { maxBytes: 0 }, file("a", { size: 0 }), file("a", { size: 1 })],
    ["one size", { minBytes: 10, maxBytes: 10 }, file("a", { size: 10 }), file("a", { size: 9 })],
    [
      "modifiedAfter itself",
      { modifiedAfter: at("2026-01-01T00:00:00Z") },
      file("a", { modifiedAt: at("2026-01-01T00:00:00Z") }),
      file("a", { modifiedAt: at("2025-12-31T23:59:59.999Z") })
    ],
    [
      "times before modifiedBefore",
      { modifiedBefore: at("2026-01-01T00:00:00Z") },
      file("a", { modifiedAt: at("2025-12-31T23:59:59.999Z") }),
      file("a", { modifiedAt: at("2026-01-01T00:00:00Z") })
    ],
    [
      "one of the media types",
      { mimeTypes: ["Application/PDF", "text/csv"] },
      file("a", { mimeType: "application/pdf" }),
      file("a", { mimeType: "application/pdfx" })
    ],
    [
      "a family of media types",
      { mimeTypes: ["video/*"] },
      file("a", { mimeType: "video/mp4" }),
      file("a", { mimeType: "videos/mp4" })
    ],
    [
      "all conditions together",
      { include: ["docs/**"], extensions: ["pdf"], maxBytes: 2_000, mimeTypes: ["*/*"] },
      file("docs/a.pdf"),
      file("docs/a.pdf", { size: 2_001 })
    ]
  ]
  it.each(table)("keeps by %s", (_rule, options, kept, left) => {
    const filter = make(options)
    assert.isTrue(matches(filter, kept))
    assert.isFalse(matches(filter, left))
  })

  it("keeps everything where nothing is asked for", () => {
    for (const filter of [all, make({}), make({ exclude: [], rules: [] })]) {
      assert.isTrue(matches(filter, file("")))
      assert.isTrue(matches(filter, file("a/../b//\n")))
      assert.deepStrictEqual(pathPrefixes(filter), [""])
    }
  })

  it("keeps a file whose size or time is not known, whatever the limits", () => {
    for (const options of [
      { minBytes: 1 },
      { maxBytes: 0 },
      { modifiedAfter: at("2026-01-01T00:00:00Z") },
      { modifiedBefore: at("1970-01-01T00:00:00Z") }
    ]) {
      assert.isTrue(matches(make(options), unknownSizeAndTime))
    }
  })

  it("leaves out an unrecognised media type like any other", () => {
    const filter = make({ mimeTypes: ["video/*"] })
    assert.isFalse(matches(filter, file("a.mp4", { mimeType: "application/octet-stream" })))
  })

  it("joins windows of time without gap or overlap", () => {
    const middle = at("2026-06-15T12:00:00Z")
    const modified = file("a", { modifiedAt: middle })
    assert.isFalse(matches(make({ modifiedBefore: middle }), modified))
    assert.isTrue(matches(make({ modifiedAfter: middle }), modified))
  })
})

describe("Filter.pathPrefixes", () => {
  const table: ReadonlyArray<readonly [options: Options, prefixes: ReadonlyArray<string>]> = [
    [{ include: ["logs/2024-0?/*.json"] }, ["logs/2024-0"]],
    [{ include: ["data/[ab]/*.csv"] }, ["data/"]],
    [{ include: ["a/{b,c}/*", "a/d*"] }, ["a/b/", "a/c/", "a/d"]],
    [{ include: ["{2024,2025}/{01..02}/**"] }, ["2024/01/", "2024/02/", "2025/01/", "2025/02/"]],
    [{ include: ["docs/**", "docs/old/**", "docs/a.pdf"] }, ["docs/"]],
    [{ include: ["docs/a.pdf"] }, ["docs/a.pdf"]],
    [{ include: ["docs/a (1)\\*.pdf"] }, ["docs/a (1)*.pdf"]],
    [{ include: ["a+b!@\\(c)/*"] }, ["a+b!@(c)/"]],
    [{ include: ["docs/*", "**/*.pdf"] }, [""]],
    [{ include: ["a/b/**"], exclude: ["a/**"] }, ["a/b/"]],
    [{ extensions: ["pdf"], minBytes: 1, mimeTypes: ["a/b"] }, [""]],
    [{ rules: ["+ a/**", "+ b/*.pdf", "- **", "+ c/**"] }, ["a/", "b/"]],
    [{ rules: ["- a/tmp/**", "+ a/**", "- **/**"] }, ["a/"]],
    [{ rules: ["+ a/**", "- *"] }, [""]],
    [{ rules: ["+ a/**", "+ **", "- **"] }, [""]],
    [{ include: ["a/b/**", "c/**"], rules: ["+ a/**", "+ c/d*", "- **"] }, ["a/b/", "c/d"]]
  ]
  it.each(table)("of %j are %j", (options, prefixes) => {
    assert.deepStrictEqual(pathPrefixes(make(options)), prefixes)
  })

  const glob = Schema.Literals([
    "a/**",
    "a/b*",
    "a/b/c",
    "{a,b}/*",
    "[ab]/**",
    "b/a?",
    "**/c",
    "*",
    "a\\/",
    "ab/**",
    "**"
  ])
  const sign = Schema.Literals(["+ ", "- "])
  const segment = Schema.Literals(["a", "b", "c", "ab", "bb", "", "b c"])

  it.prop(
    "exclude no path that the filter keeps, and cover none twice",
    {
      include: Schema.Array(glob).check(Schema.isMaxLength(4)),
      exclude: Schema.Array(glob).check(Schema.isMaxLength(2)),
      rules: Arbitrary.map(
        Arbitrary.schema(Schema.Array(Schema.Tuple([sign, glob])).check(Schema.isMaxLength(5))),
        (rules) => rules.map((rule) => rule.join(""))
      ),
      paths: Schema.Array(Schema.Array(segment).check(Schema.isMaxLength(4))).check(Schema.isMinLength(20))
    },
    ({ include, exclude, rules, paths }) => {
      let filter
      try {
        filter = make({ ...(include.length === 0 ? {} : { include }), exclude, rules })
      } catch (error) {
        assert.instanceOf(error, FilterError)
        assert.strictEqual(error.problem, "no path can be kept")
        return
      }
      const prefixes = pathPrefixes(filter)
      assert.isNotEmpty(prefixes)
      for (const segments of paths) {
        const path = segments.join("/")
        const covering = prefixes.filter((prefix) => path.startsWith(prefix)).length
        assert.isAtMost(covering, 1)
        if (matches(filter, file(path))) assert.strictEqual(covering, 1, `${JSON.stringify(prefixes)}: ${path}`)
      }
    },
    { arbitrary: { runs: 1_000 } }
  )
})

describe("Filter.make", () => {
  const table: ReadonlyArray<readonly [options: Options, field: string]> = [
    [{ include: [] }, "include"],
    [{ include: ["a", "b/"] }, "include[1]"],
    [{ exclude: ["[a"] }, "exclude[0]"],
    [{ rules: ["a/**"] }, "rules[0]"],
    [{ rules: ["+a/**"] }, "rules[0]"],
    [{ rules: ["+ "] }, "rules[0]"],
    [{ rules: ["- **"] }, "rules"],
    [{ include: ["a/**"], rules: ["+ b/**", "- **"] }, "include"],
    [{ extensions: [] }, "extensions"],
    [{ extensions: ["pdf", "*.txt"] }, "extensions[1]"],
    [{ extensions: ["."] }, "extensions[0]"],
    [{ minBytes: -1 }, "minBytes"],
    [{ minBytes: 1.5 }, "minBytes"],
    [{ maxBytes: Number.NaN }, "maxBytes"],
    [{ minBytes: 2, maxBytes: 1 }, "minBytes"],
    [{ modifiedAfter: at("2026-01-02"), modifiedBefore: at("2026-01-01") }, "modifiedAfter"],
    [{ modifiedAfter: at("2026-01-01"), modifiedBefore: at("2026-01-01") }, "modifiedAfter"],
    [{ mimeTypes: [] }, "mimeTypes"],
    [{ mimeTypes: ["text/*", "pdf"] }, "mimeTypes[1]"],
    [{ mimeTypes: ["text/html; charset=utf-8"] }, "mimeTypes[0]"]
  ]
  it.each(table)("refuses %j and names %s", (options, field) => {
    const error = refusal(options)
    assert.strictEqual(error.field, field)
    assert.include(error.message, error.remedy)
  })

  it("refuses an option it does not know, instead of keeping more than was asked for", () => {
    // What plain JavaScript or an undecoded file would pass.
    const misspelt: object = { includes: ["docs/**"] }
    assert.strictEqual(refusal(misspelt).field, "includes")
  })

  it.effect("takes options decoded from JSON", () =>
    Effect.gen(function* () {
      const options = yield* Schema.decodeUnknownEffect(Schema.fromJsonString(Options))(
        '{"include":["docs/**"],"maxBytes":10,"modifiedAfter":"2026-01-01T00:00:00Z"}'
      )
      const filter = make(options)
      assert.isTrue(matches(filter, file("docs/a", { size: 10 })))
      assert.isFalse(matches(filter, file("docs/a", { size: 10, modifiedAt: at("2025-01-01T00:00:00Z") })))
    })
  )
})
