/**
 * A plan of 600 requests a minute and bursts of 200, where 5 % of requests are throttled all the same and 2 % of files are refused.
 * Time is not this machine's: it passes only while nothing is on the wire, so that what is measured is how requests are spaced.
 */
import { Lineage, type Sink, type SourceFile } from "@sluice/core"
import { Mixpeek, MixpeekSink } from "@sluice/sink-mixpeek"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import * as QuietTime from "@sluice/testkit/quiet-time"
import { DateTime, Effect, Layer, Option, Stream } from "effect"
import { TestClock } from "effect/testing"
import { contender } from "../Contender.ts"

const plan = { requests: 600, burst: 200, algorithm: "token-bucket" } as const
const bucket = "bkt_files"

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
  const { layer, passing } = QuietTime.make()
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
  }).pipe(Layer.provide(layer))
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
