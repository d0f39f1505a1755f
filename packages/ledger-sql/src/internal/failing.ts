/**
 * What a database says, as the ledger's error.
 */
import { Ledger } from "@sluice/core"
import { Effect, Layer, Schema, SchemaGetter } from "effect"
import { SqlClient } from "effect/sql"
import type { SqlError } from "effect/sql/SqlError"

export const unreachable =
  (operation: string) =>
  (error: SqlError): Ledger.LedgerError =>
    new Ledger.LedgerError({
      operation,
      reason: new Ledger.Unreachable(),
      message: `the ledger cannot be ${operation === "open" ? "opened" : "read or written"} (${error.message}): see that the database is there and may be written, and run again; nothing is lost`,
      cause: error
    })

/** A client that cannot be made. */
export const orUnreachable = <A>(
  client: Layer.Layer<A | SqlClient.SqlClient, SqlError>
): Layer.Layer<SqlClient.SqlClient, Ledger.LedgerError> =>
  Layer.catchTag(client, "SqlError", (error) =>
    Layer.effect(SqlClient.SqlClient, Effect.fail(unreachable("open")(error)))
  )

export const unreadable = (operation: string, what: string, cause?: unknown): Ledger.LedgerError =>
  new Ledger.LedgerError({
    operation,
    reason: new Ledger.Unreadable(),
    message: `the ledger cannot be understood: ${what}`,
    ...(cause === undefined ? {} : { cause })
  })

/** Decodes rows of a statement. */
export const rowsOf = <A>(schema: Schema.Decoder<A>) => {
  const decode = Schema.decodeUnknownEffect(Schema.Array(schema))
  return (operation: string) => (statement: Effect.Effect<ReadonlyArray<unknown>, SqlError>) =>
    statement.pipe(
      Effect.mapError(unreachable(operation)),
      Effect.flatMap((rows) =>
        Effect.mapError(decode(rows), (error) =>
          unreadable(operation, "a row is not what this version of Sluice writes; it was edited, or is damaged", error)
        )
      )
    )
}

/** Integers: Postgres gives those of 64 bits as `bigint`. All of ours are small enough for a number. */
export const Integer = Schema.Union([Schema.Int, Schema.BigInt]).pipe(
  Schema.decodeTo(Schema.Int, {
    decode: SchemaGetter.transform((value: number | bigint) => Number(value)),
    encode: SchemaGetter.transform((value: number) => value)
  })
)
