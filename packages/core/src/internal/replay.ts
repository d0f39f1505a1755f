/**
 * Files that were refused, as pages of changes: each in the state it has now.
 */
import { Effect, Option, Stream } from "effect"
import { type Change, Cursor, type Page } from "../Change.ts"
import { type Book, nothing } from "../Ledger.ts"
import type { LedgerError } from "../LedgerError.ts"
import type { Source, SourceError } from "../Source.ts"
import type { Replayed } from "./run.ts"

/** Files that are looked at at the same time. */
const concurrency = 8

const pageSize = 200

/** Letters of files that are gone are forgotten. */
export const pages = <R>(
  source: Source<R>,
  letters: Replayed,
  book: Book
): Stream.Stream<Page, SourceError | LedgerError, R> =>
  Stream.paginate(
    undefined as string | undefined,
    Effect.fnUntraced(function* (after) {
      const some = yield* letters(after, pageSize)
      const now = yield* Effect.forEach(some, ({ file }) => source.stat(file), { concurrency })
      const gone = some.flatMap(({ file }, i) => (Option.isNone(now[i] ?? Option.none()) ? [file.id] : []))
      if (gone.length > 0) yield* book.settle({ ...nothing, gone })
      const changes = now.flatMap((file): ReadonlyArray<Change> =>
        Option.isSome(file) ? [{ _tag: "Upsert", file: file.value }] : []
      )
      const page: Page = { range: "dead letters", cursor: Cursor.make(""), changes }
      return [[page], Option.fromUndefinedOr(some.at(-1)?.file.id)] as const
    })
  )
