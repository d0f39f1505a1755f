/**
 * The main job: every file of a bucket becomes an object with lineage. Configured by the environment (`S3_*` and
 * `MIXPEEK_*`, see docs/s3.md and docs/mixpeek.md); flags win. `npm start` runs it on stand-ins.
 */
import { NodeHttpClient, NodeRuntime, NodeServices } from "@effect/platform-node"
import { Filter, Ledger, Pipeline, ProgressLine, Report, Teardown } from "@sluice/core"
import { Mixpeek, MixpeekObject, MixpeekSink } from "@sluice/sink-mixpeek"
import { S3, S3Source } from "@sluice/source-s3"
import { Config, Console, Effect, Fiber, Layer, Logger, Option, Schema } from "effect"
import { Command, Flag } from "effect/cli"

/** One property of the bucket for each type of content. */
const toObject = MixpeekObject.fromFile({
  property: { pdf: "document", image: "image", audio: "audio", video: "video", text: "text", excel: "table" },
  types: { "application/json": "text" }
})

const flags = {
  bucket: Flag.String("bucket").pipe(
    Flag.withFallbackConfig(Config.String("S3_BUCKET")),
    Flag.withDescription("Bucket to read")
  ),
  prefix: Flag.String("prefix").pipe(Flag.optional, Flag.withDescription("Only keys that begin with this")),
  include: Flag.String("include").pipe(Flag.optional, Flag.withDescription("Only keys that match this glob")),
  endpoint: Flag.String("endpoint").pipe(
    Flag.optional,
    Flag.withDescription("An S3-compatible server; AWS if left out")
  ),
  region: Flag.String("region").pipe(
    Flag.optional,
    Flag.withDescription("Region of the bucket; discovered if left out")
  ),
  mixpeekBucket: Flag.String("mixpeek-bucket").pipe(
    Flag.withFallbackConfig(Config.String("MIXPEEK_BUCKET")),
    Flag.withDescription("Id of the bucket to fill")
  ),
  mixpeekUrl: Flag.String("mixpeek-url").pipe(Flag.optional, Flag.withDescription("Default https://api.mixpeek.com")),
  json: Flag.Boolean("json").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Print the report as one JSON object, and nothing else")
  )
}

const encodeReport = Schema.encodeEffect(Schema.fromJsonString(Report.Report))

const command = Command.make("s3-to-mixpeek", flags, (options) =>
  Effect.gen(function* () {
    const pipeline = Pipeline.make({
      name: `s3:${options.bucket}`,
      source: S3Source.make({ bucket: options.bucket, prefixes: [Option.getOrElse(options.prefix, () => "")] }),
      filter: Option.match(options.include, {
        onNone: () => Filter.all,
        onSome: (glob) => Filter.make({ include: [glob] })
      }),
      map: toObject,
      sink: MixpeekSink.make({ bucket: options.mixpeekBucket })
    })
    const print = (report: Report.Report) =>
      options.json ? Effect.flatMap(encodeReport(report), Console.log) : Console.log(Report.format(report))
    const run = yield* Pipeline.start(pipeline)
    const line = yield* Effect.forkDetach(ProgressLine.follow(run))
    const finish = (report: Report.Report) => Effect.andThen(Fiber.await(line), print(report))
    yield* run.result.pipe(
      Effect.onInterrupt(() => Effect.ignore(Effect.flatMap(run.stop, finish))),
      Effect.tapError(({ report }) => (report === undefined ? Effect.void : finish(report))),
      Effect.flatMap(finish)
    )
  }).pipe(
    Effect.scoped,
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
