import { assert, describe, it } from "@effect/vitest"
import type { DriveStandIn } from "@sluice/testkit/drive"
import { Effect } from "effect"
import { Credentials, Drive } from "../src/index.ts"
import { reach } from "./bench.ts"
import { failure, listed, open, swept } from "./sweeping.ts"

type StandIn = DriveStandIn.DriveStandIn

/** A folder with a file in it, and one below. */
const folder = Effect.fnUntraced(function* (
  drive: StandIn,
  name: string,
  where: { readonly parent?: string; readonly owner?: string } = {}
) {
  const owned = where.owner === undefined ? {} : { owner: where.owner }
  const top = yield* drive.createFolder(name, {
    ...owned,
    ...(where.parent === undefined ? {} : { parents: [where.parent] })
  })
  yield* drive.createFile({ ...owned, name: `${name}.txt`, parents: [top] })
  const below = yield* drive.createFolder("below", { ...owned, parents: [top] })
  yield* drive.createFile({ ...owned, name: "deep.txt", parents: [below] })
  return { top, below }
})

describe("Roots, of folders,", () => {
  it.live("are not in the paths of what is in them where there is one", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { top } = yield* folder(drive, "a")
      assert.deepStrictEqual(yield* swept({ from: { folders: [top] } }, live), [
        "Upsert a.txt",
        "Upsert below/deep.txt"
      ])
    })
  )

  it.live("are in the paths of what is in them where there are several", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const [a, b] = [yield* folder(drive, "a"), yield* folder(drive, "b/c")]
      yield* drive.forgetRequests
      assert.deepStrictEqual(
        yield* swept({ from: { folders: [a.top, b.top] } }, live),
        ["Upsert a/a.txt", "Upsert a/below/deep.txt", "Upsert b／c/below/deep.txt", "Upsert b／c/b／c.txt"].toSorted()
      )
      assert.deepStrictEqual(yield* listed(drive), [
        ["a", "b/c"],
        ["below", "below"]
      ])
    })
  )

  it.live.each([
    ["twice", ({ top }) => [top, top]],
    ["and one in it", ({ below, top }) => [top, below]],
    ["and one in it, that one first", ({ below, top }) => [below, top]],
    ["and one far below it", ({ deepest, top }) => [deepest, top]],
    ["and a shortcut to it", ({ shortcut, top }) => [top, shortcut]],
    ["and two shortcuts to one in it", ({ inner, top }) => [inner, top, inner]]
  ] as const satisfies ReadonlyArray<
    readonly [
      string,
      (ids: Readonly<Record<"top" | "below" | "deepest" | "shortcut" | "inner", string>>) => ReadonlyArray<string>
    ]
  >)("are taken once where a folder is named %s", ([, named]) =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const ids = yield* folder(drive, "a")
      let deepest = ids.below
      for (const name of ["1", "2", "3"]) deepest = yield* drive.createFolder(name, { parents: [deepest] })
      const shortcut = yield* drive.createShortcut(ids.top)
      const inner = yield* drive.createShortcut(ids.below)
      assert.deepStrictEqual(yield* swept({ from: { folders: named({ ...ids, deepest, shortcut, inner }) } }, live), [
        "Upsert a.txt",
        "Upsert below/deep.txt"
      ])
    })
  )

  it.live("are named by the addresses that a browser shows, with their keys", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const [, bob = ""] = drive.accounts
      const { top } = yield* folder(drive, "a", { owner: bob })
      yield* drive.update(top, { demandsResourceKey: true, resourceKey: "0-key" })
      yield* drive.share(top, { type: "anyone", role: "reader" })
      const address = `https://drive.google.com/drive/folders/${top}`
      assert.strictEqual((yield* failure({ from: { folders: [address] } }, live)).reason._tag, "Missing")
      const said = yield* swept({ from: { folders: [`${address}?resourcekey=0-key&usp=sharing`] } }, live)
      assert.deepStrictEqual(said, ["Upsert a.txt", "Upsert below/deep.txt"])
    })
  )

  it.live("are those that shortcuts lead to", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const [a, b] = [yield* folder(drive, "a"), yield* folder(drive, "b")]
      const shortcut = yield* drive.createShortcut(a.top, { name: "another name" })
      const said = yield* swept({ from: { folders: [shortcut, b.below] } }, live)
      assert.deepStrictEqual(said, ["Upsert a/a.txt", "Upsert a/below/deep.txt", "Upsert below/deep.txt"])
    })
  )

  it.live("are what a service account was given, and no more", () =>
    Effect.gen(function* () {
      const { drive } = yield* open()
      const [a, b] = [yield* folder(drive, "a"), yield* folder(drive, "b")]
      yield* drive.share(a.top, { role: "reader", emailAddress: drive.serviceAccount.clientEmail })
      const live = Drive.layer(reach(drive))
      assert.deepStrictEqual(yield* swept({ from: { folders: [a.top] } }, live), [
        "Upsert a.txt",
        "Upsert below/deep.txt"
      ])
      assert.strictEqual((yield* failure({ from: { folders: [a.top, b.top] } }, live)).reason._tag, "Missing")
    })
  )

  it.live.each([
    ["that is not there", "Missing", /does not exist or is not shared/, () => Effect.succeed("1NobodysIdThatNeverWas")],
    [
      "that is somebody else's",
      "Missing",
      /does not exist or is not shared/,
      (drive) => drive.createFolder("bob's", { owner: drive.accounts[1] ?? "" })
    ],
    [
      "that is in the trash",
      "Missing",
      /is in the trash: restore it, or name another folder$/,
      (drive) => Effect.tap(drive.createFolder("gone"), drive.trash)
    ],
    [
      "that is a file",
      "Misconfigured",
      /^`from.folders`: \S+ \(a.txt\) is a file: name the folder it is in, or take it with/,
      (drive) => drive.createFile({ name: "a.txt" })
    ],
    [
      "that is a shortcut to a file",
      "Misconfigured",
      /\(a.txt\) is a file/,
      (drive) => Effect.flatMap(drive.createFile({ name: "a.txt" }), (id) => drive.createShortcut(id))
    ],
    [
      "that is a shortcut to nothing",
      "Missing",
      /does not exist or is not shared/,
      (drive) => drive.createShortcut("1NobodysIdThatNeverWas")
    ]
  ] as const satisfies ReadonlyArray<
    readonly [string, string, RegExp, (drive: StandIn) => Effect.Effect<string, DriveStandIn.StandInError>]
  >)("fail where one is named %s", ([, reason, message, make]) =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { top } = yield* folder(drive, "a")
      const error = yield* failure({ from: { folders: [top, yield* make(drive)] } }, live)
      assert.strictEqual(error.reason._tag, reason)
      assert.match(error.message, message)
    })
  )

  it.live("may be in the trash where that is asked for", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { top } = yield* folder(drive, "a")
      yield* drive.trash(top)
      assert.deepStrictEqual(yield* swept({ from: { folders: [top] }, includeTrashed: true }, live), [
        "Upsert a.txt",
        "Upsert below/deep.txt"
      ])
    })
  )
})

describe("Roots, of drives,", () => {
  const films = Effect.fnUntraced(function* (drive: StandIn) {
    const id = yield* drive.createDrive("Films", { members: { [drive.oauth.account]: "reader" } })
    return { id, ...(yield* folder(drive, "a", { parent: id })) }
  })
  const inside = ["Upsert a/a.txt", "Upsert a/below/deep.txt"]

  it.live("are a shared drive by its id, its address, or as a folder", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { id } = yield* films(drive)
      yield* folder(drive, "beside")
      for (const from of [
        { sharedDrive: id },
        { sharedDrive: `https://drive.google.com/drive/folders/${id}` },
        { folders: [id] }
      ]) {
        yield* drive.forgetRequests
        assert.deepStrictEqual(yield* swept({ from }, live), inside)
        const corpora = (yield* drive.requests)
          .filter(({ operation }) => operation === "files.list")
          .map(({ query: { corpora, driveId } }) => [corpora, driveId])
        assert.deepStrictEqual(corpora, [
          ["drive", id],
          ["drive", id],
          ["drive", id]
        ])
      }
    })
  )

  it.live("are a folder of a shared drive, for its members and for those that it is shared with", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { id, top } = yield* films(drive)
      assert.deepStrictEqual(yield* swept({ from: { folders: [top] } }, live), [
        "Upsert a.txt",
        "Upsert below/deep.txt"
      ])
      yield* drive.share(top, { role: "reader", emailAddress: drive.serviceAccount.clientEmail })
      const other = Drive.layer(reach(drive))
      yield* drive.forgetRequests
      assert.deepStrictEqual(yield* swept({ from: { folders: [top] } }, other), [
        "Upsert a.txt",
        "Upsert below/deep.txt"
      ])
      const lists = (yield* drive.requests).filter(({ operation }) => operation === "files.list")
      assert.deepStrictEqual(new Set(lists.map(({ query }) => query["corpora"])), new Set([undefined]))
      assert.strictEqual((yield* failure({ from: { sharedDrive: id } }, other)).reason._tag, "Missing")
    })
  )

  it.live("fail where the shared drive is not there, and take an empty one for empty", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      assert.strictEqual((yield* failure({ from: { sharedDrive: "0ANobodysDrive" } }, live)).reason._tag, "Missing")
      const id = yield* drive.createDrive("Empty", { members: { [drive.oauth.account]: "reader" } })
      assert.deepStrictEqual(yield* swept({ from: { sharedDrive: id } }, live), [])
    })
  )

  it.live("are the account's own drive, and nothing of others", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const [ada = "", bob = ""] = drive.accounts
      yield* films(drive)
      yield* folder(drive, "mine")
      const { top } = yield* folder(drive, "bob's", { owner: bob })
      yield* drive.share(top, { role: "reader", emailAddress: ada })
      yield* drive.createFile({ name: "nowhere.txt", parents: [] })
      assert.deepStrictEqual(yield* swept({ from: "my-drive" }, live), [
        "Upsert mine/below/deep.txt",
        "Upsert mine/mine.txt"
      ])
    })
  )

  it.live("are the drive of whom a service account acts for", () =>
    Effect.gen(function* () {
      const { drive } = yield* open({ delegation: true })
      const [, bob = ""] = drive.accounts
      yield* folder(drive, "mine")
      yield* folder(drive, "bob's", { owner: bob })
      const live = Drive.layer(
        reach(drive, {
          credentials: Credentials.ServiceAccount({ key: { json: drive.serviceAccount.keyJson }, impersonate: bob })
        })
      )
      assert.deepStrictEqual(yield* swept({ from: "my-drive" }, live), [
        "Upsert bob's/below/deep.txt",
        "Upsert bob's/bob's.txt"
      ])
    })
  )
})

describe("Roots", () => {
  it.live("are looked at once more in the end: one that was lost by then is not empty", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const [a, b] = [yield* folder(drive, "a"), yield* folder(drive, "b")]
      yield* drive.forgetRequests
      let gets = 0
      yield* drive.beforeRequest(({ id, operation }) =>
        operation === "files.get" && id === b.top && ++gets === 2 ? Effect.orDie(drive.remove(b.top)) : Effect.void
      )
      const error = yield* failure({ from: { folders: [a.top, b.top] } }, live)
      assert.strictEqual(error.reason._tag, "Missing")
      assert.include(error.message, b.top)
    })
  )
})
