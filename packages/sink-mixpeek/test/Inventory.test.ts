import { assert, describe, it } from "@effect/vitest"
import { Lineage } from "@sluice/core"
import { Mixpeek, MixpeekSink } from "@sluice/sink-mixpeek"
import type { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Array as Arr, Effect, Layer, Option, Stream } from "effect"
import * as Fixtures from "./Fixtures.ts"

const { pipeline } = Fixtures.run

const namesOf = (count: number) => Array.from({ length: count }, (_, i) => `file ${i}`)

/** Sends these, a hundred at a time. */
const send = Effect.fnUntraced(function* (sink: MixpeekSink.MixpeekSink, names: ReadonlyArray<string>) {
  for (const some of Arr.chunksOf(names, 100)) {
    // A batch with one file several times is stored, and its answer is no answer.
    yield* Effect.ignore(sink.send(yield* Fixtures.prepareAll(sink, some)))
  }
})

/** What there is after these were sent, a page at a time. */
const pages = (
  server: MixpeekStandIn.MixpeekStandIn,
  names: ReadonlyArray<string>,
  options?: Partial<MixpeekSink.Options>
) =>
  Effect.gen(function* () {
    const sink = MixpeekSink.make({ bucket: Fixtures.bucket, ...options })
    yield* send(sink, names)
    return yield* Stream.runCollect(Option.getOrThrow(sink.inventory).all(pipeline))
  }).pipe(Effect.provide(Fixtures.client(server)))

const keyOf = (name: string) => Lineage.sourceKey(Fixtures.file(name).uri)

describe("MixpeekSink.inventory", () => {
  it.effect("says of each object which file it was made from, in which state", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn()
      const [page] = yield* pages(server, ["a"])
      const [object] = yield* server.objects(Fixtures.bucket)
      const { id, path, token, uri } = Fixtures.file("a")
      assert.deepStrictEqual(page, [
        { objectId: object?.objectId ?? "", key: keyOf("a"), id, uri, path, token, content: undefined }
      ])
    })
  )

  it.effect.each(["cursor", "offset"] as const)(
    "lists every object once, by %s, those of one key in one page",
    (paging) =>
      Effect.gen(function* () {
        const server = yield* Fixtures.standIn({ paging })
        const names = namesOf(1250)
        const found = yield* pages(server, [...names, ...names, ...names])
        const keys = found.flatMap((page) => [...new Set(page.map(({ key }) => key))])
        assert.deepStrictEqual(keys.toSorted(), names.map(keyOf).toSorted())
        assert.strictEqual(new Set(found.flat().map(({ objectId }) => objectId)).size, 3750)
        assert.isAbove(found.length, 3)
      })
  )

  it.effect("lists a key that has more objects than a page", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn()
      const names = namesOf(20)
      const found = yield* pages(server, [...names, ...Array.from({ length: 2100 }, () => "many")])
      const counts = Map.groupBy(found.flat(), ({ key }) => key)
      assert.strictEqual(counts.get(keyOf("many"))?.length, 2100)
      assert.strictEqual(found.flat().length, 2120)
      assert.strictEqual(found.filter((page) => page.some(({ key }) => key === keyOf("many"))).length, 1)
    })
  )

  it.effect("leaves out what other pipelines made, and what nobody can tell", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn()
      const other = MixpeekSink.make({ bucket: Fixtures.bucket, lineage: { source: false } })
      yield* Effect.provide(send(other, ["x"]), Fixtures.client(server))
      const found = yield* pages(server, ["a", "b"])
      assert.deepStrictEqual(
        found
          .flat()
          .map(({ id }) => id)
          .toSorted(),
        ["a", "b"]
      )
      const sink = MixpeekSink.make({ bucket: Fixtures.bucket })
      const inventory = Option.getOrThrow(sink.inventory)
      const ask = <A, E>(effect: Effect.Effect<A, E, Effect.Services<ReturnType<typeof inventory.withKeys>>>) =>
        Effect.provide(effect, Fixtures.client(server))
      assert.deepStrictEqual(yield* ask(Stream.runCollect(inventory.all("another"))), [[]])
      assert.deepStrictEqual(yield* ask(inventory.withKeys("another", [keyOf("a")])), [])
      const some = yield* ask(inventory.withKeys(pipeline, [keyOf("a"), keyOf("x"), keyOf("not there")]))
      assert.deepStrictEqual(
        some.map(({ id }) => id),
        ["a"]
      )
    })
  )

  it.effect("finds lineage where it was placed", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn()
      const lineage = { sourceKey: "metadata.key", source: "data.of" } as const
      const found = yield* pages(server, ["a", "b"], { lineage })
      assert.deepStrictEqual(
        found
          .flat()
          .map(({ id }) => id)
          .toSorted(),
        ["a", "b"]
      )
    })
  )

  it.effect("is refused by a server that lists in an order of its own", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn()
      yield* pages(server, ["a", "b", "c"])
      const unsorted = Layer.effect(
        Mixpeek,
        Effect.map(Mixpeek, (real) =>
          Mixpeek.of({
            ...real,
            listObjects: (options) =>
              Effect.map(real.listObjects(options), (answer) => ({
                ...answer,
                value: { ...answer.value, results: answer.value.results.toReversed() }
              }))
          })
        )
      ).pipe(Layer.provide(Fixtures.client(server)))
      const { inventory } = MixpeekSink.make({ bucket: Fixtures.bucket })
      const error = yield* Effect.flip(
        Effect.provide(Stream.runDrain(Option.getOrThrow(inventory).all(pipeline)), unsorted)
      )
      assert.strictEqual(error.reason._tag, "Unusable")
    })
  )

  it("is none where objects do not say which file they were made from", () => {
    for (const lineage of [{ source: false }, { sourceKey: false }] as const) {
      const sink = MixpeekSink.make({ bucket: Fixtures.bucket, lineage, acceptDoubles: true })
      assert.isTrue(Option.isNone(sink.inventory))
    }
  })
})
