/**
 * Files that were refused for good, kept with what a person needs to see why: to be looked at, taken again, or given up.
 *
 * A dead letter goes by itself when its file is delivered, left alone on purpose, or gone at the source.
 */
import { Effect, Option, Stream } from "effect"
import { type DeadLetter, Ledger, type LedgerError } from "./Ledger.ts"
import * as Lineage from "./Lineage.ts"
import * as Pipeline from "./Pipeline.ts"
import type * as Report from "./Report.ts"

const pageSize = 1000

/** All of a pipeline, in the order of their files' ids. */
export const list = (pipeline: string): Stream.Stream<DeadLetter, LedgerError, Ledger> =>
  Stream.paginate(
    undefined as string | undefined,
    Effect.fnUntraced(function* (after) {
      const ledger = yield* Ledger
      const page = yield* ledger.deadLetters(pipeline, { limit: pageSize, after })
      const last = page.length < pageSize ? undefined : page.at(-1)?.file.id
      return [page, Option.fromUndefinedOr(last)] as const
    })
  )

/** That of one file, by the file's id. */
export const get = (pipeline: string, id: string): Effect.Effect<Option.Option<DeadLetter>, LedgerError, Ledger> =>
  Effect.gen(function* () {
    const ledger = yield* Ledger
    const [letter] = yield* ledger.deadLetters(pipeline, { limit: 1, ids: [id] })
    return Option.fromUndefinedOr(letter)
  })

/** What its object would have carried: where the file is and in which state, and in which run it was refused. */
export const lineage = (pipeline: string, { file, runId }: DeadLetter): Lineage.Lineage =>
  Lineage.make(file, { pipeline, runId })

/**
 * Takes these files again, or all: each as it is at the source now, with the pipeline's mapping of now, settled like any
 * other. Those that are refused again stay, counted once more.
 */
export const replay = <R>(
  pipeline: Pipeline.Pipeline<R>,
  ids: "all" | ReadonlyArray<string> = "all"
): Effect.Effect<Report.Report, Pipeline.PipelineError, R | Ledger> => Pipeline.run(pipeline, { replay: ids })

/** Gives them up; answers how many there were. A later sweep that names the files again takes them again. */
export const discard = (pipeline: string, ids: ReadonlyArray<string>): Effect.Effect<number, LedgerError, Ledger> =>
  Effect.flatMap(Ledger, (ledger) => ledger.discard(pipeline, ids))
