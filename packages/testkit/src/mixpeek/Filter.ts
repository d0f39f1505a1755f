/**
 * The list endpoint's filters: a tree of `AND`, `OR`, `NOT` over `{field, operator, value}`, or `{field: value}` for
 * equality. Strings are compared without regard to case unless `case_sensitive` says so.
 */
import { Predicate, Result } from "effect"

/** Reads the values at a dot path of an object; more than one where arrays are on the way. */
export type Values = (path: string) => ReadonlyArray<unknown>

export type Test = (values: Values) => boolean

/** All values at a dot path; an array stands for its elements. */
export const valuesAt = (value: unknown, path: ReadonlyArray<string>): ReadonlyArray<unknown> => {
  if (Array.isArray(value)) return value.flatMap((item) => valuesAt(item, path))
  const [name, ...rest] = path
  if (name === undefined) return [value]
  return Predicate.isObject(value) && Object.hasOwn(value, name) ? valuesAt(value[name], rest) : []
}

type Fold = (value: unknown) => unknown

const asIs: Fold = (value) => value
const folded: Fold = (value) => (Predicate.isString(value) ? value.toLowerCase() : value)

const compare = (left: unknown, right: unknown): number | undefined => {
  if (Predicate.isNumber(left) && Predicate.isNumber(right)) return left - right
  if (Predicate.isString(left) && Predicate.isString(right)) return left < right ? -1 : left > right ? 1 : 0
  return undefined
}

const ordered =
  (holds: (order: number) => boolean) =>
  (wanted: unknown, fold: Fold) =>
  (values: ReadonlyArray<unknown>): boolean =>
    values.some((value) => {
      const order = compare(fold(value), fold(wanted))
      return order !== undefined && holds(order)
    })

const onText =
  (holds: (text: string, wanted: string) => boolean) =>
  (wanted: unknown, fold: Fold) =>
  (values: ReadonlyArray<unknown>): boolean =>
    values.some((value) => Predicate.isString(value) && holds(String(fold(value)), String(fold(wanted))))

const isNull = (values: ReadonlyArray<unknown>) => values.every(Predicate.isNullish)

const equals = (wanted: unknown, fold: Fold) => (values: ReadonlyArray<unknown>) =>
  wanted === null ? isNull(values) : values.some((value) => fold(value) === fold(wanted))

const oneOf = (wanted: unknown, fold: Fold) => {
  const set = new Set(Array.isArray(wanted) ? wanted.map(fold) : [])
  return (values: ReadonlyArray<unknown>) => values.some((value) => set.has(fold(value)))
}

const not =
  (operator: Operator): Operator =>
  (wanted, fold) => {
    const holds = operator(wanted, fold)
    return (values) => !holds(values)
  }

type Operator = (wanted: unknown, fold: Fold) => (values: ReadonlyArray<unknown>) => boolean

const operators: Readonly<Record<string, Operator>> = {
  eq: equals,
  ne: not(equals),
  gt: ordered((order) => order > 0),
  lt: ordered((order) => order < 0),
  gte: ordered((order) => order >= 0),
  lte: ordered((order) => order <= 0),
  in: oneOf,
  nin: not(oneOf),
  contains: (wanted, fold) => (values) =>
    values.some((value) =>
      Predicate.isString(value) ? String(fold(value)).includes(String(fold(wanted))) : value === wanted
    ),
  starts_with: onText((text, wanted) => text.startsWith(wanted)),
  ends_with: onText((text, wanted) => text.endsWith(wanted)),
  regex: (wanted, fold) => {
    const pattern = new RegExp(String(wanted), fold === folded ? "i" : "")
    return (values) => values.some((value) => Predicate.isString(value) && pattern.test(value))
  },
  text: onText((text, wanted) => wanted.split(/\s+/).every((word) => text.includes(word))),
  exists: (wanted) => (values) => values.length > 0 === (wanted !== false),
  is_null: (wanted) => (values) => isNull(values) === (wanted !== false)
}

const branches: Readonly<Record<string, (tests: ReadonlyArray<Test>) => Test>> = {
  AND: (tests) => (values) => tests.every((test) => test(values)),
  OR: (tests) => (values) => tests.some((test) => test(values)),
  NOT: (tests) => (values) => !tests.some((test) => test(values))
}

const condition = (
  field: string,
  name: unknown,
  value: unknown,
  fold: Fold
): Result.Result<ReadonlyArray<Test>, string> => {
  const operator = operators[String(name)]
  if (operator === undefined) return Result.fail(`Unknown filter operator '${String(name)}'`)
  if ((name === "in" || name === "nin") && !Array.isArray(value)) return Result.fail(`'${name}' needs an array`)
  return Result.map(
    Result.try({ try: () => operator(value, fold), catch: () => `'${String(value)}' is not a regular expression` }),
    (holds) => [(values) => holds(values(field))]
  )
}

const shorthand = (field: string, value: unknown, fold: Fold): Result.Result<ReadonlyArray<Test>, string> =>
  Predicate.isObjectOrArray(value)
    ? Result.fail(`Filter '${field}' is neither AND, OR, NOT, a condition nor a plain value`)
    : condition(field, "eq", value, fold)

const branch = (name: string, parts: unknown, sensitive: boolean): Result.Result<ReadonlyArray<Test>, string> => {
  if (!Array.isArray(parts)) return Result.fail(`'${name}' needs an array of filters`)
  const tests: Array<Test> = []
  for (const part of parts) {
    const test = compile(part, sensitive)
    if (Result.isFailure(test)) return Result.fail(test.failure)
    tests.push(test.success)
  }
  return Result.succeed([branches[name]?.(tests) ?? (() => true)])
}

/** The test a filter asks for, or what is wrong with the filter. Several entries at a level must all hold. */
export const compile = (filter: unknown, inherited = false): Result.Result<Test, string> => {
  if (filter === undefined || filter === null) return Result.succeed(() => true)
  if (!Predicate.isObject(filter)) return Result.fail("A filter must be an object")
  const { case_sensitive, field, operator = "eq", value, ...rest } = filter
  const sensitive = Predicate.isBoolean(case_sensitive) ? case_sensitive : inherited
  const fold = sensitive ? asIs : folded
  const parts = [
    ...(Predicate.isString(field) ? [condition(field, operator, value, fold)] : []),
    ...Object.entries(rest).map(([name, part]) =>
      Object.hasOwn(branches, name) ? branch(name, part, sensitive) : shorthand(name, part, fold)
    )
  ]
  const tests: Array<Test> = []
  for (const part of parts) {
    if (Result.isFailure(part)) return Result.fail(part.failure)
    tests.push(...part.success)
  }
  return Result.succeed((values) => tests.every((test) => test(values)))
}
