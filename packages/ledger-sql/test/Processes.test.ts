import { Effect } from "effect"
import { join } from "node:path"
import { SqliteLedger } from "../src/index.ts"
import { folder } from "./ledger.ts"
import { processes } from "./twoProcesses.ts"

processes(
  "Processes with one SQLite file",
  Effect.map(folder, (path) => join(path, "ledger.db")),
  (file, lease) => SqliteLedger.layer({ file, lease })
)
