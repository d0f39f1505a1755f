/**
 * Files in Google Drive.
 *
 * ```ts
 * const source = DriveSource.make({ from: { folders: ["1AbCdEf…"] } })
 * Pipeline.run({ source, ... }).pipe(Effect.provide(Drive.layerConfig()))
 * ```
 *
 * A file's `id` is Drive's own, so two files of one name are two files, and one that is renamed or moved stays itself. Its
 * `token` is its checksum; that of a native document, which has none, its version and the format it is exported in. What
 * changed is followed from the second run on.
 */
import type { Source } from "@sluice/core"
import { Config, Effect, Option, Schema, Stream } from "effect"
import type { Drive } from "./Drive.ts"
import { check } from "./DriveCheck.ts"
import { misconfigured } from "./DriveOptions.ts"
import { follow } from "./Follow.ts"
import { read } from "./Read.ts"
import { attributes, type From, fromOptions, type Options, type Settings } from "./Settings.ts"
import { stat } from "./Stat.ts"
import { sweep } from "./Sweep.ts"

export type { Attribute, From, Options } from "./Settings.ts"
export type { Exports } from "./Formats.ts"

/**
 * A source over a part of what an account sees. Options that cannot work are findings of `check`, and make everything else
 * fail with `Misconfigured`.
 */
export const make = (options: Options): Source.Source<Drive> => {
  const settings = fromOptions(options)
  const refused = refusal(settings)
  const guard = <A, E, R>(stream: Stream.Stream<A, E, R>) => (refused === undefined ? stream : Stream.fail(refused))
  return {
    name: settings.name,
    check: check(settings).pipe(Effect.withSpan("DriveSource.check")),
    sweep: (asked) => guard(sweep(settings, asked)),
    follow: Option.some((asked) => guard(follow(settings)(asked))),
    read: (file) => guard(read(settings, file)),
    stat: (file) => (refused === undefined ? stat(settings, file) : Effect.fail(refused)),
    // Nobody without an account gets at a file in Drive, and what is public has no address for its bytes.
    link: () => Option.none()
  }
}

const refusal = ({ name, problems }: Settings): Source.SourceError | undefined =>
  problems.length === 0
    ? undefined
    : misconfigured(
        name,
        problems.map(({ field, problem, remedy }) => `\`${field}\`: ${problem}. ${remedy}`).join("; ")
      )

const optional = <A>(config: Config.Config<A>) => Config.map(Config.option(config), Option.getOrUndefined)
const list = (name: string) =>
  Config.map(Config.NonEmptyString(name), (text) => text.split(",").map((one) => one.trim()))
const howToSay =
  "Set one of GDRIVE_FOLDERS, GDRIVE_SHARED_DRIVE, GDRIVE_FILES and GDRIVE_FROM (my-drive, shared-with-me or everything)"
const everywhere = Schema.Literals(["my-drive", "shared-with-me", "everything"]).annotate({ message: howToSay })

/** Names of variables: one of them, and not several. */
const decodeOne = Schema.decodeEffect(
  Schema.Array(Schema.String).check(
    Schema.makeFilter((names) => {
      if (names.length === 1) return undefined
      return names.length === 0 ? howToSay : `${names.join(" and ")} are set: only one may say where files are`
    })
  )
)
const from: Config.Config<From> = Config.all({
  GDRIVE_FOLDERS: optional(Config.map(list("GDRIVE_FOLDERS"), (folders): From => ({ folders }))),
  GDRIVE_SHARED_DRIVE: optional(
    Config.map(Config.NonEmptyString("GDRIVE_SHARED_DRIVE"), (sharedDrive): From => ({ sharedDrive }))
  ),
  GDRIVE_FILES: optional(Config.map(list("GDRIVE_FILES"), (files): From => ({ files }))),
  GDRIVE_FROM: optional(Config.schema(everywhere, "GDRIVE_FROM"))
}).pipe(
  Config.mapEffect((said) => {
    const set = Object.entries(said).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
    const values = set.map(([, value]) => value)
    return decodeOne(set.map(([name]) => name)).pipe(
      Effect.mapError((error) => new Config.ConfigError(error)),
      // There is one.
      Effect.map(() => values[0] as From)
    )
  })
)
const attributeNames = Config.Array(Schema.Trim.pipe(Schema.decodeTo(Schema.Literals(attributes))), "GDRIVE_ATTRIBUTES")

/** The options as the environment has them, but for where files are. */
export const settingsConfig: Config.Config<Omit<Options, "from">> = Config.all({
  shortcuts: optional(Config.Literals(["follow", "skip", "keep"], "GDRIVE_SHORTCUTS")),
  includeTrashed: optional(Config.Boolean("GDRIVE_INCLUDE_TRASHED")),
  ownedBy: optional(list("GDRIVE_OWNED_BY")),
  acknowledgeAbuse: optional(Config.Boolean("GDRIVE_ACKNOWLEDGE_ABUSE")),
  labels: optional(list("GDRIVE_LABELS")),
  attributes: optional(attributeNames),
  concurrency: optional(Config.Int("GDRIVE_LIST_CONCURRENCY"))
})

/**
 * The options as the environment has them: one of `GDRIVE_FOLDERS` (ids or addresses, separated by commas),
 * `GDRIVE_SHARED_DRIVE`, `GDRIVE_FILES` and `GDRIVE_FROM` (`my-drive`, `shared-with-me`, `everything`); and, each optional,
 * `GDRIVE_SHORTCUTS` (`follow`, `skip`, `keep`), `GDRIVE_INCLUDE_TRASHED`, `GDRIVE_OWNED_BY` (addresses, `me`),
 * `GDRIVE_ACKNOWLEDGE_ABUSE`, `GDRIVE_LABELS`, `GDRIVE_ATTRIBUTES`, `GDRIVE_LIST_CONCURRENCY`.
 */
export const config: Config.Config<Options> = Config.map(Config.all([from, settingsConfig]), ([from, settings]) => ({
  from,
  ...settings
}))
