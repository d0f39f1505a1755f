/** The files of a page, against what was delivered of them. */
import { Effect } from "effect"
import type { Page } from "../Change.ts"
import type { Book, Compared } from "../Ledger.ts"
import type { LedgerError } from "../LedgerError.ts"

/** `takesAll`: it matters also of files that are left alone. `replays`: all that is known is told of all of them. */
export const compare = (
  book: Book,
  { changes }: Page,
  { replays, takesAll }: { readonly takesAll: boolean; readonly replays: boolean }
): Effect.Effect<Compared, LedgerError> => {
  const files = changes.flatMap((change) =>
    change._tag === "Upsert" || (takesAll && change._tag !== "Delete") ? [change.file] : []
  )
  if (files.length === 0) return Effect.succeed({ others: new Map(), interval: undefined })
  if (!replays) return book.compare(files)
  // A file that is back in the state that was delivered is written as well, with its object.
  return Effect.map(book.known(files.map(({ id }) => id)), (known) => ({
    others: new Map(files.map(({ id }) => [id, known.get(id)])),
    interval: undefined
  }))
}
