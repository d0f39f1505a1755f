import { assert, describe, it } from "@effect/vitest"
import { Change, type Ledger, Outcome } from "@sluice/core"
import { Effect, Layer } from "effect"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { SqlLedger } from "../src/index.ts"
import { client, type Told, told } from "./client.ts"
import { created, file, folder, intent, ledger, settle } from "./ledger.ts"

const pageSize = 1000
const page = Array.from({ length: pageSize }, (_, i) => String(i))

/** A book whose statements are told, and what SQLite does for each of them. */
const opened = Effect.gen(function* () {
  const place = join(yield* folder, "ledger.db")
  const state = told()
  const one = yield* ledger(Layer.provide(SqlLedger.layer(), client(place, state)))
  const book = yield* one.open({ pipeline: "photos", runId: "run" })
  const asked = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.gen(function* () {
      state.asked.splice(0)
      state.commits = 0
      yield* effect
      return state.asked.map(({ text }) => text)
    })
  return { one, book, state, place, asked }
})

const plans = (place: string, asked: Told["asked"]): ReadonlyArray<readonly [text: string, steps: string]> => {
  const database = new DatabaseSync(place)
  const plan = asked.map(({ text }) => {
    const steps = database.prepare(`EXPLAIN QUERY PLAN ${text}`).all()
    return [text, steps.map(({ detail }) => String(detail)).join("; ")] as const
  })
  database.close()
  return plan
}

describe("Statements", () => {
  it.effect("compare a page with one query, and settle it in one transaction", () =>
    Effect.gen(function* () {
      const { asked, book, state } = yield* opened
      assert.lengthOf(yield* asked(book.known(page)), 1)
      const inOrder = page.toSorted().map((id) => file(id))
      assert.lengthOf(yield* asked(book.containers(page)), 1)
      const intending = yield* asked(book.intend(page.map((id) => intent(id))))
      assert.deepStrictEqual([intending.length, state.commits], [2, 1])
      const settling = yield* asked(settle(book, { files: created(...page) }))
      assert.strictEqual(state.commits, 1)
      // Whose turn it is; files, their intents, and their letters.
      assert.lengthOf(settling, 4)
      assert.lengthOf(yield* asked(book.compare(inOrder)), 1)
      assert.lengthOf(yield* asked(book.compare(inOrder.map((one) => ({ ...one, token: "2" })))), 2)
      assert.lengthOf(yield* asked(book.compare(inOrder.toReversed())), 1)
      const naming = yield* asked(settle(book, { named: [{ first: "0", last: "999" }] }))
      assert.deepStrictEqual([naming.length, state.commits], [2, 1])
      const seeing = yield* asked(settle(book, { seen: page.map((id) => ({ id })) }))
      assert.deepStrictEqual([seeing.length, state.commits], [2, 1])
    })
  )

  it.effect("are the same for a page of one and of 1,000", () =>
    Effect.gen(function* () {
      const { asked, book } = yield* opened
      const settlement = (ids: ReadonlyArray<string>): Partial<Ledger.Settlement> => ({
        files: created(...ids),
        seen: ids.map((id) => ({ id })),
        named: ids.map((id) => ({ first: id, last: id })),
        gone: ids,
        removed: ids,
        cleared: ids,
        missed: ids,
        containers: ids.map((id) => ({ id, state: "" }))
      })
      const one = yield* asked(settle(book, settlement(["1"])))
      assert.deepStrictEqual(yield* asked(settle(book, settlement(page))), one)
    })
  )

  it.effect("find what they are about by an index, and read no more than that", () =>
    Effect.gen(function* () {
      const { book, one, place, state } = yield* opened
      const cause = { code: "a", message: "a" }
      const refused = { file: file("refused"), outcome: Outcome.Rejected.make({ cause }) }
      yield* book.intend([intent("1")])
      yield* settle(book, {
        files: [...created("1"), refused],
        removed: ["2"],
        seen: [{ id: "1" }],
        named: [{ first: "1", last: "2" }],
        gone: ["f"],
        containers: [{ id: "f", state: "" }],
        cursors: [{ range: "r", cursor: Change.Cursor.make("1"), follows: false }],
        arrived: [{ intent: intent("3"), objectId: "o" }],
        missed: ["4"],
        superseded: [{ uri: "test://1", objectId: "o" }],
        cleared: ["o"]
      })
      yield* book.known(["1"])
      yield* book.compare([file("1"), file("2")])
      yield* book.containers(["f"])
      yield* book.intents(10, "0")
      yield* book.gone(10)
      yield* book.superseded(10)
      yield* book.superseded(10, ["test://1", "test://2"])
      yield* book.position
      yield* one.deadLetters("photos", { limit: 10, after: "0" })
      yield* one.runs("photos", 10)
      const data = state.asked.filter(({ text }) =>
        /sluice_(files|named|containers|intents|superseded|dead|runs)/.test(text)
      )
      const all = plans(
        place,
        data.filter(({ text }) => !text.startsWith("CREATE"))
      )
      assert.isAbove(all.length, 15)
      for (const [text, steps] of all) {
        assert.notMatch(steps, /SCAN (?!r\b|json_each\b|s\b|b\b|below\b|CONSTANT)/, text)
        // A pipeline's files, all of them: what a page may never cost.
        if (!text.includes("LIMIT")) assert.notMatch(steps, /PRIMARY KEY \(pipeline=\?\)/, text)
        assert.notInclude(steps, "AUTOMATIC", text)
        assert.notInclude(steps, "TEMP B-TREE", text)
      }
    })
  )
})
