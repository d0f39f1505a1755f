import { assert, describe, it } from "@effect/vitest"
import { Ledger, Mapping, Outcome, Pipeline, type Sink } from "@sluice/core"
import { Duration, Effect, Option } from "effect"
import { DriveSource } from "../src/index.ts"
import { standIn } from "./bench.ts"
import { swept, twoFolders } from "./following.ts"
import type { Edit } from "./scenarios.ts"

interface Prepared extends Record<"taken" | "beside" | "films", string> {
  readonly id: (name: string) => string
}

/** How what is taken as a whole is lost, what it is taken by, and how it comes back. */
const lost: ReadonlyArray<
  readonly [
    title: string,
    from: (ids: Prepared) => DriveSource.From,
    lose: Edit,
    reason: "Missing" | "Unauthorized",
    back: Edit | undefined
  ]
> = [
  [
    "the folder is in the trash",
    ({ taken }) => ({ folders: [taken] }),
    (drive, id) => drive.trash(id("taken")),
    "Missing",
    (drive, id) => drive.untrash(id("taken"))
  ],
  [
    "the folder is in the trash with another",
    ({ id }) => ({ folders: [id("b")] }),
    (drive, id) => drive.trash(id("a")),
    "Missing",
    (drive, id) => drive.untrash(id("a"))
  ],
  [
    "the folder is deleted",
    ({ taken }) => ({ folders: [taken] }),
    (drive, id) => drive.remove(id("taken")),
    "Missing",
    undefined
  ],
  [
    "the folder is no longer shared",
    ({ id }) => ({ folders: [id("bobs")] }),
    (drive, id) => drive.unshare(id("bobs"), drive.oauth.account),
    "Missing",
    (drive, id) => drive.share(id("bobs"), { role: "reader", emailAddress: drive.oauth.account })
  ],
  [
    "one of several folders is in the trash",
    ({ beside, taken }) => ({ folders: [taken, beside] }),
    (drive, id) => drive.trash(id("beside")),
    "Missing",
    (drive, id) => drive.untrash(id("beside"))
  ],
  [
    "the shared drive is left",
    ({ films }) => ({ sharedDrive: films }),
    (drive, id) => drive.removeMember(id("Films"), drive.oauth.account),
    "Missing",
    (drive, id) => drive.addMember(id("Films"), drive.oauth.account)
  ],
  [
    "the shared drive is deleted",
    ({ films }) => ({ sharedDrive: films }),
    (drive, id) => drive.removeDrive(id("Films")),
    "Missing",
    undefined
  ]
]

const prepared = Effect.gen(function* () {
  const { drive, live } = yield* standIn({ burst: 100_000, queriesPerMinute: 1_000_000 })
  const { beside, id, taken } = yield* twoFolders(drive)
  const films = yield* drive.createDrive("Films", { members: { [drive.oauth.account]: "reader" } })
  yield* drive.createFile({ name: "reel.mov", parents: [films], content: "reel" })
  const bobs = yield* drive.createFolder("bobs", { owner: "bob@example.com" })
  yield* drive.share(bobs, { role: "reader", emailAddress: drive.oauth.account })
  yield* drive.createFile({ name: "bob.txt", parents: [bobs], owner: "bob@example.com" })
  const own = new Map([
    ["Films", films],
    ["bobs", bobs]
  ])
  return { drive, live, beside, taken, films, id: (name: string) => own.get(name) ?? id(name) }
})

describe("Follow, of what is lost as a whole,", () => {
  it.live.each(lost)("fails and says nothing where %s, and goes on when it is back", ([, from, lose, reason, back]) =>
    Effect.gen(function* () {
      const { drive, live, ...ids } = yield* prepared
      const source = yield* swept(drive, live, { from: from(ids) })
      const before = yield* source.paths
      yield* lose(drive, ids.id)
      const error = yield* Effect.flip(source.followOnly)
      assert.strictEqual(error._tag === "SourceError" && error.reason._tag, reason)
      assert.deepStrictEqual(
        source.pages().flatMap(({ changes }) => changes),
        []
      )
      assert.deepStrictEqual(yield* source.paths, before)
      if (back === undefined) return
      yield* back(drive, ids.id)
      yield* source.follow
      assert.deepStrictEqual(yield* source.paths, before)
    })
  )

  it.live.each(lost)("fails where, between the requests of a run, %s", ([, from, lose, reason, back]) =>
    Effect.gen(function* () {
      for (let request = 1, isLast = false; !isLast; request++) {
        const { drive, live, ...ids } = yield* prepared
        const source = yield* swept(drive, live, { from: from(ids) })
        const before = yield* source.paths
        isLast = true
        yield* drive.beforeRequest(({ number }) => {
          if (number !== request) return Effect.void
          isLast = false
          return Effect.orDie(lose(drive, ids.id))
        })
        const result = yield* Effect.result(source.followOnly)
        if (result._tag === "Failure") {
          assert.strictEqual(result.failure._tag === "SourceError" && result.failure.reason._tag, reason)
        }
        assert.deepStrictEqual(yield* source.paths, before)
        yield* drive.beforeRequest(() => Effect.void)
        if (isLast) yield* lose(drive, ids.id)
        const error = yield* Effect.flip(source.followOnly)
        assert.strictEqual(error._tag === "SourceError" && error.reason._tag, reason)
        assert.deepStrictEqual(yield* source.paths, before)
        if (back === undefined) continue
        yield* back(drive, ids.id)
        yield* source.follow
      }
    })
  )
})

/** A bucket in memory: which paths it holds. */
const bucket = () => {
  const paths = new Map<string, string>()
  interface Prepared extends Sink.Prepared {
    readonly path: string
  }
  const sink: Sink.Sink<string, Prepared> = {
    name: "memory",
    limits: { maxRecords: 10, maxBytes: 1000, maxWait: Duration.millis(1), maxInFlight: 1, maxPreparing: 4 },
    check: () => Effect.succeed([]),
    prepare: ({ file, key }) => Effect.succeed({ _tag: "Prepared", key, weight: 1, path: file.path }),
    describe: ({ path }) => path,
    send: (batch) =>
      Effect.sync(() =>
        batch.map(({ key, path }) => {
          paths.set(key, path)
          return { _tag: "Settled", key, outcome: Outcome.Created.make({ objectId: key }) } as const
        })
      ),
    find: Option.none(),
    remove: (batch) =>
      Effect.sync(() =>
        batch.map(({ key }) => {
          paths.delete(key)
          return { _tag: "Settled", key, outcome: Outcome.Removed.make({}) } as const
        })
      ),
    inventory: Option.none(),
    staging: Option.none(),
    processing: Option.none()
  }
  return { sink, paths: () => [...paths.values()].toSorted() }
}

describe("A pipeline that follows Drive", () => {
  it.live.each([410, 400] as const)("sweeps where its position has expired (%s), and says so", (status) =>
    Effect.gen(function* () {
      const { drive, live } = yield* standIn()
      const { id, taken } = yield* twoFolders(drive)
      const { paths, sink } = bucket()
      const pipeline = Pipeline.make({
        name: "drive",
        source: DriveSource.make({ from: { folders: [taken] } }),
        map: Mapping.make((file) => file.path),
        sink,
        deletes: "propagate"
      })
      yield* Effect.gen(function* () {
        const passes = Effect.map(Pipeline.run(pipeline), (report) =>
          report.passes.map(({ ended, kind }) => `${kind} ${ended}`)
        )
        assert.deepStrictEqual(yield* passes, ["sweep complete", "follow complete"])
        yield* drive.rename(id("a"), "z")
        yield* drive.remove(id("three.txt"))
        assert.deepStrictEqual(yield* passes, ["follow complete"])
        assert.deepStrictEqual(paths(), ["top.txt", "z/b/two.txt", "z/one.txt"])
        yield* drive.remove(id("two.txt"))
        yield* drive.createFile({ name: "new.txt", parents: [id("c")] })
        yield* drive.expireChanges(status)
        assert.deepStrictEqual(yield* passes, ["follow expired", "sweep complete", "follow complete"])
        assert.deepStrictEqual(paths(), ["c/new.txt", "top.txt", "z/one.txt"])
        yield* drive.trash(id("a"))
        assert.deepStrictEqual(yield* passes, ["follow complete"])
        assert.deepStrictEqual(paths(), ["c/new.txt", "top.txt"])
      }).pipe(Effect.provide([live, Ledger.layerMemory]))
    })
  )
})
