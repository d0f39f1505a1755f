import { Effect, Redacted } from "effect"
import { PostgresLedger } from "../src/index.ts"
import { database } from "./postgres.ts"
import { processes } from "./twoProcesses.ts"

processes("Processes with one Postgres database", Effect.map(database, Redacted.value), (url, lease) =>
  PostgresLedger.layer({ url: Redacted.make(url), lease })
)
