/** A database of its own for each test, on the Postgres that `scripts/postgres-up.sh` started. */
import { PgClient } from "@effect/sql-pg"
import type { Ledger } from "@sluice/core"
import { Effect, Layer, Redacted } from "effect"
import { randomUUID } from "node:crypto"

const server = process.env["POSTGRES_URL"] ?? "postgres://sluice@127.0.0.1:5439"
const urlOf = (database: string) => Redacted.make(`${server}/${database}`)

/** What is made in it is dropped with the scope. */
export const database = Effect.gen(function* () {
  const name = `test_${randomUUID().replaceAll("-", "")}`
  const admin = yield* Layer.build(PgClient.layer({ url: urlOf("postgres"), maxConnections: 1 }))
  yield* Effect.acquireRelease(
    Effect.flatMap(PgClient.PgClient, (sql) => sql`CREATE DATABASE ${sql(name)}`).pipe(Effect.provide(admin)),
    () =>
      Effect.flatMap(PgClient.PgClient, (sql) => sql`DROP DATABASE ${sql(name)} WITH (FORCE)`).pipe(
        Effect.provide(admin),
        Effect.ignore
      )
  )
  return urlOf(name)
})

/** A ledger in an empty database. */
export const emptyDatabase = <E>(layer: (url: Redacted.Redacted) => Layer.Layer<Ledger.Ledger, E>) =>
  Layer.unwrap(Effect.map(database, layer))
