import { assert, describe, it } from "@effect/vitest"
import { Change, Ledger, Outcome } from "@sluice/core"
import { Context, Effect, Layer, Stream } from "effect"
import { LedgerExport, SqliteLedger } from "../src/index.ts"
import { AnyPipeline, collect, header, linesOf, saidBy } from "./exports.ts"
import { created, file, intent, settle } from "./ledger.ts"

/** A ledger in memory, and its export. */
const opened = Effect.map(Layer.build(Layer.fresh(SqliteLedger.layer({ file: ":memory:" }))), (context) => ({
  ledger: Context.get(context, Ledger.Ledger),
  transfer: Context.get(context, LedgerExport.LedgerExport)
}))
const line = (value: unknown) => JSON.stringify(value)
const pipeline = (name: string) => ({
  kind: "pipeline",
  name,
  swept: true,
  tracks: false,
  asked: "all",
  sweep: 3,
  fence: 7
})
const cursor = { kind: "cursor", range: "r", cursor: "1", follows: false }
const end = (lines: number) => ({ kind: "end", lines })

/** Does a little of everything. */
const work = (ledger: Ledger.Ledger["Service"], name: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const book = yield* ledger.open({ pipeline: name, runId: `run of ${name}` })
      yield* book.beginSweep({ tracks: true, asked: "all" })
      yield* book.intend([intent("on its way")])
      const cause = { code: "a", message: "no" }
      yield* settle(book, {
        files: [
          ...created("1", "2"),
          { file: file("refused"), outcome: Outcome.Rejected.make({ cause }), request: { a: [null] } }
        ],
        containers: [{ id: "f", state: "F" }],
        cursors: [
          { range: "r", cursor: Change.Cursor.make("1"), follows: false },
          { range: "changes", cursor: Change.Cursor.make("2"), follows: true }
        ],
        superseded: [{ uri: "test://1", objectId: "old" }],
        unprocessed: ["in a job", "failed"].map((objectId) => ({ uri: "test://1", objectId }))
      })
      for (const id of ["job 1", "job 2"]) {
        const job = yield* book.jobs.open(1)
        if (job !== undefined) yield* book.jobs.accepted(job.number, id)
      }
      yield* book.jobs.close(1, { code: "runtime", message: "no", stage: "0" })
      yield* settle(book, { unprocessed: [{ uri: "test://2", objectId: "waits" }] })
      yield* settle(book, { gone: ["2"] })
    })
  )

describe("LedgerExport", () => {
  it.effect.prop(
    "brings anything that a ledger holds to another one as it is",
    { one: AnyPipeline },
    ({ one }) =>
      Effect.gen(function* () {
        const lines = linesOf(one, "photos")
        const first = yield* opened
        assert.deepStrictEqual(yield* first.transfer.load(Stream.make(header(), ...lines)), ["photos"])
        const exported = yield* collect(first.transfer.lines())
        assert.deepStrictEqual(saidBy(exported), saidBy([header(), ...lines]))
        const second = yield* opened
        yield* second.transfer.load(Stream.fromIterable(exported))
        assert.deepStrictEqual(saidBy(yield* collect(second.transfer.lines())), saidBy(exported))
      }),
    { arbitrary: { runs: 60 } }
  )

  it.effect("lets runs go on in the other ledger as if nothing had happened", () =>
    Effect.gen(function* () {
      const from = yield* opened
      yield* work(from.ledger, "photos")
      yield* work(from.ledger, "videos")
      const to = yield* opened
      assert.deepStrictEqual(yield* to.transfer.load(from.transfer.lines()), ["photos", "videos"])
      for (const name of ["photos", "videos"]) {
        const [there, here] = yield* Effect.all(
          [from, to].map(({ ledger }) =>
            Effect.scoped(
              Effect.gen(function* () {
                const runs = yield* ledger.runs(name, 10)
                const letters = yield* ledger.deadLetters(name, { limit: 10 })
                const book = yield* ledger.open({ pipeline: name, runId: "next" })
                const known = yield* book.known(["1", "2", "refused"])
                const position = yield* book.position
                const intents = yield* book.intents(10)
                const superseded = yield* book.superseded(10)
                const containers = yield* book.containers(["f"])
                yield* settle(book, { seen: [{ id: "1" }] })
                yield* book.completeSweep
                return { runs, letters, known, position, intents, superseded, containers, gone: yield* book.gone(10) }
              })
            )
          )
        )
        assert.deepStrictEqual(here, there)
        assert.strictEqual(here?.known.size, 2)
      }
    })
  )

  it.effect("lets a sweep go on in the other ledger that named pages in which nothing changed", () =>
    Effect.gen(function* () {
      const from = yield* opened
      yield* Effect.scoped(
        Effect.gen(function* () {
          const book = yield* from.ledger.open({ pipeline: "photos", runId: "run" })
          yield* settle(book, { files: created("a", "b", "c") })
          yield* book.beginSweep({ tracks: true, asked: "all" })
          yield* settle(book, { named: [{ first: "a", last: "b" }] })
        })
      )
      const to = yield* opened
      yield* to.transfer.load(from.transfer.lines())
      const book = yield* to.ledger.open({ pipeline: "photos", runId: "next" })
      yield* book.completeSweep
      assert.deepStrictEqual(
        (yield* book.gone(10)).map(({ id }) => id),
        ["c"]
      )
    })
  )

  it.effect("exports the pipelines that are asked for, and says which there are", () =>
    Effect.gen(function* () {
      const { ledger, transfer } = yield* opened
      yield* work(ledger, "photos")
      yield* work(ledger, "videos")
      const lines = yield* collect(transfer.lines(["videos"]))
      assert.deepStrictEqual(
        lines.map((text) => JSON.parse(text)).flatMap(({ kind, name }) => (kind === "pipeline" ? [name] : [])),
        ["videos"]
      )
      const error = yield* Effect.flip(collect(transfer.lines(["songs"])))
      assert.include(error.message, "no pipeline songs; it has: photos, videos")
    })
  )

  it.effect("exports pages of many files, and no file twice", () =>
    Effect.gen(function* () {
      const from = yield* opened
      const ids = Array.from({ length: 2500 }, (_, i) => `file ${i}`)
      yield* Effect.scoped(
        Effect.gen(function* () {
          const book = yield* from.ledger.open({ pipeline: "photos", runId: "run" })
          yield* settle(book, { files: created(...ids) })
        })
      )
      const to = yield* opened
      yield* to.transfer.load(from.transfer.lines())
      const book = yield* to.ledger.open({ pipeline: "photos", runId: "run" })
      assert.deepStrictEqual(yield* book.count, { known: 2500, gone: 0 })
      assert.strictEqual((yield* book.known(ids)).size, 2500)
    })
  )

  it.effect("waits for no run: it is refused while one is at work, and refuses one while it reads", () =>
    Effect.gen(function* () {
      const { ledger, transfer } = yield* opened
      const busy = yield* Effect.flip(
        Effect.scoped(Effect.andThen(ledger.open({ pipeline: "photos", runId: "run" }), collect(transfer.lines())))
      )
      assert.strictEqual(busy.reason._tag, "Held")
      const held = yield* transfer.lines().pipe(
        Stream.filter((text) => text.includes('"pipeline"')),
        Stream.mapEffect(() => Effect.flip(Effect.scoped(ledger.open({ pipeline: "photos", runId: "run" })))),
        Stream.runCollect
      )
      assert.deepStrictEqual(
        held.map(({ reason }) => reason._tag),
        ["Held"]
      )
      yield* Effect.scoped(ledger.open({ pipeline: "photos", runId: "run" }))
    })
  )

  it.effect("exports a pipeline that is paused, and it is paused there too", () =>
    Effect.gen(function* () {
      const from = yield* opened
      yield* work(from.ledger, "photos")
      yield* from.ledger.pause("photos", "it moves to Postgres")
      const to = yield* opened
      yield* to.transfer.load(from.transfer.lines())
      for (const { ledger } of [from, to]) {
        const error = yield* Effect.flip(Effect.scoped(ledger.open({ pipeline: "photos", runId: "run" })))
        assert.deepInclude(error.reason, { _tag: "Paused", why: "it moves to Postgres" })
      }
    })
  )

  it.effect("takes the place of a pipeline that was paused before it ever ran, and leaves it paused", () =>
    Effect.gen(function* () {
      const { ledger, transfer } = yield* opened
      yield* ledger.pause("photos", "not yet")
      yield* transfer.load(Stream.make(header(), line(pipeline("photos")), line(cursor), line(end(1))))
      const error = yield* Effect.flip(Effect.scoped(ledger.open({ pipeline: "photos", runId: "run" })))
      assert.deepInclude(error.reason, { _tag: "Paused", why: "not yet" })
    })
  )

  describe("refuses", () => {
    const refusals: ReadonlyArray<readonly [what: string, lines: ReadonlyArray<unknown>, words: string]> = [
      ["nothing", [], "nothing came"],
      ["lines without the first", [pipeline("a"), end(0)], "line 1: is not the first line of an export"],
      [
        "a newer format",
        [{ kind: "sluice-ledger", version: 2, exportedAt: "2026-01-02T03:04:05Z", new: 1 }],
        "line 1: was exported by a newer version of Sluice (format 2, this one reads 1)"
      ],
      ["a line of a kind it does not know", [pipeline("a"), { kind: "song" }], "is not understood"],
      ["a field it does not know", [pipeline("a"), { ...cursor, colour: "red" }], "is not understood"],
      ["a field that is missing", [pipeline("a"), { kind: "cursor", range: "r" }], "is not understood"],
      ["a field of another type", [pipeline("a"), { ...cursor, follows: 1 }], "is not understood"],
      ["what is no JSON", [pipeline("a"), "{"], "is not understood"],
      ["rows of no pipeline", [cursor], "line 2: belongs to no pipeline"],
      ["an end that is missing", [pipeline("a"), cursor], "the end is missing: a is not whole"],
      ["a line that is missing", [pipeline("a"), cursor, end(2)], "a had 2 lines, and 1 came"],
      ["a pipeline in the middle of another", [pipeline("a"), pipeline("b")], "a is not whole"],
      ["a pipeline twice", [pipeline("a"), end(0), pipeline("a"), end(0)], "a has run in this ledger before"],
      ["a row twice", [pipeline("a"), cursor, cursor, end(2)], "says again what was said"],
      ["two exports, one behind the other", [pipeline("a"), end(0), JSON.parse(header())], "and not the first line"]
    ]
    it.effect.each(refusals)("%s, and writes nothing", ([what, lines, words]) =>
      Effect.gen(function* () {
        const { transfer } = yield* opened
        const whole = lines.map((one) => (typeof one === "string" ? one : line(one)))
        const isHeaded = !["nothing", "lines without the first", "a newer format"].includes(what)
        const good = [pipeline("good"), cursor, end(1)].map(line)
        const all = isHeaded ? [header(), ...good, ...whole] : whole
        const error = yield* Effect.flip(transfer.load(Stream.fromIterable(all)))
        assert.strictEqual(error._tag, "ImportRefused")
        assert.include(error.message, isHeaded ? words.replace(/line 2/, "line 5") : words)
        assert.deepStrictEqual(saidBy(yield* collect(transfer.lines())), saidBy([header()]))
      })
    )

    it.effect("a pipeline that has run here, whatever else comes", () =>
      Effect.gen(function* () {
        const { ledger, transfer } = yield* opened
        yield* work(ledger, "photos")
        const before = saidBy(yield* collect(transfer.lines()))
        const lines = [header(), line(pipeline("a")), line(end(0)), line(pipeline("photos")), line(end(0))]
        const error = yield* Effect.flip(transfer.load(Stream.fromIterable(lines)))
        assert.include(error.message, "line 4: photos has run in this ledger before")
        assert.deepStrictEqual(saidBy(yield* collect(transfer.lines())), before)
      })
    )

    it.effect("to go on where the lines break off, and writes nothing", () =>
      Effect.gen(function* () {
        const { ledger, transfer } = yield* opened
        const lines = Stream.make(header(), line(pipeline("a")), line(cursor)).pipe(
          Stream.concat(Stream.fail("cut off" as const))
        )
        assert.strictEqual(yield* Effect.flip(transfer.load(lines)), "cut off")
        assert.deepStrictEqual(yield* ledger.runs("a", 10), [])
        yield* transfer.load(Stream.make(header(), line(pipeline("a")), line(cursor), line(end(1)), ""))
      })
    )
  })
})
