/** That benchmarks run; never what they measure. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

const bench = (...args: ReadonlyArray<string>) =>
  spawnSync(process.execPath, [fileURLToPath(new URL("../main.ts", import.meta.url)), ...args], { encoding: "utf8" })

const Printed = Schema.fromJsonString(
  Schema.Struct({
    rows: Schema.Array(
      Schema.Struct({
        name: Schema.String,
        ratio: Schema.NullOr(Schema.Finite),
        spread: Schema.NullOr(Schema.Tuple([Schema.Finite, Schema.Finite])),
        goal: Schema.Finite,
        valid: Schema.Boolean,
        note: Schema.optionalKey(Schema.String)
      })
    )
  })
)

describe("npm run bench", () => {
  it("compares with everybody, and prints JSON and nothing else", { timeout: 120_000 }, () => {
    const { status, stderr, stdout } = bench("list-flat", "reference", "--size", "2000", "--rounds", "1", "--json")
    assert.strictEqual(status, 0, stderr)
    const { rows } = Schema.decodeUnknownSync(Printed)(stdout)
    const names = rows.map(({ name }) => name)
    for (const name of ["list-flat-vs-rclone", "list-flat-vs-limit", "reference-vs-limit", "reference-vs-naive"]) {
      assert.include(names, name)
    }
    for (const { name, note = "", ratio, spread } of rows) {
      // Who is not installed is told so.
      if (ratio === null) assert.match(note, /is not installed: /, name)
      else assert.isAbove(ratio, 0, name)
      assert.strictEqual(spread === null, ratio === null)
    }
  })

  it("says which benchmarks there are where it is asked for another", () => {
    const { status, stderr, stdout } = bench("nonsense")
    assert.notStrictEqual(status, 0)
    assert.match(stdout + stderr, /There is no benchmark nonsense\. There are list-flat, /)
  })
})
