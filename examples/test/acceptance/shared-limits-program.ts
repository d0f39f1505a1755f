/**
 * One of several processes that share the budget of a key: says that it is ready, and once it is told to, makes as many objects,
 * one with each request, as its environment says. Ends with 0 where every request was answered as it should, at the first try.
 */
import { NodeHttpClient, NodeRedis, NodeRuntime } from "@effect/platform-node"
import { SqlLimits } from "@sluice/ledger-sql"
import { Limits, Mixpeek } from "@sluice/sink-mixpeek"
import { Array as Arr, Config, Effect, Layer, Option } from "effect"
import { once } from "node:events"
import { target } from "./bench.ts"

const settings = Config.all({
  redis: Config.option(Config.String("REDIS")),
  postgres: Config.option(Config.Redacted("POSTGRES")),
  name: Config.String("NAME"),
  objects: Config.Int("OBJECTS"),
  concurrency: Config.Int("MIXPEEK_MAX_IN_FLIGHT")
})

const limits = Layer.unwrap(
  Effect.map(settings, ({ postgres, redis }): Layer.Layer<Limits.Limits, unknown> =>
    Option.isSome(redis)
      ? Layer.provide(
          Limits.Limits.layerRedis({ prefix: "test:" }),
          NodeRedis.layer({ socket: { path: redis.value, tls: false } })
        )
      : Layer.provide(Limits.Limits.layerShared, SqlLimits.layerPostgres({ url: Option.getOrThrow(postgres) }))
  )
)

const program = Effect.gen(function* () {
  const { concurrency, name, objects } = yield* settings
  const mixpeek = yield* Mixpeek
  yield* mixpeek.getOrganization
  process.send?.("ready")
  yield* Effect.promise(() => once(process, "message"))
  yield* Effect.forEach(
    Arr.makeBy(objects, (n) => `${name} ${n}`),
    (key) =>
      mixpeek.createObjects(
        target,
        JSON.stringify({ objects: [{ source_key: key, blobs: [{ property: "text", type: "text", data: key }] }] })
      ),
    { concurrency, discard: true }
  )
  process.disconnect?.()
})

NodeRuntime.runMain(
  program.pipe(Effect.provide(Mixpeek.layerSharingConfig().pipe(Layer.provide([limits, NodeHttpClient.layerUndici]))))
)
