/**
 * The mirror of incremental.ts, looked at: do its ledger, its bucket in Mixpeek and its source say the same? With `--repair`, what
 * differs is put right; an object that somebody deleted by hand comes back, and a ledger file that was lost is made again from
 * the bucket, without anything being sent twice.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Pipeline, Reconcile, Report, Teardown } from "@sluice/core"
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
    updates: "replace",
    deletes: "propagate"
  })
  if (!process.argv.includes("--repair")) {
    return yield* Console.log(Reconcile.format(yield* Reconcile.compare(mirror, { source: true })))
  }
  const { comparison, report } = yield* Reconcile.repair(mirror)
  yield* Console.log(Reconcile.format(comparison))
  yield* Console.log(Report.format(report))
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
