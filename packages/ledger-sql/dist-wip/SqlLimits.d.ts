import { Layer, type Redacted, Schema } from "effect";
import { RateLimiter } from "effect/persistence";
import { SqlClient } from "effect/sql";
declare const SqlLimitsError_base: Schema.Class<SqlLimitsError, Schema.TaggedStruct<"SqlLimitsError", {
    readonly message: Schema.String;
    readonly cause: Schema.Defect;
}>, import("effect/Cause").YieldableError>;
/** The table cannot be reached, read or made. */
export declare class SqlLimitsError extends SqlLimitsError_base {
}
/** On a client of SQLite, for processes of one machine, or of Postgres. Makes its table where it is not there. */
export declare const layer: Layer.Layer<RateLimiter.RateLimiterStore, SqlLimitsError, SqlClient.SqlClient>;
/** In a Postgres database, such as that of `PostgresLedger`, with two connections of its own. */
export declare const layerPostgres: ({ url }: {
    /** `postgres://user:password@host:5432/database`. */
    readonly url: Redacted.Redacted;
}) => Layer.Layer<RateLimiter.RateLimiterStore, SqlLimitsError>;
export {};
//# sourceMappingURL=SqlLimits.d.ts.map