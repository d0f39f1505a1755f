/** What is made of a small budget. */
import type { Benchmark } from "../Benchmark.ts"

export const limited: ReadonlyArray<Benchmark> = [
  {
    name: "limited",
    work: "Delivers files with 600 requests a minute, of which 5 % are throttled, and 2 % bad files",
    unit: "files",
    size: { short: 100_000, full: 100_000 },
    rounds: 1,
    servers: () => ({}),
    sluice: { program: "limited/sluice.ts" },
    rivals: {},
    rows: [
      {
        rival: "budget",
        goal: 0.98,
        of: "requests made, to those allowed in the time",
        ratio: ({ more }) => more["share"] ?? Number.NaN
      },
      {
        rival: "full-batches",
        goal: 0.99,
        of: "records in a batch, to 100",
        ratio: ({ more }) => more["fill"] ?? Number.NaN
      },
      {
        rival: "no-429",
        goal: 0,
        better: "lower",
        of: "429s by our own fault",
        ratio: ({ more }) => more["own429"] ?? Number.NaN
      }
    ]
  }
]
