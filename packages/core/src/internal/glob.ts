/**
 * Globs on object keys, compiled to regular expressions that take linear time on any key.
 *
 * The dialect is the part that picomatch, minimatch and bash agree on (`*`, `?`, `**`, classes, braces, backslash); what
 * they read differently, or what is most likely a mistake, is refused with what to write instead. Unlike theirs, the
 * regular expressions cannot be made to backtrack by a hostile key, a wildcard takes a newline and a `.` or `..` segment
 * like anything else, and a parenthesis or a quote is itself.
 */

/** A compiled glob. */
export interface Glob {
  readonly matches: (path: string) => boolean
  /** Literal beginnings: every path that matches begins with one of them. */
  readonly prefixes: ReadonlyArray<string>
  /** Matches every path. */
  readonly universal: boolean
}

/** Why a glob is refused. Thrown by `compile`. */
export class GlobProblem extends Error {
  readonly problem: string
  readonly remedy: string
  constructor(problem: string, remedy: string) {
    super(problem)
    this.problem = problem
    this.remedy = remedy
  }
}

const maxLength = 4_096
const maxAlternatives = 1_000
const maxTokens = 64_000
const tooMuch = new GlobProblem(
  `the braces stand for more than ${maxAlternatives} patterns, or for ${maxTokens} characters`,
  'replace some of them by "*" or "?", or write several patterns'
)

/** One character of a path, or a wildcard within a segment, or what stands between and for segments. */
type Token =
  | { readonly _tag: "Literal"; readonly character: string }
  | { readonly _tag: "Class"; readonly source: string }
  | { readonly _tag: "Star" }
  | { readonly _tag: "Globstar" }
  | { readonly _tag: "Slash" }

type Tokens = ReadonlyArray<Token>

/** Refused when it is not understood; see `GlobProblem`. */
export const compile = (pattern: string): Glob => {
  if (pattern === "") throw new GlobProblem("the pattern is empty", 'write "**" to match every path')
  if (pattern.length > maxLength) {
    throw new GlobProblem(
      `the pattern is longer than ${maxLength} characters`,
      "an object key has at most 1,024 bytes: write several shorter patterns"
    )
  }
  if (pattern.startsWith("./")) {
    throw new GlobProblem(
      'the pattern begins with "./", and paths do not',
      `leave it out, or write "\\${pattern}" if they do`
    )
  }
  if (pattern.startsWith("!")) {
    throw new GlobProblem('a leading "!" has no meaning here', 'use exclude or a "- " rule, or "\\!" for the character')
  }
  if (pattern.endsWith("/") && !pattern.endsWith("\\/")) {
    throw new GlobProblem(
      'the pattern ends with "/"',
      `write "${pattern}**" for everything under it, or "${pattern.slice(0, -1)}\\/" for a path that ends so`
    )
  }
  const alternatives = new Parser(pattern).parse()
  const regex = regexOf(alternatives)
  return {
    matches: (path) => regex.test(path),
    prefixes: minimal(alternatives.map(literalPrefix)),
    universal: alternatives.some((tokens) => split(tokens, "Slash").every(isGlobstar))
  }
}

/** Without the prefixes that another one covers. */
export const minimal = (prefixes: ReadonlyArray<string>): ReadonlyArray<string> => {
  const kept: Array<string> = []
  for (const prefix of prefixes.toSorted(byCodeUnit)) {
    const last = kept.at(-1)
    if (last === undefined || !prefix.startsWith(last)) kept.push(prefix)
  }
  return kept
}

const byCodeUnit = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

const literalPrefix = (tokens: Tokens): string => {
  let prefix = ""
  for (const token of tokens) {
    if (token._tag === "Literal") prefix += token.character
    else if (token._tag === "Slash") prefix += "/"
    else break
  }
  return prefix
}

// Every loop below can be left at one place only: where what comes next in the pattern first occurs. Placing it there
// is always right, because what stands between two stars has a fixed width, and what stands between two globstars a
// fixed number of segments. So a failure further on is never retried from elsewhere, and no key costs more than
// linear time.

/** Alternatives that differ only in what follows their last star (`*.{jpg,png}`) become one. */
const regexOf = (alternatives: ReadonlyArray<Tokens>): RegExp => {
  const byHead = Map.groupBy(alternatives.map(pathSource), ({ head }) => head)
  const sources = Array.from(byHead, ([head, parts]) => `${head}(?:${parts.map(({ tail }) => tail).join("|")})`)
  // Without `u` two-byte keys are much faster; a single character is all it makes a difference for.
  const unicode = alternatives.some((tokens) => tokens.some((token) => token._tag === "Class"))
  return new RegExp(`^(?:${sources.join("|")})`, unicode ? "su" : "s")
}

interface Source {
  readonly head: string
  readonly tail: string
}

const pathSource = (tokens: Tokens): Source => {
  const [first, ...groups] = splitBy(split(tokens, "Slash"), isGlobstar)
  const last = groups.pop()
  if (last === undefined) return fileSource("", first!)
  const between = groups.filter((group) => group.length > 0).map(directorySource)
  const head = directorySource(first!) + between.map((next) => `(?:(?!${next})[^/]*\\/)*${next}`).join("")
  return last.length === 0 ? { head, tail: "" } : fileSource(`${head}(?:[^/]*\\/)*`, last)
}

const fileSource = (head: string, segments: ReadonlyArray<Tokens>): Source => {
  const file = segmentSource(segments.at(-1)!)
  return { head: head + directorySource(segments.slice(0, -1)) + file.head, tail: `${file.tail}$` }
}

const directorySource = (segments: ReadonlyArray<Tokens>): string =>
  segments
    .map(segmentSource)
    .map(({ head, tail }) => `${head}${tail}\\/`)
    .join("")

const segmentSource = (segment: Tokens): Source => {
  if (segment.length === 1 && segment[0]!._tag === "Star") return { head: "[^/]+", tail: "" }
  const [first, ...chunks] = split(segment, "Star").map(chunkSource)
  const tail = chunks.pop()
  if (tail === undefined) return { head: "", tail: first! }
  if (chunks.includes("")) {
    throw new GlobProblem('the braces put "*" beside "*"', 'one "*" is enough: it takes any number of characters')
  }
  return { head: `${first}${chunks.map((next) => `(?:(?!${next})[^/])*${next}`).join("")}[^/]*`, tail }
}

const chunkSource = (chunk: Tokens): string =>
  chunk
    .map((token) => {
      switch (token._tag) {
        case "Literal":
          return escape(token.character)
        case "Class":
          return token.source
        default:
          throw new GlobProblem('"**" stands beside other characters', 'write it as a whole segment, as in "**/*.pdf"')
      }
    })
    .join("")

const isGlobstar = (segment: Tokens): boolean => segment.length === 1 && segment[0]!._tag === "Globstar"

const split = (tokens: Tokens, at: Token["_tag"]): ReadonlyArray<Tokens> =>
  splitBy(tokens, (token) => token._tag === at)

const splitBy = <A>(items: ReadonlyArray<A>, isSeparator: (item: A) => boolean): ReadonlyArray<ReadonlyArray<A>> => {
  const parts: Array<Array<A>> = [[]]
  for (const item of items) {
    if (isSeparator(item)) parts.push([])
    else parts.at(-1)!.push(item)
  }
  return parts
}

/** The text itself as a regular expression, in UTF-16 units: both kinds, with `u` and without, read them so. */
export const escape = (text: string): string =>
  Array.from({ length: text.length }, (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, "0")}`).join(
    ""
  )

/** Recursive descent over code points; braces are multiplied out as they are read. */
class Parser {
  readonly #characters: ReadonlyArray<string>
  #at = 0

  constructor(pattern: string) {
    this.#characters = [...pattern]
  }

  parse(): ReadonlyArray<Tokens> {
    return this.#sequence(false)
  }

  /** Up to the end, or to the `,` or `}` of the braces it is in. */
  #sequence(inBraces: boolean): ReadonlyArray<Tokens> {
    let alternatives: Array<Array<Token>> = [[]]
    while (this.#at < this.#characters.length) {
      const character = this.#characters[this.#at]!
      if (inBraces && (character === "," || character === "}")) break
      if (character === "{") {
        const next = this.#braces()
        alternatives = alternatives.flatMap((head) => next.map((tail) => [...head, ...tail]))
      } else {
        const token = this.#token()
        for (const alternative of alternatives) alternative.push(token)
      }
      const size = alternatives.length * Math.max(...alternatives.map((tokens) => tokens.length))
      if (alternatives.length > maxAlternatives || size > maxTokens) throw tooMuch
    }
    return alternatives
  }

  #token(): Token {
    const character = this.#characters[this.#at++]!
    const next = this.#characters[this.#at]
    if (next === "(" && "?*+@!".includes(character)) {
      throw new GlobProblem(
        `"${character}(" begins an extended glob, which is not supported`,
        `write alternatives in braces, or "${character}\\(" for a parenthesis`
      )
    }
    switch (character) {
      case "/":
        return { _tag: "Slash" }
      case "?":
        return { _tag: "Class", source: "[^/]" }
      case "[":
        return this.#class()
      case "*": {
        if (next !== "*") return { _tag: "Star" }
        this.#at++
        if (this.#characters[this.#at] === "*") {
          throw new GlobProblem('"***" has no meaning', 'write "*" within a segment, "**" for any number of segments')
        }
        return { _tag: "Globstar" }
      }
      case "\\": {
        if (next === undefined) {
          throw new GlobProblem("the pattern ends with a backslash", 'write "\\\\" for the character')
        }
        this.#at++
        return next === "/" ? { _tag: "Slash" } : { _tag: "Literal", character: next }
      }
      default:
        return { _tag: "Literal", character }
    }
  }

  /** `{a,b}` and `{01..31}`. */
  #braces(): ReadonlyArray<Tokens> {
    const start = ++this.#at
    const branches: Array<ReadonlyArray<Tokens>> = []
    do {
      branches.push(this.#sequence(true))
      if (this.#at >= this.#characters.length) {
        throw new GlobProblem('"{" is never closed', 'close it with "}", or write "\\{" for the character')
      }
    } while (this.#characters[this.#at++] === ",")
    if (branches.length > 1) return branches.flat()
    const inner = this.#characters.slice(start, this.#at - 1).join("")
    const range = /^(\d+)\.\.(\d+)$/.exec(inner)
    if (range === null) {
      throw new GlobProblem(
        `"{${inner}}" holds one alternative`,
        'write at least two, separated by ",", or a range such as {01..12}, or "\\{" for the character'
      )
    }
    return numbers(range[1]!, range[2]!).map((number) =>
      [...number].map((character) => ({ _tag: "Literal", character }) as const)
    )
  }

  /** `[a-z]`, `[!a-z]`, `[^a-z]`; a `]` that comes first is itself. Never a slash. */
  #class(): Token {
    const negated = "!^".includes(this.#characters[this.#at] ?? " ")
    if (negated) this.#at++
    let source = ""
    for (let first = true; first || this.#characters[this.#at] !== "]"; first = false) {
      const from = this.#member()
      if (this.#characters[this.#at] === "-" && (this.#characters[this.#at + 1] ?? "]") !== "]") {
        this.#at++
        const to = this.#member()
        if (from.codePointAt(0)! > to.codePointAt(0)!) {
          throw new GlobProblem(`the range "${from}-${to}" is empty`, `write "${to}-${from}"`)
        }
        source += `${escape(from)}-${escape(to)}`
      } else {
        source += escape(from)
      }
    }
    this.#at++
    return { _tag: "Class", source: negated ? `[^/${source}]` : `(?!\\/)[${source}]` }
  }

  #member(): string {
    let character = this.#characters[this.#at++]
    if (character === "[" && this.#characters[this.#at] === ":") {
      throw new GlobProblem(
        'classes by name, such as "[:alpha:]", are not supported',
        'write a range such as "[a-zA-Z]"'
      )
    }
    if (character === "\\") character = this.#characters[this.#at++]
    if (character === undefined) {
      throw new GlobProblem('"[" is never closed', 'close it with "]", or write "\\[" for the character')
    }
    if (character === "/") {
      throw new GlobProblem('a class holds "/", which separates segments', "write the alternatives in braces")
    }
    return character
  }
}

/** Both ends included, in either direction, padded with zeros as the ends are. */
const numbers = (from: string, to: string): ReadonlyArray<string> => {
  const low = Math.min(Number(from), Number(to))
  const count = Math.abs(Number(to) - Number(from)) + 1
  if (count > maxAlternatives) throw tooMuch
  const padded = [from, to].some((end) => end.length > 1 && end.startsWith("0"))
  const width = padded ? Math.max(from.length, to.length) : 0
  return Array.from({ length: count }, (_, index) => String(low + index).padStart(width, "0"))
}
