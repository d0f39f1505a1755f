/**
 * Files of Drive, which nobody without an account can fetch, streamed through this machine into Mixpeek's storage: whatever their
 * size, in little memory, hashed in passing.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Ledger, Pipeline, Report, Teardown } from "@sluice/core"
import { Mixpeek, MixpeekObject, MixpeekSink } from "@sluice/sink-mixpeek"
import { Drive, DriveSource } from "@sluice/source-gdrive"
import { Config, Console, Effect, Layer } from "effect"

const program = Effect.gen(function* () {
  const source = DriveSource.make(yield* DriveSource.config)
  const sink = MixpeekSink.make({
    bucket: yield* Config.String("MIXPEEK_BUCKET"),
    delivery: {
      method: "upload",
      // No more than 32 MiB are on their way at a time, and nothing above 2 GB is begun.
      uploads: { bytesInFlight: 32 * 1024 ** 2, maxFileBytes: 2_000_000_000 }
    }
  })
  const pipeline = Pipeline.make({
    name: "drive-bytes",
    source,
    map: MixpeekObject.fromFile({
      property: { pdf: "document", image: "image", audio: "audio", video: "video", text: "text", excel: "table" },
      otherwise: "skip"
    }),
    sink
  })
  for (const { message, subject } of yield* pipeline.check) {
    if (subject === "delivery") yield* Console.log(`delivery: ${message}`)
  }
  yield* Console.log(Report.format(yield* Pipeline.run(pipeline)))
})

const Live = Layer.mergeAll(Drive.layerConfig(), Mixpeek.layerConfig(), Ledger.layerMemory).pipe(
  Layer.provide(NodeHttpClient.layerUndici)
)

program.pipe(
  Effect.provide(Live),
  Effect.catch(Teardown.explain),
  NodeRuntime.runMain({ teardown: Teardown.bySignal() })
)
