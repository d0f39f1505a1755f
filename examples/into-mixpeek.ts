/**
 * What the programs that fill a bucket share: what becomes of which file, the flags that name the bucket, and a run that
 * shows its progress, prints its report, and settles what was sent before it ends.
 */
import { Filter, Pipeline, ProgressLine, Report } from "@sluice/core"
import { Config, Console, Effect, Fiber, Option, Schema } from "effect"
import { Flag } from "effect/cli"

/** One property of the bucket for each type of content. */
export const contents = {
  property: { pdf: "document", image: "image", audio: "audio", video: "video", text: "text", excel: "table" },
  types: { "application/json": "text" }
} as const

export const flags = {
  include: Flag.String("include").pipe(Flag.optional, Flag.withDescription("Only files whose path matches this glob")),
  mixpeekBucket: Flag.String("mixpeek-bucket").pipe(
    Flag.withFallbackConfig(Config.String("MIXPEEK_BUCKET")),
    Flag.withDescription("Id of the bucket to fill")
  ),
  mixpeekUrl: Flag.String("mixpeek-url").pipe(Flag.optional, Flag.withDescription("Default https://api.mixpeek.com")),
  delivery: Flag.Literals("delivery", ["auto", "inline", "upload", "reference"]).pipe(
    Flag.withDefault("auto"),
    Flag.withDescription("How files get there: inline where they fit and else by upload, or one way for all")
  ),
  json: Flag.Boolean("json").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Print the report as one JSON object, and nothing else")
  )
}

export const including = (glob: Option.Option<string>): Filter.Filter =>
  Option.match(glob, { onNone: () => Filter.all, onSome: (glob) => Filter.make({ include: [glob] }) })

const encodeReport = Schema.encodeEffect(Schema.fromJsonString(Report.Report))

/** Runs a pipeline to its end, or until it is interrupted; prints the report in both cases, and of one that failed, too. */
export const run = <R>(pipeline: Pipeline.Pipeline<R>, { json }: { readonly json: boolean }) =>
  Effect.gen(function* () {
    const print = (report: Report.Report) =>
      json ? Effect.flatMap(encodeReport(report), Console.log) : Console.log(Report.format(report))
    const run = yield* Pipeline.start(pipeline)
    const line = yield* Effect.forkDetach(ProgressLine.follow(run))
    const finish = (report: Report.Report) => Effect.andThen(Fiber.await(line), print(report))
    yield* run.result.pipe(
      Effect.onInterrupt(() => Effect.ignore(Effect.flatMap(run.stop, finish))),
      Effect.tapError(({ report }) => (report === undefined ? Effect.void : finish(report))),
      Effect.flatMap(finish)
    )
  }).pipe(Effect.scoped)
