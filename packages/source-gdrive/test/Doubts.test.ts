import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { standIn } from "./bench.ts"
import { kept, twoFolders } from "./following.ts"
import type { Edit } from "./scenarios.ts"

/** Edits while a sweep goes on, and what is done when it is over. */
const meanwhile: ReadonlyArray<readonly [title: string, during: Edit, after: Edit]> = [
  ["a file changes", (drive, id) => drive.updateContent(id("two.txt"), "other"), () => Effect.void],
  ["a file moves", (drive, id) => drive.setParents(id("one.txt"), [id("c")]), () => Effect.void],
  ["a file moves in", (drive, id) => drive.setParents(id("out.txt"), [id("b")]), () => Effect.void],
  ["a folder moves", (drive, id) => drive.setParents(id("b"), [id("c")]), () => Effect.void],
  ["a folder moves in", (drive, id) => drive.setParents(id("d"), [id("a")]), () => Effect.void],
  ["a folder is renamed", (drive, id) => drive.rename(id("a"), "z"), () => Effect.void],
  [
    "a folder is renamed and back",
    (drive, id) => drive.rename(id("a"), "z"),
    (drive, id) => drive.rename(id("a"), "a")
  ],
  ["a folder is deleted", (drive, id) => drive.remove(id("a")), () => Effect.void],
  ["a folder is in the trash for a while", (drive, id) => drive.trash(id("a")), (drive, id) => drive.untrash(id("a"))],
  [
    "a folder below is in the trash for a while",
    (drive, id) => drive.trash(id("b")),
    (drive, id) => drive.untrash(id("b"))
  ],
  [
    "a folder is elsewhere for a while",
    (drive, id) => drive.setParents(id("a"), [id("beside")]),
    (drive, id) => drive.setParents(id("a"), [id("taken")])
  ],
  [
    "a folder that shortcuts lead to is in the trash for a while",
    (drive, id) => drive.trash(id("d")),
    (drive, id) => drive.untrash(id("d"))
  ]
]

describe("Doubts", () => {
  it.live.each(meanwhile)("let nothing be lost where, during a sweep, %s", ([, during, after]) =>
    Effect.gen(function* () {
      for (let request = 1, isLast = false; !isLast; request++) {
        const { drive, live } = yield* standIn({ burst: 100_000, queriesPerMinute: 1_000_000 })
        const { id, taken } = yield* twoFolders(drive)
        yield* drive.createShortcut(id("d"), { name: "sd", parent: id("c") })
        const source = yield* kept(drive, live, { from: { folders: [taken] } })
        isLast = true
        yield* drive.beforeRequest(({ number }) => {
          if (number !== request) return Effect.void
          isLast = false
          return Effect.orDie(during(drive, id))
        })
        yield* source.sweep
        yield* drive.beforeRequest(() => Effect.void)
        if (isLast) yield* during(drive, id)
        yield* after(drive, id)
        yield* source.follow
        assert.deepStrictEqual(yield* source.follow, [])
      }
    })
  )

  it.live.each(meanwhile)("let nothing be lost where, while a folder is listed again, %s", ([, during, after]) =>
    Effect.gen(function* () {
      for (let request = 1, isLast = false; !isLast; request++) {
        const { drive, live } = yield* standIn({ burst: 100_000, queriesPerMinute: 1_000_000 })
        const { id, taken } = yield* twoFolders(drive)
        yield* drive.createShortcut(id("d"), { name: "sd", parent: id("c") })
        const source = yield* kept(drive, live, { from: { folders: [taken] } })
        yield* source.sweep
        yield* source.follow
        for (const name of ["c", "b", "a"]) yield* drive.rename(id(name), `new ${name}`)
        isLast = true
        yield* drive.beforeRequest(({ number }) => {
          if (number !== request) return Effect.void
          isLast = false
          return Effect.orDie(during(drive, id))
        })
        yield* source.followOnly
        yield* drive.beforeRequest(() => Effect.void)
        if (isLast) yield* during(drive, id)
        yield* after(drive, id)
        yield* source.follow
      }
    })
  )
})
