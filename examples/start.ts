/**
 * `npm start`: a bucket of real files and a Mixpeek of our own, and the program that moves the one into the other; with
 * `--source gdrive`, a folder in Google Drive. With an address of a real service (`--endpoint`, `--bucket`, `--folder`,
 * `--mixpeek-url`, …) only the program.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Teardown } from "@sluice/core"
import { Effect } from "effect"
import * as GDrive from "./start/gdrive.ts"
import * as Program from "./start/program.ts"
import * as S3 from "./start/s3.ts"

const sources = {
  s3: { program: "s3-to-mixpeek", start: S3.start, real: /^--(endpoint|bucket|mixpeek-url|mixpeek-bucket|help)(=|$)/ },
  gdrive: {
    program: "drive-to-mixpeek",
    start: GDrive.start,
    real: /^--(folder|shared-drive|from|every|mixpeek-url|mixpeek-bucket|help)(=|$)/
  }
}

/** Which source is asked for, and the arguments that are left for its program. */
const asked = (args: ReadonlyArray<string>): readonly [source: string, args: ReadonlyArray<string>] => {
  const at = args.findIndex((arg) => /^--source(=|$)/.test(arg))
  const flag = args[at]
  if (flag === undefined) return ["s3", args]
  const [, value] = flag.split("=")
  return value === undefined ? [args[at + 1] ?? "", args.toSpliced(at, 2)] : [value, args.toSpliced(at, 1)]
}

const main = Effect.gen(function* () {
  const [name, args] = asked(process.argv.slice(2))
  if (name !== "s3" && name !== "gdrive") return yield* Teardown.explain({ message: "--source is s3 or gdrive" })
  const { program, real, start } = sources[name]
  yield* args.some((arg) => real.test(arg)) ? Program.run(program, args) : start(args)
})

main.pipe(Effect.scoped, Effect.provide(NodeServices.layer), NodeRuntime.runMain({ teardown: Teardown.bySignal() }))
