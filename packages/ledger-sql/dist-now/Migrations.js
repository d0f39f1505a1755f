/**
 * The tables, and how they came to be. Forward only: a migration that was released is never edited.
 *
 * Numbers are integers, times are milliseconds since 1970, truth is 0 or 1: the same statements do for every database.
 */
import { Effect } from "effect";
import { Migrator, SqlClient } from "effect/sql";
/** Where it is written which migrations were run. */
export const table = "sluice_migrations";
/** Rows lie in the order of their keys, and once. Postgres has no such tables. */
const clusteredFor = (sql) => sql.literal(sql.onDialectOrElse({ sqlite: () => "WITHOUT ROWID", orElse: () => "" }));
/** Keys are compared byte by byte: orders of languages differ between machines, and change with their updates. */
const keyFor = (sql) => sql.literal(sql.onDialectOrElse({ pg: () => 'TEXT COLLATE "C"', orElse: () => "TEXT" }));
const tables = Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient;
    const clustered = clusteredFor(sql);
    const key = keyFor(sql);
    const identity = sql.literal(sql.onDialectOrElse({
        pg: () => "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        orElse: () => "INTEGER PRIMARY KEY"
    }));
    yield* sql `CREATE TABLE sluice_pipelines (
    pipeline ${identity},
    name TEXT NOT NULL UNIQUE,
    swept INTEGER NOT NULL DEFAULT 0,
    tracks INTEGER NOT NULL DEFAULT 0,
    asked TEXT NOT NULL DEFAULT '',
    sweep BIGINT NOT NULL DEFAULT 0,
    fence BIGINT NOT NULL DEFAULT 0,
    holder TEXT,
    held_since BIGINT,
    held_until BIGINT,
    paused_why TEXT,
    paused_since BIGINT
  )`;
    yield* sql `CREATE TABLE sluice_runs (
    pipeline BIGINT NOT NULL,
    number BIGINT NOT NULL,
    run TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    report TEXT,
    PRIMARY KEY (pipeline, number)
  ) ${clustered}`;
    yield* sql `CREATE TABLE sluice_files (
    pipeline BIGINT NOT NULL,
    id ${key} NOT NULL,
    uri TEXT NOT NULL,
    token TEXT NOT NULL,
    facts TEXT NOT NULL,
    content TEXT,
    container ${key},
    object_id TEXT,
    sha256 TEXT,
    sweep BIGINT NOT NULL,
    gone INTEGER NOT NULL,
    PRIMARY KEY (pipeline, id)
  ) ${clustered}`;
    yield* sql `CREATE INDEX sluice_files_gone ON sluice_files (pipeline, id) WHERE gone = 1`;
    yield* sql `CREATE INDEX sluice_files_in ON sluice_files (pipeline, container) WHERE container IS NOT NULL`;
    yield* sql `CREATE TABLE sluice_named (
    pipeline BIGINT NOT NULL,
    first_id ${key} NOT NULL,
    last_id ${key} NOT NULL,
    PRIMARY KEY (pipeline, first_id)
  ) ${clustered}`;
    yield* sql `CREATE TABLE sluice_containers (
    pipeline BIGINT NOT NULL,
    id ${key} NOT NULL,
    container ${key},
    state TEXT NOT NULL,
    sweep BIGINT NOT NULL,
    PRIMARY KEY (pipeline, id)
  ) ${clustered}`;
    yield* sql `CREATE INDEX sluice_containers_in ON sluice_containers (pipeline, container)`;
    yield* sql `CREATE TABLE sluice_cursors (
    pipeline BIGINT NOT NULL,
    range ${key} NOT NULL,
    cursor TEXT NOT NULL,
    follows INTEGER NOT NULL,
    PRIMARY KEY (pipeline, range)
  ) ${clustered}`;
    yield* sql `CREATE TABLE sluice_intents (
    pipeline BIGINT NOT NULL,
    id ${key} NOT NULL,
    uri TEXT NOT NULL,
    token TEXT NOT NULL,
    facts TEXT NOT NULL,
    content TEXT,
    container ${key},
    replaces TEXT,
    sent_at BIGINT NOT NULL,
    PRIMARY KEY (pipeline, id)
  ) ${clustered}`;
    yield* sql `CREATE TABLE sluice_superseded (
    pipeline BIGINT NOT NULL,
    object_id ${key} NOT NULL,
    uri ${key} NOT NULL,
    PRIMARY KEY (pipeline, object_id)
  ) ${clustered}`;
    yield* sql `CREATE INDEX sluice_superseded_of ON sluice_superseded (pipeline, uri)`;
    yield* sql `CREATE TABLE sluice_dead_letters (
    pipeline BIGINT NOT NULL,
    id ${key} NOT NULL,
    container ${key},
    file TEXT NOT NULL,
    cause TEXT NOT NULL,
    request TEXT,
    refusals BIGINT NOT NULL,
    run TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (pipeline, id)
  ) ${clustered}`;
    yield* sql `CREATE INDEX sluice_dead_letters_in ON sluice_dead_letters (pipeline, container)`;
    yield* sql.onDialectOrElse({ sqlite: () => statistics, orElse: () => Effect.void });
});
/**
 * What SQLite is to expect. Of tables it knows nothing about it takes for granted that a pipeline has ten files, and reads all
 * of them for each that is named. Rows of a table, of a pipeline, and of a pipeline's id or container.
 */
const statistics = Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient;
    const expected = [
        ["sluice_files", "sluice_files", "1000000 1000000 1"],
        ["sluice_files", "sluice_files_in", "1000000 1000000 100"],
        ["sluice_files", "sluice_files_gone", "10000 10000 1"],
        ["sluice_named", "sluice_named", "1000 1000 1"],
        ["sluice_containers", "sluice_containers", "100000 100000 1"],
        ["sluice_containers", "sluice_containers_in", "100000 100000 10"],
        ["sluice_intents", "sluice_intents", "10000 10000 1"],
        ["sluice_superseded", "sluice_superseded", "10000 10000 1"],
        ["sluice_superseded", "sluice_superseded_of", "10000 10000 1"],
        ["sluice_dead_letters", "sluice_dead_letters", "10000 10000 1"],
        ["sluice_dead_letters", "sluice_dead_letters_in", "10000 10000 10"]
    ];
    // Makes the table of what it knows.
    yield* sql `ANALYZE`;
    yield* expect(expected);
});
const expect = Effect.fnUntraced(function* (statistics) {
    const sql = yield* SqlClient.SqlClient;
    for (const [tbl, idx, stat] of statistics)
        yield* sql `INSERT INTO sqlite_stat1 ${sql.insert({ tbl, idx, stat })}`;
    // Reads that table again.
    yield* sql `ANALYZE sqlite_schema`;
});
/** What is to be processed: an object waits where it has neither a job nor a failure. */
const processing = Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient;
    const clustered = clusteredFor(sql);
    yield* sql `CREATE TABLE sluice_processing (
    pipeline BIGINT NOT NULL,
    object_id ${keyFor(sql)} NOT NULL,
    uri TEXT NOT NULL,
    job BIGINT,
    failure TEXT,
    PRIMARY KEY (pipeline, object_id)
  ) ${clustered}`;
    yield* sql `CREATE INDEX sluice_processing_waiting ON sluice_processing (pipeline, object_id)
    WHERE job IS NULL AND failure IS NULL`;
    yield* sql `CREATE INDEX sluice_processing_in ON sluice_processing (pipeline, job) WHERE job IS NOT NULL`;
    yield* sql `CREATE INDEX sluice_processing_failed ON sluice_processing (pipeline, object_id)
    WHERE failure IS NOT NULL`;
    yield* sql `CREATE TABLE sluice_jobs (
    pipeline BIGINT NOT NULL,
    number BIGINT NOT NULL,
    id TEXT,
    objects BIGINT NOT NULL,
    retries BIGINT NOT NULL,
    PRIMARY KEY (pipeline, number)
  ) ${clustered}`;
    const expected = [
        ["sluice_processing", "sluice_processing", "10000 10000 1"],
        ["sluice_processing", "sluice_processing_waiting", "10000 10000 1"],
        ["sluice_processing", "sluice_processing_in", "10000 10000 1000"],
        ["sluice_processing", "sluice_processing_failed", "1000 1000 1"],
        ["sluice_jobs", "sluice_jobs", "10 10 1"]
    ];
    yield* sql.onDialectOrElse({ sqlite: () => expect(expected), orElse: () => Effect.void });
});
const migrations = { "0001_tables": tables, "0002_processing": processing };
/** The newest migration of this version. */
export const latest = Object.keys(migrations).length;
/** Runs what was not run yet, one process at a time. */
export const run = Effect.asVoid(Migrator.make({})({ table, loader: Migrator.fromRecord(migrations) }));
/** The newest migration that was run; 0 in an empty database. */
export const current = Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient;
    const there = yield* sql.onDialectOrElse({
        pg: () => sql `SELECT 1 FROM pg_catalog.pg_class WHERE oid = to_regclass(${table})`,
        orElse: () => sql `SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ${table}`
    });
    if (there.length === 0)
        return 0;
    const [row] = yield* sql `SELECT MAX(migration_id) AS latest FROM ${sql(table)}`;
    return Number(row?.latest ?? 0);
});
//# sourceMappingURL=Migrations.js.map