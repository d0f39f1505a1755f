/**
 * Every file of a folder in Google Drive becomes an object with lineage. Configured by the environment (`GDRIVE_*` and
 * `MIXPEEK_*`, see docs/google-drive.md and docs/mixpeek.md); flags win. With `--every` it goes on: what changes in Drive
 * changes in the bucket. `npm start -- --source gdrive` runs it on stand-ins.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Ledger, Pipeline, Teardown } from "@sluice/core"
import { Fields, Mixpeek, MixpeekObject, MixpeekSink } from "@sluice/sink-mixpeek"
import { Drive, DriveSource } from "@sluice/source-gdrive"
import { Effect, Layer, Logger, Option, Schedule, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import * as IntoMixpeek from "./into-mixpeek.ts"

const flags = {
  folder: Flag.String("folder").pipe(
    Flag.atLeast(0),
    Flag.map((lists) => lists.flatMap((list) => list.split(",").map((one) => one.trim()))),
    Flag.withDescription("Folder to read, by its id or its address; several: again, or separated by commas")
  ),
  sharedDrive: Flag.String("shared-drive").pipe(Flag.optional, Flag.withDescription("A whole shared drive instead")),
  from: Flag.Literals("from", ["my-drive", "shared-with-me", "everything"]).pipe(
    Flag.optional,
    Flag.withDescription("What the account has, or sees, instead")
  ),
  every: Flag.String("every").pipe(
    Flag.withSchema(Schema.DurationFromString),
    Flag.optional,
    Flag.withDescription('Run again after so long ("5 minutes"), and take what changed')
  ),
  access: Flag.String("access").pipe(
    Flag.optional,
    Flag.withDescription("Field of the bucket, an object, for who may read a file; only editors are told")
  ),
  ...IntoMixpeek.flags
}

interface Chosen {
  readonly folder: ReadonlyArray<string>
  readonly sharedDrive: Option.Option<string>
  readonly from: Option.Option<"my-drive" | "shared-with-me" | "everything">
}

/** It is not clear what to read. */
class Unclear extends Schema.TaggedError<Unclear>()("Unclear", { message: Schema.String }) {}

/** What is read: what one of the flags says, else the environment. The other options are the environment's. */
const sourceOptions = Effect.fnUntraced(function* ({ folder, from, sharedDrive }: Chosen) {
  const chosen: ReadonlyArray<DriveSource.From> = [
    ...(folder.length === 0 ? [] : [{ folders: folder }]),
    ...Option.toArray(Option.map(sharedDrive, (sharedDrive) => ({ sharedDrive }))),
    ...Option.toArray(from)
  ]
  const [only] = chosen
  if (chosen.length > 1) return yield* new Unclear({ message: "give one of --folder, --shared-drive and --from" })
  if (only === undefined) {
    return yield* Effect.mapError(
      DriveSource.config,
      ({ message }) =>
        new Unclear({ message: `give --folder, --shared-drive or --from, or set the environment: ${message}` })
    )
  }
  return { ...(yield* DriveSource.settingsConfig), from: only }
})

/** Who may read a file, which a search has to respect: owners, writers and readers. */
const access = Fields.make(({ attributes }) => attributes["permissions"], {
  type: "object",
  attributes: ["permissions"]
})

/** Leaves the ledger to its caller: as long as that lives, a run takes only what changed since the last one. */
export const command = Command.make("drive-to-mixpeek", flags, (options) =>
  Effect.gen(function* () {
    // #region pipeline
    const source = DriveSource.make(yield* sourceOptions(options))
    const pipeline = Pipeline.make({
      name: source.name,
      source,
      filter: IntoMixpeek.including(options.include),
      map: MixpeekObject.fromFile({
        ...IntoMixpeek.contents,
        fields: Option.match(options.access, { onNone: () => ({}), onSome: (name) => ({ [name]: access }) })
      }),
      sink: MixpeekSink.make({
        bucket: options.mixpeekBucket,
        uniqueKey: "upsert",
        delivery: { method: options.delivery }
      }),
      deletes: "propagate"
    })
    // #endregion
    const run = IntoMixpeek.run(pipeline, options)
    yield* Option.match(options.every, {
      onNone: () => run,
      onSome: (pause) => Effect.repeat(run, Schedule.spaced(pause))
    })
  }).pipe(
    Effect.provide(
      Layer.mergeAll(
        Drive.layerConfig(),
        Mixpeek.layerConfig({ url: Option.getOrUndefined(options.mixpeekUrl) }).pipe(
          Layer.provide(NodeHttpClient.layerUndici)
        )
      )
    ),
    Effect.catch(Teardown.explain)
  )
)

if (import.meta.main) {
  command.pipe(
    Command.run({ version: "0.1.0" }),
    Effect.provide(Ledger.layerMemory),
    // Standard output is for the report alone.
    Effect.provideService(Logger.LogToStderr, true),
    Effect.provide(NodeServices.layer),
    NodeRuntime.runMain({ teardown: Teardown.bySignal() })
  )
}
