import { assert, describe, it } from "@effect/vitest"
import type { Change } from "@sluice/core"
import { Effect, Option, Stream } from "effect"
import type { DriveStandIn } from "@sluice/testkit/drive"
import { DriveSource } from "../src/index.ts"
import { standIn } from "./bench.ts"
import { positionOf, swept, twoFolders } from "./following.ts"
import { inAnswersOf } from "./scenarios.ts"

const tokensOf = (pages: ReadonlyArray<Change.Page>) => pages.map((page) => Number(positionOf(page).t))

/** A stand-in with two folders, and a shared drive. */
const prepared = Effect.gen(function* () {
  const { drive, live } = yield* standIn({ burst: 100_000, queriesPerMinute: 1_000_000 })
  const { beside, id, taken } = yield* twoFolders(drive)
  const films = yield* drive.createDrive("Films", { members: { [drive.oauth.account]: "reader" } })
  const reel = yield* drive.createFile({ name: "reel.mov", parents: [films], content: "reel" })
  return { drive, live, beside, id, taken, films, reel }
})

const unchanged: ReadonlyArray<
  readonly [
    title: string,
    from: (ids: { readonly taken: string; readonly films: string; readonly beside: string }) => DriveSource.From,
    cost: Readonly<Record<string, number>>,
    pages: number
  ]
> = [
  ["a folder", ({ taken }) => ({ folders: [taken] }), { "files.get": 1, "changes.list": 1 }, 1],
  ["a shared drive", ({ films }) => ({ sharedDrive: films }), { "drives.get": 1, "changes.list": 1 }, 1],
  ["My Drive", () => "my-drive", { "files.get": 1, "changes.list": 1 }, 1],
  ["what is shared", () => "shared-with-me", { "changes.list": 1 }, 1],
  ["everything", () => "everything", { "drives.list": 2, "changes.list": 2 }, 2]
]

describe("Positions", () => {
  it.live.each(unchanged)("of %s: where nothing changed, the position is all that is said", ([, from, cost, pages]) =>
    Effect.gen(function* () {
      const { drive, live, ...ids } = yield* prepared
      const source = yield* swept(drive, live, { from: from(ids) })
      yield* source.followOnly
      assert.deepStrictEqual(source.cost(), cost)
      assert.deepStrictEqual(
        source.pages().map(({ changes, containers = [] }) => [changes.length, containers.length]),
        Array.from({ length: pages }, () => [0, 0])
      )
    })
  )

  it.live("move answer by answer, and to the new beginning with the last", () =>
    Effect.gen(function* () {
      const { drive, id, live, taken } = yield* prepared
      const source = yield* swept(drive, inAnswersOf(1, live), { from: { folders: [taken] } })
      const [before = 0] = tokensOf(source.pages())
      for (const name of ["top.txt", "one.txt", "two.txt"]) yield* drive.updateContent(id(name), "other")
      yield* source.followOnly
      const tokens = tokensOf(source.pages())
      assert.deepStrictEqual(
        tokens,
        tokens.toSorted((a, b) => a - b)
      )
      assert.deepStrictEqual([...new Set(tokens)], [before, before + 1, before + 2, before + 3])
      const openings = source.pages().map((page) => positionOf(page).open === true)
      assert.deepStrictEqual(openings.indexOf(false), openings.length - 1)
      assert.strictEqual(source.cost()["changes.list"], 3)
    })
  )

  it.live("stay where they are until a folder that is listed again is settled", () =>
    Effect.gen(function* () {
      const { drive, id, live, taken } = yield* prepared
      const source = yield* swept(drive, live, { from: { folders: [taken] } })
      const [before = 0] = tokensOf(source.pages())
      yield* drive.rename(id("a"), "z")
      yield* source.followOnly
      for (const page of source.pages()) {
        const moved = Number(positionOf(page).t) > before
        assert.strictEqual(moved, page === source.pages().at(-1))
        // What it is to be compared with comes with the position behind it; before that, where it is.
        const named = (page.containers ?? []).some(({ id: one, state }) => one === id("a") && state !== "")
        assert.strictEqual(named, page === source.pages().at(-1))
      }
    })
  )

  it.live("of a drive that a shortcut leads to begin with the shortcut, before the file is read", () =>
    Effect.gen(function* () {
      const { drive, films, id, live, reel, taken } = yield* prepared
      const source = yield* swept(drive, live, { from: { folders: [taken] } })
      yield* drive.createShortcut(reel, { name: "s.mov", parent: id("a") })
      yield* drive.beforeRequest(({ operation }) =>
        operation === "changes.getStartPageToken" ? Effect.orDie(drive.updateContent(reel, "at once")) : Effect.void
      )
      assert.deepStrictEqual(yield* source.followOnly, ["Upsert a/s.mov"])
      const ranges = source.pages().map(({ range }) => range)
      assert.isBelow(
        ranges.indexOf(`changes/${films}`),
        source.pages().findIndex(({ changes }) => changes.length > 0)
      )
      yield* source.compare
      yield* drive.beforeRequest(() => Effect.void)
      yield* drive.updateContent(reel, "later")
      assert.deepStrictEqual(yield* source.follow, ["Delete reel.mov", "Upsert a/s.mov"])
    })
  )

  it.live.each<
    readonly [what: string, edit: (drive: DriveStandIn.DriveStandIn, films: string) => Effect.Effect<void, unknown>]
  >([
    ["left", (drive, films) => drive.removeMember(films, drive.oauth.account)],
    ["deleted", (drive, films) => drive.removeDrive(films)]
  ])("expire where everything is taken and a shared drive is %s, and begin anew when one is joined", ([what, edit]) =>
    Effect.gen(function* () {
      const { drive, films, live, reel } = yield* prepared
      const folder = yield* drive.createFolder("box", { parents: [films] })
      yield* drive.createFile({ name: "boxed.txt", parents: [folder] })
      yield* drive.share(folder, { role: "reader", emailAddress: drive.oauth.account })
      const source = yield* swept(drive, live, { from: "everything" })
      yield* edit(drive, films)
      const error = yield* Effect.flip(source.followOnly)
      assert.strictEqual(error._tag === "SourceError" && error.reason._tag, "Expired")
      yield* source.sweep
      assert.deepStrictEqual(yield* source.follow, [])
      if (what === "deleted") return
      yield* drive.updateContent(reel, "other")
      assert.deepStrictEqual(yield* source.follow, [])
      yield* drive.addMember(films, drive.oauth.account)
      assert.deepStrictEqual(yield* source.follow, ["Upsert Films/box/boxed.txt", "Upsert Films/reel.mov"])
    })
  )

  it.live("that were taken with other options are none: everything is to be swept", () =>
    Effect.gen(function* () {
      const { drive, id, live, taken } = yield* prepared
      const options = { from: { folders: [taken] } }
      const source = yield* swept(drive, live, options)
      yield* drive.updateContent(id("one.txt"), "other")
      const before = yield* source.since
      for (const other of [
        { shortcuts: "skip" },
        { includeTrashed: true },
        { from: { folders: [id("a")] } }
      ] as const) {
        const error = yield* Effect.flip(source.followAs({ ...options, ...other }))
        assert.strictEqual(error._tag === "SourceError" && error.reason._tag, "Expired")
        assert.deepStrictEqual(source.pages(), [])
      }
      assert.deepStrictEqual(yield* source.since, before)
      // What changes no answer changes no position.
      assert.deepStrictEqual(yield* source.followAs({ ...options, concurrency: 2, acknowledgeAbuse: true }), [
        "Upsert a/one.txt"
      ])
    })
  )

  it.live.each([410, 400] as const)("that Google refuses with %s are expired, and nothing is said", (status) =>
    Effect.gen(function* () {
      const { drive, id, live, taken } = yield* prepared
      const source = yield* swept(drive, live, { from: { folders: [taken] } })
      yield* drive.updateContent(id("one.txt"), "other")
      yield* drive.expireChanges(status)
      const error = yield* Effect.flip(source.followOnly)
      assert.strictEqual(error._tag === "SourceError" && error.reason._tag, "Expired")
      assert.deepStrictEqual(source.pages(), [])
      yield* source.sweep
      assert.deepStrictEqual(yield* source.follow, [])
    })
  )

  it.live("expire where a shared drive is left of which a folder is still shared", () =>
    Effect.gen(function* () {
      const { drive, films, live } = yield* prepared
      const folder = yield* drive.createFolder("box", { parents: [films] })
      yield* drive.createFile({ name: "boxed.txt", parents: [folder] })
      yield* drive.share(folder, { role: "reader", emailAddress: drive.oauth.account })
      const source = yield* swept(drive, live, { from: { folders: [folder] } })
      yield* drive.removeMember(films, drive.oauth.account)
      const error = yield* Effect.flip(source.followOnly)
      assert.strictEqual(error._tag === "SourceError" && error.reason._tag, "Expired")
      yield* source.sweep
      yield* drive.createFile({ name: "new.txt", parents: [folder] })
      assert.deepStrictEqual(yield* source.follow, ["Upsert new.txt"])
    })
  )

  it.live("cannot be read further where the ledger cannot: its error is the stream's", () =>
    Effect.gen(function* () {
      const { drive, live, taken } = yield* prepared
      const source = yield* swept(drive, live, { from: { folders: [taken] } })
      const follow = Option.getOrThrow(DriveSource.make({ from: { folders: [taken] } }).follow)
      const error = yield* follow({
        attributes: new Set(),
        pathPrefixes: [""],
        since: yield* source.since,
        containers: () => Effect.fail("the ledger is locked")
      }).pipe(Stream.runDrain, Effect.provide(live), Effect.flip)
      assert.strictEqual(error, "the ledger is locked")
    })
  )
})
