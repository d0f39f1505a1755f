/** What is left alone on purpose, and why. */
import { Skipped } from "../Outcome.ts"

export const updatesAreIgnored = Skipped.make({
  cause: {
    code: "update-ignored",
    message: "changed at the source; this pipeline keeps objects as they were first made"
  }
})

export const deletesAreIgnored = Skipped.make({
  cause: { code: "delete-ignored", message: "gone at the source; objects are not removed by this pipeline" }
})

export const goneWhileRunning = Skipped.make({
  cause: { code: "gone", message: "deleted at the source after it was listed" }
})
