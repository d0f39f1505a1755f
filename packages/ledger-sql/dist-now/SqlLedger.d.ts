/**
 * The ledger on any `effect/sql` client of SQLite or Postgres. `SqliteLedger` and `PostgresLedger` bring one along.
 */
import { Ledger } from "@sluice/core";
import { type Duration, Layer } from "effect";
import { SqlClient } from "effect/sql";
import * as LedgerExport from "./LedgerExport.ts";
export interface Options {
    /**
     * How long a run that is not heard of keeps its place: another one begins that much after it died. Default 30 seconds, from
     * 1 second to 7 days; it is renewed in a third of that.
     */
    readonly lease?: Duration.Input | undefined;
    /** What this process is called where another one asks who is at work. Default `host:pid`. */
    readonly holder?: string | undefined;
    /** Runs that are kept for each pipeline, the latest. Default 1,000. */
    readonly retain?: number | undefined;
}
/**
 * Fails with `LedgerError` where an option cannot work, or where the database is not there, may not be written, or was
 * written by a newer version.
 */
export declare const layer: (options?: Options) => Layer.Layer<Ledger.Ledger | LedgerExport.LedgerExport, Ledger.LedgerError, SqlClient.SqlClient>;
//# sourceMappingURL=SqlLedger.d.ts.map