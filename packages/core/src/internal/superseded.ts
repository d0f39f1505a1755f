/** Objects whose places others have taken. */
import type { Superseded } from "../Ledger.ts"
import { isDelivered } from "../Outcome.ts"
import { noState } from "./noState.ts"
import type { Taken, Updates } from "./pass.ts"

/** The object whose place another one has taken. One that was about to be removed does not stay, if it is still there. */
export const supersededBy = (
  { before, file: { uri }, outcome }: Taken,
  updates: Updates
): ReadonlyArray<Superseded> => {
  if (updates !== "replace" && before?.token !== noState) return []
  const replaced = before?.objectId
  return isDelivered(outcome) &&
    replaced !== undefined &&
    "objectId" in outcome &&
    outcome.objectId !== undefined &&
    outcome.objectId !== replaced
    ? [{ uri, objectId: replaced }]
    : []
}
