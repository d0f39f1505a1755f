/** `files.list`: https://developers.google.com/workspace/drive/api/reference/rest/v3/files/list */
import { grantOf, inCorpus, mayRead } from "./access.ts"
import { defaultFields, fileRenderer } from "./fileResource.ts"
import type { Item } from "./item.ts"
import { type Order, parseOrder } from "./order.ts"
import { type Place, readToken, writeToken } from "./pageToken.ts"
import { type Expression, parentsAsked, parseQuery } from "./query.ts"
import { fileNotFound, invalidValue, Refusal } from "./refusal.ts"
import { fileList } from "./shapes.ts"
import { childrenOf, isTop } from "./store.ts"
import { fileTerms, type Matcher, matcher } from "./terms.ts"
import { type Answer, assembled, flag, pageSizeOf, reaches, supportsAllDrives, type Work } from "./work.ts"

type Corpora = "user" | "domain" | "drive" | "allDrives"

const corpora: ReadonlySet<string> = new Set(["user", "domain", "drive", "allDrives"] satisfies Array<Corpora>)

const isCorpora = (text: string): text is Corpora => corpora.has(text)

/** Whether items of shared drives are among the results: 403 where they must be and are not asked for. */
export const includesAllDrives = (work: Work, necessary: boolean): boolean => {
  const includes = flag(work, "includeItemsFromAllDrives") || flag(work, "includeTeamDriveItems")
  if (necessary && !includes) throw new Refusal("teamDrivesParameterRequired")
  if (includes && !supportsAllDrives(work)) {
    throw new Refusal("teamDrivesParameterRequired", {
      message: "The supportsAllDrives parameter must be set to true when includeItemsFromAllDrives is set to true."
    })
  }
  return includes
}

const driveIdOf = (work: Work): string | undefined => work.query.get("driveId") ?? work.query.get("teamDriveId")

/** The shared drive a request is about: 404 for one that the asker is no member of. */
export const requestedDrive = (work: Work): string | undefined => {
  const id = driveIdOf(work)
  if (id === undefined) return undefined
  const top = work.store.drives.has(id) ? work.store.items.get(id) : undefined
  if (top === undefined || grantOf(work.store, work.account, top).member === 0) {
    throw new Refusal("notFound", { message: `Shared drive not found: ${id}`, parameter: "driveId" })
  }
  return id
}

/** Whether an item is in the body of items that is searched. */
const corpus = (work: Work, parents: ReadonlySet<string> | undefined): Matcher<Item> => {
  const { account, store } = work
  const asked = work.query.get("corpora") ?? "user"
  if (!isCorpora(asked)) throw invalidValue("corpora")
  if ((asked === "drive") !== (driveIdOf(work) !== undefined)) throw new Refusal("teamDriveIdRequiresTeamDriveCorpora")
  const drives = includesAllDrives(work, asked === "drive" || asked === "allDrives")
  const drive = requestedDrive(work)
  if (drive !== undefined) return (item) => item.driveId === drive && item.id !== drive
  const visible = (item: Item) => drives || item.driveId === undefined
  // Where folders are named, their content counts, whatever body of items it belongs to.
  if (parents !== undefined) return (item) => visible(item) && mayRead(store, account, item)
  if (asked === "domain") return (item) => visible(item) && grantOf(store, account, item).domain > 0
  if (asked === "user") return (item) => visible(item) && inCorpus(store, account, item)
  return (item) => !isTop(store, item) && (inCorpus(store, account, item) || grantOf(store, account, item).member > 0)
}

const spaces: ReadonlySet<string> = new Set(["drive", "appDataFolder", "photos"])

/** Whether the space where files are is among those asked for. */
export const asksForDrive = (work: Work): boolean => {
  const asked = (work.query.get("spaces") ?? "drive").split(",")
  if (asked.some((space) => !spaces.has(space))) throw invalidValue("spaces")
  return asked.includes("drive")
}

/** The ids of the folders a query looks into: 404 without a name, as Drive answers, where one cannot be reached. */
const folders = (work: Work, expression: Expression | undefined): ReadonlySet<string> | undefined => {
  const asked = expression === undefined ? undefined : parentsAsked(expression)
  if (asked === undefined) return undefined
  const ids = new Set<string>()
  for (const name of asked) {
    const folder = work.store.items.get(name === "root" ? work.account.rootId : name)
    if (folder === undefined || !reaches(work, folder)) throw fileNotFound("")
    ids.add(folder.id)
  }
  return ids
}

const hasFullText = (expression: Expression): boolean => {
  switch (expression._tag) {
    case "And":
    case "Or":
      return hasFullText(expression.left) || hasFullText(expression.right)
    case "Not":
      return hasFullText(expression.negated)
    case "Compare":
      return expression.field === "fullText"
    default:
      return false
  }
}

const orderOf = (work: Work, expression: Expression | undefined): Order | undefined => {
  const orderBy = work.query.get("orderBy")
  if (orderBy === undefined || orderBy === "") return undefined
  if (expression !== undefined && hasFullText(expression)) {
    throw new Refusal("badRequest", {
      message:
        "Sorting is not supported for queries with fullText terms. Results are always in descending relevance order.",
      parameter: "orderBy"
    })
  }
  return parseOrder(orderBy, work.account)
}

/** How many items at the beginning of a list hold to a rule that those behind them do not. */
const countWhile = (items: ReadonlyArray<Item>, holds: (item: Item) => boolean): number => {
  let low = 0
  for (let high = items.length; low < high;) {
    const middle = (low + high) >>> 1
    const item = items[middle]
    if (item !== undefined && holds(item)) low = middle + 1
    else high = middle
  }
  return low
}

/** Items that may match, the newest first, from a place on. */
function* candidates(work: Work, parents: ReadonlySet<string> | undefined, after: number): Generator<Item> {
  if (parents === undefined) {
    const { order } = work.store
    for (let at = countWhile(order, ({ serial }) => serial < after) - 1; at >= 0; at--) {
      const item = order[at]
      if (item !== undefined && !item.deleted) yield item
    }
    return
  }
  const [first = "", ...others] = parents
  const lists = [first, ...others].map((id) => childrenOf(work.store, id))
  const items =
    others.length === 0 ? (lists[0] ?? []) : [...new Set(lists.flat())].toSorted((a, b) => b.serial - a.serial)
  for (let at = countWhile(items, ({ serial }) => serial >= after); at < items.length; at++) {
    const item = items[at]
    if (item !== undefined) yield item
  }
}

/** A page and the place it ends at, if there is more. */
interface Page {
  readonly items: ReadonlyArray<Item>
  readonly more: boolean
}

const inCreationOrder = (found: Iterable<Item>, size: number): Page => {
  const items: Array<Item> = []
  for (const item of found) {
    if (items.length === size) return { items, more: true }
    items.push(item)
  }
  return { items, more: false }
}

const inOrder = (found: Iterable<Item>, order: Order, after: Place | undefined, size: number): Page => {
  const compare = (a: Place, b: Place) => order.compare(a.keys, b.keys) || b.serial - a.serial
  const places: Array<Place & { readonly item: Item }> = []
  for (const item of found) {
    const place = { keys: order.keysOf(item), serial: item.serial, item }
    if (after === undefined || compare(place, after) > 0) places.push(place)
  }
  const sorted = places.toSorted(compare)
  return { items: sorted.slice(0, size).map(({ item }) => item), more: sorted.length > size }
}

/** Leaves out the share of a page that a search did not reach. */
const reached = (items: ReadonlyArray<Item>, share: number): ReadonlyArray<Item> =>
  items.filter((_, index) => Math.floor((index + 1) * share) === Math.floor(index * share))

/** Answers one page. */
export const listFiles = (work: Work): Answer => {
  const size = Math.min(pageSizeOf(work, 100, 1_000), work.listing.shortPage ?? 1_000)
  const q = work.query.get("q")
  const expression = q === undefined || q.trim() === "" ? undefined : parseQuery(q)
  const matches = expression === undefined ? () => true : matcher(expression, fileTerms(work.store, work.account))
  const parents = folders(work, expression)
  const belongs = corpus(work, parents)
  const order = orderOf(work, expression)
  const query = [work.account.email, q, ...["corpora", "driveId", "orderBy"].map((name) => work.query.get(name))]
  const token = work.query.get("pageToken")
  const after = token === undefined ? undefined : readToken(query, token)
  const nothing = !asksForDrive(work) || (work.listing.emptyGroups && (parents?.size ?? 0) > 1)
  const found = function* () {
    if (nothing) return
    const from = order === undefined ? (after?.serial ?? Infinity) : Infinity
    for (const item of candidates(work, parents, from)) if (belongs(item) && matches(item)) yield item
  }
  const page = order === undefined ? inCreationOrder(found(), size) : inOrder(found(), order, after, size)
  const last = page.items.at(work.listing.duplicate && page.items.length > 1 ? -2 : -1)
  const place = last === undefined ? after : { keys: order?.keysOf(last) ?? [], serial: last.serial }
  const { incomplete } = work.listing
  const items = incomplete === undefined ? page.items : reached(page.items, incomplete)
  return assembled(work, fileList, `kind,nextPageToken,incompleteSearch,files(${defaultFields})`, {
    kind: () => "drive#fileList",
    incompleteSearch: () => incomplete !== undefined,
    nextPageToken: () => (page.more ? writeToken(query, place) : undefined),
    files: (mask) => items.map(fileRenderer(work, mask))
  })
}
