/** A run over files that the ledger knows, all of them as they are. Option: `ledger`. */
import { Ledger, Outcome, Pipeline } from "@sluice/core"
import { PostgresLedger, SqliteLedger } from "@sluice/ledger-sql"
import { MixpeekObject, MixpeekSink } from "@sluice/sink-mixpeek"
import { S3Source } from "@sluice/source-s3"
import { Effect, Layer, Redacted, Stream } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { contender } from "../Contender.ts"
import { clients } from "../load/clients.ts"

contender(async ({ addresses, options, size }, begin) => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-benchmark-"))
  const name = `unchanged ${process.pid}`
  const url = `${process.env["POSTGRES_URL"]}/sluice`
  const ledger =
    options["ledger"] === "postgres"
      ? PostgresLedger.layer({ url: Redacted.make(url) })
      : SqliteLedger.layer({ file: join(folder, "ledger.sqlite") })
  const source = S3Source.make({ bucket: addresses.s3.bucket })
  const pipeline = Pipeline.make({
    name,
    source,
    map: MixpeekObject.fromFile({ property: "document" }),
    sink: MixpeekSink.make({ bucket: addresses.mixpeek.bucket, uniqueKey: "upsert" })
  })
  const remember = Effect.gen(function* () {
    const { open } = yield* Ledger.Ledger
    const book = yield* open({ pipeline: name, runId: "before" })
    yield* Stream.runForEach(source.sweep({ resume: [], attributes: new Set(), pathPrefixes: [""] }), ({ changes }) =>
      book.settle({
        ...Ledger.nothing,
        files: changes.flatMap((change) =>
          change._tag === "Upsert"
            ? [{ file: change.file, outcome: Outcome.Created.make({}), objectId: change.file.id }]
            : []
        )
      })
    )
  }).pipe(Effect.scoped)
  const report = await Effect.gen(function* () {
    yield* remember
    yield* Effect.sync(begin)
    return yield* Pipeline.run(pipeline)
  }).pipe(Effect.provide(Layer.mergeAll(clients(addresses), ledger)), Effect.runPromise)
  rmSync(folder, { recursive: true })
  if (report.unchanged !== size) throw new Error(`only ${report.unchanged} of ${size} files are unchanged`)
  return { units: report.unchanged, more: { created: report.created, requests: report.requests } }
})
