/**
 * Where the logs of changes stand.
 */
import { type Change, Source } from "@sluice/core"
import { Effect } from "effect"
import * as Cursors from "./Cursors.ts"
import * as Doubts from "./Doubts.ts"
import type { DriveError } from "./DriveError.ts"
import * as Feeds from "./Feeds.ts"
import type { Requests } from "./Requests.ts"
import * as Roots from "./Roots.ts"
import type { Settings } from "./Settings.ts"

export const expired = (settings: Settings, message: string) =>
  new Source.SourceError({
    source: settings.name,
    operation: "changes.list",
    reason: new Source.Expired(),
    message: `${message}: everything is listed again`
  })

/** Of a page. */
export type Position = Pick<Change.Page, "range" | "cursor" | "follows">

export interface Positions {
  /** Logs that are followed. */
  readonly feeds: ReadonlyArray<string>
  readonly of: (feed: string) => Cursors.Feed
  /** As it is now. */
  readonly at: (feed: string) => Position
  /** Where the log stands when everything before is settled. */
  readonly move: (feed: string, position: Omit<Cursors.Feed, "s">) => Position
  /** Takes note that folders were listed while these logs went on; answers the positions of those that have moved by it. */
  readonly doubt: (feeds: Iterable<string>, folders: ReadonlyArray<string>) => ReadonlyArray<Position>
}

const at = (feed: string, position: Cursors.Feed): Position => ({ ...Cursors.feed.make(feed, position), follows: true })

/**
 * Where they are followed from. Of `everything`, logs of shared drives that the account has joined begin: membership is asked
 * for. Where it has left one, all positions have expired: no log that can still be read tells that, nor what of the drive is
 * shared with the account all the same.
 */
export const begin = Effect.fnUntraced(function* (
  settings: Settings,
  drive: Requests,
  known: ReadonlyMap<string, Cursors.Feed>,
  say: (page: Change.Page) => Effect.Effect<void>
): Effect.fn.Return<Positions, DriveError | Source.SourceError> {
  const positions = new Map(known)
  if (settings.where._tag === "Everything") {
    const drives = yield* Roots.sharedDrives(drive)
    const members = new Set(drives.map(({ id }) => id))
    for (const feed of known.keys()) {
      if (feed !== Feeds.account && !members.has(feed)) {
        return yield* expired(settings, `the account is no longer a member of the shared drive ${feed}`)
      }
    }
    for (const { id } of drives) {
      if (positions.has(id)) continue
      const position = { s: settings.digest, t: yield* drive.startPageToken(id), unlisted: true }
      positions.set(id, position)
      yield* say({ ...at(id, position), changes: [] })
    }
  }
  const of = (feed: string): Cursors.Feed => {
    const position = positions.get(feed)
    if (position === undefined) throw new Error(`the log ${feed} is not followed`)
    return position
  }
  const move = (feed: string, position: Omit<Cursors.Feed, "s">) => {
    const moved = { s: settings.digest, ...position }
    positions.set(feed, moved)
    return at(feed, moved)
  }
  return {
    feeds: [...positions.keys()],
    of,
    at: (feed) => at(feed, of(feed)),
    move,
    doubt: (feeds, folders) =>
      [...feeds].flatMap((feed) => {
        const position = positions.get(feed)
        // A log that begins in this run is in doubt from the beginning.
        if (position === undefined) return []
        return [move(feed, { ...position, d: [...Doubts.both(position.d ?? [], folders)] })]
      })
  }
})
