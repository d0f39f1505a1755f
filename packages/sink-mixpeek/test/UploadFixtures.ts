/**
 * What the tests of uploads share: a desk and the client on a stand-in, and what is heard of it.
 */
import { Lineage, Observer, Source, type SourceFile } from "@sluice/core"
import { type MixpeekOptions, UploadDesk } from "@sluice/sink-mixpeek"
import type { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Effect, Layer, Stream } from "effect"
import { tmpdir } from "node:os"
import * as Upload from "../src/delivery/Upload.ts"
import * as Fixtures from "./Fixtures.ts"

/** A desk of a sink for the bucket. */
export const makeDesk = (options?: Partial<UploadDesk.Settings>): UploadDesk.UploadDesk =>
  UploadDesk.make({
    bucket: Fixtures.bucket,
    name: `mixpeek:${Fixtures.bucket}`,
    bytesInFlight: 64 * 1024 ** 2,
    maxFileBytes: undefined,
    folder: tmpdir(),
    ...options
  })

const encoder = new TextEncoder()

/** A text as it is read: in one piece. */
export const bytesOf = (text: string): Stream.Stream<Uint8Array> => Stream.make(encoder.encode(text))

/** What an upload wants of a file of this name; its size is that of the text, which is its content. */
export const contentOf = (
  path: string,
  text: string,
  options: Partial<SourceFile.SourceFile> & { readonly bytes?: Upload.Content["bytes"] } = {}
): Upload.Content => {
  const { bytes = bytesOf(text), ...file } = options
  const made = Fixtures.file(path, { size: encoder.encode(text).length, ...file })
  const key = Lineage.sourceKey(made.uri)
  return { file: made, bytes, property: "content", key, token: made.token, run: Fixtures.run }
}

/** The same without a size. */
export const unsized = (content: Upload.Content): Upload.Content => ({
  ...content,
  file: Fixtures.file(content.file.path)
})

/** What a source says of a file that cannot be read. */
export const sourceError = (reason: Source.SourceErrorReason): Source.SourceError =>
  new Source.SourceError({ source: "s3://files", operation: "read", reason, message: `it is ${reason._tag}` })

/** Counts what is told of uploads, and lists the events and the outages. */
export const listening = () => {
  const events: Array<string> = []
  const outages: Array<Observer.Outage> = []
  const { heard, layer } = Fixtures.listening()
  const observer = Layer.effect(
    Observer.Observer,
    Effect.map(Observer.Observer, (outer) => ({
      ...outer,
      upload: (event) => events.push(event._tag === "Completed" ? `Completed ${event.bytes}` : event._tag),
      unavailable: (_, outage) => outages.push(outage)
    }))
  ).pipe(Layer.provide(layer))
  return { heard, events, outages, layer: observer }
}

/** A stand-in, a desk, and a way to upload; what is told is in `events`. */
export const begin = Effect.fnUntraced(function* (
  options: {
    readonly server?: Partial<MixpeekStandIn.Options>
    readonly desk?: Partial<UploadDesk.Settings>
    readonly client?: Partial<MixpeekOptions.Options>
  } = {}
) {
  const server = yield* Fixtures.standIn(options.server)
  const desk = makeDesk(options.desk)
  const { events, heard, layer, outages } = listening()
  const context = yield* Layer.build(Layer.mergeAll(Fixtures.client(server, options.client), layer))
  const run = <A, E, R>(effect: Effect.Effect<A, E, R>) => Fixtures.elapsing(Effect.provideContext(effect, context))
  return {
    server,
    desk,
    events,
    heard,
    outages,
    run,
    upload: (content: Upload.Content) => run(Upload.upload(desk, content)),
    /** Of all uploads there are: what is there of them. */
    uploads: server.uploads(Fixtures.bucket),
    requests: (operation: string) =>
      Effect.map(server.requests, (all) => all.filter((request) => request.operation === operation))
  }
})

/** How an upload ended, in a word: `Staged`, an outcome, or the code of a rejection. */
export const told = (result: Effect.Success<ReturnType<typeof Upload.upload>>): string => {
  if ("uploadId" in result) return "Staged"
  return result._tag === "Rejected" ? result.cause.code : result._tag
}
