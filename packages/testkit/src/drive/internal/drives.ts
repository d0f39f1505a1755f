/** `drives.list` and `drives.get`. */
import { grantOf, roleOf, rankOfGrant } from "./access.ts"
import { type Mask, render, type Renderer } from "./fields.ts"
import { timestamp } from "./fileResource.ts"
import type { SharedDrive } from "./item.ts"
import { readToken, writeToken } from "./pageToken.ts"
import { parseQuery } from "./query.ts"
import { Refusal } from "./refusal.ts"
import { drive as driveShape, driveList } from "./shapes.ts"
import { driveTerms, matcher } from "./terms.ts"
import { type Answer, assembled, json, maskOf, pageSizeOf, type Work } from "./work.ts"

const driveFields = (work: Work): Renderer<SharedDrive> => {
  const role = (drive: SharedDrive) => {
    const top = work.store.items.get(drive.id)
    return top && roleOf(rankOfGrant(grantOf(work.store, work.account, top)))
  }
  return {
    kind: () => "drive#drive",
    id: (drive) => drive.id,
    name: (drive) => drive.name,
    createdTime: (drive) => timestamp(drive.createdTime),
    hidden: () => false,
    colorRgb: () => "#4285f4",
    capabilities: (drive) => {
      const held = role(drive)
      const writes = held === "writer" || held === "fileOrganizer" || held === "organizer"
      const manages = held === "organizer"
      return {
        canAddChildren: writes,
        canComment: held !== "reader",
        canCopy: true,
        canDeleteDrive: manages,
        canDownload: true,
        canEdit: writes,
        canListChildren: true,
        canManageMembers: manages,
        canReadRevisions: writes,
        canRename: writes,
        canRenameDrive: manages,
        canShare: writes
      }
    },
    restrictions: () => ({
      adminManagedRestrictions: false,
      copyRequiresWriterPermission: false,
      domainUsersOnly: false,
      driveMembersOnly: false
    })
  }
}

/** Shared drives as the asker sees them, by their ids. */
export const driveRenderer = (work: Work, mask: Mask): ((id: string) => unknown) => {
  const fields = driveFields(work)
  return (id) => {
    const drive = work.store.drives.get(id)
    return drive && render(fields, drive, mask)
  }
}

const isMember = (work: Work, drive: SharedDrive): boolean => {
  const top = work.store.items.get(drive.id)
  return top !== undefined && grantOf(work.store, work.account, top).member > 0
}

/** Answers one page of the drives the asker is a member of. */
export const listDrives = (work: Work): Answer => {
  const q = work.query.get("q")
  const matches = q === undefined || q.trim() === "" ? () => true : matcher(parseQuery(q), driveTerms)
  const size = pageSizeOf(work, 10, 100)
  const query = [work.account.email, "drives", q]
  const token = work.query.get("pageToken")
  const after = token === undefined ? undefined : readToken(query, token)
  const serialOf = (drive: SharedDrive) => work.store.items.get(drive.id)?.serial ?? 0
  const found = [...work.store.drives.values()].filter(
    (drive) => isMember(work, drive) && matches(drive) && serialOf(drive) > (after?.serial ?? -1)
  )
  const page = found.slice(0, size)
  const last = page.at(-1)
  return assembled(work, driveList, "kind,nextPageToken,drives(kind,id,name)", {
    kind: () => "drive#driveList",
    nextPageToken: () =>
      found.length > size && last !== undefined ? writeToken(query, { keys: [], serial: serialOf(last) }) : undefined,
    drives: (mask) => page.map(({ id }) => driveRenderer(work, mask)(id))
  })
}

/** One shared drive: 404 for those the asker is no member of. */
export const getDrive = (work: Work, id: string): Answer => {
  const drive = work.store.drives.get(id)
  if (drive === undefined || !isMember(work, drive)) {
    throw new Refusal("notFound", { message: `Shared drive not found: ${id}`, parameter: "driveId" })
  }
  return json(driveRenderer(work, maskOf(work, driveShape, "kind,id,name"))(id))
}
