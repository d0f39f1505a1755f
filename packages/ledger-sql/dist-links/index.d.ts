export * as LedgerExport from "./LedgerExport.ts";
export * as PostgresLedger from "./PostgresLedger.ts";
export * as SqliteLedger from "./SqliteLedger.ts";
export * as SqlLedger from "./SqlLedger.ts";
export * as SqlLimits from "./SqlLimits.ts";
//# sourceMappingURL=index.d.ts.map