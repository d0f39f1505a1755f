import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Option } from "effect"
import * as Formats from "../src/Formats.ts"
import type { Listing } from "../src/Listing.ts"
import * as Places from "../src/Places.ts"
import { fromOptions } from "../src/Settings.ts"
import type { File } from "../src/Wire.ts"

const folder = (id: string, parent: string): File => ({ id, name: id, mimeType: Formats.folder, parents: [parent] })
const shortcut = (id: string, parent: string, targetId: string): File => ({
  id,
  name: id,
  mimeType: Formats.shortcut,
  parents: [parent],
  shortcutDetails: { targetId, targetMimeType: Formats.folder }
})

describe("Places, of which several are found out at a time,", () => {
  it.effect("forgets no shortcut to a folder that is read anew while shortcuts are searched", () =>
    Effect.gen(function* () {
      const files = [
        shortcut("to above", "root", "above"),
        folder("above", "elsewhere"),
        folder("below", "above"),
        shortcut("to other", "root", "other"),
        folder("other", "elsewhere"),
        shortcut("to below", "other", "below")
      ]
      const file = (id: string) => files.find((one) => one.id === id)
      const isReadAnew = yield* Deferred.make<void>()
      const isSearchedAgain = yield* Deferred.make<void>()
      let searches = 0
      const unused = () => Effect.die("is not asked")
      const listing: Listing = {
        settings: fromOptions({ from: { folders: ["root"] } }),
        asked: new Set(),
        file: ({ id }) => Effect.sync(() => Option.fromUndefinedOr(file(id))),
        shortcutsTo: (ids) =>
          Effect.gen(function* () {
            const turn = ++searches
            if (turn === 1) yield* Deferred.await(isReadAnew)
            if (turn === 2) {
              yield* Deferred.succeed(isReadAnew, undefined)
              yield* Deferred.await(isSearchedAgain)
            }
            if (turn > 2) yield* Deferred.succeed(isSearchedAgain, undefined)
            return files.filter(({ shortcutDetails }) => ids.includes(shortcutDetails?.targetId ?? ""))
          }),
        root: unused,
        children: unused,
        search: unused,
        permissions: unused
      }
      const places = Places.make({
        listing,
        roots: new Map([["root", ""]]),
        isAlone: () => false,
        remember: (id) =>
          Effect.succeed(
            id === "above"
              ? { _tag: "Listed", name: "", within: "to above", isShortcut: false }
              : id === "to above"
                ? { _tag: "Listed", name: "to above", within: "root", isShortcut: true }
                : undefined
          ),
        mayBeTarget: () => Effect.succeed(true)
      })
      const [below, above] = yield* Effect.all([places.of("below"), places.ofFolder(folder("above", "elsewhere"))], {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(above, { path: "to above", within: "to above", depth: 1, isLed: true })
      assert.deepStrictEqual(below, { path: "to above/below", within: "above", depth: 1, isLed: false })
    })
  )
})
