/**
 * The same job without a pipeline: the streams of a source and a sink, composed by hand. No ledger, no report; every
 * file comes out with its outcome, and what happens then is yours.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Dispatch, Filter, Teardown } from "@sluice/core"
import { Mixpeek, MixpeekObject, MixpeekSink } from "@sluice/sink-mixpeek"
import { S3, S3Source } from "@sluice/source-s3"
import { Config, Console, Effect, Layer, Stream } from "effect"

const program = Effect.gen(function* () {
  const source = S3Source.make({ bucket: yield* Config.String("S3_BUCKET") })
  const filter = Filter.make({ extensions: ["txt", "md"], maxBytes: 1_000_000 })
  const toObject = MixpeekObject.fromFile({ property: "text" })
  const recordOf = yield* Dispatch.recordsOf(source, { pipeline: "by-hand", runId: new Date().toISOString() })
  const intoBucket = MixpeekSink.dispatch({
    bucket: yield* Config.String("MIXPEEK_BUCKET"),
    delivery: { method: "inline" }
  })

  const records = source
    .sweep({ resume: [], attributes: toObject.attributes, pathPrefixes: Filter.pathPrefixes(filter) })
    .pipe(
      Stream.map((page) => page.changes.flatMap((change) => (change._tag === "Upsert" ? [change.file] : []))),
      Stream.flattenIterable,
      Stream.filter((file) => Filter.matches(filter, file)),
      Stream.mapEffect((file) => Effect.map(toObject.map(file), (object) => recordOf(file, object)))
    )

  yield* intoBucket(records).pipe(
    Stream.runForEach(({ outcome, record }) => Console.log(`${outcome._tag.padEnd(10)} ${record.file.path}`))
  )
})

const Live = Layer.mergeAll(S3.layerConfig(), Mixpeek.layerConfig()).pipe(Layer.provide(NodeHttpClient.layerUndici))

program.pipe(
  Effect.provide(Live),
  Effect.catch(Teardown.explain),
  NodeRuntime.runMain({ teardown: Teardown.bySignal() })
)
