import { describe } from "@effect/vitest"
import { Effect } from "effect"
import { ofTaken, type Scenario, scenarios } from "./scenarios.ts"

const files: ReadonlyArray<Scenario> = [
  ["nothing where nothing changed", [() => Effect.void, []]],
  ["a new file", [(drive, id) => drive.createFile({ name: "new.txt", parents: [id("b")] }), ["Upsert a/b/new.txt"]]],
  ["a file with other content", [(drive, id) => drive.updateContent(id("two.txt"), "other"), ["Upsert a/b/two.txt"]]],
  ["a renamed file", [(drive, id) => drive.rename(id("one.txt"), "other.txt"), ["Upsert a/other.txt"]]],
  ["a file that moves within", [(drive, id) => drive.setParents(id("one.txt"), [id("c")]), ["Upsert c/one.txt"]]],
  [
    "a file that moves in, and out again",
    [(drive, id) => drive.setParents(id("out.txt"), [id("b")]), ["Upsert a/b/out.txt"]],
    [(drive, id) => drive.setParents(id("out.txt"), [id("beside")]), ["Delete out.txt"]]
  ],
  [
    "a file that moves out, and in again",
    [(drive, id) => drive.setParents(id("two.txt"), [id("beside")]), ["Delete two.txt"]],
    [(drive, id) => drive.setParents(id("two.txt"), [id("taken")]), ["Upsert two.txt"]]
  ],
  [
    "a file that is put in the trash, and restored",
    [(drive, id) => drive.trash(id("one.txt")), ["Delete one.txt"]],
    [(drive, id) => drive.untrash(id("one.txt")), ["Upsert a/one.txt"]]
  ],
  ["a file deleted for good", [(drive, id) => drive.remove(id("one.txt")), ["Delete one.txt"]]],
  [
    "a file deleted for good, and made anew by the same name",
    [(drive, id) => drive.remove(id("one.txt")), ["Delete one.txt"]],
    [(drive, id) => drive.createFile({ name: "one.txt", parents: [id("a")] }), ["Upsert a/one.txt"]]
  ],
  [
    "a file that changed several times once",
    [
      (drive, id) =>
        Effect.gen(function* () {
          for (const text of ["x", "y", "z"]) yield* drive.updateContent(id("one.txt"), text)
          yield* drive.rename(id("one.txt"), "last.txt")
        }),
      ["Upsert a/last.txt"]
    ]
  ],
  ["what changed elsewhere as gone", [(drive, id) => drive.updateContent(id("out.txt"), "x"), ["Delete out.txt"]]],
  [
    "what moved from one of several folders of one file",
    [(drive, id) => drive.setParents(id("one.txt"), [id("a"), id("beside")]), ["Upsert a/one.txt"]],
    [(drive, id) => drive.setParents(id("one.txt"), [id("beside")]), ["Delete one.txt"]],
    [(drive, id) => drive.setParents(id("one.txt"), [id("c"), id("beside")]), ["Upsert c/one.txt"]],
    [(drive, id) => drive.setParents(id("one.txt"), [id("c")]), ["Upsert c/one.txt"]]
  ]
]

describe("Follow, of files,", () => scenarios(ofTaken(), files))
