/**
 * A process that works on a pipeline until it is killed: settles one file after the other, and says each when it is settled.
 * Ends with 3 where another one is at work. `LEDGER`: a file, or the URL of a Postgres database; `LEASE`: milliseconds.
 */
import { Ledger } from "@sluice/core"
import { Config, Effect, Layer, Redacted } from "effect"
import { PostgresLedger, SqliteLedger } from "../src/index.ts"
import { created, intent, settle } from "./ledger.ts"

const layer = Layer.unwrap(
  Effect.gen(function* () {
    const where = yield* Config.String("LEDGER")
    const lease = yield* Config.Int("LEASE")
    return where.startsWith("postgres://")
      ? PostgresLedger.layer({ url: Redacted.make(where), lease, connections: 2 })
      : SqliteLedger.layer({ file: where, lease })
  })
)

const work = Effect.gen(function* () {
  const ledger = yield* Ledger.Ledger
  const book = yield* ledger.open({ pipeline: "photos", runId: `run of ${process.pid}` })
  for (let n = 0; ; n++) {
    const id = `${process.pid}-${n}`
    yield* book.hold
    yield* book.intend([intent(id)])
    yield* settle(book, { files: created(id) })
    process.stdout.write(`${id}\n`)
  }
})

const exit = await Effect.runPromiseExit(Effect.scoped(Effect.provide(work, layer)))
process.stderr.write(`${String(exit)}\n`)
process.exitCode = String(exit).includes("is at work") ? 3 : 1
