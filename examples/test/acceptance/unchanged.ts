/**
 * What a run over unchanged files costs: `node unchanged.ts 100000` lists so many pretended keys of an S3, with nothing else and
 * in a pipeline whose ledger knows them all, alternating, and prints one JSON object. `--propagate`: the pipeline removes what is
 * gone, so that account is kept of what is named. `POSTGRES_URL` takes the ledger there; else it is a file.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { NodeRuntime } from "@effect/platform-node"
import { Ledger, Outcome, Pipeline, SourceFile } from "@sluice/core"
import { PostgresLedger, SqliteLedger } from "@sluice/ledger-sql"
import { Mixpeek, MixpeekSink } from "@sluice/sink-mixpeek"
import { Credentials, S3, S3Source } from "@sluice/source-s3"
import { Clock, Console, Context, Duration, Effect, Layer, Redacted, Stream } from "effect"
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { target, toObject, unlimited } from "./bench.ts"
import type { Addresses, Counts } from "./servers.ts"

const count = Number(process.argv[2] ?? 100_000)
const propagates = process.argv.includes("--propagate")
const postgres = process.env["POSTGRES_URL"]
const rounds = 3
const name = `unchanged ${process.pid}`

const received = <A>(child: ChildProcess): Effect.Effect<A> =>
  // The other side is servers.ts, which sends these and nothing else.
  Effect.promise(async () => ((await once(child, "message")) as [A])[0])

const seconds = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.timed(effect), ([duration, value]) => [Duration.toSeconds(duration), value] as const)

const median = (values: ReadonlyArray<number>) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
const rounded = (value: number) => Math.round(value * 1000) / 1000

/** The same ledger, with the time spent in it. */
const timed = (inner: Ledger.Ledger["Service"], spent: { millis: number }) => {
  const measured = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.gen(function* () {
      const begun = yield* Clock.currentTimeMillis
      const value = yield* effect
      spent.millis += (yield* Clock.currentTimeMillis) - begun
      return value
    })
  return Ledger.Ledger.of({
    ...inner,
    open: (run) =>
      Effect.map(inner.open(run), (book) => ({
        ...book,
        compare: (files) => measured(book.compare(files)),
        settle: (settlement) => measured(book.settle(settlement))
      }))
  })
}

const ledgerLayer = Layer.unwrap(
  postgres === undefined
    ? Effect.map(
        Effect.acquireRelease(
          Effect.sync(() => mkdtempSync(join(tmpdir(), "sluice-unchanged-"))),
          (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
        ),
        (folder) => SqliteLedger.layer({ file: join(folder, "ledger.sqlite") })
      )
    : Effect.succeed(PostgresLedger.layer({ url: Redacted.make(`${postgres}/sluice`) }))
)

const servers = Effect.gen(function* () {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => fork(new URL("./servers.ts", import.meta.url), [String(count)])),
    (forked) => Effect.sync(() => forked.disconnect())
  )
  const { mixpeek, store } = yield* received<Addresses>(child)
  if (store._tag !== "s3") return yield* Effect.die("servers.ts serves another store")
  const { accessKeyId, secretAccessKey, url } = store
  const credentials = Credentials.Static({ accessKeyId, secretAccessKey: Redacted.make(secretAccessKey) })
  const clients = Layer.mergeAll(
    S3.layer({ endpoint: url, credentials }),
    Mixpeek.layer({ ...mixpeek, apiKey: Redacted.make(mixpeek.apiKey), rateLimits: unlimited })
  ).pipe(Layer.provide(NodeHttpClient.layerUndici))
  return { child, clients }
})

const measure = Effect.fnUntraced(function* (child: ChildProcess) {
  const ledger = Context.get(yield* Layer.build(ledgerLayer), Ledger.Ledger)
  const source = S3Source.make({ bucket: "files" })
  const pages = source.sweep({ resume: [], attributes: new Set(), pathPrefixes: [""] })
  const upserts = (changes: ReadonlyArray<{ readonly _tag: string; readonly file?: SourceFile.SourceFile }>) =>
    changes.flatMap(({ file }) => (file === undefined ? [] : [file]))

  /** Some of them. */
  const files: Array<SourceFile.SourceFile> = []
  const filled = yield* seconds(
    Effect.scoped(
      Effect.gen(function* () {
        const book = yield* ledger.open({ pipeline: name, runId: `${name} fill` })
        yield* Stream.runForEach(pages, ({ changes }) => {
          const named = upserts(changes)
          if (files.length < 100_000) files.push(...named)
          return book.settle({
            ...Ledger.nothing,
            files: named.map((file) => ({ file, outcome: Outcome.Created.make({}), objectId: file.id }))
          })
        })
      })
    )
  )

  const spent = { millis: 0 }
  const pipeline = Pipeline.make({
    name,
    source,
    map: toObject,
    sink: MixpeekSink.make({ bucket: target }),
    deletes: propagates ? "propagate" : "ignore"
  })
  const run = Effect.provideService(Pipeline.run(pipeline), Ledger.Ledger, timed(ledger, spent))
  const listings: Array<number> = []
  const runs: Array<number> = []
  for (let round = 0; round < rounds; round++) {
    listings.push((yield* seconds(Stream.runDrain(pages)))[0])
    const [elapsed, report] = yield* seconds(run)
    runs.push(elapsed)
    if (report.unchanged !== count) return yield* Effect.die(`only ${report.unchanged} are unchanged`)
  }
  // Of each file that is known a digest is made, in the call of the ledger that compares it.
  const [digests] = yield* seconds(Effect.sync(() => files.map(SourceFile.facts)))
  child.send("counts")
  const { objects } = yield* received<Counts>(child)
  const listing = median(listings)
  yield* Console.log(
    JSON.stringify({
      files: count,
      ledger: postgres === undefined ? "sqlite" : "postgres",
      tracks: propagates,
      fillSeconds: rounded(filled[0]),
      listingSeconds: rounded(listing),
      runSeconds: rounded(median(runs)),
      /** Summed over calls that overlap, for one run. */
      ledgerSeconds: rounded(spent.millis / 1000 / rounds),
      /** Of these, for digests of the files as they are listed. */
      digestSeconds: rounded((digests * count) / Math.max(files.length, 1)),
      overListing: rounded(median(runs) / listing - 1),
      objectsCreated: objects
    })
  )
})

if (import.meta.main) {
  const main = Effect.gen(function* () {
    const { child, clients } = yield* servers
    yield* Effect.provide(measure(child), clients)
  })
  NodeRuntime.runMain(Effect.scoped(main))
}
