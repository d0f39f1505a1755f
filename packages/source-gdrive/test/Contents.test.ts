import { assert, describe, it } from "@effect/vitest"
import type { SourceFile } from "@sluice/core"
import type { DriveStandIn } from "@sluice/testkit/drive"
import { Effect } from "effect"
import { Drive, type DriveSource } from "../src/index.ts"
import { reach } from "./bench.ts"
import { listed, open, swept } from "./sweeping.ts"
import { changesOf, filesOf, folderOf, lines, pages } from "./tree.ts"

type StandIn = DriveStandIn.DriveStandIn

/** What becomes of each kind of item, seen by its owner. */
const outcomes: Readonly<Record<DriveStandIn.SeededKind, string>> = {
  folder: "nothing",
  emptyFolder: "nothing",
  file: "Upsert",
  duplicateName: "Upsert",
  oddName: "Upsert",
  severalParents: "Upsert",
  noParents: "nothing",
  document: "Upsert application/pdf",
  spreadsheet: "Upsert application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  presentation: "Upsert application/pdf",
  drawing: "Upsert image/png",
  script: "Upsert application/vnd.google-apps.script+json",
  // How large an export is, and who takes a file for malware, is known when it is read.
  tooLargeToExport: "Upsert application/pdf",
  abusive: "Upsert",
  undownloadable: "Upsert",
  form: "Skip no-content",
  site: "Skip no-content",
  map: "Skip no-content",
  jam: "Skip not-exported",
  thirdParty: "Skip third-party",
  shortcutToFile: "Upsert",
  shortcutToFolder: "Skip shortcut-duplicate",
  shortcutLoop: "Skip shortcut-loop",
  shortcutDangling: "Skip shortcut-dangling",
  shortcutToOtherDrive: "Upsert",
  shortcutToKeyed: "Upsert",
  shortcutTarget: "nothing",
  trashed: "nothing",
  trashedFolder: "nothing",
  inTrashedFolder: "nothing"
}

describe("Contents", () => {
  it.live.each([
    ["My Drive", () => Effect.undefined],
    [
      "a shared drive",
      (drive: StandIn) => drive.createDrive("Films", { members: { [drive.oauth.account]: "organizer" } })
    ]
  ] as const)("make of each kind of item in %s what is to become of it", ([where, make]) =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const parent = yield* make(drive)
      const seeded = yield* drive.seed({
        files: 60,
        folders: 12,
        special: true,
        ...(parent === undefined ? {} : { parent })
      })
      const found = yield* pages({ from: parent === undefined ? "my-drive" : { sharedDrive: parent } }, live)
      const said = new Map<string, string>()
      for (const change of changesOf(found)) {
        if (change._tag === "Delete") assert.fail("nothing is gone")
        assert.isFalse(said.has(change.file.id), change.file.path)
        const what = change._tag === "Upsert" ? change.file.mimeType : change.reason.code
        said.set(change.file.id, `${change._tag} ${what}`)
      }
      const kinds = new Set<string>()
      for (const { id, kind, name } of seeded) {
        kinds.add(kind)
        const [outcome = "", what] = outcomes[kind].split(" ")
        const actual = said.get(id) ?? "nothing"
        assert.strictEqual(
          what === undefined ? actual.split(" ")[0] : actual,
          what === undefined ? outcome : outcomes[kind],
          `${kind} ${name}`
        )
        said.delete(id)
      }
      assert.deepStrictEqual([...said], [])
      const legacy = ["severalParents", "noParents"]
      assert.sameMembers(
        Object.keys(outcomes).filter((kind) => where === "My Drive" || !legacy.includes(kind)),
        [...kinds]
      )
    })
  )

  it.live("are nothing that is in the trash, by itself or with a folder, unless that is asked for", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { folders, ids, root } = yield* folderOf(
        drive,
        ["kept.txt", "gone.txt", "a/b/deep.txt"].map((path) => ({ path, bytes: path }))
      )
      yield* drive.trash(ids.get("gone.txt") ?? "")
      yield* drive.trash(folders.get("a") ?? "")
      const from = { folders: [root] }
      assert.deepStrictEqual(yield* swept({ from }, live), ["Upsert kept.txt"])
      assert.deepStrictEqual(yield* swept({ from, includeTrashed: true }, live), [
        "Upsert a/b/deep.txt",
        "Upsert gone.txt",
        "Upsert kept.txt"
      ])
    })
  )

  it.live.each([
    [["me"], ["Upsert a/of ada", "Upsert of ada"]],
    [["bob@example.com"], ["Upsert a/of bob", "Upsert of bob"]],
    [
      ["bob@example.com", "me"],
      ["Upsert a/of ada", "Upsert a/of bob", "Upsert of ada", "Upsert of bob"]
    ],
    [["nobody@example.com"], []]
  ] as const)("are of the owners that are asked for, in folders of whomever: %j", ([ownedBy, expected]) =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const [ada = "", bob = "", cy = ""] = drive.accounts
      const root = yield* drive.createFolder("root", { owner: cy })
      yield* drive.share(root, { role: "reader", emailAddress: ada })
      const below = yield* drive.createFolder("a", { owner: cy, parents: [root] })
      for (const parent of [root, below]) {
        yield* drive.createFile({ name: "of ada", owner: ada, parents: [parent] })
        yield* drive.createFile({ name: "of bob", owner: bob, parents: [parent] })
        yield* drive.createFile({ name: "of cy", owner: cy, parents: [parent] })
      }
      assert.deepStrictEqual(yield* swept({ from: { folders: [root] }, ownedBy }, live), expected)
    })
  )

  it.live.each([
    [["a/"], [["root"], ["a"], ["b", "bb"], ["c"]]],
    [["a/b/c/"], [["root"], ["a"], ["b"], ["c"]]],
    [["a/b/c/x"], [["root"], ["a"], ["b"], ["c"]]],
    [["a/b"], [["root"], ["a"], ["b", "bb"], ["c"]]],
    [
      ["d/", "a/bb/"],
      [["root"], ["a", "d"], ["bb"]]
    ],
    [["other/"], [["root"]]],
    [[""], [["root"], ["a", "aa", "d"], ["b", "bb"], ["c"]]]
  ] satisfies ReadonlyArray<readonly [ReadonlyArray<string>, ReadonlyArray<ReadonlyArray<string>>]>)(
    "are listed where something of them can be wanted: %j",
    ([pathPrefixes, expected]) =>
      Effect.gen(function* () {
        const { drive, live } = yield* open()
        const { root } = yield* folderOf(
          drive,
          ["a/b/c/1", "a/b/2", "a/bb/3", "a/4", "aa/5", "d/6"].map((path) => ({ path, bytes: path }))
        )
        yield* drive.forgetRequests
        const found = yield* pages({ from: { folders: [root] } }, live, { pathPrefixes })
        assert.deepStrictEqual(yield* listed(drive), expected)
        const wanted = filesOf(found).filter(({ path }) => pathPrefixes.some((prefix) => path.startsWith(prefix)))
        const files = ["a/4", "a/b/2", "a/b/c/1", "a/bb/3", "aa/5", "d/6"]
        assert.deepStrictEqual(
          wanted.map(({ path }) => path).toSorted(),
          files.filter((path) => pathPrefixes.some((prefix) => path.startsWith(prefix)))
        )
      })
  )
})

/** The fields of a file that requests of one operation name. */
const fields = (drive: StandIn, asked: "files.get" | "files.list") =>
  Effect.map(drive.requests, (all) => [
    ...new Set(all.flatMap(({ operation, query }) => (operation === asked ? [query["fields"] ?? ""] : [])))
  ])

describe("Contents, with attributes,", () => {
  it.live.each([
    ["properties", "properties", { colour: "blue" }],
    ["appProperties", "appProperties", undefined],
    ["description", "description", { text: "about it" }],
    ["owners", "owners(displayName,emailAddress,me)", { emails: ["ada@example.com"], names: ["Ada"] }],
    ["webViewLink", "webViewLink", undefined],
    ["permissions", "permissions(id,type,role,emailAddress,domain,deleted,view)", undefined]
  ] as const)("ask for %s only where they are used, by the options or the mapping", ([kind, field, expected]) =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { ids, root } = yield* folderOf(drive, [{ path: "a.txt", bytes: "a" }])
      yield* drive.update(ids.get("a.txt") ?? "", { properties: { colour: "blue" }, description: "about it" })
      const options: DriveSource.Options = { from: { folders: [root] } }
      const used = Effect.fnUntraced(function* (
        attributes: ReadonlyArray<DriveSource.Attribute>,
        mapping: ReadonlyArray<string>
      ) {
        yield* drive.forgetRequests
        const [file] = filesOf(yield* pages({ ...options, attributes }, live, { attributes: new Set(mapping) }))
        const names = [...(yield* fields(drive, "files.list")), ...(yield* fields(drive, "files.get"))]
        assert.lengthOf(names, 2)
        return { attributes: file?.attributes ?? {}, asks: names.map((one) => one.includes(field)) }
      })
      assert.deepStrictEqual(yield* used([], []), { attributes: {}, asks: [false, false] })
      const one = yield* used([kind], [])
      assert.deepStrictEqual([Object.keys(one.attributes), one.asks], [[kind], [true, true]])
      if (expected !== undefined) assert.deepStrictEqual(one.attributes[kind], expected)
      assert.deepStrictEqual(yield* used([], [kind]), one)
      assert.deepStrictEqual(yield* used([kind], [kind]), one)
    })
  )

  it.live("load the labels that are named, where labels are used", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { ids, root } = yield* folderOf(drive, [{ path: "a.txt", bytes: "a" }])
      yield* drive.update(ids.get("a.txt") ?? "", {
        labels: [
          { id: "one", fields: { state: { text: ["draft"] } } },
          { id: "two", fields: {} }
        ]
      })
      const included = Effect.map(drive.requests, (all) => [...new Set(all.map(({ query }) => query["includeLabels"]))])
      const from = { folders: [root] }
      yield* drive.forgetRequests
      const [without] = filesOf(yield* pages({ from, labels: ["one"] }, live))
      assert.deepStrictEqual([without?.attributes, yield* included], [{}, [undefined]])
      const [withOne] = filesOf(yield* pages({ from, labels: ["one"], attributes: ["labels"] }, live))
      assert.deepStrictEqual(withOne?.attributes, { labels: { one: { state: "draft" } } })
      yield* drive.forgetRequests
      const [both] = filesOf(yield* pages({ from, labels: ["one", "two"] }, live, { attributes: new Set(["labels"]) }))
      assert.deepStrictEqual(both?.attributes, { labels: { one: { state: "draft" }, two: {} } })
      assert.include(yield* included, "one,two")
    })
  )

  const none = { users: [], groups: [], domains: [], anyone: false }
  const permissionsOf = (files: ReadonlyArray<SourceFile.SourceFile>) =>
    Object.fromEntries(files.map(({ attributes, path }) => [path, attributes["permissions"]]))

  it.live("say who may see a file in My Drive, without asking for each of them", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open({ groups: { "team@example.com": ["bob@example.com"] } })
      const [ada = "", bob = "", cy = ""] = drive.accounts
      const { ids, root } = yield* folderOf(
        drive,
        ["own", "open", "shared"].map((path) => ({ path, bytes: path }))
      )
      yield* drive.share(root, { role: "reader", type: "group", emailAddress: "team@example.com" })
      yield* drive.share(ids.get("open") ?? "", { role: "reader", type: "anyone" })
      yield* drive.share(ids.get("open") ?? "", { role: "writer", type: "domain" })
      yield* drive.share(ids.get("shared") ?? "", { role: "writer", emailAddress: bob })
      yield* drive.share(ids.get("shared") ?? "", { role: "commenter", emailAddress: cy })
      yield* drive.forgetRequests
      const found = filesOf(yield* pages({ from: { folders: [root] }, attributes: ["permissions"] }, live))
      const owners = { ...none, users: [ada] }
      const team = { ...none, groups: ["team@example.com"] }
      assert.deepStrictEqual(permissionsOf(found), {
        own: { owners, writers: none, readers: team },
        open: { owners, writers: { ...none, domains: ["example.com"] }, readers: { ...team, anyone: true } },
        shared: { owners, writers: { ...none, users: [bob] }, readers: { ...team, users: [cy] } }
      })
      assert.notProperty(yield* drive.requestsByOperation, "permissions.list")
    })
  )

  it.live("say who may see a file in a shared drive, and ask for each file and folder of it", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const [ada = "", bob = "", cy = ""] = drive.accounts
      const films = yield* drive.createDrive("Films", {
        members: { [ada]: "organizer", [bob]: "fileOrganizer", [cy]: "reader" }
      })
      const { ids } = yield* folderOf(
        drive,
        ["a", "b"].map((path) => ({ path, bytes: path })),
        films
      )
      yield* drive.share(ids.get("b") ?? "", { role: "reader", type: "anyone" })
      yield* drive.forgetRequests
      const found = filesOf(yield* pages({ from: { sharedDrive: films }, attributes: ["permissions"] }, live))
      const members = {
        owners: { ...none, users: [ada] },
        writers: { ...none, users: [bob] },
        readers: { ...none, users: [cy] }
      }
      assert.deepStrictEqual(permissionsOf(found), {
        "root/a": members,
        "root/b": { ...members, readers: { ...none, users: [cy], anyone: true } }
      })
      const asked = (yield* drive.requests).flatMap(({ id, operation }) =>
        operation === "permissions.list" ? [id] : []
      )
      assert.includeMembers(asked, [...ids.values()])
    })
  )

  it.live("reject a file whose permissions are used and not told", () =>
    Effect.gen(function* () {
      const { drive } = yield* open()
      const { root } = yield* folderOf(
        drive,
        ["a", "b/c"].map((path) => ({ path, bytes: path }))
      )
      yield* drive.share(root, { role: "reader", emailAddress: drive.serviceAccount.clientEmail })
      const live = Drive.layer(reach(drive))
      const options: DriveSource.Options = { from: { folders: [root] } }
      assert.deepStrictEqual(lines(yield* pages({ ...options, attributes: ["permissions"] }, live)), [
        "Reject a (no-permission)",
        "Reject b/c (no-permission)"
      ])
      assert.deepStrictEqual(yield* swept(options, live), ["Upsert a", "Upsert b/c"])
    })
  )

  it.live("of a shortcut are those of the file that it leads to", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const root = yield* drive.createFolder("root")
      const there = yield* drive.createFile({
        name: "there",
        properties: { colour: "blue" },
        description: "of the file"
      })
      yield* drive.createShortcut(there, { name: "led", parent: root })
      const [file] = filesOf(
        yield* pages({ from: { folders: [root] }, attributes: ["properties", "description"] }, live)
      )
      assert.deepStrictEqual(file?.attributes, { properties: { colour: "blue" }, description: { text: "of the file" } })
    })
  )
})
