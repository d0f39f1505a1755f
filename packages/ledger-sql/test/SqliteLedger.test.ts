import { ledgerContract } from "@sluice/testkit/ledger-contract"
import { SqliteLedger } from "../src/index.ts"

ledgerContract("a ledger in SQLite", SqliteLedger.layer({ file: ":memory:", lease: "3 seconds" }))
