import { Schema } from "effect";
import type { SqlClient } from "effect/sql/SqlClient";
import type { Statement } from "effect/sql/Statement";
/** Grows when lines are no longer what they were. */
export declare const formatVersion = 1;
export declare const Header: Schema.Struct<{
    readonly kind: Schema.Literal<"sluice-ledger">;
    readonly version: Schema.Natural;
    readonly exportedAt: Schema.DateTimeUtcFromString;
}>;
/** The lines of a pipeline, in the order in which they come. */
export declare const Pipeline: Schema.Struct<{
    readonly kind: Schema.Literal<"pipeline">;
    readonly name: Schema.String;
    readonly swept: Schema.Boolean;
    readonly tracks: Schema.Boolean;
    readonly asked: Schema.String;
    /** The number of the last sweep. */
    readonly sweep: Schema.Natural;
    /** The number of the last run. */
    readonly fence: Schema.Natural;
    readonly paused_why: Schema.optionalKey<Schema.String>;
    readonly paused_since: Schema.optionalKey<Schema.Int>;
}>;
/** A pipeline is whole: so many lines came after its own. */
export declare const End: Schema.Struct<{
    readonly kind: Schema.Literal<"end">;
    readonly lines: Schema.Natural;
}>;
export declare const Row: Schema.Union<readonly [Schema.Struct<{
    readonly id: Schema.NonEmptyString;
    readonly uri: Schema.NonEmptyString;
    readonly token: Schema.NonEmptyString;
    readonly facts: Schema.NonEmptyString;
    readonly content: Schema.optionalKey<Schema.NonEmptyString>;
    readonly container: Schema.optionalKey<Schema.NonEmptyString>;
    readonly kind: Schema.Literal<"file">;
    readonly object_id: Schema.optionalKey<Schema.NonEmptyString>;
    readonly sha256: Schema.optionalKey<Schema.NonEmptyString>;
    readonly sweep: Schema.Natural;
    readonly gone: Schema.Boolean;
}>, Schema.Struct<{
    readonly kind: Schema.Literal<"named">;
    readonly first_id: Schema.NonEmptyString;
    readonly last_id: Schema.NonEmptyString;
}>, Schema.Struct<{
    readonly kind: Schema.Literal<"container">;
    readonly id: Schema.NonEmptyString;
    readonly container: Schema.optionalKey<Schema.NonEmptyString>;
    readonly state: Schema.String;
    readonly sweep: Schema.Natural;
}>, Schema.Struct<{
    readonly kind: Schema.Literal<"cursor">;
    readonly range: Schema.String;
    readonly cursor: Schema.brand<Schema.String, "@sluice/core/Cursor">;
    readonly follows: Schema.Boolean;
}>, Schema.Struct<{
    readonly id: Schema.NonEmptyString;
    readonly uri: Schema.NonEmptyString;
    readonly token: Schema.NonEmptyString;
    readonly facts: Schema.NonEmptyString;
    readonly content: Schema.optionalKey<Schema.NonEmptyString>;
    readonly container: Schema.optionalKey<Schema.NonEmptyString>;
    readonly kind: Schema.Literal<"intent">;
    readonly replaces: Schema.optionalKey<Schema.NonEmptyString>;
    readonly sent_at: Schema.Int;
}>, Schema.Struct<{
    readonly kind: Schema.Literal<"superseded">;
    readonly object_id: Schema.NonEmptyString;
    readonly uri: Schema.NonEmptyString;
}>, Schema.Struct<{
    readonly kind: Schema.Literal<"dead-letter">;
    readonly id: Schema.NonEmptyString;
    readonly container: Schema.optionalKey<Schema.NonEmptyString>;
    readonly file: Schema.Struct<{
        readonly id: Schema.NonEmptyString;
        readonly token: Schema.NonEmptyString;
        readonly uri: Schema.NonEmptyString;
        readonly path: Schema.String;
        readonly size: Schema.optionalKey<Schema.Natural>;
        readonly mimeType: Schema.NonEmptyString;
        readonly modifiedAt: Schema.optionalKey<Schema.DateTimeUtcFromString>;
        readonly checksum: Schema.optionalKey<Schema.Struct<{
            readonly algorithm: Schema.Literals<readonly ["md5", "sha1", "sha256", "crc32", "crc32c", "crc64nvme"]>;
            readonly value: Schema.NonEmptyString;
        }>>;
        readonly within: Schema.optionalKey<Schema.NonEmptyString>;
        readonly target: Schema.optionalKey<Schema.Struct<{
            readonly id: Schema.NonEmptyString;
            readonly uri: Schema.NonEmptyString;
        }>>;
        readonly attributes: Schema.$Record<Schema.String, Schema.$Record<Schema.String, Schema.Codec<Schema.Json, Schema.Json, never, never>>>;
        readonly parts: Schema.optionalKey<Schema.NonEmptyArray<Schema.Struct<{
            id: Schema.NonEmptyString;
            token: Schema.NonEmptyString;
            uri: Schema.NonEmptyString;
            path: Schema.String;
            size: Schema.optionalKey<Schema.Natural>;
            mimeType: Schema.NonEmptyString;
            modifiedAt: Schema.optionalKey<Schema.DateTimeUtcFromString>;
            checksum: Schema.optionalKey<Schema.Struct<{
                readonly algorithm: Schema.Literals<readonly ["md5", "sha1", "sha256", "crc32", "crc32c", "crc64nvme"]>;
                readonly value: Schema.NonEmptyString;
            }>>;
            within: Schema.optionalKey<Schema.NonEmptyString>;
            target: Schema.optionalKey<Schema.Struct<{
                readonly id: Schema.NonEmptyString;
                readonly uri: Schema.NonEmptyString;
            }>>;
            attributes: Schema.$Record<Schema.String, Schema.$Record<Schema.String, Schema.Codec<Schema.Json, Schema.Json, never, never>>>;
        }>>>;
    }>;
    readonly cause: Schema.Struct<{
        readonly code: Schema.NonEmptyString;
        readonly message: Schema.NonEmptyString;
        readonly requestId: Schema.optionalKey<Schema.String>;
    }>;
    readonly request: Schema.optionalKey<Schema.Codec<Schema.Json, Schema.Json, never, never>>;
    readonly refusals: Schema.Natural;
    readonly run: Schema.NonEmptyString;
    readonly first_at: Schema.Int;
    readonly last_at: Schema.Int;
}>, Schema.Struct<{
    readonly kind: Schema.Literal<"processing">;
    readonly object_id: Schema.NonEmptyString;
    readonly uri: Schema.NonEmptyString;
    readonly job: Schema.optionalKey<Schema.Natural>;
    readonly failure: Schema.optionalKey<Schema.Struct<{
        readonly code: Schema.NonEmptyString;
        readonly message: Schema.NonEmptyString;
        readonly requestId: Schema.optionalKey<Schema.String>;
        readonly stage: Schema.optionalKey<Schema.NonEmptyString>;
    }>>;
}>, Schema.Struct<{
    readonly kind: Schema.Literal<"job">;
    readonly number: Schema.Natural;
    readonly id: Schema.optionalKey<Schema.NonEmptyString>;
    readonly objects: Schema.Natural;
    readonly retries: Schema.Natural;
}>, Schema.Struct<{
    readonly kind: Schema.Literal<"run">;
    readonly number: Schema.Natural;
    readonly run: Schema.NonEmptyString;
    readonly started_at: Schema.Int;
    readonly report: Schema.optionalKey<Schema.Struct<{
        readonly pipeline: Schema.String;
        readonly runId: Schema.String;
        readonly ended: Schema.Literals<readonly ["complete", "incomplete", "stopped", "failed"]>;
        readonly why: Schema.optionalKey<Schema.String>;
        readonly startedAt: Schema.DateTimeUtcFromString;
        readonly seconds: Schema.Finite;
        readonly passes: Schema.$Array<Schema.Struct<{
            readonly kind: Schema.Literals<readonly ["sweep", "follow"]>;
            readonly ended: Schema.Literals<readonly ["complete", "incomplete", "expired", "unfinished"]>;
            readonly message: Schema.optionalKey<Schema.String>;
        }>>;
        readonly discovered: Schema.Natural;
        readonly unchanged: Schema.Natural;
        readonly filtered: Schema.Natural;
        readonly created: Schema.Natural;
        readonly updated: Schema.Natural;
        readonly skipped: Schema.Natural;
        readonly rejected: Schema.Natural;
        readonly removed: Schema.Natural;
        readonly heldBack: Schema.Natural;
        readonly unsettled: Schema.Natural;
        readonly bytes: Schema.Finite;
        readonly uploads: Schema.Struct<{
            readonly created: Schema.Natural;
            readonly completed: Schema.Natural;
            readonly bytes: Schema.Finite;
            readonly mismatched: Schema.Natural;
            readonly orphans: Schema.Natural;
        }>;
        readonly processing: Schema.optionalKey<Schema.Struct<{
            readonly batches: Schema.Natural;
            readonly objects: Schema.Natural;
            readonly completed: Schema.Natural;
            readonly failed: Schema.Natural;
            readonly open: Schema.Natural;
            readonly causes: Schema.$Array<Schema.Struct<{
                readonly code: Schema.String;
                readonly count: Schema.Natural;
                readonly examples: Schema.$Array<Schema.Struct<{
                    readonly uri: Schema.String;
                    readonly message: Schema.String;
                }>>;
            }>>;
        }>>;
        readonly batches: Schema.Natural;
        readonly batchFill: Schema.Finite;
        readonly requests: Schema.Natural;
        readonly sourceRequests: Schema.Natural;
        readonly retries: Schema.Natural;
        readonly waitedSeconds: Schema.Finite;
        readonly unavailableSeconds: Schema.withDecodingDefaultKey<Schema.Finite, never>;
        readonly rejections: Schema.$Array<Schema.Struct<{
            readonly code: Schema.String;
            readonly count: Schema.Natural;
            readonly examples: Schema.$Array<Schema.Struct<{
                readonly uri: Schema.String;
                readonly message: Schema.String;
            }>>;
        }>>;
        readonly skips: Schema.$Array<Schema.Struct<{
            readonly code: Schema.String;
            readonly count: Schema.Natural;
            readonly examples: Schema.$Array<Schema.Struct<{
                readonly uri: Schema.String;
                readonly message: Schema.String;
            }>>;
        }>>;
    }>>;
}>]>;
export type RowKind = (typeof Row.Encoded)["kind"];
export declare const Line: Schema.Union<readonly [Schema.Struct<{
    readonly kind: Schema.Literal<"sluice-ledger">;
    readonly version: Schema.Natural;
    readonly exportedAt: Schema.DateTimeUtcFromString;
}>, Schema.Struct<{
    readonly kind: Schema.Literal<"pipeline">;
    readonly name: Schema.String;
    readonly swept: Schema.Boolean;
    readonly tracks: Schema.Boolean;
    readonly asked: Schema.String;
    /** The number of the last sweep. */
    readonly sweep: Schema.Natural;
    /** The number of the last run. */
    readonly fence: Schema.Natural;
    readonly paused_why: Schema.optionalKey<Schema.String>;
    readonly paused_since: Schema.optionalKey<Schema.Int>;
}>, Schema.Struct<{
    readonly id: Schema.NonEmptyString;
    readonly uri: Schema.NonEmptyString;
    readonly token: Schema.NonEmptyString;
    readonly facts: Schema.NonEmptyString;
    readonly content: Schema.optionalKey<Schema.NonEmptyString>;
    readonly container: Schema.optionalKey<Schema.NonEmptyString>;
    readonly kind: Schema.Literal<"file">;
    readonly object_id: Schema.optionalKey<Schema.NonEmptyString>;
    readonly sha256: Schema.optionalKey<Schema.NonEmptyString>;
    readonly sweep: Schema.Natural;
    readonly gone: Schema.Boolean;
}>, Schema.Struct<{
    readonly kind: Schema.Literal<"named">;
    readonly first_id: Schema.NonEmptyString;
    readonly last_id: Schema.NonEmptyString;
}>, Schema.Struct<{
    readonly kind: Schema.Literal<"container">;
    readonly id: Schema.NonEmptyString;
    readonly container: Schema.optionalKey<Schema.NonEmptyString>;
    readonly state: Schema.String;
    readonly sweep: Schema.Natural;
}>, Schema.Struct<{
    readonly kind: Schema.Literal<"cursor">;
    readonly range: Schema.String;
    readonly cursor: Schema.brand<Schema.String, "@sluice/core/Cursor">;
    readonly follows: Schema.Boolean;
}>, Schema.Struct<{
    readonly id: Schema.NonEmptyString;
    readonly uri: Schema.NonEmptyString;
    readonly token: Schema.NonEmptyString;
    readonly facts: Schema.NonEmptyString;
    readonly content: Schema.optionalKey<Schema.NonEmptyString>;
    readonly container: Schema.optionalKey<Schema.NonEmptyString>;
    readonly kind: Schema.Literal<"intent">;
    readonly replaces: Schema.optionalKey<Schema.NonEmptyString>;
    readonly sent_at: Schema.Int;
}>, Schema.Struct<{
    readonly kind: Schema.Literal<"superseded">;
    readonly object_id: Schema.NonEmptyString;
    readonly uri: Schema.NonEmptyString;
}>, Schema.Struct<{
    readonly kind: Schema.Literal<"dead-letter">;
    readonly id: Schema.NonEmptyString;
    readonly container: Schema.optionalKey<Schema.NonEmptyString>;
    readonly file: Schema.Struct<{
        readonly id: Schema.NonEmptyString;
        readonly token: Schema.NonEmptyString;
        readonly uri: Schema.NonEmptyString;
        readonly path: Schema.String;
        readonly size: Schema.optionalKey<Schema.Natural>;
        readonly mimeType: Schema.NonEmptyString;
        readonly modifiedAt: Schema.optionalKey<Schema.DateTimeUtcFromString>;
        readonly checksum: Schema.optionalKey<Schema.Struct<{
            readonly algorithm: Schema.Literals<readonly ["md5", "sha1", "sha256", "crc32", "crc32c", "crc64nvme"]>;
            readonly value: Schema.NonEmptyString;
        }>>;
        readonly within: Schema.optionalKey<Schema.NonEmptyString>;
        readonly target: Schema.optionalKey<Schema.Struct<{
            readonly id: Schema.NonEmptyString;
            readonly uri: Schema.NonEmptyString;
        }>>;
        readonly attributes: Schema.$Record<Schema.String, Schema.$Record<Schema.String, Schema.Codec<Schema.Json, Schema.Json, never, never>>>;
        readonly parts: Schema.optionalKey<Schema.NonEmptyArray<Schema.Struct<{
            id: Schema.NonEmptyString;
            token: Schema.NonEmptyString;
            uri: Schema.NonEmptyString;
            path: Schema.String;
            size: Schema.optionalKey<Schema.Natural>;
            mimeType: Schema.NonEmptyString;
            modifiedAt: Schema.optionalKey<Schema.DateTimeUtcFromString>;
            checksum: Schema.optionalKey<Schema.Struct<{
                readonly algorithm: Schema.Literals<readonly ["md5", "sha1", "sha256", "crc32", "crc32c", "crc64nvme"]>;
                readonly value: Schema.NonEmptyString;
            }>>;
            within: Schema.optionalKey<Schema.NonEmptyString>;
            target: Schema.optionalKey<Schema.Struct<{
                readonly id: Schema.NonEmptyString;
                readonly uri: Schema.NonEmptyString;
            }>>;
            attributes: Schema.$Record<Schema.String, Schema.$Record<Schema.String, Schema.Codec<Schema.Json, Schema.Json, never, never>>>;
        }>>>;
    }>;
    readonly cause: Schema.Struct<{
        readonly code: Schema.NonEmptyString;
        readonly message: Schema.NonEmptyString;
        readonly requestId: Schema.optionalKey<Schema.String>;
    }>;
    readonly request: Schema.optionalKey<Schema.Codec<Schema.Json, Schema.Json, never, never>>;
    readonly refusals: Schema.Natural;
    readonly run: Schema.NonEmptyString;
    readonly first_at: Schema.Int;
    readonly last_at: Schema.Int;
}>, Schema.Struct<{
    readonly kind: Schema.Literal<"processing">;
    readonly object_id: Schema.NonEmptyString;
    readonly uri: Schema.NonEmptyString;
    readonly job: Schema.optionalKey<Schema.Natural>;
    readonly failure: Schema.optionalKey<Schema.Struct<{
        readonly code: Schema.NonEmptyString;
        readonly message: Schema.NonEmptyString;
        readonly requestId: Schema.optionalKey<Schema.String>;
        readonly stage: Schema.optionalKey<Schema.NonEmptyString>;
    }>>;
}>, Schema.Struct<{
    readonly kind: Schema.Literal<"job">;
    readonly number: Schema.Natural;
    readonly id: Schema.optionalKey<Schema.NonEmptyString>;
    readonly objects: Schema.Natural;
    readonly retries: Schema.Natural;
}>, Schema.Struct<{
    readonly kind: Schema.Literal<"run">;
    readonly number: Schema.Natural;
    readonly run: Schema.NonEmptyString;
    readonly started_at: Schema.Int;
    readonly report: Schema.optionalKey<Schema.Struct<{
        readonly pipeline: Schema.String;
        readonly runId: Schema.String;
        readonly ended: Schema.Literals<readonly ["complete", "incomplete", "stopped", "failed"]>;
        readonly why: Schema.optionalKey<Schema.String>;
        readonly startedAt: Schema.DateTimeUtcFromString;
        readonly seconds: Schema.Finite;
        readonly passes: Schema.$Array<Schema.Struct<{
            readonly kind: Schema.Literals<readonly ["sweep", "follow"]>;
            readonly ended: Schema.Literals<readonly ["complete", "incomplete", "expired", "unfinished"]>;
            readonly message: Schema.optionalKey<Schema.String>;
        }>>;
        readonly discovered: Schema.Natural;
        readonly unchanged: Schema.Natural;
        readonly filtered: Schema.Natural;
        readonly created: Schema.Natural;
        readonly updated: Schema.Natural;
        readonly skipped: Schema.Natural;
        readonly rejected: Schema.Natural;
        readonly removed: Schema.Natural;
        readonly heldBack: Schema.Natural;
        readonly unsettled: Schema.Natural;
        readonly bytes: Schema.Finite;
        readonly uploads: Schema.Struct<{
            readonly created: Schema.Natural;
            readonly completed: Schema.Natural;
            readonly bytes: Schema.Finite;
            readonly mismatched: Schema.Natural;
            readonly orphans: Schema.Natural;
        }>;
        readonly processing: Schema.optionalKey<Schema.Struct<{
            readonly batches: Schema.Natural;
            readonly objects: Schema.Natural;
            readonly completed: Schema.Natural;
            readonly failed: Schema.Natural;
            readonly open: Schema.Natural;
            readonly causes: Schema.$Array<Schema.Struct<{
                readonly code: Schema.String;
                readonly count: Schema.Natural;
                readonly examples: Schema.$Array<Schema.Struct<{
                    readonly uri: Schema.String;
                    readonly message: Schema.String;
                }>>;
            }>>;
        }>>;
        readonly batches: Schema.Natural;
        readonly batchFill: Schema.Finite;
        readonly requests: Schema.Natural;
        readonly sourceRequests: Schema.Natural;
        readonly retries: Schema.Natural;
        readonly waitedSeconds: Schema.Finite;
        readonly unavailableSeconds: Schema.withDecodingDefaultKey<Schema.Finite, never>;
        readonly rejections: Schema.$Array<Schema.Struct<{
            readonly code: Schema.String;
            readonly count: Schema.Natural;
            readonly examples: Schema.$Array<Schema.Struct<{
                readonly uri: Schema.String;
                readonly message: Schema.String;
            }>>;
        }>>;
        readonly skips: Schema.$Array<Schema.Struct<{
            readonly code: Schema.String;
            readonly count: Schema.Natural;
            readonly examples: Schema.$Array<Schema.Struct<{
                readonly uri: Schema.String;
                readonly message: Schema.String;
            }>>;
        }>>;
    }>>;
}>, Schema.Struct<{
    readonly kind: Schema.Literal<"end">;
    readonly lines: Schema.Natural;
}>]>;
type Type = "text" | "number" | "flag" | "json";
export interface Table {
    readonly kind: RowKind;
    readonly table: string;
    /** The column that tells rows of a pipeline apart. */
    readonly key: string;
    readonly columns: Readonly<Record<string, Type>>;
}
export declare const tables: ReadonlyArray<Table>;
/** A line of a row; what is not there has no key. */
export declare const lineOf: ({ columns, kind }: Table, row: Readonly<Record<string, unknown>>) => Record<string, unknown>;
/** Rows of a page beyond a key. */
export declare const select: (sql: SqlClient, { columns, key, table }: Table, pipeline: number, after: string | number | undefined, limit: number) => Statement<Record<string, unknown>>;
/** Writes rows that are not there yet. */
export declare const insert: (sql: SqlClient, { columns, table }: Table, pipeline: number, lines: ReadonlyArray<Readonly<Record<string, unknown>>>) => Statement<Record<string, unknown>>;
export {};
//# sourceMappingURL=exported.d.ts.map