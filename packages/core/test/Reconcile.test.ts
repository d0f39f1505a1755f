import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Schema, Stream } from "effect"
import * as Check from "../src/Check.ts"
import * as Ledger from "../src/Ledger.ts"
import { sourceKey } from "../src/Lineage.ts"
import type * as Pipeline from "../src/Pipeline.ts"
import * as Reconcile from "../src/Reconcile.ts"
import type * as Sink from "../src/Sink.ts"
import type { SourceFile } from "../src/SourceFile.ts"
import * as Bucketed from "./fakes/bucketed.ts"
import type { BucketObject, Sendable } from "./fakes/FakeBucket.ts"
import * as FakeSink from "./fakes/FakeSink.ts"
import * as FakeSource from "./fakes/FakeSource.ts"
import { file } from "./fakes/files.ts"
import * as Listening from "./fakes/listening.ts"
import { settled } from "./fakes/settled.ts"

type Options = Partial<Pipeline.Options<string, Sendable, never, never, never>>

const whole = (state: string | SourceFile): SourceFile => {
  if (typeof state !== "string") return state
  const [id = "", token = ""] = state.split("@")
  return file(id, { token })
}

/** A bucket and a ledger that say the same, before a test does something to one of them. */
const make = (upserts: boolean, options: Options = {}) => {
  const made = Bucketed.make(upserts, options)
  const { objects } = made.bucket
  let { ledger } = made
  const over = (files: ReadonlyArray<string | SourceFile>) => made.pipelineOver(files.map(whole))
  const withLedger = <A, E>(effect: Effect.Effect<A, E, Ledger.Ledger>) =>
    settled(Effect.suspend(() => Effect.provideService(effect, Ledger.Ledger, ledger)))
  return {
    ...made,
    objects,
    differences: (options?: Reconcile.Options, ...files: ReadonlyArray<string | SourceFile>) =>
      withLedger(
        Effect.map(Stream.runCollect(Reconcile.differences(over(files), options)), (all) =>
          all
            .map((one) => `${one._tag} ${"object" in one ? `${one.object.id}@${one.object.token}` : one.file.id}`)
            .toSorted()
        )
      ),
    compare: (options?: Reconcile.Options, ...files: ReadonlyArray<string | SourceFile>) =>
      withLedger(Reconcile.compare(over(files), options)),
    repair: (files: ReadonlyArray<string | SourceFile>, options?: { readonly confirmDeletes: boolean }) =>
      withLedger(Reconcile.repair(over(files), options)),
    object: (id: string) => [...objects.values()].find((one) => one.id === id) ?? assert.fail(`no object of ${id}`),
    put: (state: string, over: Partial<BucketObject> = {}) => {
      const { id, path, token, uri } = whole(state)
      const objectId = `by hand ${objects.size}`
      objects.set(objectId, {
        objectId,
        key: sourceKey(uri),
        id,
        uri,
        path,
        token,
        content: undefined,
        ...over
      })
    },
    loseLedger: () => {
      ledger = Listening.make().ledger
    }
  }
}

for (const upserts of [true, false]) {
  const bucket = upserts ? "a bucket that upserts" : "a bucket that does not"

  describe(`a ledger and ${bucket}`, () => {
    it.effect("are the same after a run, whatever was on its way when an earlier one was killed", () =>
      Effect.gen(function* () {
        const { compare, differences, run } = make(upserts)
        yield* run(["a@1", "b@1", "c@1"])
        yield* Effect.exit(run(["a@2", "b@1", "c@1", "d@1"], Bucketed.killedAfter("send")))
        if (!upserts) assert.deepStrictEqual(yield* differences(), [])
        yield* run(["a@2", "b@1", "c@1", "d@1"])
        assert.deepStrictEqual(yield* differences(), [])
        const comparison = yield* compare()
        assert.isTrue(Reconcile.isEqual(comparison))
        assert.deepStrictEqual([comparison.files, comparison.objects], [4, 4])
      })
    )

    it.effect("differ where an object was removed by hand; repaired, it is there again", () =>
      Effect.gen(function* () {
        const { differences, object, objects, repair, run, there } = make(upserts)
        yield* run(["a@1", "b@1"])
        objects.delete(object("a").objectId)
        assert.deepStrictEqual(yield* differences(), ["Missing a"])
        const { comparison, report } = yield* repair(["a@1", "b@1"])
        assert.strictEqual(comparison.missing.count, 1)
        assert.deepStrictEqual([report.created + report.updated, report.unchanged], [1, 1])
        assert.deepStrictEqual([there(), yield* differences()], [["a@1", "b@1"], []])
      })
    )

    it.effect("differ where an object is of another state than the ledger says; repaired, it is of the file's", () =>
      Effect.gen(function* () {
        const { differences, object, objects, repair, run, there } = make(upserts)
        yield* run(["a@2", "b@1"])
        const { objectId } = object("a")
        objects.set(objectId, { ...object("a"), token: "1" })
        assert.deepStrictEqual(yield* differences(), ["Stale a@1"])
        yield* repair(["a@2", "b@1"])
        assert.deepStrictEqual([there(), yield* differences()], [["a@2", "b@1"], []])
      })
    )

    it.effect("differ where the file's object is another one; repaired, the ledger knows it and nothing is sent", () =>
      Effect.gen(function* () {
        const { differences, known, object, objects, put, repair, run, there } = make(upserts)
        yield* run(["a@1"])
        objects.delete(object("a").objectId)
        put("a@1")
        assert.deepStrictEqual(yield* differences(), ["Stale a@1"])
        const { report } = yield* repair(["a@1"])
        assert.deepStrictEqual([report.unchanged, there()], [1, ["a@1"]])
        assert.strictEqual((yield* known("a")).get("a")?.objectId, object("a").objectId)
      })
    )

    it.effect("differ where a file has an object too many; repaired, the one that the ledger speaks of stays", () =>
      Effect.gen(function* () {
        const { differences, object, objects, put, repair, run } = make(upserts)
        yield* run(["a@2", "b@1"])
        const { objectId } = object("a")
        put("a@2")
        put("a@1")
        assert.deepStrictEqual(yield* differences(), ["Extra a@1", "Extra a@2"])
        yield* repair(["a@2", "b@1"])
        assert.isTrue(objects.has(objectId))
        assert.deepStrictEqual([objects.size, yield* differences()], [2, []])
      })
    )

    it.effect("differ where the ledger was lost; repaired, it knows everything, and only what changed is sent", () =>
      Effect.gen(function* () {
        const { differences, loseLedger, repair, run, there } = make(upserts)
        yield* run(["a@1", "b@1", "c@1", "d@1"])
        loseLedger()
        const renamed = file("d", { path: "elsewhere/d" })
        assert.deepStrictEqual(yield* differences(), ["Extra a@1", "Extra b@1", "Extra c@1", "Extra d@1"])
        const { report } = yield* repair(["a@1", "b@2", "c@1", renamed, "e@1"])
        assert.deepStrictEqual([report.unchanged, report.created + report.updated], [2, 3])
        assert.deepStrictEqual([there(), yield* differences()], [["a@1", "b@2", "c@1", "d@1", "e@1"], []])
        const again = yield* repair(["a@1", "b@2", "c@1", renamed, "e@1"])
        assert.strictEqual(again.report.unchanged, 5)
      })
    )

    it.effect("of a lost ledger, objects of files that are gone are held back or removed like any other", () =>
      Effect.gen(function* () {
        const { loseLedger, repair, run, there } = make(upserts, { deletes: "propagate" })
        const all = Array.from({ length: 20 }, (_, i) => `${i}@1`)
        yield* run(all)
        loseLedger()
        const held = yield* repair(all.slice(0, 5))
        assert.deepStrictEqual([held.report.heldBack, there().length], [15, 20])
        const { report } = yield* repair(all.slice(0, 5), { confirmDeletes: true })
        assert.deepStrictEqual([report.removed, there().length], [15, 5])
      })
    )
  })
}

describe("repair", () => {
  const ids = ["a", "b", "c", "d", "e"]
  /** Of each file; none where it is not there. */
  const States = Schema.TupleWithRest(Schema.Tuple([Schema.Literals(["1", "2"])]), [Schema.Literals(["", "1", "2"])])
  const statesOf = (states: typeof States.Type) =>
    ids.flatMap((id, i) => (states[i] === undefined || states[i] === "" ? [] : [`${id}@${states[i]}`]))
  const Some = Schema.Array(Schema.Literals(ids))

  it.effect.prop(
    "makes the bucket what the source is, whatever was done to bucket and ledger",
    {
      first: States,
      second: States,
      upserts: Schema.Boolean,
      losesLedger: Schema.Boolean,
      removed: Some,
      older: Some,
      doubled: Schema.Array(Schema.Struct({ id: Schema.Literals(ids), token: Schema.Literals(["1", "2", "3"]) }))
    },
    ({ doubled, first, losesLedger, older, removed, second, upserts }) =>
      Effect.gen(function* () {
        const now = statesOf(second)
        const { differences, loseLedger, objects, put, repair, run, there } = make(upserts, { deletes: "propagate" })
        yield* run(statesOf(first))
        for (const one of objects.values()) {
          if (removed.includes(one.id)) objects.delete(one.objectId)
          else if (older.includes(one.id)) objects.set(one.objectId, { ...one, token: "0" })
        }
        // A bucket that upserts has no doubles.
        if (!upserts) for (const { id, token } of doubled) put(`${id}@${token}`)
        if (losesLedger) loseLedger()
        yield* repair(now, { confirmDeletes: true })
        assert.deepStrictEqual(there(), now.toSorted())
        assert.deepStrictEqual(yield* differences({ source: true }, ...now), [])
      })
  )
})

describe("a comparison with the source", () => {
  it.effect("names files that are new, changed or renamed there, and those that are gone", () =>
    Effect.gen(function* () {
      const { differences, run, there } = make(false)
      yield* run(["a@1", "b@1", "c@1", "d@1"])
      const now = ["a@1", "b@2", file("c", { path: "elsewhere" }), "e@1"]
      assert.deepStrictEqual(yield* differences({ source: true }, ...now), [
        "Gone d",
        "Unsent b",
        "Unsent c",
        "Unsent e"
      ])
      assert.deepStrictEqual(there(), ["a@1", "b@1", "c@1", "d@1"])
    })
  )

  it.effect("costs the next run nothing but a sweep: what it found gone and is back stays", () =>
    Effect.gen(function* () {
      const { differences, run, there } = make(false, { deletes: "propagate" })
      yield* run(["a@1", "b@1"])
      assert.deepStrictEqual(yield* differences({ source: true }, "a@1"), ["Gone b"])
      const report = yield* run(["a@1", "b@1"])
      assert.deepStrictEqual([report.unchanged, report.removed, there()], [2, 0, ["a@1", "b@1"]])
    })
  )

  it.effect("says what the source could not say, and takes nothing for gone", () =>
    Effect.gen(function* () {
      const { run, ledger, bucket } = make(false)
      yield* run(["a@1", "b@1"])
      const pages = FakeSource.pages("r", [FakeSource.upsert(file("a"))])
      const incomplete = { code: "search", message: "a folder could not be listed" }
      const pipeline = Bucketed.make(false, {
        sink: bucket.sink,
        source: FakeSource.make({ pages: Stream.fromIterable(pages.map((page) => ({ ...page, incomplete }))) }).source
      }).pipelineOver([])
      const comparison = yield* settled(
        Effect.provideService(Reconcile.compare(pipeline, { source: true }), Ledger.Ledger, ledger)
      )
      assert.deepStrictEqual([comparison.gone.count, comparison.incomplete], [0, incomplete.message])
      assert.isFalse(Reconcile.isEqual(comparison))
      assert.include(Reconcile.format(comparison), "could not be listed")
    })
  )
})

describe("Reconcile", () => {
  it.effect("leaves what stays by policy: all states where updates are new, older ones where they are ignored", () =>
    Effect.gen(function* () {
      for (const updates of ["new", "ignore"] as const) {
        const { differences, run } = make(false, { updates })
        yield* run(["a@1", "b@1"])
        yield* run(["a@2", "b@1"])
        assert.deepStrictEqual(yield* differences({ source: true }, "a@2", "b@1"), [], updates)
      }
    })
  )

  it.effect("takes no new state of the same content for another one, where such files are kept", () =>
    Effect.gen(function* () {
      const { differences, run } = make(false, { sameContent: "keep" })
      const checksum = { algorithm: "md5", value: "0".repeat(32) } as const
      const state = (token: string) => file("a", { token, checksum })
      yield* run([state("1")])
      yield* run([state("2")])
      assert.deepStrictEqual(yield* differences({ source: true }, state("3")), [])
    })
  )

  it.effect("leaves objects alone that a run is about to remove anyway", () =>
    Effect.gen(function* () {
      const { differences, run, there } = make(false)
      yield* run(["a@1"])
      yield* Effect.exit(run(["a@2"], Bucketed.killedBefore("remove")))
      assert.deepStrictEqual([there(), yield* differences()], [["a@1", "a@2"], []])
    })
  )

  it.effect("is refused where objects do not say which file they were made from", () =>
    Effect.gen(function* () {
      const { sink } = FakeSink.make({})
      const pipeline = { ...make(false).pipelineOver([]), comparison: Option.none() }
      assert.isTrue(Option.isNone(sink.inventory))
      const error = yield* Effect.flip(Effect.provide(Reconcile.compare(pipeline), Ledger.layerMemory))
      assert.strictEqual(error.reason._tag, "CheckFailed")
      assert.include(error.message, "lineage.source")
    })
  )

  it.effect("needs no permission to remove anything: it removes nothing", () =>
    Effect.gen(function* () {
      const told: Array<Sink.Needs> = []
      const pipeline = make(false, { deletes: "propagate" }).pipelineOver([])
      const asked = {
        ...pipeline,
        checkFor: (needs: Sink.Needs) => Effect.sync(() => [Check.ok("n", `${told.push(needs)}`)])
      }
      yield* Effect.provide(Reconcile.compare(asked), Ledger.layerMemory)
      assert.deepStrictEqual(told, [{ removes: [] }])
    })
  )

  it.effect("waits for nobody: while a run has the book, it says who", () =>
    Effect.gen(function* () {
      const { compare, ledger } = make(false)
      const error = yield* Effect.scoped(
        Effect.andThen(ledger.open({ pipeline: "p", runId: "another" }), Effect.flip(compare()))
      )
      assert.deepInclude(error.reason, { _tag: "LedgerFailed" })
    })
  )

  it.effect("is kept among the runs as one that is over", () =>
    Effect.gen(function* () {
      const { compare, ledger, run } = make(false)
      yield* run(["a@1"])
      yield* compare()
      const runs = yield* ledger.runs("p", 5)
      assert.deepStrictEqual(
        runs.map(({ report }) => [report?.ended, report?.discovered]),
        [
          ["complete", 0],
          ["complete", 1]
        ]
      )
    })
  )

  it.effect("shows a few of many differences to a person", () =>
    Effect.gen(function* () {
      const { compare, objects, run } = make(false)
      yield* run(Array.from({ length: 12 }, (_, i) => `${i}@1`))
      const before = Reconcile.format(yield* compare())
      assert.strictEqual(before, "p: 12 files in the ledger, 12 objects: they are the same")
      objects.clear()
      const lines = Reconcile.format(yield* compare()).split("\n")
      assert.deepStrictEqual(
        [lines[1], lines.length, lines.at(-1)],
        ["  12 missing: delivered by the ledger, and without an object", 13, "    …"]
      )
    })
  )
})
