/**
 * Where the ledger, the sink and the source of a pipeline do not say the same.
 */
import type { Known } from "./Ledger.ts"
import type { Stored } from "./Sink.ts"
import type { SourceFile } from "./SourceFile.ts"

export type Difference =
  /** The ledger says that the file was delivered, and it has no object. */
  | { readonly _tag: "Missing"; readonly file: Known }
  /** The file's object is another one than the ledger says, or was made from another state of the file. */
  | { readonly _tag: "Stale"; readonly file: Known; readonly object: Stored }
  /** An object that is one too many: the file has another one (`isDouble`), or the ledger does not know the file. */
  | { readonly _tag: "Extra"; readonly object: Stored; readonly isDouble: boolean }
  /** A file at the source that the ledger does not know, or knows in another state: the next run sends it. */
  | { readonly _tag: "Unsent"; readonly file: SourceFile }
  /** The ledger says that the file was delivered, and it is not at the source any more, or does not pass the filter. */
  | { readonly _tag: "Gone"; readonly file: Known }
