/**
 * What is killed: one run from S3 into Mixpeek that has its objects processed, as the environment says. Prints its report. Ends
 * with 0 where everything was said and settled, 75 where another run has the book, else with 1.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Pipeline, Report } from "@sluice/core"
import { SqliteLedger } from "@sluice/ledger-sql"
import { Mixpeek, MixpeekSink } from "@sluice/sink-mixpeek"
import { S3, S3Source } from "@sluice/source-s3"
import { Config, Effect, Layer, Schema } from "effect"
import { target, toObject, unlimited } from "./bench.ts"

/** Objects in a batch. */
export const batchSize = 5

const encodeReport = Schema.encodeSync(Schema.fromJsonString(Report.Report))
const any = { perMinute: 1_000_000, burst: 100_000 }

const run = Effect.gen(function* () {
  const bucket = yield* Config.String("S3_BUCKET")
  const ledger = yield* Config.String("LEDGER")
  const pipeline = Pipeline.make({
    name: "processing",
    source: S3Source.make({ bucket }),
    map: toObject,
    sink: MixpeekSink.make({
      bucket: target,
      batch: { maxWait: "50 millis", maxRecords: 3 },
      grace: "1 second",
      processing: { mode: "batch", batchSize, every: "10 millis" }
    })
  })
  return yield* Pipeline.run(pipeline).pipe(Effect.provide(SqliteLedger.layer({ file: ledger, lease: "1 second" })))
}).pipe(
  Effect.provide(
    Layer.mergeAll(
      S3.layerConfig(),
      Mixpeek.layerConfig({ rateLimits: { ...unlimited, metadata: any, compute: any } })
    ).pipe(Layer.provide(NodeHttpClient.layerUndici))
  )
)

const isHeld = (error: unknown) =>
  error instanceof Pipeline.PipelineError &&
  error.reason._tag === "LedgerFailed" &&
  error.reason.error.reason._tag === "Held"

if (import.meta.main) {
  process.exitCode = await Effect.runPromise(
    Effect.match(run, {
      onSuccess: (report) => {
        process.stdout.write(encodeReport(report))
        return report.ended === "complete" ? 0 : 1
      },
      onFailure: (error) => {
        if (isHeld(error)) return 75
        process.stderr.write(`${error._tag}: ${error.message}\n`)
        return 1
      }
    })
  )
}
