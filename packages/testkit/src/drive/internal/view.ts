/** The tree as tests see it: beside the API, and as of one moment. */
import type { ItemView, PermissionView } from "../Tree.ts"
import { isTrashed, needsResourceKey, permissionsOf, roleOn } from "./access.ts"
import { bytesOf, contentOf, digestOf, exportOf, sha256Of } from "./content.ts"
import type { Account, Item } from "./item.ts"
import { exportFormats, FOLDER, isGoogleType } from "./mime.ts"
import { isTop, type Store } from "./store.ts"

const kindOf = (item: Item): ItemView["kind"] => {
  if (item.mimeType === FOLDER) return "folder"
  if (item.traits.shortcut !== undefined) return "shortcut"
  if (!isGoogleType(item.mimeType)) return "file"
  return item.mimeType in exportFormats ? "document" : "other"
}

/** The bytes of a file, or what an export gives; of folders and shortcuts, nothing. */
export const bytesIn = (item: Item, exportFormat?: string): Uint8Array => bytesOf(bodyOf(item, exportFormat))

const bodyOf = (item: Item, exportFormat: string | undefined) =>
  exportFormat === undefined ? contentOf(item) : exportOf(item, exportFormat)

const permissionView = ({ permission, sources }: ReturnType<typeof permissionsOf>[number]): PermissionView => ({
  id: permission.id,
  type: permission.type,
  role: permission.role,
  emailAddress: permission.emailAddress,
  domain: permission.domain,
  sources
})

const viewOf = (store: Store, item: Item, account: Account | undefined): ItemView => {
  // Of its own, so that it stays what it is when the item changes.
  const kept = { ...item }
  const kind = kindOf(item)
  return {
    id: item.id,
    name: item.name,
    mimeType: item.mimeType,
    kind,
    parents: item.parents,
    driveId: item.driveId,
    owner: item.owner,
    version: item.version,
    explicitlyTrashed: item.explicitlyTrashed,
    trashed: isTrashed(store, item),
    createdTime: item.createdTime,
    modifiedTime: item.modifiedTime,
    size: kind === "file" ? item.size : undefined,
    get md5() {
      return kind === "file" ? digestOf(kept, "md5") : undefined
    },
    permissions: permissionsOf(store, item).map(permissionView),
    shortcutTarget: item.traits.shortcut?.targetId,
    resourceKey: item.traits.resourceKey,
    abusive: item.traits.abusive ?? false,
    undownloadable: item.traits.undownloadable ?? false,
    role: account && roleOn(store, account, item),
    needsResourceKey: account !== undefined && needsResourceKey(store, account, item),
    bytes: (exportFormat) => bytesIn(kept, exportFormat),
    sha256: (exportFormat) => sha256Of(bodyOf(kept, exportFormat))
  }
}

/** All items but the top folders, in the order of creation. */
export const viewItems = (store: Store, account: Account | undefined): ReadonlyArray<ItemView> =>
  store.order.filter((item) => !item.deleted && !isTop(store, item)).map((item) => viewOf(store, item, account))
