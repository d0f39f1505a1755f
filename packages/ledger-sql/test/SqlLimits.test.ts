import { assert, describe, it } from "@effect/vitest"
import { Context, Duration, Effect, Layer, Schema } from "effect"
import { RateLimiter } from "effect/persistence"
import { TestClock } from "effect/testing"
import { SqlLimits } from "../src/index.ts"
import * as Sqlite from "../src/internal/nodeSqlite.ts"
import { client, told } from "./client.ts"

const store = <E>(layer: Layer.Layer<RateLimiter.RateLimiterStore, E>) =>
  Effect.map(Layer.build(Layer.fresh(layer)), (context) => Context.get(context, RateLimiter.RateLimiterStore))

const inSqlite = Layer.provide(SqlLimits.layer, Sqlite.layer(":memory:"))

const Step = Schema.Struct({
  kind: Schema.Literals(["bucket", "window"]),
  key: Schema.Literals(["a", "b"]),
  tokens: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4 })),
  limit: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 6 })),
  refill: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 700 })),
  is: Schema.Boolean,
  passes: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2000 }))
})

describe("SqlLimits", () => {
  it.effect.prop(
    "answers as effect's own store in memory does",
    { steps: Schema.Array(Step).check(Schema.isMaxLength(30)) },
    ({ steps }) =>
      Effect.gen(function* () {
        const stores = [yield* store(RateLimiter.layerStoreMemory), yield* store(inSqlite)]
        for (const { is, key, kind, limit, passes, refill, tokens } of steps) {
          const refillRate = Duration.millis(refill)
          const [one, other] = yield* Effect.forEach(stores, ({ fixedWindow, tokenBucket }) =>
            kind === "bucket"
              ? tokenBucket({ key: `${key}${limit}`, tokens, limit, refillRate, allowOverflow: is })
              : fixedWindow({ key: `${key}w`, tokens, refillRate, limit: is ? limit : undefined })
          )
          assert.deepStrictEqual(other, one)
          yield* TestClock.adjust(passes)
        }
      }).pipe(Effect.scoped)
  )

  it.effect("asks the database once for each request, and finds its table when it is opened again", () =>
    Effect.gen(function* () {
      const heard = told()
      const database = yield* Layer.build(client(":memory:", heard))
      const open = store(Layer.provide(SqlLimits.layer, Layer.succeedContext(database)))
      const bucket = { key: "a", tokens: 1, limit: 5, refillRate: Duration.minutes(1), allowOverflow: true }
      const first = yield* open
      assert.deepStrictEqual(yield* first.tokenBucket(bucket), [4, 0])
      const again = yield* open
      heard.asked.length = 0
      assert.deepStrictEqual(yield* again.tokenBucket(bucket), [3, 0])
      assert.strictEqual(heard.asked.length, 1)
    })
  )

  it.effect("fails as a store that cannot be asked, where the database is gone", () =>
    Effect.gen(function* () {
      const heard = told()
      const database = yield* Layer.build(client(":memory:", heard))
      const { fixedWindow } = yield* store(Layer.provide(SqlLimits.layer, Layer.succeedContext(database)))
      heard.isGone = true
      const error = yield* Effect.flip(
        fixedWindow({ key: "a", tokens: 1, refillRate: Duration.minutes(1), limit: undefined })
      )
      assert.strictEqual(error.reason._tag, "RateLimitStoreError")
    })
  )

  it.effect("says what to do where it cannot be opened", () =>
    Effect.gen(function* () {
      const heard = told()
      heard.isGone = true
      const error = yield* Effect.flip(store(Layer.provide(SqlLimits.layer, client(":memory:", heard))))
      assert.strictEqual(error._tag, "SqlLimitsError")
      assert.match(error.message, /pulled out.*see that the database is there/)
    })
  )
})
