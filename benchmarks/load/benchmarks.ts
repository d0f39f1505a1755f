/** Files into Mixpeek, by reference and by upload. */
import type { Benchmark } from "../Benchmark.ts"

export const load: ReadonlyArray<Benchmark> = [
  {
    name: "reference",
    work: "Delivers files of S3 by presigned links, without limits",
    unit: "files",
    size: { short: 100_000, full: 1_000_000 },
    servers: (count) => ({ s3: { count, folders: 1000, bytes: 100_000, latency: 0 }, mixpeek: "lean" }),
    sluice: { program: "load/sluice.ts", options: { method: "reference" } },
    rivals: {
      naive: { program: "load/reference-naive.ts", share: 0.1 },
      limit: { program: "load/reference-limit.ts" }
    },
    ceiling: { program: "load/reference-ceiling.ts" },
    rows: [
      { rival: "naive", goal: 3 },
      { rival: "limit", goal: 0.7 }
    ]
  }
]
