/**
 * What every sink must do. A connector's test calls `sinkContract` with a target of its own behind it.
 */
import { assert, describe, it } from "@effect/vitest"
import { Dispatch, Mapping, type Outcome, type Sink } from "@sluice/core"
import { Array as Arr, Effect, type Layer, Option, type Scope, Stream } from "effect"

/** An empty target, and the sink that fills it. */
export interface SinkFixture<O, P extends Sink.Prepared, R> {
  readonly sink: Sink.Sink<O, P, R>
  /** A record the target takes; different numbers make different files. */
  readonly record: (n: number) => Sink.Record<O>
  /** A record the target refuses for what is in it. */
  readonly poison: (n: number) => Sink.Record<O>
  /** `Lineage.sourceKey` of everything the target holds, once for each object. */
  readonly keys: Effect.Effect<ReadonlyArray<string>>
  /** The same sink with credentials the target does not know. */
  readonly stranger: Sink.Sink<O, P, R>
  /** What must not appear in any message. */
  readonly secrets: ReadonlyArray<string>
}

const byKey = (a: { readonly key: string }, b: { readonly key: string }) => (a.key < b.key ? -1 : 1)

type Settled<O> = ReadonlyArray<Dispatch.Settled<Sink.Record<O>>>

const outcomes = <O>(settled: Settled<O>, tag: Outcome.Outcome["_tag"]) =>
  settled.filter((one) => one.outcome._tag === tag).map((one) => one.record.key)

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

/** Registers the suite. Each test makes a fixture of its own. */
export const sinkContract = <O, P extends Sink.Prepared, R, E>(
  name: string,
  fixture: Effect.Effect<SinkFixture<O, P, R>, E, R | Scope.Scope>,
  layer: Layer.Layer<R, E>
): void => {
  const test = (
    title: string,
    body: (fixture: SinkFixture<O, P, R>) => Effect.Effect<void, unknown, R | Scope.Scope>
  ) => it.live(title, () => Effect.flatMap(fixture, body).pipe(Effect.scoped, Effect.provide(layer)))

  const prepared = Effect.fnUntraced(function* (sink: Sink.Sink<O, P, R>, records: ReadonlyArray<Sink.Record<O>>) {
    const all = yield* Effect.forEach(records, sink.prepare)
    const ready = all.filter((one): one is P => one._tag === "Prepared")
    return Arr.isReadonlyArrayNonEmpty(ready) ? ready : assert.fail("nothing was prepared")
  })

  const dispatched = (sink: Sink.Sink<O, P, R>, records: ReadonlyArray<Sink.Record<O>>) =>
    Stream.runCollect(Dispatch.dispatch(sink)(Stream.fromIterable(records)))

  describe(`${name} keeps the contract of sinks:`, () => {
    test("its limits leave room for at least one record", ({ sink }) =>
      Effect.sync(() => {
        assert.isAtLeast(sink.limits.maxRecords, 1)
        assert.isAtLeast(sink.limits.maxInFlight, 1)
        assert.isAtLeast(sink.limits.maxPreparing, 1)
        assert.isAtLeast(sink.limits.maxBytes, 1)
      }))

    test("a check finds no error, whatever will be removed, and leaves the target as it is", ({ keys, record, sink }) =>
      Effect.gen(function* () {
        yield* sink.send(yield* prepared(sink, [record(0)]))
        const before = yield* keys
        const mapping = Mapping.make(() => record(0).object)
        for (const removes of [[], ["gone"], ["gone", "superseded"]] as const) {
          const findings = yield* sink.check(mapping, { removes })
          assert.deepStrictEqual(
            findings.filter(({ severity }) => severity === "error"),
            []
          )
          for (const { remedy, severity } of findings) if (severity === "warning") assert.isNotEmpty(remedy)
        }
        assert.deepStrictEqual(yield* keys, before)
      }))

    test("a batch is answered once for each record, under the record's key", ({ keys, record, sink }) =>
      Effect.gen(function* () {
        const batch = yield* prepared(sink, range(0, Math.min(sink.limits.maxRecords, 20)).map(record))
        const answers = yield* sink.send(batch)
        assert.deepStrictEqual(answers.map((answer) => answer.key).toSorted(), batch.map((one) => one.key).toSorted())
        assert.deepStrictEqual((yield* keys).toSorted(), batch.map((one) => one.key).toSorted())
      }))

    test("records beyond one batch arrive, each once, as objects of their own", ({ keys, record, sink }) =>
      Effect.gen(function* () {
        const records = range(0, sink.limits.maxRecords * 2 + 7).map(record)
        const settled = yield* dispatched(sink, records)
        const expected = records.map((one) => one.key).toSorted()
        assert.deepStrictEqual(outcomes(settled, "Created").toSorted(), expected)
        assert.deepStrictEqual((yield* keys).toSorted(), expected)
        const ids = settled.flatMap(({ outcome }) => (outcome._tag === "Created" && outcome.objectId) || [])
        assert.strictEqual(new Set(ids).size, ids.length)
      }))

    test("a record it refuses is rejected with a cause; the others go through", ({ keys, poison, record, sink }) =>
      Effect.gen(function* () {
        const good = range(0, 12).map(record)
        const bad = range(100, 103).map(poison)
        const settled = yield* dispatched(
          sink,
          good.flatMap((one, i) => [one, ...(i % 4 === 0 ? bad.slice(i / 4, i / 4 + 1) : [])])
        )
        assert.deepStrictEqual(outcomes(settled, "Rejected").toSorted(), bad.map((one) => one.key).toSorted())
        assert.deepStrictEqual((yield* keys).toSorted(), good.map((one) => one.key).toSorted())
        for (const { outcome } of settled) {
          if (outcome._tag === "Rejected") assert.isNotEmpty(outcome.cause.message)
        }
      }))

    test("what arrived is found by its key, with the state it was made from; what did not is not", ({ record, sink }) =>
      Effect.gen(function* () {
        if (Option.isNone(sink.find)) return
        const there = yield* prepared(sink, range(0, 5).map(record))
        const elsewhere = yield* prepared(sink, range(5, 10).map(record))
        yield* sink.send(there)
        const find = sink.find.value
        const lost = (over: Partial<Sink.Lost>) =>
          find(
            Arr.map(Arr.appendAll(there, elsewhere), ({ key }, n) => ({
              key,
              token: record(n).file.token,
              replaces: [],
              lostAt: 0,
              ...over
            }))
          )
        const found = yield* lost({})
        assert.deepStrictEqual(found.map((one) => one.key).toSorted(), there.map((one) => one.key).toSorted())
        assert.deepStrictEqual(yield* lost({ token: "of another state" }), [])
        const before = found.slice(0, 2).map(({ objectId }) => objectId)
        assert.strictEqual((yield* lost({ replaces: before })).length, found.length - 2)
      }))

    test("what there is, is listed with the file it was made from, whole and by key", ({ record, sink }) =>
      Effect.gen(function* () {
        if (Option.isNone(sink.inventory)) return
        const { all, withKeys } = sink.inventory.value
        const records = range(0, 7).map(record)
        yield* sink.send(yield* prepared(sink, records))
        const told = (stored: ReadonlyArray<Sink.Stored>) =>
          stored.map(({ id, key, path, token, uri }) => ({ id, key, path, token, uri })).toSorted(byKey)
        const expected = records.map(({ file: { id, path, token, uri }, key }) => ({ id, key, path, token, uri }))
        const pipeline = record(0).lineage.pipeline
        const listed = (yield* Stream.runCollect(all(pipeline))).flat()
        assert.deepStrictEqual(told(listed), expected.toSorted(byKey))
        const [first, second] = expected
        if (first === undefined || second === undefined) return assert.fail("no records")
        const some = yield* withKeys(pipeline, [first.key, second.key, record(100).key])
        assert.deepStrictEqual(told(some), [first, second].toSorted(byKey))
        assert.deepStrictEqual((yield* Stream.runCollect(all("another pipeline"))).flat(), [])
      }))

    test("what is removed is gone, found by its id or by its key; what is not there counts as removed", (made) =>
      Effect.gen(function* () {
        const { keys, record, sink } = made
        const records = range(0, 6).map(record)
        const settled = yield* dispatched(sink, records)
        const idOf = new Map(
          settled.map(({ outcome, record: { key } }) => [key, "objectId" in outcome ? outcome.objectId : undefined])
        )
        const removals = records.slice(0, 4).map(({ key }, n) => ({
          key,
          objectId: n % 2 === 0 ? Option.fromUndefinedOr(idOf.get(key)) : Option.none()
        }))
        if (!Arr.isReadonlyArrayNonEmpty(removals)) return assert.fail("there is nothing to remove")
        for (const _ of ["they are there", "they are not"]) {
          const answers = yield* sink.remove(removals)
          assert.deepStrictEqual(
            answers.map((answer) => [answer.key, answer._tag === "Settled" && answer.outcome._tag]).toSorted(),
            removals.map(({ key }) => [key, "Removed"]).toSorted()
          )
          assert.deepStrictEqual(
            (yield* keys).toSorted(),
            records
              .slice(4)
              .map(({ key }) => key)
              .toSorted()
          )
        }
      }))

    test("unknown credentials end the run, and are not told to anybody", ({ keys, record, secrets, stranger }) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(dispatched(stranger, [record(0)]))
        assert.strictEqual(error._tag === "SinkError" ? error.reason._tag : error._tag, "Unauthorized")
        const told = `${error.message} ${JSON.stringify(error)}`
        for (const secret of secrets) assert.notInclude(told, secret)
        assert.deepStrictEqual(yield* keys, [])
      }))
  })
}
