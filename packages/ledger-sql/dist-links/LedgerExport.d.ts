/**
 * A ledger as lines of JSON, to be moved to another one: from SQLite to Postgres, or back.
 *
 * The first line says what it is; then comes a pipeline after the other, each with all that is known of it, and a line that
 * says that it is whole. What the fields mean is what the columns of the tables mean.
 */
import { Ledger } from "@sluice/core";
import { Context, Effect, Schema, Stream } from "effect";
import { SqlClient } from "effect/sql";
import * as Lease from "./internal/lease.ts";
declare const ImportRefused_base: Schema.Class<ImportRefused, Schema.TaggedStruct<"ImportRefused", {
    /** The line that is to blame, the first is 1; absent where it is what did not come. */
    readonly line: Schema.optionalKey<Schema.Natural>;
    readonly message: Schema.String;
}>, import("effect/Cause").YieldableError>;
/** Lines that cannot be imported. Nothing of them is. */
export declare class ImportRefused extends ImportRefused_base {
}
declare const LedgerExport_base: Context.ServiceClass<LedgerExport, "@sluice/ledger-sql/LedgerExport", {
    /**
     * Lines of these pipelines, or of all, without line ends. Each is held while its lines are read, as by a run: fails with
     * `Held` where one is at work. Paused ones are exported as well. Memory does not grow with their size.
     */
    readonly lines: (pipelines?: ReadonlyArray<string>) => Stream.Stream<string, Ledger.LedgerError>;
    /**
     * Writes what was exported, in one transaction: all of it or nothing. Refuses pipelines that ever ran in this ledger;
     * answers which ones came. Others wait meanwhile where the ledger is SQLite.
     */
    readonly load: <E, R>(lines: Stream.Stream<string, E, R>) => Effect.Effect<ReadonlyArray<string>, E | Ledger.LedgerError | ImportRefused, R>;
}>;
/** The service. Layers of ledgers provide it beside the ledger. */
export declare class LedgerExport extends LedgerExport_base {
}
/** Of the ledger of this client. */
export declare const make: (sql: SqlClient.SqlClient, options: Lease.Options) => LedgerExport["Service"];
export {};
//# sourceMappingURL=LedgerExport.d.ts.map