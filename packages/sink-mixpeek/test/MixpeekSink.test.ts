import { assert, describe, it } from "@effect/vitest"
import { Lineage } from "@sluice/core"
import { MixpeekSink } from "@sluice/sink-mixpeek"
import { Effect } from "effect"
import * as Fixtures from "./Fixtures.ts"

const names = ["a.txt", "b.txt", "c.txt"] as const

describe("MixpeekSink", () => {
  it.effect("creates an object for each record of a batch, with lineage", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn()
      const sink = MixpeekSink.make({ bucket: Fixtures.bucket })
      const { answers, batch } = yield* Effect.gen(function* () {
        const batch = yield* Fixtures.prepareAll(sink, names)
        return { batch, answers: yield* sink.send(batch) }
      }).pipe(Effect.provide(Fixtures.client(server)))
      assert.deepStrictEqual(Fixtures.tags(answers), ["Created", "Created", "Created"])
      const objects = yield* server.objects(Fixtures.bucket)
      assert.strictEqual(objects.length, 3)
      assert.strictEqual(batch[0].key, Lineage.sourceKey("s3://files/a.txt"))
    })
  )
})
