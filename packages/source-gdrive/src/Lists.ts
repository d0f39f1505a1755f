/**
 * Files that are not found by walking folders: those of a plain list (what is shared with the account, and all that it
 * sees), and those that were named one by one.
 */
import type { Change } from "@sluice/core"
import { Effect, Option } from "effect"
import type { Located, Reader } from "./Contents.ts"
import * as Contents from "./Contents.ts"
import * as Cursors from "./Cursors.ts"
import type { DriveError } from "./DriveError.ts"
import type { Reference } from "./DriveUri.ts"
import { canonical } from "./DriveUri.ts"
import { isFolder, nowhere, reject } from "./Entry.ts"
import { isStale } from "./Listing.ts"
import type { Flat } from "./Roots.ts"
import type { File } from "./Wire.ts"
import { isIncomplete } from "./Walk.ts"

/** Files that are looked at together where they are named one by one. */
const together = 50
/** Files asked for at a time. */
const concurrency = 8

/** One answer of a list, with the position behind it. */
export interface Answer extends Contents.Contents {
  readonly position: Change.RangeCursor
  readonly incomplete: Change.Reason | undefined
}

export interface Options<E> {
  readonly reader: Reader
  /** Where unfinished lists stand. */
  readonly resume: ReadonlyArray<Change.RangeCursor>
  readonly onAnswer: (answer: Answer) => Effect.Effect<void, E>
}

/** Where something of a list is; `undefined` where it is found in another way. */
const locate = (reader: Reader, { isWalked }: Flat, file: File): Effect.Effect<Located | undefined, DriveError> => {
  // Shared drives whose members we are have a walk of their own.
  if (reader.corpusOf(file) !== undefined) return Effect.undefined
  return Effect.map(reader.places.locate(file), (location) => {
    // What is in a shared folder is found by walking that.
    if (location === undefined || (isWalked && location.within !== undefined)) return undefined
    return { file, location }
  })
}

/** Reads a list, folders first, from where it stands. */
export const read = Effect.fnUntraced(function* <E>(list: Flat, { onAnswer, reader, resume }: Options<E>) {
  const { digest } = reader.listing.settings
  const before = Cursors.flat.among(digest, resume).get(list.name)
  if (before?.done === true) return
  const ask = (pageToken: string | undefined) =>
    reader.listing.search(list.condition, { ...list.corpus, orderBy: "folder", pageToken })
  let pageToken = before?.t
  let seen: ReadonlySet<string> = new Set()
  do {
    const answer = yield* ask(pageToken).pipe(
      Effect.catchIf(
        (error) => pageToken !== undefined && pageToken === before?.t && isStale(error),
        () => ask(undefined)
      )
    )
    const located = yield* Effect.forEach(
      answer.files.filter(({ id }) => !seen.has(id)),
      (file) => locate(reader, list, file)
    )
    seen = new Set(answer.files.map(({ id }) => id))
    pageToken = answer.nextPageToken
    const contents = yield* Contents.read(
      reader,
      located.filter((one) => one !== undefined)
    )
    yield* onAnswer({
      ...contents,
      folders: list.isWalked ? contents.folders : [],
      position: Cursors.flat.make(list.name, {
        s: digest,
        ...(pageToken === undefined ? { done: true } : { t: pageToken })
      }),
      incomplete: isIncomplete(answer)
    })
  } while (pageToken !== undefined)
})

/** Looks at files by their ids. One that is not there is rejected: a wrong id must not vanish. */
export const readNamed = Effect.fnUntraced(function* <E>(
  files: ReadonlyArray<Reference>,
  { onAnswer, reader, resume }: Options<E>
) {
  const { digest } = reader.listing.settings
  const before = Cursors.flat.among(digest, resume).get("files")
  if (before?.done === true) return
  for (let from = Number(before?.t ?? 0); from < files.length; from += together) {
    const found = yield* Effect.forEach(files.slice(from, from + together), (one) => named(reader, one), {
      concurrency
    })
    const end = from + together
    const position = { s: digest, ...(end >= files.length ? { done: true } : { t: String(end) }) }
    yield* onAnswer({
      changes: found.flatMap(({ changes }) => changes),
      folders: [],
      containers: found.flatMap(({ containers }) => containers),
      position: Cursors.flat.make("files", position),
      incomplete: undefined
    })
  }
})

/** One file, read after the log of its drive has begun. */
const named = Effect.fnUntraced(function* (reader: Reader, reference: Reference) {
  const { listing, watch } = reader
  const file = Option.getOrUndefined(yield* watch.look(listing.file(reference)))
  if (file === undefined || (file.trashed === true && !listing.settings.includeTrashed)) {
    const message =
      "no such file, or not shared with this account: check its id, share it, or leave it out of from.files"
    return rejected(reference, "not-found", message)
  }
  if (isFolder(file)) return rejected(reference, "folder", "a folder: take what is in it with from: { folders: [...] }")
  return yield* Contents.read(reader, [{ file, location: nowhere }])
})

const rejected = ({ id }: Reference, code: string, message: string): Contents.Contents => ({
  changes: [
    reject(
      {
        id,
        token: code,
        uri: canonical(id),
        path: id,
        mimeType: "application/octet-stream",
        attributes: {}
      },
      code,
      message
    )
  ],
  folders: [],
  containers: []
})
