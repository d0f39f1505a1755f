/**
 * The whole pipeline, from the bucket into Mixpeek. Options: `method`, how files are delivered; `ledger`, who remembers; `most`,
 * where it ends; `unit`, what is counted; `concurrency`, requests with objects at a time. `drift`: how much more memory is in use in
 * the last quarter of the time than in the second one, in megabytes (medians), when everything has been warm for long.
 */
import { Ledger, Pipeline } from "@sluice/core"
import { SqliteLedger } from "@sluice/ledger-sql"
import { type BlobDelivery, MixpeekObject, MixpeekSink } from "@sluice/sink-mixpeek"
import { S3Source } from "@sluice/source-s3"
import { Effect, Layer } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { contender } from "../Contender.ts"
import type { Counts } from "../servers/MixpeekServer.ts"
import { clients } from "./clients.ts"
import { concurrency } from "./load.ts"

const median = (values: ReadonlyArray<number>) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

const methodOf = (value: unknown): BlobDelivery.Method =>
  value === "reference" || value === "upload" || value === "inline" ? value : "auto"

contender(async ({ addresses, options, size }) => {
  const { mixpeek, s3 } = addresses
  const folder = mkdtempSync(join(tmpdir(), "sluice-benchmark-"))
  const ledger =
    options["ledger"] === "sqlite" ? SqliteLedger.layer({ file: join(folder, "ledger.sqlite") }) : Ledger.layerForgetful
  const pipeline = Pipeline.make({
    name: "benchmark",
    source: S3Source.make({ bucket: s3.bucket }),
    map: MixpeekObject.fromFile({ property: "document" }),
    sink: MixpeekSink.make({
      bucket: mixpeek.bucket,
      uniqueKey: "upsert",
      concurrency: Number(options["concurrency"] ?? concurrency),
      delivery: { method: methodOf(options["method"]) }
    }),
    maxObjectsPerRun: Number(options["most"] ?? size)
  })
  await fetch(`${mixpeek.url}/reset`)
  const samples: Array<number> = []
  const sampler = setInterval(() => samples.push(process.memoryUsage.rss() / 1e6), 50)
  const startedAt = Date.now()
  const report = await Pipeline.run(pipeline).pipe(
    Effect.provide(Layer.mergeAll(clients(addresses), ledger)),
    Effect.runPromise
  )
  clearInterval(sampler)
  const quarter = Math.floor(samples.length / 4)
  const drift = median(samples.slice(3 * quarter)) - median(samples.slice(quarter, 2 * quarter))
  rmSync(folder, { recursive: true })
  // MixpeekServer.ts answers these.
  const { firstBatchAt } = (await (await fetch(`${mixpeek.url}/counts`)).json()) as Counts
  return {
    units: report.created * (options["unit"] === "bytes" ? size : 1),
    more: { batchFill: report.batchFill, firstObjectSeconds: (firstBatchAt - startedAt) / 1000, drift }
  }
})
