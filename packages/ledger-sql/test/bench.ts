/**
 * How long a page of a second run takes, in which nothing changed: `node packages/ledger-sql/test/bench.ts [FILES]`, 100,000
 * where nobody says. With `POSTGRES_URL` set, in Postgres too.
 */
import { Change, Ledger } from "@sluice/core"
import { Duration, Effect, type Layer } from "effect"
import { mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PostgresLedger, SqliteLedger } from "../src/index.ts"
import { file, settle } from "./ledger.ts"
import { database } from "./postgres.ts"

const files = Number(process.argv[2] ?? 100_000)
const pageSize = 1000
const objectId = "obj_0123456789abcdef"

const page = (from: number) =>
  Array.from({ length: Math.min(pageSize, files - from) }, (_, i) =>
    file(`acme-photos/2026/01/${String(from + i).padStart(9, "0")}.jpg`, {
      token: `etag:9e107d9d372bb6826bd81d3542a419d6:${from + i}`
    })
  )
const pages = function* () {
  for (let from = 0; from < files; from += pageSize) yield page(from)
}

/** Milliseconds for each page. */
const timed = <E>(each: (page: ReadonlyArray<ReturnType<typeof file>>) => Effect.Effect<unknown, E>) =>
  Effect.gen(function* () {
    const millis: Array<number> = []
    for (const one of pages()) {
      const began = performance.now()
      yield* each(one)
      millis.push(performance.now() - began)
    }
    millis.sort((a, b) => a - b)
    const mean = millis.reduce((sum, one) => sum + one, 0) / millis.length
    const at = (part: number) => (millis[Math.floor(part * (millis.length - 1))] ?? 0).toFixed(1)
    return `${mean.toFixed(1)} ms a page (median ${at(0.5)}, 99 of 100 within ${at(0.99)}, slowest ${at(1)}); ${((mean * millis.length) / 1000).toFixed(1)} s in all`
  })

const measure = <E>(name: string, layer: Layer.Layer<Ledger.Ledger, E>) =>
  Effect.gen(function* () {
    const ledger = yield* Ledger.Ledger
    const say = (what: string, figures: string) =>
      Effect.sync(() => process.stdout.write(`${name}, ${files} files: ${what}: ${figures}\n`))
    const once = <A, E2>(what: string, effect: Effect.Effect<A, E2>) =>
      Effect.flatMap(Effect.timed(effect), ([took]) => say(what, `${Duration.toMillis(took).toFixed(0)} ms`))
    yield* Effect.scoped(
      Effect.gen(function* () {
        const book = yield* ledger.open({ pipeline: "bench", runId: "first" })
        yield* book.beginSweep({ tracks: true, asked: "all" })
        const outcome = { _tag: "Created" as const }
        yield* say(
          "intend and settle, first run",
          yield* timed((one) =>
            Effect.andThen(
              book.intend(one.map(({ id, token, uri }) => ({ id, token, uri, facts: "0123456789abcdef", sentAt: 1 }))),
              settle(book, { files: one.map((each) => ({ file: each, outcome, objectId })) })
            )
          )
        )
        yield* once("completeSweep", book.completeSweep)
      })
    )
    yield* Effect.scoped(
      Effect.gen(function* () {
        const book = yield* ledger.open({ pipeline: "bench", runId: "second" })
        yield* book.beginSweep({ tracks: true, asked: "all" })
        yield* say("known, second run", yield* timed((one) => book.known(one.map(({ id }) => id))))
        yield* say("settle seen, second run", yield* timed((one) => settle(book, { seen: one })))
        yield* once("completeSweep", book.completeSweep)
      })
    )
    yield* Effect.scoped(
      Effect.gen(function* () {
        const book = yield* ledger.open({ pipeline: "bench", runId: "third" })
        yield* book.beginSweep({ tracks: true, asked: "all" })
        yield* say("compare, third run", yield* timed((one) => book.compare(one)))
        yield* say(
          "settle a cursor and an interval, third run",
          yield* timed((one) =>
            settle(book, {
              named: [{ first: one[0]?.id ?? "", last: one.at(-1)?.id ?? "" }],
              cursors: [{ range: "r", cursor: Change.Cursor.make(one[0]?.id ?? ""), follows: false }]
            })
          )
        )
        yield* once("completeSweep", book.completeSweep)
        yield* once("count", book.count)
      })
    )
  }).pipe(Effect.provide(layer))

const program = Effect.gen(function* () {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "sluice-bench-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true }))
  )
  const place = join(folder, "ledger.db")
  yield* measure("SQLite", SqliteLedger.layer({ file: place }))
  process.stdout.write(`SQLite, ${files} files: ${Math.round(statSync(place).size / files)} bytes a file\n`)
  if (process.env["POSTGRES_URL"] === undefined) return
  const url = yield* database
  yield* measure("Postgres", PostgresLedger.layer({ url }))
})

await Effect.runPromise(Effect.scoped(program))
