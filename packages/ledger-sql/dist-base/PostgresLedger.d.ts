import type { Ledger } from "@sluice/core";
import { Layer, type Redacted } from "effect";
import type { LedgerExport } from "./LedgerExport.ts";
import * as SqlLedger from "./SqlLedger.ts";
export interface Options extends SqlLedger.Options {
    /** `postgres://user:password@host:5432/database`. The user may create tables there, at least the first time. */
    readonly url: Redacted.Redacted;
    /** Connections at a time, 10. */
    readonly connections?: number | undefined;
}
/** Postgres 13 and later. Its tables begin with `sluice_`. */
export declare const layer: ({ connections, url, ...options }: Options) => Layer.Layer<Ledger.Ledger | LedgerExport, Ledger.LedgerError>;
//# sourceMappingURL=PostgresLedger.d.ts.map