/**
 * A plan of 600 requests a minute and bursts of 200, where 5 % of requests are throttled all the same and 2 % of files are refused.
 * Time is not this machine's: it passes only while nothing is on the wire, so that what is measured is how requests are spaced.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Lineage, type Sink, type SourceFile } from "@sluice/core"
import { Mixpeek, MixpeekSink } from "@sluice/sink-mixpeek"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { DateTime, Effect, Fiber, Layer, Option, Stream } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { contender } from "../Contender.ts"

const plan = { requests: 600, burst: 200, algorithm: "token-bucket" } as const
const bucket = "bkt_files"

/** Requests and answers so far. */
let moved = 0
const watched = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(HttpClient.HttpClient, (client) =>
    HttpClient.transform(client, (send) => {
      moved++
      return Effect.ensuring(
        send,
        Effect.sync(() => moved++)
      )
    })
  )
).pipe(Layer.provide(NodeHttpClient.layerUndici))

/** One turn of the event loop, in which sockets are read. */
const turn = Effect.callback<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})

const passing = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect)
    while (fiber.pollUnsafe() === undefined) {
      for (let quiet = 0, before = moved; quiet < 12; quiet++) {
        yield* turn
        if (moved !== before) quiet = 0
        before = moved
      }
      yield* TestClock.adjust("50 millis")
    }
    return yield* Fiber.join(fiber)
  })

const modifiedAt = DateTime.makeUnsafe("2026-01-01T00:00:00Z")

const recordOf = (n: number) => {
  const path = `archive/${n}.txt`
  const uri = `s3://files/${path}`
  const file: SourceFile.SourceFile = {
    id: path,
    token: "v1",
    uri,
    path,
    size: 7,
    mimeType: "text/plain",
    modifiedAt,
    attributes: {}
  }
  const content: Sink.Content = { bytes: Stream.make(new TextEncoder().encode("content")), link: Option.none() }
  return {
    key: Lineage.sourceKey(uri),
    file,
    object: { blobs: [{ property: "text", type: "text" }] } as const,
    lineage: Lineage.make(file, { pipeline: "limited", runId: "run" }),
    content
  }
}

const program = Effect.fnUntraced(function* (files: number) {
  yield* TestClock.setTime(Date.UTC(2026, 10, 25))
  const server = yield* MixpeekStandIn.make({
    buckets: [
      {
        id: bucket,
        schema: {
          properties: { text: { type: "text" }, source_key: { type: "string" }, metadata: { type: "object" } }
        },
        uniqueKey: { fields: ["source_key"], default_policy: "upsert" }
      }
    ],
    limits: { data: plan, upload: plan, metadata: plan, concurrent: 50 },
    faults: [{ kind: "throttle", fraction: 0.05, wait: "1 second" }],
    badObjects: 0.02,
    latency: "1 second",
    retain: "counts",
    validateEvery: 100,
    logged: 100_000
  })
  const mixpeek = Mixpeek.layer({
    url: server.url,
    apiKey: server.apiKey,
    namespace: server.namespace,
    maxInFlight: 50
  }).pipe(Layer.provide(watched))
  const run = Effect.gen(function* () {
    yield* Mixpeek.use(({ getOrganization }) => getOrganization)
    return yield* Stream.range(1, files).pipe(
      Stream.map(recordOf),
      MixpeekSink.dispatch({ bucket, concurrency: 50, uniqueKey: "upsert" }),
      Stream.runCount
    )
  }).pipe(Effect.provide(mixpeek))
  const settled = yield* passing(run)
  const all = (yield* server.requests).filter(({ operation }) => operation === "createObjectsBatch")
  const times = all.map(({ at }) => at)
  const seconds = (Math.max(...times) - Math.min(...times)) / 1000
  const full = all.slice(0, -1)
  return {
    units: settled,
    more: {
      // A bucket of 200 that fills with 10 a second gives so many.
      share: all.length / (plan.burst + (plan.requests / 60) * seconds),
      fill: full.reduce((sum, { records }) => sum + records, 0) / (full.length * 100),
      own429: all.filter(({ fault, status }) => status === 429 && fault === undefined).length
    }
  }
})

contender(({ size }) => program(size).pipe(Effect.provide(TestClock.layer()), Effect.scoped, Effect.runPromise))
