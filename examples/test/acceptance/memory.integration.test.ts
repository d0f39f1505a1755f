/** Many files, little memory: `memory.ts` as a process of its own, whose heap may hold a tenth of what it will allocate. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

/** How many files, and of which store: those of a Drive are read, those of an S3 are linked to. */
const cases = [
  ["s3", Number(process.env["SLUICE_FILES"] ?? 60_000)],
  ["gdrive", Number(process.env["SLUICE_FILES"] ?? 30_000)]
] as const

const Printed = Schema.fromJsonString(
  Schema.Struct({
    drift: Schema.Finite,
    report: Schema.Struct({ ended: Schema.String, created: Schema.Int, batchFill: Schema.Finite }),
    arrived: Schema.Struct({
      objects: Schema.Int,
      distinct: Schema.Int,
      duplicates: Schema.Int,
      violations: Schema.Array(Schema.String)
    })
  })
)

describe("a run over many files", () => {
  it.each(cases)("takes no more memory with more of them (%s, %i)", { timeout: 900_000 }, (store, files) => {
    // V8 lets garbage pile up to several times of what is alive; held to 160 MB, RSS shows what is held.
    const child = spawnSync(
      process.execPath,
      [
        "--max-old-space-size=160",
        "--import",
        "tsx",
        fileURLToPath(new URL("memory.ts", import.meta.url)),
        String(files),
        store
      ],
      { encoding: "utf8" }
    )
    assert.strictEqual(child.stderr, "")
    const { arrived, drift, report } = Schema.decodeUnknownSync(Printed)(child.stdout)
    assert.deepStrictEqual(report, { ended: "complete", created: files, batchFill: 1 })
    assert.deepStrictEqual(arrived, { objects: files, distinct: files, duplicates: 0, violations: [] })
    assert.isAtMost(drift, 20)
  })
})
