import { assert, describe, it } from "@effect/vitest"
import { type MixpeekRecord, Settlement, Wire } from "@sluice/sink-mixpeek"
import { Effect, Schema } from "effect"
import * as Fixtures from "./Fixtures.ts"

const sentAt = Date.parse("2026-11-24T12:00:00Z")
const iso = (offset: number) => new Date(sentAt + offset).toISOString()

const record = (key: string, options?: Partial<MixpeekRecord.MixpeekRecord>): MixpeekRecord.MixpeekRecord => ({
  _tag: "Prepared",
  key,
  weight: 2,
  file: Fixtures.file(key),
  link: undefined,
  parts: ["{}"],
  holes: [],
  linked: [],
  blobs: 1,
  skipsDuplicates: false,
  sha256: undefined,
  delivery: undefined,
  ...options
})

const batch = ["a", "b", "c"].map((key) => record(key))
const byKey: Settlement.Options = { sourceKey: ["source_key"], upserts: false }
const object = (key: string | undefined, more: object = {}) => ({
  bucket_id: "bkt",
  object_id: `obj_${key}`,
  ...(key === undefined ? {} : { source_key: key }),
  ...more
})
const partial = (
  succeeded: ReadonlyArray<object>,
  failed: ReadonlyArray<object> = [],
  counts: object = {}
): unknown => ({
  succeeded,
  failed,
  total_requested: succeeded.length + failed.length,
  succeeded_count: succeeded.length,
  failed_count: failed.length,
  ...counts
})
const failed = (object_index: number, error_type: string, error = "because") => ({ object_index, error, error_type })

const settle = (answer: unknown, options = byKey, records = batch) =>
  Settlement.settle(
    records,
    { value: Schema.decodeUnknownSync(Wire.BatchResult)(answer), sentAt, requestId: "req_1" },
    options
  )

/** `a: Created obj_a`, or why it is ambiguous. */
const read = (settled: Settlement.Settled): unknown =>
  settled._tag === "Ambiguous"
    ? settled._tag
    : settled.answers.map((answer) => {
        if (answer._tag === "Retry") return `${answer.key}: Retry ${answer.cause.code}`
        const { outcome } = answer
        if (outcome._tag === "Rejected") return `${answer.key}: Rejected ${outcome.cause.code}`
        return `${answer.key}: ${outcome._tag} ${"objectId" in outcome ? outcome.objectId : ""}`.trim()
      })

const allCreated = ["a: Created obj_a", "b: Created obj_b", "c: Created obj_c"]

describe("Settlement", () => {
  it("matches answers of both generations by key, in any order", () => {
    const objects = ["c", "a", "b"].map((key) => object(key))
    assert.deepStrictEqual(read(settle(objects)), allCreated)
    assert.deepStrictEqual(read(settle(partial(objects))), allCreated)
  })

  it("finds the key under metadata where lineage puts it there", () => {
    const objects = ["c", "b", "a"].map((key) => ({ object_id: `obj_${key}`, metadata: { source_key: key } }))
    const settled = settle(partial(objects), { sourceKey: ["metadata", "source_key"], upserts: false })
    assert.deepStrictEqual(read(settled), allCreated)
  })

  it("goes by position where no object echoes a key", () => {
    const objects = ["a", "c"].map((key) => ({ object_id: `obj_${key}` }))
    const settled = settle(partial(objects, [failed(1, "ValidationError")]))
    assert.deepStrictEqual(read(settled), ["a: Created obj_a", "b: Rejected validation", "c: Created obj_c"])
  })

  it("concludes which were created, but not as what, where only some echo their key", () => {
    const settled = settle([object("b"), object(undefined), object(undefined)])
    assert.deepStrictEqual(read(settled), ["a: Created", "b: Created obj_b", "c: Created"])
  })

  it.each([
    ["too few objects", [object("a"), object("b")]],
    ["too many objects", [object("a"), object("b"), object("c"), object("d")]],
    ["no objects", []],
    ["counts that are too low", partial([object("a"), object("b")])],
    ["counts that are not those of the lists", partial([object("a"), object("b")], [], { succeeded_count: 3 })],
    ["an object that was not sent", [object("a"), object("b"), object("x")]],
    ["an object twice", [object("a"), object("b"), object("b")]],
    ["an object both created and failed", partial([object("a"), object("b")], [failed(0, "ValidationError")])],
    ["a failed object that was not sent", partial([object("a"), object("b")], [failed(3, "ValidationError")])],
    ["a failed object twice", partial([object("a")], [failed(1, "ValidationError"), failed(1, "ValidationError")])],
    ["an unnamed object that failed", [object("a"), object(undefined, { status: "FAILED" }), object(undefined)]]
  ])("concludes nothing from %s", (_, answer) => {
    assert.strictEqual(read(settle(answer)), "Ambiguous")
  })

  it.each([
    ["ValidationError", "because", "Rejected validation"],
    ["URLValidationError", "URL returned 404", "Rejected url-not-found"],
    ["URLValidationError", "URL returned 403", "Retry url-unreachable"],
    ["AlreadyExistsError", "because", "Rejected already-exists"],
    ["NotFoundError", "because", "Rejected not-found"],
    ["QuotaExceededError", "because", "Retry quota"],
    ["S3StorageError", "because", "Retry not-taken"],
    ["TooManyRequestsError", "because", "Retry not-taken"],
    ["SomethingNew", "because", "Retry not-taken"]
  ])("takes an object that failed with %s (%s) for %s", (type, message, expected) => {
    const settled = settle(partial([object("a"), object("c")], [failed(1, type, message)]))
    assert.deepStrictEqual(read(settled), ["a: Created obj_a", `b: ${expected}`, "c: Created obj_c"])
  })

  it("repeats what the API says of a failed object, with the request's id and without the link's signature", () => {
    const url = "https://files.example/b?X-Amz-Signature=secret"
    const settled = settle(partial([object("a"), object("c")], [failed(1, "URLValidationError", `${url} gave 500`)]))
    assert.strictEqual(settled._tag, "Settled")
    if (settled._tag === "Settled") {
      const answer = settled.answers[1]
      assert.deepStrictEqual(answer?._tag === "Retry" ? answer.cause : undefined, {
        code: "url-unreachable",
        message: "URLValidationError: https://files.example/b?<redacted> gave 500",
        requestId: "req_1"
      })
    }
  })

  it("rejects an object that is stored and called failed: sending it again would make a second one", () => {
    const objects = [object("a", { status: "FAILED", error: "bad" }), object("b"), object("c", { error: "bad" })]
    assert.deepStrictEqual(read(settle(objects)), [
      "a: Rejected object-failed",
      "b: Created obj_b",
      "c: Rejected object-failed"
    ])
  })

  it("does not know the status of tomorrow, and does not mind", () => {
    const objects = ["a", "b", "c"].map((key) => object(key, { status: "GLOWING" }))
    assert.deepStrictEqual(read(settle(objects)), allCreated)
  })

  it("tells updates from creations in a bucket that upserts", () => {
    const upserts = { ...byKey, upserts: true }
    const settled = settle(
      [
        object("a", { created_at: iso(-60_000), updated_at: iso(100) }),
        object("b", { created_at: iso(100), updated_at: iso(100) }),
        // Mirroring the blobs took a while: created by this request all the same.
        object("c", { created_at: iso(100), updated_at: iso(3000) })
      ],
      upserts
    )
    assert.deepStrictEqual(read(settled), ["a: Updated obj_a", "b: Created obj_b", "c: Created obj_c"])
  })

  it("calls nothing updated where the server's clock is behind ours or no times are given", () => {
    const upserts = { ...byKey, upserts: true }
    const settled = settle(
      [object("a", { created_at: iso(-1500), updated_at: iso(-1500) }), object("b"), object("c")],
      upserts
    )
    assert.deepStrictEqual(read(settled), allCreated)
  })

  describe("with skip_duplicates", () => {
    const skipping = ["a", "b", "c"].map((key) => record(key, { skipsDuplicates: true }))

    it.each([
      ["the status SKIPPED", { status: "SKIPPED" }],
      ["no blobs", { blobs: [] }],
      ["an earlier time of creation", { created_at: iso(-60_000), updated_at: iso(-60_000) }]
    ])("takes an object with %s for a duplicate", (_, more) => {
      const settled = settle([object("a", more), object("b", { blobs: [{}] }), object("c")], byKey, skipping)
      assert.deepStrictEqual(read(settled), ["a: SkippedDuplicate obj_a", "b: Created obj_b", "c: Created obj_c"])
    })

    it("takes another file's object for the one that had the content before", () => {
      const settled = settle([object("x"), object("b"), object("c")], byKey, skipping)
      assert.deepStrictEqual(read(settled), ["a: SkippedDuplicate", "b: Created obj_b", "c: Created obj_c"])
    })

    it("takes an object that is named twice for two files with one content", () => {
      const settled = settle([object("a"), object("a"), object("c")], byKey, skipping)
      assert.deepStrictEqual(read(settled), ["a: Created obj_a", "b: SkippedDuplicate", "c: Created obj_c"])
    })

    it("calls an object without blobs created where it was sent without any", () => {
      const bare = record("a", { skipsDuplicates: true, blobs: 0 })
      assert.deepStrictEqual(read(settle([object("a", { blobs: [] })], byKey, [bare])), ["a: Created obj_a"])
    })
  })

  it.effect.prop(
    "gives each record one outcome, its own, for any order and any failures",
    {
      size: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 })),
      bad: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 99 }))),
      seed: Schema.Int
    },
    ({ bad, seed, size }) =>
      Effect.sync(() => {
        const records = Array.from({ length: size }, (_, index) => record(`k${index}`))
        const wrong = new Set(bad.filter((index) => index < size))
        const objects = records
          .filter((_, index) => !wrong.has(index))
          .map(({ key }) => object(key))
          .toSorted(
            (a, b) =>
              Math.sin(seed + a.object_id.length + a.object_id.charCodeAt(5)) -
              Math.sin(seed + b.object_id.charCodeAt(5))
          )
        const settled = settle(
          partial(
            objects,
            [...wrong].map((index) => failed(index, "ValidationError"))
          ),
          byKey,
          records
        )
        assert.deepStrictEqual(
          read(settled),
          records.map(({ key }, index) =>
            wrong.has(index) ? `${key}: Rejected validation` : `${key}: Created obj_${key}`
          )
        )
      })
  )
})
