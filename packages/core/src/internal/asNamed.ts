/** Whether there is anything to do about a file that is known. */
import type { Known } from "../Ledger.ts"
import { facts, type SourceFile } from "../SourceFile.ts"
import { noState } from "./noState.ts"

/** Nothing is: it is known in the state that is named, in the container it is in, and not gone. */
export const isAsNamed = (known: Pick<Known, "token" | "facts" | "within" | "gone">, file: SourceFile): boolean =>
  !known.gone &&
  known.token === file.token &&
  known.token !== noState &&
  known.within === file.within &&
  // Last: it is a digest.
  known.facts === facts(file)
