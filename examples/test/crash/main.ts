/** `npm run crash -- --runs 20 --seed 1`: see harness.ts. With `--json`, prints the sum of all runs and nothing else. */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { crash, type Result } from "./harness.ts"

const flags = {
  runs: Flag.Int("runs").pipe(Flag.withDefault(20), Flag.withDescription("Runs, each killed several times")),
  seed: Flag.Int("seed").pipe(Flag.withDefault(1), Flag.withDescription("Decides all that happens by chance but time")),
  files: Flag.Int("files").pipe(Flag.withDefault(2000), Flag.withDescription("Files at the source of each run")),
  uploads: Flag.Boolean("uploads").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Upload the files in every second run, and count uploads that nothing uses")
  ),
  processing: Flag.Boolean("processing").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Have objects processed in every second run of each kind, and count those that were forgotten")
  ),
  json: Flag.Boolean("json").pipe(Flag.withDefault(false), Flag.withDescription("Print the result alone, as JSON"))
}

const isGood = ({ doubled, forgotten, frontierAhead, left, lost, orphans, reprocessed, unclean, violations }: Result) =>
  lost + doubled + left + orphans + forgotten + reprocessed + frontierAhead + unclean + violations === 0

const command = Command.make("crash", flags, ({ files, json, processing, runs, seed, uploads }) =>
  Effect.gen(function* () {
    const result = yield* crash({
      files,
      runs,
      seed,
      uploads,
      processing,
      onRun: ({ ledger, processing: processed, run, uploads: uploaded, upserts, ...one }) =>
        json
          ? Effect.void
          : Console.log(
              `run ${run}, ${ledger}${upserts ? ", unique key" : ""}${uploaded ? ", uploads" : ""}${processed ? ", processing" : ""}: ${JSON.stringify(one)}`
            )
    })
    yield* Console.log(JSON.stringify(result))
    if (!isGood(result)) process.exitCode = 1
  })
)

command.pipe(Command.run({ version: "0.1.0" }), Effect.provide(NodeServices.layer), NodeRuntime.runMain())
