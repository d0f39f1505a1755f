/**
 * How requests for listings and objects are sent: the way of the SDK, which knows every bucket, client and option.
 * `wire.ts` has a shorter one.
 */
import {
  GetObjectCommand,
  type GetObjectCommandInput,
  type GetObjectCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  type S3Client
} from "@aws-sdk/client-s3"
import * as NodeStream from "@effect/platform-node/NodeStream"
import { Body } from "@sluice/core"
import { Effect, Stream } from "effect"
import { Readable } from "node:stream"
import type { Stated } from "../Attributes.ts"
import { codeOf } from "../S3Error.ts"
import { fromSdk, type ObjectsPage } from "./listPage.ts"

/** What an SDK, a library or the system threw. Not an error of this package: `classify` makes one of it. */
export class Thrown {
  readonly _tag = "Thrown"
  readonly thrown: unknown
  constructor(thrown: unknown) {
    this.thrown = thrown
  }
}

/** An object's answer: what is said of it, and its bytes, which are read once. */
export interface ObjectAnswer extends Stated {
  readonly ContentLength?: number | undefined
  readonly ContentRange?: string | undefined
  readonly bytes: Stream.Stream<Uint8Array, Body.Broken>
  /** An unread body keeps its connection, and with all of them kept a client hangs. */
  readonly close: Effect.Effect<void>
}

export interface Transport {
  readonly listObjects: (input: ListObjectsV2CommandInput) => Effect.Effect<ObjectsPage, Thrown>
  /** Asks for the stored checksum, and does not verify it. */
  readonly getObject: (input: GetObjectCommandInput) => Effect.Effect<ObjectAnswer, Thrown>
}

/** What an SDK promises. */
export const promised = <A>(send: (signal: AbortSignal) => Promise<A>): Effect.Effect<A, Thrown> =>
  Effect.tryPromise({ try: (signal) => send(signal), catch: (thrown) => new Thrown(thrown) })

/** An answer that began in time and did not end: timeouts of requests end with the headers. */
const longestAnswer = "2 minutes"

/** An answer that is read to its end here. */
export const bounded = <A>(answer: Effect.Effect<A, Thrown>): Effect.Effect<A, Thrown> =>
  Effect.timeoutOrElse(answer, {
    duration: longestAnswer,
    orElse: () => Effect.fail(new Thrown({ name: "TimeoutError" }))
  })

/** A request by the SDK. */
export const sent = <A>(send: (signal: AbortSignal) => Promise<A>): Effect.Effect<A, Thrown> => bounded(promised(send))

export const bySdk = (client: S3Client): Transport => ({
  listObjects: (input) =>
    Effect.map(
      sent((abortSignal) => client.send(new ListObjectsV2Command(input), { abortSignal })),
      fromSdk
    ),
  getObject: (input) =>
    Effect.map(
      sent((abortSignal) => client.send(askForChecksum(new GetObjectCommand(input)), { abortSignal })),
      ({ Body: body, ...answer }) => ({
        ...answer,
        bytes: Body.watched(bytesOf(body)),
        close: Effect.sync(() => {
          if (body instanceof Readable) body.destroy()
        })
      })
    )
})

const bytesOf = (body: GetObjectCommandOutput["Body"]): Stream.Stream<Uint8Array, Body.Broken> => {
  const onError = (thrown: unknown) => new Body.Broken({ code: codeOf(thrown) })
  if (body === undefined) return Stream.empty
  if (body instanceof Readable)
    return NodeStream.fromReadable<Uint8Array, Body.Broken>({ evaluate: () => body, onError })
  return Stream.fromReadableStream({ evaluate: () => body.transformToWebStream(), onError })
}

/**
 * Asks for the stored checksum by header: with `ChecksumMode` the SDK would verify each answer by itself, and cannot
 * where the body is resumed by range.
 */
const askForChecksum = (command: GetObjectCommand): GetObjectCommand => {
  if (command.input.Range !== undefined) return command
  command.middlewareStack.add(
    (next) => (args) => {
      const { request } = args
      if (
        typeof request === "object" &&
        request !== null &&
        "headers" in request &&
        typeof request.headers === "object" &&
        request.headers !== null
      ) {
        Object.assign(request.headers, { "x-amz-checksum-mode": "ENABLED" })
      }
      return next(args)
    },
    { step: "build", name: "askForStoredChecksum" }
  )
  return command
}
