/**
 * The language of `q`: terms joined by `and`, `or` and `not`, in parentheses where need be.
 * https://developers.google.com/workspace/drive/api/guides/search-files
 */
import { invalidValue } from "./refusal.ts"

/** How a term compares. */
export type Operator = "=" | "!=" | "<" | "<=" | ">" | ">=" | "contains"

/** A query, taken apart. */
export type Expression =
  | { readonly _tag: "And" | "Or"; readonly left: Expression; readonly right: Expression }
  | { readonly _tag: "Not"; readonly negated: Expression }
  /** `name contains 'x'`, `trashed = false`. */
  | { readonly _tag: "Compare"; readonly field: string; readonly operator: Operator; readonly value: string }
  /** `sharedWithMe`: a flag may stand alone. */
  | { readonly _tag: "Flag"; readonly field: string }
  /** `'x' in parents`. */
  | { readonly _tag: "In"; readonly value: string; readonly collection: string }
  /** `properties has { key='a' and value='b' }`. */
  | { readonly _tag: "Has"; readonly collection: string; readonly key: string; readonly value: string | undefined }

interface Token {
  readonly kind: "text" | "word" | "sign"
  readonly text: string
}

const pattern =
  /\s*(?:(?<quoted>'(?:[^'\\]|\\[^])*'|"(?:[^"\\]|\\[^])*")|(?<word>[A-Za-z_][\w.]*)|(?<sign><=|>=|!=|[=<>(){}])|(?<other>\S))/gy

const tokensOf = (q: string): ReadonlyArray<Token> => {
  const tokens: Array<Token> = []
  for (const { groups } of q.matchAll(pattern)) {
    if (groups?.["quoted"] !== undefined) {
      tokens.push({ kind: "text", text: groups["quoted"].slice(1, -1).replaceAll(/\\([^])/g, "$1") })
    } else if (groups?.["word"] !== undefined) tokens.push({ kind: "word", text: groups["word"] })
    else if (groups?.["sign"] !== undefined) tokens.push({ kind: "sign", text: groups["sign"] })
    else throw invalidValue("q")
  }
  return tokens
}

const operators: ReadonlySet<string> = new Set(["=", "!=", "<", "<=", ">", ">=", "contains"] satisfies Array<Operator>)

const isOperator = (text: string): text is Operator => operators.has(text)

/** Takes a query apart: 400 for what is none. */
export const parseQuery = (q: string): Expression => {
  const tokens = tokensOf(q)
  let at = 0
  const is = (kind: Token["kind"], text: string): boolean =>
    tokens[at]?.kind === kind && tokens[at]?.text.toLowerCase() === text
  const accept = (kind: Token["kind"], text: string): boolean => {
    if (!is(kind, text)) return false
    at++
    return true
  }
  const expect = (kind: Token["kind"], text?: string): string => {
    const token = tokens[at++]
    if (token?.kind !== kind || (text !== undefined && token.text.toLowerCase() !== text)) throw invalidValue("q")
    return token.text
  }
  const or = (): Expression => {
    let left = and()
    while (accept("word", "or")) left = { _tag: "Or", left, right: and() }
    return left
  }
  const and = (): Expression => {
    let left = not()
    while (accept("word", "and")) left = { _tag: "And", left, right: not() }
    return left
  }
  const not = (): Expression => (accept("word", "not") ? { _tag: "Not", negated: not() } : primary())
  const primary = (): Expression => {
    if (accept("sign", "(")) {
      const inner = or()
      expect("sign", ")")
      return inner
    }
    if (tokens[at]?.kind === "text") {
      const value = expect("text")
      expect("word", "in")
      return { _tag: "In", value, collection: expect("word") }
    }
    const field = expect("word")
    if (accept("word", "has")) return has(field)
    const operator = tokens[at]?.text.toLowerCase() ?? ""
    if (!isOperator(operator)) return { _tag: "Flag", field }
    at++
    return { _tag: "Compare", field, operator, value: tokens[at]?.kind === "word" ? expect("word") : expect("text") }
  }
  const has = (collection: string): Expression => {
    expect("sign", "{")
    expect("word", "key")
    expect("sign", "=")
    const key = expect("text")
    let value: string | undefined
    if (accept("word", "and")) {
      expect("word", "value")
      expect("sign", "=")
      value = expect("text")
    }
    expect("sign", "}")
    return { _tag: "Has", collection, key, value }
  }
  const expression = or()
  if (at < tokens.length) throw invalidValue("q")
  return expression
}

/** The folders a query looks into; `undefined` for a query that looks elsewhere as well. */
export const parentsAsked = (expression: Expression): ReadonlySet<string> | undefined => {
  switch (expression._tag) {
    case "In":
      return expression.collection === "parents" ? new Set([expression.value]) : undefined
    case "And":
      return parentsAsked(expression.left) ?? parentsAsked(expression.right)
    case "Or": {
      const left = parentsAsked(expression.left)
      const right = parentsAsked(expression.right)
      return left === undefined || right === undefined ? undefined : new Set([...left, ...right])
    }
    default:
      return undefined
  }
}
