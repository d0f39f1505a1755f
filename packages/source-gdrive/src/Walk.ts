/**
 * Lists folders and what is in them, however deep: up to 50 folders a request, several requests at a time.
 *
 * Folders that are found wait on a stack, so that what waits is bounded by the width of the tree along one way down, not by
 * the width of a level. A request for fewer than 50 folders leaves only when no other request could still find more:
 * requests are what Google counts.
 *
 * Google has answered requests for several folders with nothing, although there was something (rclone#3114, #4289). A
 * request for more than one folder that finds nothing is therefore asked again folder by folder; where one of them has
 * content after all, folders are listed one by one from there on.
 */
import type { Change } from "@sluice/core"
import { type Array as Arr, Deferred, Effect, FiberSet, Option } from "effect"
import type { Contents, Located, Reader } from "./Contents.ts"
import * as ReadContents from "./Contents.ts"
import type { DriveError } from "./DriveError.ts"
import { type Folder, isAbsent, isStale, perQuery } from "./Listing.ts"
import type { File, FileList } from "./Wire.ts"

/** Folders that are listed together. */
export interface Group {
  readonly folders: Arr.NonEmptyReadonlyArray<Folder>
  /** Where in their content to go on. */
  readonly pageToken: string | undefined
}

/** One answer, with all folders that it names. */
export interface Found extends Contents {
  readonly group: Group
  /** Where the group goes on; `undefined` where this was its last answer. */
  readonly next: string | undefined
  readonly incomplete: Change.Reason | undefined
}

export interface Options<E> {
  readonly reader: Reader
  readonly folders: ReadonlyArray<Folder>
  /** Groups of an earlier walk that goes on. */
  readonly groups?: ReadonlyArray<Group> | undefined
  /** Folders that the earlier walk found: they are listed already, or among those that wait. */
  readonly known?: Iterable<Folder> | undefined
  /** Takes an answer; the walk goes on when it has. */
  readonly onFound: (found: Found) => Effect.Effect<void, E>
}

const incompleteSearch: Change.Reason = {
  code: "incomplete-search",
  message: "Google did not search all drives for it: the listing may lack files"
}

/** Whether an answer may lack files, and why. */
export const isIncomplete = (answer: FileList): Change.Reason | undefined =>
  answer.incompleteSearch === true ? incompleteSearch : undefined

const notListed = ({ id, path }: Folder): Change.Reason => ({
  code: "folder-not-listed",
  message: `Google says that the folder ${path === "" ? id : path} is there and will not list it: run again`
})

/** Walks to the end of everything below the folders. */
export const walk = <E>({
  folders,
  groups = [],
  known = [],
  onFound,
  reader
}: Options<E>): Effect.Effect<void, E | DriveError> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { listing } = reader
      const { concurrency } = listing.settings
      const waiting: Array<Folder> = [...folders]
      /**
       * These are not listed again when they are found. Of a walk that goes on, some were found by an answer that is asked
       * for again; and what shortcuts lead to may be found by another one meanwhile.
       */
      const given = new Map([...known, ...folders].map((folder) => [folder.id, folder]))
      const unfinished: Array<Group> = [...groups]
      const hands = yield* FiberSet.make<void>()
      const failed = yield* Deferred.make<never, E | DriveError>()
      let busy = 0
      /** Groups of which nothing is known yet: they may bring folders. */
      let promising = 0
      let together = perQuery

      /** What to list next; `undefined` where nothing waits, or a group would be small and more may come. */
      const next = (): Group | undefined => {
        const last = waiting.at(-1)
        if (unfinished.length > 0 || last === undefined) return unfinished.pop()
        let from = waiting.length - 1
        while (from > 0 && waiting.length - from < together && waiting[from - 1]?.drive === last.drive) from--
        if (from === 0 && waiting.length < together && promising > 0) return undefined
        // From `from` on there is at least the last one.
        return { folders: waiting.splice(from) as Arr.NonEmptyArray<Folder>, pageToken: undefined }
      }

      /** Several folders, answer by answer. */
      const list: (group: Group) => Effect.Effect<number, E | DriveError> = Effect.fnUntraced(function* (group: Group) {
        let pageToken = group.pageToken
        // An earlier walk says how far it was only where it has found something.
        let isEmpty = pageToken === undefined
        let incomplete: Change.Reason | undefined
        let seen: ReadonlySet<string> = new Set()
        let total = 0
        let isPromising = true
        promising++
        const settled = Effect.sync(() => {
          if (isPromising) promising--
          isPromising = false
        })
        for (;;) {
          const answer = yield* ask(group, pageToken).pipe(
            // A token may be too old for a walk that goes on: its group is listed from the beginning.
            Effect.catchIf(
              (error) => pageToken !== undefined && pageToken === group.pageToken && isStale(error),
              () => {
                isEmpty = true
                return ask(group)
              }
            ),
            Effect.tapCause(() => settled)
          )
          const { files, nextPageToken } = answer ?? { files: [] }
          isEmpty &&= files.length === 0
          if ((isEmpty || answer === undefined) && nextPageToken === undefined && group.folders.length > 1) {
            yield* settled
            return yield* oneByOne(group)
          }
          incomplete ??= answer === undefined ? yield* passedOver(group) : isIncomplete(answer)
          if (isEmpty && nextPageToken !== undefined) {
            pageToken = nextPageToken
            continue
          }
          // A file that moves while it is listed may be in two answers.
          const located = yield* locate(
            group,
            files.filter(({ id }) => !seen.has(id))
          )
          seen = new Set(files.map(({ id }) => id))
          const contents = yield* ReadContents.read(reader, located)
          const found = contents.folders.filter(({ id }) => !given.has(id))
          for (const folder of found) if (!seen.has(folder.id)) given.set(folder.id, folder)
          yield* onFound({
            ...whereListed(contents),
            group: { ...group, pageToken },
            next: nextPageToken,
            incomplete
          })
          incomplete = undefined
          waiting.push(...found)
          yield* settled
          yield* recruit
          total += files.length
          if (nextPageToken === undefined) return total
          pageToken = nextPageToken
        }
      })

      /** Of a folder that is found in another place than it is listed in, nothing is said: what is in it is not there. */
      const whereListed = ({ changes, containers, folders: found }: Contents): Contents => {
        const elsewhere = new Set(
          found.flatMap(({ depth, id, path }) => {
            const before = given.get(id)
            return before === undefined || (before.path === path && before.depth === depth) ? [] : [id]
          })
        )
        return {
          changes,
          folders: found.filter(({ id }) => !elsewhere.has(id)),
          containers: containers.filter(({ id }) => !elsewhere.has(id))
        }
      }

      /** `undefined` where a folder is not there. */
      const ask = ({ folders }: Group, pageToken?: string): Effect.Effect<FileList | undefined, DriveError> =>
        listing.children(folders, pageToken).pipe(Effect.catchIf(isAbsent, () => Effect.undefined))

      /** A folder is not there for one request: it is gone if it is not there for another one either. */
      const passedOver = ({ folders: [folder] }: Group) =>
        Effect.map(listing.file(folder), (found) => (Option.isSome(found) ? notListed(folder) : undefined))

      /** Finds out which folders are empty, gone, or were passed over in an answer for several. */
      const oneByOne = Effect.fnUntraced(function* (group: Group) {
        let total = 0
        for (const folder of group.folders) total += yield* list({ folders: [folder], pageToken: undefined })
        if (total > 0) together = 1
        return total
      })

      const locate = Effect.fnUntraced(function* (group: Group, files: ReadonlyArray<File>) {
        const byId = new Map(group.folders.map((folder) => [folder.id, folder]))
        const located: Array<Located> = []
        for (const file of files) {
          const { parents = [] } = file
          // Of several folders, one has it: in the others it is passed over.
          const parent = parents.length > 1 ? (yield* reader.places.locate(file))?.within : parents[0]
          const folder = parent === undefined ? undefined : byId.get(parent)
          if (folder === undefined) continue
          located.push({ file, location: { path: folder.path, within: folder.id, depth: folder.depth } })
        }
        return located
      })

      const hand = (first: Group) =>
        Effect.gen(function* () {
          for (let group: Group | undefined = first; group !== undefined; group = next()) yield* list(group)
        }).pipe(
          Effect.catchCause((cause) => Deferred.failCause(failed, cause)),
          Effect.ensuring(Effect.sync(() => busy--)),
          Effect.asVoid
        )

      const recruit: Effect.Effect<void> = Effect.suspend(() => {
        const free: Array<Group> = []
        while (busy + free.length < concurrency) {
          const group = next()
          if (group === undefined) break
          free.push(group)
        }
        busy += free.length
        return Effect.forEach(free, (group) => FiberSet.run(hands, hand(group)), { discard: true })
      })

      yield* recruit
      yield* Effect.raceFirst(FiberSet.awaitEmpty(hands), Deferred.await(failed))
    })
  )
