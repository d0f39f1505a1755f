/**
 * What is to be processed, as statements. An object waits where it is in no job and has no failure.
 */
import { Processing } from "@sluice/core";
import { Effect, Schema } from "effect";
import { SqlClient } from "effect/sql";
import { Integer, rowsOf } from "./failing.js";
import * as Given from "./given.js";
import { toText } from "./text.js";
const Failure = Schema.fromJsonString(Processing.Failure);
const encodeFailure = Schema.encodeSync(Failure);
const text = Schema.NonEmptyString;
const JobRows = rowsOf(Schema.Struct({ number: Integer, id: Schema.NullOr(text), objects: Integer, retries: Integer }));
const Objects = rowsOf(Schema.Struct({ object_id: text }));
const Located = rowsOf(Schema.Struct({ object_id: text, uri: text }));
const Failed = rowsOf(Schema.Struct({ object_id: text, uri: text, failure: Failure }));
const Counts = rowsOf(Schema.Struct({ n: Integer }));
/** What a settlement says of it. */
export const settle = Effect.fnUntraced(function* (pipeline, { cleared, removed, superseded, unprocessed }) {
    const sql = yield* SqlClient.SqlClient;
    const dropped = [...cleared, ...superseded.map(({ objectId }) => objectId)];
    if (dropped.length > 0) {
        yield* sql `DELETE FROM sluice_processing
      WHERE pipeline = ${pipeline} AND object_id IN (SELECT r.value FROM ${Given.list(sql, dropped)})`;
    }
    if (removed.length > 0) {
        yield* sql `DELETE FROM sluice_processing WHERE pipeline = ${pipeline} AND object_id IN (
      SELECT object_id FROM sluice_files
      WHERE pipeline = ${pipeline} AND object_id IS NOT NULL AND id IN (SELECT r.value FROM ${Given.list(sql, removed)}))`;
    }
    if (unprocessed.length > 0) {
        const rows = new Map(unprocessed.map(({ objectId, uri }) => [objectId, [objectId, uri]]));
        yield* sql `INSERT INTO sluice_processing (pipeline, object_id, uri)
      SELECT ${pipeline}, r.value ->> 0, r.value ->> 1 FROM ${Given.rows(sql, [...rows.values()])} WHERE 1 = 1
      ON CONFLICT (pipeline, object_id) DO UPDATE SET uri = excluded.uri, job = NULL, failure = NULL`;
    }
});
/** Of a pipeline whose book is ours. */
export const make = (sql, { pipeline, writing }) => {
    const jobOf = ({ id, ...job }) => ({
        ...job,
        ...(id === null ? {} : { id })
    });
    const open = Effect.fnUntraced(function* (limit) {
        const chosen = yield* Objects("open job")(sql `SELECT object_id FROM sluice_processing
      WHERE pipeline = ${pipeline} AND job IS NULL AND failure IS NULL ORDER BY object_id LIMIT ${limit}`);
        if (chosen.length === 0)
            return undefined;
        const [row] = yield* JobRows("open job")(sql `INSERT INTO sluice_jobs (pipeline, number, objects, retries)
      SELECT ${pipeline}, COALESCE(MAX(number), 0) + 1, ${chosen.length}, 0 FROM sluice_jobs WHERE pipeline = ${pipeline}
      RETURNING number, id, objects, retries`);
        if (row === undefined)
            return undefined;
        const ids = chosen.map(({ object_id }) => object_id);
        yield* sql `UPDATE sluice_processing SET job = ${row.number}
      WHERE pipeline = ${pipeline} AND object_id IN (SELECT r.value FROM ${Given.list(sql, ids)})`;
        return jobOf(row);
    });
    const close = Effect.fnUntraced(function* (number, failed) {
        const objects = yield* Located("close job")(sql `SELECT object_id, uri FROM sluice_processing
      WHERE pipeline = ${pipeline} AND job = ${number} ORDER BY object_id`);
        const failures = new Map("code" in failed
            ? objects.map(({ object_id }) => [object_id, failed])
            : failed.map(({ failure, objectId }) => [objectId, failure]));
        const found = objects.flatMap(({ object_id: objectId, uri }) => {
            const failure = failures.get(objectId);
            return failure === undefined ? [] : [{ objectId, uri, failure }];
        });
        if (found.length > 0) {
            const rows = found.map(({ failure, objectId }) => [objectId, encodeFailure(failure)]);
            yield* sql `UPDATE sluice_processing SET job = NULL, failure = f.failure
        FROM (SELECT r.value ->> 0 AS id, r.value ->> 1 AS failure FROM ${Given.rows(sql, rows)}) AS f
        WHERE sluice_processing.pipeline = ${pipeline} AND sluice_processing.job = ${number}
          AND sluice_processing.object_id = f.id`;
        }
        yield* sql `DELETE FROM sluice_processing WHERE pipeline = ${pipeline} AND job = ${number}`;
        yield* sql `DELETE FROM sluice_jobs WHERE pipeline = ${pipeline} AND number = ${number}`;
        return { completed: objects.length - found.length, failed: found };
    });
    const change = (operation, number, set) => writing(operation)(Effect.asVoid(sql `UPDATE sluice_jobs SET ${set} WHERE pipeline = ${pipeline} AND number = ${number}`));
    return {
        waiting: Counts("waiting")(sql `SELECT COUNT(*) AS n FROM sluice_processing
      WHERE pipeline = ${pipeline} AND job IS NULL AND failure IS NULL`).pipe(Effect.map(([row]) => row?.n ?? 0)),
        open: (limit) => writing("open job")(open(limit)),
        list: JobRows("list jobs")(sql `SELECT number, id, objects, retries FROM sluice_jobs
      WHERE pipeline = ${pipeline} ORDER BY number`).pipe(Effect.map((rows) => rows.map(jobOf))),
        objects: (number) => Objects("objects of a job")(sql `SELECT object_id FROM sluice_processing
        WHERE pipeline = ${pipeline} AND job = ${number} ORDER BY object_id`).pipe(Effect.map((rows) => rows.map(({ object_id }) => object_id))),
        accepted: (number, id) => change("accept job", number, sql `id = ${toText(id)}`),
        retrying: (number) => change("retry job", number, sql `retries = retries + 1`),
        close: (number, failed) => writing("close job")(close(number, failed))
    };
};
/** Objects that failed, in the order of their ids. */
export const failed = Effect.fnUntraced(function* (pipeline, { after = "", limit }) {
    const sql = yield* SqlClient.SqlClient;
    const rows = yield* Failed("unprocessed")(sql `SELECT object_id, uri, failure FROM sluice_processing
    WHERE pipeline = ${pipeline} AND failure IS NOT NULL AND object_id > ${toText(after)}
    ORDER BY object_id LIMIT ${limit}`);
    return rows.map(({ failure, object_id, uri }) => ({ objectId: object_id, uri, failure }));
});
/** Lets objects that failed wait again: these, or all. Answers how many there were. */
export const reprocess = Effect.fnUntraced(function* (pipeline, objectIds) {
    const sql = yield* SqlClient.SqlClient;
    const which = objectIds === undefined
        ? sql.literal("")
        : sql `AND object_id IN (SELECT r.value FROM ${Given.list(sql, objectIds)})`;
    const changed = yield* sql `UPDATE sluice_processing SET failure = NULL
    WHERE pipeline = ${pipeline} AND failure IS NOT NULL ${which} RETURNING object_id`;
    return changed.length;
});
//# sourceMappingURL=jobs.js.map