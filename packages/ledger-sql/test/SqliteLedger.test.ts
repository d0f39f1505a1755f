import { assert, describe, it } from "@effect/vitest"
import { Change, type Ledger, Outcome } from "@sluice/core"
import { ledgerContract } from "@sluice/testkit/ledger-contract"
import { Duration, Effect } from "effect"
import { TestClock } from "effect/testing"
import { chmodSync, closeSync, openSync, readdirSync, statSync, writeFileSync, writeSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { SqliteLedger } from "../src/index.ts"
import { created, file, folder, intent, ledger, settle } from "./ledger.ts"

ledgerContract("a ledger in SQLite", SqliteLedger.layer({ file: ":memory:", lease: "3 seconds" }))

const run = { pipeline: "photos", runId: "run" }
const opened = (file: string, options: Omit<SqliteLedger.Options, "file"> = {}) =>
  ledger(SqliteLedger.layer({ file, ...options }))
const errorOf = (file: string) => Effect.flip(Effect.scoped(opened(file)))
/** Does something to the file behind the ledger's back. */
const inFile = (file: string, sql: string) =>
  Effect.sync(() => {
    const database = new DatabaseSync(file)
    database.exec(sql)
    database.close()
  })

describe("SqliteLedger", () => {
  it.effect("makes its file and the folders above it, for the owner's eyes alone", () =>
    Effect.gen(function* () {
      const above = join(yield* folder, "a", "b")
      const before = process.umask(0)
      yield* Effect.addFinalizer(() => Effect.sync(() => process.umask(before)))
      const one = yield* opened(join(above, "ledger.db"))
      const book = yield* one.open(run)
      yield* settle(book, { files: created("1") })
      const modes = readdirSync(above).map((name) => [name, (statSync(join(above, name)).mode & 0o777).toString(8)])
      assert.deepStrictEqual(modes.toSorted(), [
        ["ledger.db", "600"],
        ["ledger.db-shm", "600"],
        ["ledger.db-wal", "600"]
      ])
      assert.strictEqual((statSync(above).mode & 0o777).toString(8), "700")
    })
  )

  it.effect("leaves the mode of a file that is there", () =>
    Effect.gen(function* () {
      const file = join(yield* folder, "ledger.db")
      writeFileSync(file, "")
      chmodSync(file, 0o640)
      yield* opened(file)
      assert.strictEqual(statSync(file).mode & 0o777, 0o640)
    })
  )

  it.effect("has everything that was settled when it is opened again", () =>
    Effect.gen(function* () {
      const file = join(yield* folder, "ledger.db")
      yield* Effect.scoped(
        Effect.gen(function* () {
          const book = yield* (yield* opened(file)).open(run)
          yield* settle(book, { files: created("1") })
        })
      )
      const book = yield* (yield* opened(file)).open(run)
      assert.deepStrictEqual([...(yield* book.known(["1"])).keys()], ["1"])
    })
  )

  it.effect("is backed up while a run goes on, and goes on from there", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const place = join(path, "ledger.db")
      const backup = join(path, "backup.db")
      const book = yield* (yield* opened(place)).open(run)
      yield* settle(book, { files: created("1") })
      yield* inFile(place, `VACUUM INTO '${backup}'`)
      yield* settle(book, { files: created("2") })
      const restored = yield* opened(backup)
      assert.strictEqual((yield* Effect.flip(Effect.scoped(restored.open(run)))).reason._tag, "Held")
      yield* TestClock.adjust("30 seconds")
      const another = yield* restored.open(run)
      assert.deepStrictEqual([...(yield* another.known(["1", "2"])).keys()], ["1"])
    })
  )

  it.effect("forgets everything with the process where it is in memory, and makes no file", () =>
    Effect.gen(function* () {
      const before = readdirSync(".")
      const book = yield* (yield* opened(":memory:")).open(run)
      yield* settle(book, { files: created("1") })
      const another = yield* (yield* opened(":memory:")).open(run)
      assert.strictEqual((yield* another.known(["1"])).size, 0)
      assert.deepStrictEqual(readdirSync("."), before)
    })
  )

  it.effect("says that a place is no place for a file", () =>
    Effect.gen(function* () {
      const path = yield* folder
      writeFileSync(join(path, "a-file"), "")
      const places = {
        folder: [path, "EISDIR"],
        "in a file": [join(path, "a-file", "ledger.db"), "a-file"]
      } as const
      for (const [name, [file, word]] of Object.entries(places)) {
        const error = yield* errorOf(file)
        assert.strictEqual(error.reason._tag, "Unreachable", name)
        assert.include(error.message, "the ledger cannot be opened (SQLite: ")
        assert.include(error.message, word, name)
      }
    })
  )

  it.effect.skipIf(process.getuid?.() === 0)("says that a folder may not be written", () =>
    Effect.gen(function* () {
      const path = yield* folder
      chmodSync(path, 0o500)
      const error = yield* errorOf(join(path, "ledger.db"))
      assert.strictEqual(error.reason._tag, "Unreachable")
      assert.include(error.message, "EACCES")
    })
  )

  it.effect("says that a file is no ledger, and leaves it as it is", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const text = join(path, "notes.txt")
      writeFileSync(text, "Buy milk. ".repeat(1000))
      const error = yield* errorOf(text)
      assert.strictEqual(error.reason._tag, "Unreadable")
      assert.include(error.message, "file is not a database")
      assert.strictEqual(statSync(text).size, 10_000)
    })
  )

  it.effect("says that a file is damaged", () =>
    Effect.gen(function* () {
      const file = join(yield* folder, "ledger.db")
      yield* Effect.scoped(
        Effect.gen(function* () {
          const book = yield* (yield* opened(file)).open(run)
          yield* settle(book, { files: created(...Array.from({ length: 1000 }, (_, i) => `file ${i}`)) })
        })
      )
      // Its first page says where the tables are.
      const bytes = new Uint8Array(statSync(file).size - 4096).fill(0xa5)
      yield* Effect.sync(() => {
        const handle = openSync(file, "r+")
        writeSync(handle, bytes, 0, bytes.length, 4096)
        closeSync(handle)
      })
      const error = yield* errorOf(file)
      assert.strictEqual(error.reason._tag, "Unreadable")
      assert.include(error.message, "damaged")
    })
  )

  it.effect.each([
    [0, "lease: 0"],
    ["-1 seconds", "lease: -1s"],
    ["999 millis", "lease: 999ms"],
    ["8 days", "lease: 8d"],
    [Duration.infinity, "lease: Infinity"],
    [Duration.negativeInfinity, "lease: -Infinity"],
    [Number.NaN, "lease: "]
  ] as const)("refuses a lease of %s, and makes no file", ([lease, said]) =>
    Effect.gen(function* () {
      const path = yield* folder
      const error = yield* Effect.flip(Effect.scoped(opened(join(path, "ledger.db"), { lease })))
      assert.strictEqual(error.reason._tag, "Misconfigured")
      assert.include(error.message, said)
      assert.include(error.message, "from 1 second to 7 days")
      assert.deepStrictEqual(readdirSync(path), [])
    })
  )

  it.effect.each(["1 second", "1500.4 millis", "7 days"] as const)("takes a lease of %s", (lease) =>
    Effect.gen(function* () {
      const place = join(yield* folder, "ledger.db")
      const one = yield* opened(place, { lease })
      yield* Effect.scoped(
        Effect.gen(function* () {
          const book = yield* one.open(run)
          yield* book.hold
          yield* settle(book, { files: created("1") })
        })
      )
      assert.strictEqual((yield* (yield* one.open(run)).known(["1"])).size, 1)
    })
  )

  it.effect("refuses a ledger of a newer version, by both numbers, and writes nothing in it", () =>
    Effect.gen(function* () {
      const file = join(yield* folder, "ledger.db")
      yield* Effect.scoped(opened(file))
      yield* inFile(file, "INSERT INTO sluice_migrations (migration_id, name) VALUES (7, 'of the future')")
      const error = yield* errorOf(file)
      assert.strictEqual(error.reason._tag, "Unreadable")
      assert.include(error.message, "newer version of Sluice")
      assert.include(error.message, "version 7, this one knows 2")
    })
  )

  describe("a row that was damaged", () => {
    const rows: ReadonlyArray<
      readonly [
        what: string,
        sql: string,
        read: (book: Ledger.Book, ledger: Ledger.Ledger["Service"]) => Effect.Effect<unknown, Ledger.LedgerError>
      ]
    > = [
      ["file", "UPDATE sluice_files SET token = ''", (book) => book.known(["1"])],
      ["file's mark", "UPDATE sluice_files SET gone = 'yes'", (book) => book.known(["1"])],
      ["file that is compared", "UPDATE sluice_files SET token = ''", (book) => book.compare([file("1")])],
      ["mark of a file that is compared", "UPDATE sluice_files SET gone = 'yes'", (book) => book.compare([file("1")])],
      ["cursor", "UPDATE sluice_cursors SET cursor = x'00'", (book) => book.position],
      ["container", "UPDATE sluice_containers SET container = ''", (book) => book.containers(["f"])],
      ["intent", "UPDATE sluice_intents SET sent_at = 1.5", (book) => book.intents(1)],
      ["dead letter", "UPDATE sluice_dead_letters SET file = '{'", (_, one) => one.deadLetters("photos", { limit: 1 })],
      [
        "dead letter's cause",
        "UPDATE sluice_dead_letters SET cause = '{}'",
        (_, one) => one.deadLetters("photos", { limit: 1 })
      ],
      ["run", "UPDATE sluice_runs SET report = '{}'", (_, one) => one.runs("photos", 1)]
    ]
    it.effect.each(rows)("%s is unreadable, and says so", ([, sql, read]) =>
      Effect.gen(function* () {
        const place = join(yield* folder, "ledger.db")
        const one = yield* opened(place)
        const book = yield* one.open(run)
        yield* book.intend([intent("2")])
        yield* settle(book, {
          files: [
            ...created("1"),
            { file: file("3"), outcome: Outcome.Rejected.make({ cause: { code: "a", message: "a" } }) }
          ],
          containers: [{ id: "f", state: "" }],
          cursors: [{ range: "r", cursor: Change.Cursor.make("1"), follows: false }]
        })
        yield* read(book, one)
        yield* inFile(place, sql)
        const error = yield* Effect.flip(read(book, one))
        assert.strictEqual(error.reason._tag, "Unreadable")
        assert.include(error.message, "a row is not what this version of Sluice writes")
      })
    )
  })

  it.effect("keeps the latest runs alone, and everything else for as long as it is so", () =>
    Effect.gen(function* () {
      const place = join(yield* folder, "ledger.db")
      const one = yield* opened(place, { retain: 3 })
      const counts = () => {
        const database = new DatabaseSync(place)
        const tables = database
          .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'sluice%' ORDER BY name")
          .all()
        const all = tables.map(({ name }) => [
          name,
          database.prepare(`SELECT COUNT(*) AS n FROM ${String(name)}`).get()?.["n"]
        ])
        database.close()
        return Object.fromEntries(all)
      }
      const runs = (n: number) =>
        Effect.forEach(Array.from({ length: n }), (_, i) =>
          Effect.scoped(
            Effect.gen(function* () {
              const book = yield* one.open({ pipeline: "photos", runId: `run ${i}` })
              yield* book.beginSweep({ tracks: true, asked: "all" })
              yield* book.intend([intent("1")])
              yield* settle(book, {
                files: [
                  ...created("1"),
                  { file: file("2"), outcome: Outcome.Rejected.make({ cause: { code: "a", message: "a" } }) }
                ],
                containers: [{ id: "f", state: "" }],
                cursors: [{ range: "r", cursor: Change.Cursor.make(String(i)), follows: false }],
                superseded: [{ uri: "test://1", objectId: `old ${i}` }]
              })
              yield* settle(book, { cleared: [`old ${i}`] })
              yield* book.completeSweep
            })
          )
        )
      yield* runs(4)
      const before = counts()
      yield* runs(20)
      assert.deepStrictEqual(counts(), before)
      assert.deepStrictEqual(before, {
        sluice_containers: 1,
        sluice_cursors: 0,
        sluice_dead_letters: 1,
        sluice_files: 1,
        sluice_intents: 0,
        sluice_jobs: 0,
        sluice_migrations: 2,
        sluice_named: 0,
        sluice_pipelines: 1,
        sluice_processing: 0,
        sluice_runs: 3,
        sluice_superseded: 0
      })
      assert.deepStrictEqual(
        (yield* one.runs("photos", 10)).map(({ runId }) => runId),
        ["run 19", "run 18", "run 17"]
      )
    })
  )
})
