/**
 * Fields from where they are: the path, the file's name, S3 tags and metadata, a look-up of your own. Files without an
 * owner are rejected with a reason, drafts are left alone.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Ledger, Mapping, Pipeline, Report, type SourceFile, Teardown } from "@sluice/core"
import { Fields, Mixpeek, MixpeekObject, MixpeekSink } from "@sluice/sink-mixpeek"
import { S3, S3Source } from "@sluice/source-s3"
import { Config, Console, Context, Effect, Layer } from "effect"

/** Knows who looks after which department: a database in real life. */
class Owners extends Context.Service<
  Owners,
  { readonly of: (department: string) => Effect.Effect<string | undefined> }
>()("@sluice/examples/Owners") {
  static readonly layer = Layer.succeed(
    Owners,
    Owners.of({ of: (department) => Effect.succeed({ legal: "Ada", sales: "Grace" }[department]) })
  )
}

/** `reports/<department>/<year>-<month>-<day> <title>.pdf` */
const declared = MixpeekObject.fromFile({
  property: { pdf: "document" },
  otherwise: "skip",
  fields: {
    department: Fields.folder(1).pipe(Fields.lowercase, Fields.required),
    published: Fields.fileNameMatch(/^(\d{4}-\d{2}-\d{2}) /).pipe(Fields.date),
    language: Fields.tag("language").pipe(Fields.orElse("en")),
    reviewer: Fields.metadata("reviewed-by").pipe(Fields.trim),
    kind: Fields.constant("report")
  }
})

const refuse = (file: SourceFile.SourceFile, disposition: "skip" | "reject", message: string) =>
  Effect.fail(new Mapping.MappingError({ subject: file.path, message, disposition }))

/** On top of the fields above, an effect of your own. */
const withOwner = Mapping.make(
  Effect.fnUntraced(function* (file: SourceFile.SourceFile) {
    if (file.path.includes("draft")) return yield* refuse(file, "skip", "a draft")
    const object = yield* declared.map(file)
    const owner = yield* Owners.use((owners) => owners.of(String(object.fields?.["department"])))
    if (owner === undefined) return yield* refuse(file, "reject", "nobody owns this department: add it to the owners")
    return { ...object, fields: { ...object.fields, owner } }
  }),
  { attributes: [...declared.attributes] }
)

const program = Effect.gen(function* () {
  const fields = [...declared.shape.fields, { name: "owner", type: "string" as const, required: true }]
  const report = yield* Pipeline.run(
    Pipeline.make({
      name: "reports",
      source: S3Source.make({ bucket: yield* Config.String("S3_BUCKET"), prefixes: ["reports/"] }),
      map: MixpeekObject.declare(withOwner, { ...declared.shape, fields }),
      sink: MixpeekSink.make({ bucket: yield* Config.String("MIXPEEK_BUCKET") })
    })
  )
  yield* Console.log(Report.format(report))
})

const Live = Layer.mergeAll(S3.layerConfig(), Mixpeek.layerConfig(), Ledger.layerForgetful, Owners.layer).pipe(
  Layer.provide(NodeHttpClient.layerUndici)
)

program.pipe(
  Effect.provide(Live),
  Effect.catch(Teardown.explain),
  NodeRuntime.runMain({ teardown: Teardown.bySignal() })
)
