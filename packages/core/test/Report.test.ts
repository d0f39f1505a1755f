import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Schema } from "effect"
import * as Tally from "../src/internal/tally.ts"
import * as Outcome from "../src/Outcome.ts"
import * as Report from "../src/Report.ts"

const rejected = (code: string, message = "no") => Outcome.Rejected.make({ cause: { code, message } })

const reportOf = (tally: Tally.Tally) =>
  tally.report({ pipeline: "p", runId: "r", ended: "complete", startedAt: DateTime.makeUnsafe(0), seconds: 2 })

describe("a report", () => {
  it("leaves the last batch out of the mean fullness, and counts a single one as full", () => {
    const tally = Tally.make()
    tally.batch({ records: 5, bytes: 0, fill: 0.05 })
    assert.strictEqual(reportOf(tally).batchFill, 1)
    tally.batch({ records: 100, bytes: 0, fill: 1 })
    tally.batch({ records: 1, bytes: 0, fill: 0.01 })
    assert.strictEqual(reportOf(tally).batchFill, (0.05 + 1) / 2)
  })

  it("names the most frequent causes first, each with its first three files", () => {
    const tally = Tally.make()
    for (const uri of ["a", "b", "c", "d"]) tally.settled(uri, rejected("often"), 1)
    tally.settled("e", rejected("once", "why"), 1)
    tally.settled("f", Outcome.SkippedDuplicate.make({}), 1)
    const { rejections, skips } = reportOf(tally)
    assert.deepStrictEqual(
      rejections.map(({ code, count, examples }) => [code, count, examples.map((example) => example.uri).join("")]),
      [
        ["often", 4, "abc"],
        ["once", 1, "e"]
      ]
    )
    assert.deepStrictEqual(
      skips.map(({ code, count }) => [code, count]),
      [["duplicate", 1]]
    )
  })

  it("does not grow with the number of different causes", () => {
    const tally = Tally.make()
    for (let i = 0; i < 10_000; i++) tally.settled(String(i), rejected(`cause-${i}`), 1)
    const { rejections } = reportOf(tally)
    assert.isAtMost(rejections.length, 51)
    assert.strictEqual(
      rejections.reduce((sum, cause) => sum + cause.count, 0),
      10_000
    )
  })

  it("counts the time of an outage once, however many waited for it", () => {
    const tally = Tally.make()
    tally.unavailable({ since: 1000, waitedFrom: 2000, until: 11_000 })
    tally.unavailable({ since: 1000, waitedFrom: 1500, until: 11_000 })
    tally.unavailable({ since: 1000, waitedFrom: 1500, until: 12_000 })
    tally.unavailable({ since: 20_000, waitedFrom: 20_000, until: 22_000 })
    const report = reportOf(tally)
    assert.strictEqual(report.unavailableSeconds, 13)
    assert.include(Report.format(report), "not available for 13.0 s")
    assert.notInclude(Report.format(reportOf(Tally.make())), "not available")
  })

  it("counts bytes of what arrived, and what has no outcome", () => {
    const tally = Tally.make()
    tally.listed(5)
    tally.settled("a", Outcome.Created.make({}), 10)
    tally.settled("b", Outcome.Updated.make({}), 20)
    tally.settled("c", Outcome.Created.make({}), undefined)
    tally.settled("d", rejected("x"), 40)
    const report = reportOf(tally)
    assert.deepStrictEqual([report.bytes, report.discovered, report.unsettled], [30, 4, 1])
  })

  it("tells a person the sum, the causes and what is missing", () => {
    const tally = Tally.make()
    tally.listed(1201)
    for (let i = 0; i < 1199; i++) tally.settled(String(i), Outcome.Created.make({}), 1)
    tally.settled("s3://b/k", rejected("validation", "no title"), 1)
    const text = Report.format(reportOf(tally))
    assert.include(
      text,
      "discovered 1,200 = unchanged 0 + filtered 0 + created 1,199 + updated 0 + skipped 0 + rejected 1"
    )
    assert.include(text, "without an outcome: 1")
    assert.include(text, "rejected 1 × validation")
    assert.include(text, "s3://b/k: no title")
  })

  it.effect("survives JSON", () =>
    Effect.gen(function* () {
      const codec = Schema.fromJsonString(Report.Report)
      const tally = Tally.make()
      tally.settled("a", rejected("x"), 1)
      const report = reportOf(tally)
      const text = yield* Schema.encodeEffect(codec)(report)
      assert.deepStrictEqual(yield* Schema.decodeUnknownEffect(codec)(text), report)
    })
  )
})
