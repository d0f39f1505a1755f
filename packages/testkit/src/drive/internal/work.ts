/** What a handler is given, and what it answers. */
import type { Answer as Transmitted } from "../../internal/transmit.ts"
import { mayRead, needsResourceKey } from "./access.ts"
import { textBody } from "./content.ts"
import type { Downloads } from "./downloads.ts"
import { assemble, type Mask, parseFields, type Shape } from "./fields.ts"
import type { Account, Item } from "./item.ts"
import { fileNotFound, Refusal } from "./refusal.ts"
import type { Store } from "./store.ts"

/** One request whose token was found good. */
export interface Work {
  readonly store: Store
  /** Who asks. */
  readonly account: Account
  /** Query parameters; of several with one name, the last. */
  readonly query: ReadonlyMap<string, string>
  readonly header: (name: string) => string | undefined
  /** The stand-in's own address, for the links in its answers. */
  readonly url: string
  /** Whether documents say a size. */
  readonly documentSize: boolean
  readonly downloads: Downloads
  /** What is to go wrong with a listing. */
  readonly listing: ListingFaults
}

/** What goes wrong inside an answer, not with it. */
export interface ListingFaults {
  /** Queries for more than one folder find nothing. */
  readonly emptyGroups: boolean
  /** The search did not reach everything: that much of each page is left out, 0 to 1. */
  readonly incomplete: number | undefined
  /** The last file of a page is the first of the next one as well. */
  readonly duplicate: boolean
  /** Most files of a page, whatever was asked for. */
  readonly shortPage: number | undefined
}

/** An answer, of which the JSON is kept. */
export interface Answer extends Transmitted {
  /** The value the body is made of, where it is JSON. */
  readonly json?: unknown
}

/** An answer in JSON. */
export const json = (value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer => {
  const body = textBody(JSON.stringify(value))
  return {
    status,
    headers: { "content-type": "application/json; charset=UTF-8", ...headers },
    body,
    from: 0,
    to: body.size,
    json: value
  }
}

/** A parameter that is true or false. */
export const flag = (work: Work, name: string, otherwise = false): boolean => {
  const value = work.query.get(name)
  if (value === undefined) return otherwise
  if (value === "true" || value === "false") return value === "true"
  throw new Refusal("invalidParameter", { message: `Invalid boolean value: '${value}'.`, parameter: name })
}

/** How many entries a page may have. */
export const pageSizeOf = (work: Work, otherwise: number, most: number): number => {
  const text = work.query.get("pageSize")
  if (text === undefined) return otherwise
  const size = Number(text)
  if (!Number.isInteger(size) || size < 1 || size > most) {
    throw new Refusal("invalidParameter", {
      message: `Invalid value '${text}'. Values must be within the range: [1, ${most}]`,
      parameter: "pageSize"
    })
  }
  return size
}

/** What `fields` asks for, or what is sent when it is not there. */
export const maskOf = (work: Work, shape: Shape, otherwise: string): Mask =>
  parseFields(work.query.get("fields") ?? otherwise, shape)

/** An answer made of those of its parts that `fields` asks for. */
export const assembled = (
  work: Work,
  shape: Shape,
  otherwise: string,
  parts: Readonly<Record<string, (mask: Mask) => unknown>>
): Answer => json(assemble(maskOf(work, shape, otherwise), parts))

/** Whether the client says that it knows of shared drives. */
export const supportsAllDrives = (work: Work): boolean =>
  flag(work, "supportsAllDrives") || flag(work, "supportsTeamDrives")

/** Whether the request carries an item's resource key. */
const bringsKey = (work: Work, item: Item): boolean =>
  (work.header("x-goog-drive-resource-keys") ?? "")
    .split(",")
    .some((pair) => pair.trim() === `${item.id}/${item.traits.resourceKey}`)

/** Whether an item can be reached: whoever comes by link alone may need its resource key. */
export const reaches = (work: Work, item: Item): boolean =>
  mayRead(work.store, work.account, item) &&
  (!needsResourceKey(work.store, work.account, item) || bringsKey(work, item))

/** The item a request names: 404 where there is none, where it is not the asker's to see, and where it is out of sight. */
export const requestedItem = (work: Work, id: string): Item => {
  const item = work.store.items.get(id === "root" ? work.account.rootId : id)
  if (item === undefined || !reaches(work, item)) throw fileNotFound(id)
  if (item.driveId !== undefined && !supportsAllDrives(work)) throw fileNotFound(id)
  return item
}
