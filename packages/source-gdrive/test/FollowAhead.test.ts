import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { standIn } from "./bench.ts"
import { swept, twoFolders } from "./following.ts"
import type { Edit } from "./scenarios.ts"

/** Several, one after the other. */
const all =
  (...edits: ReadonlyArray<Edit>): Edit =>
  (drive, id) =>
    Effect.forEach(edits, (edit) => edit(drive, id), { discard: true })

const moveIn: Edit = (drive, id) => drive.setParents(id("d"), [id("b")])
const trashAbove: Edit = (drive, id) => drive.trash(id("a"))
const restoreAbove: Edit = (drive, id) => drive.untrash(id("a"))
const moveAbove: Edit = (drive, id) => drive.setParents(id("a"), [id("beside")])
const shortcut =
  (target: string, parent: string): Edit =>
  (drive, id) =>
    drive.createShortcut(id(target), { name: `to ${target}`, parent: id(parent) })

/** What was before, what a run that breaks takes, and what becomes of it before the next. */
const rows: ReadonlyArray<readonly [title: string, before: Edit, edit: Edit, after: Edit]> = [
  ["a folder that moves in, and a folder above it into the trash", all(), moveIn, trashAbove],
  ["a folder that moves in, and a folder above it out", all(), moveIn, moveAbove],
  ["a folder that is restored, and put in the trash again", trashAbove, restoreAbove, trashAbove],
  [
    "a folder that is restored, and the folder that it has moved into put in the trash",
    trashAbove,
    all(restoreAbove, (drive, id) => drive.setParents(id("a"), [id("c")])),
    (drive, id) => drive.trash(id("c"))
  ],
  [
    "a shortcut in a folder that is restored, whose file is elsewhere, and the folder put in the trash again",
    all(shortcut("out.txt", "b"), trashAbove),
    all(
      restoreAbove,
      (drive, id) => drive.rename(id("beside"), "z"),
      (drive, id) => drive.setParents(id("c"), [id("beside")])
    ),
    trashAbove
  ],
  [
    "a shortcut in a folder that is restored, whose file is elsewhere, and the folder between put in the trash",
    all(shortcut("out.txt", "b"), trashAbove),
    all(restoreAbove, (drive, id) => drive.rename(id("beside"), "z")),
    (drive, id) => drive.trash(id("b"))
  ],
  [
    "what a shortcut in a folder that is restored leads to, and the folder put in the trash again",
    all(shortcut("d", "b"), trashAbove),
    all(restoreAbove, (drive, id) => drive.setParents(id("c"), [id("beside")])),
    trashAbove
  ],
  ["what a new shortcut leads to, and a folder above it put in the trash", all(), shortcut("d", "b"), trashAbove],
  [
    "what a new shortcut leads to, and that in the trash",
    all(),
    shortcut("d", "b"),
    (drive, id) => drive.trash(id("beside"))
  ],
  [
    "a file in a folder that has moved in, and a folder above it in the trash",
    all(),
    all(moveIn, (drive, id) => drive.updateContent(id("five.txt"), "new")),
    trashAbove
  ],
  ["a folder that moves in, and moves on within", all(), moveIn, (drive, id) => drive.setParents(id("d"), [id("c")])],
  ["a folder that moves in and stays", all(), moveIn, all()],
  [
    "a folder that is renamed, and named as it was",
    all(),
    (drive, id) => drive.rename(id("a"), "z"),
    (drive, id) => drive.rename(id("a"), "a")
  ]
]

describe("Follow, after a run that has delivered more than is settled,", () => {
  it.live.each(rows)("keeps what there is of %s", ([, before, edit, after]) =>
    Effect.gen(function* () {
      // The first page has no changes: nothing is delivered before it is settled.
      for (const settled of [1, 2, 3]) {
        for (let ahead = 1, isLast = false; !isLast; ahead++) {
          const { drive, live } = yield* standIn({ burst: 100_000, queriesPerMinute: 1_000_000 })
          const { id, taken } = yield* twoFolders(drive)
          const source = yield* swept(drive, live, { from: { folders: [taken] } })
          yield* before(drive, id)
          yield* source.follow
          yield* edit(drive, id)
          isLast = (yield* source.followPart(settled, ahead)) < settled + ahead
          yield* after(drive, id)
          yield* source.follow
        }
      }
    })
  )
})
