import { assert, describe, it } from "@effect/vitest"
import type { Sink } from "@sluice/core"
import { MixpeekSink, type ProcessingOptions } from "@sluice/sink-mixpeek"
import type { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Array as Arr, Effect, Layer, Option } from "effect"
import * as Fixtures from "./Fixtures.ts"

const compute = { perMinute: 60_000 }
const rateLimits = { data: compute, metadata: compute, upload: compute, compute }
const collections = [{ id: "col_pages" }]

/** A bucket with objects in it, and what is done with them. */
const begin = Effect.fnUntraced(function* (
  names: Arr.NonEmptyReadonlyArray<string>,
  server: Partial<MixpeekStandIn.Options> = {},
  options: Omit<ProcessingOptions.BatchOptions, "mode"> = {}
) {
  const standIn = yield* Fixtures.standIn({ documents: { collections }, ...server })
  const context = yield* Layer.build(Fixtures.client(standIn, { rateLimits }))
  const sink = MixpeekSink.make({ bucket: Fixtures.bucket, processing: { mode: "batch", ...options } })
  const processing = Option.getOrThrow(sink.processing)
  const run = <A, E, R>(effect: Effect.Effect<A, E, R>) => Fixtures.elapsing(Effect.provideContext(effect, context))
  const answers = yield* run(Effect.flatMap(Fixtures.prepareAll(sink, names), sink.send))
  const ids = answers.flatMap((answer) =>
    answer._tag === "Settled" && answer.outcome._tag === "Created" ? (answer.outcome.objectId ?? []) : []
  )
  assert.strictEqual(ids.length, names.length)
  return {
    server: standIn,
    // There are as many as there are names.
    ids: ids as unknown as Arr.NonEmptyReadonlyArray<string>,
    create: (objectIds: Arr.NonEmptyReadonlyArray<string>, mayExist = false) =>
      run(processing.create(objectIds, mayExist)),
    submit: (id: string) => run(processing.submit(id)),
    status: (id: string) => run(processing.status(id)),
    retry: (id: string) => run(processing.retry(id)),
    /** Looks until it is over. */
    ended: (id: string) => run(processing.status(id).pipe(Effect.repeat({ until: ({ _tag }) => _tag !== "Running" }))),
    batches: standIn.batches(Fixtures.bucket)
  }
})

const tags = (error: Sink.SinkError) => error.reason._tag

describe("Processing", () => {
  it.effect("makes a batch that does not begin, and lets it begin once", () =>
    Effect.gen(function* () {
      const { batches, create, ended, ids, server, status, submit } = yield* begin(["a", "b"])
      const id = yield* create(ids)
      assert.deepStrictEqual(yield* status(id), { _tag: "Draft" })
      assert.isTrue(yield* submit(id))
      assert.isFalse(yield* submit(id))
      assert.deepStrictEqual(yield* ended(id), { _tag: "Ended", failed: [], unnamed: [], isTransient: false })
      assert.isFalse(yield* submit(id))
      const [batch, ...others] = yield* batches
      assert.deepStrictEqual(others, [])
      assert.deepInclude(batch, { objectIds: ids, submits: 1, status: "COMPLETED" })
      assert.deepStrictEqual(yield* server.violations, [])
    })
  )

  it.effect("finds a batch that an earlier run made, by the objects in it, and makes one where there is none", () =>
    Effect.gen(function* () {
      const { batches, create, ids, submit } = yield* begin(["a", "b", "c"])
      const [a, b, c] = ids
      const submitted = yield* create([a])
      yield* submit(submitted)
      const draft = yield* create([a, b ?? ""])
      assert.strictEqual(yield* create([a, b ?? ""], true), draft)
      // One of them was removed, or updated, since.
      assert.strictEqual(yield* create([a], true), draft)
      assert.notStrictEqual(yield* create([a, c ?? ""], true), draft)
      assert.strictEqual((yield* batches).length, 3)
    })
  )

  it.effect.each(["before", "after", "never"] as const)(
    "makes one batch where the answer is lost (there: %s)",
    (commits) =>
      Effect.gen(function* () {
        const faults = [{ kind: "reset", commits, operations: ["createBatch"], times: 1 }] as const
        const { batches, create, ids } = yield* begin(["a"], { faults })
        const id = yield* create(ids)
        assert.deepStrictEqual(
          (yield* batches).map(({ batchId }) => batchId),
          [id]
        )
      })
  )

  it.effect.each([
    ["before", 429],
    ["after", 429],
    ["after", "same"]
  ] as const)("submits once where the answer is lost %s it began (a second one: %s)", ([commits, resubmit]) =>
    Effect.gen(function* () {
      const faults = [{ kind: "reset", commits, operations: ["submitBatch"], times: 1 }] as const
      const { create, ended, ids, server, submit } = yield* begin(["a"], { faults, processing: { resubmit } })
      const id = yield* create(ids)
      assert.isTrue(yield* submit(id))
      yield* ended(id)
      assert.deepStrictEqual([...(yield* server.processed).values()], [{ succeeded: 1, failed: 0 }])
    })
  )

  it.effect("does no harm by objects that are not there any more", () =>
    Effect.gen(function* () {
      const { create, ended, ids, submit } = yield* begin(["a"])
      const id = yield* create([...ids, "obj_gone"])
      yield* submit(id)
      const status = yield* ended(id)
      assert.isTrue(status._tag === "Ended" && Array.isArray(status.failed) && status.failed.length === 1)
    })
  )

  it.effect("says which objects failed, why, and whether that may pass; and tries those again", () =>
    Effect.gen(function* () {
      const failures = [
        { category: "network", sourceKeys: [Fixtures.keyOf("a")], times: 1 },
        { category: "runtime", sourceKeys: [Fixtures.keyOf("b")] }
      ] as const
      const { create, ended, ids, retry, submit } = yield* begin(["a", "b", "c"], { processing: { failures } })
      const id = yield* create(ids)
      yield* submit(id)
      const failure = (code: string) => ({ code, message: `The processing fails on purpose: ${code}`, stage: "tier 0" })
      const expected = [
        { objectId: ids[0], failure: failure("network") },
        { objectId: ids[1] ?? "", failure: failure("runtime") }
      ]
      const first = yield* ended(id)
      assert.isTrue(first._tag === "Ended" && first.isTransient)
      assert.sameDeepMembers(first._tag === "Ended" && Array.isArray(first.failed) ? [...first.failed] : [], expected)
      assert.isTrue(yield* retry(id))
      const second = yield* ended(id)
      assert.deepStrictEqual(second, {
        _tag: "Ended",
        failed: expected.slice(1),
        unnamed: [],
        isTransient: false
      })
      assert.isFalse(yield* retry(id))
    })
  )

  it.effect("reads all failures, page by page", () =>
    Effect.gen(function* () {
      const names = Arr.makeBy(100, (i) => `file ${i}`)
      const { create, ended, ids, server, submit } = yield* begin(names, {
        processing: { failures: [{ category: "runtime" }] }
      })
      const id = yield* create(ids)
      yield* submit(id)
      const status = yield* ended(id)
      assert.isTrue(status._tag === "Ended" && Array.isArray(status.failed) && status.failed.length === 100)
      assert.deepStrictEqual(yield* server.violations, [])
    })
  )

  it.effect.each(["results", "unknown"] as const)(
    "names objects that failed where these are listed as %s",
    (failedForm) =>
      Effect.gen(function* () {
        const failures = [{ category: "runtime", sourceKeys: [Fixtures.keyOf("a")] }] as const
        const { create, ended, ids, submit } = yield* begin(["a", "b"], { processing: { failures, failedForm } })
        const id = yield* create(ids)
        yield* submit(id)
        const status = yield* ended(id)
        assert.deepStrictEqual(
          status._tag === "Ended" && Array.isArray(status.failed)
            ? status.failed.map(({ failure, objectId }) => [objectId, failure.code])
            : [],
          [[ids[0], "runtime"]]
        )
      })
  )

  it.effect("says that nothing was made where the bucket has no collections", () =>
    Effect.gen(function* () {
      const { create, ended, ids, submit } = yield* begin(["a"], { documents: {} })
      const id = yield* create(ids)
      yield* submit(id)
      const status = yield* ended(id)
      assert.isTrue(status._tag === "Ended" && "code" in status.failed && status.failed.code === "no-collections")
    })
  )

  it.effect("is refused where a batch cannot begin", () =>
    Effect.gen(function* () {
      const { create, ids, submit } = yield* begin(["a"], {
        documents: {},
        processing: { withoutCollections: 400 }
      })
      const error = yield* Effect.flip(submit(yield* create(ids)))
      assert.strictEqual(tags(error), "Refused")
      assert.include(error.message, "has no collections")
    })
  )

  it.effect("knows a batch that is not there any more", () =>
    Effect.gen(function* () {
      const { status } = yield* begin(["a"])
      assert.deepStrictEqual(yield* status("btch_gone"), { _tag: "Missing" })
    })
  )

  it.effect.each(["none", "auto"] as const)("is Mixpeek's own matter with %s", (mode) =>
    Effect.gen(function* () {
      const standIn = yield* Fixtures.standIn({ documents: { collections } })
      const sink = MixpeekSink.make({ bucket: Fixtures.bucket, processing: mode })
      assert.isTrue(Option.isNone(sink.processing))
      yield* Effect.flatMap(Fixtures.prepareAll(sink, ["a", "b"]), sink.send).pipe(
        Fixtures.elapsing,
        Effect.provide(Fixtures.client(standIn))
      )
      const batches = yield* standIn.batches(Fixtures.bucket)
      assert.deepStrictEqual(
        batches.map(({ automatic, objectIds }) => [automatic, objectIds.length]),
        mode === "auto" ? [[true, 2]] : []
      )
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )
})
