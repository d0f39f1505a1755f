/** The files of a page, against what was delivered of them. */
import { Effect } from "effect"
import type { Page } from "../Change.ts"
import type { Book, Compared } from "../Ledger.ts"
import type { LedgerError } from "../LedgerError.ts"
import type { SourceFile } from "../SourceFile.ts"

/**
 * What is known of the file of each change, in their order. `takesAll`: it matters also of files that are left alone; of those it
 * does not matter of, `same`. `replays`: all that is known is told of all of them.
 */
export const compare = (
  book: Book,
  { changes }: Page,
  { replays, takesAll }: { readonly takesAll: boolean; readonly replays: boolean }
): Effect.Effect<Compared, LedgerError> => {
  const files: Array<SourceFile> = []
  for (const change of changes) {
    if (change._tag === "Upsert" || (takesAll && change._tag !== "Delete")) files.push(change.file)
  }
  if (files.length === 0) return Effect.succeed({ known: changes.map(() => "same"), interval: undefined })
  const compared = replays ? all(book, files) : book.compare(files)
  if (files.length === changes.length) return compared
  return Effect.map(compared, ({ interval, known }) => {
    let next = 0
    const ofChanges = changes.map((change) =>
      change._tag !== "Delete" && change.file === files[next] ? known[next++] : "same"
    )
    return { known: ofChanges, interval }
  })
}

/** A file that is back in the state that was delivered is written as well, with its object. */
const all = (book: Book, files: ReadonlyArray<SourceFile>): Effect.Effect<Compared, LedgerError> =>
  Effect.map(book.known(files.map(({ id }) => id)), (known) => ({
    known: files.map(({ id }) => known.get(id)),
    interval: undefined
  }))
