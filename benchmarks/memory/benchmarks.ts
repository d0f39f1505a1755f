/** Memory: it must not grow with what has gone by. */
import type { Benchmark } from "../Benchmark.ts"

export const memory: ReadonlyArray<Benchmark> = [
  {
    name: "memory",
    work: "Delivers files by reference, with an eye on what is in use",
    unit: "files",
    size: { short: 300_000, full: 5_000_000 },
    rounds: 1,
    servers: (count) => ({ s3: { count, folders: 1000, bytes: 100_000, latency: 0 }, mixpeek: { latency: 0 } }),
    sluice: { program: "load/sluice.ts", options: { method: "reference" } },
    rivals: {},
    rows: [
      {
        rival: "5MB-per-million",
        goal: 1,
        better: "lower",
        of: "growth of memory, to 5 MB in a million files",
        // Between the middles of the second quarter and the last one lies half of the files.
        ratio: ({ more, units }) => (more["drift"] ?? Number.NaN) / (units / 2 / 1e6) / 5
      }
    ]
  },
  {
    name: "memory-bodies",
    work: "Uploads files of 100 MB, with an eye on what is in use",
    unit: "files",
    size: { short: 30, full: 300 },
    rounds: 1,
    servers: (count) => ({ s3: { count, folders: 0, bytes: 100_000_000, latency: 0 }, mixpeek: { latency: 0 } }),
    sluice: { program: "load/sluice.ts", options: { method: "upload" } },
    rivals: {},
    rows: [
      {
        rival: "5MB",
        goal: 1,
        better: "lower",
        of: "growth of memory within the run, to 5 MB",
        ratio: ({ more }) => (more["drift"] ?? Number.NaN) / 5
      },
      {
        rival: "150MB",
        goal: 1,
        better: "lower",
        of: "most memory in use, to 150 MB",
        ratio: ({ peakRss }) => peakRss / 150
      }
    ]
  }
]
