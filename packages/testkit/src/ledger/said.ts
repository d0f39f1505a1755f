/**
 * What the suites of ledgers say to a ledger.
 */
import { Change, Ledger, Outcome, SourceFile } from "@sluice/core"
import { Effect, type Scope } from "effect"

/** Registers a test of the ledger under test, which is empty. */
export type Test = (title: string, body: () => Effect.Effect<void, unknown, Ledger.Ledger | Scope.Scope>) => void

export const file = (id: string, over: Partial<SourceFile.SourceFile> = {}): SourceFile.SourceFile => ({
  id,
  token: "1",
  uri: `test://${id}`,
  path: id,
  size: 10,
  mimeType: "text/plain",
  attributes: {},
  ...over
})

export const intent = (id: string, over: Partial<Ledger.Intent> = {}): Ledger.Intent => ({
  ...SourceFile.state(file(id)),
  sentAt: 1000,
  ...over
})

export const at = (range: string, cursor: string, follows = false): Ledger.Advance => ({
  range,
  cursor: Change.Cursor.make(cursor),
  follows
})

export const bare = ({ cursor, range }: Ledger.Advance): Change.RangeCursor => ({ range, cursor })

export const created = (...files: ReadonlyArray<SourceFile.SourceFile>): Ledger.Settlement["files"] =>
  files.map((one) => ({ file: one, outcome: Outcome.Created.make({}) }))

export const rejected = (code: string): Outcome.Outcome =>
  Outcome.Rejected.make({ cause: { code, message: `because of ${code}` } })

export const ids = (known: Iterable<{ readonly id: string }>): ReadonlyArray<string> =>
  Array.from(known, ({ id }) => id).toSorted()

let runs = 0
export const open = (
  pipeline: string,
  runId = `run ${runs++}`
): Effect.Effect<Ledger.Book, Ledger.LedgerError, Ledger.Ledger | Scope.Scope> =>
  Effect.flatMap(Ledger.Ledger, (ledger) => ledger.open({ pipeline, runId }))

export const settle = (
  book: Ledger.Book,
  settlement: Partial<Ledger.Settlement>
): Effect.Effect<void, Ledger.LedgerError> => book.settle({ ...Ledger.nothing, ...settlement })

/** Text of the worst kind that names are made of. NUL is kept in what sources say alone: ids have a test of their own. */
export const texts: ReadonlyArray<readonly [kind: string, text: string]> = [
  ["quotes", `it's "quoted" \`so\``],
  ["backslashes", String.raw`\ \\ \n \u0041 \x00`],
  ["emoji", "👩‍👩‍👧‍👦 🇩🇪 e\u0301 \u{10ffff}"],
  ["control characters", "\u0001\u0008\t\n\r\u001f\u007f\u0085\u2028\u2029\ufeff"],
  ["blanks", "  a  "],
  ["SQL", "'; DROP TABLE sluice_files; -- ?1 $1 :a %s"],
  ["JSON", `{"a":[null,1]}`],
  ["length", "0123456789abcdef".repeat(128)]
]

/** The files of a page that are not as they were delivered, with what is known of them. */
export const others = (
  book: Ledger.Book,
  files: ReadonlyArray<SourceFile.SourceFile>
): Effect.Effect<ReadonlyMap<string, Ledger.Known | undefined>, Ledger.LedgerError> =>
  Effect.map(
    book.compare(files),
    ({ known }) =>
      new Map(
        files.flatMap(({ id }, index) => {
          const one = known[index]
          return one === "same" ? [] : [[id, one] as const]
        })
      )
  )
