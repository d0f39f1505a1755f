/** Who may do what with an item: permissions, what folders hand down, and which items are in somebody's corpus. */
import { type Account, type Grant, type Inheritance, type Item, type Permission, type Role, roles } from "./item.ts"
import { isFolder, isTop, permissionIdOf, type Store } from "./store.ts"

const none: Grant = { given: 0, member: 0, domain: 0, link: 0 }

const rankOf = (role: Role): number => roles.indexOf(role) + 1

/** The role of a rank; there is none for 0. */
export const roleOf = (rank: number): Role | undefined => roles[rank - 1]

const WRITER = rankOf("writer")

// What a folder's owner may do with what others keep in it.
const handedDown = (rank: number): number => (rank === rankOf("owner") ? WRITER : rank)

const inheritance = (store: Store, item: Item): Inheritance => {
  const existing = item.inheritance
  if (existing === undefined) return (item.inheritance = { epoch: store.epoch, trashed: undefined, grants: new Map() })
  if (existing.epoch !== store.epoch) {
    existing.epoch = store.epoch
    existing.trashed = undefined
    existing.grants.clear()
  }
  return existing
}

/** Whether an item is in the trash, by itself or in all of its folders. */
export const isTrashed = (store: Store, item: Item): boolean => {
  if (item.explicitlyTrashed) return true
  if (item.parents.length === 0) return false
  const inTrash = () =>
    item.parents.every((id) => {
      const parent = store.items.get(id)
      return parent !== undefined && isTrashed(store, parent)
    })
  return isFolder(item) ? (inheritance(store, item).trashed ??= inTrash()) : inTrash()
}

const applies = (store: Store, permission: Permission, account: Account): boolean => {
  switch (permission.type) {
    case "user":
      return permission.emailAddress === account.email
    case "group":
      return store.groups.get(permission.emailAddress ?? "")?.has(account.email) ?? false
    case "domain":
      return permission.domain === account.domain
    case "anyone":
      return true
  }
}

const compute = (store: Store, account: Account, item: Item): Grant => {
  let { given, member, domain, link } = none
  for (const id of item.parents) {
    const parent = store.items.get(id)
    if (parent === undefined) continue
    const above = grantOf(store, account, parent)
    given = Math.max(given, handedDown(above.given))
    member = Math.max(member, above.member)
    domain = Math.max(domain, above.domain)
    link = Math.max(link, above.link)
  }
  if (item.driveId === undefined && item.owner === account.email) given = rankOf("owner")
  for (const permission of item.permissions.values()) {
    if (!applies(store, permission, account)) continue
    const rank = rankOf(permission.role)
    if (permission.type === "domain") domain = Math.max(domain, rank)
    else if (permission.type === "anyone") link = Math.max(link, rank)
    else if (item.id === item.driveId) member = Math.max(member, rank)
    else given = Math.max(given, rank)
  }
  return { given, member, domain, link }
}

/** What an account may do with an item, and how it came to it. */
export const grantOf = (store: Store, account: Account, item: Item): Grant => {
  if (!isFolder(item)) return compute(store, account, item)
  const { grants } = inheritance(store, item)
  const known = grants.get(account.email)
  if (known !== undefined) return known
  const grant = compute(store, account, item)
  grants.set(account.email, grant)
  return grant
}

/** The most a grant allows. */
export const rankOfGrant = (grant: Grant): number => Math.max(grant.given, grant.member, grant.domain, grant.link)

/** What an account may do with an item; `undefined` where it may not even see it. */
export const roleOn = (store: Store, account: Account, item: Item): Role | undefined =>
  roleOf(rankOfGrant(grantOf(store, account, item)))

/** Whether an account may see an item, by whatever way. */
export const mayRead = (store: Store, account: Account, item: Item): boolean =>
  rankOfGrant(grantOf(store, account, item)) > 0

/** Whether an account comes to an item by link alone, not having been there, and must bring its resource key. */
export const needsResourceKey = (store: Store, account: Account, item: Item): boolean => {
  if (item.traits.demandsResourceKey !== true || (item.viewed?.has(account.email) ?? false)) return false
  const { given, member } = grantOf(store, account, item)
  return given === 0 && member === 0
}

/** Whether an account may change an item, and so see who else may. */
export const mayWrite = (store: Store, account: Account, item: Item): boolean =>
  rankOfGrant(grantOf(store, account, item)) >= WRITER

/** Whether an account may change who else may see an item. */
export const mayShare = (store: Store, account: Account, item: Item): boolean => {
  const rank = rankOfGrant(grantOf(store, account, item))
  // In a shared drive, folders are shared by their organizers alone.
  return item.driveId !== undefined && isFolder(item) ? rank >= rankOf("fileOrganizer") : rank >= WRITER
}

/**
 * Whether an item is one of an account's own: in My Drive or given to the account in person or by a group, or opened by
 * it. Everything else in a shared drive is in the corpus of that drive alone.
 */
export const inCorpus = (store: Store, account: Account, item: Item): boolean => {
  if (isTop(store, item)) return false
  const grant = grantOf(store, account, item)
  return grant.given > 0 || (rankOfGrant(grant) > 0 && (item.viewed?.has(account.email) ?? false))
}

/** The accounts whose change logs tell of an item. */
export const interested = (store: Store, item: Item): ReadonlyArray<string> => {
  const found: Array<string> = []
  for (const account of store.accounts.values()) if (inCorpus(store, account, item)) found.push(account.email)
  return found
}

/** Whether an item lies under a folder, at any depth. */
export const isWithin = (store: Store, item: Item, folder: string): boolean =>
  item.parents.some((id) => {
    const parent = store.items.get(id)
    return id === folder || (parent !== undefined && isWithin(store, parent, folder))
  })

/** One reason why a permission applies to an item. */
export interface PermissionSource {
  readonly role: Role
  /** The folder or shared drive it comes from; absent for a permission given on the item itself. */
  readonly inheritedFrom: string | undefined
  /** Whether it is a membership in the shared drive. */
  readonly membership: boolean
}

/** A permission as it applies to an item, with where it comes from. */
export interface EffectivePermission {
  readonly permission: Permission
  readonly sources: ReadonlyArray<PermissionSource>
}

/** All that may see an item: permissions given on it and on its folders, the strongest role of each grantee. */
export const permissionsOf = (store: Store, item: Item): ReadonlyArray<EffectivePermission> => {
  const found = new Map<string, { permission: Permission; sources: Array<PermissionSource> }>()
  const add = (permission: Permission, source: PermissionSource) => {
    const before = found.get(permission.id)
    if (before === undefined) {
      found.set(permission.id, { permission: { ...permission, role: source.role }, sources: [source] })
      return
    }
    before.sources.push(source)
    if (rankOf(source.role) > rankOf(before.permission.role)) {
      before.permission = { ...before.permission, role: source.role }
    }
  }
  const collect = (at: Item, below: boolean) => {
    const membership = at.id === at.driveId
    if (at.driveId === undefined) {
      const role = below ? "writer" : "owner"
      add(personally(at.owner, role), { role, inheritedFrom: below ? at.id : undefined, membership })
    }
    for (const permission of at.permissions.values()) {
      add(permission, { role: permission.role, inheritedFrom: below ? at.id : undefined, membership })
    }
    for (const id of at.parents) {
      const parent = store.items.get(id)
      // My Drive itself is nobody else's, whatever is in it.
      if (parent !== undefined && (parent.driveId !== undefined || !isTop(store, parent))) collect(parent, true)
    }
  }
  collect(item, false)
  return [...found.values()]
}

/** A permission for one person, or for the service account. */
export const personally = (emailAddress: string, role: Role): Permission => ({
  id: permissionIdOf(emailAddress),
  type: "user",
  role,
  emailAddress,
  domain: undefined,
  allowFileDiscovery: false
})
