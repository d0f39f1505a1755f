/**
 * Compares pages of files. A page of a source that lists in the order of ids is a stretch of a table that lies in that order: it
 * is read from end to end, for a fraction of what it costs to look for each file, and shows whether the page names everything
 * that is known there.
 */
import { Ledger, SourceFile } from "@sluice/core"
import { Effect } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { failed } from "./failing.ts"
import { isPlain } from "./text.ts"

/** Not decoded: a row that says anything else than the file it is compared with is read again, and is then. */
type Row = readonly [id: string, token: string, facts: string, container: string]

/** What texts that are kept as they are do not contain. */
const separator = "\u0010"

/** And written in the table as they are; and each in a state. */
const isInOrder = (files: ReadonlyArray<SourceFile.SourceFile>): boolean =>
  files.every(({ id, token, within = "" }, i) => {
    const before = files[i - 1]?.id
    const isOrdered = before === undefined || before < id
    return isOrdered && isPlain(id) && isPlain(token) && isPlain(within) && token !== Ledger.noState
  })

/** `Ledger.isAsNamed`, of what is not gone and in a state. */
const isAsNamed = ([, token, facts, container]: Row, file: SourceFile.SourceFile): boolean =>
  token === file.token && container === (file.within ?? "") && facts === SourceFile.facts(file)

/** What a stretch of the table says where it holds these files, and no others, as they are named. */
const saidOf = (files: ReadonlyArray<SourceFile.SourceFile>): string => {
  const said: Array<string> = []
  for (const file of files) said.push(file.id, file.token, SourceFile.facts(file), file.within ?? "")
  return said.join(separator)
}

/** The rows again; none where texts of the table contain separators themselves. */
const rowsOf = (count: number, said: string): ReadonlyArray<Row> => {
  const parts = said.split(separator)
  if (count === 0 || parts.length !== 4 * count) return []
  return Array.from({ length: count }, (_, i): Row => {
    const [id = "", token = "", facts = "", container = ""] = parts.slice(4 * i, 4 * i + 4)
    return [id, token, facts, container]
  })
}

/** How a file stands to the row of its id: there is none that it met; it says something else; it says the same. */
type Standing = "unmet" | "changed" | "same"

/** Walks rows and files side by side. Where they are not in the same order, some do not meet. */
const meet = (rows: ReadonlyArray<Row>, files: ReadonlyArray<SourceFile.SourceFile>): ReadonlyArray<Standing> => {
  let at = 0
  return files.map((file) => {
    let row = rows[at]
    while (row !== undefined && row[0] < file.id) row = rows[++at]
    if (row?.[0] !== file.id) return "unmet"
    at++
    return isAsNamed(row, file) ? "same" : "changed"
  })
}

/** `known`: what is known of files that are named, wherever they are. */
export const make = (sql: SqlClient, pipeline: number, known: Ledger.Book["known"]): Ledger.Book["compare"] => {
  // One text comes at a fraction of what a thousand rows cost, and is compared at once.
  const [join, mark] = sql.onDialectOrElse({
    pg: () => ["string_agg", "chr(16)"] as const,
    orElse: () => ["group_concat", "char(16)"] as const
  })
  const row = ["id", "token", "facts", "COALESCE(container, '')"].join(` || ${mark} || `)
  const stretch = sql.literal(`COUNT(*), COALESCE(${join}(${row}, ${mark}), '')`)
  const between = (first: string, last: string, limit: number) =>
    Effect.mapBoth(
      sql`SELECT ${stretch} FROM (SELECT id, token, facts, container FROM sluice_files
        WHERE pipeline = ${pipeline} AND id >= ${first} AND id <= ${last} AND gone = 0 ORDER BY id LIMIT ${limit}) AS s`
        .values,
      { onSuccess: ([one]) => ({ count: Number(one?.[0]), said: String(one?.[1]) }), onFailure: failed("compare") }
    )

  return Effect.fnUntraced(function* (files) {
    const first = files[0]?.id
    const last = files.at(-1)?.id
    if (first === undefined || last === undefined) return { known: [], interval: undefined }
    // One row more than there are files says that there are others between them.
    const { count, said } = isInOrder(files) ? yield* between(first, last, files.length + 1) : nothing
    // As many separators as rows of plain texts have: none of them is in a text.
    if (count === files.length && said === saidOf(files)) {
      return { known: files.map(() => "same"), interval: { first, last } }
    }
    const rows = rowsOf(count, said)
    const standings = meet(rows, files)
    const changed = new Set<string>()
    const others: Array<string> = []
    for (const [index, { id }] of files.entries()) {
      if (standings[index] !== "same") others.push(id)
      if (standings[index] === "changed") changed.add(id)
    }
    const areMet = rows.length > 0 && rows.length === files.length - others.length + changed.size
    const interval = areMet ? { first, last } : undefined
    const found = yield* known(others)
    // The database has an order of its own: what it has elsewhere is not in its interval.
    const isWhole = [...found.values()].every(({ gone, id }) => gone || changed.has(id))
    return {
      known: files.map((file, index) => {
        if (standings[index] === "same") return "same"
        const one = found.get(file.id)
        return one !== undefined && Ledger.isAsNamed(one, file) ? "same" : one
      }),
      interval: isWhole ? interval : undefined
    }
  })
}

const nothing = { count: 0, said: "" }
