import { Layer } from "effect";
import { orUnreachable } from "./internal/failing.js";
import * as Lease from "./internal/lease.js";
import * as Sqlite from "./internal/nodeSqlite.js";
import * as SqlLedger from "./SqlLedger.js";
/**
 * For one machine: any number of processes may have it open, one of them at a time runs a pipeline. What was settled
 * survives a loss of power.
 */
export const layer = ({ file, ...options }) => Layer.provide(SqlLedger.layer(options), orUnreachable(Sqlite.layer(file))).pipe(Lease.onlyWith(options.lease));
//# sourceMappingURL=SqliteLedger.js.map