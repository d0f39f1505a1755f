/** A million keys: how memory goes. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { S3Source } from "../src/index.ts"
import { everything, numbered, standIn } from "./bench.ts"

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
})
