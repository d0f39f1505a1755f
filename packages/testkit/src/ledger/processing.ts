/**
 * What is to be processed, and what is being processed.
 */
import { assert } from "@effect/vitest"
import { Ledger, type Processing } from "@sluice/core"
import { Effect } from "effect"
import { created, file, open, settle, type Test } from "./said.ts"

const failure = (code: string): Processing.Failure => ({ code, message: `because of ${code}`, stage: "tier 0" })
const objects = (...ids: ReadonlyArray<string>) => ids.map((objectId) => ({ objectId, uri: `test://${objectId}` }))

/** A book in which these wait. */
const waiting = Effect.fnUntraced(function* (pipeline: string, ...ids: ReadonlyArray<string>) {
  const book = yield* open(pipeline)
  yield* settle(book, { unprocessed: objects(...ids) })
  return book
})

const inJobs = Effect.fnUntraced(function* ({ jobs }: Ledger.Book) {
  const all = yield* jobs.list
  return yield* Effect.forEach(all, ({ number }) => Effect.map(jobs.objects(number), (ids) => ids.join("")))
})

const failedOf = (pipeline: string, limit = 10, after?: string) =>
  Effect.flatMap(Ledger.Ledger, (ledger) => ledger.unprocessed(pipeline, { limit, after }))

export const processing = (test: Test): void => {
  test("puts objects that wait into jobs, each into one, and keeps the sink's id of a job", () =>
    Effect.gen(function* () {
      const { jobs } = yield* waiting("jobs", "c", "a", "b", "é", "B")
      const other = yield* waiting("jobs beside", "a")
      assert.strictEqual(yield* jobs.waiting, 5)
      assert.deepStrictEqual(yield* jobs.open(2), { number: 1, objects: 2, retries: 0 })
      assert.deepStrictEqual(yield* jobs.open(10), { number: 2, objects: 3, retries: 0 })
      assert.isUndefined(yield* jobs.open(10))
      assert.strictEqual(yield* jobs.waiting, 0)
      yield* jobs.accepted(2, 'it\'s "2"')
      yield* jobs.retrying(2)
      assert.deepStrictEqual(yield* jobs.list, [
        { number: 1, objects: 2, retries: 0 },
        { number: 2, id: 'it\'s "2"', objects: 3, retries: 1 }
      ])
      assert.deepStrictEqual(yield* jobs.objects(1), ["B", "a"])
      assert.deepStrictEqual(yield* jobs.objects(2), ["b", "c", "é"])
      assert.strictEqual(yield* other.jobs.waiting, 1)
      assert.deepStrictEqual(yield* other.jobs.list, [])
    }))

  test("forgets the objects of a job that is over, but for those that failed", () =>
    Effect.gen(function* () {
      const { jobs } = yield* waiting("closed", "a", "b", "c")
      yield* jobs.open(3)
      const failed = [
        { objectId: "b", failure: failure("runtime") },
        { objectId: "of another", failure: failure("runtime") }
      ]
      const found = [{ objectId: "b", uri: "test://b", failure: failure("runtime") }]
      assert.deepStrictEqual(yield* jobs.close(1, failed), { completed: 2, failed: found })
      assert.deepStrictEqual(yield* jobs.list, [])
      assert.deepStrictEqual(yield* jobs.objects(1), [])
      assert.strictEqual(yield* jobs.waiting, 0)
      assert.deepStrictEqual(yield* failedOf("closed"), found)
      assert.deepStrictEqual(yield* failedOf("closed beside"), [])
    }))

  test("keeps one failure for each object of a job, lists them page by page, and lets them wait again", () =>
    Effect.gen(function* () {
      const { jobs } = yield* waiting("all failed", "a", "b", "c")
      const { reprocess } = yield* Ledger.Ledger
      yield* jobs.open(3)
      const { completed, failed } = yield* jobs.close(1, failure("missing"))
      assert.deepStrictEqual([completed, failed.length], [0, 3])
      const names = (all: ReadonlyArray<Processing.FailedObject>) => all.map(({ objectId }) => objectId).join("")
      assert.strictEqual(names(yield* failedOf("all failed", 2)), "ab")
      assert.strictEqual(names(yield* failedOf("all failed", 2, "b")), "c")
      assert.strictEqual(yield* reprocess("all failed", ["b", "of another"]), 1)
      assert.strictEqual(names(yield* failedOf("all failed")), "ac")
      assert.strictEqual(yield* jobs.waiting, 1)
      assert.strictEqual(yield* reprocess("all failed"), 2)
      assert.strictEqual(yield* jobs.waiting, 3)
      assert.strictEqual(yield* reprocess("never ran"), 0)
    }))

  test("lets an object wait that is in another state now, whatever became of the one before", () =>
    Effect.gen(function* () {
      const book = yield* waiting("updated", "a", "b", "c")
      const { jobs } = book
      yield* jobs.open(1)
      yield* jobs.close(1, failure("runtime"))
      yield* jobs.open(1)
      yield* settle(book, { unprocessed: objects("a", "b", "c", "c") })
      assert.deepStrictEqual(yield* failedOf("updated"), [])
      assert.strictEqual(yield* jobs.waiting, 3)
      assert.deepStrictEqual(yield* inJobs(book), [""])
      const [before] = yield* jobs.list
      const number = before?.number ?? 0
      assert.deepStrictEqual(yield* jobs.close(number, failure("x")), { completed: 0, failed: [] })
      assert.strictEqual(yield* jobs.waiting, 3)
    }))

  test("takes out objects that are removed, or are to be", () =>
    Effect.gen(function* () {
      const book = yield* open("taken out")
      const [kept, removed, cleared, superseded] = ["kept", "removed", "cleared", "superseded"].map((id) => file(id))
      const files = [kept, removed, cleared, superseded].flatMap((one) =>
        one === undefined ? [] : created(one).map((said) => ({ ...said, objectId: one.id }))
      )
      const unprocessed = objects("kept", "removed", "cleared", "superseded")
      const takeOut = settle(book, {
        removed: ["removed", "unknown"],
        cleared: ["cleared"],
        superseded: objects("superseded")
      })
      yield* settle(book, { files, unprocessed })
      yield* takeOut
      assert.strictEqual(yield* book.jobs.waiting, 1)
      yield* settle(book, { files, unprocessed })
      yield* book.jobs.open(10)
      yield* takeOut
      assert.deepStrictEqual(yield* inJobs(book), ["kept"])
      assert.deepStrictEqual(yield* book.jobs.close(1, []), { completed: 1, failed: [] })
    }))

  test("knows in the next run what waits and which jobs are open", () =>
    Effect.gen(function* () {
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { jobs } = yield* waiting("next", "a", "b")
          yield* jobs.open(1)
          yield* jobs.accepted(1, "job")
        })
      )
      const book = yield* open("next")
      assert.strictEqual(yield* book.jobs.waiting, 1)
      assert.deepStrictEqual(yield* book.jobs.list, [{ number: 1, id: "job", objects: 1, retries: 0 }])
      assert.deepStrictEqual(yield* inJobs(book), ["a"])
    }))
}
