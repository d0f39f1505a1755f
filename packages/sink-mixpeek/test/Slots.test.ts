import { assert, describe, it } from "@effect/vitest"
import { type Sink, Source } from "@sluice/core"
import { type MixpeekObject, type MixpeekRecord, MixpeekSink } from "@sluice/sink-mixpeek"
import type { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { type Array as Arr, Effect, Exit, Layer, Option, Scope } from "effect"
import { hash } from "node:crypto"
import { slotsOf } from "../src/delivery/MixpeekRecord.ts"
import * as Fixtures from "./Fixtures.ts"
import { bytesOf, contentOf, listening, sourceError } from "./UploadFixtures.ts"

const sha256 = (text: string) => hash("sha256", text, "hex")

/** A sink that uploads everything, on a stand-in, in a run. */
const begin = Effect.fnUntraced(function* (server: Partial<MixpeekStandIn.Options> = {}) {
  const standIn = yield* Fixtures.standIn(server)
  const { events, layer } = listening()
  const context = yield* Layer.build(Layer.mergeAll(Fixtures.client(standIn), layer))
  const run = <A, E, R>(effect: Effect.Effect<A, E, R>) => Fixtures.elapsing(Effect.provideContext(effect, context))
  const sink = MixpeekSink.make({ bucket: Fixtures.bucket, delivery: { method: "upload" }, grace: 0 })
  const scope = yield* Scope.make()
  const { open, refused } = Option.getOrThrow(sink.staging)
  yield* run(open({ pipeline: Fixtures.run.pipeline, isClean: true }).pipe(Scope.provide(scope)))
  return {
    server: standIn,
    events,
    run,
    refused,
    prepare: (names: Arr.NonEmptyReadonlyArray<string>, object?: (name: string) => MixpeekObject.MixpeekObject) =>
      run(Fixtures.prepareAll(sink, names, object)),
    prepareOne: (record: Sink.Record<MixpeekObject.MixpeekObject>) => run(sink.prepare(record)),
    send: (batch: Arr.NonEmptyReadonlyArray<MixpeekRecord.MixpeekRecord>) => run(sink.send(batch)),
    end: run(Scope.close(scope, Exit.void)),
    contents: Effect.map(standIn.objects(Fixtures.bucket), (objects) =>
      objects.map(({ blobs }) => blobs.map(({ content }) => [content.form, content.sha256]))
    ),
    statuses: Effect.map(standIn.uploads(Fixtures.bucket), (all) =>
      all.map(({ status, used }) => (used ? "used" : status))
    )
  }
})

const of = (name: string) => ["upload", sha256(`content of ${name}`)]

const nowhere: MixpeekObject.MixpeekObject = { blobs: [{ property: "nowhere", type: "text" }] }

/** What was put is of no use any more: somebody put something else there. */
const spoil = (record: MixpeekRecord.MixpeekRecord, times = 1): MixpeekRecord.MixpeekRecord => {
  const [slot] = slotsOf(record)
  if (slot === undefined) throw new Error("nothing is uploaded for it")
  let left = times
  const spoiled = <A extends object>(staged: A): A => (left-- > 0 ? { ...staged, etag: '"spoiled"' } : staged)
  return {
    ...record,
    holes: [{ ...slot, current: spoiled(slot.current), again: Effect.map(slot.again, spoiled) }]
  }
}

describe("Slots", () => {
  it.effect("make objects of what was uploaded, several blobs of one and several of a batch", () =>
    Effect.gen(function* () {
      const { contents, end, prepare, send, server, statuses } = yield* begin()
      const object: MixpeekObject.MixpeekObject = {
        blobs: [
          { property: "content", type: "text" },
          { property: "document", type: "pdf" }
        ]
      }
      const batch = yield* prepare(["a", "b"], () => object)
      assert.deepStrictEqual(Fixtures.tags(yield* send(batch)), ["Created", "Created"])
      assert.deepStrictEqual(yield* contents, [
        [of("a"), of("a")],
        [of("b"), of("b")]
      ])
      assert.deepStrictEqual(yield* statuses, ["used", "used", "used", "used"])
      yield* end
      assert.deepStrictEqual([yield* server.orphans(Fixtures.bucket), yield* server.violations], [[], []])
    })
  )

  it.effect("say the content's SHA-256 in the lineage", () =>
    Effect.gen(function* () {
      const { prepare, send, server } = yield* begin()
      yield* send(yield* prepare(["a"]))
      const [object] = yield* server.objects(Fixtures.bucket)
      assert.include(JSON.stringify(object?.fields), sha256("content of a"))
    })
  )

  it.effect.each([1, 2])("upload again what is of no use, %i times", (times) =>
    Effect.gen(function* () {
      const { contents, end, prepare, send, server } = yield* begin()
      const [a, b] = yield* prepare(["a", "b"])
      if (b === undefined) return assert.fail("two are prepared")
      assert.deepStrictEqual(Fixtures.tags(yield* send([spoil(a, times), b])).toSorted(), ["Created", "Created"])
      assert.deepStrictEqual((yield* contents).toSorted(), [[of("a")], [of("b")]].toSorted())
      yield* end
      assert.deepStrictEqual(yield* server.orphans(Fixtures.bucket), [])
    })
  )

  it.effect("reject what is never of use, and nothing else", () =>
    Effect.gen(function* () {
      const { contents, end, prepare, send, server } = yield* begin()
      const [a, b] = yield* prepare(["a", "b"])
      if (b === undefined) return assert.fail("two are prepared")
      const answers = yield* send([spoil(a, 10), b])
      assert.deepStrictEqual(Fixtures.tags(answers).toSorted(), ["Created", "Rejected"])
      assert.include(JSON.stringify(answers), "upload-failed")
      assert.deepStrictEqual(yield* contents, [[of("b")]])
      yield* end
      assert.deepStrictEqual(yield* server.orphans(Fixtures.bucket), [])
    })
  )

  it.effect("come with a later batch where the file cannot be read again just now", () =>
    Effect.gen(function* () {
      const { prepare, send } = yield* begin()
      const [a] = yield* prepare(["a"])
      const [slot] = slotsOf(a)
      if (slot === undefined) return assert.fail("it is uploaded")
      const again = Effect.fail(sourceError(new Source.Unavailable()))
      const hole = { ...slot, current: { ...slot.current, etag: '"spoiled"' }, again }
      assert.deepStrictEqual(Fixtures.tags(yield* send([{ ...a, holes: [hole] }])), ["Retry"])
    })
  )

  it.effect("keep what was confirmed for an object that is refused", () =>
    Effect.gen(function* () {
      const { end, events, prepare, prepareOne, run, refused, send, server, statuses } = yield* begin()
      const [a] = yield* prepare(["a"], () => nowhere)
      assert.deepStrictEqual(Fixtures.tags(yield* send([a])), ["Rejected"])
      refused(a)
      assert.deepStrictEqual(yield* statuses, ["COMPLETED"])
      yield* server.setBucket(Fixtures.bucket, {
        schema: { properties: { ...Fixtures.schema.properties, nowhere: { type: "text" } } }
      })
      // Nothing is read for it.
      const again = yield* prepareOne(
        Fixtures.record(nowhere, Fixtures.file("a"), { bytes: sourceless, link: Option.none() })
      )
      if (again._tag !== "Prepared") return assert.fail("it is prepared")
      assert.deepStrictEqual(Fixtures.tags(yield* send([again])), ["Created"])
      assert.deepStrictEqual(yield* statuses, ["used"])
      yield* run(end)
      assert.notInclude(events, "Orphaned")
    })
  )

  it.effect(
    "count as an orphan what is confirmed of a record that is refused and not sent again, and nothing else",
    () =>
      Effect.gen(function* () {
        const { end, events, prepare, refused, send, statuses } = yield* begin()
        const [a, b, c] = yield* prepare(["a", "b", "c"], (name) => (name === "a" ? nowhere : Fixtures.textObject))
        if (b === undefined || c === undefined) return assert.fail("three are prepared")
        yield* send([a, b])
        refused(a)
        // It was never sent, so it can be taken back.
        refused(c)
        yield* end
        assert.deepStrictEqual(yield* statuses, ["COMPLETED", "used", "CANCELED"])
        assert.deepStrictEqual(
          events.filter((event) => event === "Orphaned"),
          ["Orphaned"]
        )
      })
  )

  it.effect("are confirmed once, however often the batch is sent", () =>
    Effect.gen(function* () {
      const { prepare, send, server } = yield* begin({ faults: [{ kind: "unavailable", times: 1 }] })
      const batch = yield* prepare(["a", "b"])
      assert.isTrue(Exit.isFailure(yield* Effect.exit(send(batch))))
      assert.deepStrictEqual(Fixtures.tags(yield* send(batch)), ["Created", "Created"])
      assert.strictEqual((yield* server.totals).byOperation["confirmUploadsBatch"], 1)
    })
  )
})

const sourceless = contentOf("a", "", { bytes: bytesOf("something else") }).bytes
