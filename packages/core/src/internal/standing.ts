/** How a file stands to what was delivered of it. */
import type { Known } from "../Ledger.ts"
import { content, facts, pathFacts, type SourceFile } from "../SourceFile.ts"
import { noState } from "./noState.ts"

/**
 * - `undelivered`: nothing was, as far as anybody knows.
 * - `same`: it is in the state that was delivered.
 * - `renewed`: so is its object, and the ledger knows it otherwise: in another state of the same content, or by its path alone.
 * - `changed`: it is in another state.
 */
export type Standing = "undelivered" | "same" | "renewed" | "changed"

export const standingOf = (known: Known | undefined, file: SourceFile, sameContent: "send" | "keep"): Standing => {
  if (known === undefined || known.token === noState) return "undelivered"
  if (known.token === file.token && known.facts === pathFacts(file.path)) return "renewed"
  if (known.facts !== facts(file)) return "changed"
  if (known.token === file.token) return "same"
  return sameContent === "keep" && known.content !== undefined && known.content === content(file)
    ? "renewed"
    : "changed"
}
