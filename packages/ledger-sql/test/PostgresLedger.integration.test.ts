import { ledgerContract } from "@sluice/testkit/ledger-contract"
import { PostgresLedger } from "../src/index.ts"
import { emptyDatabase } from "./postgres.ts"

ledgerContract(
  "a ledger in Postgres",
  emptyDatabase((url) => PostgresLedger.layer({ url, lease: "3 seconds" }))
)
