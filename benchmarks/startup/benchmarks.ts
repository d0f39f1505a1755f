/** What it takes until the first answer is there, the start of Node included. */
import type { Benchmark } from "../Benchmark.ts"

const packages = ["core", "ledger-sql", "sink-mixpeek", "source-s3", "source-gdrive"]

export const startup: ReadonlyArray<Benchmark> = packages.map((name) => ({
  name: `startup-${name}`,
  work: `Imports @sluice/${name} and waits for the first answer`,
  unit: "starts",
  size: { short: 1000, full: 1000 },
  rounds: 5,
  servers: (count) => ({
    s3: { count, folders: 0, bytes: 1000, latency: 0 },
    mixpeek: { latency: 0 },
    ...(name === "source-gdrive" ? { drive: { files: 100, folders: 10, latency: 0 } } : {})
  }),
  sluice: { program: "startup/sluice.ts", options: { package: name } },
  rivals: { effect: { program: "startup/sluice.ts", options: { package: "effect" } } },
  rows: [
    {
      rival: "300ms",
      goal: 1,
      better: "lower",
      of: "time since the start of Node, to 300 ms",
      ratio: ({ more }) => (more["sinceStart"] ?? Number.NaN) / 300
    },
    {
      rival: "80MB",
      goal: 1,
      better: "lower",
      of: "most memory in use, to 80 MB",
      ratio: ({ peakRss }) => peakRss / 80
    }
  ]
}))
