import { assert, describe, it } from "@effect/vitest"
import { Lineage, type Sink } from "@sluice/core"
import { MixpeekSink } from "@sluice/sink-mixpeek"
import type { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { type Array as Arr, Effect, Option } from "effect"
import * as Fixtures from "./Fixtures.ts"

const removal = (name: string, objectId?: string): Sink.Removal => ({
  key: Lineage.sourceKey(Fixtures.file(name).uri),
  objectId: Option.fromUndefinedOr(objectId)
})

/** Fills a bucket with texts under these names and removes what the test says, after what happens `meanwhile`. */
const remove = Effect.fnUntraced(function* (
  server: MixpeekStandIn.MixpeekStandIn,
  names: Arr.NonEmptyReadonlyArray<string>,
  removals: (objects: ReadonlyArray<MixpeekStandIn.StoredObject>) => Arr.NonEmptyReadonlyArray<Sink.Removal>,
  options?: Partial<MixpeekSink.Options>,
  meanwhile: Effect.Effect<unknown> = Effect.void
) {
  const sink = MixpeekSink.make({ bucket: Fixtures.bucket, ...options })
  return yield* Effect.gen(function* () {
    // A batch with one file several times is stored, and its answer is no answer.
    yield* Effect.ignore(sink.send(yield* Fixtures.prepareAll(sink, names)))
    const objects = yield* server.objects(Fixtures.bucket)
    yield* meanwhile
    return yield* Fixtures.elapsing(sink.remove(removals(objects)))
  }).pipe(Effect.provide(Fixtures.client(server)))
})

const operations = (server: MixpeekStandIn.MixpeekStandIn) =>
  Effect.map(server.totals, ({ byOperation }) => [byOperation["listObjects"] ?? 0, byOperation["deleteObject"] ?? 0])

describe("MixpeekSink.remove", () => {
  it.effect("asks nobody for objects whose ids are known", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn()
      const answers = yield* remove(server, ["a", "b", "c"], ([a, b]) => [
        removal("a", a?.objectId),
        removal("b", b?.objectId)
      ])
      assert.deepStrictEqual(Fixtures.tags(answers), ["Removed", "Removed"])
      assert.strictEqual(yield* server.count(Fixtures.bucket), 1)
      assert.deepStrictEqual(yield* operations(server), [0, 2])
    })
  )

  it.effect("deletes every object of a file, where one question finds them by its key", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn()
      const answers = yield* remove(server, ["a", "a", "b", "c"], () => [removal("a"), removal("c"), removal("never")])
      assert.deepStrictEqual(Fixtures.tags(answers), ["Removed", "Removed", "Removed"])
      assert.strictEqual(yield* server.count(Fixtures.bucket), 1)
      assert.deepStrictEqual(yield* operations(server), [1, 3])
    })
  )

  it.effect("rejects what cannot be found, because its key is nowhere", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn()
      const options = { uniqueKey: "upsert", lineage: { sourceKey: false } } as const
      const answers = yield* remove(server, ["a"], ([a]) => [removal("a", a?.objectId), removal("b")], options)
      assert.deepStrictEqual(Fixtures.tags(answers), ["Removed", "Rejected"])
    })
  )

  it.effect("tries again while it is throttled, unavailable or unanswered", () =>
    Effect.gen(function* () {
      const operations = ["deleteObject"]
      const server = yield* Fixtures.standIn({
        faults: [
          { kind: "throttle", times: 1, operations },
          { kind: "bad-gateway", times: 1, operations },
          { kind: "reset", commits: "before", times: 1, operations }
        ]
      })
      const answers = yield* remove(server, ["a"], ([a]) => [removal("a", a?.objectId)])
      assert.deepStrictEqual(Fixtures.tags(answers), ["Removed"])
      assert.strictEqual(yield* server.count(Fixtures.bucket), 0)
    })
  )

  it.effect("stops the run where the key may not delete, and names the permission", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn({ keys: [{ key: "sk_writer", permission: "write" }] })
      const error = yield* Effect.flip(remove(server, ["a"], ([a]) => [removal("a", a?.objectId)]))
      assert.strictEqual(error.reason._tag, "Unauthorized")
      assert.include(error.message, "delete to remove")
    })
  )
})

describe("MixpeekSink.remove with documents", () => {
  const collections = [{ id: "col_pages", documentsPerObject: 3 }, { id: "col_faces" }]
  const withDocuments = (
    documents: MixpeekStandIn.DocumentSettings = {},
    options: Partial<MixpeekStandIn.Options> = {}
  ) => Fixtures.standIn({ documents: { collections, ...documents }, ...options })
  const options = { documents: "remove" } as const
  const first = ([a]: ReadonlyArray<MixpeekStandIn.StoredObject>) => [removal("a", a?.objectId)] as const
  const counts = Effect.fnUntraced(function* (server: MixpeekStandIn.MixpeekStandIn) {
    assert.deepStrictEqual(yield* server.violations, [])
    const { byOperation } = yield* server.totals
    return {
      objects: yield* server.count(Fixtures.bucket),
      documents: (yield* server.documents).length,
      requests: ["getObjectDocuments", "deleteDocuments", "deleteObject"].map((name) => byOperation[name] ?? 0)
    }
  })
  const causeOf = (answers: ReadonlyArray<Sink.Answer>) => {
    const [answer] = answers
    return answer?._tag === "Settled" && answer.outcome._tag === "Rejected" ? answer.outcome.cause : undefined
  }

  it.effect("leaves them alone, and asks for none, where nothing is said", () =>
    Effect.gen(function* () {
      const server = yield* withDocuments()
      assert.deepStrictEqual(Fixtures.tags(yield* remove(server, ["a"], first)), ["Removed"])
      assert.deepStrictEqual(yield* counts(server), { objects: 0, documents: 4, requests: [0, 0, 1] })
    })
  )

  it.effect.each(["flat", "nested"] as const)("removes those of one object alone, before it, listed as %s", (form) =>
    Effect.gen(function* () {
      const server = yield* withDocuments({ form })
      assert.deepStrictEqual(Fixtures.tags(yield* remove(server, ["a", "b"], first, options)), ["Removed"])
      assert.deepStrictEqual(yield* counts(server), { objects: 1, documents: 4, requests: [1, 2, 1] })
      const order = (yield* server.requests).map(({ operation }) => operation).slice(1)
      assert.deepStrictEqual(order, ["getObjectDocuments", "deleteDocuments", "deleteDocuments", "deleteObject"])
    })
  )

  it.effect("removes those of every object that is found by the key of a file", () =>
    Effect.gen(function* () {
      const server = yield* withDocuments()
      const answers = yield* remove(server, ["a", "a", "b"], () => [removal("a"), removal("never")], options)
      assert.deepStrictEqual(Fixtures.tags(answers), ["Removed", "Removed"])
      assert.deepStrictEqual(yield* counts(server), { objects: 1, documents: 4, requests: [2, 4, 2] })
    })
  )

  it.effect("removes an object that has none, with one question more", () =>
    Effect.gen(function* () {
      const server = yield* Fixtures.standIn()
      assert.deepStrictEqual(Fixtures.tags(yield* remove(server, ["a"], first, options)), ["Removed"])
      assert.deepStrictEqual(yield* counts(server), { objects: 0, documents: 0, requests: [1, 0, 1] })
    })
  )

  it.effect("removes thousands, 1,000 a request", () =>
    Effect.gen(function* () {
      const many = [{ id: "col_frames", documentsPerObject: 2500 }]
      const server = yield* withDocuments({ collections: many, listed: 10_000 })
      assert.deepStrictEqual(Fixtures.tags(yield* remove(server, ["a"], first, options)), ["Removed"])
      assert.deepStrictEqual(yield* counts(server), { objects: 0, documents: 0, requests: [1, 3, 1] })
    })
  )

  it.effect("asks again as long as a listing tells of more than it names", () =>
    Effect.gen(function* () {
      const server = yield* withDocuments({ listed: 1 })
      assert.deepStrictEqual(Fixtures.tags(yield* remove(server, ["a"], first, options)), ["Removed"])
      assert.deepStrictEqual(yield* counts(server), { objects: 0, documents: 0, requests: [4, 4, 1] })
    })
  )

  it.effect("takes what is gone already for removed: documents, their collection, their object", () =>
    Effect.gen(function* () {
      const server = yield* withDocuments()
      assert.deepStrictEqual(Fixtures.tags(yield* remove(server, ["a"], first)), ["Removed"])
      const [left] = yield* server.documents
      const id = left?.objectId
      assert.deepStrictEqual(Fixtures.tags(yield* remove(server, ["b"], () => [removal("a", id)], options)), [
        "Removed"
      ])
      // Of an object that is gone, with everything that was made of it, nothing is known.
      assert.deepStrictEqual(Fixtures.tags(yield* remove(server, ["c"], () => [removal("a", id)], options)), [
        "Removed"
      ])
      assert.deepStrictEqual(yield* counts(server), { objects: 2, documents: 8, requests: [2, 2, 3] })
    })
  )

  it.effect.each([
    ["before it takes effect", "never"],
    ["after it took effect", "before"]
  ] as const)("tries again where an answer is lost %s", ([, commits]) =>
    Effect.gen(function* () {
      const faults = ["getObjectDocuments", "deleteDocuments", "deleteObject"].flatMap((operation) => [
        { kind: "reset" as const, commits, times: 1, operations: [operation] },
        { kind: "bad-gateway" as const, commits, times: 1, operations: [operation] },
        { kind: "throttle" as const, times: 1, operations: [operation] }
      ])
      const server = yield* withDocuments({}, { faults })
      assert.deepStrictEqual(Fixtures.tags(yield* remove(server, ["a"], first, options)), ["Removed"])
      const { documents, objects } = yield* counts(server)
      assert.deepStrictEqual([objects, documents], [0, 0])
      assert.deepStrictEqual(yield* server.tooEarly, [])
    })
  )

  it.effect.each([["getObjectDocuments"], ["deleteDocuments"], ["deleteObject"]] as const)(
    "begins again where a run is killed during %s",
    ([operation]) =>
      Effect.gen(function* () {
        const server = yield* withDocuments(
          {},
          {
            faults: [{ kind: "silence", commits: "before", times: 1, operations: [operation] }]
          }
        )
        const arrived = Effect.repeat(server.totals, { until: ({ byOperation }) => (byOperation[operation] ?? 0) > 0 })
        // Without its id: once the object is gone, nobody finds what was made of it.
        const removing = (fill: string) => remove(server, [fill], () => [removal("a")], options)
        const killed = yield* Effect.raceFirst(Effect.as(removing("a"), "removed"), Effect.as(arrived, "killed"))
        assert.strictEqual(killed, "killed")
        assert.deepStrictEqual(Fixtures.tags(yield* removing("b")), ["Removed"])
        const { documents, objects } = yield* counts(server)
        assert.deepStrictEqual([objects, documents], [1, 4])
      })
  )

  it.effect("keeps an object whose documents cannot all be deleted, and says why; others go", () =>
    Effect.gen(function* () {
      const server = yield* withDocuments()
      const answers = yield* remove(
        server,
        ["a", "b"],
        ([a, b]) => [removal("a", a?.objectId), removal("b", b?.objectId)],
        options,
        Effect.flatMap(server.documents, ([one]) =>
          server.set({ documents: { collections, stuck: [one?.documentId ?? ""] } })
        )
      )
      assert.deepStrictEqual(Fixtures.tags(answers), ["Rejected", "Removed"])
      const cause = causeOf(answers)
      assert.strictEqual(cause?.code, "documents-remain")
      assert.include(cause?.message, "Mixpeek keeps 1 of 3 (StorageError: the point is locked)")
      assert.include(cause?.message, "a later run tries again")
      assert.deepStrictEqual(yield* counts(server), { objects: 1, documents: 2, requests: [2, 3, 1] })
      yield* server.set({ documents: { collections } })
      const [left] = yield* server.objects(Fixtures.bucket)
      const later = yield* remove(server, ["c"], () => [removal("a", left?.objectId)], options)
      assert.deepStrictEqual(Fixtures.tags(later), ["Removed"])
    })
  )

  it.effect("keeps an object whose documents are listed in a way that nobody understands", () =>
    Effect.gen(function* () {
      const server = yield* withDocuments({ form: "unknown" })
      const answers = yield* remove(server, ["a"], first, options)
      assert.strictEqual(causeOf(answers)?.code, "documents-remain")
      assert.include(causeOf(answers)?.message, "cannot be understood")
      assert.deepStrictEqual(yield* counts(server), { objects: 1, documents: 4, requests: [1, 0, 0] })
    })
  )

  it.effect("stops the run where the key may not delete them, and leaves their object", () =>
    Effect.gen(function* () {
      const server = yield* withDocuments({}, { keys: [{ key: "sk_writer", permission: "write" }] })
      const error = yield* Effect.flip(remove(server, ["a"], first, options))
      assert.strictEqual(error.reason._tag, "Unauthorized")
      assert.include(error.message, "deleteDocuments")
      assert.deepStrictEqual(yield* counts(server), { objects: 1, documents: 4, requests: [1, 1, 0] })
    })
  )
})
