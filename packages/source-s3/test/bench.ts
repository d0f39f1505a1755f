/** What the tests share: a stand-in with a source pointed at it. */
import { type Change, type Source, type SourceFile } from "@sluice/core"
import { S3StandIn } from "@sluice/testkit/s3"
import { Duration, Effect, type Layer, Stream } from "effect"
import { Credentials, S3, type S3Options, S3Source } from "../src/index.ts"

/** Quick retries: the stand-in recovers at once. */
export const retry = {
  base: Duration.millis(1),
  cap: Duration.millis(5),
  maxAttempts: 5,
  maxElapsed: Duration.seconds(10)
}

/** How the stand-in is reached. */
export const reach = (s3: S3StandIn.S3StandIn, options: S3Options.Options = {}): S3Options.Options => ({
  endpoint: s3.url,
  credentials: Credentials.Static({ accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey }),
  retry,
  ...options
})

/** A stand-in, and a client of it as a layer. */
export const standIn = (options: S3Options.Options = {}, server: S3StandIn.Options = {}) =>
  Effect.map(S3StandIn.make(server), (s3) => ({ s3, live: S3.layer(reach(s3, options)) }))

export const everything: Source.SweepOptions = { resume: [], attributes: new Set(), pathPrefixes: [""] }

export const pages = (
  options: S3Source.Options,
  live: Layer.Layer<S3, Source.SourceError>,
  sweep: Partial<Source.SweepOptions> = {}
): Effect.Effect<ReadonlyArray<Change.Page>, Source.SourceError> =>
  S3Source.make(options)
    .sweep({ ...everything, ...sweep })
    .pipe(Stream.runCollect, Effect.provide(live))

export const changes = (
  options: S3Source.Options,
  live: Layer.Layer<S3, Source.SourceError>,
  sweep: Partial<Source.SweepOptions> = {}
) => Effect.map(pages(options, live, sweep), (pages) => pages.flatMap((page) => page.changes))

export const files = (
  options: S3Source.Options,
  live: Layer.Layer<S3, Source.SourceError>,
  sweep: Partial<Source.SweepOptions> = {}
): Effect.Effect<ReadonlyArray<SourceFile.SourceFile>, Source.SourceError> =>
  Effect.map(changes(options, live, sweep), (changes) =>
    changes.flatMap((change) => (change._tag === "Upsert" ? [change.file] : []))
  )

export const keys = (
  options: S3Source.Options,
  live: Layer.Layer<S3, Source.SourceError>,
  sweep: Partial<Source.SweepOptions> = {}
) => Effect.map(files(options, live, sweep), (files) => files.map((file) => file.path))

export const bytes = (source: Source.Source<S3>, file: SourceFile.SourceFile) =>
  Effect.map(Stream.runCollect(source.read(file)), (chunks) => Buffer.concat(chunks))

export const numbered = (i: number): string => `file-${String(i).padStart(7, "0")}.txt`
