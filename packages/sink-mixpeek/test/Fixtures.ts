/**
 * What the tests of this package share: files, records, a bucket, the client on a stand-in.
 */
import { NodeHttpClient } from "@effect/platform-node"
import { Lineage, type Mapping, Observer, type Sink, type SourceFile, type Source } from "@sluice/core"
import {
  Mixpeek,
  MixpeekObject,
  type MixpeekOptions,
  type MixpeekRecord,
  type MixpeekSink,
  UploadDesk
} from "@sluice/sink-mixpeek"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { type Array as Arr, DateTime, Duration, Effect, Layer, Option, Redacted, Stream } from "effect"
import { TestClock } from "effect/testing"
import { tmpdir } from "node:os"

export const bucket = "bkt_files"

export const schema: MixpeekStandIn.BucketSchema = {
  properties: {
    content: { type: "text" },
    document: { type: "pdf" },
    data: { type: "object" },
    title: { type: "string" },
    year: { type: "integer" },
    source_key: { type: "string" },
    metadata: { type: "object" }
  }
}

export const file = (path: string, options?: Partial<SourceFile.SourceFile>): SourceFile.SourceFile => ({
  id: path,
  token: "v1",
  uri: `s3://files/${encodeURIComponent(path)}`,
  path,
  mimeType: "text/plain",
  modifiedAt: DateTime.makeUnsafe("2026-11-24T00:00:00Z"),
  attributes: {},
  ...options
})

/** The source key of the file at this path. */
export const keyOf = (path: string): string => Lineage.sourceKey(file(path).uri)

/** Links that name the file and how often they were minted. */
export const links = (
  url?: (file: SourceFile.SourceFile) => string
): Source.Link & { readonly minted: () => number } => {
  let minted = 0
  return {
    presigned: (file) =>
      Effect.sync(() => {
        minted++
        return Redacted.make(url?.(file) ?? `https://files.example/${file.id}?X-Amz-Signature=secret${minted}`)
      }),
    address: (file) => `s3://files/${file.path}`,
    minted: () => minted
  }
}

export const content = (bytes: string | Uint8Array, link?: Source.Link): Sink.Content => ({
  bytes: Stream.make(typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes),
  link: Option.fromUndefinedOr(link)
})

export const run = { runId: "run_1", pipeline: "files" }

export const record = (
  object: MixpeekObject.MixpeekObject,
  from: SourceFile.SourceFile,
  bytes: Sink.Content
): Sink.Record<MixpeekObject.MixpeekObject> => ({
  key: Lineage.sourceKey(from.uri),
  file: from,
  object,
  lineage: Lineage.make(from, run),
  content: bytes
})

export const textObject: MixpeekObject.MixpeekObject = { blobs: [{ property: "content", type: "text" }] }

/** Texts under `names`, prepared; fails the test where one is not going to be sent. */
export const prepareAll = Effect.fnUntraced(function* (
  sink: MixpeekSink.MixpeekSink,
  names: Arr.NonEmptyReadonlyArray<string>,
  object: (name: string) => MixpeekObject.MixpeekObject = () => textObject,
  link?: Source.Link,
  size?: number
) {
  const prepared: Array<MixpeekRecord.MixpeekRecord> = []
  for (const name of names) {
    const made = yield* sink.prepare(
      record(object(name), file(name, size === undefined ? {} : { size }), content(`content of ${name}`, link))
    )
    if (made._tag !== "Prepared") return yield* Effect.die(made)
    prepared.push(made)
  }
  // There are as many as there are names.
  return prepared as unknown as Arr.NonEmptyReadonlyArray<MixpeekRecord.MixpeekRecord>
})

/** The client on a stand-in. */
export const client = (
  server: MixpeekStandIn.MixpeekStandIn,
  options?: Partial<MixpeekOptions.Options>
): Layer.Layer<Mixpeek> =>
  Layer.orDie(
    Mixpeek.layer({
      url: server.url,
      apiKey: server.apiKey,
      namespace: server.namespace,
      rateLimits: { data: { perMinute: 60_000 }, metadata: { perMinute: 60_000 }, upload: { perMinute: 60_000 } },
      ...options
    })
  ).pipe(Layer.provide(NodeHttpClient.layerUndici))

/** A client that reaches nobody. */
export const unreachable: Layer.Layer<Mixpeek> = Layer.orDie(
  Mixpeek.layer({ url: "http://127.0.0.1:9", apiKey: Redacted.make("sk_none"), namespace: "ns_none" })
).pipe(Layer.provide(NodeHttpClient.layerUndici))

/** A desk for sinks that upload nothing. */
export const desk = UploadDesk.make({
  bucket,
  name: `mixpeek:${bucket}`,
  bytesInFlight: 1,
  maxFileBytes: undefined,
  folder: tmpdir()
})

/** A stand-in with one bucket. */
export const standIn = (options?: Partial<MixpeekStandIn.Options>) =>
  MixpeekStandIn.make({ buckets: [{ id: bucket, schema }], ...options })

export const tags = (answers: ReadonlyArray<Sink.Answer>): ReadonlyArray<string> =>
  answers.map((answer) => (answer._tag === "Retry" ? "Retry" : answer.outcome._tag))

export const mapping: Mapping.Mapping<MixpeekObject.MixpeekObject> = MixpeekObject.fromFile({
  property: { text: "content", pdf: "document" }
})

/** Of a pipeline that removes nothing. */
export const noNeeds: Sink.Needs = { removes: [] }

/** Runs an effect while the test's clock goes on by itself. */
export const elapsing = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.raceFirst(
    effect,
    Effect.forever(Effect.andThen(TestClock.adjust("100 millis"), TestClock.withLive(Effect.sleep("1 millis"))))
  )

/** Counts what connectors say of their traffic. */
export const listening = () => {
  const heard = { requests: 0, retries: 0, waitedMillis: 0 }
  const observer: Observer.Observer = {
    ...Observer.silent,
    request: () => heard.requests++,
    retried: () => heard.retries++,
    waited: (_, duration) => (heard.waitedMillis += Duration.toMillis(duration))
  }
  return { heard, layer: Layer.succeed(Observer.Observer, observer) }
}
