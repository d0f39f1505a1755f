import { assert, describe, it } from "@effect/vitest"
import { Ledger } from "@sluice/core"
import { Effect, Schema } from "effect"
import { SqliteLedger } from "../src/index.ts"
import { created, file, ledger, settle } from "./ledger.ts"

/** Of letters that UTF-8 and UTF-16 have in different orders. */
const Id = Schema.NonEmptyArray(Schema.Literals(["a", "b", "z", "é", "\uffff", "\u{10000}"])).check(
  Schema.isMaxLength(3)
)
const Page = Schema.Array(Schema.Struct({ id: Id, isChanged: Schema.Boolean }))
const Case = {
  known: Schema.Array(Schema.Struct({ id: Id, isGone: Schema.Boolean })),
  pages: Schema.Array(Schema.Struct({ files: Page, isSorted: Schema.Boolean }))
}

const opened = Effect.flatMap(ledger(SqliteLedger.layer({ file: ":memory:" })), (one) =>
  one.open({ pipeline: "photos", runId: "run" })
)

describe("comparing pages", () => {
  it.effect.prop(
    "says of any page what looking for each file says, and a sweep misses what no page named",
    Case,
    ({ known, pages }) =>
      Effect.gen(function* () {
        const book = yield* opened
        const gone = new Map(known.map(({ id, isGone }) => [id.join(""), isGone]))
        yield* settle(book, { files: created(...gone.keys()) })
        yield* settle(book, { gone: [...gone].flatMap(([id, isGone]) => (isGone ? [id] : [])) })
        yield* book.beginSweep({ tracks: true, asked: "all" })
        const named = new Set<string>()
        for (const { files, isSorted } of pages) {
          const all = files.map(({ id, isChanged }) => file(id.join(""), isChanged ? { token: "2" } : {}))
          const page = isSorted ? all.toSorted((a, b) => (a.id < b.id ? -1 : 1)) : all
          const there = yield* book.known(page.map(({ id }) => id))
          const compared = yield* book.compare(page)
          for (const [index, one] of page.entries()) {
            const before = there.get(one.id)
            const said = compared.known[index]
            const isOther = before === undefined || !Ledger.isAsNamed(before, one)
            // One that is named twice, in two states, is another once.
            if (page.filter(({ id }) => id === one.id).length === 1) assert.strictEqual(said !== "same", isOther)
            if (said !== "same") assert.deepStrictEqual(said, before)
            named.add(one.id)
          }
          const back = page.filter(({ id }) => there.get(id)?.gone === true)
          yield* settle(
            book,
            compared.interval === undefined ? { seen: page } : { named: [compared.interval], seen: back }
          )
        }
        yield* book.completeSweep
        const missed = [...gone.keys()].filter((id) => !named.has(id)).toSorted()
        const found = (yield* book.gone(Number.MAX_SAFE_INTEGER)).map(({ id }) => id).toSorted()
        assert.deepStrictEqual(found, missed)
      }).pipe(Effect.scoped),
    { arbitrary: { runs: 100 } }
  )

  it.effect("asks for no file of a page in order that is named as it was, and names it by its ends", () =>
    Effect.gen(function* () {
      const book = yield* opened
      yield* settle(book, { files: created("a", "b", "c", "d") })
      const compared = yield* book.compare([file("b"), file("c")])
      assert.deepStrictEqual(compared, { known: ["same", "same"], interval: { first: "b", last: "c" } })
      const withNew = yield* book.compare(
        [file("0"), file("a"), file("b1"), file("b")].toSorted((x, y) => (x.id < y.id ? -1 : 1))
      )
      assert.deepStrictEqual(withNew.known, [undefined, "same", "same", undefined])
      assert.deepStrictEqual(withNew.interval, { first: "0", last: "b1" })
      assert.isUndefined((yield* book.compare([file("a"), file("c")])).interval)
      assert.isUndefined((yield* book.compare([file("b"), file("a")])).interval)
    })
  )
})
