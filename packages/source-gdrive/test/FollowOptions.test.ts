import { describe } from "@effect/vitest"
import { Effect } from "effect"
import { twoFolders } from "./following.ts"
import { ofTaken, type Scenario, scenarios, type Setup } from "./scenarios.ts"

const withTrash: ReadonlyArray<Scenario> = [
  [
    "a file in the trash, and restored, as it is",
    [(drive, id) => drive.trash(id("one.txt")), ["Upsert a/one.txt"]],
    [(drive, id) => drive.untrash(id("one.txt")), ["Upsert a/one.txt"]],
    [(drive, id) => drive.remove(id("one.txt")), ["Delete one.txt"]]
  ],
  [
    "a folder in the trash as nothing, and one deleted for good",
    [(drive, id) => drive.trash(id("a")), []],
    [(drive, id) => drive.updateContent(id("two.txt"), "other"), ["Upsert a/b/two.txt"]],
    [(drive, id) => drive.remove(id("a")), ["Delete a"]]
  ],
  [
    "a shortcut whose target is in the trash as it is",
    [
      (drive, id) => drive.createShortcut(id("d"), { name: "sd", parent: id("a") }),
      ["Upsert a/sd/e/five.txt", "Upsert a/sd/four.txt"]
    ],
    [() => Effect.void, []],
    [(drive, id) => drive.trash(id("d")), []],
    [(drive, id) => drive.remove(id("d")), ["Delete d", "Delete sd", "Skip a/sd (shortcut-dangling)"]]
  ]
]

/** Of a folder with a file of Bob's, and a shared drive beside. */
const ofMine: Setup = (drive) =>
  Effect.gen(function* () {
    const { id, taken } = yield* twoFolders(drive)
    const films = yield* drive.createDrive("Films", { members: { [drive.oauth.account]: "writer" } })
    const bobs = yield* drive.createFolder("bobs", { owner: "bob@example.com", parents: [taken] })
    yield* drive.createFile({ name: "bob.txt", owner: "bob@example.com", parents: [bobs] })
    yield* drive.createFile({ name: "mine.txt", parents: [bobs] })
    const items = new Map((yield* drive.items()).map((item) => [item.name, item.id]))
    return {
      id: (name) => items.get(name) ?? id(name),
      options: { from: { folders: [taken] }, ownedBy: ["me"] },
      drives: new Map([["Films", films]])
    }
  })

const owned: ReadonlyArray<Scenario> = [
  [
    "a file of the account's, and one of somebody else's as gone",
    [(drive, id) => drive.updateContent(id("mine.txt"), "other"), ["Upsert bobs/mine.txt"]],
    [(drive, id) => drive.updateContent(id("bob.txt"), "other"), ["Delete bob.txt"]],
    [(drive, id) => drive.rename(id("bobs"), "box"), ["Upsert box/mine.txt"]]
  ],
  [
    // Through a shared drive, whose files belong to nobody.
    "a file that changes its owner",
    [(drive, id) => drive.setParents(id("one.txt"), [id("Films")]), ["Delete one.txt"]],
    [(drive, id) => drive.setParents(id("one.txt"), [id("bobs")]), ["Delete one.txt"]],
    [(drive, id) => drive.setParents(id("one.txt"), [id("Films")]), ["Delete one.txt"]],
    [(drive, id) => drive.setParents(id("one.txt"), [id("a")]), ["Upsert a/one.txt"]]
  ],
  [
    "a file that changes its owner where it is",
    [
      (drive, id) =>
        Effect.andThen(drive.setParents(id("mine.txt"), [id("Films")]), drive.setParents(id("mine.txt"), [id("bobs")])),
      ["Delete mine.txt"]
    ]
  ]
]

const below: ReadonlyArray<Scenario> = [
  [
    "a folder that is given another name than is wanted, and back",
    [(drive, id) => drive.rename(id("a"), "z"), ["Delete z"]],
    [(drive, id) => drive.rename(id("a"), "a"), ["Upsert a/b/two.txt", "Upsert a/one.txt"]]
  ],
  [
    "a folder that moves to where nothing is wanted, and back",
    [(drive, id) => drive.setParents(id("b"), [id("c")]), ["Delete b"]],
    [(drive, id) => drive.setParents(id("b"), [id("a")]), ["Upsert a/b/two.txt"]],
    [(drive, id) => drive.setParents(id("c"), [id("b")]), ["Upsert a/b/c/three.txt"]]
  ]
]

const files: Setup = (drive) =>
  Effect.map(twoFolders(drive), ({ id }) => ({ id, options: { from: { files: [id("one.txt"), id("out.txt")] } } }))

const named: ReadonlyArray<Scenario> = [
  [
    "a file that is named",
    [(drive, id) => drive.updateContent(id("one.txt"), "other"), ["Upsert one.txt"]],
    [(drive, id) => drive.rename(id("one.txt"), "first.txt"), ["Upsert first.txt"]],
    [(drive, id) => drive.setParents(id("first.txt"), [id("beside")]), ["Upsert first.txt"]],
    [(drive, id) => drive.trash(id("first.txt")), ["Delete first.txt"]],
    [(drive, id) => drive.untrash(id("first.txt")), ["Upsert first.txt"]]
  ],
  ["another file as gone", [(drive, id) => drive.updateContent(id("two.txt"), "other"), ["Delete two.txt"]]]
]

const roots: Setup = (drive) =>
  Effect.map(twoFolders(drive), ({ beside, id, taken }) => ({ id, options: { from: { folders: [taken, beside] } } }))

const d = (root: string) => [`Upsert ${root}/d/e/five.txt`, `Upsert ${root}/d/four.txt`]
const several: ReadonlyArray<Scenario> = [
  [
    // Before its log is read, and once more when that tells of it.
    "one of several folders that is renamed, with all that is in it",
    [
      (drive, id) => drive.rename(id("beside"), "other"),
      [...d("other"), "Upsert other/out.txt", ...d("other"), "Upsert other/out.txt"].toSorted()
    ]
  ],
  [
    "what moves from one of several folders to another",
    [(drive, id) => drive.setParents(id("d"), [id("taken")]), d("taken")],
    [(drive, id) => drive.setParents(id("top.txt"), [id("beside")]), ["Upsert beside/top.txt"]]
  ]
]

describe("Follow, with what is in the trash,", () => scenarios(ofTaken({ includeTrashed: true }), withTrash))
describe("Follow, of what the account owns,", () => scenarios(ofMine, owned))
describe("Follow, below a beginning of paths,", () => scenarios(ofTaken({}, { pathPrefixes: ["a/"] }), below))
describe("Follow, of files by name,", () => scenarios(files, named))
describe("Follow, of several folders,", () => scenarios(roots, several))
