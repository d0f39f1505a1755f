import { assert, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Limits from "../../src/mixpeek/Limits.ts"

const steps = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5_000 })))

/** Times at which requests were let through, given the pauses between them in milliseconds. */
const admittedTimes = (rate: Limits.Rate, pauses: ReadonlyArray<number>): ReadonlyArray<number> => {
  const limiter = Limits.make()
  let now = 0
  return pauses.flatMap((pause) => {
    now += pause
    return limiter.admit("key", "data", rate, now)?.admitted === true ? [now] : []
  })
}

it.effect.prop("a window never lets more through than its requests", { pauses: steps }, ({ pauses }) =>
  Effect.sync(() => {
    const times = admittedTimes({ requests: 3, window: "10 seconds" }, pauses)
    let start = -Infinity
    let used = 0
    for (const time of times) {
      if (time >= start + 10_000) [start, used] = [time, 0]
      used++
      assert.isAtMost(used, 3)
    }
  })
)

it.effect.prop(
  "a token bucket lets through its burst and its rate, in any stretch of time",
  { pauses: steps },
  ({ pauses }) =>
    Effect.sync(() => {
      const rate = { requests: 5, window: "10 seconds", algorithm: "token-bucket", burst: 2 } as const
      const times = admittedTimes(rate, pauses)
      for (const [first, start] of times.entries()) {
        for (const [last, end] of times.entries()) {
          if (last >= first) assert.isAtMost(last - first + 1, 2 + ((end - start) * 5) / 10_000 + 1e-6)
        }
      }
    })
)

it.effect.prop(
  "a request that was refused is let through at the time that was named",
  { pauses: steps, bucket: Schema.Boolean },
  ({ bucket, pauses }) =>
    Effect.sync(() => {
      const rate = { requests: 2, window: "7 seconds", algorithm: bucket ? "token-bucket" : "fixed-window" } as const
      const limiter = Limits.make()
      let now = 0
      for (const pause of pauses) {
        now += pause
        const admission = limiter.admit("key", "data", rate, now)
        if (admission === undefined || admission.admitted) continue
        now = admission.retryAt
        assert.strictEqual(limiter.admit("key", "data", rate, now)?.admitted, true)
      }
    })
)

it("keys and categories have accounts of their own", () => {
  const limiter = Limits.make()
  const admitted = (key: string, category: Limits.Category) =>
    limiter.admit(key, category, { requests: 1 }, 0)?.admitted
  assert.deepStrictEqual(
    [admitted("a", "data"), admitted("b", "data"), admitted("a", "metadata"), admitted("a", "data")],
    [true, true, true, false]
  )
})
