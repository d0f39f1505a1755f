/**
 * The ledger on any `effect/sql` client of SQLite or Postgres. `SqliteLedger` and `PostgresLedger` bring one along.
 */
import { Ledger, Report } from "@sluice/core";
import { Clock, Context, Effect, Layer, Schema } from "effect";
import { SqlClient, SqlError } from "effect/sql";
import { hostname } from "node:os";
import * as Book from "./internal/book.js";
import * as DeadLetters from "./internal/deadLetters.js";
import * as Jobs from "./internal/jobs.js";
import { brokenOff, failed, Integer, rowsOf, unreadable } from "./internal/failing.js";
import * as Lease from "./internal/lease.js";
import * as LedgerExport from "./LedgerExport.js";
import * as Migrations from "./Migrations.js";
const Ids = rowsOf(Schema.Struct({ pipeline: Integer }));
const Runs = rowsOf(Schema.Struct({
    run: Schema.NonEmptyString,
    started_at: Integer,
    report: Schema.NullOr(Schema.fromJsonString(Report.Report))
}));
/** Brings the tables to the form of this version; refuses those of a newer one. */
const migrate = Effect.gen(function* () {
    const current = yield* Effect.mapError(Migrations.current, failed("open"));
    if (current > Migrations.latest) {
        return yield* unreadable("open", `it was written by a newer version of Sluice (its tables are of version ${current}, this one knows ${Migrations.latest}): update Sluice here, or use another ledger`);
    }
    if (current === Migrations.latest)
        return;
    yield* brokenOff(Migrations.run).pipe(Effect.catchTag("MigrationError", (error) => Effect.fail(SqlError.isSqlError(error.cause)
        ? failed("open")(error.cause)
        : unreadable("open", `its tables cannot be made (${error.message})`, error))), Effect.catchTag("SqlError", (error) => Effect.fail(failed("open")(error))));
});
/**
 * Fails with `LedgerError` where an option cannot work, or where the database is not there, may not be written, or was
 * written by a newer version.
 */
export const layer = (options = {}) => Layer.effectContext(Effect.gen(function* () {
    const duration = yield* Lease.durationOf(options.lease);
    const sql = yield* SqlClient.SqlClient;
    yield* migrate;
    const lease = { duration, holder: options.holder ?? `${hostname()}:${process.pid}` };
    const retain = options.retain ?? 1000;
    const here = (effect) => Effect.provideService(effect, SqlClient.SqlClient, sql);
    const idOf = (name) => Ids("read")(sql `SELECT pipeline FROM sluice_pipelines WHERE name = ${name}`).pipe(Effect.map(([row]) => row?.pipeline));
    /** Of a pipeline that never ran there is nothing. */
    const on = (name, empty, f) => Effect.flatMap(idOf(name), (id) => (id === undefined ? Effect.succeed(empty) : here(f(id))));
    const ledger = Ledger.Ledger.of({
        open: ({ pipeline, runId }) => here(Effect.gen(function* () {
            const taken = yield* Lease.take(pipeline, lease);
            const startedAt = yield* Clock.currentTimeMillis;
            yield* taken.writing("open")(Effect.gen(function* () {
                yield* sql `INSERT INTO sluice_runs (pipeline, number, run, started_at)
                    VALUES (${taken.pipeline}, ${taken.fence}, ${runId}, ${startedAt})`;
                yield* sql `DELETE FROM sluice_runs
                    WHERE pipeline = ${taken.pipeline} AND number <= ${taken.fence - retain}`;
            }));
            return yield* Book.make(taken, runId);
        })),
        pause: (name, why) => Effect.flatMap(Clock.currentTimeMillis, (now) => sql `INSERT INTO sluice_pipelines (name, paused_why, paused_since) VALUES (${name}, ${why}, ${now})
              ON CONFLICT (name) DO UPDATE SET paused_why = excluded.paused_why, paused_since = excluded.paused_since`).pipe(Effect.asVoid, Effect.mapError(failed("pause"))),
        resume: (name) => sql `UPDATE sluice_pipelines SET paused_why = NULL, paused_since = NULL WHERE name = ${name}`.pipe(Effect.asVoid, Effect.mapError(failed("resume"))),
        deadLetters: (name, which) => on(name, [], (pipeline) => DeadLetters.list(pipeline, which)),
        discard: (name, ids) => on(name, 0, (pipeline) => Effect.mapError(DeadLetters.discard(pipeline, ids), failed("discard"))),
        unprocessed: (name, which) => on(name, [], (pipeline) => Jobs.failed(pipeline, which)),
        reprocess: (name, ids) => on(name, 0, (pipeline) => Effect.mapError(Jobs.reprocess(pipeline, ids), failed("reprocess"))),
        runs: (name, limit) => on(name, [], (pipeline) => Runs("runs")(sql `SELECT run, started_at, report FROM sluice_runs WHERE pipeline = ${pipeline}
              ORDER BY number DESC LIMIT ${limit}`).pipe(Effect.map((rows) => rows.map(({ report, run, started_at }) => ({
            runId: run,
            startedAt: started_at,
            report: report ?? undefined
        })))))
    });
    return Context.make(Ledger.Ledger, ledger).pipe(Context.add(LedgerExport.LedgerExport, LedgerExport.make(sql, lease)));
}));
//# sourceMappingURL=SqlLedger.js.map