/**
 * Rate limits that processes share in a database: effect's `RateLimiterStore` on SQLite or Postgres, for the processes that
 * share a ledger and have no Redis. `Limits.layerShared` of `@sluice/sink-mixpeek` keeps its budget there.
 *
 * A table of its own, `sluice_rate_limits`, with a row for each bucket and one statement for each request. The time is that
 * of the database: the clocks of the machines need not agree.
 */
import { PgClient } from "@effect/sql-pg";
import { Clock, Duration, Effect, Layer, Schema } from "effect";
import { RateLimiter } from "effect/persistence";
import { SqlClient } from "effect/sql";
import { wordsOf } from "./internal/failing.js";
/** The table cannot be reached, read or made. */
export class SqlLimitsError extends Schema.TaggedError()("SqlLimitsError", {
    message: Schema.String,
    cause: Schema.Defect()
}) {
}
const unreachable = (error) => new SqlLimitsError({
    message: `the shared rate limits cannot be opened (${wordsOf(error)}): see that the database is there and that its user may create the table sluice_rate_limits, or create it for them`,
    cause: error
});
const isThere = (sql) => sql
    .onDialectOrElse({
    pg: () => sql `SELECT 1 FROM pg_catalog.pg_class WHERE oid = to_regclass('sluice_rate_limits')`,
    orElse: () => sql `SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'sluice_rate_limits'`
})
    .pipe(Effect.map(({ length }) => length > 0));
/**
 * `at`: of a bucket, when it was filled last; of a window, when it ends. `said` is what the last request was told: one that
 * was refused changes nothing else.
 */
const create = (sql) => {
    const key = sql.literal(sql.onDialectOrElse({ pg: () => 'TEXT COLLATE "C"', orElse: () => "TEXT" }));
    return sql `CREATE TABLE IF NOT EXISTS sluice_rate_limits (
    name ${key} PRIMARY KEY,
    amount DOUBLE PRECISION NOT NULL,
    at DOUBLE PRECISION NOT NULL,
    said DOUBLE PRECISION NOT NULL
  )`;
};
/** Two processes may make it at once, and Postgres lets one of them fail. */
const open = Effect.fnUntraced(function* (sql) {
    if (yield* isThere(sql))
        return;
    yield* Effect.catch(create(sql), (error) => Effect.flatMap(isThere(sql), (there) => (there ? Effect.void : error)));
});
const Answer = Schema.decodeUnknownEffect(Schema.Tuple([Schema.Struct({ said: Schema.Finite, millis: Schema.Finite })]));
const failed = (cause) => new RateLimiter.RateLimiterError({
    reason: new RateLimiter.RateLimitStoreError({ message: "the database of the rate limits does not answer", cause })
});
const make = Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient;
    yield* Effect.mapError(open(sql), unreachable);
    const isPostgres = sql.onDialectOrElse({ pg: () => true, orElse: () => false });
    const least = sql.literal(isPostgres ? "LEAST" : "MIN");
    const greatest = sql.literal(isPostgres ? "GREATEST" : "MAX");
    const number = (value) => sql `CAST(${value} AS DOUBLE PRECISION)`;
    /** Of SQLite, which is in this process, the time of this process. */
    const now = isPostgres
        ? Effect.succeed(sql `CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000 AS DOUBLE PRECISION)`)
        : Effect.map(Clock.currentTimeMillis, number);
    const whole = (value) => isPostgres ? sql `FLOOR(${value})` : sql `CAST(${value} AS INTEGER)`;
    const tokenBucket = Effect.fnUntraced(function* ({ allowOverflow, key, limit, refillRate, tokens }) {
        const at = yield* now;
        const refill = number(Duration.toMillis(refillRate));
        const grown = sql `${greatest}(0, ${whole(sql `(${at} - r.at) / ${refill}`)})`;
        const full = sql `${least}(${number(limit)}, r.amount + ${grown})`;
        const left = limit - tokens;
        const takes = allowOverflow ? sql `1 = 1` : sql `${full} >= ${number(tokens)}`;
        const rows = yield* sql `INSERT INTO sluice_rate_limits AS r (name, amount, at, said)
        VALUES (${key}, ${number(allowOverflow || left >= 0 ? left : limit)}, ${at}, ${number(left)})
        ON CONFLICT (name) DO UPDATE SET
          amount = CASE WHEN ${takes} THEN ${full} - ${number(tokens)} ELSE ${full} END,
          at = CASE WHEN ${full} >= ${number(limit)} THEN ${at} ELSE r.at + ${grown} * ${refill} END,
          said = ${full} - ${number(tokens)}
        RETURNING said, ${greatest}(0, ${at} - at) AS millis`;
        const [{ millis, said }] = yield* Answer(rows);
        return [said, millis];
    }, Effect.mapError(failed));
    const fixedWindow = Effect.fnUntraced(function* ({ key, limit, refillRate, tokens }) {
        const at = yield* now;
        const longer = number(Duration.toMillis(refillRate) * tokens);
        const count = sql `CASE WHEN r.at <= ${at} THEN 0 ELSE r.amount END`;
        const end = sql `${greatest}(r.at, ${at})`;
        const most = limit === undefined || limit === 0 ? Number.MAX_VALUE : limit;
        const fits = sql `${count} + ${number(tokens)} <= ${number(most)}`;
        const isFirst = tokens <= most;
        const rows = yield* sql `INSERT INTO sluice_rate_limits AS r (name, amount, at, said)
        VALUES (${key}, ${number(isFirst ? tokens : 0)}, ${isFirst ? sql `${at} + ${longer}` : at}, ${number(tokens)})
        ON CONFLICT (name) DO UPDATE SET
          amount = ${count} + CASE WHEN ${fits} THEN ${number(tokens)} ELSE 0 END,
          at = ${end} + CASE WHEN ${fits} THEN ${longer} ELSE 0 END,
          said = ${count} + ${number(tokens)}
        RETURNING said, at - ${at} AS millis`;
        const [{ millis, said }] = yield* Answer(rows);
        return [said, millis];
    }, Effect.mapError(failed));
    return RateLimiter.RateLimiterStore.of({
        tokenBucket,
        fixedWindow,
        // What a server said is kept by those who heard it (and as a window, for the others): nothing is learned here.
        adaptiveConsume: () => Effect.succeed({ delay: Duration.zero, epoch: 0, phase: "inactive" }),
        adaptiveFeedback: () => Effect.void
    });
});
/** On a client of SQLite, for processes of one machine, or of Postgres. Makes its table where it is not there. */
export const layer = Layer.effect(RateLimiter.RateLimiterStore, make);
/** In a Postgres database, such as that of `PostgresLedger`, with two connections of its own. */
export const layerPostgres = ({ url }) => Layer.provide(layer, PgClient.layer({ url, maxConnections: 2, applicationName: "sluice" })).pipe(Layer.catchTag("SqlError", (error) => Layer.effect(RateLimiter.RateLimiterStore, unreachable(error))));
//# sourceMappingURL=SqlLimits.js.map