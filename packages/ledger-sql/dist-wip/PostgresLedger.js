/**
 * The ledger in a Postgres database, which many machines share.
 */
import { PgClient } from "@effect/sql-pg";
import { Layer } from "effect";
import { orUnreachable } from "./internal/failing.js";
import * as Lease from "./internal/lease.js";
import * as SqlLedger from "./SqlLedger.js";
/** Postgres 13 and later. Its tables begin with `sluice_`. */
export const layer = ({ connections = 10, url, ...options }) => Layer.provide(SqlLedger.layer(options), orUnreachable(PgClient.layer({ url, maxConnections: connections, applicationName: "sluice" }))).pipe(Lease.onlyWith(options.lease));
//# sourceMappingURL=PostgresLedger.js.map