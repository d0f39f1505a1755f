/**
 * Compares pages of files. A page of a source that lists in the order of ids is a stretch of a table that lies in that order: it
 * is read from end to end, for a fraction of what it costs to look for each file, and shows whether the page names everything
 * that is known there.
 */
import { Ledger } from "@sluice/core";
import type { SqlClient } from "effect/sql/SqlClient";
/** `known`: what is known of files that are named, wherever they are. */
export declare const make: (sql: SqlClient, pipeline: number, known: Ledger.Book["known"]) => Ledger.Book["compare"];
//# sourceMappingURL=comparing.d.ts.map