/**
 * What is to be processed, as statements. An object waits where it is in no job and has no failure.
 */
import { type Ledger, Processing } from "@sluice/core";
import { Effect } from "effect";
import { SqlClient } from "effect/sql";
import type { SqlError } from "effect/sql/SqlError";
import type { Lease } from "./lease.ts";
/** What a settlement says of it. */
export declare const settle: (pipeline: number, args_1: Ledger.Settlement) => Effect.Effect<void, SqlError, SqlClient.SqlClient>;
/** Of a pipeline whose book is ours. */
export declare const make: (sql: SqlClient.SqlClient, { pipeline, writing }: Lease) => Processing.Jobs;
/** Objects that failed, in the order of their ids. */
export declare const failed: (pipeline: number, args_1: {
    readonly limit: number;
    readonly after?: string | undefined;
}) => Effect.Effect<readonly Processing.FailedObject[], Ledger.LedgerError, SqlClient.SqlClient>;
/** Lets objects that failed wait again: these, or all. Answers how many there were. */
export declare const reprocess: (pipeline: number, objectIds: readonly string[] | undefined) => Effect.Effect<number, SqlError, SqlClient.SqlClient>;
//# sourceMappingURL=jobs.d.ts.map