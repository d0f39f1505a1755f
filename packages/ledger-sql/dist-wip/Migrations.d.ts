/**
 * The tables, and how they came to be. Forward only: a migration that was released is never edited.
 *
 * Numbers are integers, times are milliseconds since 1970, truth is 0 or 1: the same statements do for every database.
 */
import { Effect } from "effect";
import { Migrator, SqlClient } from "effect/sql";
import type { SqlError } from "effect/sql/SqlError";
/** Where it is written which migrations were run. */
export declare const table = "sluice_migrations";
/** The newest migration of this version. */
export declare const latest: number;
/** Runs what was not run yet, one process at a time. */
export declare const run: Effect.Effect<void, Migrator.MigrationError | SqlError, SqlClient.SqlClient>;
/** The newest migration that was run; 0 in an empty database. */
export declare const current: Effect.Effect<number, SqlError, SqlClient.SqlClient>;
//# sourceMappingURL=Migrations.d.ts.map