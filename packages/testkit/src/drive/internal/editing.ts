/**
 * The ways a tree changes. Each writes the change logs as Google does: for the item that changed and, unless the store
 * says otherwise, for nothing that is in it.
 */
import { grantOf, interested, isWithin } from "./access.ts"
import type { Item, Permission, Traits } from "./item.ts"
import { SHORTCUT } from "./mime.ts"
import {
  addDrive,
  addItem,
  childrenOf,
  descendantsOf,
  dropItem,
  isFolder,
  isTop,
  logOf,
  type NewItem,
  setParents,
  type Store
} from "./store.ts"

/** What no user of Drive could have done; the message says why. */
export class IllegalEdit extends Error {}

/** The item of an id. */
export const itemOf = (store: Store, id: string): Item => {
  const item = store.items.get(id)
  if (item === undefined) throw new IllegalEdit(`there is no item ${id}; it may have been removed`)
  return item
}

/** What an item was to those who watch it, before a change. */
interface Before {
  readonly item: Item
  readonly accounts: ReadonlyArray<string>
  readonly driveId: string | undefined
}

const watch = (store: Store, item: Item): Before => ({
  item,
  accounts: interested(store, item),
  driveId: item.driveId
})

const record = (store: Store, { accounts, driveId, item }: Before, now: number): void => {
  const after = item.deleted ? [] : interested(store, item)
  for (const account of new Set([...accounts, ...after])) {
    logOf(store, account).record("file", item.id, now, driveId === undefined)
  }
  for (const drive of new Set([driveId, item.deleted ? undefined : item.driveId])) {
    if (drive !== undefined && item.id !== drive) logOf(store, drive).record("file", item.id, now, false)
  }
}

/** Changes one item. `deep`: what is in a folder is changed with it, if only in what it inherits. */
const change = (store: Store, item: Item, now: number, edit: () => void, { deep = false } = {}): void => {
  const below = deep && store.descendantEntries === "each" && isFolder(item) ? descendantsOf(store, item) : []
  const before = [item, ...below].map((one) => watch(store, one))
  edit()
  if (deep && isFolder(item)) store.epoch++
  item.version++
  for (const one of before) record(store, one, now)
}

/** Adds an item where its parents say. */
export const create = (store: Store, made: Omit<NewItem, "driveId">, now: number): Item => {
  const driveId = driveOf(store, made.parents)
  const item = addItem(store, { ...made, driveId })
  record(store, { item, accounts: [], driveId }, now)
  return item
}

/** The shared drive some folders are in: all of them in the same one, or none in any. */
const driveOf = (store: Store, parents: ReadonlyArray<string>): string | undefined => {
  const folders = parents.map((id) => itemOf(store, id))
  const file = folders.find((folder) => !isFolder(folder))
  if (file !== undefined) throw new IllegalEdit(`${file.name} (${file.id}) is no folder: nothing can be put into it`)
  const driveId = folders[0]?.driveId
  if (folders.length > 1 && folders.some((folder) => folder.driveId !== undefined)) {
    throw new IllegalEdit("an item in a shared drive has exactly one parent")
  }
  return driveId
}

const movable = (store: Store, item: Item): Item => {
  if (isTop(store, item)) throw new IllegalEdit(`${item.name} (${item.id}) is a top folder: it stays as it is`)
  return item
}

/** New content for a file, or for what exports of a document give. */
export const writeContent = (
  store: Store,
  item: Item,
  content: { readonly bytes: Uint8Array | undefined; readonly size: number },
  by: string,
  modifiedTime: number,
  now: number
): void => {
  if (isFolder(item) || item.mimeType === SHORTCUT) throw new IllegalEdit(`${item.name} (${item.id}) has no content`)
  change(store, item, now, () => {
    item.bytes = content.bytes
    item.size = content.size
    item.revision++
    item.digests = undefined
    item.modifiedTime = modifiedTime
    item.modifiedBy = by
  })
}

/** Changes what an item says of itself. */
export const describe = (
  store: Store,
  item: Item,
  what: { readonly name?: string; readonly traits?: Traits; readonly modifiedTime?: number },
  now: number
): void =>
  change(store, movable(store, item), now, () => {
    item.name = what.name ?? item.name
    item.traits = what.traits === undefined ? item.traits : { ...item.traits, ...what.traits }
    item.modifiedTime = what.modifiedTime ?? item.modifiedTime
  })

/** Puts an item into these folders and no others. */
export const move = (store: Store, item: Item, parents: ReadonlyArray<string>, now: number): void => {
  movable(store, item)
  if (item.driveId !== undefined && parents.length === 0) {
    throw new IllegalEdit("an item in a shared drive has exactly one parent")
  }
  const driveId = driveOf(store, parents)
  for (const id of parents) {
    if (id === item.id || isWithin(store, itemOf(store, id), item.id)) {
      throw new IllegalEdit(`${item.name} (${item.id}) cannot be moved into itself`)
    }
  }
  const edit = () => {
    if (driveId !== item.driveId) moveToDrive(store, item, driveId, itemOf(store, parents[0] ?? "").owner)
    setParents(store, item, parents)
  }
  change(store, item, now, edit, { deep: true })
}

/** Lets an item with all that is in it belong to a shared drive, or to the My Drive of somebody. */
const moveToDrive = (store: Store, item: Item, driveId: string | undefined, owner: string): void => {
  const below = descendantsOf(store, item)
  const moved = new Set([item.id, ...below.map(({ id }) => id)])
  for (const one of [item, ...below]) {
    one.driveId = driveId
    if (driveId === undefined) one.owner = owner
  }
  // What is in folders elsewhere as well stays in one place: there are no two in a shared drive.
  for (const one of below) {
    if (one.parents.length > 1) setParents(store, one, one.parents.filter((id) => moved.has(id)).slice(0, 1))
  }
}

/** Moves an item to the trash, or takes it out. */
export const setTrashed = (store: Store, item: Item, trashed: boolean, now: number): void =>
  change(store, movable(store, item), now, () => (item.explicitlyTrashed = trashed), { deep: true })

/** Deletes an item for good, and with it whatever is in no other folder. */
export const remove = (store: Store, item: Item, now: number): void =>
  change(store, movable(store, item), now, () => drop(store, item), { deep: true })

const drop = (store: Store, item: Item): void => {
  if (isFolder(item)) {
    for (const child of childrenOf(store, item.id)) {
      const others = child.parents.filter((id) => id !== item.id)
      if (others.length === 0) drop(store, child)
      else setParents(store, child, others)
    }
  }
  dropItem(store, item)
}

/** Notes that an account looked at an item: Google writes a change for that account although nothing changed. */
export const view = (store: Store, item: Item, account: string, now: number): void => {
  item.viewed = new Map(item.viewed).set(account, now)
  item.version++
  logOf(store, account).record("file", item.id, now, item.driveId === undefined)
}

/** Gives a permission on an item, or membership in a shared drive. */
export const share = (store: Store, item: Item, permission: Permission, now: number): void =>
  permit(store, item, new Map(item.permissions).set(permission.id, permission), now, () => {
    if (permission.type === "user") {
      item.sharedTimes = new Map(item.sharedTimes).set(permission.emailAddress ?? "", now)
    }
  })

/** Takes a permission away. */
export const unshare = (store: Store, item: Item, permissionId: string, now: number): void => {
  const permissions = new Map(item.permissions)
  if (!permissions.delete(permissionId)) {
    throw new IllegalEdit(`${item.name} (${item.id}) has no permission ${permissionId} of its own`)
  }
  permit(store, item, permissions, now, () => {})
}

const permit = (
  store: Store,
  item: Item,
  permissions: ReadonlyMap<string, Permission>,
  now: number,
  also: () => void
): void => {
  const edit = () => {
    item.permissions = permissions
    also()
  }
  if (item.id === item.driveId) changeDrive(store, item, now, edit)
  else change(store, movable(store, item), now, edit, { deep: true })
}

const memberships = (store: Store, top: Item): ReadonlyMap<string, number> =>
  new Map([...store.accounts.values()].map((account) => [account.email, grantOf(store, account, top).member]))

/** A shared drive's members or name: one entry in its own log, and one in those of the accounts it matters to. */
const changeDrive = (store: Store, top: Item, now: number, edit: () => void, { forAll = false } = {}): void => {
  const before = memberships(store, top)
  edit()
  store.epoch++
  const after = top.deleted ? new Map<string, number>() : memberships(store, top)
  for (const [account, rank] of before) {
    const changed = (after.get(account) ?? 0) !== rank
    if (changed || (forAll && rank > 0)) logOf(store, account).record("drive", top.id, now, false)
  }
  logOf(store, top.id).record("drive", top.id, now, false)
}

/** A shared drive with its first members. */
export const createDrive = (
  store: Store,
  name: string,
  creator: string,
  members: ReadonlyArray<Permission>,
  now: number
): string => {
  const { id } = addDrive(store, name, creator, now)
  changeDrive(store, itemOf(store, id), now, () => {
    itemOf(store, id).permissions = new Map(members.map((member) => [member.id, member]))
  })
  return id
}

/** Another name for a shared drive. */
export const renameDrive = (store: Store, id: string, name: string, now: number): void => {
  const drive = store.drives.get(id)
  if (drive === undefined) throw new IllegalEdit(`there is no shared drive ${id}`)
  changeDrive(store, itemOf(store, id), now, () => (drive.name = name), { forAll: true })
}

/** Deletes a shared drive with everything in it. */
export const removeDrive = (store: Store, id: string, now: number): void => {
  if (!store.drives.has(id)) throw new IllegalEdit(`there is no shared drive ${id}`)
  const top = itemOf(store, id)
  const below = store.descendantEntries === "each" ? descendantsOf(store, top).map((one) => watch(store, one)) : []
  changeDrive(store, top, now, () => {
    drop(store, top)
    store.drives.delete(id)
  })
  for (const one of below) record(store, one, now)
}

/** A shortcut to an item, or to an id that may be nobody's. */
export const createShortcut = (
  store: Store,
  targetId: string,
  made: Pick<NewItem, "name" | "parents" | "owner">,
  now: number
): Item => {
  const target = store.items.get(targetId)
  return create(
    store,
    {
      ...made,
      mimeType: SHORTCUT,
      createdTime: now,
      traits: {
        shortcut: {
          targetId,
          targetMimeType: target?.mimeType ?? "application/octet-stream",
          targetResourceKey: target?.traits.resourceKey
        }
      }
    },
    now
  )
}
