/**
 * Files that were refused.
 */
import { Outcome, SourceFile } from "@sluice/core";
import { DateTime, Effect, Schema } from "effect";
import { SqlClient } from "effect/sql";
import { Integer, rowsOf } from "./failing.js";
import * as Given from "./given.js";
import { toText } from "./text.js";
const File = Schema.fromJsonString(SourceFile.SourceFile);
const Cause = Schema.fromJsonString(Outcome.Cause);
const Request = Schema.fromJsonString(Schema.Json);
const encodeFile = Schema.encodeSync(File);
const encodeCause = Schema.encodeSync(Cause);
const Rows = rowsOf(Schema.Struct({
    file: File,
    cause: Cause,
    request: Schema.NullOr(Request),
    refusals: Integer,
    run: Schema.NonEmptyString,
    first_at: Integer,
    last_at: Integer
}));
/** Refused in this run: counted once a run, whatever it says how often. */
export const keep = Effect.fnUntraced(function* (pipeline, runId, refused, now) {
    const sql = yield* SqlClient.SqlClient;
    const latest = [...new Map(refused.map((one) => [one.file.id, one])).values()];
    const rows = latest.map(({ cause, file, request }) => [
        file.id,
        file.within,
        encodeFile(file),
        encodeCause(cause),
        request === undefined ? undefined : JSON.stringify(request)
    ]);
    yield* sql `INSERT INTO sluice_dead_letters (pipeline, id, container, file, cause, request, refusals, run, first_at, last_at)
    SELECT ${pipeline}, r.value ->> 0, r.value ->> 1, r.value ->> 2, r.value ->> 3, r.value ->> 4, 1, ${runId}, ${now}, ${now}
    FROM ${Given.rows(sql, rows)} WHERE 1 = 1
    ON CONFLICT (pipeline, id) DO UPDATE SET container = excluded.container, file = excluded.file,
      cause = excluded.cause, request = excluded.request, last_at = excluded.last_at, run = excluded.run,
      refusals = sluice_dead_letters.refusals + CASE WHEN sluice_dead_letters.run = excluded.run THEN 0 ELSE 1 END`;
});
/** Answers how many there were. */
export const discard = Effect.fnUntraced(function* (pipeline, ids) {
    const sql = yield* SqlClient.SqlClient;
    const gone = yield* sql `DELETE FROM sluice_dead_letters
    WHERE pipeline = ${pipeline} AND id IN (SELECT r.value FROM ${Given.list(sql, ids)}) RETURNING id`;
    return gone.length;
});
export const list = Effect.fnUntraced(function* (pipeline, { after = "", ids, limit }) {
    const sql = yield* SqlClient.SqlClient;
    const wanted = ids === undefined ? sql.literal("") : sql `AND id IN (SELECT r.value FROM ${Given.list(sql, ids)})`;
    const rows = yield* Rows("deadLetters")(sql `SELECT file, cause, request, refusals, run, first_at, last_at FROM sluice_dead_letters
    WHERE pipeline = ${pipeline} AND id > ${toText(after)} ${wanted} ORDER BY id LIMIT ${limit}`);
    return rows.map(({ cause, file, first_at, last_at, refusals, request, run }) => ({
        file,
        cause,
        ...(request === null ? {} : { request }),
        refusals,
        runId: run,
        firstAt: DateTime.makeUnsafe(first_at),
        lastAt: DateTime.makeUnsafe(last_at)
    }));
});
//# sourceMappingURL=deadLetters.js.map