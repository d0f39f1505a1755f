/** A million keys: how memory and time go. */
import { assert, describe, it } from "@effect/vitest"
import { Fault } from "@sluice/testkit/s3"
import { Effect, Stream } from "effect"
import { S3Source } from "../src/index.ts"
import { everything, numbered, standIn } from "./bench.ts"

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const start = performance.now()
    return Effect.map(effect, () => performance.now() - start)
  })

describe("Sweep", () => {
  it.live(
    "takes no more memory for a million keys than for the first 300,000",
    () =>
      Effect.gen(function* () {
        const { s3, live } = yield* standIn()
        yield* s3.pretend("acme", { count: 1_000_000, key: numbered, size: 10 })
        let said = 0
        let settled = 0
        yield* S3Source.make({ bucket: "acme" })
          .sweep(everything)
          .pipe(
            Stream.runForEach((page) =>
              Effect.sync(() => {
                said += page.changes.length
                if (said <= 300_000) settled = process.memoryUsage().rss
              })
            ),
            Effect.provide(live)
          )
        assert.strictEqual(said, 1_000_000)
        assert.isBelow(process.memoryUsage().rss - settled, 80_000_000)
      }),
    240_000
  )

  it.live(
    "is quicker over several ranges than over one where answers take their time",
    () =>
      Effect.gen(function* () {
        const { s3, live } = yield* standIn()
        yield* s3.pretend("acme", { count: 60_000, key: numbered, size: 10 })
        yield* s3.faults.set([Fault.slow({ latency: 150 })])
        const sweep = (concurrency: number) =>
          timed(Stream.runDrain(S3Source.make({ bucket: "acme", concurrency }).sweep(everything))).pipe(
            Effect.provide(live)
          )
        const one = yield* sweep(1)
        const four = yield* sweep(4)
        assert.isBelow(four, one * 0.8)
      }),
    240_000
  )
})
