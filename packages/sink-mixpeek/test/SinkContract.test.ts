import { MixpeekSink, type Mixpeek } from "@sluice/sink-mixpeek"
import type { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { sinkContract } from "@sluice/testkit/sink-contract"
import { Context, Effect, Layer, Predicate, Redacted } from "effect"
import * as Fixtures from "./Fixtures.ts"

class Server extends Context.Service<Server, MixpeekStandIn.MixpeekStandIn>()("test/Server") {}

const layer = (options: Partial<MixpeekStandIn.Options>): Layer.Layer<Mixpeek | Server> =>
  Layer.unwrap(Effect.map(Server, (server) => Fixtures.client(server))).pipe(
    Layer.provideMerge(Layer.effect(Server, Fixtures.standIn(options)))
  )

const key = "sk_of_somebody_else"

const fixture = (options?: Partial<MixpeekSink.Options>, link = false) =>
  Effect.gen(function* () {
    const server = yield* Server
    const sink = MixpeekSink.make({ bucket: Fixtures.bucket, ...options })
    const record = (property: string) => (n: number) => {
      const file = Fixtures.file(`file ${n}.txt`)
      const content = Fixtures.content(file.path, link ? Fixtures.links() : undefined)
      return Fixtures.record({ blobs: [{ property, type: "text" }] }, file, content)
    }
    const client = Fixtures.client(server, { apiKey: Redacted.make(key) })
    const stranger: MixpeekSink.MixpeekSink = { ...sink, send: (batch) => Effect.provide(sink.send(batch), client) }
    return {
      sink,
      record: record("content"),
      poison: record("nowhere"),
      keys: Effect.map(server.objects(Fixtures.bucket), (objects) =>
        objects.map(({ fields }) => fields["source_key"]).filter(Predicate.isString)
      ),
      stranger,
      secrets: [key]
    }
  })

sinkContract("MixpeekSink, inline", fixture(), layer({ order: "shuffled" }))
sinkContract("MixpeekSink, by reference", fixture(undefined, true), layer({ order: "reversed", paging: "offset" }))
sinkContract("MixpeekSink on the generation before", fixture(), layer({ generation: "array", refusal: "unnamed" }))
sinkContract(
  "MixpeekSink on a bucket that upserts",
  fixture({ uniqueKey: "upsert" }),
  layer({
    buckets: [
      {
        id: Fixtures.bucket,
        schema: Fixtures.schema,
        uniqueKey: { fields: ["source_key"], default_policy: "upsert" }
      }
    ]
  })
)
sinkContract(
  "MixpeekSink that removes documents",
  fixture({ documents: "remove" }),
  layer({ documents: { collections: [{ id: "col_pages", documentsPerObject: 2 }] } })
)
