import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Containers from "../src/Containers.ts"
import * as Doubts from "../src/Doubts.ts"
import * as Memory from "../src/Memory.ts"
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

/** `a` holds `b` holds `c`, and `x` is beside them; `y` and `z` are in each other. */
const nested = Effect.sync(() => {
  const memory = Memory.make(() => Effect.succeed(new Map()))
  const within = { a: undefined, b: "a", c: "b", x: undefined, y: "z", z: "y" }
  memory.put(Object.entries(within).map(([id, above]) => Containers.make(id, above, { name: id })))
  return memory
})

describe("Doubts, by themselves,", () => {
  it.effect.each([
    ["nothing", [], "b", []],
    ["the folder itself", ["b"], "b", ["b"]],
    ["a folder above", ["a"], "c", ["c"]],
    ["a folder below", ["c"], "a", ["c"]],
    ["several below", ["b", "x", "c"], "a", ["b", "c"]],
    ["a folder above, and one below", ["a", "c"], "b", ["b"]],
    ["a folder beside", ["x"], "b", []],
    ["a folder that is not known", ["nowhere"], "b", []],
    ["a folder in a circle", ["y"], "z", ["z"]],
    ["everything", [Doubts.everything], "b", ["b"]],
    ["everything, and a folder that is not known", [Doubts.everything], "nowhere", ["nowhere"]]
  ] as ReadonlyArray<readonly [string, ReadonlyArray<string>, string, ReadonlyArray<string>]>)(
    "of %s (%o): an entry about %s has %o listed again",
    ([, doubts, entry, expected]) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(Doubts.affected(new Set(doubts), yield* nested, entry), expected)
      })
  )

  it.effect("are of what is at or below a folder where a listing began", () =>
    Effect.gen(function* () {
      const memory = yield* nested
      const inDoubt = (...doubts: ReadonlyArray<string>) =>
        ["a", "b", "c", "x", "nowhere"].filter((id) => Doubts.has(new Set(doubts), memory, id)).join(" ")
      assert.strictEqual(inDoubt(), "")
      assert.strictEqual(inDoubt("b"), "b c")
      assert.strictEqual(inDoubt("c", "x"), "c x")
      assert.strictEqual(inDoubt(Doubts.everything), "a b c x nowhere")
    })
  )

  it.effect("of more folders than a cursor names are of everything", () =>
    Effect.sync(() => {
      const some = Array.from({ length: 100 }, (_, i) => `d${i}`)
      assert.deepStrictEqual(Doubts.both(["a", "b"], ["b", "c"]), new Set(["a", "b", "c"]))
      assert.deepStrictEqual(Doubts.both(some, ["d7"]), new Set(some))
      assert.deepStrictEqual(Doubts.both(some, ["one more"]), new Set([Doubts.everything]))
      assert.deepStrictEqual(Doubts.both([], Doubts.none), new Set())
    })
  )
})
