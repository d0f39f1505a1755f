/**
 * The client: five requests of Mixpeek's REST API, at the rate the key is allowed. Which of them may be retried is
 * decided here (reads and deletions are), and by the engine (creating is not idempotent).
 */
import { Observer, Retry, Sink } from "@sluice/core"
import { Clock, Context, DateTime, Duration, Effect, flow, Layer, Redacted, Result, Schema } from "effect"
import type { Config } from "effect"
import { Headers, HttpClient, HttpClientRequest, type HttpClientResponse } from "effect/http"
import * as ErrorBody from "./ErrorBody.ts"
import { keyId, Limits, type Scope } from "./Limits.ts"
import type { Misconfigured } from "./Misconfigured.ts"
import * as MixpeekError from "./MixpeekError.ts"
import * as MixpeekOptions from "./MixpeekOptions.ts"
import * as RateHeaders from "./RateHeaders.ts"
import * as Wire from "./Wire.ts"

/** An answer that could be read. */
export interface Answer<A> {
  readonly value: A
  /** When the request left, by the server's clock where that differs from ours by more than its `Date` can tell. */
  readonly sentAt: number
  readonly requestId: string | undefined
}

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

interface Call<A> extends MixpeekError.Request {
  readonly category: Wire.Category
  readonly request: HttpClientRequest.HttpClientRequest
  readonly decode: (json: string) => Effect.Effect<A, Schema.SchemaError>
  /** What a 404 means, where it is an answer like any other. */
  readonly absent?: { readonly value: A }
}

const decoder = <A, E>(schema: Schema.Codec<A, E>) => Schema.decodeUnknownEffect(Schema.fromJsonString(schema))
const decodeBatchResult = decoder(Wire.BatchResult)
const decodeList = decoder(Wire.ListObjectsResponse)
const decodeBucket = decoder(Wire.BucketResponse)
const decodeOrganization = decoder(Wire.OrganizationResponse)

const requestIdOf = (headers: Headers.Headers): string | undefined =>
  headers["x-request-id"] ?? headers["request-id"] ?? headers["x-amzn-requestid"]

/** Differences below this are latency and the whole seconds of `Date`. */
const skewTolerance = 2000

const sentAtServer = (headers: Headers.Headers, sent: number, received: number): number => {
  const date = headers["date"]
  const parsed = date === undefined ? undefined : Result.getOrUndefined(Headers.parseHttpDate(date))
  if (parsed === undefined) return sent
  const server = DateTime.toEpochMillis(parsed)
  return Math.abs(server - received) <= skewTolerance ? sent : server - (received - sent)
}

const decide = (error: Sink.SinkError): Retry.Decision =>
  error.reason._tag === "Throttled" || error.reason._tag === "Unavailable"
    ? Retry.again(error.reason.retryAfter)
    : Retry.stop

const make = Effect.fnUntraced(function* (unchecked: MixpeekOptions.Options) {
  const options = yield* MixpeekOptions.check(unchecked)
  const limits = yield* Limits
  const secret = Redacted.value(options.apiKey)
  const key = keyId(options.url, options.apiKey)
  const http = (yield* HttpClient.HttpClient).pipe(
    HttpClient.mapRequest(
      flow(
        HttpClientRequest.prependUrl(options.url),
        HttpClientRequest.bearerToken(options.apiKey),
        HttpClientRequest.setHeader("x-namespace", options.namespace),
        HttpClientRequest.acceptJson
      )
    )
  )

  const read = <A>(
    call: Call<A>,
    scope: Scope,
    sent: number,
    response: HttpClientResponse.HttpClientResponse,
    text: string
  ) =>
    Effect.gen(function* () {
      const requestId = requestIdOf(response.headers)
      const received = yield* Clock.currentTimeMillis
      const isSuccess = response.status >= 200 && response.status < 300
      const isAbsent = response.status === 404 && call.absent !== undefined
      const body = isSuccess ? undefined : ErrorBody.parse(text.replaceAll(secret, "<redacted>"))
      const said = RateHeaders.read(response.headers, received, body?.details)
      const retryAfter = yield* limits.answered(scope, response.status, said)
      if (body !== undefined && !isAbsent) {
        return yield* MixpeekError.fromFailure(call, { status: response.status, body, retryAfter, requestId })
      }
      const value =
        isAbsent && call.absent !== undefined
          ? call.absent.value
          : yield* Effect.mapError(call.decode(text), () =>
              MixpeekError.fromUnreadable(call, ErrorBody.kindOf(text), requestId)
            )
      const answer: Answer<A> = { value, sentAt: sentAtServer(response.headers, sent, received), requestId }
      return answer
    })

  /** One request: waits for permission, sends, reads. */
  const exchange = <A>(call: Call<A>): Effect.Effect<Answer<A>, Sink.SinkError> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const observer = yield* Observer.Observer
        const traffic = { role: "sink", operation: call.operation } as const
        const scope: Scope = { keyId: key, category: call.category, atMost: options.rateLimits[call.category] }
        const waited = yield* restore(limits.admit(scope)).pipe(
          Effect.mapError(
            (error) =>
              new Sink.SinkError({
                sink: call.sink,
                operation: call.operation,
                reason: new Sink.Throttled({ retryAfter: error.opensIn }),
                message: `${call.operation} is not sent: ${error.message}`
              })
          )
        )
        if (Duration.toMillis(waited) > 0) observer.waited(traffic, waited)
        observer.request(traffic)
        const sent = yield* Clock.currentTimeMillis
        const received = yield* restore(
          http.execute(call.request).pipe(
            Effect.flatMap((response) => Effect.map(response.text, (text) => ({ response, text }))),
            Effect.mapError((error) => MixpeekError.fromTransport(call, error)),
            Effect.timeoutOrElse({
              duration: options.timeout,
              orElse: () => Effect.fail(MixpeekError.fromTimeout(call, Duration.format(options.timeout)))
            })
          )
        ).pipe(Effect.onError(() => limits.unanswered(scope)))
        return yield* read(call, scope, sent, received.response, received.text)
      })
    )

  const retried = <A>(call: Call<A>): Effect.Effect<Answer<A>, Sink.SinkError> =>
    Effect.flatMap(Observer.Observer, (observer) => {
      const traffic = { role: "sink", operation: call.operation } as const
      return exchange(call).pipe(
        Retry.retry(Retry.standard, decide, (_, delay) =>
          Effect.sync(() => {
            observer.retried(traffic)
            observer.waited(traffic, delay)
          })
        )
      )
    })

  const path = (bucket: string) => `/v1/buckets/${encodeURIComponent(bucket)}`

  return Mixpeek.of({
    createObjects: Effect.fn("Mixpeek.createObjects")((bucket, body) =>
      exchange({
        sink: `mixpeek:${bucket}`,
        operation: "createObjectsBatch",
        creates: true,
        category: "data",
        request: HttpClientRequest.post(`${path(bucket)}/objects/batch`).pipe(
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
        request: HttpClientRequest.post(`${path(bucket)}/objects/list`).pipe(
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
        request: HttpClientRequest.delete(`${path(bucket)}/objects/${encodeURIComponent(objectId)}`),
        decode: () => Effect.succeed(true),
        absent: { value: false }
      })
    ),
    getBucket: Effect.fn("Mixpeek.getBucket")((bucket) =>
      retried({
        sink: `mixpeek:${bucket}`,
        operation: "getBucket",
        creates: false,
        category: "metadata",
        request: HttpClientRequest.get(path(bucket)),
        decode: decodeBucket
      })
    ),
    getOrganization: Effect.gen(function* () {
      const answer = yield* retried({
        sink: "mixpeek",
        operation: "getOrganization",
        creates: false,
        category: "metadata",
        request: HttpClientRequest.get("/v1/organizations"),
        decode: decodeOrganization
      })
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
    readonly createObjects: (bucket: string, body: string) => Effect.Effect<Answer<Wire.BatchResult>, Sink.SinkError>
    /** `POST …/objects/list`, retried while it is throttled or unavailable. One page. */
    readonly listObjects: (options: ListOptions) => Effect.Effect<Answer<Wire.ListObjectsResponse>, Sink.SinkError>
    /** `DELETE …/objects/{object}`, retried: whether it was there. */
    readonly deleteObject: (bucket: string, objectId: string) => Effect.Effect<Answer<boolean>, Sink.SinkError>
    /** `GET /v1/buckets/{bucket}`, retried. */
    readonly getBucket: (bucket: string) => Effect.Effect<Answer<Wire.BucketResponse>, Sink.SinkError>
    /** `GET /v1/organizations`, retried. The limits keep to what it says from then on. */
    readonly getOrganization: Effect.Effect<Answer<Wire.OrganizationResponse>, Sink.SinkError>
  }
>()("@sluice/sink-mixpeek/Mixpeek") {
  /** The client on your `HttpClient` (`NodeHttpClient.layerUndici`), with the limits of this process. */
  static readonly layer = (
    options: MixpeekOptions.Options
  ): Layer.Layer<Mixpeek, Misconfigured, HttpClient.HttpClient> =>
    Layer.effect(Mixpeek, make(options)).pipe(Layer.provide(Limits.layer))

  /**
   * The same from the environment; `MixpeekOptions.config` lists the variables. Options given here win, where they are
   * not `undefined`.
   */
  static readonly layerConfig = (
    overrides: Partial<MixpeekOptions.Options> = {}
  ): Layer.Layer<Mixpeek, Misconfigured | Config.ConfigError, HttpClient.HttpClient> =>
    Layer.effect(
      Mixpeek,
      Effect.flatMap(MixpeekOptions.config, (options) =>
        make({
          apiKey: overrides.apiKey ?? options.apiKey,
          namespace: overrides.namespace ?? options.namespace,
          url: overrides.url ?? options.url,
          timeout: overrides.timeout ?? options.timeout,
          allowPlainHttp: overrides.allowPlainHttp ?? options.allowPlainHttp,
          rateLimits: overrides.rateLimits ?? options.rateLimits
        })
      )
    ).pipe(Layer.provide(Limits.layer))
}
