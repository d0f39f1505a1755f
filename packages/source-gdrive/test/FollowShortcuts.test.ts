import { describe } from "@effect/vitest"
import { Effect } from "effect"
import { type Edit, ofTaken, type Scenario, scenarios } from "./scenarios.ts"

/** A shortcut in `parent`. */
const shortcut =
  (target: string, name: string, parent = "a"): Edit =>
  (drive, id) =>
    drive.createShortcut(id(target), { name, parent: id(parent) })

const toFile: ReadonlyArray<Scenario> = [
  [
    "a shortcut that is made, renamed, moved and removed",
    [shortcut("out.txt", "s.txt"), ["Upsert a/s.txt"]],
    [(drive, id) => drive.rename(id("s.txt"), "t.txt"), ["Upsert a/t.txt"]],
    [(drive, id) => drive.setParents(id("t.txt"), [id("c")]), ["Upsert c/t.txt"]],
    [(drive, id) => drive.remove(id("t.txt")), ["Delete t.txt"]]
  ],
  [
    "a shortcut that is put in the trash, and restored",
    [shortcut("out.txt", "s.txt"), ["Upsert a/s.txt"]],
    [(drive, id) => drive.trash(id("s.txt")), ["Delete s.txt"]],
    [(drive, id) => drive.untrash(id("s.txt")), ["Upsert a/s.txt"]]
  ],
  [
    "a shortcut whose target changes, and is renamed",
    [shortcut("out.txt", "s.txt"), ["Upsert a/s.txt"]],
    [(drive, id) => drive.updateContent(id("out.txt"), "other"), ["Delete out.txt", "Upsert a/s.txt"]],
    [(drive, id) => drive.rename(id("out.txt"), "else.txt"), ["Delete else.txt", "Upsert a/s.txt"]]
  ],
  [
    "a shortcut whose target is put in the trash, restored and deleted",
    [shortcut("out.txt", "s.txt"), ["Upsert a/s.txt"]],
    [(drive, id) => drive.trash(id("out.txt")), ["Delete out.txt", "Skip a/s.txt (shortcut-dangling)"]],
    [(drive, id) => drive.untrash(id("out.txt")), ["Delete out.txt", "Upsert a/s.txt"]],
    [(drive, id) => drive.remove(id("out.txt")), ["Delete out.txt", "Skip a/s.txt (shortcut-dangling)"]]
  ],
  [
    "a shortcut whose target is in the trash with a folder far above it",
    [shortcut("five.txt", "s.txt"), ["Upsert a/s.txt"]],
    [(drive, id) => drive.trash(id("d")), ["Delete d", "Skip a/s.txt (shortcut-dangling)"]],
    [(drive, id) => drive.untrash(id("d")), ["Delete d", "Upsert a/s.txt"]],
    [(drive, id) => drive.remove(id("beside")), ["Delete beside", "Skip a/s.txt (shortcut-dangling)"]]
  ],
  [
    "two shortcuts below a folder, of which one changes before that is in the trash, and restored",
    [shortcut("four.txt", "s1"), ["Upsert a/s1"]],
    [shortcut("five.txt", "s2", "c"), ["Upsert c/s2"]],
    [
      (drive, id) => Effect.andThen(drive.rename(id("s1"), "t1"), drive.trash(id("d"))),
      ["Delete d", "Skip a/t1 (shortcut-dangling)", "Skip c/s2 (shortcut-dangling)"]
    ],
    [
      (drive, id) => Effect.andThen(drive.rename(id("t1"), "u1"), drive.untrash(id("d"))),
      ["Delete d", "Upsert a/u1", "Upsert c/s2"]
    ]
  ],
  [
    "a shortcut whose target is in the trash with a folder that it was moved to",
    [shortcut("out.txt", "s.txt"), ["Upsert a/s.txt"]],
    [(drive, id) => drive.setParents(id("out.txt"), [id("e")]), ["Delete out.txt", "Upsert a/s.txt"]],
    [(drive, id) => drive.trash(id("d")), ["Delete d", "Skip a/s.txt (shortcut-dangling)"]]
  ],
  [
    "a shortcut whose target is among what is taken",
    [shortcut("three.txt", "s.txt"), ["Upsert a/s.txt"]],
    [(drive, id) => drive.updateContent(id("three.txt"), "other"), ["Upsert a/s.txt", "Upsert c/three.txt"]],
    [(drive, id) => drive.trash(id("c")), ["Delete c", "Skip a/s.txt (shortcut-dangling)"]],
    [(drive, id) => drive.untrash(id("c")), ["Upsert a/s.txt", "Upsert c/three.txt"]]
  ],
  [
    "a shortcut made before its target, which is then restored",
    [(drive, id) => drive.trash(id("out.txt")), ["Delete out.txt"]],
    [shortcut("out.txt", "s.txt"), ["Skip a/s.txt (shortcut-dangling)"]],
    [(drive, id) => drive.untrash(id("out.txt")), ["Delete out.txt", "Upsert a/s.txt"]]
  ]
]

const toFolder: ReadonlyArray<Scenario> = [
  [
    "a shortcut with what is in the folder, and what becomes of that",
    [shortcut("d", "sd"), ["Upsert a/sd/e/five.txt", "Upsert a/sd/four.txt"]],
    [(drive, id) => drive.updateContent(id("four.txt"), "other"), ["Upsert a/sd/four.txt"]],
    [(drive, id) => drive.createFile({ name: "six.txt", parents: [id("e")] }), ["Upsert a/sd/e/six.txt"]],
    [(drive, id) => drive.remove(id("five.txt")), ["Delete five.txt"]],
    [(drive, id) => drive.rename(id("e"), "f"), ["Upsert a/sd/f/six.txt"]],
    [(drive, id) => drive.remove(id("sd")), ["Delete sd"]]
  ],
  [
    "a shortcut that is renamed, and one whose target is as nothing",
    [shortcut("e", "se"), ["Upsert a/se/five.txt"]],
    [(drive, id) => drive.rename(id("se"), "sf"), ["Upsert a/sf/five.txt"]],
    [() => Effect.void, []],
    [(drive, id) => drive.rename(id("e"), "other"), []]
  ],
  [
    "a shortcut above whose target somebody moves",
    [shortcut("e", "se"), ["Upsert a/se/five.txt"]],
    [
      (drive, id) => drive.setParents(id("d"), [id("c")]),
      ["Delete se", "Skip a/se (shortcut-duplicate)", "Upsert c/d/e/five.txt", "Upsert c/d/four.txt"]
    ],
    [(drive, id) => drive.setParents(id("d"), [id("beside")]), ["Delete d", "Upsert a/se/five.txt"]]
  ],
  [
    "a shortcut whose target is put in the trash, and restored",
    [shortcut("e", "se"), ["Upsert a/se/five.txt"]],
    [(drive, id) => drive.trash(id("e")), ["Delete e", "Delete se", "Skip a/se (shortcut-dangling)"]],
    [(drive, id) => drive.untrash(id("e")), ["Upsert a/se/five.txt"]]
  ],
  [
    "a shortcut whose target is in the trash with a folder above it",
    [shortcut("e", "se"), ["Upsert a/se/five.txt"]],
    [(drive, id) => drive.trash(id("d")), ["Delete d", "Delete se", "Skip a/se (shortcut-dangling)"]],
    [(drive, id) => drive.untrash(id("d")), ["Delete d", "Upsert a/se/five.txt"]]
  ],
  [
    "a shortcut to a folder that is taken anyway, until it is not",
    [shortcut("c", "sc"), ["Skip a/sc (shortcut-duplicate)"]],
    [(drive, id) => drive.setParents(id("c"), [id("beside")]), ["Upsert a/sc/three.txt"]],
    [
      (drive, id) => drive.setParents(id("c"), [id("taken")]),
      ["Delete sc", "Skip a/sc (shortcut-duplicate)", "Upsert c/three.txt"]
    ]
  ],
  [
    "a shortcut to what it is in, as a loop",
    [shortcut("taken", "st"), ["Skip a/st (shortcut-loop)"]],
    [(drive, id) => drive.setParents(id("st"), [id("b")]), ["Skip a/b/st (shortcut-loop)"]]
  ],
  [
    "shortcuts that lead to the folders of one another",
    [shortcut("e", "se"), ["Upsert a/se/five.txt"]],
    [shortcut("a", "sa", "e"), ["Skip a/se/sa (shortcut-loop)"]],
    [(drive, id) => drive.setParents(id("a"), [id("beside")]), ["Delete a", "Delete sa"]]
  ],
  [
    // Of several, the one with the smallest id has it: here the second.
    "two shortcuts to one folder, of which one is removed",
    [shortcut("e", "s1"), ["Upsert a/s1/five.txt"]],
    [shortcut("e", "s2", "c"), ["Upsert c/s2/five.txt"]],
    [(drive, id) => drive.remove(id("s2")), ["Delete s2", "Upsert a/s1/five.txt"]]
  ],
  [
    "two shortcuts to one folder, of which one is in the trash with its folder",
    [shortcut("e", "s1"), ["Upsert a/s1/five.txt"]],
    [shortcut("e", "s2", "c"), ["Upsert c/s2/five.txt"]],
    [(drive, id) => drive.trash(id("c")), ["Delete c", "Upsert a/s1/five.txt"]],
    [(drive, id) => drive.untrash(id("c")), ["Upsert c/s2/five.txt", "Upsert c/three.txt"]]
  ],
  [
    "a shortcut that another one leads to, which leads nowhere",
    [shortcut("e", "se"), ["Upsert a/se/five.txt"]],
    [shortcut("se", "ss", "taken"), ["Skip ss (shortcut-nested)"]],
    [() => Effect.void, []],
    [(drive, id) => drive.rename(id("se"), "sf"), ["Skip ss (shortcut-nested)", "Upsert a/sf/five.txt"]]
  ],
  [
    "a shortcut below what a shortcut leads to",
    [shortcut("out.txt", "s.txt", "e"), ["Delete s.txt"]],
    [shortcut("d", "sd"), ["Upsert a/sd/e/five.txt", "Upsert a/sd/e/s.txt", "Upsert a/sd/four.txt"]],
    [(drive, id) => drive.updateContent(id("out.txt"), "other"), ["Delete out.txt", "Upsert a/sd/e/s.txt"]],
    [(drive, id) => drive.remove(id("sd")), ["Delete sd"]]
  ]
]

const kept: ReadonlyArray<Scenario> = [
  [
    "a shortcut as itself, whatever becomes of its target",
    [shortcut("out.txt", "s.txt"), ["Upsert a/s.txt"]],
    [(drive, id) => drive.updateContent(id("out.txt"), "other"), ["Delete out.txt"]],
    [(drive, id) => drive.remove(id("out.txt")), ["Delete out.txt"]],
    [(drive, id) => drive.rename(id("s.txt"), "t.txt"), ["Upsert a/t.txt"]],
    [shortcut("d", "sd"), ["Upsert a/sd"]]
  ]
]

const skipped: ReadonlyArray<Scenario> = [
  [
    "a shortcut as left alone",
    [shortcut("out.txt", "s.txt"), ["Skip a/s.txt (shortcut)"]],
    [shortcut("d", "sd"), ["Skip a/sd (shortcut)"]],
    [(drive, id) => drive.updateContent(id("four.txt"), "other"), ["Delete four.txt"]]
  ]
]

describe("Follow, of shortcuts to files,", () => scenarios(ofTaken(), toFile))
describe("Follow, of shortcuts to folders,", () => scenarios(ofTaken(), toFolder))
describe("Follow, of shortcuts that are kept,", () => scenarios(ofTaken({ shortcuts: "keep" }), kept))
describe("Follow, of shortcuts that are skipped,", () => scenarios(ofTaken({ shortcuts: "skip" }), skipped))
