/**
 * A mirror of a bucket, run twice: the second run sends what changed, removes what is gone, and leaves the rest alone. What it
 * knows is in a file beside it, so that it can be run again tomorrow, or after it was killed.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Pipeline, Report, Teardown } from "@sluice/core"
import { SqliteLedger } from "@sluice/ledger-sql"
import { Mixpeek, MixpeekObject, MixpeekSink } from "@sluice/sink-mixpeek"
import { S3, S3Source } from "@sluice/source-s3"
import { Config, Console, Effect, Layer } from "effect"

const program = Effect.gen(function* () {
  const mirror = Pipeline.make({
    name: "mirror",
    source: S3Source.make({ bucket: yield* Config.String("S3_BUCKET") }),
    map: MixpeekObject.fromFile({ property: { pdf: "document", image: "image", text: "text" } }),
    sink: MixpeekSink.make({ bucket: yield* Config.String("MIXPEEK_BUCKET") }),
    // A changed file gets a new object before its old one goes; a bucket whose unique key upserts would update it.
    updates: "replace",
    deletes: "propagate"
  })
  yield* Console.log(Report.format(yield* Pipeline.run(mirror)))
  yield* Console.log("once more:")
  yield* Console.log(Report.format(yield* Pipeline.run(mirror)))
})

const ledger = Config.String("LEDGER_FILE").pipe(
  Config.withDefault("mirror.sqlite"),
  Effect.map((file) => SqliteLedger.layer({ file })),
  Layer.unwrap
)

const Live = Layer.mergeAll(S3.layerConfig(), Mixpeek.layerConfig(), ledger).pipe(
  Layer.provide(NodeHttpClient.layerUndici)
)

program.pipe(
  Effect.provide(Live),
  Effect.catch(Teardown.explain),
  NodeRuntime.runMain({ teardown: Teardown.bySignal() })
)
