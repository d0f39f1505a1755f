import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import type { Change } from "../src/Change.ts"
import * as Ledger from "../src/Ledger.ts"
import * as Mapping from "../src/Mapping.ts"
import * as Outcome from "../src/Outcome.ts"
import * as Pipeline from "../src/Pipeline.ts"
import * as Report from "../src/Report.ts"
import type * as Sink from "../src/Sink.ts"
import * as FakeSink from "./fakes/FakeSink.ts"
import * as FakeSource from "./fakes/FakeSource.ts"
import { names } from "./fakes/following.ts"
import { settled } from "./fakes/settled.ts"

const memory = Layer.fresh(Ledger.layerMemory)
const cause = { code: "refused", message: "the fake does not take it" }

/** Takes everything but files whose names begin with `x`. */
const reply = (batch: ReadonlyArray<FakeSink.FakePrepared>) =>
  Effect.succeed(
    batch.map(({ key, path }): Sink.Answer =>
      path.startsWith("x") ? { _tag: "Settled", key, outcome: Outcome.Rejected.make({ cause }) } : FakeSink.created(key)
    )
  )

/** A pipeline over these pages, of which every file is one letter or `x` and one letter. */
const over = (
  pages: ReadonlyArray<ReadonlyArray<Change>>,
  options: Partial<Pipeline.Options<string, FakeSink.FakePrepared, never, never, never>>
) => {
  const { requests, sink } = FakeSink.make({ limits: { maxInFlight: 1 }, reply })
  const { source } = FakeSource.make({ pages: Stream.fromIterable(FakeSource.pages("a", ...pages)) })
  const pipeline = Pipeline.make({ name: "p", source, map: Mapping.make((one) => one.path), sink, ...options })
  const sent = () => requests.splice(0).flatMap(({ paths }) => paths)
  return { run: settled(Pipeline.run(pipeline)), pipeline, sent }
}

describe("maxObjectsPerRun", () => {
  for (const max of [1, 2, 3, 4, 5, 7]) {
    it.effect(`${max}: stops the run with that many sent, says why, and the next run goes on`, () =>
      Effect.gen(function* () {
        const { run, sent } = over(
          ["abc", "de", "fgh"].map((page) => names(...page)),
          { maxObjectsPerRun: max }
        )
        const all: Array<string> = []
        while (all.length + max < 8) {
          const report = yield* run
          assert.deepStrictEqual([report.ended, report.created], ["stopped", max])
          assert.strictEqual(report.why, `maxObjectsPerRun (${max}) is reached; a later run takes the rest`)
          assert.include(Report.format(report), `maxObjectsPerRun (${max}) is reached`)
          all.push(...sent())
          assert.strictEqual(all.length % max, 0)
        }
        const last = yield* run
        assert.deepStrictEqual([last.ended, last.why], ["complete", undefined])
        assert.deepStrictEqual([...all, ...sent()], [..."abcdefgh"])
      }).pipe(Effect.provide(memory))
    )
  }

  it.effect("counts what is sent, not what is unchanged, and stops no run that needs no more", () =>
    Effect.gen(function* () {
      const first = over([names("a", "b", "c")], { maxObjectsPerRun: 3 })
      assert.strictEqual((yield* first.run).ended, "complete")
      const second = over([names("a", "b", "c", "d"), names("e", "f")], { maxObjectsPerRun: 3 })
      const report = yield* second.run
      assert.deepStrictEqual([report.ended, report.unchanged, report.created], ["complete", 3, 3])
    }).pipe(Effect.provide(memory))
  )
})

describe("maxConsecutiveFailures", () => {
  it.effect("fails a run in which so many files in a row were refused, and says why the last one was", () =>
    Effect.gen(function* () {
      const pages = ["xa", "xb", "xc", "xd", "xe", "xf", "xg"].map((id) => names(id))
      const { run, sent } = over(pages, { maxConsecutiveFailures: 3 })
      const error = yield* Effect.flip(run)
      assert.isTrue(error.reason._tag === "TooManyRefusals" && error.reason.count === 3)
      assert.include(
        error.message,
        "3 files in a row were refused, the last one with refused (the fake does not take it)"
      )
      assert.strictEqual(error.report?.ended, "failed")
      assert.isBelow(sent().length, 7)
    }).pipe(Effect.provide(memory))
  )

  it.effect("counts from the beginning after each file that was taken", () =>
    Effect.gen(function* () {
      const pages = ["xa", "xb", "c", "xd", "xe", "f", "xg", "xh"].map((id) => names(id))
      const { run } = over(pages, { maxConsecutiveFailures: 3 })
      const report = yield* run
      assert.deepStrictEqual([report.ended, report.created, report.rejected], ["complete", 2, 6])
    }).pipe(Effect.provide(memory))
  )

  it.effect("keeps what was refused before it failed", () =>
    Effect.gen(function* () {
      const { run } = over([names("xa"), names("xb"), names("xc")], { maxConsecutiveFailures: 2 })
      yield* Effect.flip(run)
      const ledger = yield* Ledger.Ledger
      const letters = yield* ledger.deadLetters("p", { limit: 10 })
      assert.deepStrictEqual(letters.map(({ file }) => file.id).slice(0, 2), ["xa", "xb"])
    }).pipe(Effect.provide(memory))
  )
})

for (const field of ["maxObjectsPerRun", "maxConsecutiveFailures"] as const) {
  for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    it.effect(`${field}: ${value} is refused before any work`, () =>
      Effect.gen(function* () {
        const { pipeline } = over([], { [field]: value })
        const findings = yield* pipeline.check
        assert.deepStrictEqual(
          findings.filter(({ severity }) => severity === "error").map((finding) => finding.subject),
          [field]
        )
      })
    )
  }
}
