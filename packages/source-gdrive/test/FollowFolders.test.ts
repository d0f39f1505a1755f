import { describe } from "@effect/vitest"
import { Effect } from "effect"
import { ofTaken, type Scenario, scenarios } from "./scenarios.ts"

const a = ["Upsert a/b/two.txt", "Upsert a/one.txt"]
const d = ["Upsert c/d/e/five.txt", "Upsert c/d/four.txt"]

const folders: ReadonlyArray<Scenario> = [
  ["a folder that is renamed", [(drive, id) => drive.rename(id("a"), "z"), ["Upsert z/b/two.txt", "Upsert z/one.txt"]]],
  [
    "a folder that somebody has looked at, and nothing else, as nothing",
    [(drive, id) => drive.touch(drive.oauth.account, id("a")), []]
  ],
  [
    "a folder that moves within",
    [(drive, id) => drive.setParents(id("a"), [id("c")]), ["Upsert c/a/b/two.txt", "Upsert c/a/one.txt"]]
  ],
  [
    "a folder that moves in, and out again",
    [(drive, id) => drive.setParents(id("d"), [id("c")]), d],
    [(drive, id) => drive.setParents(id("d"), [id("beside")]), ["Delete d"]]
  ],
  [
    "a folder that moves out, and in again",
    [(drive, id) => drive.setParents(id("a"), [id("beside")]), ["Delete a"]],
    [(drive, id) => drive.setParents(id("a"), [id("taken")]), a]
  ],
  [
    "a folder in a folder that moves up, and out",
    [(drive, id) => drive.setParents(id("b"), [id("taken")]), ["Upsert b/two.txt"]],
    [(drive, id) => drive.setParents(id("b"), [id("d")]), ["Delete b"]]
  ],
  [
    "a folder that is put in the trash, and restored",
    [(drive, id) => drive.trash(id("a")), ["Delete a"]],
    [(drive, id) => drive.untrash(id("a")), a]
  ],
  [
    "a folder that is restored after what was in it moved out",
    [(drive, id) => drive.trash(id("a")), ["Delete a"]],
    [(drive, id) => drive.setParents(id("b"), [id("c")]), ["Upsert c/b/two.txt"]],
    [(drive, id) => drive.untrash(id("a")), ["Upsert a/one.txt"]]
  ],
  ["a folder deleted for good", [(drive, id) => drive.remove(id("a")), ["Delete a"]]],
  [
    "a folder deleted for good after it was put in the trash",
    [(drive, id) => drive.trash(id("a")), ["Delete a"]],
    [(drive, id) => drive.remove(id("a")), ["Delete a"]]
  ],
  [
    "a new folder when there is something in it",
    [(drive, id) => drive.createFolder("new", { parents: [id("b")] }), []],
    [(drive, id) => drive.createFile({ name: "n.txt", parents: [id("new")] }), ["Upsert a/b/new/n.txt"]]
  ],
  [
    "a new folder with what is in it, once",
    [
      (drive, id) =>
        Effect.gen(function* () {
          const parent = yield* drive.createFolder("new", { parents: [id("b")] })
          yield* drive.createFile({ name: "n.txt", parents: [parent] })
        }),
      ["Upsert a/b/new/n.txt"]
    ]
  ],
  [
    "two folders that change places",
    [
      (drive, id) =>
        Effect.gen(function* () {
          yield* drive.setParents(id("b"), [id("taken")])
          yield* drive.setParents(id("a"), [id("b")])
        }),
      ["Upsert b/a/one.txt", "Upsert b/two.txt"]
    ]
  ],
  [
    "two folders that change places, the lower one last",
    [
      (drive, id) =>
        Effect.gen(function* () {
          yield* drive.setParents(id("b"), [id("taken")])
          yield* drive.setParents(id("a"), [id("b")])
          yield* drive.rename(id("b"), "bb")
        }),
      ["Upsert bb/a/one.txt", "Upsert bb/two.txt"]
    ]
  ],
  [
    "a folder that moves out when one in it stays",
    [
      (drive, id) =>
        Effect.gen(function* () {
          yield* drive.setParents(id("b"), [id("c")])
          yield* drive.setParents(id("a"), [id("beside")])
        }),
      ["Delete a", "Upsert c/b/two.txt"]
    ]
  ],
  [
    "a file that moves out of a folder that is renamed",
    [
      (drive, id) =>
        Effect.gen(function* () {
          yield* drive.setParents(id("one.txt"), [id("c")])
          yield* drive.rename(id("a"), "z")
        }),
      ["Upsert c/one.txt", "Upsert z/b/two.txt"]
    ]
  ],
  [
    "a file of a folder that is deleted, saved into another",
    [
      (drive, id) =>
        Effect.gen(function* () {
          yield* drive.setParents(id("one.txt"), [id("c")])
          yield* drive.remove(id("a"))
        }),
      ["Delete a", "Upsert c/one.txt"]
    ]
  ],
  [
    // Where there are several, it is in the one with the smallest id: here that of "c".
    "a folder in several folders that leaves one",
    [(drive, id) => drive.setParents(id("b"), [id("a"), id("c")]), ["Upsert c/b/two.txt"]],
    [(drive, id) => drive.setParents(id("b"), [id("a")]), ["Upsert a/b/two.txt"]],
    // What was listed a moment ago is listed again at its next entry, whatever that says.
    [() => Effect.void, []],
    [(drive, id) => drive.setParents(id("b"), [id("a"), id("beside")]), []],
    [(drive, id) => drive.setParents(id("b"), [id("beside")]), ["Delete b"]]
  ],
  [
    "a renamed folder above another",
    [
      (drive, id) =>
        Effect.gen(function* () {
          yield* drive.rename(id("a"), "z")
          yield* drive.rename(id("b"), "y")
          yield* drive.updateContent(id("two.txt"), "other")
        }),
      ["Upsert z/one.txt", "Upsert z/y/two.txt"]
    ]
  ],
  [
    "the folder that is taken, renamed and moved, as nothing",
    [(drive, id) => drive.rename(id("taken"), "other"), []],
    [(drive, id) => drive.setParents(id("taken"), [id("beside")]), []]
  ]
]

describe("Follow, of folders,", () => scenarios(ofTaken(), folders))
