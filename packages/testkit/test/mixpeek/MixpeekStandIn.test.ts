import { assert, layer } from "@effect/vitest"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { as, bucket, call, client, createBatch, Envelope, text } from "./session.ts"

layer(client)("the stand-in", (it) => {
  it.effect("answers 500 and notes a violation when its own answer breaks the description", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [{ ...bucket, status: "NONSENSE" }] })
      const reply = yield* call(standIn, { method: "GET", path: "/v1/buckets/bkt_files" })
      assert.strictEqual(as(Envelope, reply).status, 500)
      const violations = yield* standIn.violations
      assert.include(violations[0], "getBucket 200 /status")
    })
  )

  it.effect("notes a violation when it is asked for what it does not offer", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket] })
      yield* call(standIn, {
        path: "/v1/buckets/bkt_files/objects/batch?auto_process=true",
        body: { objects: [text("a")] }
      })
      const [batch] = yield* standIn.batches("bkt_files")
      const path = `/v1/buckets/bkt_files/batches/${batch?.batchId}/logs`
      const reply = yield* call(standIn, { method: "GET", path })
      assert.strictEqual(reply.status, 500)
      assert.strictEqual((yield* standIn.violations).length, 1)
    })
  )

  it.effect("logs requests with their operation, status, objects and bytes, and adds them up", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket], logged: 2 })
      yield* call(standIn, { method: "GET", path: "/v1/buckets/bkt_files" })
      yield* createBatch(standIn, [text("a"), text("b")])
      const { headers } = yield* createBatch(standIn, [text("c")])
      const requests = yield* standIn.requests
      assert.deepStrictEqual(
        requests.map(({ operation, records, status }) => ({ operation, records, status })),
        [
          { operation: "createObjectsBatch", records: 2, status: 200 },
          { operation: "createObjectsBatch", records: 1, status: 200 }
        ]
      )
      assert.strictEqual(requests[1]?.requestId, headers["x-request-id"])
      const { byOperation, byStatus, records, requests: count } = yield* standIn.totals
      assert.deepStrictEqual(
        { byOperation, byStatus, records, count },
        {
          byOperation: { getBucket: 1, createObjectsBatch: 2 },
          byStatus: { 200: 3 },
          records: 3,
          count: 3
        }
      )
    })
  )

  it.effect("tells the time of its clock", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.UTC(2026, 10, 24, 9, 5, 7))
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket] })
      const { headers } = yield* createBatch(standIn, [text("a")])
      assert.strictEqual(headers["date"], "Tue, 24 Nov 2026 09:05:07 GMT")
      assert.strictEqual((yield* standIn.objects("bkt_files"))[0]?.createdAt, Date.UTC(2026, 10, 24, 9, 5, 7))
    })
  )

  it.effect("keeps counts, samples and duplicates alone when told to", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket], retain: "counts" })
      for (let batch = 0; batch < 30; batch++) {
        yield* createBatch(
          standIn,
          Array.from({ length: 100 }, (_, index) => text(`k${batch * 100 + index}`))
        )
      }
      yield* createBatch(standIn, [text("k7"), text("k2999"), text("k7")])
      assert.deepStrictEqual(yield* standIn.objects("bkt_files"), [])
      assert.deepStrictEqual([yield* standIn.count("bkt_files"), yield* standIn.distinct("bkt_files")], [3003, 3000])
      assert.deepStrictEqual(yield* standIn.duplicates("bkt_files"), ["k7", "k2999"])
      const samples = yield* standIn.samples("bkt_files")
      assert.deepStrictEqual(
        samples.map(({ fields }) => fields["source_key"]),
        ["k0", "k7"]
      )
    })
  )

  it.effect("holds only every nth request against the description when told to", () =>
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket], validateEvery: 2 })
      const odd = { ...text("a"), skip_duplicates: "yes" }
      const statuses = [yield* createBatch(standIn, [odd]), yield* createBatch(standIn, [odd])]
      assert.deepStrictEqual(
        statuses.map(({ status }) => status),
        [422, 200]
      )
    })
  )
})
