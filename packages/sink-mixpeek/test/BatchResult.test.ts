import { assert, describe, it } from "@effect/vitest"
import * as BatchResult from "../src/processing/BatchResult.ts"
import type { BatchResponse, FailedDocument } from "../src/client/BatchWire.ts"

const batch = (over: Partial<BatchResponse>): BatchResponse => ({
  batch_id: "btch_1",
  object_ids: ["obj_a", "obj_b"],
  collection_ids: ["col_pages"],
  ...over
})

const failed = (object_id: string, over: Partial<FailedDocument> = {}): FailedDocument => ({
  object_id,
  error_type: "runtime",
  error_message: "the model fell over",
  tier_num: 1,
  ...over
})
const failure = { code: "runtime", message: "the model fell over", stage: "tier 1" }

describe("the answer about a batch", () => {
  it.each([
    [{ status: "DRAFT" }, "Draft"],
    [{ status: "PENDING" }, "Running"],
    [{ status: "IN_PROGRESS" }, "Running"],
    [{ status: "PROCESSING" }, "Running"],
    [{ status: "UNKNOWN" }, "Running"],
    [{}, "Running"],
    [{ status: "COMPLETED" }, "Ended"],
    [{ status: "CANCELED" }, "Ended"],
    [{ status: "SKIPPED" }, "Ended"],
    [{ status: "COMPLETED_WITH_ERRORS" }, undefined],
    [{ status: "FAILED" }, undefined]
  ] as const)("%j is %s", (over, tag) => {
    assert.strictEqual(BatchResult.withoutFailures(batch(over))?._tag, tag)
  })

  it.each([
    [{ status: "CANCELED" }, "canceled"],
    [{ status: "SKIPPED" }, "skipped"],
    [{ status: "COMPLETED", collection_ids: [], tier_tasks: [] }, "no-collections"]
  ] as const)("%j fails all objects with %s", (over, code) => {
    const status = BatchResult.withoutFailures(batch(over))
    assert.isTrue(status?._tag === "Ended" && "code" in status.failed && status.failed.code === code)
  })

  it("names objects that failed, each with its first cause and the stage", () => {
    const documents = [failed("obj_a"), failed("obj_a", { error_type: "network", is_transient: true })]
    assert.deepStrictEqual(BatchResult.withFailures(batch({ status: "COMPLETED_WITH_ERRORS" }), documents), {
      _tag: "Ended",
      failed: [{ objectId: "obj_a", failure }],
      unnamed: [],
      isTransient: true
    })
  })

  it("fails every object of a batch that failed as a whole, with its own cause where there is one", () => {
    const result = BatchResult.withFailures(batch({ status: "FAILED", error: "out of memory" }), [failed("obj_b")])
    assert.deepStrictEqual(result.failed, [
      { objectId: "obj_a", failure: { code: "failed", message: "out of memory" } },
      { objectId: "obj_b", failure }
    ])
  })

  it("takes the batch's own word where nothing else names an object", () => {
    const errors = [{ error_type: "resource", message: "no memory", affected_document_ids: ["obj_b", "doc_7"] }]
    const result = BatchResult.withFailures(
      batch({ status: "COMPLETED_WITH_ERRORS", tier_tasks: [{ tier_num: 0, errors }] }),
      []
    )
    assert.deepStrictEqual(result.failed, [
      { objectId: "obj_b", failure: { code: "resource", message: "no memory", stage: "tier 0" } }
    ])
  })

  const unnamed: ReadonlyArray<
    readonly [summary: BatchResponse["error_summary"], expected: ReadonlyArray<readonly [string, number]>]
  > = [
    [
      { runtime: 2, network: 1 },
      [
        ["runtime", 2],
        ["network", 1]
      ]
    ],
    [undefined, [["unknown", 1]]]
  ]
  it.each(unnamed)("counts failures that nobody names: %j", (error_summary, expected) => {
    const { failed: named, unnamed: counted } = BatchResult.withFailures(
      batch({ status: "COMPLETED_WITH_ERRORS", ...(error_summary === undefined ? {} : { error_summary }) }),
      [{ error_type: "runtime" }]
    )
    assert.deepStrictEqual(named, [])
    assert.deepStrictEqual(
      counted.map(({ count, failure: { code } }) => [code, count]),
      expected.map(([code, count]) => [code, count])
    )
  })

  it("tells no secret of an address that could not be fetched", () => {
    const error_message = "cannot fetch https://files.example/a?X-Amz-Signature=secret with sk_live_secret"
    const result = BatchResult.withFailures(batch({ status: "COMPLETED_WITH_ERRORS" }), [
      failed("obj_a", { error_message })
    ])
    assert.notInclude(JSON.stringify(result), "secret")
  })
})
