import { assert, describe, it } from "@effect/vitest"
import { Lineage } from "@sluice/core"
import { LineageFields } from "@sluice/sink-mixpeek"
import { Result, type Schema } from "effect"
import * as Fixtures from "./Fixtures.ts"

const lineage = Lineage.make(
  Fixtures.file("a b.pdf", { checksum: { algorithm: "md5", value: "d41d8cd98f00b204e9800998ecf8427e" } }),
  Fixtures.run
)
const source = {
  uri: "s3://files/a%20b.pdf",
  id: "a b.pdf",
  token: "v1",
  path: "a b.pdf",
  checksum: "md5:d41d8cd98f00b204e9800998ecf8427e",
  modified_at: "2026-11-24T00:00:00.000Z",
  run_id: "run_1",
  pipeline: "files"
}

const add = (placement: LineageFields.Placement | undefined, fields: { readonly [name: string]: Schema.Json } = {}) =>
  LineageFields.add(Result.getOrThrow(LineageFields.resolve(placement)), fields, { key: "key", lineage }, undefined)

describe("LineageFields", () => {
  it("stands in source_key and metadata.source by default", () => {
    assert.deepStrictEqual(add(undefined), { fields: { source_key: "key", metadata: { source } } })
  })

  it("names the file that a shortcut leads to", () => {
    const target = { id: "1b", uri: "https://drive.google.com/open?id=1b" }
    const followed = Lineage.make(Fixtures.file("a b.pdf", { target }), Fixtures.run)
    const placed = Result.getOrThrow(LineageFields.resolve({ sourceKey: false, source: "origin" }))
    const { checksum: _, ...own } = source
    assert.deepStrictEqual(LineageFields.add(placed, {}, { key: "key", lineage: followed }, undefined), {
      fields: { origin: { ...own, target } }
    })
  })

  it("goes where it is told: to the root, under metadata, or nowhere", () => {
    assert.deepStrictEqual(add({ sourceKey: "metadata.source_key", source: "origin" }), {
      fields: { metadata: { source_key: "key" }, origin: source }
    })
    assert.deepStrictEqual(add({ sourceKey: false, source: false }), { fields: {} })
  })

  it("joins the metadata of the user", () => {
    assert.deepStrictEqual(add(undefined, { title: "x", metadata: { category: "news" } }), {
      fields: { title: "x", source_key: "key", metadata: { category: "news", source } }
    })
  })

  it.each([
    [{ source_key: "mine" }, "source_key"],
    [{ metadata: { source: "mine" } }, "metadata.source"],
    [{ metadata: "mine" }, "metadata.source"]
  ])("does not overwrite %j of the user", (fields, taken) => {
    assert.deepStrictEqual(add(undefined, fields), { taken })
  })

  it.each([
    [{ sourceKey: "status" }, "lineage.sourceKey", "belongs to the API"],
    [{ source: "blobs.source" }, "lineage.source", "belongs to the API"],
    [{ source: "metadata." }, "lineage.source", "not a dotted path"],
    [{ sourceKey: "" }, "lineage.sourceKey", "not a dotted path"],
    [{ sourceKey: "x", source: "x" }, "lineage", "in each other's way"],
    [{ sourceKey: "x.key", source: "x" }, "lineage", "in each other's way"]
  ])("refuses %j", (placement, field, problem) => {
    const refused = LineageFields.resolve(placement)
    assert.isTrue(Result.isFailure(refused))
    if (Result.isFailure(refused)) {
      assert.strictEqual(refused.failure.field, field)
      assert.include(refused.failure.message, problem)
    }
  })
})
