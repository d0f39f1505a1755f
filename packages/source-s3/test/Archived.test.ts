import { assert, describe, it } from "@effect/vitest"
import type { Change } from "@sluice/core"
import { Fault } from "@sluice/testkit/s3"
import { Effect } from "effect"
import type { S3Source } from "../src/index.ts"
import { changes, standIn } from "./bench.ts"

const said = (changes: ReadonlyArray<Change.Change>) =>
  changes.map((change) => `${change._tag} ${"reason" in change ? change.reason.code : ""}`.trim())

const archive = Effect.gen(function* () {
  const { s3, live } = yield* standIn()
  yield* s3.put("acme", "1-glacier", "x", { storageClass: "GLACIER" })
  yield* s3.put("acme", "2-deep", "x", { storageClass: "DEEP_ARCHIVE" })
  yield* s3.put("acme", "3-instant", "x", { storageClass: "GLACIER_IR" })
  yield* s3.put("acme", "4-restoring", "x", { storageClass: "GLACIER", restoration: { ongoing: true } })
  yield* s3.put("acme", "5-restored", "x", {
    storageClass: "GLACIER",
    restoration: { ongoing: false, expiresAt: Date.now() + 86_400_000 }
  })
  const sweep = (archived: S3Source.Options["archived"]) =>
    Effect.map(changes({ bucket: "acme", archived }, live), said)
  return { s3, sweep }
})

describe("Archived", () => {
  it.live("skips archived objects by default, and takes restored ones, from the listing alone", () =>
    Effect.gen(function* () {
      const { s3, sweep } = yield* archive
      assert.deepStrictEqual(yield* sweep(undefined), [
        "Skip archived",
        "Skip archived",
        "Upsert",
        "Skip archived",
        "Upsert"
      ])
      assert.deepStrictEqual(yield* s3.requestsByOperation, { ListObjectsV2: 1 })
    })
  )

  it.live("rejects them where asked to fail", () =>
    Effect.gen(function* () {
      const { sweep } = yield* archive
      assert.deepStrictEqual(yield* sweep("fail"), [
        "Reject archived",
        "Reject archived",
        "Upsert",
        "Reject archived",
        "Upsert"
      ])
    })
  )

  it.live("asks for their restoration once, and takes them in a later run", () =>
    Effect.gen(function* () {
      const { s3, sweep } = yield* archive
      const first = yield* sweep("restore")
      assert.deepStrictEqual(first.toSorted(), [
        "Skip restore-in-progress",
        "Skip restore-requested",
        "Skip restore-requested",
        "Upsert",
        "Upsert"
      ])
      assert.strictEqual((yield* s3.requestsByOperation).RestoreObject, 2)
      const second = yield* sweep({ restore: { days: 2, tier: "Bulk" } })
      assert.strictEqual(second.filter((one) => one === "Skip restore-in-progress").length, 3)
      assert.strictEqual((yield* s3.requestsByOperation).RestoreObject, 2)
      yield* s3.completeRestorations("acme")
      assert.deepStrictEqual(
        yield* sweep("restore"),
        Array.from({ length: 5 }, () => "Upsert")
      )
    })
  )

  it.live("rejects what it may not restore, and goes on", () =>
    Effect.gen(function* () {
      const { s3, sweep } = yield* archive
      yield* s3.faults.set([Fault.deny({ operations: ["RestoreObject"] })])
      const found = yield* sweep("restore")
      assert.strictEqual(found.filter((one) => one === "Reject restore-failed").length, 2)
      assert.strictEqual(found.length, 5)
    })
  )
})
