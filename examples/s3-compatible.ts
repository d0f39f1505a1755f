/**
 * A server that speaks S3's protocol, at an address of its own, with a bucket that is open to everybody: no credentials,
 * two prefixes, and only what is small and recent enough.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Filter, Ledger, Pipeline, Report, Teardown } from "@sluice/core"
import { Mixpeek, MixpeekObject, MixpeekSink } from "@sluice/sink-mixpeek"
import { Credentials, S3, S3Source } from "@sluice/source-s3"
import { Config, Console, DateTime, Effect, Layer } from "effect"

const program = Effect.gen(function* () {
  const report = yield* Pipeline.run(
    Pipeline.make({
      name: "open-data",
      source: S3Source.make({ bucket: "open-data", prefixes: ["images/", "scans/"] }),
      filter: Filter.make({
        rules: ["- **/thumbnails/**", "+ **/*.png", "+ **/*.jpg", "- **"],
        maxBytes: 20_000_000,
        modifiedAfter: DateTime.makeUnsafe("2020-01-01T00:00:00Z")
      }),
      map: MixpeekObject.fromFile({ property: { image: "image" } }),
      sink: MixpeekSink.make({ bucket: yield* Config.String("MIXPEEK_BUCKET") })
    })
  )
  yield* Console.log(Report.format(report))
})

const server = Config.String("S3_ENDPOINT").pipe(
  Effect.map((endpoint) =>
    // Path style (`endpoint/bucket/key`) goes without saying where there is an endpoint.
    S3.layer({ endpoint, region: "us-east-1", credentials: Credentials.Anonymous() })
  ),
  Layer.unwrap
)

const Live = Layer.mergeAll(server, Mixpeek.layerConfig(), Ledger.layerForgetful).pipe(
  Layer.provide(NodeHttpClient.layerUndici)
)

program.pipe(
  Effect.provide(Live),
  Effect.catch(Teardown.explain),
  NodeRuntime.runMain({ teardown: Teardown.bySignal() })
)
