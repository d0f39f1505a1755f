/**
 * What sweeping and following have in common: the roots of what is taken, the logs of their drives, and how files are read.
 */
import type { Change, Source } from "@sluice/core"
import { Effect } from "effect"
import * as Above from "./Above.ts"
import { accessOf, type Reader } from "./Contents.ts"
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
  /** Places for which not every folder is asked about whether shortcuts lead there. */
  readonly placesWhere: (mayBeTarget: Places.Options["mayBeTarget"]) => Places.Places
}

export interface Options extends Pick<Places.Options, "remember"> {
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
  onFeed,
  remember,
  settings
}: Options): Effect.fn.Return<Survey, DriveError | Source.SourceError> {
  const listing = Listing.make(drive, settings, asked.attributes)
  const feeds = Feeds.make(drive, settings.digest, known, onFeed)
  const roots = yield* Roots.find(drive, listing, feeds)
  const paths = new Map(roots.folders.map(({ id, path }) => [id, path]))
  const placesWhere = (mayBeTarget: Places.Options["mayBeTarget"]) =>
    Places.make({ listing, roots: paths, isAlone: roots.isAlone, remember, mayBeTarget })
  return {
    roots,
    placesWhere,
    reader: {
      listing,
      places: placesWhere(() => Effect.succeed(true)),
      above: Above.make(listing, accessOf(listing)),
      watch: feeds,
      wanted: wantedBy(asked.pathPrefixes),
      corpusOf: feeds.corpusOf
    }
  }
})
