/**
 * Files in Amazon S3, and in everything that speaks its protocol.
 *
 * ```ts
 * const source = S3Source.make({ bucket: "acme-photos", prefixes: ["2026/"] })
 * Pipeline.run({ source, ... }).pipe(Effect.provide(S3.layerConfig()))
 * ```
 *
 * A file's `id` is bucket and key, its `token` ETag and size (the version id where versions are listed), its `path` the
 * key. Nothing is asked for each file: what it is comes from the listing, and its media type from its extension.
 */
import { type Source, type SourceFile } from "@sluice/core"
import { Array as Arr, Config, DateTime, Duration, Effect, Option, Redacted, Stream } from "effect"
import * as Attributes from "./Attributes.ts"
import { stateOf, versionOf } from "./Entry.ts"
import { read } from "./Read.ts"
import { S3 } from "./S3.ts"
import { check } from "./S3Check.ts"
import { toSourceError } from "./S3Error.ts"
import { misconfigured } from "./S3Options.ts"
import { raw } from "./S3Uri.ts"
import { fromOptions, type Options, type Settings } from "./Settings.ts"
import { sweep } from "./Sweep.ts"

export type { Attribute, Options, Tier } from "./Settings.ts"

/** A signature of version 4 lives no longer: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html */
const longestLink = Duration.days(7)

/**
 * A source over one bucket. Options that cannot work are findings of `check`, and make everything else fail with
 * `Misconfigured`.
 */
export const make = (options: Options): Source.Source<S3> => {
  const settings = fromOptions(options)
  const refused = refusal(settings)
  const guard = <A, R>(effect: Effect.Effect<A, Source.SourceError, R>) =>
    refused === undefined ? effect : Effect.fail(refused)
  const guardStream = <A, R>(stream: Stream.Stream<A, Source.SourceError, R>) =>
    refused === undefined ? stream : Stream.fail(refused)
  const link: Source.Link<S3> = {
    isPublic: settings.publicRead,
    presigned: (file, expiresIn) =>
      Effect.map(guard(presigned(settings, [file], expiresIn)), (links) =>
        Redacted.make(Redacted.value(links)[0] ?? "")
      ),
    presignedAll: (files, expiresIn) => guard(presigned(settings, files, expiresIn)),
    address: (file) => raw(settings.bucket, file.path)
  }
  return {
    name: settings.name,
    ordered: settings.concurrency === 1 && !settings.directory,
    check: check(settings).pipe(Effect.withSpan("S3Source.check")),
    sweep: (asked) => guardStream(sweep(settings, asked)),
    follow: Option.none(),
    read: (file) => guardStream(read(settings, file)),
    stat: (file) => guard(stat(settings, file)),
    link: (file) => (isLinkable(settings, file) ? Option.some(link) : Option.none()),
    comparable: (file) => {
      const md5 = /^"([0-9a-f]{32})"$/.exec(stateOf(file).etag ?? "")?.[1]
      return md5 === undefined ? undefined : { md5, bytes: guardStream(read(settings, file, { comparesMd5: true })) }
    }
  }
}

/**
 * Whoever follows a link has no key of the customer's (SSE-C), and resolves the segments `.` and `..` of its path
 * (WHATWG URL, 4.4) before the store sees them: it would ask for another key, with a signature that does not fit.
 */
const isLinkable = (settings: Settings, file: SourceFile.SourceFile): boolean =>
  settings.customerKey().SSECustomerKey === undefined && !/(^|\/)\.\.?(\/|$)/.test(file.path)

const refusal = (settings: Settings): Source.SourceError | undefined =>
  settings.problems.length === 0
    ? undefined
    : misconfigured(
        settings.name,
        settings.problems.map(({ field, problem, remedy }) => `\`${field}\`: ${problem}. ${remedy}`).join("; ")
      )

const stat = Effect.fnUntraced(function* (settings: Settings, file: SourceFile.SourceFile) {
  return yield* Attributes.head(yield* S3, settings, file).pipe(
    Effect.asSome,
    Effect.catchIf(
      (error) => error.reason._tag === "Gone" || error.status === 405,
      () => Effect.succeedNone
    ),
    Effect.mapError(toSourceError(settings.name))
  )
})

const presigned = Effect.fnUntraced(function* (
  settings: Settings,
  files: Arr.NonEmptyReadonlyArray<SourceFile.SourceFile>,
  expiresIn: Duration.Duration
) {
  if (!Duration.isPositive(expiresIn) || Duration.isGreaterThan(expiresIn, longestLink)) {
    return yield* misconfigured(
      settings.name,
      `a link cannot live ${Duration.format(expiresIn)}: S3 allows up to 7 days; set a shorter lifetime`
    )
  }
  const s3 = yield* S3
  const inputs = Arr.map(files, (file) => {
    const VersionId = versionOf(file)
    const input = { Bucket: settings.bucket, Key: file.path, ...settings.payer }
    return VersionId === undefined ? input : { ...input, VersionId }
  })
  const links = yield* Effect.mapError(s3.presign(inputs, expiresIn), toSourceError(settings.name))
  return settings.publicRead ? Redacted.make(Redacted.value(links).map(unsigned)) : links
})

/** The address without what makes it a secret, and what makes it expire. */
const unsigned = (url: string): string => {
  const plain = new URL(url)
  const versionId = plain.searchParams.get("versionId")
  plain.search = versionId === null ? "" : new URLSearchParams({ versionId }).toString()
  return plain.href
}

const optional = <A>(config: Config.Config<A>) => Config.map(Config.option(config), Option.getOrUndefined)

/**
 * The options as the environment has them: `S3_BUCKET`; and, each optional, `S3_PREFIXES` (separated by commas),
 * `S3_VERSIONS` (`current`, `all`, or an instant such as `2026-11-24T00:00:00Z`), `S3_ARCHIVED` (`skip`, `fail`,
 * `restore`), `S3_REQUESTER_PAYS`, `S3_SSE_CUSTOMER_KEY`, `S3_LIST_CONCURRENCY`.
 */
export const config: Config.Config<Options> = Config.all({
  bucket: Config.NonEmptyString("S3_BUCKET"),
  prefixes: optional(Config.map(Config.NonEmptyString("S3_PREFIXES"), (text) => text.split(","))),
  versions: optional(
    Config.orElse(Config.Literals(["current", "all"], "S3_VERSIONS"), () =>
      Config.map(Config.Date("S3_VERSIONS"), (date) => ({ asOf: DateTime.fromDateUnsafe(date) }))
    )
  ),
  archived: optional(Config.Literals(["skip", "fail", "restore"], "S3_ARCHIVED")),
  requesterPays: optional(Config.Boolean("S3_REQUESTER_PAYS")),
  sseCustomerKey: optional(Config.Redacted("S3_SSE_CUSTOMER_KEY")),
  concurrency: optional(Config.Int("S3_LIST_CONCURRENCY"))
})
