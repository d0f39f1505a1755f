/**
 * One run at a time writes for a pipeline: a lease that is renewed while the run lives, and a number that grows with each
 * holder, so that one who was taken for dead can write nothing any more.
 */
import { Ledger } from "@sluice/core";
import { Clock, DateTime, Deferred, Duration, Effect, Fiber, Layer, Option, Schedule, Schema } from "effect";
import { SqlClient } from "effect/sql";
import { failed, Integer, rowsOf, transaction } from "./failing.js";
/** Renewed this often in the time that it lasts; and nothing leaves in the last part of it without a renewal. */
const parts = 3;
const Taken = rowsOf(Schema.Struct({ pipeline: Integer, fence: Integer, sweep: Integer }));
const Found = rowsOf(Schema.Struct({
    holder: Schema.NullOr(Schema.String),
    held_since: Schema.NullOr(Integer),
    paused_why: Schema.NullOr(Schema.String),
    paused_since: Schema.NullOr(Integer)
}));
const Renewed = rowsOf(Schema.Struct({ paused_why: Schema.NullOr(Schema.String) }));
const shortest = Duration.seconds(1);
/** Timers, and Postgres' own, count milliseconds in 31 bits. */
const longest = Duration.days(7);
/** How long a lease lasts, 30 seconds where nothing is said; fails where nobody could hold a pipeline by it. */
export const durationOf = (input = "30 seconds") => {
    const duration = Duration.fromInput(input);
    if (Option.isSome(duration) && Duration.between(duration.value, { minimum: shortest, maximum: longest })) {
        // Columns of times are whole milliseconds.
        return Effect.succeed(Duration.millis(Math.round(Duration.toMillis(duration.value))));
    }
    const said = Option.match(duration, { onNone: () => "no duration", onSome: Duration.format });
    return Effect.fail(new Ledger.LedgerError({
        operation: "open",
        reason: new Ledger.Misconfigured(),
        message: `lease: ${said}, and it must be from 1 second to 7 days. Leave it out for 30 seconds; nothing was opened`
    }));
};
/** Before the database is opened, or made: whether a lease can be of this length. */
export const onlyWith = (input) => (layer) => Layer.unwrap(Effect.as(durationOf(input), layer));
/**
 * The time by which leases end, in milliseconds: the database's where many machines share one, since their clocks differ.
 */
const now = (sql) => sql.onDialectOrElse({
    pg: () => Effect.succeed(sql.literal("(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT")),
    orElse: () => Effect.map(Clock.currentTimeMillis, (millis) => sql `${millis}`)
});
const refused = Effect.fnUntraced(function* (name, evenPaused) {
    const sql = yield* SqlClient.SqlClient;
    const [row] = yield* Found("open")(sql `SELECT holder, held_since, paused_why, paused_since FROM sluice_pipelines WHERE name = ${name}`);
    if (!evenPaused && row?.paused_why !== null && row?.paused_why !== undefined) {
        const since = DateTime.makeUnsafe(row.paused_since ?? 0);
        return yield* Ledger.paused(name, new Ledger.Paused({ why: row.paused_why, since }));
    }
    const since = DateTime.makeUnsafe(row?.held_since ?? 0);
    return yield* Ledger.held(name, new Ledger.Held({ by: row?.holder ?? "unknown", since }));
});
/** Takes the book of a pipeline until the scope closes. */
export const take = Effect.fnUntraced(function* (name, { duration, evenPaused = false, holder }) {
    const sql = yield* SqlClient.SqlClient;
    const lasts = Duration.toMillis(duration);
    const paused = yield* Deferred.make();
    /** Until when nobody else can have it, by our own clock. */
    let until = (yield* Clock.currentTimeMillis) + lasts;
    let isLost = false;
    const isAwake = sql.literal(evenPaused ? "" : "AND paused_why IS NULL");
    const takeIt = Effect.gen(function* () {
        yield* Effect.mapError(sql `INSERT INTO sluice_pipelines (name) VALUES (${name}) ON CONFLICT (name) DO NOTHING`, failed("open"));
        const time = yield* now(sql);
        const [row] = yield* Taken("open")(sql `UPDATE sluice_pipelines
      SET fence = fence + 1, holder = ${holder}, held_since = ${time}, held_until = ${time} + ${lasts}
      WHERE name = ${name} ${isAwake} AND (held_until IS NULL OR held_until <= ${time})
      RETURNING pipeline, fence, sweep`);
        return row ?? (yield* refused(name, evenPaused));
    });
    /** A database that is gone may never say so, and a client waits for its word also where it is to wait no longer. */
    const inTime = Effect.fnUntraced(function* (operation, effect) {
        const asking = yield* Effect.forkDetach(effect);
        const giveUp = Effect.forkDetach(Fiber.interrupt(asking));
        return yield* Fiber.join(asking).pipe(Effect.onInterrupt(() => giveUp), Effect.timeoutOrElse({
            duration: lasts / parts,
            orElse: () => Effect.fail(new Ledger.LedgerError({
                operation,
                reason: new Ledger.Unreachable(),
                message: `the ledger has not answered for ${lasts / parts / 1000} s: see that the database is there and not overloaded, and run again; nothing is lost`
            }))
        }), Effect.interruptible);
    });
    const { fence, pipeline, sweep } = yield* Effect.acquireRelease(takeIt, (row) => inTime("close", Effect.mapError(sql `UPDATE sluice_pipelines SET holder = NULL, held_since = NULL, held_until = NULL
          WHERE pipeline = ${row.pipeline} AND fence = ${row.fence}`, failed("close"))).pipe(
    // It ends by itself.
    Effect.ignore));
    const lose = Effect.suspend(() => {
        isLost = true;
        return Effect.fail(Ledger.lost(name));
    });
    const renew = Effect.gen(function* () {
        if (isLost)
            return yield* lose;
        const asked = yield* Clock.currentTimeMillis;
        const time = yield* now(sql);
        const [row] = yield* Renewed("hold")(sql `UPDATE sluice_pipelines SET held_until = ${time} + ${lasts}
      WHERE pipeline = ${pipeline} AND fence = ${fence} RETURNING paused_why`);
        if (row === undefined)
            return yield* lose;
        until = asked + lasts;
        if (row.paused_why !== null)
            yield* Deferred.succeed(paused, row.paused_why);
    });
    yield* Effect.forkScoped(
    // A renewal that fails is tried again; if none gets through, the lease ends.
    Effect.ignore(inTime("hold", renew)).pipe(Effect.repeat(Schedule.spaced(lasts / parts)), Effect.delay(lasts / parts)));
    /** Ours for as long as what is about to leave may take. Whatever took long to hear of was long ago: it is asked again. */
    const hold = Effect.gen(function* () {
        if (isLost)
            return yield* lose;
        while ((yield* Clock.currentTimeMillis) >= until - lasts / parts)
            yield* inTime("hold", renew);
    });
    /**
     * Whoever takes over waits for a transaction that has begun; one whose process is suspended in the middle of it would keep
     * everybody waiting, and Postgres ends it.
     */
    const answer = sql.onDialectOrElse({
        pg: () => sql `set_config('idle_in_transaction_session_timeout', ${String(lasts)}, true)`,
        orElse: () => sql.literal("fence")
    });
    const isOurs = sql `UPDATE sluice_pipelines SET fence = fence
    WHERE pipeline = ${pipeline} AND fence = ${fence} RETURNING ${answer}`;
    return {
        pipeline,
        fence,
        sweep,
        hold,
        paused: Deferred.await(paused),
        writing: (operation) => (effect) => transaction(sql, Effect.flatMap(isOurs, (rows) => rows.length === 0 ? lose : Effect.void).pipe(Effect.andThen(effect))).pipe(Effect.catchTag("SqlError", (error) => Effect.fail(failed(operation)(error))))
    };
});
//# sourceMappingURL=lease.js.map