/** What the acceptance tests share: the bucket that is filled, the mapping into it, and a ledger that listens. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Ledger, type Outcome, type Report, Retry } from "@sluice/core"
import { Mixpeek, MixpeekObject, type MixpeekOptions } from "@sluice/sink-mixpeek"
import { Credentials, S3 } from "@sluice/source-s3"
import type { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import type { S3StandIn } from "@sluice/testkit/s3"
import { Clock, Duration, Effect, Layer, Option, Redacted } from "effect"
import { HttpClient } from "effect/http"

export const target = "bkt_files"

/** What the bucket declares: the properties and fields that the main job sends. */
export const schema: MixpeekStandIn.BucketSchema = {
  properties: {
    document: { type: "pdf" },
    image: { type: "image" },
    audio: { type: "audio" },
    video: { type: "video" },
    text: { type: "text" },
    table: { type: "excel" },
    source_key: { type: "string" },
    metadata: { type: "object" }
  }
}

/** What the main job maps to what. */
export const mainJob = {
  property: { pdf: "document", image: "image", audio: "audio", video: "video", text: "text", excel: "table" },
  types: { "application/json": "text" }
} as const

/** The mapping of the main job. */
export const toObject = MixpeekObject.fromFile(mainJob)

/** A rate that never holds anything back: what a test is about are the answers. */
export const unlimited = {
  data: { perMinute: 1_000_000, burst: 100_000 }
} satisfies MixpeekOptions.Options["rateLimits"]

/** A request that left although an answer read before had told to wait; epoch milliseconds. */
export interface Hasty {
  readonly leftAt: number
  readonly allowedAt: number
}

/**
 * Sees every request leave and every answer come. Nobody can obey what has not been read: what a server sees as early
 * may have been on its way, but what is told here was not.
 */
export const witness = (told: (hasty: Hasty) => void) =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.map(HttpClient.HttpClient, (client) => {
      let allowedAt = 0
      return HttpClient.transform(client, (send) =>
        Effect.gen(function* () {
          const leftAt = yield* Clock.currentTimeMillis
          if (leftAt < allowedAt) told({ leftAt, allowedAt })
          const answer = yield* send
          const wait = yield* Retry.retryAfter(answer.headers["retry-after"])
          if (Option.isSome(wait)) {
            allowedAt = Math.max(allowedAt, (yield* Clock.currentTimeMillis) + Duration.toMillis(wait.value))
          }
          return answer
        })
      )
    })
  ).pipe(Layer.provide(NodeHttpClient.layerUndici))

/** The clients of both stand-ins. */
export const clients = (s3: S3StandIn.S3StandIn, mixpeek: MixpeekStandIn.MixpeekStandIn) =>
  Layer.mergeAll(
    S3.layer({
      endpoint: s3.url,
      credentials: Credentials.Static({ accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey })
    }),
    Mixpeek.layer({
      url: mixpeek.url,
      apiKey: mixpeek.apiKey,
      namespace: mixpeek.namespace,
      rateLimits: unlimited
    })
  )

/** The environment by which the main job reaches both stand-ins. */
export const environment = (
  s3: { readonly url: string; readonly accessKeyId: string; readonly secretAccessKey: Redacted.Redacted },
  mixpeek: Pick<MixpeekStandIn.MixpeekStandIn, "url" | "apiKey" | "namespace">,
  bucket: string
): Record<string, string> => ({
  S3_ENDPOINT: s3.url,
  S3_ACCESS_KEY_ID: s3.accessKeyId,
  S3_SECRET_ACCESS_KEY: Redacted.value(s3.secretAccessKey),
  S3_BUCKET: bucket,
  MIXPEEK_URL: mixpeek.url,
  MIXPEEK_API_KEY: Redacted.value(mixpeek.apiKey),
  MIXPEEK_NAMESPACE: mixpeek.namespace,
  MIXPEEK_BUCKET: target
})

/** A ledger that knows nothing and hears every outcome, in the order of settlement. */
export const listeningLedger = (hear: (uri: string, outcome: Outcome.Outcome) => void) =>
  Ledger.layerListening(({ files }) => {
    for (const { file, outcome } of files) hear(file.uri, outcome)
  })

/** The sum that `discovered` must equal. */
export const sumOf = (report: Report.Report): number =>
  report.unchanged +
  report.filtered +
  report.created +
  report.updated +
  report.skipped +
  report.rejected +
  report.removed
