/** A program of the examples, as a process of its own. */
import { Teardown } from "@sluice/core"
import { Effect } from "effect"
import { ChildProcess } from "effect/process"

/** Runs it on our own terminal, with this environment on top of ours; ends as it ends. */
export const run = Effect.fn("program")(function* (
  name: string,
  args: ReadonlyArray<string>,
  env: Record<string, string> = {}
) {
  const child = yield* ChildProcess.make(process.execPath, ["--import", "tsx", `examples/${name}.ts`, ...args], {
    env,
    extendEnv: true,
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit"
  })
  const code = yield* child.exitCode
  // It has said why itself.
  if (code !== 0) return yield* Effect.fail(new Teardown.Explained(`${name} ended with ${code}`, code))
})
