/**
 * Text of sources as databases keep it. A key of S3 may hold NUL: no text of Postgres does, and in JSON it is where SQLite's
 * texts end, so that two files would be one.
 */
/** It is kept as it is. */
export declare const isPlain: (text: string) => boolean;
/** NUL is `DLE 0`, and DLE is twice itself. */
export declare const toText: (text: string) => string;
export declare const fromText: (text: string) => string;
/** A row with its texts as they were. */
export declare const fromRow: (row: unknown) => unknown;
//# sourceMappingURL=text.d.ts.map