/**
 * The ledger in a file of this machine.
 */
import type { Ledger } from "@sluice/core";
import { Layer } from "effect";
import type { LedgerExport } from "./LedgerExport.ts";
import * as SqlLedger from "./SqlLedger.ts";
export interface Options extends SqlLedger.Options {
    /** Made where it is not there, readable by its owner alone (mode 0600). On a disk of this machine: never on a network's. */
    readonly file: string;
}
/**
 * For one machine: any number of processes may have it open, one of them at a time runs a pipeline. What was settled
 * survives a loss of power.
 */
export declare const layer: ({ file, ...options }: Options) => Layer.Layer<Ledger.Ledger | LedgerExport, Ledger.LedgerError>;
//# sourceMappingURL=SqliteLedger.d.ts.map