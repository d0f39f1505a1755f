/**
 * `npm run bench -- [NAME …] [--size short|full|N] [--rounds N] [--json] [--save]`: Sluice and its rivals on this machine. NAME is
 * a benchmark, or what its name begins with. docs/benchmarks.md says how it is done.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Data, Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { benchmarks } from "./benchmarks.ts"
import { type Measured, measure } from "./measure.ts"
import * as Results from "./Results.ts"

class NotAsked extends Data.TaggedError("NotAsked")<{ readonly message: string }> {}

const bench = Command.make(
  "bench",
  {
    names: Argument.String("name").pipe(
      Argument.withDescription("What to measure: list, reference, … Everything where nothing is named"),
      Argument.variadic()
    ),
    size: Flag.String("size").pipe(
      Flag.withDescription("short (default), full, or a number of files"),
      Flag.withDefault("short")
    ),
    rounds: Flag.Int("rounds").pipe(Flag.withDescription("How often everybody runs"), Flag.optional),
    json: Flag.Boolean("json").pipe(Flag.withDescription("Print JSON, and nothing else"), Flag.withDefault(false)),
    save: Flag.Boolean("save").pipe(
      Flag.withDescription("Keep the results in benchmarks/results, and write the tables of README and docs anew"),
      Flag.withDefault(false)
    )
  },
  Effect.fn(function* ({ json, names, rounds, save, size }) {
    const chosen = benchmarks.filter(({ name }) => names.length === 0 || names.some((one) => name.startsWith(one)))
    if (chosen.length === 0) {
      const known = benchmarks.map(({ name }) => name).join(", ")
      return yield* new NotAsked({ message: `There is no benchmark ${names.join(", ")}. There are ${known}` })
    }
    if (size !== "short" && size !== "full" && !/^[1-9]\d*$/.test(size)) {
      return yield* new NotAsked({ message: `--size is short, full or a number of files, not ${size}` })
    }
    // Whoever waits for JSON may want to see that it goes on.
    const say = (line: string) => process.stderr.write(`${line}\n`)
    const rows: Array<Measured> = []
    for (const benchmark of chosen) {
      const count = size === "short" || size === "full" ? benchmark.size[size] : Number(size)
      const times = Option.getOrElse(rounds, () => benchmark.rounds ?? 3)
      rows.push(...(yield* Effect.promise(() => measure(benchmark, count, times, say))))
    }
    if (save) Results.save(rows)
    yield* Console.log(json ? JSON.stringify({ machine: Results.machine(), rows }) : Results.table(rows))
  })
)

bench.pipe(Command.run({ version: "0.1.0" }), Effect.provide(NodeServices.layer), NodeRuntime.runMain)
