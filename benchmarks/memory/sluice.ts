/**
 * The whole pipeline, with an eye on its memory. `drift`: how much more is in use in the last quarter of the time than in the second
 * one, in megabytes (medians), when everything has been warm for long.
 */
import { Ledger, Pipeline } from "@sluice/core"
import { MixpeekObject, MixpeekSink } from "@sluice/sink-mixpeek"
import { S3Source } from "@sluice/source-s3"
import { Effect, Layer } from "effect"
import { contender } from "../Contender.ts"
import { clients } from "../load/clients.ts"
import { concurrency } from "../load/load.ts"

const median = (values: ReadonlyArray<number>) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

contender(async ({ addresses, options }) => {
  const { mixpeek, s3 } = addresses
  const pipeline = Pipeline.make({
    name: "memory",
    source: S3Source.make({ bucket: s3.bucket }),
    map: MixpeekObject.fromFile({ property: "document" }),
    sink: MixpeekSink.make({
      bucket: mixpeek.bucket,
      uniqueKey: "upsert",
      concurrency,
      delivery: { method: options["method"] === "upload" ? "upload" : "reference" }
    })
  })
  const samples: Array<number> = []
  const sampler = setInterval(() => samples.push(process.memoryUsage.rss() / 1e6), 50)
  const report = await Pipeline.run(pipeline).pipe(
    Effect.provide(Layer.mergeAll(clients(addresses), Ledger.layerForgetful)),
    Effect.runPromise
  )
  clearInterval(sampler)
  const quarter = Math.floor(samples.length / 4)
  const drift = median(samples.slice(3 * quarter)) - median(samples.slice(quarter, 2 * quarter))
  return { units: report.created, more: { drift } }
})
