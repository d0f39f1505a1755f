import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import type { Ledger } from "@sluice/core"
import { ledgerContract } from "@sluice/testkit/ledger-contract"
import { Effect, Layer, Logger, Redacted, Tracer } from "effect"
import { inspect } from "node:util"
import { PostgresLedger } from "../src/index.ts"
import { created, ledger, settle } from "./ledger.ts"
import { database, emptyDatabase } from "./postgres.ts"

ledgerContract(
  "a ledger in Postgres",
  emptyDatabase((url) => PostgresLedger.layer({ url, lease: "3 seconds" }))
)

const run = { pipeline: "photos", runId: "run" }
const opened = (url: Redacted.Redacted) => ledger(PostgresLedger.layer({ url }))
const errorOf = (url: Redacted.Redacted) => Effect.flip(Effect.scoped(opened(url)))
/** Says something to the database behind the ledger's back. */
const inDatabase = (url: Redacted.Redacted, ...statements: ReadonlyArray<string>) =>
  Effect.scoped(
    Effect.flatMap(Layer.build(PgClient.layer({ url, maxConnections: 1 })), (client) =>
      Effect.flatMap(PgClient.PgClient, (sql) => Effect.forEach(statements, (statement) => sql.unsafe(statement))).pipe(
        Effect.provide(client)
      )
    )
  )

/** With another part of the URL. */
const changed = (url: Redacted.Redacted, change: (url: URL) => void) => {
  const parsed = new URL(Redacted.value(url))
  change(parsed)
  return Redacted.make(parsed.href)
}

describe("PostgresLedger", () => {
  it.live("makes its tables once, and has what was settled when it is opened again", () =>
    Effect.gen(function* () {
      const url = yield* database
      yield* Effect.scoped(
        Effect.gen(function* () {
          const book = yield* (yield* opened(url)).open(run)
          yield* settle(book, { files: created("1") })
        })
      )
      const book = yield* (yield* opened(url)).open(run)
      assert.deepStrictEqual([...(yield* book.known(["1"])).keys()], ["1"])
      const migrations = yield* inDatabase(url, "SELECT migration_id, name FROM sluice_migrations")
      assert.deepStrictEqual(migrations, [
        [
          { migration_id: 1, name: "tables" },
          { migration_id: 2, name: "processing" }
        ]
      ])
    })
  )

  it.live("refuses a ledger of a newer version, by both numbers", () =>
    Effect.gen(function* () {
      const url = yield* database
      yield* Effect.scoped(opened(url))
      yield* inDatabase(url, "INSERT INTO sluice_migrations (migration_id, name) VALUES (7, 'of the future')")
      const error = yield* errorOf(url)
      assert.strictEqual(error.reason._tag, "Unreadable")
      assert.include(error.message, "version 7, this one knows 2")
    })
  )

  it.live("asks for no more than reading and writing once its tables are there", () =>
    Effect.gen(function* () {
      const url = yield* database
      yield* Effect.scoped(opened(url))
      const user = `u${new URL(Redacted.value(url)).pathname.slice(1)}`
      yield* Effect.acquireRelease(
        inDatabase(
          url,
          `CREATE USER ${user}`,
          "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
          `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${user}`
        ),
        () => Effect.ignore(inDatabase(url, `DROP OWNED BY ${user}`, `DROP USER ${user}`))
      )
      const as = changed(url, (one) => (one.username = user))
      const book = yield* (yield* opened(as)).open(run)
      yield* settle(book, { files: created("1") })
    })
  )

  it.live("says what a user may not do who cannot make its tables", () =>
    Effect.gen(function* () {
      const url = yield* database
      const user = `u${new URL(Redacted.value(url)).pathname.slice(1)}`
      yield* Effect.acquireRelease(
        inDatabase(url, `CREATE USER ${user}`, "REVOKE CREATE ON SCHEMA public FROM PUBLIC"),
        () => Effect.ignore(inDatabase(url, `DROP OWNED BY ${user}`, `DROP USER ${user}`))
      )
      const error = yield* errorOf(changed(url, (one) => (one.username = user)))
      assert.strictEqual(error.reason._tag, "Unreachable")
      assert.include(error.message, "permission denied for schema public")
    })
  )

  it.live("says that a row was damaged", () =>
    Effect.gen(function* () {
      const url = yield* database
      const book = yield* (yield* opened(url)).open(run)
      yield* settle(book, { files: created("1") })
      yield* inDatabase(url, "UPDATE sluice_files SET token = ''")
      const error = yield* Effect.flip(book.known(["1"]))
      assert.strictEqual(error.reason._tag, "Unreadable")
    })
  )

  const password = "s3cret-P4ssw0rd"
  const wrong: ReadonlyArray<readonly [what: string, change: (url: URL) => void]> = [
    ["a database that is not there", (url) => (url.pathname = "/nowhere")],
    ["a port where nobody listens", (url) => (url.port = "1")],
    ["a user that is not there", (url) => (url.username = "nobody")],
    ["an option that is no option", (url) => url.searchParams.set("sslmode", "perhaps")],
    ["a protocol of another kind", (url) => (url.pathname = "/%E0%A4%A")]
  ]
  it.live.each(wrong)("says of %s what is so, and never the password", ([, change]) =>
    Effect.gen(function* () {
      const url = changed(yield* database, (one) => {
        one.password = password
        change(one)
      })
      const error = yield* errorOf(url)
      assert.strictEqual(error.reason._tag, "Unreachable")
      assert.include(error.message, "the ledger cannot be opened (")
      assert.notInclude(inspect(error, { depth: 20, showHidden: true }), password)
    })
  )

  it.live("says of what is no URL nothing but that", () =>
    Effect.gen(function* () {
      const error = yield* errorOf(Redacted.make(`postgres:/${password}@[`))
      assert.strictEqual(error.reason._tag, "Unreachable")
      assert.notInclude(inspect(error, { depth: 20, showHidden: true }), password)
    })
  )

  it.live("tells the password in no log and no span", () =>
    Effect.gen(function* () {
      const url = changed(yield* database, (one) => (one.password = password))
      const said: Array<unknown> = []
      const spans: Array<Tracer.Span> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      yield* Effect.gen(function* () {
        const book = yield* (yield* opened(url)).open(run)
        yield* settle(book, { files: created("1") })
        yield* inDatabase(
          url,
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sluice' AND pid <> pg_backend_pid() AND datname = current_database()"
        )
        const error: Ledger.LedgerError | undefined = yield* Effect.match(settle(book, { files: created("2") }), {
          onFailure: (one) => one,
          onSuccess: () => undefined
        })
        yield* Effect.logError("the ledger", error)
      }).pipe(
        Effect.scoped,
        Effect.withTracer(tracer),
        Effect.provide(Logger.layer([Logger.make((options) => said.push(options.message, options.cause))]))
      )
      const attributes = spans.map(({ attributes, name }) => [name, [...attributes]])
      assert.isAbove(spans.length, 3)
      assert.isAbove(said.length, 0)
      assert.notInclude(inspect([attributes, said], { depth: 20, showHidden: true, maxArrayLength: null }), password)
    })
  )
})
