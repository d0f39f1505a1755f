/**
 * What an export says, line by line, and in which tables it is.
 */
import { Change, Outcome, Processing, Report, SourceFile } from "@sluice/core";
import { Schema } from "effect";
import * as Given from "./given.js";
import { fromText, toText } from "./text.js";
/** Grows when lines are no longer what they were. */
export const formatVersion = 1;
export const Header = Schema.Struct({
    kind: Schema.Literal("sluice-ledger"),
    version: Schema.Natural,
    exportedAt: Schema.DateTimeUtcFromString
});
const text = Schema.NonEmptyString;
const maybe = Schema.optionalKey(text);
const state = {
    id: text,
    uri: text,
    token: text,
    facts: text,
    content: maybe,
    container: maybe
};
/** The lines of a pipeline, in the order in which they come. */
export const Pipeline = Schema.Struct({
    kind: Schema.Literal("pipeline"),
    name: Schema.String,
    swept: Schema.Boolean,
    tracks: Schema.Boolean,
    asked: Schema.String,
    /** The number of the last sweep. */
    sweep: Schema.Natural,
    /** The number of the last run. */
    fence: Schema.Natural,
    paused_why: Schema.optionalKey(Schema.String),
    paused_since: Schema.optionalKey(Schema.Int)
});
const File = Schema.Struct({
    kind: Schema.Literal("file"),
    ...state,
    object_id: maybe,
    sha256: maybe,
    sweep: Schema.Natural,
    gone: Schema.Boolean
});
/** An interval of files that the sweep that goes on has named, as far as they are not gone. */
const Named = Schema.Struct({ kind: Schema.Literal("named"), first_id: text, last_id: text });
const Container = Schema.Struct({
    kind: Schema.Literal("container"),
    id: text,
    container: maybe,
    state: Schema.String,
    sweep: Schema.Natural
});
const CursorLine = Schema.Struct({
    kind: Schema.Literal("cursor"),
    range: Schema.String,
    cursor: Change.Cursor,
    follows: Schema.Boolean
});
const Intent = Schema.Struct({ kind: Schema.Literal("intent"), ...state, replaces: maybe, sent_at: Schema.Int });
const Superseded = Schema.Struct({ kind: Schema.Literal("superseded"), object_id: text, uri: text });
const DeadLetter = Schema.Struct({
    kind: Schema.Literal("dead-letter"),
    id: text,
    container: maybe,
    file: SourceFile.SourceFile,
    cause: Outcome.Cause,
    request: Schema.optionalKey(Schema.Json),
    refusals: Schema.Natural,
    run: text,
    first_at: Schema.Int,
    last_at: Schema.Int
});
/** An object that waits to be processed, is in a job, or has failed. */
const Processed = Schema.Struct({
    kind: Schema.Literal("processing"),
    object_id: text,
    uri: text,
    job: Schema.optionalKey(Schema.Natural),
    failure: Schema.optionalKey(Processing.Failure)
});
const Job = Schema.Struct({
    kind: Schema.Literal("job"),
    number: Schema.Natural,
    id: maybe,
    objects: Schema.Natural,
    retries: Schema.Natural
});
const Run = Schema.Struct({
    kind: Schema.Literal("run"),
    number: Schema.Natural,
    run: text,
    started_at: Schema.Int,
    report: Schema.optionalKey(Report.Report)
});
/** A pipeline is whole: so many lines came after its own. */
export const End = Schema.Struct({ kind: Schema.Literal("end"), lines: Schema.Natural });
export const Row = Schema.Union([
    File,
    Named,
    Container,
    CursorLine,
    Intent,
    Superseded,
    DeadLetter,
    Processed,
    Job,
    Run
]);
export const Line = Schema.Union([Header, Pipeline, ...Row.members, End]);
const stateColumns = {
    id: "text",
    uri: "text",
    token: "text",
    facts: "text",
    content: "text",
    container: "text"
};
export const tables = [
    {
        kind: "file",
        table: "sluice_files",
        key: "id",
        columns: { ...stateColumns, object_id: "text", sha256: "text", sweep: "number", gone: "flag" }
    },
    {
        kind: "named",
        table: "sluice_named",
        key: "first_id",
        columns: { first_id: "text", last_id: "text" }
    },
    {
        kind: "container",
        table: "sluice_containers",
        key: "id",
        columns: { id: "text", container: "text", state: "text", sweep: "number" }
    },
    {
        kind: "cursor",
        table: "sluice_cursors",
        key: "range",
        columns: { range: "text", cursor: "text", follows: "flag" }
    },
    {
        kind: "intent",
        table: "sluice_intents",
        key: "id",
        columns: { ...stateColumns, replaces: "text", sent_at: "number" }
    },
    {
        kind: "superseded",
        table: "sluice_superseded",
        key: "object_id",
        columns: { object_id: "text", uri: "text" }
    },
    {
        kind: "dead-letter",
        table: "sluice_dead_letters",
        key: "id",
        columns: {
            id: "text",
            container: "text",
            file: "json",
            cause: "json",
            request: "json",
            refusals: "number",
            run: "text",
            first_at: "number",
            last_at: "number"
        }
    },
    {
        kind: "processing",
        table: "sluice_processing",
        key: "object_id",
        columns: { object_id: "text", uri: "text", job: "number", failure: "json" }
    },
    {
        kind: "job",
        table: "sluice_jobs",
        key: "number",
        columns: { number: "number", id: "text", objects: "number", retries: "number" }
    },
    {
        kind: "run",
        table: "sluice_runs",
        key: "number",
        columns: { number: "number", run: "text", started_at: "number", report: "json" }
    }
];
/** A line of a row; what is not there has no key. */
export const lineOf = ({ columns, kind }, row) => {
    const line = { kind };
    for (const [column, type] of Object.entries(columns)) {
        const value = row[column];
        if (value === null || value === undefined)
            continue;
        line[column] = valueOf(type, value);
    }
    return line;
};
const valueOf = (type, value) => {
    switch (type) {
        case "text":
            return typeof value === "string" ? fromText(value) : value;
        case "number":
            return typeof value === "bigint" ? Number(value) : value;
        case "flag":
            return value === 1 || value === 1n;
        case "json":
            return typeof value === "string" ? parsed(value) : value;
    }
};
/** What is no JSON is found out when the line is looked at. */
const parsed = (json) => {
    try {
        return JSON.parse(json);
    }
    catch {
        return undefined;
    }
};
const given = (type, value) => {
    if (value === undefined)
        return undefined;
    if (type === "json")
        return JSON.stringify(value);
    if (type === "flag")
        return value === true ? 1 : 0;
    return typeof value === "number" ? value : String(value);
};
/** Rows of a page beyond a key. */
export const select = (sql, { columns, key, table }, pipeline, after, limit) => {
    const beyond = after === undefined ? sql.literal("") : sql `AND ${sql(key)} > ${typeof after === "string" ? toText(after) : after}`;
    return sql `SELECT ${sql.csv(Object.keys(columns).map((column) => sql `${sql(column)}`))} FROM ${sql(table)}
    WHERE pipeline = ${pipeline} ${beyond} ORDER BY ${sql(key)} LIMIT ${limit}`;
};
/** Writes rows that are not there yet. */
export const insert = (sql, { columns, table }, pipeline, lines) => {
    const names = Object.keys(columns);
    const values = Object.values(columns).map((type, at) => {
        const value = sql `r.value ->> ${sql.literal(String(at))}`;
        return type === "number" || type === "flag" ? sql `CAST(${value} AS BIGINT)` : value;
    });
    const rows = lines.map((line) => Object.entries(columns).map(([column, type]) => given(type, line[column])));
    return sql `INSERT INTO ${sql(table)} (pipeline, ${sql.csv(names.map((name) => sql `${sql(name)}`))})
    SELECT ${pipeline}, ${sql.csv(values)} FROM ${Given.rows(sql, rows)}`;
};
//# sourceMappingURL=exported.js.map