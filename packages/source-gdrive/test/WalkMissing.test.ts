import { assert, describe, it } from "@effect/vitest"
import { type DriveStandIn, Fault } from "@sluice/testkit/drive"
import { Effect } from "effect"
import { comb, gaps, listed, open, sizes } from "./sweeping.ts"
import { lines, pages } from "./tree.ts"

type StandIn = DriveStandIn.DriveStandIn

describe("Walk, where a folder is not there,", () => {
  /** Before the first request that asks for more than one folder. */
  const beforeGroups = (drive: StandIn, edit: Effect.Effect<void, unknown>) => {
    let isDone = false
    return drive.beforeRequest(({ query }) => {
      if (isDone || !(query["q"]?.includes(" or ") ?? false)) return Effect.void
      isDone = true
      return Effect.orDie(edit)
    })
  }

  it.live("takes what is in the others, and that one for gone", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { folders, lines: all, options } = yield* comb(drive, 10)
      yield* beforeGroups(drive, drive.remove(folders[3] ?? ""))
      const found = yield* pages(options, live)
      assert.deepStrictEqual(
        lines(found),
        all.filter((line) => line !== "Upsert d3/f")
      )
      assert.deepStrictEqual(gaps(found), [])
      assert.deepStrictEqual(sizes(yield* listed(drive)), [...Array.from({ length: 11 }, () => 1), 10])
    })
  )

  it.live("takes what is left of the others where it was there at first", () =>
    Effect.gen(function* () {
      for (const kept of [0, 1, 2]) {
        const { drive, live } = yield* open()
        const { folders, lines: all, options } = yield* comb(drive, 4)
        let asked = 0
        yield* drive.beforeRequest(({ query }) =>
          query["q"]?.includes(" or ") === true && ++asked === 1 + kept
            ? Effect.orDie(drive.remove(folders[0] ?? ""))
            : Effect.void
        )
        yield* drive.faults.set([Fault.shortPages({ q: " or ", files: 1 })])
        const found = yield* pages(options, live)
        assert.isAbove(asked, kept)
        const said = new Set(lines(found))
        said.delete("Upsert d0/f")
        assert.deepStrictEqual(said, new Set(all.slice(1)))
        assert.deepStrictEqual(gaps(found), [])
      }
    })
  )

  it.live("says that files may be missing where it is there after all", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { folders, lines: all, options } = yield* comb(drive, 10)
      yield* drive.faults.set([Fault.refuse("notFound", { operations: ["files.list"], q: folders[3] ?? "" })])
      const found = yield* pages(options, live)
      assert.deepStrictEqual(
        lines(found),
        all.filter((line) => line !== "Upsert d3/f")
      )
      const reasons = found.flatMap(({ incomplete }) => incomplete ?? [])
      assert.deepStrictEqual(reasons, [
        {
          code: "folder-not-listed",
          message: "Google says that the folder d3 is there and will not list it: run again"
        }
      ])
    })
  )

  it.live("fails where that is the one to be taken, before, meanwhile and after", () =>
    Effect.gen(function* () {
      for (const after of [0, 1, 2, 3, 4]) {
        const { drive, live } = yield* open()
        const { options, root } = yield* comb(drive, 3)
        let requests = 0
        yield* drive.beforeRequest(({ operation }) =>
          operation === "token" || requests++ !== after ? Effect.void : Effect.orDie(drive.remove(root))
        )
        const error = yield* Effect.flip(pages(options, live))
        assert.strictEqual("reason" in error && error.reason._tag, "Missing", `after ${after}`)
      }
    })
  )

  it.live("tells it from one that is empty", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { options } = yield* comb(drive, 3, 3)
      const found = yield* pages(options, live)
      assert.deepStrictEqual([lines(found), gaps(found)], [[], []])
    })
  )
})
