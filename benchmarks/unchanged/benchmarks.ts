/** Runs that find nothing new: most runs there are. */
import type { Benchmark } from "../Benchmark.ts"
import { rate } from "../Benchmark.ts"

const over = (ledger: "sqlite" | "postgres"): Benchmark => ({
  name: `unchanged-${ledger}`,
  work: `Runs again over files that a ledger in ${ledger === "sqlite" ? "SQLite" : "Postgres"} knows`,
  unit: "files",
  size: { short: 200_000, full: 1_000_000 },
  ...(ledger === "postgres" ? { needs: "postgres" } : {}),
  servers: (count) => ({ s3: { count, folders: 1000, bytes: 100_000, latency: 0 }, mixpeek: { latency: 0 } }),
  sluice: { program: "unchanged/sluice.ts", options: { ledger } },
  rivals: { listing: { program: "list/sluice.ts" } },
  rows: [
    {
      rival: "listing",
      goal: 1.3,
      better: "lower",
      of: "time, to that of the bare listing",
      ratio: (sluice, listing) => rate(listing) / rate(sluice)
    },
    {
      rival: "no-objects",
      goal: 0,
      better: "lower",
      of: "objects sent",
      ratio: ({ more }) => more["created"] ?? Number.NaN
    }
  ]
})

export const unchanged: ReadonlyArray<Benchmark> = [over("sqlite"), over("postgres")]
