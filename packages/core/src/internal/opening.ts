/**
 * What comes before anything is done with a pipeline: it is checked, and its book is taken.
 */
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import type { Finding } from "../Check.ts"
import { Ledger } from "../Ledger.ts"
import { CheckFailed, failed, PipelineError } from "../PipelineError.ts"
import type { Failure } from "./run.ts"

/** The book, and the run before, until the scope closes, under an id of its own. */
export const open = Effect.fnUntraced(function* <R>({
  check,
  name
}: {
  readonly name: string
  readonly check: Effect.Effect<ReadonlyArray<Finding>, Failure, R>
}) {
  const findings = yield* Effect.mapError(check, (error) => failed(name, error))
  if (findings.some((finding) => finding.severity === "error")) {
    return yield* new PipelineError({ pipeline: name, reason: new CheckFailed({ findings }) })
  }
  const id = yield* Effect.sync(() => randomUUID())
  const ledger = yield* Ledger
  return yield* Effect.gen(function* () {
    const book = yield* ledger.open({ pipeline: name, runId: id })
    const [, before] = yield* ledger.runs(name, 2)
    return { id, ledger, book, before }
  }).pipe(Effect.mapError((error) => failed(name, error)))
})
