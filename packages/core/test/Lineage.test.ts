import { assert, describe, it } from "@effect/vitest"
import { DateTime } from "effect"
import { createHash } from "node:crypto"
import * as Lineage from "../src/Lineage.ts"
import { file } from "./fakes/files.ts"

describe("lineage", () => {
  it("says which file made an object, in which state, in which run", () => {
    const one = file("a/b.pdf", { modifiedAt: DateTime.makeUnsafe(0), checksum: { algorithm: "md5", value: "00" } })
    assert.deepStrictEqual(Lineage.make(one, { pipeline: "p", runId: "r" }), {
      uri: "fake://a/b.pdf",
      id: "a/b.pdf",
      token: "1",
      path: "a/b.pdf",
      checksum: { algorithm: "md5", value: "00" },
      modifiedAt: DateTime.makeUnsafe(0),
      runId: "r",
      pipeline: "p"
    })
  })

  it("has a key of 64 characters for an address of any length", () => {
    const uri = `s3://bucket/${"ö".repeat(512)}`
    assert.strictEqual(Lineage.sourceKey(uri), createHash("sha256").update(uri, "utf8").digest("hex"))
    assert.strictEqual(Lineage.sourceKey(uri).length, 64)
  })
})
