export * as LedgerExport from "./LedgerExport.js";
export * as PostgresLedger from "./PostgresLedger.js";
export * as SqliteLedger from "./SqliteLedger.js";
export * as SqlLedger from "./SqlLedger.js";
export * as SqlLimits from "./SqlLimits.js";
//# sourceMappingURL=index.js.map