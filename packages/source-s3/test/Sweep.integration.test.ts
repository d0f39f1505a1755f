/** A million keys: how memory goes. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { S3Source } from "../src/index.ts"
import { everything, numbered, standIn } from "./bench.ts"

setFlagsFromString("--expose-gc")
const collect: unknown = runInNewContext("gc")

/** What is alive. RSS would show what other tests of this process have left, and when V8 last collected. */
const alive = () => {
  // What a buffer had outside of the heap goes with the collection after the one that finds it dead.
  for (let i = 0; i < 3 && typeof collect === "function"; i++) collect()
  const { external, heapUsed } = process.memoryUsage()
  return heapUsed + external
}

describe("Sweep", () => {
  it.live(
    "takes no more memory for a million keys than for the first 300,000",
    () =>
      Effect.gen(function* () {
        const { s3, live } = yield* standIn()
        yield* s3.pretend("acme", { count: 1_000_000, key: numbered, size: 10 })
        let said = 0
        let settled: number | undefined
        yield* S3Source.make({ bucket: "acme" })
          .sweep(everything)
          .pipe(
            Stream.runForEach((page) =>
              Effect.sync(() => {
                said += page.changes.length
                if (said >= 300_000) settled ??= alive()
              })
            ),
            Effect.provide(live)
          )
        assert.strictEqual(said, 1_000_000)
        assert.isBelow(alive() - (settled ?? 0), 10_000_000)
      }),
    240_000
  )
})
