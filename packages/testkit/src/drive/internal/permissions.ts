/** `permissions.list` and `permissions.get`. */
import { type EffectivePermission, mayWrite, permissionsOf } from "./access.ts"
import { render } from "./fields.ts"
import type { Item } from "./item.ts"
import { readToken, writeToken } from "./pageToken.ts"
import { permissionFields } from "./permissionResource.ts"
import { Refusal } from "./refusal.ts"
import { permission as permissionShape, permissionList } from "./shapes.ts"
import { type Answer, assembled, json, maskOf, pageSizeOf, requestedItem, type Work } from "./work.ts"

// In My Drive, who else may see an item is the business of those who may change it.
const readable = (work: Work, id: string): Item => {
  const item = requestedItem(work, id)
  if (item.driveId === undefined && !mayWrite(work.store, work.account, item)) {
    throw new Refusal("insufficientFilePermissions")
  }
  return item
}

const defaults = "kind,id,type,role"

/** Answers one page; all of them at once in My Drive if no size is asked for. */
export const listPermissions = (work: Work, id: string): Answer => {
  const item = readable(work, id)
  const all = permissionsOf(work.store, item)
  const size = pageSizeOf(work, item.driveId === undefined ? Infinity : 100, 100)
  const query = [work.account.email, "permissions", item.id]
  const token = work.query.get("pageToken")
  const start = (token === undefined ? undefined : readToken(query, token))?.serial ?? 0
  const end = start + size
  return assembled(work, permissionList, `kind,nextPageToken,permissions(${defaults})`, {
    kind: () => "drive#permissionList",
    nextPageToken: () => (end < all.length ? writeToken(query, { keys: [], serial: end }) : undefined),
    permissions: (mask) =>
      all.slice(start, end).map((one: EffectivePermission) => render(permissionFields(work.store, item), one, mask))
  })
}

/** One permission by its id. */
export const getPermission = (work: Work, id: string, permissionId: string): Answer => {
  const item = readable(work, id)
  const found = permissionsOf(work.store, item).find(({ permission }) => permission.id === permissionId)
  if (found === undefined) {
    throw new Refusal("notFound", { message: `Permission not found: ${permissionId}.`, parameter: "permissionId" })
  }
  return json(render(permissionFields(work.store, item), found, maskOf(work, permissionShape, defaults)))
}
