/**
 * Which files of a source a pipeline takes. The same value decides on every path by which a file is heard of.
 *
 * A file is kept when **all** of these hold; what is left out of the options always holds:
 *
 * 1. its path matches at least one glob of `include`;
 * 2. its path matches no glob of `exclude`;
 * 3. the first of `rules` whose glob matches its path begins with `+`, or none matches;
 * 4. its name ends with one of `extensions`;
 * 5. its size is from `minBytes` to `maxBytes`, both included;
 * 6. it was modified at `modifiedAfter` or later, and earlier than `modifiedBefore`;
 * 7. its media type matches one of `mimeTypes`.
 *
 * What the source does not know excludes nothing: a file without a size passes 5, a file without a time passes 6. A
 * media type is always known; where the source has nothing better it is `application/octet-stream`.
 *
 * **Globs** match the whole path, case-sensitively, character by character (Unicode code points):
 *
 * | | |
 * |---|---|
 * | `*` | any characters within a segment; alone, a segment that is not empty |
 * | `**` | as a whole segment: any number of segments, none included; at the end: everything below |
 * | `?` | one character, not `/` |
 * | `[a-z]` `[!a-z]` | one character of these, or not of these; never `/` |
 * | `{a,b}` `{01..12}` | alternatives; numbers |
 * | `\` | the next character is itself |
 *
 * So `*.pdf` takes files at the top only, and `**` + `/*.pdf` all of them. Names that begin with a dot, newlines, empty
 * segments (`a//b`) and the segments `.` and `..` are like any others. A glob that other dialects read differently is
 * refused, with what to write instead: `+(…)` and its kin, `[:alpha:]`, a leading `!` or `./`, a trailing `/`.
 * No glob takes more than linear time, whatever the path.
 */
import { DateTime, Schema } from "effect"
import * as Glob from "./internal/glob.ts"
import type { SourceFile } from "./SourceFile.ts"

/** The options cannot be a filter. Thrown by `make`, when the program is put together. */
export class FilterError extends Schema.TaggedError<FilterError>()("FilterError", {
  /** Where: `include[2]`, `maxBytes`. */
  field: Schema.NonEmptyString,
  /** What is so. */
  problem: Schema.NonEmptyString,
  /** What to write instead. */
  remedy: Schema.NonEmptyString
}) {
  override get message() {
    return `Filter: ${this.field}: ${this.problem}; ${this.remedy}`
  }
}

/** What `make` takes; decodes it from JSON or configuration too. `make` checks the values. */
export const Options = Schema.Struct({
  /** Globs, at least one; see the module. */
  include: Schema.optional(Schema.Array(Schema.String)),
  /** Globs. */
  exclude: Schema.optional(Schema.Array(Schema.String)),
  /** `"+ glob"` keeps, `"- glob"` leaves out; the first that matches decides; what none matches is kept. */
  rules: Schema.optional(Schema.Array(Schema.String)),
  /** `"pdf"`, `".pdf"`, `"tar.gz"`, at least one; upper and lower case (ASCII) are the same. */
  extensions: Schema.optional(Schema.Array(Schema.String)),
  /** Bytes; files of exactly this size are kept. */
  minBytes: Schema.optional(Schema.Finite),
  /** Bytes; files of exactly this size are kept. */
  maxBytes: Schema.optional(Schema.Finite),
  /** Files modified exactly then are kept: `[after, before)` windows join without gap or overlap. */
  modifiedAfter: Schema.optional(Schema.DateTimeUtcFromString),
  /** Files modified exactly then are left out. */
  modifiedBefore: Schema.optional(Schema.DateTimeUtcFromString),
  /** `"application/pdf"`, `"video/*"`, at least one; without parameters. */
  mimeTypes: Schema.optional(Schema.Array(Schema.String))
})
export interface Options extends Schema.Schema.Type<typeof Options> {}

/** Which files to take. Made by `make`. */
export interface Filter {
  readonly matches: (file: SourceFile) => boolean
  readonly pathPrefixes: ReadonlyArray<string>
  /** The same for the same options. */
  readonly key: string
}

/** Whether the file is kept. Pure; well below a microsecond for ordinary globs. */
export const matches = (filter: Filter, file: SourceFile): boolean => filter.matches(file)

/**
 * The longest literal beginnings that every kept path has one of, for a source to list less: at least one, sorted, none
 * covered by another; `[""]` when nothing can be excluded. A last segment may be partial: `logs/2024-0` for
 * `logs/2024-0?/*.json`.
 */
export const pathPrefixes = (filter: Filter): ReadonlyArray<string> => filter.pathPrefixes

/** Keeps everything. */
export const all: Filter = { matches: () => true, pathPrefixes: [""], key: "" }

/**
 * A filter, or a `FilterError` thrown: options are written in the program or read at its start, and a wrong one is for
 * the programmer. Where they come from elsewhere, use it inside `Effect.try`.
 */
export const make = (options: Options): Filter => {
  for (const field of Object.keys(options)) {
    if (!Object.hasOwn(Options.fields, field)) {
      throw new FilterError({
        field,
        problem: "there is no such option",
        remedy: `use one of ${Object.keys(Options.fields).join(", ")}`
      })
    }
  }
  const include = listOf(options, "include")?.map((pattern, index) => glob(`include[${index}]`, pattern))
  const exclude = (options.exclude ?? []).map((pattern, index) => glob(`exclude[${index}]`, pattern))
  const rules = (options.rules ?? []).map((rule, index) => ruleOf(`rules[${index}]`, rule))
  const prefixes = common(include?.flatMap(({ prefixes }) => prefixes) ?? [""], rulePrefixes(rules))
  if (prefixes.length === 0) {
    throw new FilterError({
      field: include === undefined ? "rules" : "include",
      problem: "no path can be kept",
      remedy: include === undefined ? 'add a "+ " rule before "- **"' : "let the globs and the rules overlap"
    })
  }
  const tests: Array<(file: SourceFile) => boolean> = []
  for (const test of [
    bytesTest(options),
    timeTest(options),
    mimeTest(listOf(options, "mimeTypes")),
    extensionTest(listOf(options, "extensions")),
    include === undefined ? undefined : ({ path }: SourceFile) => include.some((glob) => glob.matches(path)),
    exclude.length === 0 ? undefined : ({ path }: SourceFile) => !exclude.some((glob) => glob.matches(path)),
    rules.length === 0
      ? undefined
      : ({ path }: SourceFile) => rules.find(({ glob }) => glob.matches(path))?.keep ?? true
  ]) {
    if (test !== undefined) tests.push(test)
  }
  return {
    matches: (file) => tests.every((test) => test(file)),
    pathPrefixes: Glob.minimal(prefixes),
    key: JSON.stringify(Object.entries(options).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  }
}

const listOf = (options: Options, field: "include" | "extensions" | "mimeTypes"): ReadonlyArray<string> | undefined => {
  const values = options[field]
  if (values !== undefined && values.length === 0) {
    throw new FilterError({
      field,
      problem: "the list is empty, so no file can be kept",
      remedy: "leave it out to keep all"
    })
  }
  return values
}

const glob = (field: string, pattern: string): Glob.Glob => {
  try {
    return Glob.compile(pattern)
  } catch (error) {
    if (!(error instanceof Glob.GlobProblem)) throw error
    throw new FilterError({
      field,
      problem: `${JSON.stringify(pattern.slice(0, 200))}: ${error.problem}`,
      remedy: error.remedy
    })
  }
}

interface Rule {
  readonly keep: boolean
  readonly glob: Glob.Glob
}

const ruleOf = (field: string, rule: string): Rule => {
  const [, sign, pattern] = /^([+-]) (.*)$/s.exec(rule) ?? []
  if (sign === undefined || pattern === undefined) {
    throw new FilterError({
      field,
      problem: `${JSON.stringify(rule.slice(0, 200))} says neither keep nor leave out`,
      remedy: 'write "+ glob" or "- glob", with one space'
    })
  }
  return { keep: sign === "+", glob: glob(field, pattern) }
}

/** What a rule keeps only counts against a later rule that leaves out all the rest. */
const rulePrefixes = (rules: ReadonlyArray<Rule>): ReadonlyArray<string> => {
  const last = rules.findIndex(({ glob }) => glob.universal)
  const kept = rules.slice(0, last).filter(({ keep }) => keep)
  return last === -1 || rules[last]!.keep ? [""] : kept.flatMap(({ glob }) => glob.prefixes)
}

/** Beginnings of the paths that begin with one of each. */
const common = (some: ReadonlyArray<string>, others: ReadonlyArray<string>): ReadonlyArray<string> =>
  some.flatMap((one) =>
    others.flatMap((other) => (one.startsWith(other) ? [one] : other.startsWith(one) ? [other] : []))
  )

const bytesTest = ({ minBytes, maxBytes }: Options): ((file: SourceFile) => boolean) | undefined => {
  for (const [field, value] of Object.entries({ minBytes, maxBytes })) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0)) {
      throw new FilterError({
        field,
        problem: `${value} is not a size`,
        remedy: "write a whole number of bytes, 0 or more"
      })
    }
  }
  if (minBytes === undefined && maxBytes === undefined) return undefined
  const min = minBytes ?? 0
  const max = maxBytes ?? Number.POSITIVE_INFINITY
  if (min > max) {
    throw new FilterError({
      field: "minBytes",
      problem: `${min} is more than maxBytes, ${max}, so no file can be kept`,
      remedy: "exchange them, or leave one out"
    })
  }
  return ({ size }) => size === undefined || (size >= min && size <= max)
}

const timeTest = ({ modifiedAfter, modifiedBefore }: Options): ((file: SourceFile) => boolean) | undefined => {
  if (modifiedAfter === undefined && modifiedBefore === undefined) return undefined
  const from = modifiedAfter === undefined ? Number.NEGATIVE_INFINITY : DateTime.toEpochMillis(modifiedAfter)
  const to = modifiedBefore === undefined ? Number.POSITIVE_INFINITY : DateTime.toEpochMillis(modifiedBefore)
  if (from >= to) {
    throw new FilterError({
      field: "modifiedAfter",
      problem: "it is not earlier than modifiedBefore, so no file can be kept",
      remedy: "exchange them, or leave one out"
    })
  }
  return ({ modifiedAt }) => {
    if (modifiedAt === undefined) return true
    const at = DateTime.toEpochMillis(modifiedAt)
    return at >= from && at < to
  }
}

/** RFC 6838 4.2: type and subtype names. */
const mimeType = /^(?:[a-z0-9][a-z0-9!#$&^_.+-]*\/(?:\*|[a-z0-9][a-z0-9!#$&^_.+-]*)|\*\/\*)$/

const mimeTest = (types: ReadonlyArray<string> | undefined): ((file: SourceFile) => boolean) | undefined => {
  if (types === undefined) return undefined
  const exact = new Set<string>()
  const families = new Set<string>()
  for (const [index, given] of types.entries()) {
    const type = given.toLowerCase()
    if (!mimeType.test(type)) {
      throw new FilterError({
        field: `mimeTypes[${index}]`,
        problem: `${JSON.stringify(given)} is not a media type`,
        remedy: 'write "type/subtype" or "type/*", without parameters'
      })
    }
    if (type === "*/*") return undefined
    if (type.endsWith("/*")) families.add(type.slice(0, -2))
    else exact.add(type)
  }
  return ({ mimeType }) => exact.has(mimeType) || families.has(mimeType.slice(0, mimeType.indexOf("/")))
}

const extensionTest = (extensions: ReadonlyArray<string> | undefined): ((file: SourceFile) => boolean) | undefined => {
  if (extensions === undefined) return undefined
  const sources = extensions.map((given, index) => {
    const extension = given.startsWith(".") ? given.slice(1) : given
    if (extension === "" || /[/*?[\]{}]/.test(extension)) {
      throw new FilterError({
        field: `extensions[${index}]`,
        problem: `${JSON.stringify(given)} is not an extension`,
        remedy: 'write one such as "pdf" or "tar.gz", or use include for a glob'
      })
    }
    return Glob.escape(extension)
  })
  // A name that is nothing but a dot and letters (".env") has no extension.
  const regex = new RegExp(`[^/]\\.(?:${sources.join("|")})$`, "is")
  return ({ path }) => regex.test(path)
}
