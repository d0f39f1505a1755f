/**
 * What Sluice knows between runs: which state of which file was delivered, and where an unfinished sweep stands.
 */
import { Context, Effect, Layer, Schema } from "effect"
import { type Cursor, type RangeCursor } from "./Change.ts"
import type { Outcome } from "./Outcome.ts"
import type { SourceFile } from "./SourceFile.ts"

/** The ledger could not be read or written. Nothing is sent without it: the run stops. */
export class LedgerError extends Schema.TaggedError<LedgerError>()("LedgerError", {
  operation: Schema.String,
  message: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {}

/** What is known of a file that was delivered. */
export const Known = Schema.Struct({
  id: Schema.NonEmptyString,
  /** The state that was delivered. */
  token: Schema.NonEmptyString,
  /** The sink's id of the object, where its answer named one. */
  objectId: Schema.optionalKey(Schema.String)
})
export interface Known extends Schema.Schema.Type<typeof Known> {}

/** What is written at once: the outcomes of some files, and the cursors that these outcomes let move. */
export interface Settlement {
  readonly pipeline: string
  readonly runId: string
  readonly files: ReadonlyArray<{ readonly file: SourceFile; readonly outcome: Outcome }>
  readonly cursors: ReadonlyArray<RangeCursor>
}

/** The service. One query a page, one transaction a settlement. */
export class Ledger extends Context.Service<
  Ledger,
  {
    /** What was delivered of these files. Files that are not known are left out. */
    readonly known: (
      pipeline: string,
      ids: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyMap<string, Known>, LedgerError>
    /** Where an unfinished sweep stands, by range; empty when there is none. */
    readonly cursors: (pipeline: string) => Effect.Effect<ReadonlyArray<RangeCursor>, LedgerError>
    /** Outcomes and cursors in one transaction. */
    readonly settle: (settlement: Settlement) => Effect.Effect<void, LedgerError>
    /** The sweep has said everything and all of it is settled: the next one begins anew. */
    readonly completeSweep: (pipeline: string) => Effect.Effect<void, LedgerError>
  }
>()("@sluice/core/Ledger") {}

/** True where the outcome means that the sink has the file in this state. */
export const isDelivered = (outcome: Outcome): boolean =>
  outcome._tag === "Created" || outcome._tag === "Updated" || outcome._tag === "SkippedDuplicate"

interface Book {
  readonly files: Map<string, Known>
  readonly cursors: Map<string, Cursor>
}

/**
 * Remembers every delivered file for as long as the process lives: memory grows by some 200 bytes a file. For tests and
 * for services that run a small pipeline again and again.
 */
export const layerMemory: Layer.Layer<Ledger> = Layer.sync(Ledger, () => {
  const books = new Map<string, Book>()
  const book = (pipeline: string): Book => {
    const known = books.get(pipeline)
    if (known !== undefined) return known
    const made: Book = { files: new Map(), cursors: new Map() }
    books.set(pipeline, made)
    return made
  }
  return Ledger.of({
    known: (pipeline, ids) =>
      Effect.sync(() => {
        const { files } = book(pipeline)
        const found = new Map<string, Known>()
        for (const id of ids) {
          const known = files.get(id)
          if (known !== undefined) found.set(id, known)
        }
        return found
      }),
    cursors: (pipeline) =>
      Effect.sync(() => Array.from(book(pipeline).cursors, ([range, cursor]) => ({ range, cursor }))),
    settle: ({ cursors, files, pipeline }) =>
      Effect.sync(() => {
        const { cursors: stored, files: delivered } = book(pipeline)
        for (const { file, outcome } of files) {
          if (isDelivered(outcome)) {
            const objectId = "objectId" in outcome ? outcome.objectId : undefined
            delivered.set(file.id, { id: file.id, token: file.token, ...(objectId === undefined ? {} : { objectId }) })
          } else if (outcome._tag === "Removed") delivered.delete(file.id)
        }
        for (const { cursor, range } of cursors) stored.set(range, cursor)
      }),
    completeSweep: (pipeline) => Effect.sync(() => book(pipeline).cursors.clear())
  })
})

/**
 * Remembers nothing: every run takes every file, and memory does not grow with their number. For one-off loads into a
 * bucket whose unique key upserts, and for measuring.
 */
export const layerForgetful: Layer.Layer<Ledger> = Layer.succeed(
  Ledger,
  Ledger.of({
    known: () => Effect.succeed(new Map()),
    cursors: () => Effect.succeed([]),
    settle: () => Effect.void,
    completeSweep: () => Effect.void
  })
)
