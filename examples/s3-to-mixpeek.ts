/**
 * The main job: every file of a bucket becomes an object with lineage. Configured by the environment (`S3_*` and
 * `MIXPEEK_*`, see docs/s3.md and docs/mixpeek.md); flags win. `npm start` runs it on stand-ins.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Ledger, Pipeline, Teardown } from "@sluice/core"
import { Mixpeek, MixpeekObject, MixpeekSink } from "@sluice/sink-mixpeek"
import { S3, S3Source } from "@sluice/source-s3"
import { Config, Effect, Layer, Logger, Option } from "effect"
import { Command, Flag } from "effect/cli"
import * as IntoMixpeek from "./into-mixpeek.ts"

const flags = {
  bucket: Flag.String("bucket").pipe(
    Flag.withFallbackConfig(Config.String("S3_BUCKET")),
    Flag.withDescription("Bucket to read")
  ),
  prefix: Flag.String("prefix").pipe(Flag.optional, Flag.withDescription("Only keys that begin with this")),
  endpoint: Flag.String("endpoint").pipe(
    Flag.optional,
    Flag.withDescription("An S3-compatible server; AWS if left out")
  ),
  region: Flag.String("region").pipe(
    Flag.optional,
    Flag.withDescription("Region of the bucket; discovered if left out")
  ),
  ...IntoMixpeek.flags
}

const command = Command.make("s3-to-mixpeek", flags, (options) =>
  IntoMixpeek.run(
    Pipeline.make({
      name: `s3:${options.bucket}`,
      source: S3Source.make({ bucket: options.bucket, prefixes: [Option.getOrElse(options.prefix, () => "")] }),
      filter: IntoMixpeek.including(options.include),
      map: MixpeekObject.fromFile(IntoMixpeek.contents),
      sink: MixpeekSink.make({ bucket: options.mixpeekBucket, delivery: { method: options.delivery } })
    }),
    options
  ).pipe(
    Effect.provide(
      Layer.mergeAll(
        S3.layerConfig({
          endpoint: Option.getOrUndefined(options.endpoint),
          region: Option.getOrUndefined(options.region)
        }),
        Mixpeek.layerConfig({ url: Option.getOrUndefined(options.mixpeekUrl) }),
        Ledger.layerForgetful
      ).pipe(Layer.provide(NodeHttpClient.layerUndici))
    ),
    Effect.catch(Teardown.explain)
  )
)

command.pipe(
  Command.run({ version: "0.1.0" }),
  // Standard output is for the report alone.
  Effect.provideService(Logger.LogToStderr, true),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({ teardown: Teardown.bySignal() })
)
