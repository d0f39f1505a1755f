import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { standIn } from "./bench.ts"
import { swept, twoFolders } from "./following.ts"

describe("Follow, of a folder that several shortcuts lead to,", () => {
  it.live("lists it where it is, although the one that it is listed by goes before another one is found", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* standIn({ burst: 100_000, queriesPerMinute: 1_000_000 })
      const { id, taken } = yield* twoFolders(drive)
      const x = yield* drive.createFolder("x", { parents: [id("c")] })
      const ids = yield* Effect.forEach(["s", "t"], (name) => drive.createShortcut(id("d"), { name, parent: taken }))
      const [first = "", second = ""] = ids.toSorted()
      yield* drive.setParents(first, [id("a")])
      yield* drive.setParents(second, [x])
      const source = yield* swept(drive, live, { from: { folders: [taken] } })
      yield* drive.trash(id("beside"))
      yield* source.follow
      yield* drive.untrash(id("beside"))
      yield* drive.rename(id("c"), "z")
      let isTrashed = false
      yield* drive.beforeRequest(({ query }) => {
        if (isTrashed || query["q"]?.includes(`'${x}' in parents`) !== true) return Effect.void
        isTrashed = true
        return Effect.orDie(drive.trash(id("a")))
      })
      yield* source.followOnly
      yield* source.follow
    })
  )
})
