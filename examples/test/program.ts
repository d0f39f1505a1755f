/** An example as a process of its own, as a user runs it. */
import { Effect } from "effect"
import { spawn } from "node:child_process"

/** How a program ended, and what it said. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Program {
  readonly kill: (signal: "SIGINT" | "SIGTERM") => Effect.Effect<void>
  /** What it said so far. */
  readonly said: Effect.Effect<Pick<Ended, "stdout" | "stderr">>
  readonly ended: Effect.Effect<Ended>
}

/** Starts `examples/<name>` with this environment on top of ours; it is killed when the scope closes. */
export const start = (name: string, args: ReadonlyArray<string>, env: Record<string, string> = {}) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(process.execPath, ["--import", "tsx", `examples/${name}`, ...args], {
        env: { ...process.env, ...env },
        stdio: ["ignore", "pipe", "pipe"]
      })
      const said = { stdout: "", stderr: "" }
      child.stdout.on("data", (chunk) => (said.stdout += String(chunk)))
      child.stderr.on("data", (chunk) => (said.stderr += String(chunk)))
      const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, ...said })))
      const program: Program = {
        kill: (signal) => Effect.sync(() => child.kill(signal)),
        said: Effect.sync(() => said),
        ended: Effect.promise(() => ended)
      }
      return { child, program }
    }),
    ({ child }) => Effect.sync(() => child.kill("SIGKILL"))
  ).pipe(Effect.map(({ program }) => program))

/** Starts it and waits for its end. */
export const run = (name: string, args: ReadonlyArray<string>, env: Record<string, string> = {}) =>
  Effect.scoped(Effect.flatMap(start(name, args, env), (program) => program.ended))
