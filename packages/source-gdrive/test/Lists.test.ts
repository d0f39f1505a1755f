import { assert, describe, it } from "@effect/vitest"
import { type DriveStandIn, Fault } from "@sluice/testkit/drive"
import { Effect } from "effect"
import type { DriveSource } from "../src/index.ts"
import { gaps, inAnswersOf, listed, open, swept } from "./sweeping.ts"
import { changesOf, cursorsOf, filesOf, lines, pages } from "./tree.ts"

type StandIn = DriveStandIn.DriveStandIn

/** What Ada has, what Bob shares with her, and what neither is. */
const planted = Effect.fnUntraced(function* (drive: StandIn) {
  const [ada = "", bob = "", cy = ""] = drive.accounts
  const made = new Map<string, string>()
  const file = (name: string, owner: string, ...parents: ReadonlyArray<string>) =>
    Effect.tap(drive.createFile({ name, owner, ...(parents.length === 0 ? {} : { parents }) }), (id) =>
      Effect.sync(() => made.set(name, id))
    )
  const folder = (name: string, owner: string, ...parents: ReadonlyArray<string>) =>
    Effect.tap(drive.createFolder(name, { owner, ...(parents.length === 0 ? {} : { parents }) }), (id) =>
      Effect.sync(() => made.set(name, id))
    )
  const share = (id: string) => drive.share(id, { role: "reader", emailAddress: ada })
  yield* file("mine.txt", ada, yield* folder("mine", ada))
  yield* share(yield* file("shared.txt", bob))
  yield* file("not shared.txt", bob)
  const shared = yield* folder("shared", bob)
  yield* share(shared)
  const below = yield* folder("below", bob, shared)
  yield* file("below.txt", bob, below)
  yield* share(yield* file("shared twice.txt", bob, below))
  yield* share(yield* file("of cy.txt", cy))
  return {
    id: (name: string) => made.get(name) ?? assert.fail(`nothing is called ${name}`),
    ada,
    bob,
    share,
    file,
    folder
  }
})

const ofOthers = [
  "Upsert of cy.txt",
  "Upsert shared.txt",
  "Upsert shared/below/below.txt",
  "Upsert shared/below/shared twice.txt"
]

describe("Lists, of what is shared with the account,", () => {
  const options: DriveSource.Options = { from: "shared-with-me" }

  it.live("have what others gave it, with all that is in folders, once", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { id } = yield* planted(drive)
      yield* drive.forgetRequests
      const found = yield* pages(options, live)
      assert.deepStrictEqual(lines(found), ofOthers)
      assert.deepStrictEqual(Object.fromEntries(filesOf(found).map(({ path, within }) => [path, within])), {
        "of cy.txt": undefined,
        "shared.txt": undefined,
        "shared/below/below.txt": id("below"),
        "shared/below/shared twice.txt": id("below")
      })
      assert.deepStrictEqual(yield* listed(drive), [["shared"], ["below"]])
    })
  )

  it.live("have a folder in its place where the one above it is shared as well", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { id, share } = yield* planted(drive)
      yield* share(id("below"))
      yield* drive.forgetRequests
      assert.deepStrictEqual(yield* swept(options, live), ofOthers)
      assert.deepStrictEqual(yield* listed(drive), [["shared"], ["below"]])
    })
  )

  it.live("have a folder at the top where the one above it is not", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { ada, id, share } = yield* planted(drive)
      yield* share(id("below"))
      yield* drive.unshare(id("shared"), ada)
      assert.deepStrictEqual(yield* swept(options, live), [
        "Upsert below/below.txt",
        "Upsert below/shared twice.txt",
        "Upsert of cy.txt",
        "Upsert shared.txt"
      ])
    })
  )

  it.live("have what was shared of a shared drive, and not the rest of it", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { bob, file, folder, share } = yield* planted(drive)
      const theirs = yield* drive.createDrive("Theirs", { members: { [bob]: "organizer" } })
      yield* file("the rest.txt", bob, theirs)
      yield* share(yield* file("of theirs.txt", bob, theirs))
      const sub = yield* folder("sub", bob, theirs)
      yield* file("in sub.txt", bob, sub)
      yield* share(sub)
      assert.deepStrictEqual(
        yield* swept(options, live),
        [...ofOthers, "Upsert of theirs.txt", "Upsert sub/in sub.txt"].toSorted()
      )
    })
  )

  it.live("are read answer by answer, and gone on with", () =>
    Effect.gen(function* () {
      const { drive, live: all } = yield* open()
      const live = inAnswersOf(1, all)
      yield* planted(drive)
      const whole = yield* pages(options, live)
      assert.deepStrictEqual(lines(whole), ofOthers)
      for (let taken = 0; taken <= whole.length; taken++) {
        const first = whole.slice(0, taken)
        const then = yield* pages(options, live, { resume: cursorsOf(first) })
        const said = [...filesOf(first), ...filesOf(then)].map(({ path }) => `Upsert ${path}`)
        assert.deepStrictEqual(said.toSorted(), ofOthers, `after ${taken}`)
      }
      yield* drive.forgetRequests
      assert.deepStrictEqual(yield* pages(options, live, { resume: cursorsOf(whole) }), [])
      assert.deepStrictEqual(yield* drive.requestsByOperation, {})
    })
  )

  it.live("are read from the beginning where a position has expired", () =>
    Effect.gen(function* () {
      const { drive, live: all } = yield* open()
      const live = inAnswersOf(1, all)
      yield* planted(drive)
      const whole = yield* pages(options, live)
      const first = whole.slice(
        0,
        whole.findLastIndex(({ range }) => range.startsWith("flat/"))
      )
      yield* drive.faults.set([Fault.refuse("invalid", { operations: ["files.list"], next: 1 })])
      const then = yield* pages(options, live, { resume: cursorsOf(first) })
      assert.deepStrictEqual(lines(then), ofOthers)
    })
  )

  it.live("say what is in two answers once, go on behind empty ones, and say where they lack something", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      yield* planted(drive)
      yield* drive.faults.set([Fault.duplicateAcrossPages(), Fault.shortPages({ fraction: 0.4 })])
      const found = yield* pages(options, inAnswersOf(2, live))
      assert.deepStrictEqual([lines(found), gaps(found)], [ofOthers, []])
      yield* drive.faults.set([Fault.incompleteSearch({ q: "sharedWithMe" })])
      assert.deepStrictEqual(gaps(yield* pages(options, live)), ["incomplete-search"])
    })
  )
})

describe("Lists, of everything,", () => {
  const options: DriveSource.Options = { from: "everything" }

  it.live("have what the account owns, what is shared with it, and its shared drives", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { ada, bob, file, folder, id, share } = yield* planted(drive)
      const ours = yield* drive.createDrive("Ours", { members: { [ada]: "reader" } })
      const theirs = yield* drive.createDrive("Theirs", { members: { [bob]: "organizer" } })
      yield* file("of ours.txt", bob, yield* folder("sub", bob, ours))
      // In the account's own list too, and of the drive all the same.
      yield* share(yield* file("given.txt", bob, ours))
      yield* share(yield* file("of theirs.txt", bob, theirs))
      yield* drive.createFile({ name: "nowhere.txt", parents: [] })
      yield* drive.createShortcut(id("shared"), { name: "to shared" })
      yield* drive.createShortcut(id("shared.txt"), { name: "to shared.txt" })
      const found = yield* pages(options, live)
      assert.deepStrictEqual(
        lines(found),
        [
          ...ofOthers,
          "Skip My Drive/to shared (shortcut-duplicate)",
          "Upsert My Drive/mine/mine.txt",
          "Upsert My Drive/to shared.txt",
          "Upsert Ours/given.txt",
          "Upsert Ours/sub/of ours.txt",
          "Upsert nowhere.txt",
          "Upsert of theirs.txt"
        ].toSorted()
      )
      const ids = filesOf(found).map((one) => one.id)
      assert.strictEqual(new Set(ids).size, ids.length)
    })
  )
})

describe("Lists, of files,", () => {
  it.live("have those that are named, and say of each other one why not", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { id } = yield* planted(drive)
      const trashed = yield* drive.createFile({ name: "gone.txt" })
      yield* drive.trash(trashed)
      const files = [
        id("mine.txt"),
        `https://drive.google.com/file/d/${id("shared.txt")}/view?usp=sharing`,
        id("mine.txt"),
        id("not shared.txt"),
        id("mine"),
        trashed,
        "1NobodysIdThatNeverWas"
      ]
      const found = yield* pages({ from: { files } }, live)
      assert.deepStrictEqual(
        lines(found),
        [
          "Upsert mine.txt",
          "Upsert shared.txt",
          `Reject ${id("not shared.txt")} (not-found)`,
          `Reject ${id("mine")} (folder)`,
          `Reject ${trashed} (not-found)`,
          "Reject 1NobodysIdThatNeverWas (not-found)"
        ].toSorted()
      )
      for (const { within } of filesOf(found)) assert.isUndefined(within)
      const messages = changesOf(found).flatMap((one) => (one._tag === "Reject" ? [one.reason.message] : []))
      assert.deepStrictEqual([...new Set(messages)].toSorted(), [
        "a folder: take what is in it with from: { folders: [...] }",
        "no such file, or not shared with this account: check its id, share it, or leave it out of from.files"
      ])
    })
  )

  it.live("have what is in the trash where that is asked for", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const trashed = yield* drive.createFile({ name: "gone.txt" })
      yield* drive.trash(trashed)
      const from = { files: [trashed] }
      assert.deepStrictEqual(yield* swept({ from, includeTrashed: true }, live), ["Upsert gone.txt"])
    })
  )

  it.live("have the file that a shortcut leads to, and say so of one that leads to a folder", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { id } = yield* planted(drive)
      const led = yield* drive.createShortcut(id("mine.txt"), { name: "led.txt" })
      const toFolder = yield* drive.createShortcut(id("mine"), { name: "to mine" })
      const toNothing = yield* drive.createShortcut("1NobodysIdThatNeverWas", { name: "to nothing" })
      const found = yield* pages({ from: { files: [led, toFolder, toNothing] } }, live)
      assert.deepStrictEqual(
        lines(found),
        ["Upsert led.txt", "Reject to mine (folder)", "Skip to nothing (shortcut-dangling)"].toSorted()
      )
      assert.deepStrictEqual(
        filesOf(found).map(({ target }) => target?.id),
        [id("mine.txt")]
      )
    })
  )

  it.live("have those of the owners that are asked for", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { bob, id } = yield* planted(drive)
      const shared = yield* drive.createFolder("of both", { owner: bob })
      yield* drive.share(shared, { role: "writer", emailAddress: drive.oauth.account })
      const led = yield* drive.createShortcut(id("mine.txt"), { name: "led by bob", owner: bob, parent: shared })
      const from = { files: [id("mine.txt"), id("shared.txt"), led] }
      assert.deepStrictEqual(yield* swept({ from, ownedBy: ["me"] }, live), ["Upsert mine.txt"])
      assert.deepStrictEqual(yield* swept({ from, ownedBy: [bob] }, live), [
        "Skip led by bob (not-owned)",
        "Upsert shared.txt"
      ])
    })
  )

  it.live("bring the key that an address names", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const [, bob = ""] = drive.accounts
      const file = yield* drive.createFile({
        name: "keyed.txt",
        owner: bob,
        demandsResourceKey: true,
        resourceKey: "0-key"
      })
      yield* drive.share(file, { type: "anyone", role: "reader" })
      const address = `https://drive.google.com/file/d/${file}/view`
      assert.deepStrictEqual(yield* swept({ from: { files: [address] } }, live), [`Reject ${file} (not-found)`])
      assert.deepStrictEqual(yield* swept({ from: { files: [`${address}?resourcekey=0-key`] } }, live), [
        "Upsert keyed.txt"
      ])
    })
  )

  it.live("are looked at fifty at a time, in the order in which they are named, and gone on with", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const files: Array<string> = []
      for (let i = 0; i < 120; i++) files.push(yield* drive.createFile({ name: `f${i}` }))
      const options: DriveSource.Options = { from: { files } }
      yield* drive.forgetRequests
      const found = yield* pages(options, live)
      assert.deepStrictEqual(
        filesOf(found).map(({ id }) => id),
        files
      )
      assert.deepStrictEqual(yield* drive.requestsByOperation, {
        token: 1,
        "changes.getStartPageToken": 1,
        "files.get": 120
      })
      const first = found.slice(0, -1)
      assert.lengthOf(filesOf(first), 100)
      const then = yield* pages(options, live, { resume: cursorsOf(first) })
      assert.deepStrictEqual(
        filesOf(then).map(({ id }) => id),
        files.slice(100)
      )
      yield* drive.forgetRequests
      assert.deepStrictEqual(yield* pages(options, live, { resume: cursorsOf(found) }), [])
      assert.deepStrictEqual(yield* drive.requestsByOperation, {})
    })
  )

  it.live("end the sweep where Google does not say whether they are there", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { id } = yield* planted(drive)
      yield* drive.faults.set([Fault.refuse("backendError", { operations: ["files.get"] })])
      const error = yield* Effect.flip(pages({ from: { files: [id("mine.txt")] } }, live))
      assert.strictEqual("reason" in error && error.reason._tag, "Unavailable")
    })
  )
})
