import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"
import { Ledger, nothing } from "../src/Ledger.ts"
import { Created } from "../src/Outcome.ts"
import * as Pipeline from "../src/Pipeline.ts"
import type { Processing } from "../src/Processing.ts"
import * as Report from "../src/Report.ts"
import { Refused, SinkError, Unauthorized } from "../src/Sink.ts"
import * as Bucketed from "./fakes/bucketed.ts"
import * as FakeBucket from "./fakes/FakeBucket.ts"
import * as FakeProcessing from "./fakes/FakeProcessing.ts"
import { file } from "./fakes/files.ts"
import { settled } from "./fakes/settled.ts"

/** A pipeline whose sink processes objects. */
const make = (
  options: Parameters<typeof FakeProcessing.make>[0] = {},
  pipeline: Partial<Pipeline.Options<string, FakeBucket.Sendable, never, never, never>> & { upserts?: boolean } = {}
) => {
  const { upserts = false, ...rest } = pipeline
  const fake = FakeProcessing.make(options)
  const bucket = FakeBucket.make({ upserts })
  const sinkWith = (processing: Processing) => ({ ...bucket.sink, processing: Option.some(processing) })
  const made = Bucketed.make(upserts, { sink: sinkWith(fake.processing), ...rest })
  const fileOf = (objectId: string) => bucket.objects.get(objectId)?.id ?? "removed"
  return {
    ...made,
    ...fake,
    bucket,
    failed: made.ledger.unprocessed("p", { limit: 10 }),
    /** Names of the files whose objects were submitted, job by job. */
    files: () => fake.submitted().map((ids) => ids.map(fileOf).join(""))
  }
}

const names = (n: number) => Array.from({ length: n }, (_, i) => `${"abcdefghij"[i] ?? ""}@1`)
const failure = { code: "runtime", message: "the model fell over", stage: "tier 0" }

describe("objects that are processed", () => {
  it.effect("leave in jobs that are full, and in one more at the end of the run", () =>
    Effect.gen(function* () {
      const { files, run } = make()
      const { processing } = yield* run(names(5))
      assert.deepStrictEqual(files(), ["ab", "cd", "e"])
      assert.deepStrictEqual(processing, { batches: 3, objects: 5, completed: 5, failed: 0, open: 0, causes: [] })
      const again = yield* run(names(5))
      assert.deepStrictEqual(files(), ["ab", "cd", "e"])
      assert.deepInclude(again.processing, { batches: 0, completed: 0, open: 0 })
    })
  )

  it.effect("leave while the run goes on, not only at its end", () =>
    Effect.gen(function* () {
      let before = 0
      const { bucket, processing, submitted } = make()
      const sink = {
        ...bucket.sink,
        processing: Option.some(processing),
        send: (batch: Parameters<typeof bucket.sink.send>[0]) =>
          Effect.tap(Effect.andThen(Effect.sleep("1 minute"), bucket.sink.send(batch)), () =>
            Effect.sync(() => (before = submitted().length))
          ),
        limits: { ...bucket.sink.limits, maxInFlight: 1 }
      }
      yield* Bucketed.make(false, { sink }).run(names(6))
      assert.strictEqual(before, 2)
      assert.strictEqual(submitted().length, 3)
    })
  )

  it.effect.each([
    ["those that are over by then", 0, [[1], [1, 1]]],
    ["no others than the first that is not", 9, [[1], [2, 0]]]
  ] as const)("are asked after when more of them are about to leave: %s", ([, looks, seen]) =>
    Effect.gen(function* () {
      const { bucket, jobs, processing } = make({ looks })
      const looked: Array<ReadonlyArray<number>> = []
      const asked: Processing = {
        ...processing,
        create: (objectIds, mayExist) => {
          looked.push([...jobs.values()].map((job) => job.looks))
          return processing.create(objectIds, mayExist)
        }
      }
      const sink = {
        ...bucket.sink,
        processing: Option.some(asked),
        send: (batch: Parameters<typeof bucket.sink.send>[0]) =>
          Effect.andThen(Effect.sleep("1 minute"), bucket.sink.send(batch)),
        limits: { ...bucket.sink.limits, maxInFlight: 1 }
      }
      yield* Bucketed.make(false, { sink }).run(names(8))
      assert.deepStrictEqual(looked.slice(1, 3), [...seen])
    })
  )

  it.effect("leave no sooner after one another than they may", () =>
    Effect.gen(function* () {
      const { jobs, run } = make({ every: Duration.minutes(1) })
      yield* run(names(5))
      const [first, second, third] = [...jobs.values()].map(({ submittedAt }) => submittedAt[0] ?? 0)
      assert.isAtLeast((second ?? 0) - (first ?? 0), 60_000)
      assert.isAtLeast((third ?? 0) - (second ?? 0), 60_000)
    })
  )

  it.effect.each([
    ["not at all", Duration.zero, 1, 0],
    ["so long", Duration.minutes(1), 7, 0],
    ["to their end", Duration.infinity, 11, 2]
  ] as const)("are waited for %s", ([, wait, looks, completed]) =>
    Effect.gen(function* () {
      const { jobs, run } = make({ wait, looks: 10 })
      const { processing } = yield* run(names(2))
      assert.strictEqual(jobs.get("job 1")?.looks, looks)
      assert.deepInclude(processing, { completed, open: 2 - completed })
    })
  )

  it.effect("are heard of by the next run where this one did not wait, and not submitted again", () =>
    Effect.gen(function* () {
      const { files, run } = make({ wait: Duration.zero })
      const first = yield* run(names(3))
      assert.deepInclude(first.processing, { batches: 2, completed: 0, open: 3 })
      const second = yield* run(names(3))
      assert.deepInclude(second.processing, { batches: 0, completed: 3, open: 0 })
      assert.deepStrictEqual(files(), ["ab", "c"])
    })
  )

  it.effect("are kept with the file they were made from and the cause, where they fail", () =>
    Effect.gen(function* () {
      const ends = ({ objectIds }: FakeProcessing.FakeJob) => ({
        ...FakeProcessing.completed,
        failed: objectIds.slice(0, 1).map((objectId) => ({ objectId, failure }))
      })
      const { failed, run } = make({ ends })
      const report = yield* run(names(5))
      assert.deepInclude(report.processing, { completed: 2, failed: 3 })
      assert.deepStrictEqual(
        report.processing?.causes.map(({ code, count, examples }) => [code, count, examples.map(({ uri }) => uri)]),
        [["runtime", 3, ["a", "c", "e"].map((id) => file(id).uri)]]
      )
      assert.deepStrictEqual(
        (yield* failed).map((one) => [one.uri, one.failure]),
        ["a", "c", "e"].map((id) => [file(id).uri, failure])
      )
      const text = Report.format(report)
      assert.include(text, "5 objects submitted to be processed, in 3 batches; 2 completed, 3 failed")
      assert.include(text, "failed to be processed 3 × runtime")
    })
  )

  it.effect("count as failed, without a name, where the sink does not say which ones did", () =>
    Effect.gen(function* () {
      const { run } = make({ ends: () => ({ ...FakeProcessing.completed, unnamed: [{ failure, count: 1 }] }) })
      const { processing } = yield* run(names(2))
      assert.deepInclude(processing, {
        completed: 1,
        failed: 1,
        causes: [{ code: "runtime", count: 1, examples: [] }]
      })
    })
  )

  it.effect.each([
    [0, 0, 1],
    [1, 1, 1],
    [3, 2, 0]
  ] as const)("are tried again %i times at most where that may help", ([retries, tried, failed]) =>
    Effect.gen(function* () {
      const ends = ({ objectIds, retries: passed }: FakeProcessing.FakeJob) =>
        passed === 2
          ? FakeProcessing.completed
          : { failed: [{ objectId: objectIds[0] ?? "", failure }], unnamed: [], isTransient: true }
      const { jobs, run } = make({ retries, ends })
      const { processing } = yield* run(names(2))
      assert.strictEqual(jobs.get("job 1")?.retries, tried)
      assert.deepInclude(processing, { failed, completed: 2 - failed, batches: 1 })
    })
  )

  it.effect("fail with what the sink says where their job cannot begin, and the run goes on", () =>
    Effect.gen(function* () {
      const cause = { code: "bad-request", message: "there is no collection" }
      const { failed, run } = make({ refusal: new Refused({ suspects: [], cause }) })
      const { ended, processing } = yield* run(names(2))
      assert.strictEqual(ended, "complete")
      assert.deepInclude(processing, { batches: 0, completed: 0, failed: 2, open: 0 })
      assert.deepStrictEqual(
        (yield* failed).map(({ failure: { code } }) => code),
        ["bad-request", "bad-request"]
      )
    })
  )

  it.effect("are left to the next run where the sink cannot go on; everything is sent before the run fails", () =>
    Effect.gen(function* () {
      let isRevoked = true
      const { bucket, files, run } = make({
        around: (operation, effect) =>
          isRevoked && operation === "create"
            ? new SinkError({ sink: "fake", operation, reason: new Unauthorized(), message: "the key was revoked" })
            : effect
      })
      const error = yield* Effect.flip(run(names(5)))
      assert.strictEqual(error.reason._tag, "SinkFailed")
      assert.strictEqual(bucket.objects.size, 5)
      assert.deepInclude(error.report?.processing, { batches: 0, open: 5 })
      isRevoked = false
      assert.deepInclude((yield* run(names(5))).processing, { batches: 3, completed: 5, open: 0 })
      assert.sameMembers([...files().join("")], [..."abcde"])
    })
  )

  it.effect("fail where the sink does not know their job any more, until they are to be processed again", () =>
    Effect.gen(function* () {
      const { jobs, ledger, run } = make({ wait: Duration.zero })
      yield* run(names(2))
      jobs.delete("job 1")
      const { processing } = yield* run(names(2))
      assert.deepStrictEqual(
        processing?.causes.map(({ code, count }) => [code, count]),
        [["job-missing", 2]]
      )
      assert.strictEqual(yield* ledger.reprocess("p"), 2)
      assert.deepInclude((yield* run(names(2))).processing, { batches: 1, objects: 2 })
    })
  )

  it.effect.each([true, false])("are processed again when their file was (upserts: %s)", (upserts) =>
    Effect.gen(function* () {
      const { files, run } = make({}, { upserts })
      yield* run(["a@1", "b@1"])
      yield* run(["a@1", "b@2"])
      assert.deepStrictEqual(files().at(-1), "b")
      assert.strictEqual(files().length, 2)
    })
  )

  it.effect("are not processed where they are removed before that", () =>
    Effect.gen(function* () {
      const { files, ledger, run, submitted } = make({ maxObjects: 10 }, { deletes: "propagate" })
      const before = ["a", "b"].map((id) => ({ file: file(id, { token: "1" }), objectId: `object of ${id}` }))
      yield* Effect.scoped(
        Effect.flatMap(ledger.open({ pipeline: "p", runId: "before" }), (book) =>
          book.settle({
            ...nothing,
            files: before.map((one) => ({ ...one, outcome: Created.make({ objectId: one.objectId }) })),
            unprocessed: before.map(({ file: { uri }, objectId }) => ({ uri, objectId }))
          })
        )
      )
      const { processing, removed } = yield* run(["c@1"])
      assert.deepStrictEqual([removed, submitted().length, files()], [2, 1, ["c"]])
      assert.deepInclude(processing, { objects: 1, open: 0 })
    })
  )

  it.effect("are left to the next run where this one is stopped, however long they take", () =>
    Effect.gen(function* () {
      const { files, ledger, pipelineOver, run } = make({ every: Duration.hours(1), looks: 3 })
      const stopped = yield* Effect.scoped(
        Effect.gen(function* () {
          const all = ["a", "b", "c"].map((id) => file(id, { token: "1" }))
          const started = yield* Pipeline.start(pipelineOver(all))
          for (let i = 0; i < 10; i++) yield* TestClock.adjust("10 seconds")
          const stopping = yield* Effect.forkChild(started.stop)
          return yield* settled(Fiber.join(stopping))
        })
      ).pipe(Effect.provideService(Ledger, ledger))
      assert.strictEqual(stopped.ended, "stopped")
      assert.deepInclude(stopped.processing, { batches: 1, objects: 2, open: 3 })
      const { processing } = yield* run(names(3))
      assert.deepInclude(processing, { batches: 1, objects: 1, completed: 3, open: 0 })
      assert.deepStrictEqual(files(), ["ab", "c"])
    })
  )
})
