/**
 * Text of sources as databases keep it. A key of S3 may hold NUL: no text of Postgres does, and in JSON it is where SQLite's
 * texts end, so that two files would be one.
 */
const escape = "\u0010";
const itself = escape + escape;
const nul = `${escape}0`;
/** It is kept as it is. */
export const isPlain = (text) => !text.includes("\0") && !text.includes(escape);
/** NUL is `DLE 0`, and DLE is twice itself. */
export const toText = (text) => isPlain(text) ? text : text.replaceAll(escape, itself).replaceAll("\0", nul);
export const fromText = (text) => text.includes(escape)
    ? text
        .split(itself)
        .map((part) => part.replaceAll(nul, "\0"))
        .join(escape)
    : text;
const hasEscape = (value) => typeof value === "string" && value.includes(escape);
/** A row with its texts as they were. */
export const fromRow = (row) => typeof row === "object" && row !== null && Object.values(row).some(hasEscape)
    ? Object.fromEntries(Object.entries(row).map(([column, value]) => [column, typeof value === "string" ? fromText(value) : value]))
    : row;
//# sourceMappingURL=text.js.map