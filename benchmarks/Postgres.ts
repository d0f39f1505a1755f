/**
 * A Postgres for whoever needs one: the one at `POSTGRES_URL` (without a database; it is `sluice`), else one that is brought up for
 * the time, where it is installed.
 */
import { spawnSync } from "node:child_process"
import { globSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const script = (name: string, folder: string) =>
  spawnSync("bash", [fileURLToPath(new URL(`../scripts/${name}`, import.meta.url)), folder], { encoding: "utf8" })

/** `trouble`: why there is none. Whoever is started afterwards finds it in the environment. */
export const start = (): { readonly trouble?: string; readonly stop: () => void } => {
  if (process.env["POSTGRES_URL"] !== undefined) return { stop: () => {} }
  const isThere = globSync("/usr/lib/postgresql/*/bin/pg_ctl").length > 0
  if (!isThere || process.getuid?.() !== 0) {
    return { trouble: "no Postgres: apt-get install postgresql and be root, or set POSTGRES_URL", stop: () => {} }
  }
  const above = mkdtempSync(join(tmpdir(), "sluice-benchmark-"))
  const folder = join(above, "postgres")
  const { status, stderr } = script("postgres-up.sh", folder)
  if (status !== 0) return { trouble: `Postgres did not start: ${stderr}`, stop: () => {} }
  process.env["POSTGRES_URL"] = "postgres://sluice@127.0.0.1:5439"
  return {
    stop: () => {
      script("postgres-down.sh", folder)
      rmSync(above, { recursive: true, force: true })
      delete process.env["POSTGRES_URL"]
    }
  }
}
