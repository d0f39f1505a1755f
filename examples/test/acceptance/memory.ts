/**
 * How much memory a run takes: `node --expose-gc memory.ts 1000000` moves so many files of an S3 (`memory.ts 100000 gdrive`:
 * of a Drive) that stands, as the Mixpeek does, in a process of its own, and prints one JSON object.
 *
 * With `--collect`, garbage is collected before each sample: what is left is what is held.
 */
import { NodeHttpClient, NodeRuntime } from "@effect/platform-node"
import { Ledger, Pipeline, type Source } from "@sluice/core"
import { type BlobDelivery, Mixpeek, MixpeekObject, MixpeekSink } from "@sluice/sink-mixpeek"
import * as Gdrive from "@sluice/source-gdrive"
import * as S3 from "@sluice/source-s3"
import { Clock, Console, Effect, Fiber, Layer, Redacted } from "effect"
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { mainJob, target, unlimited } from "./bench.ts"
import type { Addresses, Counts, Store } from "./servers.ts"

/** Megabytes (10⁶ bytes) of this process when so many files were settled. */
export interface Sample {
  readonly files: number
  readonly seconds: number
  readonly rss: number
  readonly heapUsed: number
  readonly heapTotal: number
  readonly external: number
}

/** What the script prints. */
export interface Figures {
  readonly files: number
  readonly seconds: number
  readonly filesPerSecond: number
  /** From the start of the run, its check included, to the first object at the sink. */
  readonly firstObjectSeconds: number
  /** RSS at the end less RSS at 10,000 files. */
  readonly growth: number
  /** Highest RSS of all samples less RSS at 10,000 files. */
  readonly peakGrowth: number
  /** Highest RSS of the second half of the samples less that of the first: what does not settle. */
  readonly drift: number
  readonly report: {
    readonly ended: string
    readonly created: number
    readonly batchFill: number
    readonly requests: number
  }
  readonly arrived: Counts
  readonly samples: ReadonlyArray<Sample>
}

const count = Number(process.argv[2] ?? 100_000)
const kind = process.argv.includes("gdrive") ? "gdrive" : "s3"
const collects = process.argv.includes("--collect")
const firstSample = 10_000

const megabytes = (bytes: number) => Math.round(bytes / 1e5) / 10

const peakOf = (samples: ReadonlyArray<Sample>) => Math.max(...samples.map(({ rss }) => rss))

const received = <A>(child: ChildProcess): Effect.Effect<A> =>
  // The other side is servers.ts, which sends these and nothing else.
  Effect.promise(async () => ((await once(child, "message")) as [A])[0])

const servers = Effect.acquireRelease(
  Effect.sync(() => fork(new URL("./servers.ts", import.meta.url), [String(count), kind])),
  (child) => Effect.sync(() => child.disconnect())
)

const take = (files: number, seconds: number): Sample => {
  if (collects) globalThis.gc?.()
  const { external, heapTotal, heapUsed, rss } = process.memoryUsage()
  return {
    files,
    seconds: Math.round(seconds * 10) / 10,
    rss: megabytes(rss),
    heapUsed: megabytes(heapUsed),
    heapTotal: megabytes(heapTotal),
    external: megabytes(external)
  }
}

const toObjectOfAny = MixpeekObject.fromFile({ ...mainJob, otherwise: "text" })

const pipelineOf = <R>(source: Source.Source<R>, method: BlobDelivery.Method) =>
  Pipeline.make({
    name: "memory",
    source,
    map: toObjectOfAny,
    // What is measured is memory, and no batch that leaves early where the machine is busy.
    sink: MixpeekSink.make({ bucket: target, delivery: { method }, batch: { maxWait: "1 minute" } })
  })

/** A run over everything that the store holds. */
const begin = Effect.fnUntraced(function* (store: Store) {
  if (store._tag === "s3") {
    const { accessKeyId, secretAccessKey, url } = store
    const credentials = S3.Credentials.Static({ accessKeyId, secretAccessKey: Redacted.make(secretAccessKey) })
    const client = yield* Layer.build(S3.S3.layer({ endpoint: url, credentials }))
    return yield* Effect.provide(Pipeline.start(pipelineOf(S3.S3Source.make({ bucket: "files" }), "reference")), client)
  }
  const { folder, key, tokenUrl, url } = store
  const client = yield* Layer.build(
    Gdrive.Drive.layer({
      endpoint: url,
      tokenEndpoint: tokenUrl,
      credentials: Gdrive.Credentials.ServiceAccount({ key: { json: Redacted.make(key) } }),
      queriesPerMinute: 10_000_000,
      burst: 1_000_000
    })
  )
  return yield* Effect.provide(
    Pipeline.start(pipelineOf(Gdrive.DriveSource.make({ from: { folders: [folder] } }), "inline")),
    client
  )
})

const measure = Effect.gen(function* () {
  const child = yield* servers
  const { mixpeek, store } = yield* received<Addresses>(child)
  const startedAt = yield* Clock.currentTimeMillis
  const others = Layer.mergeAll(
    Mixpeek.layer({ ...mixpeek, apiKey: Redacted.make(mixpeek.apiKey), rateLimits: unlimited }),
    Ledger.layerForgetful
  ).pipe(Layer.provide(NodeHttpClient.layerUndici))

  const samples: Array<Sample> = []
  const report = yield* Effect.gen(function* () {
    const run = yield* begin(store)
    const watch = yield* Effect.gen(function* () {
      let next = firstSample
      while (true) {
        const { discovered, seconds } = yield* run.snapshot
        if (discovered >= next) {
          samples.push(take(discovered, seconds))
          next += Math.max(firstSample, Math.floor(count / 25))
        }
        yield* Effect.sleep("20 millis")
      }
    }).pipe(Effect.forkChild)
    const report = yield* run.result
    yield* Fiber.interrupt(watch)
    samples.push(take(report.discovered, report.seconds))
    return report
  }).pipe(Effect.scoped, Effect.provide(others))

  child.send("counts")
  const arrived = yield* received<Counts>(child)
  const start = samples[0]?.rss ?? 0
  const half = Math.ceil(samples.length / 2)
  const figures: Figures = {
    files: count,
    seconds: report.seconds,
    filesPerSecond: Math.round(count / report.seconds),
    firstObjectSeconds: ((arrived.firstBatchAt ?? Number.NaN) - startedAt) / 1000,
    growth: megabytes(((samples.at(-1)?.rss ?? 0) - start) * 1e6),
    drift: megabytes((peakOf(samples.slice(half)) - peakOf(samples.slice(0, half))) * 1e6),
    peakGrowth: megabytes((peakOf(samples) - start) * 1e6),
    report: {
      ended: report.ended,
      created: report.created,
      batchFill: report.batchFill,
      requests: report.requests
    },
    arrived,
    samples
  }
  yield* Console.log(JSON.stringify(figures))
}).pipe(Effect.scoped)

if (import.meta.main) NodeRuntime.runMain(measure)
