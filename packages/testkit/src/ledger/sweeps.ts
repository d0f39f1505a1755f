/**
 * Where a source stands, and what is gone.
 */
import { assert } from "@effect/vitest"
import type { Change } from "@sluice/core"
import { Effect } from "effect"
import { at, bare, created, file, ids, open, settle, type Test } from "./said.ts"

export const sweeps = (test: Test): void => {
  test("keeps a sweep's cursors until it is complete, and those to follow from until the next sweep begins", () =>
    Effect.gen(function* () {
      const book = yield* open("e")
      yield* book.beginSweep({ tracks: false, asked: "all" })
      yield* settle(book, { cursors: [at("r", "1"), at("s", "1"), at("changes", "7", true)] })
      yield* settle(book, { cursors: [at("r", "2")] })
      const follow = [bare(at("changes", "7"))]
      assert.deepStrictEqual(yield* book.position, {
        swept: false,
        tracks: false,
        asked: "all",
        sweep: [bare(at("r", "2")), bare(at("s", "1"))],
        follow
      })
      yield* book.completeSweep
      assert.deepStrictEqual(yield* book.position, {
        swept: true,
        tracks: false,
        asked: "all",
        sweep: [],
        follow
      })
      yield* book.beginSweep({ tracks: true, asked: "pdf" })
      assert.deepStrictEqual(yield* book.position, {
        swept: false,
        tracks: true,
        asked: "pdf",
        sweep: [],
        follow: []
      })
    }))

  test("holds for gone what a complete sweep did not name, where the sweep kept account", () =>
    Effect.gen(function* () {
      const book = yield* open("f")
      yield* settle(book, { files: created(file("1"), file("2"), file("3")) })
      yield* book.beginSweep({ tracks: false, asked: "all" })
      yield* book.completeSweep
      assert.deepStrictEqual(yield* book.gone(10), [])
      yield* book.beginSweep({ tracks: true, asked: "pdf" })
      yield* settle(book, { seen: [{ id: "1" }, { id: "9" }], files: created(file("3", { token: "2" })) })
      assert.deepStrictEqual(yield* book.gone(10), [])
      yield* book.completeSweep
      assert.deepStrictEqual(ids(yield* book.gone(10)), ["2"])
      assert.deepStrictEqual(yield* book.count, { known: 3, gone: 1 })
    }))

  test("with a container, holds everything in it for gone, however deep, and nothing else", () =>
    Effect.gen(function* () {
      const book = yield* open("h")
      const containers: ReadonlyArray<Change.Container> = [
        { id: "top", state: "top" },
        { id: "a", within: "top", state: "a" },
        { id: "b", within: "a", state: "b" },
        { id: "c", within: "top", state: "c" }
      ]
      const files = ["top", "a", "b", "b", "c"].map((within, i) => file(String(i), { within }))
      yield* settle(book, { containers, files: created(...files, file("alone")) })
      assert.deepStrictEqual((yield* book.containers(["b", "z"])).get("b"), containers[2])
      yield* settle(book, { gone: ["a"] })
      assert.deepStrictEqual(ids(yield* book.gone(10)), ["1", "2", "3"])
      assert.deepStrictEqual([...(yield* book.containers(["top", "a", "b", "c"])).keys()].toSorted(), ["c", "top"])
    }))

  test("knows where a file is although its new state was not delivered", () =>
    Effect.gen(function* () {
      const book = yield* open("j")
      const containers = [
        { id: "a", state: "a" },
        { id: "b", state: "b" }
      ]
      yield* settle(book, { containers, files: created(file("1", { within: "a" })) })
      yield* settle(book, { seen: [{ id: "1", within: "b" }] })
      assert.strictEqual((yield* book.known(["1"])).get("1")?.within, "b")
      yield* settle(book, { gone: ["a"] })
      assert.deepStrictEqual(yield* book.gone(10), [])
      yield* settle(book, { gone: ["b"] })
      assert.deepStrictEqual(ids(yield* book.gone(10)), ["1"])
    }))

  test("follows a container that moved", () =>
    Effect.gen(function* () {
      const book = yield* open("i")
      const containers = [
        { id: "a", state: "a" },
        { id: "b", state: "b" },
        { id: "c", within: "a", state: "c" }
      ]
      yield* settle(book, { containers, files: created(file("1", { within: "c" })) })
      yield* settle(book, { containers: [{ id: "c", within: "b", state: "c" }] })
      yield* settle(book, { gone: ["a"] })
      assert.deepStrictEqual(yield* book.gone(10), [])
      yield* settle(book, { gone: ["b"] })
      assert.deepStrictEqual(ids(yield* book.gone(10)), ["1"])
    }))

  test("lets the next run go on with a sweep, and holds for gone what neither of them named", () =>
    Effect.gen(function* () {
      yield* Effect.scoped(
        Effect.gen(function* () {
          const book = yield* open("resumed")
          yield* settle(book, { files: created(file("1"), file("2"), file("3")), containers: [{ id: "f", state: "" }] })
          yield* book.beginSweep({ tracks: true, asked: "all" })
          yield* settle(book, {
            seen: [{ id: "1" }],
            containers: [{ id: "g", state: "" }],
            cursors: [at("r", "1"), at("changes", "7", true)]
          })
        })
      )
      const book = yield* open("resumed")
      const before = {
        swept: false,
        tracks: true,
        asked: "all",
        sweep: [bare(at("r", "1"))],
        follow: [bare(at("changes", "7"))]
      }
      assert.deepStrictEqual(yield* book.position, before)
      yield* settle(book, { seen: [{ id: "2" }], cursors: [at("r", "2")] })
      yield* book.completeSweep
      assert.deepStrictEqual(yield* book.position, { ...before, swept: true, sweep: [] })
      assert.deepStrictEqual(ids(yield* book.gone(10)), ["3"])
      assert.deepStrictEqual([...(yield* book.containers(["f", "g"])).keys()], ["g"])
    }))

  test("begins a sweep anew although another one was not finished", () =>
    Effect.gen(function* () {
      const book = yield* open("anew")
      yield* settle(book, { files: created(file("1"), file("2")) })
      yield* book.beginSweep({ tracks: true, asked: "all" })
      yield* settle(book, { seen: [{ id: "1" }], cursors: [at("r", "1")] })
      yield* book.beginSweep({ tracks: true, asked: "all" })
      assert.deepStrictEqual((yield* book.position).sweep, [])
      yield* settle(book, { seen: [{ id: "2" }] })
      yield* book.completeSweep
      assert.deepStrictEqual(ids(yield* book.gone(10)), ["1"])
    }))

  test("holds a file no longer for gone that is named in another container than the one that went", () =>
    Effect.gen(function* () {
      const book = yield* open("elsewhere")
      const containers = [
        { id: "a", state: "a" },
        { id: "b", state: "b" }
      ]
      yield* settle(book, { containers, files: created(file("1", { within: "a" }), file("2", { within: "a" })) })
      yield* settle(book, { gone: ["a"] })
      yield* settle(book, { seen: [{ id: "1", within: "b" }] })
      assert.deepStrictEqual(ids(yield* book.gone(10)), ["2"])
      yield* settle(book, { seen: [{ id: "2" }] })
      assert.strictEqual((yield* book.known(["2"])).get("2")?.within, undefined)
    }))
}
