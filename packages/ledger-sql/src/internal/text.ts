/**
 * Text of sources as databases keep it. A key of S3 may hold NUL: no text of Postgres does, and in JSON it is where SQLite's
 * texts end, so that two files would be one.
 */

const escape = "\u0010"
const toEscape = /[\0\u0010]/

/** NUL is `DLE 0`, and DLE is twice itself. */
export const toText = (text: string): string =>
  toEscape.test(text) ? text.replaceAll(escape, escape + escape).replaceAll("\0", `${escape}0`) : text

export const fromText = (text: string): string =>
  text.includes(escape) ? text.replace(/\u0010([\u00100])/g, (_, what) => (what === "0" ? "\0" : escape)) : text

/** It is kept as it is. */
export const isPlain = (text: string): boolean => !toEscape.test(text)

const hasEscape = (value: unknown): boolean => typeof value === "string" && value.includes(escape)

/** A row with its texts as they were. */
export const fromRow = (row: unknown): unknown =>
  typeof row === "object" && row !== null && Object.values(row).some(hasEscape)
    ? Object.fromEntries(
        Object.entries(row).map(([column, value]) => [column, typeof value === "string" ? fromText(value) : value])
      )
    : row
