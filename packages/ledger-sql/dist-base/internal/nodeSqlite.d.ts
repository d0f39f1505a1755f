/**
 * effect/sql on Node's own SQLite. What `@effect/sql-sqlite-node` is; that has no version for this Effect yet.
 */
import { Layer } from "effect";
import { SqlClient, SqlError } from "effect/sql";
/** One connection to a file, which is made where there is none; what is committed survives a loss of power. */
export declare const layer: (file: string) => Layer.Layer<SqlClient.SqlClient, SqlError.SqlError>;
//# sourceMappingURL=nodeSqlite.d.ts.map