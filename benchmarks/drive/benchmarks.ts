/** Trees in Google Drive. */
import type { Benchmark } from "../Benchmark.ts"

export const drive: ReadonlyArray<Benchmark> = [
  {
    name: "drive",
    work: "Lists a tree of files, ten to a folder, where each answer takes 30 ms",
    unit: "files",
    size: { short: 100_000, full: 100_000 },
    servers: (files) => ({ drive: { files, folders: Math.ceil(files / 10), latency: 30 } }),
    sluice: { program: "drive/sluice.ts" },
    rivals: { naive: { program: "drive/naive.ts", share: 0.03 } },
    rows: [
      { rival: "naive", goal: 5 },
      {
        rival: "grouping",
        goal: 1.2,
        better: "lower",
        of: "requests, to those of folders in groups of 50 one after the other",
        ratio: ({ more }) => (more["requests"] ?? Number.NaN) / (more["grouped"] ?? Number.NaN)
      }
    ]
  }
]
