import { describe } from "@effect/vitest"
import { Effect } from "effect"
import { twoFolders } from "./following.ts"
import { type Scenario, scenarios, type Setup } from "./scenarios.ts"
import { folderOf } from "./tree.ts"

/** Two folders in My Drive, and two shared drives with a file in each and a folder in one. */
const withDrives =
  (
    from: (ids: ReadonlyMap<string, string>) => "everything" | { sharedDrive: string } | { folders: Array<string> }
  ): Setup =>
  (drive) =>
    Effect.gen(function* () {
      const { id, taken } = yield* twoFolders(drive)
      const members = { [drive.oauth.account]: "reader" } as const
      const films = yield* drive.createDrive("Films", { members })
      const plans = yield* drive.createDrive("Plans", { members })
      const reels = yield* folderOf(drive, [{ path: "sub/reel.mov", bytes: "reel" }], films)
      yield* drive.rename(reels.root, "reels")
      yield* drive.createFile({ name: "plan.txt", parents: [plans], content: "plan" })
      const drives = new Map([
        ["Films", films],
        ["Plans", plans],
        ["taken", taken]
      ])
      const items = new Map((yield* drive.items()).map((item) => [item.name, item.id]))
      return { id: (name) => items.get(name) ?? id(name), options: { from: from(drives) }, drives }
    })

const oneDrive: ReadonlyArray<Scenario> = [
  [
    "files of a shared drive",
    [(drive, id) => drive.updateContent(id("reel.mov"), "other"), ["Upsert reels/sub/reel.mov"]],
    [(drive, id) => drive.createFile({ name: "new.txt", parents: [id("Films")] }), ["Upsert new.txt"]],
    [(drive, id) => drive.trash(id("new.txt")), ["Delete new.txt"]],
    [(drive, id) => drive.remove(id("reel.mov")), ["Delete reel.mov"]]
  ],
  [
    "folders of a shared drive",
    [(drive, id) => drive.rename(id("sub"), "bus"), ["Upsert reels/bus/reel.mov"]],
    [(drive, id) => drive.setParents(id("bus"), [id("Films")]), ["Upsert bus/reel.mov"]],
    [(drive, id) => drive.trash(id("bus")), ["Delete bus"]],
    [(drive, id) => drive.untrash(id("bus")), ["Upsert bus/reel.mov"]]
  ],
  [
    "what moves between drives",
    [(drive, id) => drive.setParents(id("reel.mov"), [id("beside")]), ["Delete reel.mov"]],
    [(drive, id) => drive.setParents(id("plan.txt"), [id("sub")]), ["Upsert reels/sub/plan.txt"]],
    [(drive, id) => drive.setParents(id("d"), [id("reels")]), ["Upsert reels/d/e/five.txt", "Upsert reels/d/four.txt"]],
    [(drive, id) => drive.setParents(id("d"), [id("Plans")]), ["Delete d"]]
  ],
  ["nothing where the shared drive is renamed", [(drive, id) => drive.renameDrive(id("Films"), "Movies"), []]],
  ["nothing of other drives", [(drive, id) => drive.updateContent(id("plan.txt"), "other"), []]]
]

const myDrive = (...paths: ReadonlyArray<string>) => paths.map((path) => `Upsert My Drive/${path}`)

const everything: ReadonlyArray<Scenario> = [
  [
    "files of any drive",
    [(drive, id) => drive.updateContent(id("reel.mov"), "other"), ["Upsert Films/reels/sub/reel.mov"]],
    [(drive, id) => drive.updateContent(id("plan.txt"), "other"), ["Upsert Plans/plan.txt"]],
    [(drive, id) => drive.updateContent(id("out.txt"), "other"), myDrive("beside/out.txt")],
    [(drive, id) => drive.trash(id("a")), ["Delete a"]],
    [(drive, id) => drive.untrash(id("a")), myDrive("taken/a/b/two.txt", "taken/a/one.txt")]
  ],
  [
    "what moves between drives",
    [
      (drive, id) => drive.setParents(id("reel.mov"), [id("Plans")]),
      ["Upsert Plans/reel.mov", "Upsert Plans/reel.mov"]
    ],
    [
      (drive, id) => drive.setParents(id("d"), [id("Films")]),
      ["Upsert Films/d/e/five.txt", "Upsert Films/d/e/five.txt", "Upsert Films/d/four.txt", "Upsert Films/d/four.txt"]
    ],
    [(drive, id) => drive.setParents(id("sub"), [id("taken")]), []]
  ],
  [
    "a shared drive that is renamed, with all that is in it",
    [(drive, id) => drive.renameDrive(id("Films"), "Movies"), ["Upsert Movies/reels/sub/reel.mov"]]
  ],
  [
    "a shared drive that the account joins",
    [
      (drive) =>
        Effect.gen(function* () {
          const made = yield* drive.createDrive("New", { members: { [drive.oauth.account]: "reader" } })
          yield* drive.createFile({ name: "new.txt", parents: [made] })
        }),
      ["Upsert New/new.txt"]
    ],
    [(drive, id) => drive.rename(id("new.txt"), "newer.txt"), ["Upsert New/newer.txt"]]
  ],
  [
    "what somebody shares, and no longer does",
    [
      (drive) =>
        Effect.gen(function* () {
          const file = yield* drive.createFile({ name: "bob.txt", owner: "bob@example.com" })
          yield* drive.share(file, { role: "reader", emailAddress: drive.oauth.account })
        }),
      ["Upsert bob.txt"]
    ],
    [(drive, id) => drive.unshare(id("bob.txt"), drive.oauth.account), ["Delete bob.txt"]]
  ]
]

const shortcuts: ReadonlyArray<Scenario> = [
  [
    "a shortcut to a file in another drive, which changes there",
    [(drive, id) => drive.createShortcut(id("plan.txt"), { name: "s.txt", parent: id("a") }), ["Upsert a/s.txt"]],
    [(drive, id) => drive.updateContent(id("plan.txt"), "other"), ["Delete plan.txt", "Upsert a/s.txt"]],
    [(drive, id) => drive.trash(id("plan.txt")), ["Delete plan.txt", "Skip a/s.txt (shortcut-dangling)"]],
    [(drive, id) => drive.untrash(id("plan.txt")), ["Delete plan.txt", "Upsert a/s.txt"]]
  ],
  [
    "a shortcut to a folder in another drive, in which something changes",
    [(drive, id) => drive.createShortcut(id("reels"), { name: "sr", parent: id("a") }), ["Upsert a/sr/sub/reel.mov"]],
    [(drive, id) => drive.updateContent(id("reel.mov"), "other"), ["Upsert a/sr/sub/reel.mov"]],
    [(drive, id) => drive.rename(id("sub"), "bus"), ["Upsert a/sr/bus/reel.mov"]],
    [(drive, id) => drive.trash(id("reels")), ["Delete reels", "Delete sr", "Skip a/sr (shortcut-dangling)"]],
    [(drive, id) => drive.untrash(id("reels")), ["Upsert a/sr/bus/reel.mov"]]
  ]
]

describe("Follow, of one shared drive,", () =>
  scenarios(
    withDrives((ids) => ({ sharedDrive: ids.get("Films") ?? "" })),
    oneDrive
  ))
describe("Follow, of everything,", () =>
  scenarios(
    withDrives(() => "everything"),
    everything
  ))
describe("Follow, of shortcuts to other drives,", () =>
  scenarios(
    withDrives((ids) => ({ folders: [ids.get("taken") ?? ""] })),
    shortcuts
  ))
