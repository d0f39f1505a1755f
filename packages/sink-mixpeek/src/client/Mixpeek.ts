/**
 * The client: requests of Mixpeek's REST API, at the rate the key is allowed. Which of them may be retried is
 * decided here (reads and deletions are), and by the engine (creating is not idempotent).
 */
import type { Sink } from "@sluice/core"
import { Context, Effect, Layer, Schema } from "effect"
import type { Config } from "effect"
import { type HttpClient, HttpClientRequest } from "effect/http"
import * as BatchRequests from "./BatchRequests.ts"
import type { ErrorBody } from "./ErrorBody.ts"
import { Limits } from "../limits/Limits.ts"
import type { Misconfigured } from "../Misconfigured.ts"
import * as MixpeekOptions from "./MixpeekOptions.ts"
import { type Answer, bucketPath, decoder, make as makeRequests } from "./Requests.ts"
import * as UploadRequests from "./UploadRequests.ts"
import * as UploadWire from "./UploadWire.ts"
import * as Wire from "./Wire.ts"

export type { Answer } from "./Requests.ts"

/** What `listObjects` is asked for. The generation of the API decides which of cursor and offset is understood. */
export interface ListOptions {
  readonly bucket: string
  readonly body: Wire.ListObjectsRequest
  /** 1 to 1,000. */
  readonly limit: number
  readonly cursor?: string | undefined
  /** 0 to 10,000. */
  readonly offset?: number | undefined
}

const decodeBatchResult = decoder(Wire.BatchResult)
const decodeList = decoder(Wire.ListObjectsResponse)
const decodeBucket = decoder(Wire.BucketResponse)
const decodeOrganization = decoder(Wire.OrganizationResponse)
const decodeJson = decoder(Schema.Json)

/** Of the API itself, and not of a router or a proxy that has no such path. */
const ofApi = { value: undefined, says: (body: ErrorBody) => body.shape === "envelope" } as const

/** What a file may have, by plan (the API's guide to limits). */
const planBytes: { readonly [account: string]: number | undefined } = { free: 100_000_000, pro: 5_000_000_000 }

const make = Effect.fnUntraced(function* (options: MixpeekOptions.Options) {
  const requests = yield* makeRequests(options)
  const { exchange, key, limits, retried } = requests
  let accountType: string | undefined

  return Mixpeek.of({
    createObjects: Effect.fn("Mixpeek.createObjects")((bucket, body, autoProcess = false) =>
      exchange({
        sink: `mixpeek:${bucket}`,
        operation: "createObjectsBatch",
        creates: true,
        category: "data",
        request: HttpClientRequest.post(`${bucketPath(bucket)}/objects/batch`).pipe(
          HttpClientRequest.setUrlParams(autoProcess ? { auto_process: true } : {}),
          HttpClientRequest.bodyText(body, "application/json")
        ),
        decode: decodeBatchResult
      })
    ),
    listObjects: Effect.fn("Mixpeek.listObjects")(({ body, bucket, cursor, limit, offset }) =>
      retried({
        sink: `mixpeek:${bucket}`,
        operation: "listObjects",
        creates: false,
        category: "data",
        request: HttpClientRequest.post(`${bucketPath(bucket)}/objects/list`).pipe(
          HttpClientRequest.setUrlParams({ limit, cursor, offset }),
          HttpClientRequest.bodyText(JSON.stringify(body), "application/json")
        ),
        decode: decodeList
      })
    ),
    deleteObject: Effect.fn("Mixpeek.deleteObject")((bucket, objectId) =>
      retried({
        sink: `mixpeek:${bucket}`,
        operation: "deleteObject",
        creates: false,
        category: "data",
        request: HttpClientRequest.delete(`${bucketPath(bucket)}/objects/${encodeURIComponent(objectId)}`),
        decode: () => Effect.succeed(true),
        absent: { value: false }
      })
    ),
    getObjectDocuments: Effect.fn("Mixpeek.getObjectDocuments")((bucket, objectId) =>
      retried<Schema.Json | undefined>({
        sink: `mixpeek:${bucket}`,
        operation: "getObjectDocuments",
        creates: false,
        category: "data",
        request: HttpClientRequest.get(`/v1/objects/${encodeURIComponent(objectId)}/documents`),
        decode: decodeJson,
        absent: ofApi
      })
    ),
    deleteDocuments: Effect.fn("Mixpeek.deleteDocuments")((bucket, collection, body) =>
      retried<Schema.Json | undefined>({
        sink: `mixpeek:${bucket}`,
        operation: "deleteDocuments",
        creates: false,
        category: "data",
        request: HttpClientRequest.delete(`/v1/collections/${encodeURIComponent(collection)}/documents/batch`).pipe(
          HttpClientRequest.bodyText(JSON.stringify(body), "application/json")
        ),
        decode: (text) => (text.trim() === "" ? Effect.succeed(null) : decodeJson(text)),
        absent: ofApi
      })
    ),
    getBucket: Effect.fn("Mixpeek.getBucket")((bucket) =>
      retried({
        sink: `mixpeek:${bucket}`,
        operation: "getBucket",
        creates: false,
        category: "metadata",
        request: HttpClientRequest.get(bucketPath(bucket)),
        decode: decodeBucket
      })
    ),
    uploads: UploadRequests.make(requests),
    batches: BatchRequests.make(requests),
    maxUploadBytes: Effect.sync(() => planBytes[accountType ?? ""] ?? UploadWire.maxPutBytes),
    getOrganization: Effect.gen(function* () {
      const answer = yield* retried({
        sink: "mixpeek",
        operation: "getOrganization",
        creates: false,
        category: "metadata",
        request: HttpClientRequest.get("/v1/organizations"),
        decode: decodeOrganization
      })
      accountType = answer.value.account_type
      if (accountType !== undefined) yield* limits.learnPlan(key, accountType)
      for (const category of Wire.Category.literals) {
        const perMinute = answer.value.rate_limits?.[category]
        if (perMinute !== undefined) yield* limits.learn(key, category, perMinute)
      }
      return answer
    }).pipe(Effect.withSpan("Mixpeek.getOrganization"))
  })
})

/**
 * Mixpeek's REST API for one key and namespace. Every request keeps to the rate limits of its key and category
 * (`Limits`), and is told to `Observer`.
 */
export class Mixpeek extends Context.Service<
  Mixpeek,
  {
    /**
     * `POST …/objects/batch`, once: `body` is a `CreateObjectsBatchRequest` as JSON, at most 100 objects. Not
     * idempotent: `Ambiguous` where the answer was lost.
     */
    readonly createObjects: (
      bucket: string,
      body: string,
      /** Mixpeek makes a batch of what it creates, and submits it: its answer does not say which. Default false. */
      autoProcess?: boolean
    ) => Effect.Effect<Answer<Wire.BatchResult>, Sink.SinkError>
    /** `POST …/objects/list`, retried while it is throttled or unavailable. One page. */
    readonly listObjects: (options: ListOptions) => Effect.Effect<Answer<Wire.ListObjectsResponse>, Sink.SinkError>
    /** `DELETE …/objects/{object}`, retried: whether it was there. */
    readonly deleteObject: (bucket: string, objectId: string) => Effect.Effect<Answer<boolean>, Sink.SinkError>
    /**
     * `GET /v1/objects/{object}/documents`, retried: JSON of a shape that is not described; `undefined` where there is no
     * such object, or nothing was made of it.
     */
    readonly getObjectDocuments: (
      bucket: string,
      objectId: string
    ) => Effect.Effect<Answer<Schema.Json | undefined>, Sink.SinkError>
    /**
     * `DELETE /v1/collections/{collection}/documents/batch`, retried: what the API says of them, by its description a
     * `Wire.DeleteDocumentsResponse`; `null` where it says nothing, `undefined` where some of them, or the collection, are
     * not there.
     */
    readonly deleteDocuments: (
      bucket: string,
      collection: string,
      body: Wire.DeleteDocumentsRequest
    ) => Effect.Effect<Answer<Schema.Json | undefined>, Sink.SinkError>
    /** `GET /v1/buckets/{bucket}`, retried. */
    readonly getBucket: (bucket: string) => Effect.Effect<Answer<Wire.BucketResponse>, Sink.SinkError>
    /** Content that is put somewhere before there is an object. */
    readonly uploads: UploadRequests.UploadRequests
    /** What is made of objects that are there. */
    readonly batches: BatchRequests.BatchRequests
    /** What a file may have to be uploaded, by the plan; the most that can be put at once where the plan is not known. */
    readonly maxUploadBytes: Effect.Effect<number>
    /** `GET /v1/organizations`, retried. The limits keep to what it says from then on. */
    readonly getOrganization: Effect.Effect<Answer<Wire.OrganizationResponse>, Sink.SinkError>
  }
>()("@sluice/sink-mixpeek/Mixpeek") {
  /** The client on your `HttpClient` (`NodeHttpClient.layerUndici`), with the limits of this process. */
  static readonly layer = (
    options: MixpeekOptions.Options
  ): Layer.Layer<Mixpeek, Misconfigured, HttpClient.HttpClient> =>
    Layer.provide(Mixpeek.layerSharing(options), Limits.layer)

  /** The client with limits that other processes keep to as well: `Limits.layerRedis`, or `Limits.layerShared`. */
  static readonly layerSharing = (
    options: MixpeekOptions.Options
  ): Layer.Layer<Mixpeek, Misconfigured, HttpClient.HttpClient | Limits> => Layer.effect(Mixpeek, make(options))

  /**
   * The same from the environment; `MixpeekOptions.config` lists the variables. Options given here win, where they are
   * not `undefined`.
   */
  static readonly layerConfig = (
    overrides: Partial<MixpeekOptions.Options> = {}
  ): Layer.Layer<Mixpeek, Misconfigured | Config.ConfigError, HttpClient.HttpClient> =>
    Layer.provide(Mixpeek.layerSharingConfig(overrides), Limits.layer)

  /** `layerSharing` from the environment. */
  static readonly layerSharingConfig = (
    overrides: Partial<MixpeekOptions.Options> = {}
  ): Layer.Layer<Mixpeek, Misconfigured | Config.ConfigError, HttpClient.HttpClient | Limits> =>
    Layer.effect(
      Mixpeek,
      Effect.flatMap(MixpeekOptions.config, (options) =>
        make({
          apiKey: overrides.apiKey ?? options.apiKey,
          namespace: overrides.namespace ?? options.namespace,
          url: overrides.url ?? options.url,
          timeout: overrides.timeout ?? options.timeout,
          allowPlainHttp: overrides.allowPlainHttp ?? options.allowPlainHttp,
          rateLimits: overrides.rateLimits ?? options.rateLimits,
          maxInFlight: overrides.maxInFlight ?? options.maxInFlight,
          maxUnavailable: overrides.maxUnavailable ?? options.maxUnavailable,
          uploadBytesPerSecond: overrides.uploadBytesPerSecond ?? options.uploadBytesPerSecond
        })
      )
    )
}
