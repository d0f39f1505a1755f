/** A client of SQLite that tells what it was asked, and can be made to fail, or to keep its answer back. */
import { Effect, Layer } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient, SqlError, Statement } from "effect/sql"
import type { Connection } from "effect/sql/SqlConnection"
import * as Sqlite from "../src/internal/nodeSqlite.ts"

export interface Told {
  /** Every statement since, without those that begin and end transactions. */
  readonly asked: Array<{ readonly text: string; readonly params: ReadonlyArray<unknown> }>
  /** How many transactions were committed. */
  commits: number
  /** No statement gets through. */
  isGone: boolean
  /** What happens before an answer is handed over. */
  beforeAnswer: Effect.Effect<void>
}

export const told = (): Told => ({ asked: [], commits: 0, isGone: false, beforeAnswer: Effect.void })

const gone = new SqlError.SqlError({
  reason: new SqlError.ConnectionError({ cause: new Error("gone"), message: "the disk was pulled out", operation: "x" })
})

const telling = (connection: Connection, told: Told): Connection => {
  const ask = <A>(text: string, params: ReadonlyArray<unknown>, answer: Effect.Effect<A, SqlError.SqlError>) => {
    if (told.isGone) return Effect.fail(gone)
    if (text === "COMMIT") told.commits++
    else if (!/^(BEGIN|ROLLBACK)/.test(text)) told.asked.push({ text, params })
    return Effect.tap(answer, () => told.beforeAnswer)
  }
  return {
    ...connection,
    execute: (text, params, transform) => ask(text, params, connection.execute(text, params, transform)),
    executeValues: (text, params) => ask(text, params, connection.executeValues(text, params))
  }
}

/** On a file, or on `:memory:`. */
export const client = (file: string, told: Told): Layer.Layer<SqlClient.SqlClient, SqlError.SqlError> =>
  Layer.effect(
    SqlClient.SqlClient,
    Effect.gen(function* () {
      const sqlite = yield* SqlClient.SqlClient
      return yield* SqlClient.make({
        acquirer: Effect.map(sqlite.reserve, (connection) => telling(connection, told)),
        compiler: Statement.makeCompilerSqlite(),
        driver: "sqlite-node",
        beginTransaction: "BEGIN IMMEDIATE",
        prepareTransactionControls: true,
        spanAttributes: []
      })
    })
  ).pipe(Layer.provide([Sqlite.layer(file), Reactivity.layer]))
