/**
 * The smallest whole program: pictures of a bucket become objects, configured by the environment. README.md quotes it.
 */
// #region readme
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Filter, Ledger, Pipeline, Report, Teardown } from "@sluice/core"
import { Mixpeek, MixpeekObject, MixpeekSink } from "@sluice/sink-mixpeek"
import { S3, S3Source } from "@sluice/source-s3"
import { Console, Effect, Layer } from "effect"

const photos = Pipeline.make({
  name: "photos",
  source: S3Source.make({ bucket: "acme-photos" }),
  filter: Filter.make({ include: ["2026/**"], extensions: ["jpg", "png"] }),
  map: MixpeekObject.fromFile({ property: { image: "photo" } }),
  sink: MixpeekSink.make({ bucket: "bkt_photos", uniqueKey: "upsert" })
})
const Live = Layer.mergeAll(S3.layerConfig(), Mixpeek.layerConfig(), Ledger.layerForgetful)

Pipeline.run(photos).pipe(
  Effect.flatMap((report) => Console.log(Report.format(report))),
  Effect.provide(Layer.provide(Live, NodeHttpClient.layerUndici)),
  Effect.catch(Teardown.explain),
  NodeRuntime.runMain({ teardown: Teardown.bySignal() })
)
// #endregion
