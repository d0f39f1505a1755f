/**
 * Requests to Mixpeek's REST API, at the rate the key is allowed, as data: which of them may be retried is decided by whoever makes
 * them.
 */
import { Observer, Retry, Sink } from "@sluice/core"
import { Clock, DateTime, Duration, Effect, Exit, flow, Option, Redacted, Result, Schema } from "effect"
import { Headers, HttpClient, HttpClientRequest, type HttpClientResponse } from "effect/http"
import * as Circuit from "../limits/Circuit.ts"
import * as ErrorBody from "./ErrorBody.ts"
import { keyId, Limits, type Scope } from "../limits/Limits.ts"
import * as MixpeekError from "./MixpeekError.ts"
import * as MixpeekOptions from "./MixpeekOptions.ts"
import * as RateHeaders from "../limits/RateHeaders.ts"
import * as Storage from "./Storage.ts"
import type * as Wire from "./Wire.ts"

/** An answer that could be read. */
export interface Answer<A> {
  readonly value: A
  /** When the request left, by the server's clock where that differs from ours by more than its `Date` can tell. */
  readonly sentAt: number
  readonly requestId: string | undefined
}

/** One request. */
export interface Call<A> extends MixpeekError.Request {
  readonly category: Wire.Category
  readonly request: HttpClientRequest.HttpClientRequest
  readonly decode: (json: string) => Effect.Effect<A, Schema.SchemaError>
  /** What a 404 means, where it is an answer like any other; `says` tells one of the API from one that knows no such path. */
  readonly absent?: { readonly value: A; readonly says?: (body: ErrorBody.ErrorBody) => boolean }
}

/** Reads the JSON of an answer. */
export const decoder = <A, E>(schema: Schema.Codec<A, E>) => Schema.decodeUnknownEffect(Schema.fromJsonString(schema))

/** The path of a bucket. */
export const bucketPath = (bucket: string): string => `/v1/buckets/${encodeURIComponent(bucket)}`

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

/** Requests that were not sent because nobody wants them any more. */
const unwanted = new WeakSet<Sink.SinkError>()

const decide = (error: Sink.SinkError): Retry.Decision =>
  unwanted.has(error)
    ? Retry.stop
    : error.reason._tag === "Throttled" || error.reason._tag === "Unavailable" || error.reason._tag === "Ambiguous"
      ? Retry.again(error.reason.retryAfter)
      : Retry.stop

/** Retries that are told to the observer. Time in which the other side was down, and was waited for, does not count. */
export const retrying =
  <E>(operation: string, policy: Retry.Policy, decide: (error: E) => Retry.Decision) =>
  <A, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(Observer.Observer, (observer) => {
      const traffic = { role: "sink", operation } as const
      let excused = 0
      return effect.pipe(
        Effect.provideService(Observer.Observer, {
          ...observer,
          unavailable: (of, outage) => {
            excused += outage.until - outage.waitedFrom
            observer.unavailable(of, outage)
          }
        }),
        Retry.retry(
          policy,
          decide,
          (_, delay) =>
            Effect.sync(() => {
              observer.retried(traffic)
              observer.waited(traffic, delay)
            }),
          () => excused
        )
      )
    })

/** Again where it was throttled, was not reached, or nobody heard what became of it. */
export const repeated = (operation: string, policy: Retry.Policy) => retrying(operation, policy, decide)

interface Received {
  readonly response: HttpClientResponse.HttpClientResponse
  readonly text: string
}

/** An API that is up answers a probe in less. */
const probeTimeout = Duration.seconds(30)

const ofProbe = (exit: Exit.Exit<Received, unknown>): Circuit.Health =>
  Exit.isSuccess(exit) && !MixpeekError.isDown(exit.value.response.status) ? "up" : "down"

/** For one key and namespace. */
export const make = Effect.fnUntraced(function* (unchecked: MixpeekOptions.Options) {
  const options = yield* MixpeekOptions.check(unchecked)
  const limits = yield* Limits
  const secret = Redacted.value(options.apiKey)
  const key = keyId(options.url, options.apiKey)
  const circuit = yield* Circuit.of(key)
  const bare = yield* HttpClient.HttpClient
  const storage = Storage.client(bare, yield* Effect.context<never>())
  const http = bare.pipe(
    HttpClient.mapRequest(
      flow(
        HttpClientRequest.prependUrl(options.url),
        HttpClientRequest.bearerToken(options.apiKey),
        HttpClientRequest.setHeader("x-namespace", options.namespace),
        HttpClientRequest.acceptJson
      )
    )
  )

  const scopeOf = (category: Wire.Category): Scope => ({
    keyId: key,
    category,
    atMost: options.rateLimits[category],
    maxInFlight: options.maxInFlight
  })

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
      const body = isSuccess ? undefined : ErrorBody.parse(text.replaceAll(secret, "<redacted>"))
      const isAbsent =
        response.status === 404 && body !== undefined && call.absent !== undefined && (call.absent.says?.(body) ?? true)
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

  const outcome = (call: MixpeekError.Request, reason: Sink.SinkErrorReason, message: string) =>
    new Sink.SinkError({ sink: call.sink, operation: call.operation, reason, message })

  const admit = (call: Pick<Call<unknown>, "sink" | "operation" | "creates">, scope: Scope) =>
    Effect.mapError(limits.admit(scope), (error) =>
      outcome(
        call,
        new Sink.Throttled({ retryAfter: error.opensIn }),
        `${call.operation} is not sent: ${error.message}`
      )
    )

  const send = (call: MixpeekError.Request, request: HttpClientRequest.HttpClientRequest) =>
    http.execute(request).pipe(
      Effect.flatMap((response) => Effect.map(response.text, (text) => ({ response, text }))),
      Effect.mapError((error) => MixpeekError.fromTransport(call, error)),
      Effect.timeoutOrElse({
        duration: options.timeout,
        orElse: () => Effect.fail(MixpeekError.fromTimeout(call, Duration.format(options.timeout)))
      })
    )

  const health = (exit: Exit.Exit<Received, Sink.SinkError>): Circuit.Health => {
    if (Exit.isSuccess(exit)) return MixpeekError.isDown(exit.value.response.status) ? "down" : "up"
    const error = Option.getOrUndefined(Exit.findErrorOption(exit))
    return error?.reason._tag === "Unavailable" || error?.reason._tag === "Ambiguous" ? "down" : "neither"
  }

  /** Asks for something that costs nothing, and at the rate that the key is allowed. */
  const probe: Effect.Effect<Circuit.Health> = Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const call = { sink: "mixpeek", operation: "probe", creates: false }
      const scope = scopeOf("metadata")
      yield* restore(admit(call, scope))
      const received = yield* restore(send(call, HttpClientRequest.get("/v1/organizations"))).pipe(
        Effect.onError(() => limits.unanswered(scope))
      )
      const { headers, status } = received.response
      yield* limits.answered(scope, status, RateHeaders.read(headers, yield* Clock.currentTimeMillis))
      return received
    })
  ).pipe(Effect.timeout(probeTimeout), Effect.exit, Effect.map(ofProbe))

  /** Waits while the API is down. */
  const whenUp = (call: MixpeekError.Request) =>
    Effect.flatMap(Observer.Observer, (observer) =>
      circuit.whenUp({
        probe,
        atMost: options.maxUnavailable,
        waited: (outage) => observer.unavailable({ role: "sink", operation: call.operation }, outage)
      })
    ).pipe(
      Effect.catchTags({
        StillDown: (error) =>
          Effect.fail(
            outcome(
              call,
              new Sink.Unusable(),
              `Mixpeek has not been available for ${Duration.format(error.for)}. Run again when it is: nothing is lost. Raise maxUnavailable (MIXPEEK_MAX_UNAVAILABLE) to wait longer`
            )
          ),
        Stopped: () =>
          Effect.suspend(() => {
            const error = outcome(
              call,
              new Sink.Throttled({}),
              `${call.operation} is not sent: Mixpeek is not available`
            )
            unwanted.add(error)
            return Effect.fail(error)
          })
      })
    )

  /** One request: waits for the API and for permission, sends, reads. */
  const exchange = <A>(call: Call<A>): Effect.Effect<Answer<A>, Sink.SinkError> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const observer = yield* Observer.Observer
        const traffic = { role: "sink", operation: call.operation } as const
        const scope = scopeOf(call.category)
        yield* restore(whenUp(call))
        const waited = yield* restore(admit(call, scope))
        if (Duration.toMillis(waited) > 0) observer.waited(traffic, waited)
        const sent = yield* Clock.currentTimeMillis
        const request = Effect.suspend(() => {
          observer.request(traffic)
          return send(call, call.request)
        })
        const received = yield* restore(circuit.watch(request, health)).pipe(
          Effect.onError(() => limits.unanswered(scope))
        )
        return yield* read(call, scope, sent, received.response, received.text)
      })
    ).pipe(Effect.catchTag("CircuitBreakerError", () => exchange(call)))

  const retried = <A>(call: Call<A>): Effect.Effect<Answer<A>, Sink.SinkError> =>
    exchange(call).pipe(repeated(call.operation, Retry.standard))

  return { storage, key, limits, exchange, retried, options }
})

/** What a client is made of. */
export type Requests = Effect.Success<ReturnType<typeof make>>
