/** Many files, little memory: `memory.ts` as a process of its own, whose heap may hold a tenth of what it will allocate. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

const files = Number(process.env["SLUICE_FILES"] ?? 60_000)

const Printed = Schema.fromJsonString(
  Schema.Struct({
    growth: Schema.Finite,
    report: Schema.Struct({ ended: Schema.String, created: Schema.Int, batchFill: Schema.Finite }),
    arrived: Schema.Struct({
      objects: Schema.Int,
      distinct: Schema.Int,
      duplicates: Schema.Int,
      violations: Schema.Array(Schema.String)
    })
  })
)

describe("a run over pretended keys", () => {
  it(`takes no more memory for ${files} files than for 10,000`, { timeout: 900_000 }, () => {
    // V8 lets garbage pile up to several times of what is alive; held to 160 MB, RSS shows what is held.
    const child = spawnSync(
      process.execPath,
      [
        "--max-old-space-size=160",
        "--import",
        "tsx",
        fileURLToPath(new URL("memory.ts", import.meta.url)),
        String(files)
      ],
      { encoding: "utf8" }
    )
    assert.strictEqual(child.stderr, "")
    const { arrived, growth, report } = Schema.decodeUnknownSync(Printed)(child.stdout)
    assert.deepStrictEqual(report, { ended: "complete", created: files, batchFill: 1 })
    assert.deepStrictEqual(arrived, { objects: files, distinct: files, duplicates: 0, violations: [] })
    assert.isAtMost(growth, 30)
  })
})
