/**
 * `changes.getStartPageToken` and `changes.list`.
 * https://developers.google.com/workspace/drive/api/guides/about-changes
 */
import { inCorpus, isWithin, mayRead } from "./access.ts"
import type { ChangeEntry, ChangeLog } from "./changeLog.ts"
import { driveRenderer } from "./drives.ts"
import { defaultFields, fileRenderer, timestamp } from "./fileResource.ts"
import { assemble } from "./fields.ts"
import type { Item } from "./item.ts"
import { asksForDrive, includesAllDrives, requestedDrive } from "./listing.ts"
import { invalidValue, Refusal } from "./refusal.ts"
import { changeList, startPageToken } from "./shapes.ts"
import { logOf } from "./store.ts"
import { type Answer, assembled, flag, pageSizeOf, type Work } from "./work.ts"

/** The log a request is about, and the shared drive it belongs to. */
const requestedLog = (work: Work): readonly [log: ChangeLog, drive: string | undefined] => {
  const drive = requestedDrive(work)
  return [logOf(work.store, drive ?? work.account.email), drive]
}

/** A token for all that is still to come. */
export const getStartPageToken = (work: Work): Answer => {
  const [log] = requestedLog(work)
  return assembled(work, startPageToken, "*", {
    kind: () => "drive#startPageToken",
    startPageToken: () => String(log.next)
  })
}

const readToken = (work: Work, log: ChangeLog): number => {
  const text = work.query.get("pageToken")
  if (text === undefined) {
    throw new Refusal("required", { message: "Required parameter: pageToken", parameter: "pageToken" })
  }
  const number = /^\d{1,15}$/.test(text) ? Number(text) : 0
  if (number < 1 || number > log.next) throw invalidValue("pageToken")
  if (number < log.oldest) throw log.expiry === 410 ? new Refusal("fullSyncRequired") : invalidValue("pageToken")
  return number
}

/** What an entry tells the asker: the item as it is now, that it is gone, or (`undefined`) nothing. */
interface Told {
  readonly entry: ChangeEntry
  readonly removed: boolean
  readonly item: Item | undefined
}

const teller = (work: Work, drive: string | undefined): ((entry: ChangeEntry) => Told | undefined) => {
  const { account, store } = work
  const drives = includesAllDrives(work, drive !== undefined)
  const includeRemoved = flag(work, "includeRemoved", true)
  const includeCorpusRemovals = flag(work, "includeCorpusRemovals")
  const myDriveOnly = flag(work, "restrictToMyDrive")
  const belongs = (item: Item): boolean => {
    if (drive !== undefined) return item.driveId === drive
    if (item.driveId !== undefined && !drives) return false
    if (myDriveOnly && !isWithin(store, item, account.rootId)) return false
    return inCorpus(store, account, item)
  }
  return (entry) => {
    if (entry.kind === "drive") {
      if (!drives) return undefined
      const top = store.drives.has(entry.id) ? store.items.get(entry.id) : undefined
      const removed = top === undefined || !mayRead(store, account, top)
      return removed && !includeRemoved ? undefined : { entry, removed, item: undefined }
    }
    const item = store.items.get(entry.id)
    if (item !== undefined && belongs(item)) return { entry, removed: false, item }
    // What never was in My Drive cannot leave it.
    if (!drives && !entry.wasInMyDrive) return undefined
    if (!includeRemoved) return undefined
    const still = includeCorpusRemovals && item !== undefined && mayRead(store, account, item) ? item : undefined
    return { entry, removed: true, item: still }
  }
}

const fields = `kind,nextPageToken,newStartPageToken,changes(kind,type,changeType,time,removed,fileId,driveId,teamDriveId,file(${defaultFields}),drive(kind,id,name))`

/** Answers one page. */
export const listChanges = (work: Work): Answer => {
  const [log, drive] = requestedLog(work)
  const size = pageSizeOf(work, 100, 1_000)
  const tell = asksForDrive(work) ? teller(work, drive) : () => undefined
  const changes: Array<Told> = []
  let next: number | undefined
  for (const entry of log.from(readToken(work, log))) {
    const told = tell(entry)
    if (told === undefined) continue
    if (changes.length === size) {
      next = entry.number
      break
    }
    changes.push(told)
  }
  return assembled(work, changeList, fields, {
    kind: () => "drive#changeList",
    nextPageToken: () => next && String(next),
    newStartPageToken: () => (next === undefined ? String(log.next) : undefined),
    changes: (mask) =>
      changes.map(({ entry, item, removed }) => {
        const isFile = entry.kind === "file"
        return assemble(mask, {
          kind: () => "drive#change",
          type: () => entry.kind,
          changeType: () => entry.kind,
          time: () => timestamp(entry.time),
          removed: () => removed,
          fileId: () => (isFile ? entry.id : undefined),
          driveId: () => (isFile ? undefined : entry.id),
          teamDriveId: () => (isFile ? undefined : entry.id),
          file: (inner) => item && fileRenderer(work, inner)(item),
          drive: (inner) => (isFile || removed ? undefined : driveRenderer(work, inner)(entry.id))
        })
      })
  })
}
