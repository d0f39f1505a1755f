/**
 * One run at a time writes for a pipeline: a lease that is renewed while the run lives, and a number that grows with each
 * holder, so that one who was taken for dead can write nothing any more.
 */
import { Ledger } from "@sluice/core";
import { Duration, Effect, Layer, type Scope } from "effect";
import { SqlClient } from "effect/sql";
import type { SqlError } from "effect/sql/SqlError";
export interface Options {
    /** How long a run that is not heard of keeps its place. */
    readonly duration: Duration.Duration;
    /** What this process is called where another one asks who has the book. */
    readonly holder: string;
    /** Also where the pipeline is paused. */
    readonly evenPaused?: boolean | undefined;
}
export interface Lease {
    readonly pipeline: number;
    /** Grows with each holder. */
    readonly fence: number;
    /** The number of the last sweep. */
    readonly sweep: number;
    readonly hold: Effect.Effect<void, Ledger.LedgerError>;
    readonly paused: Effect.Effect<string>;
    /** In one transaction, and only as long as the lease is ours. */
    readonly writing: (operation: string) => <A>(effect: Effect.Effect<A, SqlError | Ledger.LedgerError>) => Effect.Effect<A, Ledger.LedgerError>;
}
/** How long a lease lasts, 30 seconds where nothing is said; fails where nobody could hold a pipeline by it. */
export declare const durationOf: (input?: Duration.Input) => Effect.Effect<Duration.Duration, Ledger.LedgerError>;
/** Before the database is opened, or made: whether a lease can be of this length. */
export declare const onlyWith: (input: Duration.Input | undefined) => <A, R>(layer: Layer.Layer<A, Ledger.LedgerError, R>) => Layer.Layer<A, Ledger.LedgerError, R>;
/** Takes the book of a pipeline until the scope closes. */
export declare const take: (name: string, args_1: Options) => Effect.Effect<Lease, Ledger.LedgerError, Scope.Scope | SqlClient.SqlClient>;
//# sourceMappingURL=lease.d.ts.map