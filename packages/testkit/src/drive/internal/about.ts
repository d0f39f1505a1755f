/** `about.get` and `files.listLabels`. */
import { isTrashed } from "./access.ts"
import { render } from "./fields.ts"
import { labelResource } from "./fileResource.ts"
import { exportFormats, isGoogleType } from "./mime.ts"
import { userOf } from "./permissionResource.ts"
import { Refusal } from "./refusal.ts"
import { about, labelList } from "./shapes.ts"
import { type Answer, json, maskOf, requestedItem, type Work } from "./work.ts"

const LIMIT = 15 * 2 ** 30

/** What an account is and has: 400 without `fields`. */
export const getAbout = (work: Work): Answer => {
  const { account, store } = work
  if (!work.query.has("fields")) throw new Refusal("required")
  const used = () => {
    let [usage, trashed] = [0, 0]
    for (const item of store.items.values()) {
      if (item.owner !== account.email || item.driveId !== undefined || isGoogleType(item.mimeType)) continue
      usage += item.size
      if (isTrashed(store, item)) trashed += item.size
    }
    return { usage: String(usage), usageInDrive: String(usage), usageInDriveTrash: String(trashed) }
  }
  const fields = {
    kind: () => "drive#about",
    user: () => userOf(store, account.email, account),
    storageQuota: () => ({ limit: String(LIMIT), ...used() }),
    exportFormats: () => exportFormats,
    importFormats: () => ({ "text/plain": ["application/vnd.google-apps.document"] }),
    maxUploadSize: () => String(5 * 2 ** 40),
    appInstalled: () => false,
    canCreateDrives: () => account.domain !== undefined
  }
  return json(render(fields, work, maskOf(work, about, "*")))
}

/** The labels on a file. */
export const listLabels = (work: Work, id: string): Answer => {
  const labels = requestedItem(work, id).traits.labels ?? []
  const fields = {
    kind: () => "drive#labelList",
    labels: () => labels.map(labelResource)
  }
  return json(render(fields, work, maskOf(work, labelList, "*")))
}
