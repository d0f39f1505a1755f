import { assert, describe, it } from "@effect/vitest"
import type { Change, Source, SourceFile } from "@sluice/core"
import { type DriveStandIn, Fault } from "@sluice/testkit/drive"
import { Effect, Result, Schema, Stream } from "effect"
import { DriveSource } from "../src/index.ts"
import { inAnswersOf, listed, open } from "./sweeping.ts"
import { cursorsOf, everything, filesOf, folderOf, lines, pages } from "./tree.ts"

type StandIn = DriveStandIn.DriveStandIn

/** A folder with files in it and in so many folders, each with one folder below. */
const planted = Effect.fnUntraced(function* (drive: StandIn, folders: number) {
  const root = yield* drive.createFolder("root")
  const paths = ["0", "1", "2", "3"]
  for (const name of paths) yield* drive.createFile({ name, parents: [root] })
  for (let i = 0; i < folders; i++) {
    const parent = yield* drive.createFolder(`d${i}`, { parents: [root] })
    const below = yield* drive.createFolder("e", { parents: [parent] })
    yield* drive.createFile({ name: "f", parents: [parent] })
    yield* drive.createFile({ name: "f", parents: [below] })
    paths.push(`d${i}/f`, `d${i}/e/f`)
  }
  return { root, paths: paths.toSorted(), options: { from: { folders: [root] } } satisfies DriveSource.Options }
})

const pathsOf = (files: ReadonlyArray<SourceFile.SourceFile>) => files.map(({ path }) => path).toSorted()

/** Resumes until there is nothing to say; each time, what is settled of the pages said is drawn. */
const broken = Effect.fnUntraced(function* (
  sweep: (resume: ReadonlyArray<Change.RangeCursor>) => Effect.Effect<ReadonlyArray<Change.Page>, unknown>,
  runs: ReadonlyArray<{ readonly pages?: number; readonly isSettled: (page: Change.Page, i: number) => boolean }>
) {
  const cursors = new Map<string, Change.Cursor>()
  const settled = new Map<string, SourceFile.SourceFile>()
  for (const { isSettled, pages } of runs) {
    const stuck = new Set<string>()
    const said = yield* sweep(Array.from(cursors, ([range, cursor]) => ({ range, cursor })))
    for (const [i, page] of said.slice(0, pages).entries()) {
      const { changes, cursor, range } = page
      // A page without changes is settled at once, and each after those of its range before it.
      if (stuck.has(range) || (changes.length > 0 && !isSettled(page, i))) {
        stuck.add(range)
        continue
      }
      cursors.set(range, cursor)
      for (const file of filesOf([page])) settled.set(file.id, file)
    }
  }
  return pathsOf([...settled.values()])
})

describe("Sweep", () => {
  it.live("asks little ahead of what is taken, and nothing when no more is", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const path = Array.from({ length: 40 }, (_, i) => `d${i}`).join("/")
      const { root } = yield* folderOf(drive, [{ path: `${path}/f`, bytes: "deep" }])
      yield* drive.forgetRequests
      const first = yield* DriveSource.make({ from: { folders: [root] } })
        .sweep(everything)
        .pipe(Stream.take(8), Stream.runCollect, Effect.provide(live))
      assert.lengthOf(first, 8)
      // The log, the root, and three folders with what was found in them; what is asked ahead is at most two more.
      assert.isAtMost((yield* listed(drive)).length, 5)
    })
  )

  it.live("says of every folder where it is, and of none twice", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { root, options } = yield* planted(drive, 3)
      const there = yield* drive.createFolder("there")
      const shortcut = yield* drive.createShortcut(there, { name: "led", parent: root })
      const names = new Map((yield* drive.items()).map(({ id, name }) => [id, name]))
      const containers = (yield* pages(options, live)).flatMap((page) => page.containers ?? [])
      const folders = containers.filter(({ id }) => names.has(id))
      assert.deepStrictEqual(
        folders.map(({ id, within = "" }) => `${names.get(within) ?? ""} > ${names.get(id)}`).toSorted(),
        [" > root", "d0 > e", "d1 > e", "d2 > e", "led > there", "root > d0", "root > d1", "root > d2", "root > led"]
      )
      assert.strictEqual(new Set(folders.map(({ id }) => id)).size, 9)
      // And where the shortcut leads, so that it is followed again when that changes.
      assert.include(
        containers.map(({ id }) => id),
        `target:${there}`
      )
      assert.include(
        folders.map(({ id }) => id),
        shortcut
      )
    })
  )
})

describe("Sweep, resumed,", () => {
  it.live("says nothing again where everything was settled, and lists nothing", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { options } = yield* planted(drive, 3)
      const resume = cursorsOf(yield* pages(options, live))
      yield* drive.forgetRequests
      assert.deepStrictEqual(yield* pages(options, live, { resume }), [])
      assert.deepStrictEqual(yield* drive.requestsByOperation, { token: 1, "files.get": 2 })
    })
  )

  it.live("goes on wherever it was broken off, and says nothing twice", () =>
    Effect.gen(function* () {
      const { drive, live: all } = yield* open()
      const live = inAnswersOf(3, all)
      const { options, paths } = yield* planted(drive, 5)
      const source = DriveSource.make({ ...options, concurrency: 1 })
      const whole = yield* pages({ ...options, concurrency: 1 }, live)
      assert.isAbove(whole.length, 10)
      for (let taken = 0; taken <= whole.length; taken++) {
        const first = yield* source.sweep(everything).pipe(Stream.take(taken), Stream.runCollect, Effect.provide(live))
        yield* drive.forgetRequests
        const then = yield* pages({ ...options, concurrency: 1 }, live, { resume: cursorsOf(first) })
        const said = [...filesOf(first), ...filesOf(then)]
        assert.deepStrictEqual(pathsOf(said), paths)
      }
    })
  )

  it.live("asks for a group from where it stood", () =>
    Effect.gen(function* () {
      const { drive, live: all } = yield* open()
      const live = inAnswersOf(2, all)
      const { options, paths } = yield* planted(drive, 0)
      const whole = yield* pages(options, live)
      assert.lengthOf(whole, 4)
      const first = whole.slice(0, 3)
      yield* drive.forgetRequests
      const then = yield* pages(options, live, { resume: cursorsOf(first) })
      assert.lengthOf(filesOf(then), 2)
      assert.deepStrictEqual(pathsOf([...filesOf(first), ...filesOf(then)]), paths)
      assert.deepStrictEqual(yield* listed(drive), [["root"]])
    })
  )

  it.live("lists a group from its beginning where its position has expired", () =>
    Effect.gen(function* () {
      const { drive, live: all } = yield* open()
      const live = inAnswersOf(2, all)
      const { options, paths } = yield* planted(drive, 0)
      const first = (yield* pages(options, live)).slice(0, 3)
      yield* drive.faults.set([Fault.refuse("invalid", { operations: ["files.list"], next: 1 })])
      const then = yield* pages(options, live, { resume: cursorsOf(first) })
      assert.deepStrictEqual(pathsOf(filesOf(then)), paths)
    })
  )

  it.live("is to be tried again where a position expires under it, and loses nothing by that", () =>
    Effect.gen(function* () {
      const { drive, live: all } = yield* open()
      const live = inAnswersOf(1, all)
      const { options, paths } = yield* planted(drive, 0)
      const said: Array<Change.Page> = []
      yield* drive.faults.set([Fault.refuse("invalid", { operations: ["files.list"], after: 2, next: 1 })])
      const error = yield* DriveSource.make(options)
        .sweep(everything)
        .pipe(
          Stream.runForEach((page) => Effect.sync(() => said.push(page))),
          Effect.provide(live),
          Effect.flip
        )
      assert.deepInclude(error, { _tag: "SourceError", operation: "files.list", code: "page-token-expired" })
      assert.strictEqual("reason" in error && error.reason._tag, "Unavailable")
      assert.lengthOf(filesOf(said), 2)
      const then = yield* pages(options, live, { resume: cursorsOf(said) })
      assert.deepStrictEqual(pathsOf([...filesOf(said), ...filesOf(then)]), paths)
    })
  )

  it.live("begins anew with other settings", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { options, paths } = yield* planted(drive, 2)
      const resume = cursorsOf(yield* pages(options, live))
      const then = yield* pages({ ...options, includeTrashed: true }, live, { resume })
      assert.deepStrictEqual(pathsOf(filesOf(then)), paths)
    })
  )

  it.live("loses no folder of an answer that is asked for again after some of its folders were listed", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const root = yield* drive.createFolder("root")
      yield* drive.createFile({ name: "top", parents: [root] })
      for (let i = 0; i < 100; i++) {
        yield* drive.createFile({ name: "f", parents: [yield* drive.createFolder(`d${i}`, { parents: [root] })] })
      }
      const sweep = (resume: ReadonlyArray<Change.RangeCursor>) =>
        pages({ from: { folders: [root] } }, live, { resume })
      const isOf = (page: Change.Page, path: string) => filesOf([page]).some((file) => file.path === path)
      const paths = yield* broken(sweep, [
        // What was found, and nothing of the answer that named it.
        { isSettled: () => false },
        // The newest folders, which are named first.
        { isSettled: (page) => isOf(page, "d99/f") },
        // The answer that named all of them.
        { isSettled: (page) => isOf(page, "top") },
        { isSettled: () => true }
      ])
      assert.lengthOf(paths, 101)
    })
  )

  it.live("does not believe that a group is empty whose beginning was, or that had something in it", () =>
    Effect.gen(function* () {
      for (const fault of [
        // An empty answer with a next one, and nothing behind it either.
        Fault.shortPages({ q: " or ", next: 1 }),
        // An answer with something in it; then the position has expired, and from the beginning on there is nothing.
        Fault.shortPages({ q: " or ", next: 1, files: 1 })
      ]) {
        const { drive, live } = yield* open()
        const root = yield* drive.createFolder("root")
        for (const name of ["a", "b", "c"]) {
          yield* drive.createFile({ name, parents: [yield* drive.createFolder(name, { parents: [root] })] })
        }
        yield* drive.faults.set([fault])
        const whole = yield* pages({ from: { folders: [root] } }, live)
        const first = whole.slice(0, -1)
        yield* drive.faults.set([
          Fault.refuse("invalid", { operations: ["files.list"], q: " or ", next: "files" in fault ? 1 : 0 }),
          Fault.emptyGroups()
        ])
        const then = yield* pages({ from: { folders: [root] } }, live, { resume: cursorsOf(first) })
        const said = new Set(pathsOf([...filesOf(first), ...filesOf(then)]))
        assert.deepStrictEqual(said, new Set(["a/a", "b/b", "c/c"]))
      }
    })
  )

  it.live("takes a shared drive that came meanwhile", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const join = Effect.fnUntraced(function* (name: string) {
        const id = yield* drive.createDrive(name, { members: { [drive.oauth.account]: "reader" } })
        yield* drive.createFile({ name: "film.mp4", parents: [id] })
      })
      yield* join("One")
      const first = (yield* pages({ from: "everything" }, live)).slice(0, -1)
      assert.deepStrictEqual(lines(first), [])
      yield* join("Two")
      const then = yield* pages({ from: "everything" }, live, { resume: cursorsOf(first) })
      assert.deepStrictEqual(lines(then), ["Upsert One/film.mp4", "Upsert Two/film.mp4"])
      assert.deepStrictEqual(
        lines(yield* pages({ from: "everything" }, live, { resume: cursorsOf([...first, ...then]) })),
        []
      )
    })
  )

  it.live.prop(
    "loses nothing, whatever of it was settled when it was broken off",
    {
      runs: Schema.Array(
        Schema.Struct({
          pages: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 20 })),
          settled: Schema.Array(Schema.Boolean).check(Schema.isMinLength(1))
        })
      ).check(Schema.isMaxLength(5)),
      files: Schema.Literals([1, 3, 1000]),
      folders: Schema.Literals([3, 12, 60])
    },
    ({ files, folders, runs }) =>
      Effect.gen(function* () {
        const { drive, live: all } = yield* open()
        const live = inAnswersOf(files, all)
        const { options, paths } = yield* planted(drive, folders)
        const drawn = runs.map(({ pages, settled }) => ({
          pages,
          isSettled: (_: Change.Page, i: number) => settled[i % settled.length] === true
        }))
        const sweep = (resume: ReadonlyArray<Change.RangeCursor>) => pages(options, live, { resume })
        const said = yield* broken(sweep, [...drawn, { isSettled: () => true }])
        assert.deepStrictEqual(said, paths)
      }).pipe(Effect.scoped),
    { arbitrary: { runs: 40 } }
  )
})

/** What no one outlives, and what is said of it. */
const refusals = [
  ["a token that is no longer accepted", "Unauthorized", (where: Fault.Where) => Fault.refuse("authError", where)],
  [
    "a scope that was taken away",
    "Unauthorized",
    (where: Fault.Where) => Fault.refuse("insufficientPermissions", where)
  ],
  ["a domain that forbids it", "Unauthorized", (where: Fault.Where) => Fault.refuse("domainPolicy", where)],
  ["a quota that is used up", "Misconfigured", (where: Fault.Where) => Fault.refuse("dailyLimitExceeded", where)],
  ["an error of Google's own", "Unavailable", (where: Fault.Where) => Fault.refuse("backendError", where)],
  ["an error page", "Unavailable", (where: Fault.Where) => Fault.page(where)],
  ["a broken connection", "Unavailable", (where: Fault.Where) => Fault.reset(where)]
] as const

const reasonOf = (result: Result.Result<unknown, { readonly _tag: string } | Source.SourceError>) =>
  Result.isSuccess(result) ? "none" : "reason" in result.failure ? result.failure.reason._tag : result.failure._tag

describe("Sweep, broken off", () => {
  it.live.each(refusals)("by %s, says so, and goes on from there", ([, reason, fault]) =>
    Effect.gen(function* () {
      const { drive, live: all } = yield* open()
      const live = inAnswersOf(3, all)
      const { options, paths, root } = yield* planted(drive, 3)
      yield* drive.createShortcut(yield* drive.createFile({ name: "there" }), { name: "led", parent: root })
      const expected = [...paths, "led"].toSorted()
      const struck = Effect.map(drive.faults.struck, (counts) => Object.values(counts).reduce((a, b) => a + b, 0))
      for (const [operations, atLeast] of [
        [["changes.getStartPageToken", "files.get", "files.list"], 10],
        // What is left of a walk may look like its end.
        [["files.list"], 6]
      ] as const) {
        for (let after = 0, isStruck = true; isStruck; after++) {
          const said: Array<Change.Page> = []
          const before = yield* struck
          yield* drive.faults.set([fault({ after, operations })])
          const result = yield* DriveSource.make(options)
            .sweep(everything)
            .pipe(
              Stream.runForEach((page) => Effect.sync(() => said.push(page))),
              Effect.provide(live),
              Effect.result
            )
          isStruck = (yield* struck) > before
          yield* drive.faults.clear
          assert.strictEqual(reasonOf(result), isStruck ? reason : "none", `after ${after}`)
          const then = yield* pages(options, live, { resume: cursorsOf(said) })
          assert.deepStrictEqual(pathsOf([...filesOf(said), ...filesOf(then)]), expected)
          if (!isStruck) assert.isAtLeast(after, atLeast)
        }
      }
    })
  )

  it.live("by no failure that passes", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* open()
      const { options, paths } = yield* planted(drive, 60)
      yield* drive.faults.set([
        Fault.tooManyRequests({ fraction: 0.2 }),
        Fault.refuse("backendError", { fraction: 0.1 }),
        Fault.reset({ fraction: 0.1 })
      ])
      assert.deepStrictEqual(pathsOf(filesOf(yield* pages(options, inAnswersOf(10, live)))), paths)
    })
  )

  it.live.each([
    ["a folder of others", "folder"],
    ["a shared drive", "drive"]
  ] as const)("where %s is shared no longer, whenever that is", ([, kind]) =>
    Effect.gen(function* () {
      for (let after = 0; ; after++) {
        const { drive, live: all } = yield* open()
        const live = inAnswersOf(1, all)
        const [ada = "", bob = ""] = drive.accounts
        const root =
          kind === "drive"
            ? yield* drive.createDrive("Films", { members: { [ada]: "reader" } })
            : yield* drive.createFolder("shared", { owner: bob })
        if (kind === "folder") yield* drive.share(root, { role: "reader", emailAddress: ada })
        for (const name of ["a", "b", "c"]) {
          const parent = yield* drive.createFolder(name, { parents: [root], owner: bob })
          yield* drive.createFile({ name, parents: [parent], owner: bob })
        }
        yield* drive.forgetRequests
        let isGone = false
        yield* drive.beforeRequest(({ number }) => {
          if (number !== after + 1) return Effect.void
          isGone = true
          return Effect.orDie(kind === "drive" ? drive.removeMember(root, ada) : drive.unshare(root, ada))
        })
        const from = kind === "drive" ? { sharedDrive: root } : { folders: [root] }
        const result = yield* Effect.result(pages({ from }, live))
        if (!isGone) {
          assert.strictEqual(reasonOf(result), "none")
          assert.isAbove(after, 6)
          break
        }
        assert.strictEqual(reasonOf(result), "Missing", `after ${after}`)
      }
    })
  )
})
