/** What a stand-in holds, and how it is found. */
import { hash } from "node:crypto"
import { type Account, type Item, plain, type SharedDrive, unshared } from "./item.ts"
import { ChangeLog } from "./changeLog.ts"
import { FOLDER } from "./mime.ts"

/** What is directly in one folder. */
interface Children {
  readonly items: Set<Item>
  /** By descending serial; absent when something came or went. */
  sorted: ReadonlyArray<Item> | undefined
}

/** All items, accounts, drives and change logs. */
export interface Store {
  readonly seed: string
  readonly domain: string
  readonly accounts: ReadonlyMap<string, Account>
  /** Members of each group, by its address. */
  readonly groups: ReadonlyMap<string, ReadonlySet<string>>
  readonly items: Map<string, Item>
  /** By ascending serial; deleted ones are taken out now and then. */
  order: Array<Item>
  readonly children: Map<string, Children>
  readonly drives: Map<string, SharedDrive>
  /** By the address of an account or the id of a shared drive. */
  readonly logs: Map<string, ChangeLog>
  /** Whether items in a folder that changed get change entries as well. */
  readonly descendantEntries: "none" | "each"
  /** Grows with whatever folders hand down: what is remembered of it holds for one epoch. */
  epoch: number
  serial: number
  issued: number
  deleted: number
}

/** Opaque text that is the same in every run: `count` characters of base64url. */
const issue = (store: Pick<Store, "seed" | "issued">, count: number): string =>
  hash("sha256", `${store.seed} ${store.issued++}`, "base64url").slice(0, count)

// Ids look like Google's: those of top folders and shared drives, and those of everything else.
const topId = (store: Pick<Store, "seed" | "issued">): string => `0A${issue(store, 11)}Uk9PVA`

const itemId = (store: Store): string => `1${issue(store, 32)}`

/** The id of a grantee's permissions: the same on every item. */
export const permissionIdOf = (grantee: string): string =>
  BigInt(`0x${hash("sha256", grantee, "hex").slice(0, 16)}`)
    .toString()
    .padStart(20, "0")

/** What an item is made with; the rest follows. */
export interface NewItem extends Pick<Item, "name" | "mimeType" | "parents" | "owner" | "createdTime"> {
  readonly id?: string
  readonly driveId: string | undefined
  readonly modifiedTime?: number
  readonly size?: number
  readonly bytes?: Uint8Array | undefined
  readonly traits?: Item["traits"]
}

const noItems: ReadonlyArray<Item> = []

/** Adds an item to its folders; no change log knows of it yet. */
export const addItem = (store: Store, made: NewItem): Item => {
  const item: Item = {
    serial: store.serial++,
    id: made.id ?? itemId(store),
    name: made.name,
    mimeType: made.mimeType,
    parents: made.parents,
    driveId: made.driveId,
    owner: made.owner,
    modifiedBy: made.owner,
    createdTime: made.createdTime,
    modifiedTime: made.modifiedTime ?? made.createdTime,
    version: 1,
    explicitlyTrashed: false,
    size: made.bytes?.byteLength ?? made.size ?? 0,
    bytes: made.bytes,
    revision: 1,
    digests: undefined,
    permissions: unshared,
    traits: made.traits ?? plain,
    viewed: undefined,
    sharedTimes: undefined,
    deleted: false,
    inheritance: undefined
  }
  store.items.set(item.id, item)
  store.order.push(item)
  for (const parent of item.parents) enter(store, parent, item)
  return item
}

const enter = (store: Store, parent: string, item: Item): void => {
  const children = store.children.get(parent)
  if (children === undefined) store.children.set(parent, { items: new Set([item]), sorted: undefined })
  else {
    children.items.add(item)
    children.sorted = undefined
  }
}

const leave = (store: Store, parent: string, item: Item): void => {
  const children = store.children.get(parent)
  if (children === undefined) return
  children.items.delete(item)
  children.sorted = undefined
  if (children.items.size === 0) store.children.delete(parent)
}

/** Puts an item into other folders. */
export const setParents = (store: Store, item: Item, parents: ReadonlyArray<string>): void => {
  for (const parent of item.parents) leave(store, parent, item)
  item.parents = parents
  for (const parent of parents) enter(store, parent, item)
  if (isFolder(item)) store.epoch++
}

/** Takes an item out for good; what is in it must have gone before. */
export const dropItem = (store: Store, item: Item): void => {
  for (const parent of item.parents) leave(store, parent, item)
  store.items.delete(item.id)
  item.deleted = true
  if (++store.deleted * 2 > store.order.length) {
    store.order = store.order.filter((one) => !one.deleted)
    store.deleted = 0
  }
}

export const isFolder = (item: Item): boolean => item.mimeType === FOLDER

/** Whether an item is the top folder of My Drive or of a shared drive: it is in no listing and cannot be moved. */
export const isTop = (store: Store, item: Item): boolean =>
  item.parents.length === 0 && (store.drives.has(item.id) || store.accounts.get(item.owner)?.rootId === item.id)

/** What is directly in a folder, the newest first. */
export const childrenOf = (store: Store, folder: string): ReadonlyArray<Item> => {
  const children = store.children.get(folder)
  if (children === undefined) return noItems
  return (children.sorted ??= [...children.items].toSorted((a, b) => b.serial - a.serial))
}

/** Everything below a folder, at any depth, each item once. */
export const descendantsOf = (store: Store, folder: Item): ReadonlyArray<Item> => {
  const found = new Set<Item>()
  const folders = [folder]
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    for (const item of childrenOf(store, next.id)) {
      if (found.has(item)) continue
      found.add(item)
      if (isFolder(item)) folders.push(item)
    }
  }
  return [...found]
}

/** The change log of an account or of a shared drive. */
export const logOf = (store: Store, of: string): ChangeLog => {
  const existing = store.logs.get(of)
  if (existing !== undefined) return existing
  const made = new ChangeLog()
  store.logs.set(of, made)
  return made
}

/** Makes a store with the accounts of a domain, one service account, and a My Drive for each of them. */
export const makeStore = (options: {
  readonly seed: string
  readonly domain: string
  readonly people: ReadonlyArray<string>
  readonly serviceAccount: string
  readonly groups: Readonly<Record<string, ReadonlyArray<string>>>
  readonly descendantEntries: "none" | "each"
  readonly now: number
}): Store => {
  const ids = { seed: options.seed, issued: 0 }
  const account = (email: string, domain: string | undefined): Account => ({
    email,
    displayName: nameOf(email),
    permissionId: permissionIdOf(email),
    domain,
    rootId: topId(ids)
  })
  const accounts = [
    ...options.people.map((email) => account(email, options.domain)),
    account(options.serviceAccount, undefined)
  ]
  const store: Store = {
    seed: options.seed,
    domain: options.domain,
    accounts: new Map(accounts.map((one) => [one.email, one])),
    groups: new Map(Object.entries(options.groups).map(([group, members]) => [group, new Set(members)])),
    items: new Map(),
    order: [],
    children: new Map(),
    drives: new Map(),
    logs: new Map(),
    descendantEntries: options.descendantEntries,
    epoch: 0,
    serial: 0,
    issued: ids.issued,
    deleted: 0
  }
  for (const { email, rootId } of accounts) {
    addItem(store, {
      id: rootId,
      name: "My Drive",
      mimeType: FOLDER,
      parents: [],
      driveId: undefined,
      owner: email,
      createdTime: options.now
    })
  }
  return store
}

const nameOf = (email: string): string => {
  const local = email.slice(0, email.indexOf("@"))
  return local.slice(0, 1).toUpperCase() + local.slice(1)
}

/** Adds a shared drive without members. */
export const addDrive = (store: Store, name: string, creator: string, now: number): SharedDrive => {
  const drive: SharedDrive = { id: topId(store), name, createdTime: now }
  store.drives.set(drive.id, drive)
  addItem(store, {
    id: drive.id,
    // Google calls the top folder of every shared drive this, whatever the drive is called.
    name: "Drive",
    mimeType: FOLDER,
    parents: [],
    driveId: drive.id,
    owner: creator,
    createdTime: now
  })
  return drive
}
