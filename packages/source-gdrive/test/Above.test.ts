import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Above from "../src/Above.ts"
import { Drive } from "../src/index.ts"
import * as Listing from "../src/Listing.ts"
import * as Settings from "../src/Settings.ts"
import { counted, standIn } from "./bench.ts"
import { twoFolders } from "./following.ts"

const settings = Settings.fromOptions({ from: "my-drive" })

const prepared = Effect.gen(function* () {
  const { drive, live } = yield* standIn()
  const tree = yield* twoFolders(drive)
  const top = yield* drive.rootOf(drive.oauth.account)
  const listing = yield* Effect.provide(
    Effect.map(Drive, (client) => Listing.make(client, settings, new Set())),
    live
  )
  const above = Above.make(listing, () => Effect.undefined)
  /** Marks above something, by id. */
  const marks = (id: string) =>
    Effect.gen(function* () {
      const parents = (yield* drive.items()).find((item) => item.id === id)?.parents ?? []
      return new Map((yield* above.marks({ id, parents })).map((mark) => [mark.id, mark.state]))
    })
  return { drive, ...tree, top, above, marks }
})

describe("Above", () => {
  it.live("marks every folder that something is in, to the top, and no other", () =>
    Effect.gen(function* () {
      const { beside, id, marks, top } = yield* prepared
      assert.deepStrictEqual(
        [...(yield* marks(id("five.txt"))).keys()],
        [id("e"), id("d"), beside, top].map((folder) => `above:${folder}`)
      )
    })
  )

  it.live("marks each once where there are several ways up", () =>
    Effect.gen(function* () {
      const { beside, drive, id, marks, taken, top } = yield* prepared
      yield* drive.setParents(id("five.txt"), [id("e"), id("d"), taken])
      assert.deepStrictEqual(
        [...(yield* marks(id("five.txt"))).keys()].toSorted(),
        [id("e"), id("d"), taken, beside, top].map((folder) => `above:${folder}`).toSorted()
      )
    })
  )

  it.live("asks about each folder once, until it has changed", () =>
    Effect.gen(function* () {
      const { above, drive, id, marks } = yield* prepared
      yield* marks(id("five.txt"))
      yield* marks(id("four.txt"))
      yield* marks(id("out.txt"))
      assert.strictEqual((yield* counted(drive))["files.get"], 4)
      above.forget(id("d"))
      yield* marks(id("five.txt"))
      assert.strictEqual((yield* counted(drive))["files.get"], 5)
    })
  )

  it.live.each([
    ["moves", "d", true],
    ["is put in the trash", "d", true],
    ["is renamed", "d", false]
  ] as const)("tells that a folder %s, where that matters", ([what, folder, matters]) =>
    Effect.gen(function* () {
      const { above, drive, id, marks, taken } = yield* prepared
      const before = (yield* marks(id("five.txt"))).get(`above:${id(folder)}`)
      yield* what === "moves"
        ? drive.setParents(id(folder), [taken])
        : what === "is renamed"
          ? drive.rename(id(folder), "other")
          : drive.trash(id(folder))
      above.forget(id(folder))
      const now = (yield* marks(id("five.txt"))).get(`above:${id(folder)}`)
      assert.isDefined(before)
      assert.strictEqual(before !== now, matters)
    })
  )

  it.live("ends at what the account may not see", () =>
    Effect.gen(function* () {
      const { drive, marks } = yield* prepared
      const owner = "bob@example.com"
      const hidden = yield* drive.createFolder("hidden", { owner })
      const box = yield* drive.createFolder("box", { owner, parents: [hidden] })
      const file = yield* drive.createFile({ name: "file.txt", owner, parents: [box] })
      yield* drive.share(box, { role: "reader", emailAddress: drive.oauth.account })
      assert.deepStrictEqual([...(yield* marks(file)).keys()], [`above:${box}`])
    })
  )
})
