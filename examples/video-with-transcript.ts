/**
 * A video with its thumbnail and its transcript becomes one object with three blobs: `films/alien.mp4`, `films/alien.jpg` and
 * `films/alien.srt` belong together by the beginning of their names. When one of them changes, the object is made again.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Grouping, Pipeline, Report, Teardown } from "@sluice/core"
import { SqliteLedger } from "@sluice/ledger-sql"
import { Mixpeek, MixpeekObject, MixpeekSink } from "@sluice/sink-mixpeek"
import { S3, S3Source } from "@sluice/source-s3"
import { Config, Console, Effect, Layer } from "effect"

const program = Effect.gen(function* () {
  // Groups are complete when the listing has passed them, so it goes from end to end.
  const files = S3Source.make({ bucket: yield* Config.String("S3_BUCKET"), concurrency: 1 })
  const films = Pipeline.make({
    name: "films",
    source: Grouping.make(files, { by: Grouping.stem, main: ({ mimeType }) => mimeType.startsWith("video/") }),
    map: MixpeekObject.fromFile({
      property: { video: "video", image: "thumbnail", text: "transcript" },
      types: { "application/x-subrip": "text" },
      // Of a group, files of other types are left out; a video must be there.
      otherwise: "skip"
    }),
    // Transcripts and thumbnails go with the request, videos are uploaded.
    sink: MixpeekSink.make({ bucket: yield* Config.String("MIXPEEK_BUCKET"), delivery: { method: "auto" } })
  })
  yield* Console.log(Report.format(yield* Pipeline.run(films)))
})

const ledger = Config.String("LEDGER_FILE").pipe(
  Config.withDefault("films.sqlite"),
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
