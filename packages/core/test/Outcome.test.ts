import { assert, describe, it } from "@effect/vitest"
import * as Outcome from "../src/Outcome.ts"

const { Created, objectAfter, Rejected, SkippedDuplicate, Unchanged, Updated } = Outcome

describe("the object that a file has after an outcome", () => {
  it.each<readonly [what: string, outcome: Outcome.Outcome, after: string | undefined]>([
    ["the one that was made", Created.make({ objectId: "new" }), "new"],
    ["not known where the answer does not name it", Created.make({}), undefined],
    ["the one that was updated", Updated.make({ objectId: "own" }), "own"],
    ["the one before where an update does not name it", Updated.make({}), "own"],
    ["none, where another file has the same content", SkippedDuplicate.make({ objectId: "elsewhere" }), undefined],
    ["its own, where that has the same content", SkippedDuplicate.make({ objectId: "own" }), "own"],
    ["the one before where nothing was sent", Unchanged.make({}), "own"],
    ["the one before where it was refused", Rejected.make({ cause: { code: "x", message: "x" } }), "own"]
  ])("is %s", (_, outcome, after) => {
    assert.strictEqual(objectAfter(outcome, "own"), after)
  })
})
