/**
 * The ledger in a Postgres database, which many machines share.
 */
import { PgClient } from "@effect/sql-pg"
import type { Ledger } from "@sluice/core"
import { Layer, type Redacted } from "effect"
import { orUnreachable } from "./internal/failing.ts"
import * as Lease from "./internal/lease.ts"
import type { LedgerExport } from "./LedgerExport.ts"
import * as SqlLedger from "./SqlLedger.ts"

export interface Options extends SqlLedger.Options {
  /** `postgres://user:password@host:5432/database`. The user may create tables there, at least the first time. */
  readonly url: Redacted.Redacted
  /** Connections at a time, 10. */
  readonly connections?: number | undefined
}

/** Postgres 13 and later. Its tables begin with `sluice_`. */
export const layer = ({
  connections = 10,
  url,
  ...options
}: Options): Layer.Layer<Ledger.Ledger | LedgerExport, Ledger.LedgerError> =>
  Layer.provide(
    SqlLedger.layer(options),
    orUnreachable(PgClient.layer({ url, maxConnections: connections, applicationName: "sluice" }))
  ).pipe(Lease.onlyWith(options.lease))
