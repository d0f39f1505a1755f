/**
 * What the ledger knows, compared with the objects there are, and with the files at the source: in pages, in memory that does
 * not depend on their number.
 */
import { Array as Arr, Effect, Option, Stream } from "effect"
import type { Page } from "../Change.ts"
import type { Difference } from "../Difference.ts"
import * as Filter from "../Filter.ts"
import { type Book, type Known, nothing } from "../Ledger.ts"
import { sourceKey } from "../Lineage.ts"
import type { Inventory, Prepared, Stored } from "../Sink.ts"
import type { SourceFile } from "../SourceFile.ts"
import { noState } from "./noState.ts"
import type { Parts } from "./pass.ts"
import * as Resolution from "./resolution.ts"
import type { Failure } from "./run.ts"
import { standingOf } from "./standing.ts"

const pageSize = 1000

/** What was found in one page. */
export interface Compared {
  /** Files of the ledger that were looked at. */
  readonly files: number
  /** Objects that were looked at. */
  readonly objects: number
  readonly differences: ReadonlyArray<Difference>
  /** Why nothing is said of files that are gone. */
  readonly incomplete?: string | undefined
}

/** Compares a pipeline's book, once it is open. */
export type Comparison<R> = (book: Book, options: { readonly source: boolean }) => Stream.Stream<Compared, Failure, R>

const nothingFound: Compared = { files: 0, objects: 0, differences: [] }

/** `None` where the sink cannot say which objects there are. */
export const make = <O, P extends Prepared, RS, RM, RK>(
  pipeline: string,
  parts: Parts<O, P, RS, RM, RK>
): Option.Option<Comparison<RS | RM | RK>> =>
  Option.map(
    parts.sink.inventory,
    (inventory) =>
      (book, { source }) =>
        Effect.as(
          // Nothing can be said of what is on its way.
          Resolution.arrived(parts.sink, parts.updates, book),
          (source ? withSource(parts, book) : Stream.empty).pipe(
            Stream.concat(withObjects(pipeline, parts, book, inventory, source)),
            Stream.concat(unaccounted(pipeline, parts, book, inventory))
          )
        ).pipe(Stream.unwrap)
  )

/** The sink made from the same content, where its state has another name. */
const isOfState = (known: Known, object: Stored, sameContent: "send" | "keep") =>
  object.token === known.token ||
  (sameContent === "keep" && known.content !== undefined && known.content === object.content)

/** Every file of the ledger, and the objects it has. */
const withObjects = <R>(
  pipeline: string,
  { sameContent, updates }: Pick<Parts<never, Prepared, never, never, never>, "sameContent" | "updates">,
  book: Book,
  inventory: Inventory<R>,
  isSourceKnown: boolean
): Stream.Stream<Compared, Failure, R> => {
  const differencesOf = (known: Known, objects: ReadonlyArray<Stored>): ReadonlyArray<Difference> => {
    const rank = (object: Stored) =>
      Number(object.objectId === known.objectId) + 2 * Number(isOfState(known, object, sameContent))
    const [object, ...others] = objects.toSorted((a, b) => rank(b) - rank(a))
    if (object === undefined) return [{ _tag: "Missing", file: known }]
    const isTheOne = known.objectId === undefined || known.objectId === object.objectId
    return [
      ...(isTheOne && isOfState(known, object, sameContent)
        ? []
        : [{ _tag: "Stale", file: known, object } satisfies Difference]),
      ...(updates === "new"
        ? []
        : others.map((other): Difference => ({ _tag: "Extra", object: other, isDouble: true })))
    ]
  }

  const comparePage = Effect.fnUntraced(function* (files: Arr.NonEmptyReadonlyArray<Known>) {
    const keys = Arr.map(files, ({ uri }) => sourceKey(uri))
    const stored = yield* withoutSuperseded(book, yield* inventory.withKeys(pipeline, keys))
    const byFile = Map.groupBy(stored, ({ id }) => id)
    const differences = files.flatMap((known): ReadonlyArray<Difference> => {
      if (known.gone) return isSourceKnown ? [{ _tag: "Gone", file: known }] : []
      // Of a file in doubt the ledger says nothing.
      return known.token === noState ? [] : differencesOf(known, byFile.get(known.id) ?? [])
    })
    return { files: files.length, objects: 0, differences }
  })

  return Stream.paginate(
    undefined as string | undefined,
    Effect.fnUntraced(function* (after) {
      const files = yield* book.list(pageSize, after)
      const next = Option.map(Arr.last(files), ({ id }) => id)
      return [Arr.isReadonlyArrayNonEmpty(files) ? [yield* comparePage(files)] : [], next] as const
    })
  )
}

/** Every object, and whether the ledger knows its file. */
const unaccounted = <R>(
  pipeline: string,
  { updates }: Pick<Parts<never, Prepared, never, never, never>, "updates">,
  book: Book,
  inventory: Inventory<R>
): Stream.Stream<Compared, Failure, R> =>
  Stream.mapEffect(
    inventory.all(pipeline),
    Effect.fnUntraced(function* (objects) {
      const stored = yield* withoutSuperseded(book, objects)
      const known = yield* book.known([...new Set(stored.map(({ id }) => id))])
      const accounted = new Set(known.keys())
      const differences = stored.flatMap((object): ReadonlyArray<Difference> => {
        const file = known.get(object.id)
        // Those with the key that its file has now were looked at with the file.
        if (file !== undefined && (updates === "new" || sourceKey(file.uri) === object.key)) return []
        const isDouble = accounted.has(object.id)
        accounted.add(object.id)
        return isDouble && updates === "new" ? [] : [{ _tag: "Extra", object, isDouble }]
      })
      return { files: 0, objects: objects.length, differences }
    })
  )

/** Objects whose places others took are to be removed, and no difference. */
const withoutSuperseded = Effect.fnUntraced(function* (book: Book, objects: ReadonlyArray<Stored>) {
  if (objects.length === 0) return objects
  const uris = [...new Set(objects.map(({ uri }) => uri))]
  const superseded = new Set((yield* book.superseded(objects.length * 2, uris)).map(({ objectId }) => objectId))
  return objects.filter(({ objectId }) => !superseded.has(objectId))
})

/** Every file at the source, and whether the ledger has it in this state. What it does not name is gone, in the ledger too. */
const withSource = <O, P extends Prepared, RS, RM, RK>(
  { filter, map, sameContent, source, updates }: Parts<O, P, RS, RM, RK>,
  book: Book
): Stream.Stream<Compared, Failure, RS> => {
  const isSent = (file: SourceFile, known: Known | undefined) => {
    const standing = standingOf(known, file, sameContent)
    return standing === "same" || standing === "renewed" || (standing === "changed" && updates === "ignore")
  }

  let incomplete: string | undefined
  const comparePage = Effect.fnUntraced(function* (page: Page) {
    incomplete ??= page.incomplete?.message
    const here = page.changes.flatMap((change) =>
      change._tag === "Delete" ||
      (change._tag === "Skip" && change.isGone === true) ||
      !Filter.matches(filter, change.file)
        ? []
        : [change]
    )
    const known = yield* book.known(here.map(({ file }) => file.id))
    yield* book.settle({ ...nothing, containers: page.containers ?? [], seen: here.map(({ file }) => file) })
    const differences = here.flatMap((change): ReadonlyArray<Difference> =>
      change._tag === "Upsert" && !isSent(change.file, known.get(change.file.id))
        ? [{ _tag: "Unsent", file: change.file }]
        : []
    )
    return { ...nothingFound, differences }
  })
  const concluded = Effect.suspend(() =>
    incomplete === undefined
      ? Effect.as(book.completeSweep, nothingFound)
      : Effect.succeed({ ...nothingFound, incomplete })
  )
  const wanted = { attributes: map.attributes, pathPrefixes: Filter.pathPrefixes(filter) }
  return Stream.unwrap(
    // Another question than any pipeline asks: the next run sweeps for itself.
    Effect.as(
      book.beginSweep({ tracks: true, asked: "compare" }),
      source
        .sweep({ ...wanted, resume: [] })
        .pipe(Stream.mapEffect(comparePage), Stream.concat(Stream.fromEffect(concluded)))
    )
  )
}
