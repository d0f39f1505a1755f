import { assert, describe, it } from "@effect/vitest"
import type { Change } from "@sluice/core"
import { type DriveStandIn, Fault } from "@sluice/testkit/drive"
import { Effect } from "effect"
import type { DriveSource } from "../src/index.ts"
import { failure, inAnswersOf, open, swept } from "./sweeping.ts"
import { cursorsOf, pages } from "./tree.ts"

type StandIn = DriveStandIn.DriveStandIn

/** A shared drive with a file in a folder; of Ada's if she is a member. */
const films = Effect.fnUntraced(function* (drive: StandIn, name: string, isMember = true) {
  const id = yield* drive.createDrive(name, isMember ? { members: { [drive.oauth.account]: "reader" } } : {})
  const folder = yield* drive.createFolder("folder", { parents: [id] })
  const file = yield* drive.createFile({ name: `${name}.mp4`, parents: [folder] })
  return { id, folder, file }
})

/** Logs whose beginning was said, in this order. */
const begun = (found: ReadonlyArray<Change.Page>) =>
  found.flatMap(({ follows, range }) => (follows === true ? [range.replace("changes/", "")] : []))

/** Where logs were asked for: `user`, or a shared drive, in this order. */
const asked = (drive: StandIn) =>
  Effect.map(drive.requests, (all) =>
    all.flatMap(({ operation, query, status }) =>
      operation === "changes.getStartPageToken" && status === 200 ? [query["driveId"] ?? "user"] : []
    )
  )

describe("Feeds", () => {
  it.live("begin before anything of their drive is listed, and are said first", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const root = yield* drive.createFolder("root")
      yield* drive.createFile({ name: "a.txt", parents: [root] })
      yield* drive.forgetRequests
      const found = yield* pages({ from: { folders: [root] } }, live)
      assert.deepStrictEqual(
        (yield* drive.requests).map(({ operation }) => operation),
        ["token", "files.get", "changes.getStartPageToken", "files.list", "files.get"]
      )
      const [first, ...others] = found
      assert.deepInclude(first, { range: "changes/user", follows: true, changes: [] })
      assert.deepStrictEqual(begun(others), [])
      // From a position; and whatever the log says of what was there, until it was read beyond this sweep, counts.
      const { s: _, ...feed }: Record<string, unknown> = JSON.parse(first?.cursor ?? "{}")
      assert.deepStrictEqual(Object.keys(feed).toSorted(), ["d", "t"])
      assert.deepStrictEqual(feed["d"], ["*"])
    })
  )

  it.live.each([
    ["of folders of the account's", ({ root }) => ({ folders: [root] }), () => ["user"]],
    ["of a shared drive", ({ one }) => ({ sharedDrive: one.id }), ({ one }) => [one.id]],
    ["of a folder of a shared drive", ({ one }) => ({ folders: [one.folder] }), ({ one }) => [one.id]],
    [
      "of folders of several drives, once each",
      ({ one, root, two }) => ({ folders: [one.folder, root, two.folder, one.id] }),
      ({ one, two }) => ["user", two.id, one.id]
    ],
    ["of My Drive", () => "my-drive", () => ["user"]],
    ["of what is shared with the account", () => "shared-with-me", () => ["user"]],
    ["of everything", () => "everything", ({ one, two }) => ["user", one.id, two.id]],
    ["of files of the account's", ({ file }) => ({ files: [file] }), () => ["user"]],
    [
      "of files of shared drives",
      ({ one, two }) => ({ files: [one.file, two.file] }),
      ({ one, two }) => ["user", one.id, two.id]
    ]
  ] as const satisfies ReadonlyArray<
    readonly [string, (tree: Tree) => DriveSource.From, (tree: Tree) => ReadonlyArray<string>]
  >)("are those %s", ([, from, expected]) =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const root = yield* drive.createFolder("root")
      const file = yield* drive.createFile({ name: "a.txt", parents: [root] })
      const tree = { root, file, one: yield* films(drive, "One"), two: yield* films(drive, "Two") }
      yield* drive.forgetRequests
      const found = yield* pages({ from: from(tree) }, live)
      assert.sameMembers([...begun(found)], [...expected(tree)])
      assert.deepStrictEqual(yield* asked(drive), begun(found))
    })
  )

  it.live("of a shared drive whose member the account is not are the account's own", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { folder } = yield* films(drive, "Theirs", false)
      yield* drive.share(folder, { role: "reader", emailAddress: drive.oauth.account })
      yield* drive.forgetRequests
      const found = yield* pages({ from: { folders: [folder] } }, live)
      assert.deepStrictEqual(begun(found), ["user"])
      assert.deepStrictEqual(yield* asked(drive), ["user"])
    })
  )

  it.live("of what shortcuts lead to begin before that is read", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const [one, theirs] = [yield* films(drive, "One"), yield* films(drive, "Theirs", false)]
      const root = yield* drive.createFolder("root")
      yield* drive.share(theirs.file, { role: "reader", emailAddress: drive.oauth.account })
      for (const [name, target] of Object.entries({
        one: one.file,
        again: one.file,
        folder: one.folder,
        theirs: theirs.file
      })) {
        yield* drive.createShortcut(target, { name, parent: root })
      }
      yield* drive.forgetRequests
      // What leads there is read once more after its log has begun: it may have changed in between.
      let renamed = false
      yield* drive.beforeRequest(({ operation, query }) => {
        if (renamed || operation !== "changes.getStartPageToken" || query["driveId"] !== one.id) return Effect.void
        renamed = true
        return Effect.orDie(drive.updateContent(one.file, "newer"))
      })
      const found = yield* pages({ from: { folders: [root] } }, live)
      assert.deepStrictEqual(begun(found), ["user", one.id])
      assert.deepStrictEqual(yield* asked(drive), ["user", one.id])
      const sizes = found.flatMap(({ changes }) =>
        changes.flatMap((change) => (change._tag === "Upsert" ? [[change.file.path, change.file.size]] : []))
      )
      assert.deepStrictEqual(sizes.toSorted(), [
        ["again", 5],
        ["folder/One.mp4", 5],
        ["one", 5],
        ["theirs", 0]
      ])
    })
  )

  it.live("that have begun do not begin again when a sweep goes on", () =>
    Effect.gen(function* () {
      const { drive, live: all } = yield* open()
      const live = inAnswersOf(1, all)
      const [one, two] = [yield* films(drive, "One"), yield* films(drive, "Two")]
      const options: DriveSource.Options = { from: { folders: [one.id, two.id] } }
      const found = yield* pages(options, live)
      const first = found.slice(0, 1)
      assert.deepStrictEqual(begun(first), [one.id])
      yield* drive.forgetRequests
      assert.deepStrictEqual(begun(yield* pages(options, live, { resume: cursorsOf(first) })), [two.id])
      assert.deepStrictEqual(begun(yield* pages(options, live, { resume: cursorsOf(found) })), [])
      assert.deepStrictEqual(yield* asked(drive), [two.id])
    })
  )

  it.live.each([
    ["notFound", "begins"],
    ["teamDriveMembershipRequired", "begins"],
    ["insufficientFilePermissions", "begins"],
    ["backendError", "Unavailable"],
    ["authError", "Unauthorized"],
    ["domainPolicy", "Unauthorized"],
    ["dailyLimitExceeded", "Misconfigured"]
  ] as const)("where a shared drive's does not begin (%s): the account's %s", ([reason, expected]) =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const one = yield* films(drive, "One")
      const options: DriveSource.Options = { from: { folders: [one.folder] } }
      // The account's own is the second to be asked for.
      const isClosed = expected === "begins"
      yield* drive.faults.set([
        Fault.refuse(reason, {
          operations: ["changes.getStartPageToken"],
          ...(isClosed ? { next: 1 } : {})
        })
      ])
      if (isClosed) {
        assert.deepStrictEqual(begun(yield* pages(options, live)), ["user"])
        assert.deepStrictEqual(yield* swept(options, live), ["Upsert One.mp4"])
      } else {
        assert.strictEqual((yield* failure(options, live)).reason._tag, expected)
      }
    })
  )

  it.live("of a shared drive that is taken as a whole have to begin", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { folder, id } = yield* films(drive, "Theirs", false)
      yield* drive.share(folder, { role: "reader", emailAddress: drive.oauth.account })
      assert.strictEqual((yield* failure({ from: { sharedDrive: id } }, live)).reason._tag, "Missing")
    })
  )
})

interface Tree {
  readonly root: string
  readonly file: string
  readonly one: { readonly id: string; readonly folder: string; readonly file: string }
  readonly two: { readonly id: string; readonly folder: string; readonly file: string }
}
