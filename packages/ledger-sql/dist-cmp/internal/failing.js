/**
 * What a database says, as the ledger's error.
 */
import { Ledger } from "@sluice/core";
import { Effect, Layer, Predicate, Schema, SchemaGetter } from "effect";
import { SqlClient, SqlError } from "effect/sql";
import { fromRow } from "./text.js";
/** What the database says; a client's own words for it are often `Query failed`. */
export const wordsOf = ({ message, reason: { cause } }) => cause instanceof Error && cause.message !== "" && !message.includes(cause.message)
    ? `${message}: ${cause.message}`
    : message;
/** SQLite's CORRUPT and NOTADB, and Postgres' data_corrupted and index_corrupted. */
const isDamage = ({ reason: { cause } }) => (Predicate.hasProperty(cause, "errno") && Predicate.isNumber(cause.errno) && [11, 26].includes(cause.errno & 0xff)) ||
    (Predicate.hasProperty(cause, "code") && (cause.code === "XX001" || cause.code === "XX002"));
/** Not reached, or refused; or what is there is damaged. */
export const failed = (operation) => (error) => isDamage(error)
    ? unreadable(operation, `its file is damaged, or is no ledger (${wordsOf(error)}): use another, or a backup`, error)
    : new Ledger.LedgerError({
        operation,
        reason: new Ledger.Unreachable(),
        message: `the ledger cannot be ${operation === "open" ? "opened" : "read or written"} (${wordsOf(error)}): see that the database is there and may be written, and run again; nothing is lost`,
        cause: error
    });
/** In one transaction. */
export const transaction = (sql, effect) => brokenOff(sql.withTransaction(effect));
/** Where the connection breaks in a transaction, the end of that fails as well, and effect/sql takes it for a defect. */
export const brokenOff = (effect) => Effect.catchDefect(effect, (defect) => (SqlError.isSqlError(defect) ? Effect.fail(defect) : Effect.die(defect)));
/** A client that cannot be made. */
export const orUnreachable = (client) => Layer.catchTag(client, "SqlError", (error) => Layer.effect(SqlClient.SqlClient, Effect.fail(failed("open")(error))));
export const unreadable = (operation, what, cause) => new Ledger.LedgerError({
    operation,
    reason: new Ledger.Unreadable(),
    message: `the ledger cannot be understood: ${what}`,
    ...(cause === undefined ? {} : { cause })
});
/** Decodes rows of a statement. */
export const rowsOf = (schema) => {
    const decode = Schema.decodeUnknownEffect(Schema.Array(schema));
    return (operation) => (statement) => statement.pipe(Effect.mapError(failed(operation)), Effect.flatMap((rows) => Effect.mapError(decode(rows.map(fromRow)), (error) => unreadable(operation, "a row is not what this version of Sluice writes; it was edited, or is damaged", error))));
};
/** Integers: Postgres gives those of 64 bits as `bigint`. All of ours are small enough for a number. */
export const Integer = Schema.Union([Schema.Int, Schema.BigInt]).pipe(Schema.decodeTo(Schema.Int, {
    decode: SchemaGetter.transform((value) => Number(value)),
    encode: SchemaGetter.transform((value) => value)
}));
//# sourceMappingURL=failing.js.map