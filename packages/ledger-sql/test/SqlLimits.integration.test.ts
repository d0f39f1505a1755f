import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Context, Duration, Effect, Layer, Redacted } from "effect"
import { RateLimiter } from "effect/persistence"
import { SqlLimits } from "../src/index.ts"
import { database } from "./postgres.ts"

/** What a process of its own would have: its own connections. */
const store = (url: Redacted.Redacted) =>
  Effect.map(Layer.build(Layer.fresh(SqlLimits.layerPostgres({ url }))), (context) =>
    Context.get(context, RateLimiter.RateLimiterStore)
  )

const bucket = { key: "a", tokens: 1, limit: 100, refillRate: Duration.hours(1), allowOverflow: true }

describe("SqlLimits in Postgres", () => {
  it.live("gives no token twice to processes that ask at the same time, and makes its table once", () =>
    Effect.gen(function* () {
      const url = yield* database
      const stores = yield* Effect.all([store(url), store(url), store(url)], { concurrency: 3 })
      const left = yield* Effect.forEach(
        Array.from({ length: 300 }, (_, index) => stores[index % 3]),
        (one) => Effect.map(one?.tokenBucket(bucket) ?? Effect.die("no store"), ([remaining]) => remaining),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(
        left.toSorted((a, b) => b - a),
        Array.from({ length: 300 }, (_, index) => 99 - index)
      )
    })
  )

  it.live("keeps what is held for the others, by the clock of the database", () =>
    Effect.gen(function* () {
      const url = yield* database
      const [one, two] = yield* Effect.all([store(url), store(url)])
      const hold = { key: "hold", tokens: 1, refillRate: Duration.minutes(1), limit: 1 }
      yield* one.fixedWindow(hold)
      const [count, left] = yield* two.fixedWindow({ ...hold, tokens: 0, limit: undefined })
      assert.strictEqual(count, 1)
      assert.isAtMost(left, 60_000)
      assert.isAbove(left, 0)
      const [refused] = yield* two.fixedWindow(hold)
      assert.strictEqual(refused, 2)
    })
  )

  it.live("asks for no more than reading and writing once its table is there", () =>
    Effect.gen(function* () {
      const url = yield* database
      yield* Effect.scoped(store(url))
      const user = `u${new URL(Redacted.value(url)).pathname.slice(1)}`
      const admin = yield* Layer.build(PgClient.layer({ url, maxConnections: 1 }))
      const sql = Context.get(admin, PgClient.PgClient)
      yield* Effect.acquireRelease(
        Effect.forEach(
          [
            `CREATE USER ${user}`,
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            `GRANT SELECT, INSERT, UPDATE ON sluice_rate_limits TO ${user}`
          ],
          (statement) => sql.unsafe(statement)
        ),
        () => Effect.ignore(Effect.forEach([`DROP OWNED BY ${user}`, `DROP USER ${user}`], (one) => sql.unsafe(one)))
      )
      const as = new URL(Redacted.value(url))
      as.username = user
      const { tokenBucket } = yield* store(Redacted.make(as.href))
      assert.strictEqual((yield* tokenBucket(bucket))[0], 99)
    })
  )

  it.live("says where it is not reached, and no password", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(store(Redacted.make("postgres://sluice:hunter2@127.0.0.1:1/x")))
      assert.match(error.message, /cannot be opened/)
      assert.notInclude(error.message, "hunter2")
    })
  )
})
