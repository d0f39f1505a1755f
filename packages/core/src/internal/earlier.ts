/**
 * Objects whose places others took and that are not removed yet. One of them may be of the very state that is looked for,
 * where a file went back to what it was.
 */
import { Effect } from "effect"
import type { Book, LedgerError } from "../Ledger.ts"
import { sourceKey } from "../Lineage.ts"
import type { Earlier } from "./sending.ts"

/** Those made from files at these addresses, by the files' keys. */
export const objects = (book: Book, uris: ReadonlyArray<string>): Effect.Effect<Earlier, LedgerError> =>
  Effect.map(book.superseded(Number.MAX_SAFE_INTEGER, uris), (found) => {
    const byKey = new Map<string, Array<string>>()
    for (const { objectId, uri } of found) {
      const key = sourceKey(uri)
      byKey.set(key, [...(byKey.get(key) ?? []), objectId])
    }
    return byKey
  })
