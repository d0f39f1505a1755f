/**
 * Files that `incremental.ts` could not bring over: shows why, takes them again with a mapping that has a place for all of
 * them, and gives up those that are empty.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { DeadLetters, Pipeline, Report, Teardown } from "@sluice/core"
import { SqliteLedger } from "@sluice/ledger-sql"
import { Mixpeek, MixpeekObject, MixpeekSink } from "@sluice/sink-mixpeek"
import { S3, S3Source } from "@sluice/source-s3"
import { Config, Console, DateTime, Effect, Layer, Stream } from "effect"

const program = Effect.gen(function* () {
  const mirror = Pipeline.make({
    name: "mirror",
    source: S3Source.make({ bucket: yield* Config.String("S3_BUCKET") }),
    map: MixpeekObject.fromFile({
      property: { pdf: "document", image: "image", text: "text" },
      otherwise: "text"
    }),
    sink: MixpeekSink.make({ bucket: yield* Config.String("MIXPEEK_BUCKET") })
  })

  const letters = yield* Stream.runCollect(DeadLetters.list(mirror.name))
  for (const { cause, file, lastAt, refusals } of letters) {
    yield* Console.log(`${file.path}: ${cause.message} (${cause.code}, ${refusals} ×, ${DateTime.formatIso(lastAt)})`)
  }

  const isEmpty = letters.flatMap(({ file }) => (file.size === 0 ? [file.id] : []))
  yield* Console.log(`${yield* DeadLetters.discard(mirror.name, isEmpty)} given up`)
  yield* Console.log(Report.format(yield* DeadLetters.replay(mirror)))
  const left = yield* Stream.runCount(DeadLetters.list(mirror.name))
  yield* Console.log(`${left} left`)
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
