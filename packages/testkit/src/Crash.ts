/**
 * Programs that are killed: a process of its own, ended by SIGKILL at an instant that the test chooses, and started again.
 */
import { Deferred, Effect, Exit } from "effect"
import { spawn } from "node:child_process"

/** How a process ended. */
export type Ended =
  | { readonly _tag: "Killed" }
  | { readonly _tag: "Exited"; readonly code: number; readonly stdout: string; readonly stderr: string }

export interface Program {
  /** A module for Node, and its arguments. */
  readonly args: ReadonlyArray<string>
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>
}

/**
 * Runs a program until it ends, or until `instant` (which may look at the process) completes and it is killed. Interrupted,
 * it is killed too.
 *
 * SIGKILL gives it no time for anything: what it has not handed over to the system by then is lost.
 */
export const run = (
  { args, env }: Program,
  instant: Effect.Effect<void> | ((pid: number) => Effect.Effect<void>)
): Effect.Effect<Ended> => {
  const started = Deferred.makeUnsafe<number>()
  const ready = Effect.isEffect(instant) ? instant : Effect.flatMap(Deferred.await(started), instant)
  return Effect.raceFirst(
    Effect.callback<Ended>((resume) => {
      const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] })
      if (child.pid !== undefined) Deferred.doneUnsafe(started, Exit.succeed(child.pid))
      let stdout = ""
      let stderr = ""
      child.stdout.on("data", (chunk) => (stdout += String(chunk)))
      child.stderr.on("data", (chunk) => (stderr += String(chunk)))
      const ended = new Promise<void>((resolve) => {
        child.on("close", (code) => {
          resolve()
          resume(Exit.succeed({ _tag: "Exited", code: code ?? -1, stdout, stderr }))
        })
      })
      return Effect.promise(() => {
        child.kill("SIGKILL")
        return ended
      })
    }),
    Effect.as(ready, { _tag: "Killed" } as const)
  )
}
