/**
 * What every ledger must do. A ledger's test calls `ledgerContract` with its layer.
 */
import { assert, it } from "@effect/vitest"
import { Change, Ledger, Outcome, type Report, SourceFile } from "@sluice/core"
import { DateTime, Effect, Exit, type Layer, Scope } from "effect"

const file = (id: string, over: Partial<SourceFile.SourceFile> = {}): SourceFile.SourceFile => ({
  id,
  token: "1",
  uri: `test://${id}`,
  path: id,
  size: 10,
  mimeType: "text/plain",
  attributes: {},
  ...over
})
const { facts } = SourceFile
const at = (range: string, cursor: string, follows = false) => ({ range, cursor: Change.Cursor.make(cursor), follows })
const bare = ({ cursor, range }: Ledger.Advance) => ({ range, cursor })
const created = (...files: ReadonlyArray<SourceFile.SourceFile>) =>
  files.map((one) => ({ file: one, outcome: Outcome.Created.make({}) }))
const ids = (known: ReadonlyArray<Ledger.Known>) => known.map(({ id }) => id).toSorted()
const rejected = (code: string) => Outcome.Rejected.make({ cause: { code, message: `because of ${code}` } })
const intent = (id: string, over: Partial<Ledger.Intent> = {}): Ledger.Intent => ({
  ...SourceFile.state(file(id)),
  sentAt: 1000,
  ...over
})

let runs = 0
const open = (pipeline: string, runId = `run ${runs++}`) =>
  Effect.flatMap(Ledger.Ledger, (ledger) => ledger.open({ pipeline, runId }))
const settle = (book: Ledger.Book, settlement: Partial<Ledger.Settlement>) =>
  book.settle({ ...Ledger.nothing, ...settlement })

/** Registers the suite. Every test opens pipelines of its own. */
export const ledgerContract = <E>(name: string, layer: Layer.Layer<Ledger.Ledger, E>): void => {
  const test = (title: string, body: () => Effect.Effect<void, unknown, Ledger.Ledger | Scope.Scope>) =>
    it.live(`${name} ${title}`, () => body().pipe(Effect.scoped, Effect.provide(layer)))

  test("knows what was delivered, in which state and as which object, and nothing else", () =>
    Effect.gen(function* () {
      const book = yield* open("a")
      yield* settle(book, {
        files: [
          { file: file("1"), outcome: Outcome.Created.make({}), objectId: "obj_1" },
          { file: file("2"), outcome: Outcome.SkippedDuplicate.make({}) },
          { file: file("3"), outcome: Outcome.Rejected.make({ cause: { code: "x", message: "x" } }) },
          { file: file("4"), outcome: Outcome.Skipped.make({ cause: { code: "x", message: "x" } }) }
        ]
      })
      const known = yield* book.known(["1", "2", "3", "4", "5"])
      assert.deepStrictEqual(
        [...known.values()],
        [
          { id: "1", uri: "test://1", token: "1", facts: facts(file("1")), objectId: "obj_1", gone: false },
          { id: "2", uri: "test://2", token: "1", facts: facts(file("2")), gone: false }
        ]
      )
    }))

  test("keeps the latest state of a file and the id of its object, and forgets one that was removed", () =>
    Effect.gen(function* () {
      const book = yield* open("b")
      const deliver = (token: string, outcome: Outcome.Outcome) =>
        settle(book, { files: [{ file: file("1", { token }), outcome, objectId: "obj_1" }] })
      yield* deliver("1", Outcome.Created.make({}))
      yield* deliver("2", Outcome.Updated.make({}))
      const known = (yield* book.known(["1"])).get("1")
      assert.deepStrictEqual([known?.token, known?.objectId], ["2", "obj_1"])
      yield* settle(book, { removed: ["1"] })
      assert.strictEqual((yield* book.known(["1"])).size, 0)
    }))

  test("keeps pipelines apart", () =>
    Effect.gen(function* () {
      const book = yield* open("c")
      yield* settle(book, { files: created(file("1")), cursors: [at("r", "9")], containers: [{ id: "f", state: "" }] })
      const other = yield* open("d")
      assert.strictEqual((yield* other.known(["1"])).size, 0)
      assert.strictEqual((yield* other.containers(["f"])).size, 0)
      assert.deepStrictEqual((yield* other.position).sweep, [])
    }))

  test("keeps a sweep's cursors until it is complete, and those to follow from until the next sweep begins", () =>
    Effect.gen(function* () {
      const book = yield* open("e")
      yield* book.beginSweep({ tracks: false, asked: "all" })
      yield* settle(book, { cursors: [at("r", "1"), at("s", "1"), at("changes", "7", true)] })
      yield* settle(book, { cursors: [at("r", "2")] })
      const follow = [bare(at("changes", "7"))]
      assert.deepStrictEqual(yield* book.position, {
        swept: false,
        tracks: false,
        asked: "all",
        sweep: [bare(at("r", "2")), bare(at("s", "1"))],
        follow
      })
      yield* book.completeSweep
      assert.deepStrictEqual(yield* book.position, {
        swept: true,
        tracks: false,
        asked: "all",
        sweep: [],
        follow
      })
      yield* book.beginSweep({ tracks: true, asked: "pdf" })
      assert.deepStrictEqual(yield* book.position, {
        swept: false,
        tracks: true,
        asked: "pdf",
        sweep: [],
        follow: []
      })
    }))

  test("holds for gone what a complete sweep did not name, where the sweep kept account", () =>
    Effect.gen(function* () {
      const book = yield* open("f")
      yield* settle(book, { files: created(file("1"), file("2"), file("3")) })
      yield* book.beginSweep({ tracks: false, asked: "all" })
      yield* book.completeSweep
      assert.deepStrictEqual(yield* book.gone(10), [])
      yield* book.beginSweep({ tracks: true, asked: "pdf" })
      yield* settle(book, { seen: [{ id: "1" }, { id: "9" }], files: created(file("3", { token: "2" })) })
      assert.deepStrictEqual(yield* book.gone(10), [])
      yield* book.completeSweep
      assert.deepStrictEqual(ids(yield* book.gone(10)), ["2"])
      assert.deepStrictEqual(yield* book.count, { known: 3, gone: 1 })
    }))

  test("holds a file for gone until it is named again, or its object is removed", () =>
    Effect.gen(function* () {
      const book = yield* open("g")
      yield* settle(book, { files: created(file("1"), file("2"), file("3")) })
      yield* settle(book, { gone: ["1", "2", "3", "4"] })
      assert.isTrue((yield* book.known(["1"])).get("1")?.gone)
      assert.strictEqual((yield* book.gone(2)).length, 2)
      yield* settle(book, { seen: [{ id: "1" }] })
      yield* settle(book, { files: created(file("2")) })
      yield* settle(book, { removed: ["3"] })
      assert.deepStrictEqual(yield* book.gone(10), [])
      assert.deepStrictEqual(yield* book.count, { known: 2, gone: 0 })
    }))

  test("with a container, holds everything in it for gone, however deep, and nothing else", () =>
    Effect.gen(function* () {
      const book = yield* open("h")
      const containers: ReadonlyArray<Change.Container> = [
        { id: "top", state: "top" },
        { id: "a", within: "top", state: "a" },
        { id: "b", within: "a", state: "b" },
        { id: "c", within: "top", state: "c" }
      ]
      const files = ["top", "a", "b", "b", "c"].map((within, i) => file(String(i), { within }))
      yield* settle(book, { containers, files: created(...files, file("alone")) })
      assert.deepStrictEqual((yield* book.containers(["b", "z"])).get("b"), containers[2])
      yield* settle(book, { gone: ["a"] })
      assert.deepStrictEqual(ids(yield* book.gone(10)), ["1", "2", "3"])
      assert.deepStrictEqual([...(yield* book.containers(["top", "a", "b", "c"])).keys()].toSorted(), ["c", "top"])
    }))

  test("knows where a file is although its new state was not delivered", () =>
    Effect.gen(function* () {
      const book = yield* open("j")
      const containers = [
        { id: "a", state: "a" },
        { id: "b", state: "b" }
      ]
      yield* settle(book, { containers, files: created(file("1", { within: "a" })) })
      yield* settle(book, { seen: [{ id: "1", within: "b" }] })
      assert.strictEqual((yield* book.known(["1"])).get("1")?.within, "b")
      yield* settle(book, { gone: ["a"] })
      assert.deepStrictEqual(yield* book.gone(10), [])
      yield* settle(book, { gone: ["b"] })
      assert.deepStrictEqual(ids(yield* book.gone(10)), ["1"])
    }))

  test("follows a container that moved", () =>
    Effect.gen(function* () {
      const book = yield* open("i")
      const containers = [
        { id: "a", state: "a" },
        { id: "b", state: "b" },
        { id: "c", within: "a", state: "c" }
      ]
      yield* settle(book, { containers, files: created(file("1", { within: "c" })) })
      yield* settle(book, { containers: [{ id: "c", within: "b", state: "c" }] })
      yield* settle(book, { gone: ["a"] })
      assert.deepStrictEqual(yield* book.gone(10), [])
      yield* settle(book, { gone: ["b"] })
      assert.deepStrictEqual(ids(yield* book.gone(10)), ["1"])
    }))

  test("keeps everything for the next run", () =>
    Effect.gen(function* () {
      const run = yield* Scope.make()
      const first = yield* Scope.provide(open("k"), run)
      yield* first.beginSweep({ tracks: true, asked: "all" })
      yield* settle(first, {
        files: created(file("1")),
        cursors: [at("r", "1")],
        containers: [{ id: "f", state: "f" }]
      })
      yield* first.intend([intent("2")])
      yield* Scope.close(run, Exit.void)
      const second = yield* open("k")
      assert.deepStrictEqual([...(yield* second.known(["1"])).keys()], ["1"])
      assert.deepStrictEqual((yield* second.position).sweep, [bare(at("r", "1"))])
      assert.deepStrictEqual([...(yield* second.containers(["f"])).keys()], ["f"])
      assert.deepStrictEqual(yield* second.intents(10), [intent("2")])
    }))

  test("takes note of a new state of the same content", () =>
    Effect.gen(function* () {
      const book = yield* open("l")
      const checksum = { algorithm: "md5", value: "0".repeat(32) } as const
      yield* settle(book, {
        files: [{ file: file("1", { checksum }), outcome: Outcome.Created.make({}), objectId: "o" }]
      })
      const again = file("1", { token: "2", checksum })
      yield* settle(book, {
        files: [{ file: again, outcome: Outcome.Unchanged.make({}), objectId: "o" }]
      })
      const known = yield* book.known(["1"])
      assert.deepStrictEqual(
        [...known.values()],
        [{ ...SourceFile.state(again), content: `md5:${checksum.value}`, objectId: "o", gone: false }]
      )
    }))

  test("keeps what is about to be sent until it has an outcome", () =>
    Effect.gen(function* () {
      const book = yield* open("n")
      yield* book.intend(["5", "4", "3", "2", "1"].map((id) => intent(id)))
      yield* book.intend([intent("2", { token: "2", sentAt: 2000, replaces: "old", content: "md5:0", within: "f" })])
      const found = yield* book.intents(3)
      assert.deepStrictEqual(
        found.map(({ id, sentAt, token }) => [id, token, sentAt]),
        [
          ["1", "1", 1000],
          ["2", "2", 2000],
          ["3", "1", 1000]
        ]
      )
      assert.deepStrictEqual(
        found[1],
        intent("2", { token: "2", sentAt: 2000, replaces: "old", content: "md5:0", within: "f" })
      )
      assert.deepStrictEqual(
        (yield* book.intents(3, "3")).map(({ id }) => id),
        ["4", "5"]
      )
      yield* settle(book, {
        files: [
          { file: file("1"), outcome: Outcome.Created.make({}), objectId: "o1" },
          { file: file("3"), outcome: rejected("x") }
        ],
        arrived: [{ intent: intent("2", { token: "2" }), objectId: "o2" }],
        missed: ["4"]
      })
      assert.deepStrictEqual(
        (yield* book.intents(10)).map(({ id }) => id),
        ["5"]
      )
      assert.deepStrictEqual((yield* book.known(["2"])).get("2"), {
        ...SourceFile.state(file("2", { token: "2" })),
        objectId: "o2",
        gone: false
      })
      assert.strictEqual((yield* book.known(["4"])).size, 0)
    }))

  test("keeps objects whose places others took until they are removed", () =>
    Effect.gen(function* () {
      const book = yield* open("o")
      const one = { uri: "test://1", objectId: "old 1" }
      const two = { uri: "test://1", objectId: "old 2" }
      yield* settle(book, { superseded: [one] })
      yield* settle(book, { superseded: [two] })
      assert.strictEqual((yield* book.superseded(1)).length, 1)
      yield* settle(book, { cleared: ["old 1"] })
      assert.deepStrictEqual(yield* book.superseded(10), [two])
    }))

  test("keeps what was refused, how often and why, until it is delivered, left alone, gone or discarded", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      const letters = Effect.map(ledger.deadLetters("p", { limit: 10 }), (all) =>
        all.map((letter) => [letter.file.id, letter.cause.code, letter.refusals, letter.runId])
      )
      const modifiedAt = DateTime.makeUnsafe("2026-01-02T03:04:05.678Z")
      const whole = file("1", { modifiedAt, within: "f", attributes: { tags: { a: "b" } } })
      yield* Effect.scoped(
        Effect.gen(function* () {
          const book = yield* open("p", "first")
          const refused = [whole, ...["2", "3", "4", "5"].map((id) => file(id))]
          yield* settle(book, { files: refused.map((one) => ({ file: one, outcome: rejected("a") })) })
          yield* settle(book, { files: [{ file: file("2"), outcome: rejected("b"), request: { blobs: ["(1 kB)"] } }] })
        })
      )
      const [letter] = yield* ledger.deadLetters("p", { limit: 1 })
      assert.deepStrictEqual(letter?.file, whole)
      assert.deepStrictEqual(letter?.cause, { code: "a", message: "because of a" })
      const named = yield* ledger.deadLetters("p", { limit: 10, ids: ["2", "9"] })
      assert.deepStrictEqual(
        named.map((one) => [one.file.id, one.request]),
        [["2", { blobs: ["(1 kB)"] }]]
      )
      const book = yield* open("p", "second")
      yield* settle(book, {
        files: [
          { file: file("2"), outcome: rejected("c") },
          { file: file("3"), outcome: Outcome.Created.make({}) },
          { file: file("4"), outcome: Outcome.Skipped.make({ cause: { code: "x", message: "x" } }) }
        ]
      })
      assert.deepStrictEqual(yield* letters, [
        ["1", "a", 1, "first"],
        ["2", "c", 2, "second"],
        ["5", "a", 1, "first"]
      ])
      assert.deepStrictEqual(
        (yield* ledger.deadLetters("p", { limit: 10, after: "2" })).map((one) => one.file.id),
        ["5"]
      )
      yield* settle(book, { gone: ["f"] })
      assert.strictEqual(yield* ledger.discard("p", ["5", "9"]), 1)
      assert.deepStrictEqual(yield* letters, [["2", "c", 2, "second"]])
    }))

  test("has one run at a time for a pipeline, and says who that is", () =>
    Effect.gen(function* () {
      const first = yield* Scope.make()
      yield* Scope.provide(open("q"), first)
      const error = yield* Effect.flip(Effect.scoped(open("q")))
      assert.strictEqual(error.reason._tag, "Held")
      assert.include(error.message, `:${process.pid}`)
      yield* Effect.scoped(open("another pipeline"))
      yield* Scope.close(first, Exit.void)
      yield* Effect.scoped(open("q"))
    }))

  test("begins no run of a pipeline that is paused, and tells the one that goes on", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      const run = yield* Scope.make()
      const book = yield* Scope.provide(open("s"), run)
      yield* ledger.pause("s", "the bucket is being moved")
      assert.strictEqual(yield* book.paused, "the bucket is being moved")
      yield* Scope.close(run, Exit.void)
      const error = yield* Effect.flip(Effect.scoped(open("s")))
      assert.strictEqual(error.reason._tag, "Paused")
      assert.include(error.message, "the bucket is being moved")
      yield* ledger.resume("s")
      yield* Effect.scoped(open("s"))
    }))

  test("keeps runs with their reports, also those that did not end", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      const report = reportOf("one")
      yield* Effect.scoped(Effect.flatMap(open("t", "one"), (book) => book.end(report)))
      yield* Effect.scoped(open("t", "two"))
      const runs = yield* ledger.runs("t", 10)
      assert.deepStrictEqual(
        runs.map((run) => [run.runId, run.report]),
        [
          ["two", undefined],
          ["one", report]
        ]
      )
      assert.strictEqual((yield* ledger.runs("t", 1)).length, 1)
    }))
}

const reportOf = (runId: string): Report.Report => ({
  pipeline: "t",
  runId,
  ended: "complete",
  startedAt: DateTime.makeUnsafe("2026-01-02T03:04:05.678Z"),
  seconds: 1.5,
  passes: [{ kind: "sweep", ended: "complete" }],
  discovered: 1,
  unchanged: 0,
  filtered: 0,
  created: 1,
  updated: 0,
  skipped: 0,
  rejected: 0,
  removed: 0,
  heldBack: 0,
  unsettled: 0,
  bytes: 10,
  batches: 1,
  batchFill: 1,
  requests: 1,
  sourceRequests: 0,
  retries: 0,
  waitedSeconds: 0,
  rejections: [],
  skips: []
})
