/**
 * The book of a pipeline, as statements.
 */
import { Change, Ledger, Outcome, Report, SourceFile } from "@sluice/core";
import { Clock, Effect, Schema } from "effect";
import { SqlClient } from "effect/sql";
import * as Comparing from "./comparing.js";
import * as DeadLetters from "./deadLetters.js";
import { failed, Integer, rowsOf } from "./failing.js";
import * as Given from "./given.js";
import * as Jobs from "./jobs.js";
import { toText } from "./text.js";
const optional = Schema.NullOr(Schema.NonEmptyString);
const state = {
    id: Schema.NonEmptyString,
    uri: Schema.NonEmptyString,
    token: Schema.NonEmptyString,
    facts: Schema.NonEmptyString,
    content: optional,
    container: optional
};
const Files = rowsOf(Schema.Struct({ ...state, object_id: optional, sha256: optional, gone: Integer }));
const Intents = rowsOf(Schema.Struct({ ...state, replaces: optional, sent_at: Integer }));
const Containers = rowsOf(Schema.Struct({ id: Schema.NonEmptyString, container: optional, state: Schema.String }));
const Positions = rowsOf(Schema.Struct({ swept: Integer, tracks: Integer, asked: Schema.String }));
const Cursors = rowsOf(Schema.Struct({ range: Schema.String, cursor: Change.Cursor, follows: Integer }));
const Supersededs = rowsOf(Schema.Struct({ object_id: Schema.NonEmptyString, uri: Schema.NonEmptyString }));
const Counts = rowsOf(Schema.Struct({ known: Integer, gone: Integer }));
const Gaps = rowsOf(Schema.Struct({ low: Schema.String, high: Schema.String }));
const Ids = rowsOf(Schema.Struct({ id: Schema.String }));
const encodeReport = Schema.encodeEffect(Schema.fromJsonString(Report.Report));
/** What is not there has no key. */
const given = (key, value) => 
// The key is K: TypeScript takes a computed one for any string.
(value === null ? {} : { [key]: value });
/** What is said last of each: a statement writes a row once. */
const latest = (all) => [
    ...new Map(all.map((one) => [one.id, one])).values()
];
const stateOf = ({ container, content, facts, id, token, uri }) => ({
    id,
    uri,
    token,
    facts,
    ...given("content", content),
    ...given("within", container)
});
const rowOf = ({ content, facts, id, token, uri, within }) => [
    id,
    uri,
    token,
    facts,
    content,
    within
];
export const make = Effect.fnUntraced(function* (lease, runId) {
    const sql = yield* SqlClient.SqlClient;
    const { pipeline, writing } = lease;
    let sweep = lease.sweep;
    const deliver = (rows) => sql `INSERT INTO sluice_files
    (pipeline, id, uri, token, facts, content, container, object_id, sha256, sweep, gone)
    SELECT ${pipeline}, r.value ->> 0, r.value ->> 1, r.value ->> 2, r.value ->> 3, r.value ->> 4, r.value ->> 5,
      r.value ->> 6, r.value ->> 7, ${sweep}, 0
    FROM ${Given.rows(sql, rows)} WHERE 1 = 1
    ON CONFLICT (pipeline, id) DO UPDATE SET uri = excluded.uri, token = excluded.token, facts = excluded.facts,
      content = excluded.content, container = excluded.container, object_id = excluded.object_id,
      sha256 = excluded.sha256,
      sweep = excluded.sweep, gone = 0`;
    const see = (rows) => sql `UPDATE sluice_files SET container = s.container, sweep = ${sweep}, gone = 0
    FROM (SELECT r.value ->> 0 AS id, r.value ->> 1 AS container FROM ${Given.rows(sql, rows)}) AS s
    WHERE sluice_files.pipeline = ${pipeline} AND sluice_files.id = s.id`;
    /** The same of all that is not gone in some intervals. */
    const seeAll = (intervals) => sql `INSERT INTO sluice_named (pipeline, first_id, last_id)
    SELECT ${pipeline}, r.value ->> 0, r.value ->> 1
    FROM ${Given.rows(sql, intervals.map(({ first, last }) => [first, last]))} WHERE 1 = 1
    ON CONFLICT (pipeline, first_id) DO UPDATE SET last_id = excluded.last_id
      WHERE excluded.last_id > sluice_named.last_id`;
    const keep = (containers) => sql `INSERT INTO sluice_containers
    (pipeline, id, container, state, sweep)
    SELECT ${pipeline}, r.value ->> 0, r.value ->> 1, r.value ->> 2, ${sweep}
    FROM ${Given.rows(sql, latest(containers).map(({ id, state, within }) => [id, within, state]))}
    WHERE 1 = 1
    ON CONFLICT (pipeline, id) DO UPDATE
      SET container = excluded.container, state = excluded.state, sweep = excluded.sweep`;
    /** Of containers, with all that is in them. */
    const leave = Effect.fnUntraced(function* (ids) {
        const below = yield* Ids("settle")(sql `WITH RECURSIVE below(id) AS (
        SELECT r.value FROM ${Given.list(sql, ids)}
        UNION SELECT c.id FROM sluice_containers c JOIN below b ON c.container = b.id WHERE c.pipeline = ${pipeline}
      ) SELECT id FROM below`);
        const all = () => Given.list(sql, below.map(({ id }) => id));
        yield* sql `UPDATE sluice_files SET gone = 1
      WHERE pipeline = ${pipeline} AND id IN (SELECT r.value FROM ${all()})`;
        yield* sql `UPDATE sluice_files SET gone = 1
      WHERE pipeline = ${pipeline} AND container IN (SELECT r.value FROM ${all()})`;
        yield* sql `DELETE FROM sluice_containers WHERE pipeline = ${pipeline} AND id IN (SELECT r.value FROM ${all()})`;
        yield* sql `DELETE FROM sluice_dead_letters WHERE pipeline = ${pipeline}
      AND (id IN (SELECT r.value FROM ${all()}) OR container IN (SELECT r.value FROM ${all()}))`;
    });
    const advance = (cursors) => sql `INSERT INTO sluice_cursors
    (pipeline, range, cursor, follows)
    SELECT ${pipeline}, r.value ->> 0, r.value ->> 1, CAST(r.value ->> 2 AS INTEGER)
    FROM ${Given.rows(sql, cursors.map(({ cursor, follows, range }) => [range, cursor, follows ? 1 : 0]))} WHERE 1 = 1
    ON CONFLICT (pipeline, range) DO UPDATE SET cursor = excluded.cursor, follows = excluded.follows`;
    const supersede = (objects) => sql `INSERT INTO sluice_superseded
    (pipeline, object_id, uri)
    SELECT ${pipeline}, r.value ->> 0, r.value ->> 1
    FROM ${Given.rows(sql, objects.map(({ objectId, uri }) => [objectId, uri]))} WHERE 1 = 1
    ON CONFLICT (pipeline, object_id) DO NOTHING`;
    const forget = (table, column, ids) => sql `DELETE FROM ${sql(`sluice_${table}`)}
      WHERE pipeline = ${pipeline} AND ${sql(column)} IN (SELECT r.value FROM ${Given.list(sql, ids)})`;
    /** In no state, where nothing is known. */
    const suspect = (intents) => sql `INSERT INTO sluice_files
    (pipeline, id, uri, token, facts, content, container, object_id, sweep, gone)
    SELECT ${pipeline}, r.value ->> 0, r.value ->> 1, ${Ledger.noState}, r.value ->> 3, r.value ->> 4, r.value ->> 5,
      NULL, ${sweep}, 0
    FROM ${Given.rows(sql, intents.map((intent) => rowOf(intent)))} WHERE 1 = 1
    ON CONFLICT (pipeline, id) DO NOTHING`;
    const settle = Effect.fnUntraced(function* (settlement) {
        const { arrived, cleared, containers, cursors, files, gone, missed, inDoubt } = settlement;
        const { named, removed, seen, superseded, unsure } = settlement;
        const now = yield* Clock.currentTimeMillis;
        if (containers.length > 0)
            yield* keep(containers);
        const delivered = [
            ...files.flatMap(({ file, objectId, outcome, sha256 }) => Outcome.isDelivered(outcome) || outcome._tag === "Unchanged"
                ? [[...rowOf(SourceFile.state(file)), objectId, sha256]]
                : []),
            ...arrived.map(({ intent, objectId }) => [...rowOf(intent), objectId])
        ];
        if (delivered.length > 0)
            yield* deliver([...new Map(delivered.map((row) => [row[0], row])).values()]);
        if (unsure.length > 0)
            yield* suspect(unsure);
        if (inDoubt.length > 0) {
            yield* sql `UPDATE sluice_files SET token = ${Ledger.noState}
        WHERE pipeline = ${pipeline} AND id IN (SELECT r.value FROM ${Given.list(sql, inDoubt)})`;
        }
        const done = [...files.map(({ file }) => file.id), ...arrived.map(({ intent }) => intent.id), ...missed];
        if (done.length > 0)
            yield* forget("intents", "id", done);
        const refused = files.flatMap(({ file, outcome, request }) => outcome._tag === "Rejected" ? [{ file, cause: outcome.cause, request }] : []);
        const letters = new Set(refused.map(({ file }) => file.id));
        const answered = [...files.map(({ file }) => file.id), ...arrived.map(({ intent }) => intent.id)].filter((id) => !letters.has(id));
        if (answered.length > 0)
            yield* DeadLetters.discard(pipeline, answered);
        if (refused.length > 0)
            yield* DeadLetters.keep(pipeline, runId, refused, now);
        if (superseded.length > 0)
            yield* supersede(superseded);
        if (cleared.length > 0)
            yield* forget("superseded", "object_id", cleared);
        if (seen.length > 0)
            yield* see(seen.map(({ id, within }) => [id, within]));
        if (named.length > 0)
            yield* seeAll(named);
        if (gone.length > 0)
            yield* leave(gone);
        yield* Jobs.settle(pipeline, settlement);
        if (removed.length > 0)
            yield* forget("files", "id", removed);
        if (cursors.length > 0)
            yield* advance(cursors);
    });
    const knownOf = ({ gone, object_id, sha256, ...row }) => ({
        ...stateOf(row),
        ...given("objectId", object_id),
        ...given("sha256", sha256),
        gone: gone !== 0
    });
    const known = (ids) => Files("known")(sql `SELECT id, uri, token, facts, content, container, object_id, sha256, gone FROM sluice_files
      WHERE pipeline = ${pipeline} AND id IN (SELECT r.value FROM ${Given.list(sql, ids)})`).pipe(Effect.map((rows) => new Map(rows.map((row) => [row.id, knownOf(row)]))));
    /** What the sweep did not name is before, between and behind the intervals that it did. */
    const missAll = Effect.gen(function* () {
        const unnamed = sql `pipeline = ${pipeline} AND sweep <> ${sweep} AND gone = 0`;
        // A scalar query: of a join, Postgres may read all files for each interval.
        const gaps = yield* Gaps("completeSweep")(sql `SELECT low, high FROM (
        SELECT first_id AS high, COALESCE(MAX(last_id)
          OVER (ORDER BY first_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), '') AS low
        FROM sluice_named WHERE pipeline = ${pipeline}
      ) AS g
      WHERE (SELECT 1 FROM sluice_files WHERE ${unnamed} AND id > g.low AND id < g.high ORDER BY id LIMIT 1) = 1`);
        yield* Effect.forEach(gaps, ({ high, low }) => sql `UPDATE sluice_files SET gone = 1 WHERE ${unnamed} AND id > ${toText(low)} AND id < ${toText(high)}`, { discard: true });
        yield* sql `UPDATE sluice_files SET gone = 1 WHERE ${unnamed}
      AND id > (SELECT COALESCE(MAX(last_id), '') FROM sluice_named WHERE pipeline = ${pipeline})`;
    });
    const run = (effect) => Effect.provideService(effect, SqlClient.SqlClient, sql);
    return {
        hold: lease.hold,
        paused: lease.paused,
        position: Effect.gen(function* () {
            const [row] = yield* Positions("position")(sql `SELECT swept, tracks, asked FROM sluice_pipelines WHERE pipeline = ${pipeline}`);
            const cursors = yield* Cursors("position")(sql `SELECT range, cursor, follows FROM sluice_cursors WHERE pipeline = ${pipeline} ORDER BY range`);
            const of = (follows) => cursors.flatMap((one) => ((one.follows !== 0) === follows ? [{ range: one.range, cursor: one.cursor }] : []));
            return {
                swept: row?.swept === 1,
                tracks: row?.tracks === 1,
                asked: row?.asked ?? "",
                sweep: of(false),
                follow: of(true)
            };
        }),
        beginSweep: ({ asked, tracks }) => writing("beginSweep")(Effect.gen(function* () {
            yield* sql `DELETE FROM sluice_cursors WHERE pipeline = ${pipeline}`;
            yield* sql `DELETE FROM sluice_named WHERE pipeline = ${pipeline}`;
            yield* sql `UPDATE sluice_pipelines SET swept = 0, tracks = ${tracks ? 1 : 0}, asked = ${asked}, sweep = ${sweep + 1}
            WHERE pipeline = ${pipeline}`;
        })).pipe(Effect.tap(() => Effect.sync(() => sweep++))),
        known,
        compare: Comparing.make(sql, pipeline, known),
        list: (limit, after = "") => Files("list")(sql `SELECT id, uri, token, facts, content, container, object_id, sha256, gone FROM sluice_files
        WHERE pipeline = ${pipeline} AND id > ${toText(after)} ORDER BY id LIMIT ${limit}`).pipe(Effect.map((rows) => rows.map(knownOf))),
        containers: (ids) => Containers("containers")(sql `SELECT id, container, state FROM sluice_containers
        WHERE pipeline = ${pipeline} AND id IN (SELECT r.value FROM ${Given.list(sql, ids)})`).pipe(Effect.map((rows) => new Map(rows.map(({ container, id, state }) => [id, { id, state, ...given("within", container) }])))),
        intend: (intents) => writing("intend")(sql `INSERT INTO sluice_intents
        (pipeline, id, uri, token, facts, content, container, replaces, sent_at)
        SELECT ${pipeline}, r.value ->> 0, r.value ->> 1, r.value ->> 2, r.value ->> 3, r.value ->> 4, r.value ->> 5,
          r.value ->> 6, CAST(r.value ->> 7 AS BIGINT)
        FROM ${Given.rows(sql, latest(intents).map((intent) => [...rowOf(intent), intent.replaces, intent.sentAt]))} WHERE 1 = 1
        ON CONFLICT (pipeline, id) DO UPDATE SET uri = excluded.uri, token = excluded.token, facts = excluded.facts,
          content = excluded.content, container = excluded.container, replaces = excluded.replaces,
          sent_at = excluded.sent_at`),
        intents: (limit, after = "") => Intents("intents")(sql `SELECT id, uri, token, facts, content, container, replaces, sent_at FROM sluice_intents
        WHERE pipeline = ${pipeline} AND id > ${toText(after)} ORDER BY id LIMIT ${limit}`).pipe(Effect.map((rows) => rows.map(({ replaces, sent_at, ...row }) => ({
            ...stateOf(row),
            ...given("replaces", replaces),
            sentAt: sent_at
        })))),
        settle: (settlement) => writing("settle")(run(settle(settlement))),
        completeSweep: writing("completeSweep")(Effect.gen(function* () {
            const [row] = yield* Positions("completeSweep")(sql `SELECT swept, tracks, asked FROM sluice_pipelines WHERE pipeline = ${pipeline}`);
            yield* sql `DELETE FROM sluice_cursors WHERE pipeline = ${pipeline} AND follows = 0`;
            yield* sql `DELETE FROM sluice_containers WHERE pipeline = ${pipeline} AND sweep <> ${sweep}`;
            if (row?.tracks === 1)
                yield* missAll;
            yield* sql `DELETE FROM sluice_named WHERE pipeline = ${pipeline}`;
            yield* sql `UPDATE sluice_pipelines SET swept = 1 WHERE pipeline = ${pipeline}`;
        })),
        gone: (limit) => Files("gone")(sql `SELECT id, uri, token, facts, content, container, object_id, sha256, gone FROM sluice_files
        WHERE pipeline = ${pipeline} AND gone = 1 ORDER BY id LIMIT ${limit}`).pipe(Effect.map((rows) => rows.map(knownOf))),
        superseded: (limit, uris) => {
            const which = uris === undefined
                ? sql `ORDER BY object_id`
                : sql `AND uri IN (SELECT r.value FROM ${Given.list(sql, new Set(uris))})`;
            return Supersededs("superseded")(sql `SELECT object_id, uri FROM sluice_superseded
        WHERE pipeline = ${pipeline} ${which} LIMIT ${limit}`).pipe(Effect.map((rows) => rows.map(({ object_id, uri }) => ({ objectId: object_id, uri }))));
        },
        count: Counts("count")(sql `SELECT COUNT(*) AS known, COALESCE(SUM(gone), 0) AS gone
      FROM sluice_files WHERE pipeline = ${pipeline}`).pipe(Effect.map(([row]) => row ?? { known: 0, gone: 0 })),
        jobs: Jobs.make(sql, lease),
        end: (report) => Effect.orDie(encodeReport(report)).pipe(Effect.flatMap((json) => sql `UPDATE sluice_runs SET report = ${json}
          WHERE pipeline = ${pipeline} AND number = ${lease.fence}`), Effect.asVoid, Effect.mapError(failed("end")))
    };
});
//# sourceMappingURL=book.js.map