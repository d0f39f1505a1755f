/**
 * A ledger as lines of JSON, to be moved to another one: from SQLite to Postgres, or back.
 *
 * The first line says what it is; then comes a pipeline after the other, each with all that is known of it, and a line that
 * says that it is whole. What the fields mean is what the columns of the tables mean.
 */
import { Ledger } from "@sluice/core";
import { Clock, Context, DateTime, Effect, Option, Schema, Stream } from "effect";
import { SqlClient, SqlError } from "effect/sql";
import * as Exported from "./internal/exported.js";
import { failed, Integer, rowsOf, transaction, unreadable } from "./internal/failing.js";
import * as Lease from "./internal/lease.js";
/** Lines that cannot be imported. Nothing of them is. */
export class ImportRefused extends Schema.TaggedError()("ImportRefused", {
    /** The line that is to blame, the first is 1; absent where it is what did not come. */
    line: Schema.optionalKey(Schema.Natural),
    message: Schema.String
}) {
}
/** The service. Layers of ledgers provide it beside the ledger. */
export class LedgerExport extends Context.Service()("@sluice/ledger-sql/LedgerExport") {
}
/** Rows that are read, or written, at once. */
const pageSize = 1000;
const Names = rowsOf(Schema.Struct({ name: Schema.String }));
const Pipelines = rowsOf(Schema.Struct({
    name: Schema.String,
    swept: Integer,
    tracks: Integer,
    asked: Schema.String,
    sweep: Integer,
    fence: Integer,
    paused_why: Schema.NullOr(Schema.String),
    paused_since: Schema.NullOr(Integer)
}));
const decodeRow = Schema.decodeUnknownEffect(Exported.Row, { onExcessProperty: "error" });
const encodeRow = Schema.encodeEffect(Exported.Row);
const decodeLine = Schema.decodeUnknownEffect(Schema.fromJsonString(Exported.Line), { onExcessProperty: "error" });
const tableOf = new Map(Exported.tables.map((table) => [table.kind, table]));
/** All lines of a pipeline. */
const linesOf = (name, options) => Stream.unwrap(Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient;
    const lease = yield* Lease.take(name, { ...options, evenPaused: true });
    const [row] = yield* Pipelines("export")(sql `SELECT name, swept, tracks, asked, sweep, fence, paused_why, paused_since
        FROM sluice_pipelines WHERE pipeline = ${lease.pipeline}`);
    if (row === undefined)
        return yield* Ledger.lost(name);
    const { paused_since, paused_why, swept, tracks, ...rest } = row;
    const first = {
        kind: "pipeline",
        ...rest,
        swept: swept !== 0,
        tracks: tracks !== 0,
        ...(paused_why === null ? {} : { paused_why }),
        ...(paused_since === null ? {} : { paused_since })
    };
    let lines = 0;
    const rows = Stream.fromIterable(Exported.tables).pipe(Stream.flatMap((table) => Stream.paginate(undefined, Effect.fnUntraced(function* (after) {
        const page = yield* Effect.mapError(Exported.select(sql, table, lease.pipeline, after, pageSize), failed("export"));
        const found = page.map((one) => Exported.lineOf(table, one));
        yield* Effect.forEach(found, (line) => Effect.mapError(decodeRow(line), (error) => unreadable("export", `a row of ${table.table} is not what this version of Sluice writes`, error)));
        // Nobody else has written meanwhile: the pages are of one state.
        yield* lease.hold;
        lines += found.length;
        const last = found.length < pageSize ? undefined : found.at(-1)?.[table.key];
        const next = typeof last === "string" || typeof last === "number" ? Option.some(last) : Option.none();
        return [found.map((line) => JSON.stringify(line)), next];
    }))));
    return Stream.make(JSON.stringify(first)).pipe(Stream.concat(rows), Stream.concat(Stream.suspend(() => Stream.make(JSON.stringify({ kind: "end", lines })))));
}));
const exportAll = (options, pipelines) => Stream.unwrap(Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient;
    const there = (yield* Names("export")(sql `SELECT name FROM sluice_pipelines ORDER BY name`)).map(({ name }) => name);
    const unknown = pipelines?.find((name) => !there.includes(name));
    if (unknown !== undefined) {
        return yield* unreadable("export", `it has no pipeline ${unknown}; it has: ${there.join(", ") || "none"}`);
    }
    const header = {
        kind: "sluice-ledger",
        version: Exported.formatVersion,
        exportedAt: DateTime.formatIso(DateTime.makeUnsafe(yield* Clock.currentTimeMillis))
    };
    return Stream.make(JSON.stringify(header)).pipe(Stream.concat(Stream.flatMap(Stream.fromIterable(pipelines ?? there), (name) => linesOf(name, options))));
}));
const importAll = Effect.fnUntraced(function* (lines) {
    const sql = yield* SqlClient.SqlClient;
    const place = { line: 0, hasBegun: false, pipeline: undefined, rows: [], table: undefined, names: [] };
    const refuse = (message) => Effect.fail(new ImportRefused({ line: place.line, message: `line ${place.line}: ${message}` }));
    const begin = Effect.fnUntraced(function* (one) {
        const [row] = yield* sql `INSERT INTO sluice_pipelines
        (name, swept, tracks, asked, sweep, fence, paused_why, paused_since)
      VALUES (${one.name}, ${one.swept ? 1 : 0}, ${one.tracks ? 1 : 0}, ${one.asked}, ${one.sweep}, ${one.fence},
        ${one.paused_why ?? null}, ${one.paused_since ?? null})
      ON CONFLICT (name) DO UPDATE SET swept = excluded.swept, tracks = excluded.tracks, asked = excluded.asked,
        sweep = excluded.sweep, fence = excluded.fence,
        paused_why = COALESCE(sluice_pipelines.paused_why, excluded.paused_why),
        paused_since = COALESCE(sluice_pipelines.paused_since, excluded.paused_since)
      WHERE sluice_pipelines.fence = 0 RETURNING pipeline`;
        if (row === undefined) {
            return yield* refuse(`${one.name} has run in this ledger before; what is known of it here would be mixed with what comes`);
        }
        place.pipeline = { id: Number(row.pipeline), name: one.name, lines: 0 };
        place.names.push(one.name);
    });
    const flush = Effect.suspend(() => {
        const { pipeline, rows, table } = place;
        if (pipeline === undefined || table === undefined || rows.length === 0)
            return Effect.void;
        place.rows = [];
        return Exported.insert(sql, table, pipeline.id, rows).pipe(Effect.catchIf(isTwice, () => refuse(`this line, or one of the ${rows.length} before it, says again what was said`)));
    });
    const take = Effect.fnUntraced(function* (text) {
        place.line++;
        // The end of the last line.
        if (text === "")
            return;
        const line = yield* Effect.catch(decodeLine(text), (error) => refuse(newer(text) ?? `is not understood (${error.message.split("\n", 1)[0]})`));
        if (line.kind === "sluice-ledger") {
            if (place.hasBegun)
                return yield* refuse("is the first line of an export, and not the first line: import one after the other");
            if (line.version !== Exported.formatVersion)
                return yield* refuse(newer(text) ?? "is of a version that never was");
            place.hasBegun = true;
            return;
        }
        if (!place.hasBegun)
            return yield* refuse("is not the first line of an export of a ledger");
        const { pipeline } = place;
        if (line.kind === "pipeline") {
            if (pipeline !== undefined)
                return yield* refuse(`begins another pipeline, and ${pipeline.name} is not whole`);
            return yield* begin(line);
        }
        if (pipeline === undefined)
            return yield* refuse("belongs to no pipeline");
        if (line.kind === "end") {
            yield* flush;
            if (line.lines !== pipeline.lines) {
                return yield* refuse(`${pipeline.name} had ${line.lines} lines, and ${pipeline.lines} came`);
            }
            place.pipeline = undefined;
            return;
        }
        pipeline.lines++;
        const table = tableOf.get(line.kind);
        if (table !== place.table || place.rows.length === pageSize)
            yield* flush;
        place.table = table;
        place.rows.push(yield* Effect.orDie(encodeRow(line)));
    });
    yield* Stream.runForEach(lines, take);
    if (!place.hasBegun)
        return yield* new ImportRefused({ message: "nothing came" });
    if (place.pipeline !== undefined) {
        return yield* new ImportRefused({ message: `the end is missing: ${place.pipeline.name} is not whole` });
    }
    return place.names;
});
const isTwice = ({ reason }) => reason._tag === "UniqueViolation" || reason._tag === "ConstraintError";
const readVersion = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Struct({ kind: Schema.Literal("sluice-ledger"), version: Schema.Natural })));
/** What to say of the first line of an export that this version of Sluice is too old for. */
const newer = (text) => Option.match(readVersion(text), {
    onNone: () => undefined,
    onSome: ({ version }) => version > Exported.formatVersion
        ? `was exported by a newer version of Sluice (format ${version}, this one reads ${Exported.formatVersion}): update Sluice here`
        : undefined
});
/** Of the ledger of this client. */
export const make = (sql, options) => ({
    lines: (pipelines) => Stream.provideService(exportAll(options, pipelines), SqlClient.SqlClient, sql),
    load: (lines) => transaction(sql, Effect.provideService(importAll(lines), SqlClient.SqlClient, sql)).pipe(Effect.catchIf(SqlError.isSqlError, (error) => Effect.fail(failed("import")(error))))
});
//# sourceMappingURL=LedgerExport.js.map