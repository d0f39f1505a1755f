/**
 * What changed since a position: the logs of changes, one after the other.
 *
 * A log names what changed and its state now, not what is different. Of a folder it says nothing of the files in it, though
 * they are renamed, moved, trashed and shared with it. So the folder is compared with what the ledger keeps of it
 * (`Containers`); where that is different, all that is in it is listed again, and where it is no longer taken, all that was
 * in it is gone.
 */
import { type Change, Source } from "@sluice/core"
import { Effect, Queue, Stream } from "effect"
import * as Changes from "./Changes.ts"
import * as Containers from "./Containers.ts"
import * as Contents from "./Contents.ts"
import * as Cursors from "./Cursors.ts"
import { Drive } from "./Drive.ts"
import { toSourceError } from "./DriveError.ts"
import { remove } from "./Entry.ts"
import * as Feeds from "./Feeds.ts"
import * as FileFields from "./FileFields.ts"
import type { Folder } from "./Listing.ts"
import * as Memory from "./Memory.ts"
import * as Roots from "./Roots.ts"
import type { Settings } from "./Settings.ts"
import * as Survey from "./Survey.ts"
import * as Walk from "./Walk.ts"
import type { ChangeList } from "./Wire.ts"

/** Changes in one answer. */
const pageSize = 1000

type Position = Pick<Change.Page, "range" | "cursor" | "follows">

const at = (feed: string, position: Cursors.Feed): Position => ({ ...Cursors.feed.make(feed, position), follows: true })

export const follow =
  (settings: Settings) =>
  <E>(options: Source.FollowOptions<E>): Stream.Stream<Change.Page, Source.SourceError | E, Drive> =>
    Stream.callback<Change.Page, Source.SourceError | E, Drive>(
      (queue) =>
        Effect.gen(function* () {
          const drive = yield* Drive
          const { digest } = settings
          const known = Cursors.feed.among(digest, options.since)
          if (known.size === 0 || known.size < options.since.length) {
            return yield* expired(
              settings,
              "the source was configured in another way when its changes were followed last"
            )
          }
          const say = (page: Change.Page) => Effect.asVoid(Queue.offer(queue, page))
          const positions = yield* memberships(settings, drive, known, say)
          const memory = Memory.make((ids) =>
            // The ledger's error is not one of Drive's: it ends the stream by itself.
            Effect.catchCause(options.containers(ids), (cause) =>
              Effect.andThen(Queue.failCause(queue, cause), Effect.never)
            )
          )
          const { reader, roots } = yield* Survey.begin({
            drive,
            settings,
            asked: options,
            feeds: positions.keys(),
            onFeed: (position) => say({ ...position, changes: [], follows: true }),
            remember: (id) => Effect.map(memory.load([id]), () => memory.remember(id)),
            mayBeTarget: (id) => Effect.map(memory.load([Containers.markOf(id)]), () => memory.isMarked(id))
          })
          const rootIds = new Set(roots.folders.map(({ id }) => id))
          yield* memory.load(rootIds)

          /**
           * Lists folders with all that is in them. The position stays where it is until that is settled, and the folders
           * themselves are kept with the position behind it (`containers` of a later page): else a run that breaks in
           * between would take them for listed.
           */
          const list = (here: Position, folders: ReadonlyArray<Folder>) =>
            Walk.walk({
              reader,
              folders,
              onFound: ({ changes, containers, incomplete }) => {
                memory.put(containers)
                return say({ ...here, changes, containers, incomplete })
              }
            })

          /** One answer of a log. Tombstones go first: what is gone from one place may be back in another. */
          const take = Effect.fnUntraced(function* (here: Position, next: Position, { changes }: ChangeList) {
            const { again, gone, taken } = yield* Changes.interpret({ reader, memory, roots: rootIds }, changes)
            if (gone.size > 0) yield* say({ ...here, changes: [...gone].map(remove) })
            const contents = yield* Contents.read(reader, taken)
            const led = contents.folders.filter((folder) => !isListed(memory, contents, folder))
            const containers = [...again.map(({ container }) => container), ...contents.containers]
            memory.put(containers)
            yield* list(here, [...again.map(({ folder }) => folder), ...led])
            yield* say({ ...next, changes: contents.changes, containers })
          })

          for (const [feed, start] of positions) {
            let position = start
            const stale = roots.folders.filter(
              (root) =>
                (root.drive ?? Feeds.account) === feed && (position.unlisted === true || isRenamed(memory, root))
            )
            if (stale.length > 0) {
              yield* list(at(feed, position), stale)
              position = { s: digest, t: position.t }
              yield* say({ ...at(feed, position), changes: [], containers: stale.map(Roots.containerOf) })
            }
            for (let isLast = false; !isLast;) {
              const answer = yield* ask(settings, drive, reader.listing.asked, feed, position.t)
              const t = answer.nextPageToken ?? answer.newStartPageToken ?? position.t
              const next = { s: digest, t }
              yield* take(at(feed, position), at(feed, next), answer)
              position = next
              isLast = answer.nextPageToken === undefined
            }
          }
          yield* Queue.end(queue)
        }).pipe(
          Effect.mapError((error) => (error._tag === "DriveError" ? toSourceError(settings.name)(error) : error)),
          Effect.catchCause((cause) => Queue.failCause(queue, cause))
        ),
      { bufferSize: 1, strategy: "suspend" }
    )

const expired = (settings: Settings, message: string) =>
  new Source.SourceError({
    source: settings.name,
    operation: "changes.list",
    reason: new Source.Expired(),
    message: `${message}: everything is listed again`
  })

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
        () => Effect.fail(expired(settings, `the changes of the shared drive ${feed} may no longer be read`))
      )
    )

/** A root whose name is a part of paths has another one. */
const isRenamed = (memory: Memory.Memory, root: Roots.Roots["folders"][number]): boolean => {
  const before = memory.container(root.id)
  return root.path !== "" && (before === undefined || Containers.differs(before, Roots.containerOf(root)))
}

/** Of a shortcut's folder: it is listed, and is still where it was. */
const isListed = (memory: Memory.Memory, { containers }: Contents.Contents, { id }: Folder): boolean => {
  const now = containers.find((one) => one.id === id)
  const shortcut = containers.find((one) => one.id === now?.within)
  return [now, shortcut].every((one) => {
    const before = one && memory.container(one.id)
    return one !== undefined && before !== undefined && !Containers.differs(before, one)
  })
}

/**
 * Where the logs are followed from. Of `everything`, shared drives that the account has left are gone, and those it has
 * joined begin: membership is asked for, since no log that can still be read tells that it ended.
 */
const memberships = Effect.fnUntraced(function* (
  settings: Settings,
  drive: Drive["Service"],
  known: ReadonlyMap<string, Cursors.Feed>,
  say: (page: Change.Page) => Effect.Effect<void>
) {
  const positions = new Map([...known].filter(([, { gone }]) => gone !== true))
  if (settings.where._tag !== "Everything") return positions
  const drives = yield* Roots.sharedDrives(drive)
  const members = new Set(drives.map(({ id }) => id))
  for (const [feed, position] of positions) {
    if (feed === Feeds.account || members.has(feed)) continue
    positions.delete(feed)
    yield* say({ ...at(feed, { ...position, gone: true }), changes: [remove(feed)] })
  }
  for (const { id } of drives) {
    if (positions.has(id)) continue
    const position = { s: settings.digest, t: yield* drive.startPageToken(id), unlisted: true }
    positions.set(id, position)
    yield* say({ ...at(id, position), changes: [] })
  }
  return positions
})
