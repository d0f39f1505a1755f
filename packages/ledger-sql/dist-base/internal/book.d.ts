/**
 * The book of a pipeline, as statements.
 */
import { Ledger } from "@sluice/core";
import { Effect } from "effect";
import { SqlClient } from "effect/sql";
import type { Lease } from "./lease.ts";
export declare const make: (lease: Lease, runId: string) => Effect.Effect<Ledger.Book, never, SqlClient.SqlClient>;
//# sourceMappingURL=book.d.ts.map