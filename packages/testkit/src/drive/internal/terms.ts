/** What the terms of a query mean, for files and for shared drives. */
import { isTrashed, permissionsOf } from "./access.ts"
import { type Account, type Item, type Role, roles, type SharedDrive } from "./item.ts"
import type { Expression, Operator } from "./query.ts"
import { invalidValue } from "./refusal.ts"
import type { Store } from "./store.ts"

/** Whether something matches a query. */
export type Matcher<A> = (subject: A) => boolean

/** What can be asked for. A comparison gives `undefined` for an operator or a value that its term does not take. */
interface Terms<A> {
  readonly compare: Readonly<Record<string, (operator: Operator, value: string) => Matcher<A> | undefined>>
  readonly flags: Readonly<Record<string, Matcher<A>>>
  readonly in: Readonly<Record<string, (value: string) => Matcher<A>>>
  readonly has: Readonly<Record<string, (key: string, value: string | undefined) => Matcher<A>>>
}

// Names match by the beginnings of their words, and no query is particular about case.
const startsAWord = (text: string, value: string): boolean => {
  const [lower, wanted] = [text.toLowerCase(), value.toLowerCase()]
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, at + 1)) {
    if (at === 0 || !/[\p{L}\p{N}]/u.test(lower.charAt(at - 1))) return true
  }
  return false
}

const text =
  <A>(read: (subject: A) => string, contains: (text: string, value: string) => boolean) =>
  (operator: Operator, value: string): Matcher<A> | undefined => {
    switch (operator) {
      case "=":
        return (subject) => read(subject).toLowerCase() === value.toLowerCase()
      case "!=":
        return (subject) => read(subject).toLowerCase() !== value.toLowerCase()
      case "contains":
        return (subject) => contains(read(subject), value)
      default:
        return undefined
    }
  }

const compareFlag = <A>(flag: Matcher<A>, operator: Operator, value: string): Matcher<A> | undefined => {
  const wanted = value.toLowerCase()
  if (wanted !== "true" && wanted !== "false") return undefined
  if (operator !== "=" && operator !== "!=") return undefined
  const expected = (wanted === "true") === (operator === "=")
  return (subject) => flag(subject) === expected
}

const isDate = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/

/** A time as queries write it: RFC 3339, UTC where no zone is said. */
const readTime = (value: string): number | undefined => {
  if (!isDate.test(value)) return undefined
  const millis = Date.parse(/T.*(?:Z|[+-]\d\d:\d\d)$/.test(value) || !value.includes("T") ? value : `${value}Z`)
  return Number.isNaN(millis) ? undefined : millis
}

const time =
  <A>(read: (subject: A) => number | undefined) =>
  (operator: Operator, value: string): Matcher<A> | undefined => {
    const wanted = readTime(value)
    if (wanted === undefined || operator === "contains") return undefined
    return (subject) => {
      const actual = read(subject)
      return actual !== undefined && compares(operator, actual, wanted)
    }
  }

const compares = (operator: Exclude<Operator, "contains">, actual: number, wanted: number): boolean => {
  switch (operator) {
    case "=":
      return actual === wanted
    case "!=":
      return actual !== wanted
    case "<":
      return actual < wanted
    case "<=":
      return actual <= wanted
    case ">":
      return actual > wanted
    case ">=":
      return actual >= wanted
  }
}

/** The narrowest of the circles an item is open to, as `visibility` names it. */
const visibilityOf = (store: Store, item: Item): string => {
  const permissions = permissionsOf(store, item).map(({ permission }) => permission)
  const open = (type: "anyone" | "domain") => permissions.find((permission) => permission.type === type)
  const anyone = open("anyone")
  if (anyone !== undefined) return anyone.allowFileDiscovery ? "anyoneCanFind" : "anyoneWithLink"
  const domain = open("domain")
  if (domain !== undefined) return domain.allowFileDiscovery ? "domainCanFind" : "domainWithLink"
  return "limited"
}

const visibilities: ReadonlySet<string> = new Set([
  "anyoneCanFind",
  "anyoneWithLink",
  "domainCanFind",
  "domainWithLink",
  "limited"
])

const visibility =
  (store: Store) =>
  (operator: Operator, value: string): Matcher<Item> | undefined => {
    if (!visibilities.has(value) || (operator !== "=" && operator !== "!=")) return undefined
    return (item) => (visibilityOf(store, item) === value) === (operator === "=")
  }

const holder =
  (store: Store, me: Account, held: ReadonlyArray<Role>) =>
  (email: string): Matcher<Item> => {
    const address = email === "me" ? me.email : email
    return (item) =>
      permissionsOf(store, item).some(
        ({ permission }) => permission.emailAddress === address && held.includes(permission.role)
      )
  }

const target = (operator: Operator, value: string): Matcher<Item> | undefined => {
  if (operator !== "=" && operator !== "!=") return undefined
  return (item) => (item.traits.shortcut?.targetId === value) === (operator === "=")
}

const entry =
  (read: (item: Item) => Readonly<Record<string, string>> | undefined) =>
  (key: string, value: string | undefined): Matcher<Item> =>
  (item) => {
    const actual = read(item)?.[key]
    return actual !== undefined && (value === undefined || actual === value)
  }

/** The terms that files are searched by, as one account sees them. */
export const fileTerms = (store: Store, account: Account): Terms<Item> => ({
  compare: {
    name: text((item) => item.name, startsAWord),
    mimeType: text(
      (item) => item.mimeType,
      (mimeType, value) => mimeType.includes(value)
    ),
    fullText: (operator, value) =>
      operator === "contains"
        ? (item) => startsAWord(item.name, value) || startsAWord(item.traits.description ?? "", value)
        : undefined,
    modifiedTime: time((item) => item.modifiedTime),
    createdTime: time((item) => item.createdTime),
    viewedByMeTime: time((item) => item.viewed?.get(account.email)),
    sharedWithMeTime: time((item) => item.sharedTimes?.get(account.email)),
    visibility: visibility(store),
    "shortcutDetails.targetId": target
  },
  flags: {
    trashed: (item) => isTrashed(store, item),
    starred: (item) => item.traits.starred ?? false,
    sharedWithMe: (item) => item.owner !== account.email && (item.sharedTimes?.has(account.email) ?? false)
  },
  in: {
    parents: (folder) => {
      const id = folder === "root" ? account.rootId : folder
      return (item) => item.parents.includes(id)
    },
    owners: holder(store, account, ["owner"]),
    writers: holder(store, account, ["owner", "organizer", "fileOrganizer", "writer"]),
    readers: holder(store, account, roles)
  },
  has: {
    properties: entry((item) => item.traits.properties),
    appProperties: entry((item) => item.traits.appProperties)
  }
})

/** The terms that shared drives are searched by. */
export const driveTerms: Terms<SharedDrive> = {
  compare: {
    name: text((drive) => drive.name, startsAWord),
    createdTime: time((drive) => drive.createdTime)
  },
  flags: { hidden: () => false },
  in: {},
  has: {}
}

/** What a query asks, as a predicate: 400 for terms there are not, and for values they do not take. */
export const matcher = <A>(expression: Expression, terms: Terms<A>): Matcher<A> => {
  switch (expression._tag) {
    case "And": {
      const [left, right] = [matcher(expression.left, terms), matcher(expression.right, terms)]
      return (subject) => left(subject) && right(subject)
    }
    case "Or": {
      const [left, right] = [matcher(expression.left, terms), matcher(expression.right, terms)]
      return (subject) => left(subject) || right(subject)
    }
    case "Not": {
      const negated = matcher(expression.negated, terms)
      return (subject) => !negated(subject)
    }
    case "Compare": {
      const { field, operator, value } = expression
      const flag = own(terms.flags, field)
      return valid(
        flag === undefined ? own(terms.compare, field)?.(operator, value) : compareFlag(flag, operator, value)
      )
    }
    case "Flag":
      return valid(own(terms.flags, expression.field))
    case "In":
      return valid(own(terms.in, expression.collection)?.(expression.value))
    case "Has":
      return valid(own(terms.has, expression.collection)?.(expression.key, expression.value))
  }
}

const own = <A>(terms: Readonly<Record<string, A>>, name: string): A | undefined =>
  Object.hasOwn(terms, name) ? terms[name] : undefined

const valid = <A>(compiled: Matcher<A> | undefined): Matcher<A> => {
  if (compiled === undefined) throw invalidValue("q")
  return compiled
}
