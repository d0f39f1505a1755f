/**
 * What a database says, as the ledger's error.
 */
import { Ledger } from "@sluice/core";
import { Effect, Layer, Schema } from "effect";
import { SqlClient, SqlError } from "effect/sql";
/** What the database says; a client's own words for it are often `Query failed`. */
export declare const wordsOf: ({ message, reason: { cause } }: SqlError.SqlError) => string;
/** Not reached, or refused; or what is there is damaged. */
export declare const failed: (operation: string) => (error: SqlError.SqlError) => Ledger.LedgerError;
/** In one transaction. */
export declare const transaction: <A, E, R>(sql: SqlClient.SqlClient, effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | SqlError.SqlError, R>;
/** Where the connection breaks in a transaction, the end of that fails as well, and effect/sql takes it for a defect. */
export declare const brokenOff: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | SqlError.SqlError, R>;
/** A client that cannot be made. */
export declare const orUnreachable: <A>(client: Layer.Layer<A | SqlClient.SqlClient, SqlError.SqlError>) => Layer.Layer<SqlClient.SqlClient, Ledger.LedgerError>;
export declare const unreadable: (operation: string, what: string, cause?: unknown) => Ledger.LedgerError;
/** Decodes rows of a statement. */
export declare const rowsOf: <A>(schema: Schema.Decoder<A>) => (operation: string) => (statement: Effect.Effect<ReadonlyArray<unknown>, SqlError.SqlError>) => Effect.Effect<readonly A[], Ledger.LedgerError, never>;
/** Integers: Postgres gives those of 64 bits as `bigint`. All of ours are small enough for a number. */
export declare const Integer: Schema.decodeTo<Schema.Int, Schema.Union<readonly [Schema.Int, Schema.BigInt]>, never, never>;
//# sourceMappingURL=failing.d.ts.map