/** Ledgers that anything may be in, as lines of an export. */
import { type Effect, Schema, Stream } from "effect"
import { type End, type Header, Pipeline, Row, tables } from "../src/internal/exported.ts"

export const header = (version = 1): string =>
  JSON.stringify({
    kind: "sluice-ledger",
    version,
    exportedAt: "2026-01-02T03:04:05.000Z"
  } satisfies typeof Header.Encoded)

/** What a pipeline may be, and what may be known of it. */
export const AnyPipeline = Schema.Struct({ pipeline: Pipeline, rows: Schema.Array(Row).check(Schema.isMinLength(5)) })
const encodePipeline = Schema.encodeSync(Pipeline)
const encodeRow = Schema.encodeSync(Row)

const keyOf = (row: typeof Row.Encoded): string => {
  const key = tables.find(({ kind }) => kind === row.kind)?.key ?? ""
  return `${row.kind} ${kept(Object.entries(row).find(([name]) => name === key)?.[1])}`
}

/** What no database keeps is left out: halves of characters. */
const kept = (value: unknown): unknown => {
  if (typeof value === "string") return value.toWellFormed()
  if (Array.isArray(value)) return value.map(kept)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [kept(key), kept(one)]))
}

/** Its lines. */
export const linesOf = ({ pipeline, rows }: typeof AnyPipeline.Type, name: string): ReadonlyArray<string> => {
  const each = new Map(rows.map((row) => [keyOf(encodeRow(row)), encodeRow(row)]))
  const words = (text: string | undefined) => text?.replaceAll("\0", "0")
  const { asked, paused_why, ...rest } = encodePipeline(pipeline)
  const first = {
    ...rest,
    name,
    asked: words(asked),
    paused_why: words(paused_why),
    fence: pipeline.fence % 1000,
    sweep: pipeline.sweep % 1000
  }
  const end = { kind: "end", lines: each.size } satisfies typeof End.Encoded
  return [first, ...each.values(), end].map((line) => JSON.stringify(kept(line)))
}

/** What lines say, in no order; the number of runs and the time of the export left out. */
export const saidBy = (lines: ReadonlyArray<string>): ReadonlyArray<unknown> =>
  lines
    .map((line): Record<string, unknown> => ({ ...JSON.parse(line), fence: undefined, exportedAt: undefined }))
    .toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))

const orderOf = (line: Record<string, unknown>): string =>
  JSON.stringify(Object.entries(line).toSorted(([a], [b]) => (a < b ? -1 : 1)))

export const collect = <E>(lines: Stream.Stream<string, E>): Effect.Effect<ReadonlyArray<string>, E> =>
  Stream.runCollect(lines)
