import { assert, describe, it } from "@effect/vitest"
import { type DriveStandIn, Fault } from "@sluice/testkit/drive"
import { Effect, Layer } from "effect"
import { Drive, type DriveSource } from "../src/index.ts"
import { kept } from "./following.ts"
import { comb, gaps, inAnswersOf, listed, open, sizes } from "./sweeping.ts"
import { filesOf, folderOf, lines, pages } from "./tree.ts"

type StandIn = DriveStandIn.DriveStandIn

/** A folder with so many files. */
const flat = Effect.fnUntraced(function* (drive: StandIn, files: number) {
  const root = yield* drive.createFolder("root")
  for (let i = 0; i < files; i++) yield* drive.createFile({ name: `f${i}`, parents: [root] })
  return {
    root,
    options: { from: { folders: [root] } } satisfies DriveSource.Options,
    lines: Array.from({ length: files }, (_, i) => `Upsert f${i}`).toSorted()
  }
})

const listings = (drive: StandIn) =>
  Effect.map(drive.requests, (all) => all.filter(({ operation }) => operation === "files.list"))

describe("Walk", () => {
  it.live("asks for a thousand files at a time, and only for what it uses of them", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { lines: expected, options, root } = yield* flat(drive, 1001)
      yield* drive.forgetRequests
      assert.deepStrictEqual(lines(yield* pages(options, live)), expected)
      const asked = yield* listings(drive)
      assert.deepStrictEqual(
        asked.map(({ query: { pageSize, pageToken, q } }) => [pageSize, q, pageToken !== undefined]),
        [
          ["1000", `'${root}' in parents and trashed = false`, false],
          ["1000", `'${root}' in parents and trashed = false`, true]
        ]
      )
      assert.deepStrictEqual(
        [...new Set(asked.map(({ query }) => query["fields"]))],
        [
          "nextPageToken,incompleteSearch,files(id,name,mimeType,parents,driveId,trashed,size,md5Checksum,sha256Checksum,headRevisionId,version,modifiedTime,resourceKey,capabilities(canDownload),shortcutDetails(targetId,targetMimeType,targetResourceKey))"
        ]
      )
    })
  )

  it.live.each([
    [1, [1, 1]],
    [50, [1, 50]],
    [51, [1, 1, 50]],
    [120, [1, 20, 50, 50]]
  ] satisfies ReadonlyArray<readonly [number, ReadonlyArray<number>]>)(
    "lists %i folders in requests for fifty",
    ([teeth, expected]) =>
      Effect.gen(function* () {
        const { drive, live } = yield* open()
        const { lines: all, options } = yield* comb(drive, teeth)
        assert.deepStrictEqual(lines(yield* pages(options, live)), all)
        assert.deepStrictEqual(sizes(yield* listed(drive)), expected)
      })
  )

  it.live("lists what is found by several requests together", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { folders, options } = yield* comb(drive, 100)
      for (const id of folders) {
        if (folders.indexOf(id) % 10 !== 0) continue
        yield* drive.createFile({ name: "f", parents: [yield* drive.createFolder("deeper", { parents: [id] })] })
      }
      yield* pages(options, live)
      // The root, two for its folders, and one for all that were found in those.
      assert.deepStrictEqual(sizes(yield* listed(drive)), [1, 10, 50, 50])
    })
  )

  it.live("lists folders of different drives in requests of their own, each where it is", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { options, root } = yield* comb(drive, 3)
      const member = { members: { [drive.oauth.account]: "reader" } } as const
      const drives = [yield* drive.createDrive("One", member), yield* drive.createDrive("Two", member)]
      for (const id of drives) {
        for (const name of ["a", "b"]) {
          const folder = yield* drive.createFolder(name, { parents: [id] })
          yield* drive.createFile({ name: "f", parents: [folder] })
          yield* drive.createShortcut(folder, { parent: root, name: `${name} of ${drives.indexOf(id)}` })
        }
      }
      yield* drive.forgetRequests
      assert.lengthOf(filesOf(yield* pages(options, live)), 3 + 4)
      const asked = (yield* listings(drive)).filter(({ query }) => query["q"]?.includes("in parents"))
      assert.deepStrictEqual(
        asked.map(({ query: { corpora, driveId, q = "" } }) => [corpora, driveId, q.split(" or ").length]).toSorted(),
        [
          ["drive", drives[0], 2],
          ["drive", drives[1], 2],
          [undefined, undefined, 1],
          [undefined, undefined, 3]
        ].toSorted()
      )
    })
  )

  it.live("asks no more at a time than it was told", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { options } = yield* comb(drive, 400)
      let now = 0
      let most = 0
      const counting = Layer.effect(
        Drive,
        Effect.map(Drive, (client) =>
          Drive.of({
            ...client,
            listFiles: (asked) =>
              Effect.acquireUseRelease(
                Effect.sync(() => (most = Math.max(most, ++now))),
                () => client.listFiles(asked),
                () => Effect.sync(() => now--)
              )
          })
        )
      ).pipe(Layer.provide(live))
      assert.lengthOf(filesOf(yield* pages({ ...options, concurrency: 3 }, counting)), 400)
      assert.strictEqual(most, 3)
    })
  )

  it.live("goes down a deep tree folder by folder", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const path = Array.from({ length: 100 }, (_, i) => `d${i}`).join("/")
      const { root } = yield* folderOf(drive, [{ path: `${path}/f`, bytes: "deep" }])
      yield* drive.forgetRequests
      assert.deepStrictEqual(lines(yield* pages({ from: { folders: [root] } }, live)), [`Upsert ${path}/f`])
      assert.lengthOf(yield* listed(drive), 101)
    })
  )

  it.live("keeps few folders waiting, however many there are", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const root = yield* drive.createFolder("root")
      let level = [root]
      for (let depth = 0; depth < 4; depth++) {
        const below: Array<string> = []
        for (const parent of level) {
          for (let i = 0; i < 6; i++) below.push(yield* drive.createFolder(`${i}`, { parents: [parent] }))
        }
        level = below
      }
      const found = yield* pages({ from: { folders: [root] }, concurrency: 1 }, live)
      let waiting = 0
      let most = 0
      for (const { cursor, range } of found) {
        // The cursors of `Cursors`: folders that were found, and those of a group that is done.
        const { done, f = [], g = [] }: { done?: boolean; f?: []; g?: [] } = JSON.parse(cursor)
        if (range.startsWith("found/")) waiting += f.length
        if (range.startsWith("list/") && done === true) waiting -= g.length
        most = Math.max(most, waiting)
      }
      assert.strictEqual(waiting, 0)
      // 1,296 of them are on one level. Groups of fifty find 300 at a time, of which fifty are listed next.
      assert.isBelow(most, 600)
    })
  )
})

describe("Walk, where Google answers for several folders with nothing,", () => {
  it.live("asks for each of them, and then on for each one", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { folders, lines: all, options } = yield* comb(drive, 60)
      const below = yield* drive.createFolder("below", { parents: [folders[59] ?? ""] })
      yield* drive.createFile({ name: "f", parents: [below] })
      yield* drive.faults.set([Fault.emptyGroups()])
      const found = yield* pages({ ...options, concurrency: 1 }, live)
      assert.deepStrictEqual(lines(found), [...all, "Upsert d59/below/f"].toSorted())
      assert.deepStrictEqual(gaps(found), [])
      // The first fifty in vain; from then on one by one.
      assert.deepStrictEqual(sizes(yield* listed(drive)), [...Array.from({ length: 1 + 60 + 1 }, () => 1), 50])
    })
  )

  it.live("asks again for those alone that were passed over", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { lines: all, options } = yield* comb(drive, 120)
      yield* drive.faults.set([Fault.emptyGroups({ q: "or", next: 1 })])
      assert.deepStrictEqual(lines(yield* pages(options, live)), all)
    })
  )

  it.live("goes on with groups where there was nothing in truth", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      // Listed last first: those that are empty come in one group.
      const { lines: all, options } = yield* comb(drive, 100, 50)
      assert.deepStrictEqual(lines(yield* pages({ ...options, concurrency: 1 }, live)), all)
      assert.deepStrictEqual(sizes(yield* listed(drive)), [...Array.from({ length: 1 + 50 }, () => 1), 50, 50])
    })
  )

  it.live("does so after empty answers that have a next one, too", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { lines: all, options } = yield* comb(drive, 60)
      yield* drive.faults.set([Fault.emptyGroups(), Fault.shortPages({ fraction: 0.3 })])
      assert.deepStrictEqual(lines(yield* pages(options, live)), all)
    })
  )
})

describe("Walk, answer by answer,", () => {
  it.live("takes a file once that is in two answers, and lists a folder once", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { lines: all, options } = yield* comb(drive, 20)
      yield* drive.faults.set([Fault.duplicateAcrossPages()])
      assert.deepStrictEqual(lines(yield* pages(options, inAnswersOf(3, live))), all)
      const { DuplicateAcrossPages: struck = 0 } = yield* drive.faults.struck
      assert.isAbove(struck, 10)
      const each = (yield* listed(drive)).flat()
      assert.deepStrictEqual(new Set(each).size, 21)
    })
  )

  it.live("goes on behind answers that are short, or empty", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { lines: all, options } = yield* comb(drive, 60)
      yield* drive.faults.set([Fault.shortPages({ fraction: 0.5 }), Fault.shortPages({ files: 2 })])
      assert.deepStrictEqual(lines(yield* pages(options, live)), all)
      const { ShortPages: struck = 0 } = yield* drive.faults.struck
      assert.isAbove(struck, 60)
    })
  )

  it.live("takes a file of several folders once where those are listed apart", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { folders, lines: all, options } = yield* comb(drive, 120)
      const [first = "", last = ""] = [folders[0], folders[119]]
      const file = yield* drive.createFile({ name: "both", parents: [first] })
      yield* drive.setParents(file, [first, last])
      const found = yield* pages(options, live)
      assert.deepStrictEqual(lines(found), [...all, `Upsert ${first < last ? "d0" : "d119"}/both`].toSorted())
    })
  )

  it.live("says that files may be missing where Google did not search everything", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { lines: all, options } = yield* flat(drive, 10)
      yield* drive.faults.set([Fault.incompleteSearch({ next: 1 })])
      assert.deepStrictEqual(gaps(yield* pages(options, inAnswersOf(4, live))), ["incomplete-search"])

      // Also in an empty answer that has a next one.
      yield* drive.faults.set([Fault.incompleteSearch({ next: 1 }), Fault.shortPages({ next: 1 })])
      assert.deepStrictEqual(gaps(yield* pages(options, live)), ["incomplete-search"])

      yield* drive.faults.set([Fault.incompleteSearch({ missing: 0.5 })])
      const found = yield* pages(options, inAnswersOf(4, live))
      assert.deepStrictEqual(gaps(found), ["incomplete-search", "incomplete-search", "incomplete-search"])
      assert.lengthOf(lines(found), 5)

      yield* drive.faults.clear
      const whole = yield* pages(options, live)
      assert.deepStrictEqual([gaps(whole), lines(whole)], [[], all])
    })
  )

  it.live("loses nothing of what moves meanwhile, and has it once", () =>
    Effect.gen(function* () {
      for (const [from, to] of [
        ["a", "b"],
        ["b", "a"],
        ["a", "a/below"],
        ["a", "beside"]
      ] as const) {
        for (const answers of [1, 2, 3]) {
          const { drive, live } = yield* open()
          const contents = ["a", "b"].flatMap((folder) => ["1", "2", "3"].map((name) => `${folder}/${name}`))
          const { folders, ids, root } = yield* folderOf(
            drive,
            [...contents, "a/below/4"].map((path) => ({ path, bytes: path }))
          )
          folders.set("beside", yield* drive.createFolder("beside"))
          const [file, folder] = [ids.get(`${from}/2`) ?? "", folders.get(to) ?? ""]
          yield* drive.faults.set([Fault.moveBetweenPages(file, folder, { q: folders.get(from) ?? "" })])
          const source = yield* kept(drive, inAnswersOf(answers, live), { from: { folders: [root] } })
          yield* source.sweep
          assert.deepStrictEqual((yield* drive.faults.struck)["MoveBetweenPages"], 1)
          // What the sweep said, and what following says after it, are what is there now.
          yield* source.follow
          const rest = [...contents, "a/below/4"].filter((path) => path !== `${from}/2`)
          assert.deepStrictEqual(yield* source.paths, [...rest, ...(to === "beside" ? [] : [`${to}/2`])].toSorted())
        }
      }
    })
  )
})
