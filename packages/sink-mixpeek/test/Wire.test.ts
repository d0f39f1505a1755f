import { assert, describe, it } from "@effect/vitest"
import { Wire } from "@sluice/sink-mixpeek"
import { Schema } from "effect"

const decode = Schema.decodeUnknownSync(Wire.BatchResult)
const refuses = (schema: Schema.Codec<unknown, unknown>, value: unknown) =>
  assert.throws(() => Schema.encodeUnknownSync(schema)(value, { onExcessProperty: "error" }))

describe("Wire", () => {
  describe("answers", () => {
    it("come as an array, or as an object with counts", () => {
      const object = { bucket_id: "bkt_1", object_id: "obj_1" }
      assert.isTrue(Array.isArray(decode([object])))
      assert.isFalse(Array.isArray(decode({ succeeded: [object], failed: [], succeeded_count: 1, failed_count: 0 })))
    })

    it("name failed objects, at least by their index", () => {
      const result = { succeeded: [], failed: [{ object_index: 3 }], succeeded_count: 0, failed_count: 1 }
      assert.deepInclude(decode(result), {
        failed: [{ object_index: 3, error: "no message", error_type: "Unknown" }]
      })
    })

    it.each([null, "ok", { succeeded: [] }, [1], { detail: "x" }])("are not %j", (value) => {
      assert.throws(() => decode(value))
    })
  })

  it("reads a bucket, upper-case types and all", () => {
    const bucket = Schema.decodeUnknownSync(Wire.BucketResponse)({
      bucket_name: "files",
      object_count: 0,
      total_size_bytes: 0,
      bucket_schema: {
        properties: { content: { type: "IMAGE", required: null }, m: { type: "object", properties: null } }
      },
      unique_key: { fields: ["source_key"], default_policy: null },
      status: "ACTIVE",
      is_locked: true
    })
    assert.deepStrictEqual(bucket, {
      bucket_name: "files",
      bucket_schema: { properties: { content: { type: "image" }, m: { type: "object" } } },
      unique_key: { fields: ["source_key"] },
      status: "ACTIVE",
      is_locked: true
    })
  })

  it("reads what became of documents, with results or counts alone", () => {
    const read = Schema.decodeUnknownSync(Wire.DeleteDocumentsResponse)
    assert.deepStrictEqual(read({ deleted_count: 2, failed_count: null, message: 7, results: null }), {
      deleted_count: 2
    })
    const kept = { document_id: "doc_2", success: false, error: "busy" }
    const results = [{ document_id: "doc_1", success: true, error: null }, kept]
    assert.deepStrictEqual(read({ deleted_count: 1, failed_count: 1, message: "1 failed", results }), {
      deleted_count: 1,
      failed_count: 1,
      message: "1 failed",
      results: [{ document_id: "doc_1", success: true }, kept]
    })
  })

  it("reads what an organization tells of its limits, and nothing else", () => {
    const read = Schema.decodeUnknownSync(Wire.OrganizationResponse)
    assert.deepStrictEqual(read({ name: "x", rate_limits: { data: 600, search: 0, upload: "many" } }), {
      rate_limits: { data: 600 }
    })
    assert.deepStrictEqual(read({ rate_limits: null }), {})
  })

  describe("requests", () => {
    const blob = { property: "content", type: "pdf", data: "x" }
    it.each([
      ["a misspelt key of a blob", { blobs: [{ ...blob, metaData: {} }] }],
      ["a misspelt key of an object", { blobs: [blob], skipDuplicates: true }],
      ["a type in upper case", { blobs: [{ ...blob, type: "PDF" }] }],
      ["a type that was removed", { blobs: [{ ...blob, type: "json" }] }],
      ["a property without a name", { blobs: [{ ...blob, property: "" }] }],
      ["a property with too long a name", { blobs: [{ ...blob, property: "x".repeat(101) }] }],
      ["a blob without data", { blobs: [{ property: "content", type: "pdf" }] }]
    ])("cannot have %s", (_, object) => {
      refuses(Wire.CreateObjectRequest, object)
    })

    it.each([0, 1001])("cannot delete %i documents", (count) => {
      refuses(Wire.DeleteDocumentsRequest, { document_ids: Array.from({ length: count }, (_, n) => `doc_${n}`) })
    })
  })

  it.each([
    ["blobs", "blobs"],
    ["blob", "blobs"],
    ["skipDuplicates", "skip_duplicates"],
    ["Skip-Duplicates", "skip_duplicates"],
    ["KEY_PREFIX", "key_prefix"],
    ["objectId", "object_id"],
    ["title", undefined],
    ["metadata", undefined],
    ["source_key", undefined]
  ])("takes %s for the reserved name %s", (name, reserved) => {
    assert.strictEqual(Wire.reservedName(name), reserved)
  })
})
