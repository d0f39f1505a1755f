/**
 * What is killed: one run from a bucket in S3 to one in Mixpeek, as the environment says. `LEDGER` is a file, or the address
 * of a Postgres database. Ends with 0 where everything was said and settled, 75 where another run has the book, else with 1.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Pipeline } from "@sluice/core"
import { PostgresLedger, SqliteLedger } from "@sluice/ledger-sql"
import { Mixpeek, MixpeekSink } from "@sluice/sink-mixpeek"
import { S3, S3Source } from "@sluice/source-s3"
import { Config, Effect, Layer, Redacted } from "effect"
import { target, toObject, unlimited } from "../acceptance/bench.ts"

export const name = "crash"

/** A run that was killed has the book for so long. */
export const lease = "1 second"

const ledger = Layer.unwrap(
  Effect.map(Config.String("LEDGER"), (where) =>
    where.startsWith("postgres://")
      ? PostgresLedger.layer({ url: Redacted.make(where), lease, connections: 2 })
      : SqliteLedger.layer({ file: where, lease })
  )
)

const any = { perMinute: 1_000_000, burst: 100_000 }

const run = Effect.gen(function* () {
  const bucket = yield* Config.String("S3_BUCKET")
  const upserts = yield* Config.Boolean("UPSERTS")
  const uploads = yield* Config.Boolean("UPLOADS")
  const processes = yield* Config.Boolean("PROCESSES")
  const pipeline = Pipeline.make({
    name,
    source: S3Source.make({ bucket }),
    map: toObject,
    sink: MixpeekSink.make({
      bucket: target,
      batch: { maxWait: "50 millis", maxRecords: 50 },
      grace: "1 second",
      delivery: { method: uploads ? "upload" : "auto" },
      processing: processes ? { mode: "batch", batchSize: 300, every: "50 millis" } : "none",
      ...(upserts ? { uniqueKey: "upsert" } : {})
    }),
    deletes: "propagate"
  })
  return yield* Pipeline.run(pipeline, { confirmDeletes: true })
}).pipe(
  Effect.provide(
    Layer.mergeAll(
      S3.layerConfig(),
      Mixpeek.layerConfig({ rateLimits: { ...unlimited, metadata: any, compute: any } }),
      ledger
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
      onSuccess: ({ ended }) => (ended === "complete" ? 0 : 1),
      onFailure: (error) => {
        if (isHeld(error)) return 75
        process.stderr.write(`${error._tag}: ${error.message}\n`)
        return 1
      }
    })
  )
}
