import { assert, describe, it } from "@effect/vitest"
import { MixpeekSink, ProcessingOptions } from "@sluice/sink-mixpeek"
import { Duration, Effect, Option, Result } from "effect"
import * as Fixtures from "./Fixtures.ts"

const resolved = (options?: ProcessingOptions.Options) => Result.getOrThrow(ProcessingOptions.resolve(options))

describe("ProcessingOptions", () => {
  it("processes nothing by default, and takes a mode for options", () => {
    assert.deepStrictEqual(resolved(), { mode: "none" })
    assert.deepStrictEqual(resolved("auto"), resolved({ mode: "auto" }))
    assert.deepStrictEqual(resolved("batch"), resolved({ mode: "batch" }))
  })

  it("makes batches of 1,000, a minute apart, and waits for their results", () => {
    const batching = {
      batchSize: 1000,
      every: Duration.seconds(60),
      wait: Duration.infinity,
      retryTransient: 2
    }
    assert.deepStrictEqual(resolved("batch"), { mode: "batch", batching })
  })

  it.each([
    [true, Infinity],
    [false, 0],
    ["10 minutes", 600_000]
  ] as const)("waits for results %s: %d milliseconds", (wait, millis) => {
    const settings = resolved({ mode: "batch", wait })
    assert.strictEqual(settings.mode === "batch" && Duration.toMillis(settings.batching.wait), millis)
  })

  it.effect.each([
    [{ mode: "batch", batchSize: 0 }, "processing.batchSize", "0 is not a whole number from 1 to 10,000"],
    [{ mode: "batch", batchSize: 10_001 }, "processing.batchSize", "10001 is not a whole number from 1 to 10,000"],
    [{ mode: "batch", batchSize: 1.5 }, "processing.batchSize", "1.5 is not"],
    [{ mode: "batch", retryTransient: -1 }, "processing.retryTransient", "-1 is not a whole number from 0 to 10"],
    [{ mode: "batch", every: Infinity }, "processing.every", "not a finite duration"],
    // A person who writes JavaScript may say it.
    ["soon" as "batch", "processing.mode", '"soon" is no mode'],
    [{ mode: "batch", wait: "long" as "1 second" }, "processing.wait", "neither true, nor false, nor a duration"]
  ] as const)("refuses %o before any work", ([processing, field, problem]) =>
    Effect.gen(function* () {
      const sink = MixpeekSink.make({ bucket: Fixtures.bucket, processing })
      assert.isTrue(Option.isNone(sink.processing))
      const [finding, ...others] = yield* sink.check(Fixtures.mapping, Fixtures.noNeeds)
      assert.deepStrictEqual(others, [])
      assert.deepInclude(finding, { severity: "error", subject: field })
      assert.include(finding?.message, problem)
      assert.isNotEmpty(finding?.remedy)
    }).pipe(Effect.provide(Fixtures.unreachable))
  )
})
