import { Ledger } from "@sluice/core"
import { ledgerContract } from "../src/LedgerContract.ts"

ledgerContract("a ledger in memory", Ledger.layerMemory)
