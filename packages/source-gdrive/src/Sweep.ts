/**
 * The listing of everything: the logs of changes begin, folders are walked, plain lists are read; then the roots are looked
 * at once more, since a folder that is no longer shared with us looks like an empty one.
 */
import type { Change, Source } from "@sluice/core"
import { Array as Arr, Effect, Option, Queue, Stream } from "effect"
import * as Containers from "./Containers.ts"
import { folderState } from "./Contents.ts"
import * as Cursors from "./Cursors.ts"
import { Drive } from "./Drive.ts"
import { toSourceError } from "./DriveError.ts"
import type { Folder, Listing } from "./Listing.ts"
import * as Lists from "./Lists.ts"
import { containerOf } from "./Roots.ts"
import type { Settings } from "./Settings.ts"
import * as Survey from "./Survey.ts"
import * as Walk from "./Walk.ts"

export const sweep = (
  settings: Settings,
  options: Source.SweepOptions
): Stream.Stream<Change.Page, Source.SourceError, Drive> =>
  Stream.callback<Change.Page, Source.SourceError, Drive>(
    (queue) =>
      Effect.gen(function* () {
        const drive = yield* Drive
        const { digest, where } = settings
        const { resume } = options
        const say = (page: Change.Page) => Effect.asVoid(Queue.offer(queue, page))
        const { reader, roots } = yield* Survey.begin({
          drive,
          settings,
          asked: options,
          feeds: Cursors.feed.among(digest, resume).keys(),
          onFeed: (position) => say({ ...position, changes: [], follows: true }),
          remember: () => Effect.undefined
        })

        /** Folders are told before the answer that named them. */
        const sayFound = (
          found: ReadonlyArray<Folder>,
          by?: string,
          containers: ReadonlyArray<Change.Container> = []
        ) =>
          Arr.isReadonlyArrayNonEmpty(found)
            ? say({ ...Cursors.found(digest, found, by), changes: [], containers })
            : Effect.void

        const { groups, known, ...left } = Cursors.left(digest, resume)
        // Of a sweep that goes on: shared drives that the account has become a member of.
        const unknown = roots.folders.filter(({ id }) => !known.has(id))
        yield* sayFound(unknown, undefined, unknown.map(containerOf))
        const folders: Array<Folder> = [...left.folders, ...unknown]
        // No list names the top of My Drive: a folder that is not known is listed with the first change of what is in it.
        const top = where._tag === "Everything" ? yield* topOf(reader.listing) : []
        const lists: Lists.Options<never> = {
          reader,
          resume,
          onAnswer: Effect.fnUntraced(function* ({ changes, containers, folders: found, incomplete, position }) {
            yield* sayFound(found, position.range)
            folders.push(...found.filter(({ id }) => !known.has(id)))
            yield* say({ ...position, changes, containers: [...containers, ...top], incomplete })
          })
        }
        for (const list of roots.lists) yield* Lists.read(list, lists)
        if (where._tag === "Files") yield* Lists.readNamed(where.files, lists)
        yield* Walk.walk({
          reader,
          folders,
          groups,
          known: known.values(),
          onFound: Effect.fnUntraced(function* ({ changes, containers, folders: found, group, incomplete, next }) {
            yield* sayFound(found, group.folders[0].id)
            yield* say({ ...Cursors.listed(digest, group, next), changes, containers, incomplete })
          })
        })
        yield* Effect.forEach(roots.folders, (root) => reader.listing.root(root), { discard: true })
        yield* Queue.end(queue)
      }).pipe(
        Effect.mapError((error) => (error._tag === "DriveError" ? toSourceError(settings.name)(error) : error)),
        Effect.catchCause((cause) => Queue.failCause(queue, cause))
      ),
    { bufferSize: 1, strategy: "suspend" }
  )

const topOf = Effect.fnUntraced(function* (listing: Listing) {
  const top = Option.getOrUndefined(yield* listing.file({ id: "root" }))
  return top === undefined ? [] : [Containers.make(top.id, undefined, yield* folderState(listing, top))]
})
