/**
 * Files that were refused.
 */
import { type Ledger, Outcome, SourceFile } from "@sluice/core";
import { Effect, Schema } from "effect";
import { SqlClient } from "effect/sql";
import type { SqlError } from "effect/sql/SqlError";
/** Refused in this run: counted once a run, whatever it says how often. */
export declare const keep: (pipeline: number, runId: string, refused: readonly {
    readonly file: SourceFile.SourceFile;
    readonly cause: Outcome.Cause;
    readonly request?: Schema.Json | undefined;
}[], now: number) => Effect.Effect<void, SqlError, SqlClient.SqlClient>;
/** Answers how many there were. */
export declare const discard: (pipeline: number, ids: readonly string[]) => Effect.Effect<number, SqlError, SqlClient.SqlClient>;
export declare const list: (pipeline: number, args_1: {
    readonly limit: number;
    readonly after?: string | undefined;
    readonly ids?: ReadonlyArray<string> | undefined;
}) => Effect.Effect<readonly Ledger.DeadLetter[], Ledger.LedgerError, SqlClient.SqlClient>;
//# sourceMappingURL=deadLetters.d.ts.map