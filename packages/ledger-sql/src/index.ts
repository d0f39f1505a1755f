export * as LedgerExport from "./LedgerExport.ts"
export * as PostgresLedger from "./PostgresLedger.ts"
export * as SqliteLedger from "./SqliteLedger.ts"
export * as SqlLedger from "./SqlLedger.ts"
