/** `orderBy`: the keys of `files.list`, and where an item stands by them. */
import type { Account, Item } from "./item.ts"
import { invalidValue } from "./refusal.ts"
import { isFolder } from "./store.ts"

type Key = string | number

/** Compares items by their sort keys. */
export interface Order {
  readonly keysOf: (item: Item) => ReadonlyArray<Key>
  readonly compare: (left: ReadonlyArray<Key>, right: ReadonlyArray<Key>) => number
}

const collator = new Intl.Collator("en")
const natural = new Intl.Collator("en", { numeric: true })

const keys = ({ email }: Account): Readonly<Record<string, (item: Item) => Key>> => ({
  createdTime: (item) => item.createdTime,
  // Folders come first.
  folder: (item) => (isFolder(item) ? 0 : 1),
  modifiedByMeTime: (item) => (item.modifiedBy === email ? item.modifiedTime : 0),
  modifiedTime: (item) => item.modifiedTime,
  name: (item) => item.name,
  name_natural: (item) => item.name,
  quotaBytesUsed: (item) => item.size,
  recency: (item) => Math.max(item.createdTime, item.modifiedTime, item.viewed?.get(email) ?? 0),
  sharedWithMeTime: (item) => item.sharedTimes?.get(email) ?? 0,
  starred: (item) => (item.traits.starred === true ? 0 : 1),
  viewedByMeTime: (item) => item.viewed?.get(email) ?? 0
})

/** Reads `orderBy`: 400 for keys there are not. */
export const parseOrder = (orderBy: string, account: Account): Order => {
  const known = keys(account)
  const parts = orderBy.split(",").map((part) => {
    const [name = "", direction = "asc", ...rest] = part.trim().split(/\s+/)
    const read = Object.hasOwn(known, name) ? known[name] : undefined
    if (read === undefined || rest.length > 0 || (direction !== "asc" && direction !== "desc")) {
      throw invalidValue("orderBy")
    }
    return { read, sign: direction === "desc" ? -1 : 1, texts: name === "name_natural" ? natural : collator }
  })
  return {
    keysOf: (item) => parts.map(({ read }) => read(item)),
    compare: (left, right) => {
      for (const [index, { sign, texts }] of parts.entries()) {
        const [a = 0, b = 0] = [left[index], right[index]]
        const order = typeof a === "string" || typeof b === "string" ? texts.compare(`${a}`, `${b}`) : a - b
        if (order !== 0) return order * sign
      }
      return 0
    }
  }
}
