/**
 * Whether ledger, sink and source of a pipeline say the same, and what to do where they do not: objects were removed or made
 * by hand, a ledger was lost, or is a backup of last week.
 *
 * Takes the pipeline's book as a run does, one at a time, and settles first what earlier runs left open. Looks at every file and
 * at every object once, in pages, in memory that does not depend on their number.
 */
import { DateTime, Duration, Effect, Option, Schema, Stream } from "effect"
import * as Check from "./Check.ts"
import type { Difference } from "./Difference.ts"
import type { Compared } from "./internal/comparison.ts"
import * as Opening from "./internal/opening.ts"
import * as Repair from "./internal/repair.ts"
import * as Tally from "./internal/tally.ts"
import type { Book, Ledger, LedgerError } from "./Ledger.ts"
import * as Pipeline from "./Pipeline.ts"
import type * as Report from "./Report.ts"

const maxExamples = 10

/** How often a difference was found, and where. */
export const Found = Schema.Struct({
  count: Schema.Natural,
  /** The first ten. */
  examples: Schema.Array(Schema.Struct({ uri: Schema.String, objectId: Schema.optionalKey(Schema.String) }))
})
export interface Found extends Schema.Schema.Type<typeof Found> {}

/** What a comparison found, by kind of `Difference`. */
export const Comparison = Schema.Struct({
  pipeline: Schema.String,
  /** Files the ledger knows. */
  files: Schema.Natural,
  /** Objects of this pipeline. */
  objects: Schema.Natural,
  missing: Found,
  stale: Found,
  extra: Found,
  /** None where the source was not asked. */
  unsent: Found,
  /** None where the source was not asked, or could not say everything. */
  gone: Found,
  /** What the source could not say. */
  incomplete: Schema.optionalKey(Schema.String)
})
export interface Comparison extends Schema.Schema.Type<typeof Comparison> {}

const meanings = {
  missing: "delivered by the ledger, and without an object",
  stale: "objects that are not those of the ledger, or of another state",
  extra: "objects that the ledger does not account for",
  unsent: "files that are new or changed at the source",
  gone: "files that are not at the source any more"
}

const kinds = ["missing", "stale", "extra", "unsent", "gone"] as const

/** Nothing differs, and everything was said. */
export const isEqual = (comparison: Comparison): boolean =>
  comparison.incomplete === undefined && kinds.every((kind) => comparison[kind].count === 0)

/** A comparison in a few lines, for people. */
export const format = (comparison: Comparison): string => {
  const { files, incomplete, objects, pipeline } = comparison
  const found = kinds.flatMap((kind) => {
    const { count, examples } = comparison[kind]
    if (count === 0) return []
    const shown = examples.map(({ objectId, uri }) => `    ${uri}${objectId === undefined ? "" : ` (${objectId})`}`)
    return [`  ${count} ${kind}: ${meanings[kind]}`, ...shown, ...(count > examples.length ? ["    …"] : [])]
  })
  return [
    `${pipeline}: ${files} files in the ledger, ${objects} objects${isEqual(comparison) ? ": they are the same" : ""}`,
    ...found,
    ...(incomplete === undefined ? [] : [`  the source could not say everything: ${incomplete}`])
  ].join("\n")
}

export interface Options {
  /**
   * Asks the source too: everything is swept, and the next run sweeps again, also where it could have followed changes.
   * Default false.
   */
  readonly source?: boolean | undefined
}

type Also = (book: Book, differences: ReadonlyArray<Difference>) => Effect.Effect<void, LedgerError>

const lineageNeeded = Check.error(
  "sink",
  "its objects do not say which file they were made from, so they cannot be compared",
  "Give the whole lineage a place in its objects (lineage.sourceKey and lineage.source)"
)

const compared = <R>(
  pipeline: Pipeline.Pipeline<R>,
  { source = false }: Options,
  also: Also
): Stream.Stream<Compared, Pipeline.PipelineError, R | Ledger> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const { comparison, name } = pipeline
      const needed = Option.isSome(comparison) ? [] : [lineageNeeded]
      const { book, id } = yield* Opening.open({
        name,
        check: Effect.map(pipeline.checkFor({ removes: [] }), (all) => [...all, ...needed])
      })
      const startedAt = yield* DateTime.now
      yield* Effect.addFinalizer(() =>
        Effect.flatMap(DateTime.now, (now) => {
          const seconds = Duration.toSeconds(DateTime.distance(startedAt, now))
          return Effect.ignore(
            book.end(Tally.make().report({ pipeline: name, runId: id, ended: "complete", startedAt, seconds }))
          )
        })
      )
      return (Option.isSome(comparison) ? comparison.value(book, { source }) : Stream.empty).pipe(
        Stream.tap(({ differences }) => also(book, differences)),
        Stream.mapError((error) => Pipeline.failed(name, error))
      )
    })
  ).pipe(Stream.withSpan("Reconcile", { attributes: { pipeline: pipeline.name } }))

const exampleOf = (difference: Difference): Found["examples"][number] => {
  switch (difference._tag) {
    case "Missing":
    case "Gone": {
      const { objectId, uri } = difference.file
      return { uri, ...(objectId === undefined ? {} : { objectId }) }
    }
    case "Stale":
    case "Extra":
      return { uri: difference.object.uri, objectId: difference.object.objectId }
    case "Unsent":
      return { uri: difference.file.uri }
  }
}

const kindOf = {
  Missing: "missing",
  Stale: "stale",
  Extra: "extra",
  Unsent: "unsent",
  Gone: "gone"
} as const satisfies Record<Difference["_tag"], (typeof kinds)[number]>

const counted = <E, R>(pipeline: string, pages: Stream.Stream<Compared, E, R>): Effect.Effect<Comparison, E, R> => {
  const none: Found = { count: 0, examples: [] }
  const add = ({ count, examples }: Found, difference: Difference): Found => ({
    count: count + 1,
    examples: examples.length < maxExamples ? [...examples, exampleOf(difference)] : examples
  })
  return Stream.runFold(
    pages,
    (): Comparison => ({
      pipeline,
      files: 0,
      objects: 0,
      missing: none,
      stale: none,
      extra: none,
      unsent: none,
      gone: none
    }),
    (sum, { differences, files, incomplete, objects }): Comparison => {
      const found = { ...sum }
      for (const one of differences) found[kindOf[one._tag]] = add(found[kindOf[one._tag]], one)
      return {
        ...found,
        files: sum.files + files,
        objects: sum.objects + objects,
        ...(incomplete === undefined ? {} : { incomplete })
      }
    }
  )
}

/** Every difference, one by one. Changes nothing but what `Options.source` says. */
export const differences = <R>(
  pipeline: Pipeline.Pipeline<R>,
  options: Options = {}
): Stream.Stream<Difference, Pipeline.PipelineError, R | Ledger> =>
  compared(pipeline, options, () => Effect.void).pipe(Stream.flatMap((page) => Stream.fromIterable(page.differences)))

/** The same, counted. */
export const compare = <R>(
  pipeline: Pipeline.Pipeline<R>,
  options: Options = {}
): Effect.Effect<Comparison, Pipeline.PipelineError, R | Ledger> =>
  counted(
    pipeline.name,
    compared(pipeline, options, () => Effect.void)
  )

/**
 * Makes the ledger say what is so, then runs the pipeline over everything the source has:
 *
 * - files whose objects are missing or of another state are sent again;
 * - of a file with several objects one stays (all, where `updates` is `new`);
 * - an object of a file that the ledger does not know is taken into it: from then on the file is unchanged, changed or gone
 *   like any other. So a ledger that was lost comes back, and nothing is sent for what is there. (A file whose attributes
 *   changed while nobody knew of it, and nothing else, is not sent again.)
 *
 * Removals are held back as in any run. What was found is as it was before.
 */
export const repair = <R>(
  pipeline: Pipeline.Pipeline<R>,
  options: Pick<Pipeline.RunOptions, "confirmDeletes"> = {}
): Effect.Effect<
  { readonly comparison: Comparison; readonly report: Report.Report },
  Pipeline.PipelineError,
  R | Ledger
> =>
  Effect.gen(function* () {
    const comparison = yield* counted(pipeline.name, compared(pipeline, {}, Repair.settle))
    const report = yield* Pipeline.run(pipeline, { ...options, sweep: true })
    return { comparison, report }
  })
