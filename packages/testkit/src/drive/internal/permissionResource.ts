/** `drive#permission` and `drive#user`. */
import type { EffectivePermission } from "./access.ts"
import type { Account, Item, Permission } from "./item.ts"
import type { Renderer } from "./fields.ts"
import { permissionIdOf, type Store } from "./store.ts"

/** Somebody, as answers name them. */
export const userOf = (store: Store, email: string, asker: Account): Readonly<Record<string, unknown>> => ({
  kind: "drive#user",
  displayName: store.accounts.get(email)?.displayName ?? email,
  me: email === asker.email,
  permissionId: permissionIdOf(email),
  emailAddress: email
})

const displayName = (store: Store, permission: Permission): string | undefined => {
  if (permission.type === "domain") return permission.domain
  if (permission.type === "anyone") return undefined
  const email = permission.emailAddress ?? ""
  return store.accounts.get(email)?.displayName ?? email
}

/** The fields of a permission on an item. */
export const permissionFields = (store: Store, item: Item): Renderer<EffectivePermission> => ({
  kind: () => "drive#permission",
  id: ({ permission }) => permission.id,
  type: ({ permission }) => permission.type,
  role: ({ permission }) => permission.role,
  emailAddress: ({ permission }) => permission.emailAddress,
  domain: ({ permission }) => permission.domain,
  displayName: ({ permission }) => displayName(store, permission),
  allowFileDiscovery: ({ permission }) =>
    permission.type === "domain" || permission.type === "anyone" ? permission.allowFileDiscovery : undefined,
  deleted: ({ permission }) => (permission.type === "user" || permission.type === "group" ? false : undefined),
  pendingOwner: ({ permission }) => (permission.type === "user" && item.driveId === undefined ? false : undefined),
  // Of items in shared drives alone.
  permissionDetails: ({ sources }) =>
    item.driveId === undefined
      ? undefined
      : sources.map(({ inheritedFrom, membership, role }) => ({
          permissionType: membership ? "member" : "file",
          role,
          inherited: inheritedFrom !== undefined,
          ...(inheritedFrom === undefined ? {} : { inheritedFrom })
        }))
})
