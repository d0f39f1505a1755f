import { assert, describe, it } from "@effect/vitest"
import type { UploadDesk } from "@sluice/sink-mixpeek"
import type { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Array as Arr, Effect } from "effect"
import { TestClock } from "effect/testing"
import * as Confirmation from "../src/delivery/Confirmation.ts"
import * as Fixtures from "./Fixtures.ts"
import { begin, contentOf } from "./UploadFixtures.ts"

/** Files in the storage, not confirmed yet, and what is confirmed of them. */
const put = Effect.fnUntraced(function* (texts: ReadonlyArray<string>, server: Partial<MixpeekStandIn.Options> = {}) {
  const begun = yield* begin({ server })
  const staged = yield* Effect.forEach(
    texts,
    Effect.fnUntraced(function* (text, n) {
      const one = yield* begun.upload(contentOf(`file ${n}`, text))
      return "uploadId" in one ? one : yield* Effect.die(one)
    }),
    { concurrency: "unbounded" }
  )
  return {
    ...begun,
    staged,
    confirm: (some: ReadonlyArray<UploadDesk.Staged> = staged) => begun.run(Confirmation.confirm(begun.desk, some)),
    statuses: Effect.map(begun.uploads, (all) => all.map(({ status }) => status)),
    counts: Effect.map(begun.server.totals, ({ byOperation }) =>
      Object.fromEntries(
        ["confirmUpload", "confirmUploadsBatch", "getTask", "getUpload"].flatMap((name) =>
          byOperation[name] === undefined ? [] : [[name, byOperation[name]]]
        )
      )
    )
  }
})

const wrong = (staged: UploadDesk.Staged): UploadDesk.Staged => ({ ...staged, etag: '"0123456789abcdef"' })

const confirmed = (count: number) => Arr.replicate("COMPLETED", count)

const fault = (operation: string, more: Partial<MixpeekStandIn.Fault> = {}): MixpeekStandIn.Fault => ({
  kind: "reset",
  commits: "before",
  operations: [operation],
  times: 1,
  ...more
})

describe("Confirmation", () => {
  it.effect.each(["hello", ""])("of one is one request, also of an empty one (%j)", (text) =>
    Effect.gen(function* () {
      const { confirm, counts, server, staged, statuses } = yield* put([text])
      assert.deepStrictEqual(yield* confirm(), new Set())
      assert.deepStrictEqual([yield* statuses, staged[0]?.isConfirmed], [["COMPLETED"], true])
      assert.deepStrictEqual(yield* counts, { confirmUpload: 1 })
      assert.deepStrictEqual(yield* server.violations, [])
    })
  )

  it.effect("of many is one request for a hundred, and a look at what became of it", () =>
    Effect.gen(function* () {
      const { confirm, counts, server, statuses } = yield* put(Arr.makeBy(130, String))
      assert.deepStrictEqual(yield* confirm(), new Set())
      assert.deepStrictEqual(yield* statuses, confirmed(130))
      const { confirmUploadsBatch, getUpload } = yield* counts
      assert.deepStrictEqual([confirmUploadsBatch, getUpload], [2, undefined])
      assert.deepStrictEqual(yield* server.violations, [])
    })
  )

  it.effect("is not asked for twice", () =>
    Effect.gen(function* () {
      const { confirm, counts } = yield* put(["a", "b"])
      yield* confirm()
      const before = yield* counts
      assert.deepStrictEqual(yield* confirm(), new Set())
      assert.deepStrictEqual(yield* counts, before)
    })
  )

  it.effect("fails for what is there otherwise than it was sent, and for nothing else", () =>
    Effect.gen(function* () {
      const { confirm, staged } = yield* put(["a", "b", "c"])
      const some = staged.map((one, n) => (n === 1 ? wrong(one) : one))
      assert.deepStrictEqual([...(yield* confirm(some))], [some[1]])
      assert.deepStrictEqual(
        some.map(({ isConfirmed }) => isConfirmed),
        [true, false, true]
      )
    })
  )

  it.effect.each([1, 2])("fails for all where none of %i is as it was sent", (count) =>
    Effect.gen(function* () {
      const { confirm, staged } = yield* put(Arr.makeBy(count, String))
      const some = staged.map(wrong)
      assert.deepStrictEqual([...(yield* confirm(some))], some)
    })
  )

  it.effect("says nothing of an ETag that the storage did not give, nor of its size", () =>
    Effect.gen(function* () {
      const { confirm, staged } = yield* put(["a", "b"])
      assert.deepStrictEqual(yield* confirm(staged.map((one) => ({ ...one, etag: undefined }))), new Set())
    })
  )

  it.effect("waits where it goes on in the background", () =>
    Effect.gen(function* () {
      const uploads = { backgroundBytes: 5, confirmation: { polls: 3, after: "2 seconds" } } as const
      const { confirm, counts, statuses } = yield* put(["hello"], { uploads })
      assert.deepStrictEqual(yield* confirm(), new Set())
      assert.deepStrictEqual(yield* statuses, ["COMPLETED"])
      assert.isAtLeast((yield* counts)["getUpload"] ?? 0, 3)
    })
  )

  it.effect("fails where the background finds something else", () =>
    Effect.gen(function* () {
      const { confirm, staged } = yield* put(["hello"], { uploads: { backgroundBytes: 5 } })
      const some = staged.map(wrong)
      assert.deepStrictEqual([...(yield* confirm(some))], some)
    })
  )

  it.effect("looks at each upload where the task is forgotten", () =>
    Effect.gen(function* () {
      const { confirm, counts, statuses } = yield* put(["a", "b"], { taskLife: 0 })
      assert.deepStrictEqual(yield* confirm(), new Set())
      assert.deepStrictEqual(yield* statuses, confirmed(2))
      assert.isAtLeast((yield* counts)["getUpload"] ?? 0, 2)
    })
  )

  describe("goes on where an answer is lost:", () => {
    const cases: ReadonlyArray<readonly [operation: string, files: number, reconfirm: "same" | 400]> = [
      ["confirmUpload", 1, "same"],
      ["confirmUpload", 1, 400],
      ["confirmUploadsBatch", 2, "same"],
      ["confirmUploadsBatch", 2, 400],
      ["getTask", 2, "same"]
    ]
    it.effect.each(cases)("of %s (of %i, confirmed again: %s)", ([operation, files, reconfirm]) =>
      Effect.gen(function* () {
        const { confirm, statuses } = yield* put(Arr.makeBy(files, String), {
          uploads: { reconfirm },
          faults: [fault(operation)]
        })
        assert.deepStrictEqual(yield* confirm(), new Set())
        assert.deepStrictEqual(yield* statuses, confirmed(files))
      })
    )
  })

  it.effect("is given up after ten minutes, for now", () =>
    Effect.gen(function* () {
      const { desk, run, staged } = yield* put(["a", "b"], { uploads: { confirmation: { after: "1 hour" } } })
      const hasten = Effect.forever(
        Effect.andThen(TestClock.adjust("10 seconds"), TestClock.withLive(Effect.sleep("2 millis")))
      )
      const error = yield* Effect.raceFirst(run(Effect.flip(Confirmation.confirm(desk, staged))), hasten)
      assert.strictEqual(error.reason._tag, "Unavailable")
      assert.include(error.message, "10m")
      assert.isFalse(staged.some(({ isConfirmed }) => isConfirmed))
    })
  )

  it.effect("asks nobody where nothing is to be confirmed", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* Confirmation.confirm((yield* begin()).desk, []).pipe(Effect.provide(Fixtures.unreachable)),
        new Set()
      )
    })
  )
})
