/** The whole pipeline, from the bucket into Mixpeek. Options: `method`, how files are delivered; `ledger`, who remembers. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Ledger, Pipeline } from "@sluice/core"
import { SqliteLedger } from "@sluice/ledger-sql"
import { type BlobDelivery, Mixpeek, MixpeekObject, MixpeekSink } from "@sluice/sink-mixpeek"
import { Credentials, S3, S3Source } from "@sluice/source-s3"
import { Effect, Layer, Redacted } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { contender } from "../Contender.ts"
import { concurrency, concurrencyOfFiles } from "./load.ts"

const methodOf = (value: unknown): BlobDelivery.Method =>
  value === "reference" || value === "upload" || value === "inline" ? value : "auto"

contender(({ addresses: { mixpeek, s3 }, options, size }) => {
  const credentials = Credentials.Static({
    accessKeyId: s3.accessKeyId,
    secretAccessKey: Redacted.make(s3.secretAccessKey)
  })
  const folder = mkdtempSync(join(tmpdir(), "sluice-benchmark-"))
  const clients = Layer.mergeAll(
    S3.layer({ endpoint: s3.url, credentials }),
    Mixpeek.layer({
      url: mixpeek.url,
      apiKey: Redacted.make(mixpeek.apiKey),
      namespace: mixpeek.namespace,
      maxInFlight: concurrencyOfFiles + concurrency,
      // A rate that never holds anything back.
      rateLimits: {
        data: { perMinute: 10_000_000, burst: 1_000_000 },
        upload: { perMinute: 10_000_000, burst: 1_000_000 },
        metadata: { perMinute: 10_000_000, burst: 1_000_000 }
      }
    })
  ).pipe(Layer.provide(NodeHttpClient.layerUndici))
  const ledger =
    options["ledger"] === "sqlite" ? SqliteLedger.layer({ file: join(folder, "ledger.sqlite") }) : Ledger.layerForgetful
  const pipeline = Pipeline.make({
    name: "benchmark",
    source: S3Source.make({ bucket: s3.bucket }),
    map: MixpeekObject.fromFile({ property: "document" }),
    sink: MixpeekSink.make({
      bucket: mixpeek.bucket,
      uniqueKey: "upsert",
      concurrency,
      delivery: { method: methodOf(options["method"]) }
    }),
    maxObjectsPerRun: size
  })
  return Pipeline.run(pipeline)
    .pipe(
      Effect.provide(Layer.mergeAll(clients, ledger)),
      Effect.map((report) => ({
        units: report.created * (options["unit"] === "bytes" ? size : 1),
        more: { batchFill: report.batchFill }
      })),
      Effect.scoped,
      Effect.runPromise
    )
    .finally(() => rmSync(folder, { recursive: true }))
})
