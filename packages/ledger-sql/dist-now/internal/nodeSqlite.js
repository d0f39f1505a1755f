/**
 * effect/sql on Node's own SQLite. What `@effect/sql-sqlite-node` is; that has no version for this Effect yet.
 */
import { Effect, Layer, Predicate, Semaphore, Stream } from "effect";
import { Reactivity } from "effect/reactivity";
import { SqlClient, SqlError, Statement } from "effect/sql";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
/** Statements that are kept prepared. */
const statementsKept = 200;
const errorOf = (operation) => (cause) => {
    const message = `SQLite: ${cause instanceof Error ? cause.message : String(cause)}`;
    // Node calls SQLite's number `errcode`, effect/sql asks for `errno`.
    if (cause instanceof Error && Predicate.hasProperty(cause, "errcode"))
        Object.assign(cause, { errno: cause.errcode });
    return new SqlError.SqlError({ reason: SqlError.classifySqliteError(cause, { message, operation }) });
};
/** SQLite has no booleans, and no word for what is not there. */
const inputOf = (value) => {
    if (typeof value === "boolean")
        return value ? 1 : 0;
    if (typeof value === "string" || typeof value === "number" || typeof value === "bigint")
        return value;
    return value instanceof Uint8Array ? value : null;
};
/** Keeps what was prepared. */
const keeping = (prepare) => {
    const prepared = new Map();
    return (text) => {
        const known = prepared.get(text);
        if (known !== undefined)
            return known;
        const made = prepare(text);
        if (prepared.size >= statementsKept)
            prepared.clear();
        prepared.set(text, made);
        return made;
    };
};
const connectionOf = (database) => {
    const objects = (text) => database.prepare(text);
    const arrays = (text) => {
        const statement = database.prepare(text);
        statement.setReturnArrays(true);
        return statement;
    };
    const prepared = { objects: keeping(objects), arrays: keeping(arrays) };
    const run = (make, text, params) => Effect.try({ try: () => make(text).all(...params.map(inputOf)), catch: errorOf("execute") });
    const values = (make, text, params) => Effect.map(run(make, text, params), 
    // Node's types do not tell that rows are arrays when that was asked for.
    (rows) => rows);
    const execute = (text, params, transform) => Effect.map(run(prepared.objects, text, params), (rows) => (transform === undefined ? rows : transform(rows)));
    return {
        execute,
        executeRaw: (text, params) => run(prepared.objects, text, params),
        executeStream: (text, params, transform) => Stream.fromIterableEffect(execute(text, params, transform)),
        executeValues: (text, params) => values(prepared.arrays, text, params),
        executeValuesUnprepared: (text, params) => values(arrays, text, params),
        executeUnprepared: (text, params, transform) => Effect.map(run(objects, text, params), (rows) => (transform === undefined ? rows : transform(rows)))
    };
};
/** Nobody but its owner reads the file, nor what SQLite puts beside it, which has the file's own mode. */
const create = (file) => {
    if (file === ":memory:")
        return;
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    closeSync(openSync(file, "a", 0o600));
};
/** One connection to a file, which is made where there is none; what is committed survives a loss of power. */
export const layer = (file) => Layer.effect(SqlClient.SqlClient, Effect.gen(function* () {
    // Not before it is needed: Node 22 warns as soon as it is loaded.
    const { DatabaseSync } = yield* Effect.promise(() => import("node:sqlite"));
    const database = yield* Effect.acquireRelease(Effect.try({
        try: () => {
            create(file);
            const opened = new DatabaseSync(file, { timeout: 5000 });
            opened.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
            return opened;
        },
        catch: errorOf("open")
    }), (opened) => Effect.sync(() => opened.close()));
    const connection = connectionOf(database);
    return yield* SqlClient.make({
        ...SqlClient.makeSqliteAcquirers({
            connection: Effect.succeed(connection),
            semaphore: yield* Semaphore.make(1),
            isTransaction: () => database.isTransaction
        }),
        compiler: Statement.makeCompilerSqlite(),
        driver: "sqlite-node",
        beginTransaction: "BEGIN IMMEDIATE",
        prepareTransactionControls: true,
        spanAttributes: [["db.system.name", "sqlite"]]
    });
})).pipe(Layer.provide(Reactivity.layer));
//# sourceMappingURL=nodeSqlite.js.map