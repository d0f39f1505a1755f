/**
 * How a program ends: with the exit codes that shells, supervisors and containers expect, and with a sentence where
 * something is wrong.
 */
import { Cause, Console, Effect, Exit, Runtime } from "effect"

/** 128 and the number of the signal, as shells report it: POSIX 2.8.2, "Exit Status for Commands". */
const exitCodeOf = { SIGINT: 130, SIGTERM: 143 } as const

/**
 * For `NodeRuntime.runMain({ teardown: Teardown.bySignal() })`: 130 after Ctrl-C, 143 after SIGTERM, and Effect's own
 * codes otherwise. Listens for the two signals from the moment it is made.
 */
export const bySignal = (): Runtime.Teardown => {
  let code: number = exitCodeOf.SIGINT
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      code = exitCodeOf[signal]
    })
  }
  return (exit, onExit) =>
    Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) ? onExit(code) : Runtime.defaultTeardown(exit, onExit)
}

/** The program has said why it ends: `runMain` prints nothing more and exits with the code. */
export class Explained extends Error {
  override readonly name = "Explained"
  override readonly [Runtime.errorExitCode]: number
  override readonly [Runtime.errorReported] = false

  constructor(message: string, exitCode: number) {
    super(message)
    this[Runtime.errorExitCode] = exitCode
  }
}

/**
 * For `Effect.catch(Teardown.explain)`: the error's message on standard error, which says what is so and what to do,
 * without a stack trace; then exit code 1.
 */
export const explain = (error: { readonly message: string }): Effect.Effect<never, Explained> =>
  Effect.andThen(Console.error(error.message), Effect.fail(new Explained(error.message, 1)))
