/**
 * How a program that was told to end says so: the exit codes that shells, supervisors and containers expect.
 */
import { Cause, Exit, Runtime } from "effect"

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
