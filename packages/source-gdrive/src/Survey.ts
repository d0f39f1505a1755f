/**
 * What sweeping and following have in common: the roots of what is taken, the logs of their drives, and how files are read.
 */
import type { Change, Source } from "@sluice/core"
import { Effect } from "effect"
import type { Reader } from "./Contents.ts"
import type { DriveError } from "./DriveError.ts"
import * as Feeds from "./Feeds.ts"
import * as Listing from "./Listing.ts"
import * as Places from "./Places.ts"
import type { Requests } from "./Requests.ts"
import * as Roots from "./Roots.ts"
import type { Settings } from "./Settings.ts"

export interface Survey {
  readonly roots: Roots.Roots
  readonly reader: Reader
}

export interface Options extends Pick<Places.Options, "remember" | "mayBeTarget"> {
  readonly drive: Requests
  readonly settings: Settings
  readonly asked: Pick<Source.SweepOptions, "attributes" | "pathPrefixes">
  /** Logs that are followed already, by name. */
  readonly feeds: Iterable<string>
  /** Hears where another one begins, before anything of its drive is read. */
  readonly onFeed: (position: Change.RangeCursor) => Effect.Effect<void>
}

/** Whether a folder can hold paths that begin with one of these. */
const wantedBy =
  (pathPrefixes: ReadonlyArray<string>) =>
  (path: string): boolean =>
    pathPrefixes.some((prefix) => prefix.startsWith(`${path}/`) || `${path}/`.startsWith(prefix))

export const begin = Effect.fnUntraced(function* ({
  asked,
  drive,
  feeds: known,
  mayBeTarget,
  onFeed,
  remember,
  settings
}: Options): Effect.fn.Return<Survey, DriveError | Source.SourceError> {
  const listing = Listing.make(drive, settings, asked.attributes)
  const feeds = Feeds.make(drive, settings.digest, known, onFeed)
  const roots = yield* Roots.find(drive, listing, feeds)
  const places = Places.make({
    listing,
    roots: new Map(roots.folders.map(({ id, path }) => [id, path])),
    isAlone: roots.isAlone,
    remember,
    mayBeTarget
  })
  return {
    roots,
    reader: { listing, places, watch: feeds, wanted: wantedBy(asked.pathPrefixes), corpusOf: feeds.corpusOf }
  }
})
