/**
 * What a ledger says of a page of files, and how a sweep names files that did not change.
 */
import { assert } from "@effect/vitest"
import { Ledger, Outcome, type SourceFile } from "@sluice/core"
import { Effect } from "effect"
import { created, file, ids, open, others, settle, type Test, texts } from "./said.ts"

/** Names a page, as a pipeline that keeps account does. */
const name = (book: Ledger.Book, files: ReadonlyArray<SourceFile.SourceFile>) =>
  Effect.flatMap(book.compare(files), ({ interval }) =>
    settle(book, interval === undefined ? { seen: files } : { named: [interval] })
  )

const named = (...all: ReadonlyArray<string>) => all.map((id) => file(id))

export const comparing = (test: Test): void => {
  test("says nothing of files that are as they were delivered, and what it knows of the others", () =>
    Effect.gen(function* () {
      const book = yield* open("compared")
      const in_ = { within: "f" }
      yield* settle(book, {
        files: [
          ...created(...named("a", "b", "c", "d", "e", "f"), file("g", in_)),
          { file: file("object"), outcome: Outcome.Created.make({}), objectId: "o" }
        ]
      })
      yield* settle(book, { gone: ["d"], inDoubt: ["e"], seen: [{ id: "f", within: "elsewhere" }] })
      const page = [
        file("a"),
        file("b", { token: "2" }),
        file("c", { attributes: { tags: { a: "b" } } }),
        ...named("d", "e", "f"),
        file("g", in_),
        file("new"),
        file("object", { path: "renamed" })
      ]
      const found = yield* others(book, page)
      assert.deepStrictEqual([...found.keys()].toSorted(), ["b", "c", "d", "e", "f", "new", "object"])
      assert.isUndefined(found.get("new"))
      const known = yield* book.known(page.map(({ id }) => id))
      for (const [id, one] of found) assert.deepStrictEqual(one, known.get(id))
      assert.deepStrictEqual(
        ["d", "e", "f", "object"].map((id) => {
          const one = found.get(id)
          return [one?.gone, one?.token, one?.within, one?.objectId]
        }),
        [
          [true, "1", undefined, undefined],
          [false, Ledger.noState, undefined, undefined],
          [false, "1", "elsewhere", undefined],
          [false, "1", undefined, "o"]
        ]
      )
      assert.deepStrictEqual(yield* others(book, page.toReversed()), found)
      for (const one of page) assert.strictEqual((yield* others(book, [one])).has(one.id), found.has(one.id))
      assert.deepStrictEqual(yield* others(book, []), new Map())
      assert.deepStrictEqual([...(yield* others(book, named("g"))).keys()], ["g"])
    }))

  test("does not take a file for known that is in no state, whatever its source calls its state", () =>
    Effect.gen(function* () {
      const book = yield* open("no state")
      const one = file("a", { token: Ledger.noState })
      yield* settle(book, { files: created(one) })
      assert.deepStrictEqual([...(yield* others(book, [one])).keys()], ["a"])
    }))

  test("compares files that are named in any text, in any order", () =>
    Effect.gen(function* () {
      const book = yield* open("texts")
      const files = texts.map(([, text]) => file(text, { token: text, within: text }))
      yield* settle(book, { files: created(...files) })
      const orders = [files, files.toReversed(), files.toSorted((a, b) => (a.id < b.id ? -1 : 1))]
      for (const page of orders) {
        assert.deepStrictEqual(yield* others(book, page), new Map())
        const changed = page.map((one) => ({ ...one, token: `${one.token}!` }))
        assert.deepStrictEqual([...(yield* others(book, changed)).keys()].toSorted(), ids(page))
      }
    }))

  const sweeps: ReadonlyArray<readonly [what: string, pages: ReadonlyArray<string>, unnamed: ReadonlyArray<string>]> = [
    ["everything, in order", ["abc", "def"], []],
    ["what is before, between and behind", ["bc", "e"], ["a", "d", "f"]],
    ["every other", ["ace"], ["b", "d", "f"]],
    ["nothing", [], ["a", "b", "c", "d", "e", "f"]],
    ["files that are not known beside those that are", ["abx", "cxyz"], ["d", "e", "f"]],
    ["a file twice", ["aab", "cdef"], []],
    ["pages that were said before, in other parts", ["ab", "bcd", "a", "abcd"], ["e", "f"]],
    ["no page in order", ["fab", "dc"], ["e"]]
  ]
  for (const [what, pages, unnamed] of sweeps) {
    test(`holds for gone what a sweep did not name that named ${what}`, () =>
      Effect.gen(function* () {
        const book = yield* open(`sweep ${what}`)
        yield* settle(book, { files: created(...named(..."abcdef")) })
        const other = yield* open(`beside ${what}`)
        yield* settle(other, { files: created(...named(..."abcdef")) })
        for (const one of [book, other]) yield* one.beginSweep({ tracks: true, asked: "all" })
        for (const page of pages) yield* name(book, named(...page))
        yield* book.completeSweep
        assert.deepStrictEqual(ids(yield* book.gone(10)), unnamed)
        assert.deepStrictEqual(yield* other.gone(10), [])
        yield* other.completeSweep
        assert.strictEqual((yield* other.gone(10)).length, 6)
      }))
  }

  test("holds for gone what the next sweep does not name, whatever the one before named", () =>
    Effect.gen(function* () {
      const book = yield* open("next")
      yield* settle(book, { files: created(...named(..."abcdef")) })
      for (const isComplete of [false, true]) {
        yield* book.beginSweep({ tracks: true, asked: "all" })
        yield* name(book, named(..."abcdef"))
        if (isComplete) yield* book.completeSweep
      }
      yield* book.beginSweep({ tracks: true, asked: "all" })
      yield* name(book, named(..."ab"))
      yield* name(book, named(..."ef"))
      yield* book.completeSweep
      assert.deepStrictEqual(ids(yield* book.gone(10)), ["c", "d"])
    }))

  test("lets the next run go on with a sweep that named pages that did not change", () =>
    Effect.gen(function* () {
      const first = Effect.gen(function* () {
        const book = yield* open("half")
        yield* settle(book, { files: created(...named(..."abcdef")) })
        yield* book.beginSweep({ tracks: true, asked: "all" })
        yield* name(book, named(..."abc"))
      })
      yield* Effect.scoped(first)
      const book = yield* open("half")
      yield* name(book, named(..."df"))
      yield* book.completeSweep
      assert.deepStrictEqual(ids(yield* book.gone(10)), ["e"])
    }))

  test("holds no file for gone that was changed, delivered or moved in a sweep, and one that went within it", () =>
    Effect.gen(function* () {
      const book = yield* open("meanwhile")
      yield* settle(book, { files: created(...named(..."abdef"), file("g", { within: "folder" })), gone: ["e"] })
      yield* book.beginSweep({ tracks: true, asked: "all" })
      const page = [file("a"), file("b", { token: "2" }), file("c"), file("d"), file("g", { within: "folder" })]
      const { interval } = yield* book.compare(page)
      // f is between, and not named.
      assert.isUndefined(interval)
      yield* name(book, page)
      yield* settle(book, { files: created(file("c")), gone: ["folder"] })
      yield* name(book, [file("f")])
      yield* settle(book, { seen: [{ id: "e" }] })
      yield* book.completeSweep
      assert.deepStrictEqual(ids(yield* book.gone(10)), ["g"])
    }))

  test("leaves what is gone as it is, also between files that a sweep names", () =>
    Effect.gen(function* () {
      const book = yield* open("gone between")
      yield* settle(book, { files: created(...named(..."abc")) })
      yield* settle(book, { gone: ["b"] })
      yield* book.beginSweep({ tracks: true, asked: "all" })
      yield* name(book, named("a", "c"))
      yield* book.completeSweep
      assert.deepStrictEqual(ids(yield* book.gone(10)), ["b"])
    }))
}
