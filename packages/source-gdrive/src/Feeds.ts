/**
 * Whose changes have to be followed: a log for the account, and one for each shared drive it is a member of. A log begins
 * before anything of its drive is read, so that nothing that changes meanwhile is missed.
 *
 * What is in a shared drive whose member the account is not (a folder of it is shared, or a shortcut leads there) is in the
 * account's own log: https://developers.google.com/workspace/drive/api/guides/about-changelogs
 */
import type { Change } from "@sluice/core"
import { Effect, Option, Semaphore } from "effect"
import * as Cursors from "./Cursors.ts"
import type { Requests } from "./Requests.ts"
import { everything } from "./Doubts.ts"
import type { DriveError } from "./DriveError.ts"
import { isAbsent } from "./Listing.ts"
import type { Watch } from "./Shortcuts.ts"
import type { File } from "./Wire.ts"

/** Names the log of the account; that of a shared drive has its id. */
export const account = "user"

export interface Feeds extends Watch {
  /** That of the drive that a file is in. */
  readonly begin: (file: Pick<File, "driveId">) => Effect.Effect<void, DriveError>
  /** The account's own log. */
  readonly beginAccount: Effect.Effect<void, DriveError>
  /** That of a shared drive; fails where we are not a member. */
  readonly beginDrive: (driveId: string) => Effect.Effect<void, DriveError>
  /** The shared drive in whose corpus a file of it can be searched. */
  readonly corpusOf: (file: Pick<File, "driveId">) => string | undefined
}

/** We are not a member of the shared drive, though we may see some of it. */
export const isClosed = (error: DriveError): boolean =>
  isAbsent(error) || (error.status === 403 && closed.has(error.said))
const closed = new Set(["teamDriveMembershipRequired", "insufficientFilePermissions", "forbidden", "userAccess"])

/** `known`: what is followed already. `begun` hears where a new one begins, before anything of it is read. */
export const make = (
  drive: Requests,
  digest: string,
  known: Iterable<string>,
  begun: (position: Change.RangeCursor) => Effect.Effect<void>
): Feeds => {
  /** By name, how many had begun when it did. */
  const open = new Map(Array.from(known, (name) => [name, 0]))
  /** Shared drives that we are not members of. */
  const shut = new Set<string>()
  const oneAtATime = Semaphore.makeUnsafe(1)

  const beginNew = (name: string, driveId: string | undefined) =>
    Semaphore.withPermit(
      oneAtATime,
      Effect.gen(function* () {
        if (open.has(name)) return
        const t = yield* drive.startPageToken(driveId)
        yield* begun(Cursors.feed.make(name, { s: digest, t, d: [everything] }))
        open.set(name, open.size + 1)
      })
    )
  const beginAccount = beginNew(account, undefined)

  const begin: Feeds["begin"] = ({ driveId }) =>
    driveId === undefined || shut.has(driveId)
      ? beginAccount
      : Effect.catchIf(beginNew(driveId, driveId), isClosed, () => {
          shut.add(driveId)
          return beginAccount
        })
  const corpusOf: Feeds["corpusOf"] = ({ driveId }) =>
    driveId !== undefined && open.has(driveId) ? driveId : undefined

  return {
    look: Effect.fnUntraced(function* (read) {
      const before = open.size
      const found = yield* read
      if (Option.isNone(found)) return found
      yield* begin(found.value)
      // Another one may have begun the log after this was read, too.
      return (open.get(corpusOf(found.value) ?? account) ?? 0) > before ? yield* read : found
    }),
    begin,
    beginAccount,
    beginDrive: (driveId) => beginNew(driveId, driveId),
    corpusOf
  }
}
