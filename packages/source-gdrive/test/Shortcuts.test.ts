import { assert, describe, it } from "@effect/vitest"
import type { Change, Source } from "@sluice/core"
import { Fault } from "@sluice/testkit/drive"
import { Effect } from "effect"
import { hash } from "node:crypto"
import type { DriveSource } from "../src/index.ts"
import { canonical } from "../src/DriveUri.ts"
import { listed, open } from "./sweeping.ts"
import { changesOf, filesOf, lines, pages } from "./tree.ts"

const planted = Effect.gen(function* () {
  const { drive, live } = yield* open()
  const root = yield* drive.createFolder("root")
  const beside = yield* drive.createFolder("beside")
  const there = yield* drive.createFile({ name: "there.txt", parents: [beside], content: "there" })
  const shortcut = (name: string, target: string, parent = root) => drive.createShortcut(target, { name, parent })
  const found = (options: Partial<DriveSource.Options> = {}, asked: Partial<Source.SweepOptions> = {}) =>
    pages({ from: { folders: [root] }, ...options }, live, asked)
  /** What is said of the only thing that there is. */
  const only = (options: Partial<DriveSource.Options> = {}) =>
    Effect.map(found(options), (all): Exclude<Change.Change, { readonly _tag: "Delete" }> => {
      const [change, ...others] = changesOf(all)
      assert.deepStrictEqual(others, [])
      return change === undefined || change._tag === "Delete" ? assert.fail("nothing is said") : change
    })
  return { drive, live, root, beside, there, shortcut, found, only, says: Effect.map(found(), lines) }
})

describe("Shortcuts, where they are followed,", () => {
  it.live("are files of their own with the content of the file they lead to, and the lineage of both", () =>
    Effect.gen(function* () {
      const { drive, only, root, shortcut, there } = yield* planted
      const id = yield* shortcut("led.txt", there)
      const target = (yield* drive.items()).find((item) => item.id === there)
      const change = yield* only()
      assert.strictEqual(change._tag, "Upsert")
      const { modifiedAt: _, ...file } = change.file
      assert.deepStrictEqual(file, {
        id,
        token: `md5:${target?.md5}`,
        uri: canonical(id),
        path: "led.txt",
        mimeType: "text/plain",
        size: 5,
        checksum: { algorithm: "sha256", value: hash("sha256", "there") },
        within: root,
        attributes: {},
        target: { id: there, uri: canonical(there) }
      })
    })
  )

  it.live("are files of their own beside the file they lead to, and beside each other", () =>
    Effect.gen(function* () {
      const { drive, found, root, shortcut } = yield* planted
      const file = yield* drive.createFile({ name: "file.txt", parents: [root] })
      const one = yield* shortcut("one.txt", file)
      const two = yield* shortcut("two.txt", file)
      const files = filesOf(yield* found()).map(({ id, path, target }) => [path, id, target?.id])
      assert.deepStrictEqual(files.toSorted(), [
        ["file.txt", file, undefined],
        ["one.txt", one, file],
        ["two.txt", two, file]
      ])
    })
  )

  it.live("have the name of the format that their document is exported in", () =>
    Effect.gen(function* () {
      const { drive, only, shortcut } = yield* planted
      const document = yield* drive.createFile({ name: "doc", mimeType: "application/vnd.google-apps.document" })
      yield* shortcut("led", document)
      const { file } = yield* only()
      assert.deepStrictEqual([file.path, file.mimeType, file.target?.id], ["led.pdf", "application/pdf", document])
    })
  )

  it.live("lead into folders, whose files are themselves", () =>
    Effect.gen(function* () {
      const { beside, found, shortcut, there } = yield* planted
      yield* shortcut("led", beside)
      const [file, ...others] = filesOf(yield* found())
      assert.deepStrictEqual(others, [])
      assert.deepStrictEqual([file?.path, file?.id, file?.within], ["led/there.txt", there, beside])
      assert.notProperty(file, "target")
    })
  )

  it.live("lead into shared drives", () =>
    Effect.gen(function* () {
      const { drive, found, shortcut } = yield* planted
      const films = yield* drive.createDrive("Films", { members: { [drive.oauth.account]: "reader" } })
      const folder = yield* drive.createFolder("folder", { parents: [films] })
      const film = yield* drive.createFile({ name: "film.mp4", parents: [folder] })
      yield* shortcut("a film", film)
      yield* shortcut("all films", films)
      yield* shortcut("a folder", folder)
      // The folder is in the drive, which is led to as well: it is there.
      assert.deepStrictEqual(lines(yield* found()), [
        "Skip a folder (shortcut-duplicate)",
        "Upsert a film",
        "Upsert all films/folder/film.mp4"
      ])
    })
  )

  it.live("lead into the shared drive of others, as far as it is shared", () =>
    Effect.gen(function* () {
      const { drive, found, shortcut } = yield* planted
      const films = yield* drive.createDrive("Films")
      const folder = yield* drive.createFolder("folder", { parents: [films] })
      yield* drive.createFile({ name: "film.mp4", parents: [yield* drive.createFolder("sub", { parents: [folder] })] })
      yield* drive.share(folder, { role: "reader", emailAddress: drive.oauth.account })
      yield* shortcut("a folder", folder)
      yield* shortcut("all films", films)
      assert.deepStrictEqual(lines(yield* found()), [
        "Skip all films (shortcut-dangling)",
        "Upsert a folder/sub/film.mp4"
      ])
    })
  )

  it.live("bring the key of what is shared by link, and hand it on with the file", () =>
    Effect.gen(function* () {
      const { drive, found, shortcut } = yield* planted
      const [, bob = ""] = drive.accounts
      const keyed = { owner: bob, demandsResourceKey: true }
      const file = yield* drive.createFile({ ...keyed, name: "keyed.txt", resourceKey: "0-file", content: "keyed" })
      const folder = yield* drive.createFolder("keyed", { ...keyed, resourceKey: "0-folder" })
      yield* drive.createFile({ name: "in it.txt", owner: bob, parents: [folder] })
      const sub = yield* drive.createFolder("sub", { ...keyed, resourceKey: "0-sub", parents: [folder] })
      yield* drive.createFile({ name: "in sub.txt", owner: bob, parents: [sub] })
      for (const id of [file, folder]) yield* drive.share(id, { type: "anyone", role: "reader" })
      yield* shortcut("led.txt", file)
      yield* shortcut("led", folder)
      const files = filesOf(yield* found())
      assert.deepStrictEqual(
        files.map(({ attributes, path }) => [path, attributes["resourceKey"]?.["value"]]).toSorted(),
        [
          ["led.txt", "0-file"],
          ["led/in it.txt", undefined],
          ["led/sub/in sub.txt", undefined]
        ]
      )
    })
  )

  it.live.each([
    ["is gone", "shortcut-dangling", ({ drive, there }) => drive.remove(there)],
    ["is in the trash", "shortcut-dangling", ({ drive, there }) => drive.trash(there)],
    ["is in a folder that is in the trash", "shortcut-dangling", ({ beside, drive }) => drive.trash(beside)]
  ] as const satisfies ReadonlyArray<
    readonly [string, string, (tree: Effect.Success<typeof planted>) => Effect.Effect<void, unknown>]
  >)("are left alone where the file %s", ([, code, edit]) =>
    Effect.gen(function* () {
      const tree = yield* planted
      const id = yield* tree.shortcut("led.txt", tree.there)
      yield* edit(tree)
      const change = yield* tree.only()
      assert.strictEqual(change._tag, "Skip")
      assert.deepInclude(change.file, {
        id,
        path: "led.txt",
        size: 0,
        token: `shortcut:${tree.there}`,
        target: { id: tree.there, uri: canonical(tree.there) }
      })
      assert.strictEqual("reason" in change && change.reason.code, code)
      assert.isTrue("isGone" in change && change.isGone)
    })
  )

  it.live("are left alone where this account may not see the file", () =>
    Effect.gen(function* () {
      const { drive, says, shortcut } = yield* planted
      const [, bob = ""] = drive.accounts
      yield* shortcut("file", yield* drive.createFile({ name: "bob's", owner: bob }))
      yield* shortcut("folder", yield* drive.createFolder("bob's", { owner: bob }))
      yield* shortcut("nobody's", "1NobodysIdThatNeverWas")
      assert.deepStrictEqual(yield* says, [
        "Skip file (shortcut-dangling)",
        "Skip folder (shortcut-dangling)",
        "Skip nobody's (shortcut-dangling)"
      ])
    })
  )

  it.live("take what is in the trash where that is asked for", () =>
    Effect.gen(function* () {
      const { beside, drive, found, shortcut, there } = yield* planted
      yield* shortcut("led.txt", there)
      yield* shortcut("led", beside)
      yield* drive.trash(beside)
      assert.deepStrictEqual(lines(yield* found({ includeTrashed: true })), ["Upsert led.txt", "Upsert led/there.txt"])
    })
  )

  it.live("lead to no other shortcut", () =>
    Effect.gen(function* () {
      const { beside, says, shortcut, there } = yield* planted
      yield* shortcut("led.txt", yield* shortcut("middle", there, beside))
      assert.deepStrictEqual(yield* says, ["Skip led.txt (shortcut-nested)"])
    })
  )

  it.live("lead to no folder that they are in", () =>
    Effect.gen(function* () {
      const { drive, root, says, shortcut } = yield* planted
      const a = yield* drive.createFolder("a", { parents: [root] })
      const b = yield* drive.createFolder("b", { parents: [a] })
      yield* shortcut("to root", root, b)
      yield* shortcut("to a", a, b)
      yield* shortcut("to b", b, b)
      assert.deepStrictEqual(yield* says, [
        "Skip a/b/to a (shortcut-loop)",
        "Skip a/b/to b (shortcut-loop)",
        "Skip a/b/to root (shortcut-loop)"
      ])
    })
  )

  it.live("lead to no folder that is taken where it is, and say where that is", () =>
    Effect.gen(function* () {
      const { drive, found, root, shortcut } = yield* planted
      const a = yield* drive.createFolder("a", { parents: [root] })
      const b = yield* drive.createFolder("b", { parents: [a] })
      yield* drive.createFile({ name: "b.txt", parents: [b] })
      yield* shortcut("to b", b)
      const all = yield* found()
      assert.deepStrictEqual(lines(all), ["Skip to b (shortcut-duplicate)", "Upsert a/b/b.txt"])
      const [message] = changesOf(all).flatMap((one) => ("reason" in one ? [one.reason.message] : []))
      assert.strictEqual(message, "leads to a folder that is taken where it is: a/b")
    })
  )

  it.live("are told from those in a folder of the same path", () =>
    Effect.gen(function* () {
      const { drive, root, says, shortcut } = yield* planted
      const [one, two] = [
        yield* drive.createFolder("same", { parents: [root] }),
        yield* drive.createFolder("same", { parents: [root] })
      ]
      yield* drive.createFile({ name: "two.txt", parents: [two] })
      yield* shortcut("to the other", two, one)
      assert.deepStrictEqual(yield* says, ["Skip same/to the other (shortcut-duplicate)", "Upsert same/two.txt"])
    })
  )

  it.live("lead to what one of the owners has, who are asked for", () =>
    Effect.gen(function* () {
      const { drive, found, root } = yield* planted
      const [ada = "", bob = ""] = drive.accounts
      const owned = Effect.fnUntraced(function* (name: string, owner: string) {
        const id = yield* drive.createFile({ name, owner, content: name })
        yield* drive.share(id, { role: "reader", emailAddress: ada })
        return id
      })
      const [hers, his] = [yield* owned("hers", ada), yield* owned("his", bob)]
      const shared = yield* drive.createFolder("shared", { owner: bob })
      yield* drive.share(shared, { role: "reader", emailAddress: ada })
      yield* drive.createFile({ name: "of bob", owner: bob, parents: [shared] })
      yield* drive.createFile({ name: "of ada", owner: ada, parents: [shared] })
      for (const [name, target] of Object.entries({ hers, his, shared })) {
        yield* drive.createShortcut(target, { name: `to ${name}`, parent: root })
      }
      yield* drive.share(root, { role: "writer", emailAddress: bob })
      yield* drive.createShortcut(hers, { name: "by bob", parent: root, owner: bob })
      assert.deepStrictEqual(lines(yield* found({ ownedBy: ["me"] })), [
        "Skip to his (not-owned)",
        "Upsert to hers",
        "Upsert to shared/of ada"
      ])
    })
  )

  it.live("lead to what cannot be had, and that is said of them", () =>
    Effect.gen(function* () {
      const { drive, says, shortcut } = yield* planted
      const [ada = "", bob = ""] = drive.accounts
      const form = yield* drive.createFile({ name: "form", mimeType: "application/vnd.google-apps.form" })
      const seen = yield* drive.createFile({ name: "seen", owner: bob, undownloadable: true })
      yield* drive.share(seen, { role: "reader", emailAddress: ada })
      yield* shortcut("to form", form)
      yield* shortcut("to seen", seen)
      assert.deepStrictEqual(yield* says, ["Reject to seen (no-download)", "Skip to form (no-content)"])
    })
  )

  it.live("lead to no folder in which nothing is wanted", () =>
    Effect.gen(function* () {
      const { beside, drive, found, shortcut, there } = yield* planted
      yield* shortcut("led", beside)
      yield* shortcut("leading", beside)
      yield* shortcut("led.txt", there)
      const said = lines(yield* found({}, { pathPrefixes: ["other/"] }))
      // Files are the filter's to leave out.
      assert.deepStrictEqual(
        said.filter((line) => line !== "Upsert led.txt"),
        ["Skip leading (shortcut-duplicate)"]
      )
      assert.notDeepInclude(yield* listed(drive), ["beside"])
    })
  )

  it.live("break a sweep off where Google does not say what they lead to", () =>
    Effect.gen(function* () {
      const { drive, found, shortcut, there } = yield* planted
      yield* shortcut("led.txt", there)
      yield* drive.faults.set([Fault.refuse("backendError", { operations: ["files.get"], ids: [there] })])
      const error = yield* Effect.flip(found())
      assert.strictEqual("reason" in error && error.reason._tag, "Unavailable")
    })
  )
})

describe("Shortcuts, where they are", () => {
  it.live("skipped, are left alone wherever they lead, and nobody looks there", () =>
    Effect.gen(function* () {
      const { beside, drive, found, shortcut, there } = yield* planted
      yield* shortcut("file", there)
      yield* shortcut("folder", beside)
      yield* shortcut("nothing", "1NobodysIdThatNeverWas")
      yield* drive.forgetRequests
      assert.deepStrictEqual(lines(yield* found({ shortcuts: "skip" })), [
        "Skip file (shortcut)",
        "Skip folder (shortcut)",
        "Skip nothing (shortcut)"
      ])
      // Of the root, before and after.
      assert.strictEqual((yield* drive.requestsByOperation)["files.get"], 2)
    })
  )

  it.live("kept, are files without content that say where they lead, and nobody looks there", () =>
    Effect.gen(function* () {
      const { beside, drive, found, root, shortcut, there } = yield* planted
      const ids = {
        file: [yield* shortcut("file", there), there],
        folder: [yield* shortcut("folder", beside), beside],
        loop: [yield* shortcut("loop", root), root],
        nothing: [yield* shortcut("nothing", "1NobodysIdThatNeverWas"), "1NobodysIdThatNeverWas"]
      }
      yield* drive.forgetRequests
      const files = filesOf(yield* found({ shortcuts: "keep" }))
      assert.deepStrictEqual(
        files.map(({ id, mimeType, path, size, target, token }) => ({ id, mimeType, path, size, target, token })),
        Object.entries(ids)
          .map(([path, [id = "", target = ""]]) => ({
            id,
            mimeType: "application/vnd.google-apps.shortcut",
            path,
            size: 0,
            target: { id: target, uri: canonical(target) },
            token: `shortcut:${target}`
          }))
          .toReversed()
      )
      assert.strictEqual((yield* drive.requestsByOperation)["files.get"], 2)
    })
  )
})
