import { assert, describe, it } from "@effect/vitest"
import { ObjectResponse, Wire } from "@sluice/sink-mixpeek"
import { Schema } from "effect"

const decode = Schema.decodeUnknownSync(Schema.Array(ObjectResponse.ObjectResponse))
const read = (object: unknown): ObjectResponse.ObjectResponse => decode([object])[0] ?? {}

const sentAt = Date.parse("2026-11-24T12:00:00Z")

describe("ObjectResponse", () => {
  it("keeps the fields of the user", () => {
    const object = read({ bucket_id: "b", source_key: "k", metadata: { source: { token: "v1" } } })
    assert.strictEqual(ObjectResponse.at(object, ["source_key"]), "k")
    assert.strictEqual(ObjectResponse.at(object, ["metadata", "source", "token"]), "v1")
    assert.isUndefined(ObjectResponse.at(object, ["metadata", "nothing", "token"]))
  })

  it.each([
    {},
    { object_id: null, blobs: 7, status: null, error: null, created_at: "yesterday", updated_at: 1 },
    { object_id: "", blobs: null, status: 3, error: "", created_at: null }
  ])("is read without what is missing, null or not what it should be: %j", (odd) => {
    const object = read(odd)
    assert.deepStrictEqual(
      [ObjectResponse.idOf, ObjectResponse.blobsOf, ObjectResponse.statusOf, ObjectResponse.errorOf].map((of) =>
        of(object)
      ),
      [undefined, undefined, undefined, undefined]
    )
    assert.isUndefined(ObjectResponse.createdAt(object))
    assert.isFalse(ObjectResponse.wasChanged(object, sentAt))
  })

  it.each(["2026-11-24T12:00:00.123456Z", "2026-11-24T12:00:00.123456", "2026-11-24T13:00:00.123+01:00"])(
    "is read with times to the microsecond, in UTC where they say nothing else: %s",
    (text) => {
      assert.strictEqual(ObjectResponse.createdAt(read({ created_at: text })), sentAt + 123)
    }
  )

  it.each([
    ["there before, and changed since", "2026-11-24T11:00:00Z", "2026-11-24T12:00:01Z", true],
    ["there before, and as it was", "2026-11-24T11:00:00Z", "2026-11-24T11:00:00.000Z", false],
    ["made since", "2026-11-24T12:00:01Z", "2026-11-24T12:00:02Z", false],
    ["of no time", undefined, "2026-11-24T12:00:02Z", false]
  ])("that was %s tells so", (_, created, updated, expected) => {
    const object = read({ created_at: created, updated_at: updated })
    assert.strictEqual(ObjectResponse.wasChanged(object, sentAt), expected)
  })

  it.each([null, "ok", 1, [{}]])("is not %j", (value) => {
    assert.throws(() => read(value))
    assert.throws(() => Schema.decodeUnknownSync(Wire.BatchResult)([value]))
  })
})
