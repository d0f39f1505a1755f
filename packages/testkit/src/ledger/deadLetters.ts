/**
 * What was refused.
 */
import { assert } from "@effect/vitest"
import { Ledger, Outcome } from "@sluice/core"
import { DateTime, Effect } from "effect"
import { file, open, rejected, settle, type Test } from "./said.ts"

export const deadLetters = (test: Test): void => {
  test("keeps what was refused, how often and why, until it is delivered, left alone, gone or discarded", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      const letters = Effect.map(ledger.deadLetters("p", { limit: 10 }), (all) =>
        all.map((letter) => [letter.file.id, letter.cause.code, letter.refusals, letter.runId])
      )
      const modifiedAt = DateTime.makeUnsafe("2026-01-02T03:04:05.678Z")
      const whole = file("1", { modifiedAt, within: "f", attributes: { tags: { a: "b" } } })
      yield* Effect.scoped(
        Effect.gen(function* () {
          const book = yield* open("p", "first")
          const refused = [whole, ...["2", "3", "4", "5"].map((id) => file(id))]
          yield* settle(book, { files: refused.map((one) => ({ file: one, outcome: rejected("a") })) })
          yield* settle(book, { files: [{ file: file("2"), outcome: rejected("b"), request: { blobs: ["(1 kB)"] } }] })
        })
      )
      const [letter] = yield* ledger.deadLetters("p", { limit: 1 })
      assert.deepStrictEqual(letter?.file, whole)
      assert.deepStrictEqual(letter?.cause, { code: "a", message: "because of a" })
      const named = yield* ledger.deadLetters("p", { limit: 10, ids: ["2", "9"] })
      assert.deepStrictEqual(
        named.map((one) => [one.file.id, one.request]),
        [["2", { blobs: ["(1 kB)"] }]]
      )
      const book = yield* open("p", "second")
      yield* settle(book, {
        files: [
          { file: file("2"), outcome: rejected("c") },
          { file: file("3"), outcome: Outcome.Created.make({}) },
          { file: file("4"), outcome: Outcome.Skipped.make({ cause: { code: "x", message: "x" } }) }
        ]
      })
      assert.deepStrictEqual(yield* letters, [
        ["1", "a", 1, "first"],
        ["2", "c", 2, "second"],
        ["5", "a", 1, "first"]
      ])
      assert.deepStrictEqual(
        (yield* ledger.deadLetters("p", { limit: 10, after: "2" })).map((one) => one.file.id),
        ["5"]
      )
      yield* settle(book, { gone: ["f"] })
      assert.strictEqual(yield* ledger.discard("p", ["5", "9"]), 1)
      assert.deepStrictEqual(yield* letters, [["2", "c", 2, "second"]])
    }))

  test("says of what was refused again what was said last, and when it was first", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      const book = yield* open("again")
      const cause = { code: "a", message: "no", requestId: "req_1" }
      yield* settle(book, {
        files: [{ file: file("1"), outcome: Outcome.Rejected.make({ cause }), request: [1, null] }]
      })
      const [first] = yield* ledger.deadLetters("again", { limit: 1 })
      assert.deepStrictEqual([first?.cause, first?.request], [cause, [1, null]])
      yield* settle(book, { files: [{ file: file("1", { token: "2" }), outcome: rejected("b") }] })
      const [second] = yield* ledger.deadLetters("again", { limit: 1 })
      assert.deepStrictEqual(second && { ...second, lastAt: undefined }, {
        file: file("1", { token: "2" }),
        cause: { code: "b", message: "because of b" },
        refusals: 1,
        runId: first?.runId ?? "",
        firstAt: first?.firstAt ?? DateTime.makeUnsafe(0),
        lastAt: undefined
      })
    }))

  test("keeps a letter for each of two files in one folder until the folder is gone", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      const book = yield* open("folder")
      const containers = [
        { id: "f", state: "f" },
        { id: "g", within: "f", state: "g" }
      ]
      const refused = [file("1", { within: "g" }), file("2", { within: "f" }), file("3")]
      yield* settle(book, { containers, files: refused.map((one) => ({ file: one, outcome: rejected("a") })) })
      assert.strictEqual((yield* ledger.deadLetters("folder", { limit: 10 })).length, 3)
      yield* settle(book, { gone: ["f"] })
      assert.deepStrictEqual(
        (yield* ledger.deadLetters("folder", { limit: 10 })).map((one) => one.file.id),
        ["3"]
      )
    }))
}
