/** Objects whose places others have taken. */
import type { Superseded } from "../Ledger.ts"
import { isDelivered } from "../Outcome.ts"
import { noState } from "./noState.ts"
import type { Taken, Updates } from "./pass.ts"

/** The object whose place another one has taken, if so. One that was about to be removed does not stay, if it is still there. */
export const supersededBy = (
  { outcome, record: { before, file } }: Taken,
  updates: Updates
): Superseded | undefined => {
  const replaced = before?.objectId
  if (replaced === undefined || (updates !== "replace" && before?.token !== noState)) return undefined
  return isDelivered(outcome) &&
    "objectId" in outcome &&
    outcome.objectId !== undefined &&
    outcome.objectId !== replaced
    ? { uri: file.uri, objectId: replaced }
    : undefined
}
