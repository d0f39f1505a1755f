/**
 * Values that go with a statement, any number of them, as one parameter: the statement's text is always the same.
 */
import type { SqlClient } from "effect/sql/SqlClient";
import type { Fragment } from "effect/sql/Statement";
/** A table `r` with one column `value`, text. */
export declare const list: (sql: SqlClient, values: Iterable<string>) => Fragment;
export type Row = ReadonlyArray<string | number | null | undefined>;
/** A table `r` whose column `value` has a row: `r.value ->> 0` is the text of its first part. */
export declare const rows: (sql: SqlClient, all: ReadonlyArray<Row>) => Fragment;
//# sourceMappingURL=given.d.ts.map