import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { Page } from "../src/Change.ts"
import * as Filter from "../src/Filter.ts"
import * as Ledger from "../src/Ledger.ts"
import type { RunOptions } from "../src/Pipeline.ts"
import * as FakeSource from "./fakes/FakeSource.ts"
import { file } from "./fakes/files.ts"
import { harness, keyOf, names, page, start } from "./fakes/following.ts"
import * as Intervals from "./fakes/intervals.ts"

const { upsert } = FakeSource

/** A pipeline on a ledger that looks for intervals, and what is settled of files that are named. */
const naming = (options: Parameters<typeof harness>[1]) => {
  const settlements: Array<Ledger.Settlement> = []
  const ledger = Layer.succeed(
    Ledger.Ledger,
    Ledger.Ledger.of(Intervals.make((settlement) => settlements.push(settlement)))
  )
  const pipeline = harness("named", { filter: Filter.make({ exclude: ["*.tmp"] }), ...options })
  /** One sweep over pages. */
  const sweep = (pages: ReadonlyArray<Page["changes"]>, asked?: RunOptions) =>
    Effect.gen(function* () {
      settlements.length = 0
      const all = pages.map((changes, i) => page("tree", i + 1, changes))
      const report = yield* Effect.provide(
        pipeline.run({ sweep: [start(1), ...all] }, { sweep: true, ...asked }, pipeline.pipelineWith({})),
        ledger
      )
      return {
        report,
        named: settlements.flatMap(({ named }) => named.map(({ first, last }) => first + last)),
        seen: settlements.flatMap(({ seen }) => seen.map(({ id }) => id))
      }
    })
  return { ...pipeline, sweep }
}

describe("a sweep over files that are known", () => {
  it.effect("names pages by their ends, where objects are removed", () =>
    Effect.gen(function* () {
      const { removed, sweep } = naming({ deletes: "propagate" })
      yield* sweep([names("a", "b", "c"), names("d", "e", "f")])
      const same = yield* sweep([names("a", "b", "c"), names("d", "e", "f")])
      assert.deepStrictEqual([same.named, same.seen, same.report.unchanged], [["ac", "df"], [], 6])
      const less = yield* sweep([names("a", "c"), names("d", "e", "f")])
      assert.deepStrictEqual([less.named, less.seen, less.report.removed], [["df"], ["a", "c"], 1])
      assert.deepStrictEqual(removed(), [keyOf("b")])
    })
  )

  it.effect("writes nothing of them where objects are not removed", () =>
    Effect.gen(function* () {
      const { sweep } = naming({})
      yield* sweep([names("a", "b", "c")])
      const same = yield* sweep([names("a", "b", "c")])
      assert.deepStrictEqual([same.named, same.seen, same.report.unchanged], [[], [], 3])
    })
  )

  it.effect("names alone what was moved or comes back, and sends what changed or is new", () =>
    Effect.gen(function* () {
      const { removed, sent, sweep } = naming({ deletes: "propagate" })
      const first = [..."abcdefghijklm"].map((id) => upsert(file(id, { within: "f" })))
      yield* sweep([first])
      sent()
      const next = first.slice(1)
      next[0] = upsert(file("b", { within: "g" }))
      next[1] = upsert(file("c", { within: "f", token: "2" }))
      next.push(upsert(file("new", { within: "f" })))
      const { named, report, seen } = yield* sweep([next.slice(0, 6), next.slice(6)])
      assert.deepStrictEqual(named, ["bg", "hnew"])
      assert.deepStrictEqual(seen, ["b"])
      assert.deepStrictEqual(sent(), ["b", "c", "new"])
      assert.deepStrictEqual([report.unchanged, report.removed], [10, 1])
      assert.deepStrictEqual(removed(), [keyOf("a")])
    })
  )

  it.effect("removes what is left out by name, unchanged as it is", () =>
    Effect.gen(function* () {
      const { removed, sweep } = naming({ deletes: "propagate" })
      const all = [..."abcdefghijkl"]
      yield* sweep([names(...all)])
      const skipped = all.map((id) =>
        id === "c"
          ? ({ _tag: "Skip", file: file(id), reason: { code: "gone", message: "in the bin" }, isGone: true } as const)
          : upsert(file(id))
      )
      const { named, report } = yield* sweep([skipped])
      assert.deepStrictEqual([named, report.removed, report.unchanged], [["al"], 1, 11])
      assert.deepStrictEqual(removed(), [keyOf("c")])
    })
  )
})
