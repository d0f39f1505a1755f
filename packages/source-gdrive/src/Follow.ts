/**
 * What changed since a position: the logs of changes, one after the other.
 *
 * A log names what changed and its state now, not what is different. Of a folder it says nothing of the files in it, though
 * they are renamed, moved, trashed and shared with it. So the folder is compared with what the ledger keeps of it
 * (`Containers`); where that is different, all that is in it is listed again, and where it is no longer taken, all that was
 * in it is gone.
 */
import type { Change, Source } from "@sluice/core"
import { Effect, Queue, Stream } from "effect"
import * as Answer from "./Answer.ts"
import * as Containers from "./Containers.ts"
import * as Cursors from "./Cursors.ts"
import * as Doubts from "./Doubts.ts"
import { Drive } from "./Drive.ts"
import { toSourceError } from "./DriveError.ts"
import * as Feeds from "./Feeds.ts"
import * as FileFields from "./FileFields.ts"
import * as Memory from "./Memory.ts"
import * as Positions from "./Positions.ts"
import * as Roots from "./Roots.ts"
import type { Settings } from "./Settings.ts"
import * as Survey from "./Survey.ts"

/** Changes in one answer. */
const pageSize = 1000

export const follow =
  (settings: Settings) =>
  <E>(options: Source.FollowOptions<E>): Stream.Stream<Change.Page, Source.SourceError | E, Drive> =>
    Stream.callback<Change.Page, Source.SourceError | E, Drive>(
      (queue) =>
        Effect.gen(function* () {
          const drive = yield* Drive
          const known = Cursors.feed.among(settings.digest, options.since)
          if (known.size === 0 || known.size < options.since.length) {
            return yield* Positions.expired(
              settings,
              "the source was configured in another way when its changes were followed last"
            )
          }
          const say = (page: Change.Page) => Effect.asVoid(Queue.offer(queue, page))
          const positions = yield* Positions.begin(settings, drive, known, say)
          const memory = Memory.make((ids) =>
            // The ledger's error is not one of Drive's: it ends the stream by itself.
            Effect.catchCause(options.containers(ids), (cause) =>
              Effect.andThen(Queue.failCause(queue, cause), Effect.never)
            )
          )
          const { placesWhere, reader, roots } = yield* Survey.begin({
            drive,
            settings,
            asked: options,
            feeds: positions.feeds,
            onFeed: (position) => say({ ...position, changes: [], follows: true }),
            remember: (id) => Effect.map(memory.load([id]), () => memory.remember(id))
          })
          // Entries are of all that the account sees: only where a shortcut is known to lead is it searched for.
          const places = placesWhere((id) =>
            Effect.map(memory.load([Containers.markOf(id)]), () => memory.isMarked(id))
          )
          yield* memory.load(roots.folders.map(({ id }) => id))
          const { list, take } = Answer.make({ reader, places, memory, positions, roots, say })
          for (const feed of positions.feeds) {
            const { unlisted } = positions.of(feed)
            const stale = roots.folders.filter(
              (root) => (root.drive ?? Feeds.account) === feed && (unlisted === true || isChanged(memory, root))
            )
            if (stale.length > 0) {
              const listed = yield* list(feed, stale)
              const { unlisted: _, ...position } = positions.of(feed)
              const doubts = Doubts.both(position.d ?? [], listed)
              yield* say({
                ...positions.move(feed, { ...position, d: [...doubts] }),
                changes: [],
                containers: stale.map(Roots.containerOf)
              })
            }
            for (let isLast = false; !isLast;) {
              const answer = yield* ask(settings, drive, reader.listing.asked, feed, positions.of(feed).t)
              isLast = yield* take(feed, answer)
            }
          }
          yield* Queue.end(queue)
        }).pipe(
          Effect.mapError((error) => (error._tag === "DriveError" ? toSourceError(settings.name)(error) : error)),
          Effect.catchCause((cause) => Queue.failCause(queue, cause))
        ),
      { bufferSize: 1, strategy: "suspend" }
    )

/** One answer of a log. A shared drive that we may no longer follow, but whose files we had by other ways, is looked at anew. */
const ask = (
  settings: Settings,
  drive: Drive["Service"],
  asked: ReadonlySet<string>,
  feed: string,
  pageToken: string
) =>
  drive
    .listChanges({
      pageToken,
      pageSize,
      fields: FileFields.ofChanges(settings, asked),
      includeRemoved: true,
      includeCorpusRemovals: true,
      ...(feed === Feeds.account ? {} : { driveId: feed }),
      ...(asked.has("labels") && settings.labels.length > 0 ? { includeLabels: settings.labels.join(",") } : {})
    })
    .pipe(
      Effect.catchIf(
        (error) => feed !== Feeds.account && settings.where._tag !== "SharedDrive" && Feeds.isClosed(error),
        () => Effect.fail(Positions.expired(settings, `the changes of the shared drive ${feed} may no longer be read`))
      )
    )

/** A root whose name is a part of paths has another one, or others may see it; perhaps by a folder that it is in. */
const isChanged = (memory: Memory.Memory, { id, path, state }: Roots.Root): boolean => {
  const before = memory.container(id)
  const known = before && Containers.stateOf(before)
  return (path !== "" && known?.name !== state.name) || known?.access !== state.access
}
