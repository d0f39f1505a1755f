import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Stream } from "effect"
import { LedgerExport, PostgresLedger, SqliteLedger } from "../src/index.ts"
import { AnyPipeline, collect, header, linesOf, saidBy } from "./exports.ts"
import { database } from "./postgres.ts"

const transferOf = <E>(layer: Layer.Layer<LedgerExport.LedgerExport, E>) =>
  Effect.map(Layer.build(Layer.fresh(layer)), (context) => Context.get(context, LedgerExport.LedgerExport))

describe("LedgerExport of Postgres", () => {
  let pipelines = 0
  it.layer(Layer.effectContext(Effect.flatMap(database, (url) => Layer.build(PostgresLedger.layer({ url })))))((it) => {
    it.effect.prop(
      "brings anything from SQLite to Postgres and back as it is",
      { one: AnyPipeline },
      ({ one }) =>
        Effect.gen(function* () {
          const postgres = yield* LedgerExport.LedgerExport
          const name = `photos ${pipelines++}`
          const lines = [header(), ...linesOf(one, name)]
          const sqlite = yield* transferOf(SqliteLedger.layer({ file: ":memory:" }))
          yield* sqlite.load(Stream.fromIterable(lines))
          yield* postgres.load(sqlite.lines([name]))
          const exported = yield* collect(postgres.lines([name]))
          assert.deepStrictEqual(saidBy(exported), saidBy(lines))
          const back = yield* transferOf(SqliteLedger.layer({ file: ":memory:" }))
          yield* back.load(Stream.fromIterable(exported))
          assert.deepStrictEqual(saidBy(yield* collect(back.lines())), saidBy(lines))
        }),
      { arbitrary: { runs: 40 } }
    )

    it.effect("refuses a row that comes twice, and writes nothing", () =>
      Effect.gen(function* () {
        const transfer = yield* LedgerExport.LedgerExport
        const name = "twice"
        const first = { kind: "pipeline", name, swept: true, tracks: false, asked: "", sweep: 1, fence: 1 }
        const cursor = { kind: "cursor", range: "r", cursor: "1", follows: false }
        const lines = [first, cursor, cursor, { kind: "end", lines: 2 }].map((line) => JSON.stringify(line))
        const error = yield* Effect.flip(transfer.load(Stream.make(header(), ...lines)))
        assert.include(error.message, "says again what was said")
        assert.include((yield* Effect.flip(collect(transfer.lines([name])))).message, "no pipeline twice")
      })
    )
  })
})
