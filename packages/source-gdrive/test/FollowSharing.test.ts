import { describe } from "@effect/vitest"
import type { DriveStandIn } from "@sluice/testkit/drive"
import { Effect } from "effect"
import { twoFolders } from "./following.ts"
import { type Edit, ofTaken, type Scenario, scenarios, type Setup } from "./scenarios.ts"

const bob = "bob@example.com"

/** What Bob has: a file and a folder with a file in it, both shared with the account, and one of each that is not. */
const bobs = Effect.fnUntraced(function* (drive: DriveStandIn.DriveStandIn) {
  const { id, taken } = yield* twoFolders(drive)
  const reader = { role: "reader", emailAddress: drive.oauth.account } as const
  const file = (name: string, parent?: string) =>
    drive.createFile({ name, owner: bob, content: name, ...(parent === undefined ? {} : { parents: [parent] }) })
  const folder = (name: string) => drive.createFolder(name, { owner: bob })
  yield* drive.share(yield* file("shared.txt"), reader)
  yield* file("secret.txt")
  const shared = yield* folder("box")
  yield* drive.share(shared, reader)
  yield* file("boxed.txt", shared)
  const secret = yield* folder("safe")
  yield* file("safe.txt", secret)
  const items = new Map((yield* drive.items()).map((item) => [item.name, item.id]))
  return { id: (name: string) => items.get(name) ?? id(name), taken }
})

const share =
  (name: string): Edit =>
  (drive, id) =>
    drive.share(id(name), { role: "reader", emailAddress: drive.oauth.account })
const unshare =
  (name: string): Edit =>
  (drive, id) =>
    drive.unshare(id(name), drive.oauth.account)

const sharedWithMe: Setup = (drive) =>
  Effect.map(bobs(drive), ({ id }) => ({ id, options: { from: "shared-with-me" } }))

const shared: ReadonlyArray<Scenario> = [
  [
    "a file that is shared, changed, and no longer shared",
    [share("secret.txt"), ["Upsert secret.txt"]],
    [(drive, id) => drive.updateContent(id("secret.txt"), "other"), ["Upsert secret.txt"]],
    [unshare("secret.txt"), ["Delete secret.txt"]],
    [share("secret.txt"), ["Upsert secret.txt"]]
  ],
  [
    "a folder that is shared, with what is in it, and no longer shared",
    [share("safe"), ["Upsert safe/safe.txt"]],
    [(drive, id) => drive.updateContent(id("safe.txt"), "other"), ["Upsert safe/safe.txt"]],
    [(drive, id) => drive.rename(id("safe"), "vault"), ["Upsert vault/safe.txt"]],
    [unshare("vault"), ["Delete vault"]]
  ],
  [
    "what its owner moves into a shared folder, and out",
    [(drive, id) => drive.setParents(id("secret.txt"), [id("box")]), ["Upsert box/secret.txt"]],
    [(drive, id) => drive.setParents(id("secret.txt"), [id("safe")]), ["Delete secret.txt"]],
    [
      (drive, id) => drive.setParents(id("safe"), [id("box")]),
      ["Upsert box/safe/safe.txt", "Upsert box/safe/secret.txt"]
    ],
    [(drive, id) => drive.setParents(id("shared.txt"), [id("safe")]), ["Upsert box/safe/shared.txt"]]
  ],
  [
    "what is the account's own as gone",
    [(drive, id) => drive.updateContent(id("one.txt"), "other"), ["Delete one.txt"]]
  ]
]

const shortcut =
  (target: string, name: string): Edit =>
  (drive, id) =>
    drive.createShortcut(id(target), { name, parent: id("a") })

const toBobs: Setup = (drive) =>
  Effect.map(bobs(drive), ({ id, taken }) => ({ id, options: { from: { folders: [taken] } } }))

const led: ReadonlyArray<Scenario> = [
  [
    "a shortcut to a file that is no longer shared, and shared again",
    [shortcut("shared.txt", "s.txt"), ["Upsert a/s.txt"]],
    [unshare("shared.txt"), ["Delete shared.txt", "Skip a/s.txt (shortcut-dangling)"]],
    [share("shared.txt"), ["Delete shared.txt", "Upsert a/s.txt"]]
  ],
  [
    "a shortcut to a folder that is no longer shared, and shared again",
    [shortcut("box", "sb"), ["Upsert a/sb/boxed.txt"]],
    [unshare("box"), ["Delete box", "Delete sb", "Skip a/sb (shortcut-dangling)"]],
    [share("box"), ["Upsert a/sb/boxed.txt"]]
  ],
  [
    "a shortcut to what is in a folder that is no longer shared",
    [shortcut("boxed.txt", "s.txt"), ["Upsert a/s.txt"]],
    [unshare("box"), ["Delete box", "Skip a/s.txt (shortcut-dangling)"]],
    [share("box"), ["Delete box", "Upsert a/s.txt"]]
  ]
]

const reader = { role: "reader", emailAddress: "cy@example.com" } as const
const all = ["Upsert a/b/two.txt", "Upsert a/one.txt", "Upsert c/three.txt", "Upsert top.txt"]

const withPermissions: ReadonlyArray<Scenario> = [
  [
    "a file that is shared with somebody, and no longer",
    [(drive, id) => drive.share(id("one.txt"), reader), ["Upsert a/one.txt"]],
    [(drive, id) => drive.unshare(id("one.txt"), reader.emailAddress), ["Upsert a/one.txt"]]
  ],
  [
    "all that is in a folder that is shared with somebody, and no longer",
    [(drive, id) => drive.share(id("a"), reader), ["Upsert a/b/two.txt", "Upsert a/one.txt"]],
    [(drive, id) => drive.unshare(id("a"), reader.emailAddress), ["Upsert a/b/two.txt", "Upsert a/one.txt"]]
  ],
  [
    "what moves to a folder that others see",
    [(drive, id) => drive.share(id("c"), reader), ["Upsert c/three.txt"]],
    [(drive, id) => drive.setParents(id("b"), [id("c")]), ["Upsert c/b/two.txt"]]
  ],
  [
    // Before its log is read, and once more when that tells of it.
    "all that is in the folder that is taken, when that is shared",
    [(drive, id) => drive.share(id("taken"), reader), [...all, ...all].toSorted()]
  ],
  [
    "all that is in the folder that is taken, when one above it is shared",
    [(drive, id) => drive.setParents(id("taken"), [id("beside")]), []],
    [(drive, id) => drive.share(id("beside"), reader), ["Delete beside", ...all]]
  ]
]

/** Of a shared drive with a file. */
const sharedDrive: Setup = (drive) =>
  Effect.gen(function* () {
    const films = yield* drive.createDrive("Films", { members: { [drive.oauth.account]: "reader" } })
    yield* drive.createFile({ name: "film.mov", parents: [films] })
    const id = () => films
    return { id, options: { from: { sharedDrive: films }, attributes: ["permissions"] } }
  })

const membership: ReadonlyArray<Scenario> = [
  [
    "all that is in a shared drive that somebody joins, and leaves",
    [(drive, id) => drive.addMember(id("Films"), "cy@example.com"), ["Upsert film.mov"]],
    [(drive, id) => drive.removeMember(id("Films"), "cy@example.com"), ["Upsert film.mov"]]
  ]
]

const withoutPermissions: ReadonlyArray<Scenario> = [
  ["nothing of a folder that is shared with somebody", [(drive, id) => drive.share(id("a"), reader), []]],
  ["a file that is shared as it is", [(drive, id) => drive.share(id("one.txt"), reader), ["Upsert a/one.txt"]]]
]

describe("Follow, of what is shared with the account,", () => scenarios(sharedWithMe, shared))
describe("Follow, of shortcuts to what others have,", () => scenarios(toBobs, led))
describe("Follow, where permissions are asked for,", () =>
  scenarios(ofTaken({ attributes: ["permissions"] }), withPermissions))
describe("Follow, where permissions of a shared drive are asked for,", () => scenarios(sharedDrive, membership))
describe("Follow, where permissions are not asked for,", () => scenarios(ofTaken(), withoutPermissions))
