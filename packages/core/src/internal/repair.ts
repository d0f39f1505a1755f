/**
 * The ledger, told what a comparison found: the next sweep does the rest.
 */
import { Effect } from "effect"
import type { Difference } from "../Difference.ts"
import { type Book, type Intent, type Known, nothing } from "../Ledger.ts"
import type { LedgerError } from "../LedgerError.ts"
import type { Stored } from "../Sink.ts"
import { pathFacts } from "../SourceFile.ts"
import { noState } from "./noState.ts"

type Arrived = { readonly intent: Intent; readonly objectId: string }

/** The object the file has; of one that is not of the state the ledger speaks of, no state is known, so that it is sent. */
const corrected = (file: Known, { objectId, token }: Stored): Arrived => ({
  intent: { ...file, token: token === file.token ? token : noState, sentAt: 0 },
  objectId
})

/** What the object says of the file it was made from. */
const adopted = ({ content, id, objectId, path, token, uri }: Stored): Arrived => ({
  intent: { id, uri, token, facts: pathFacts(path), ...(content === undefined ? {} : { content }), sentAt: 0 },
  objectId
})

/** Takes note of what there is. Objects that are one too many are removed at the end of the next run. */
export const settle = (book: Book, differences: ReadonlyArray<Difference>): Effect.Effect<void, LedgerError> =>
  differences.length === 0
    ? Effect.void
    : book.settle({
        ...nothing,
        inDoubt: differences.flatMap((one) => (one._tag === "Missing" ? [one.file.id] : [])),
        arrived: differences.flatMap((one) =>
          one._tag === "Stale"
            ? [corrected(one.file, one.object)]
            : one._tag === "Extra" && !one.isDouble
              ? [adopted(one.object)]
              : []
        ),
        superseded: differences.flatMap((one) =>
          one._tag === "Extra" && one.isDouble ? [{ uri: one.object.uri, objectId: one.object.objectId }] : []
        )
      })
