import { assert, describe, it } from "@effect/vitest"
import type { Change } from "@sluice/core"
import { Effect } from "effect"
import * as Containers from "../src/Containers.ts"
import * as Memory from "../src/Memory.ts"

const folder = (id: string, within?: string) => Containers.make(id, within, { name: `name of ${id}` })

/** A memory over a ledger, and what it has asked. */
const over = (kept: ReadonlyArray<Change.Container>) => {
  const asked: Array<ReadonlyArray<string>> = []
  const byId = new Map(kept.map((one) => [one.id, one]))
  const memory = Memory.make((ids) =>
    Effect.sync(() => {
      asked.push(ids)
      return new Map(ids.flatMap((id) => (byId.has(id) ? [[id, byId.get(id) ?? folder(id)] as const] : [])))
    })
  )
  return { asked, memory }
}

/** One over `a`, with `b` in it, with `c` in it; and `x`, by itself. All is in memory. */
const nested = Effect.gen(function* () {
  const { memory } = over([folder("a"), folder("b", "a"), folder("c", "b"), folder("x")])
  yield* memory.load(["c", "x"])
  /** Which of them are taken. */
  const taken = () => ["a", "b", "c", "x"].filter((id) => memory.container(id) !== undefined).join("")
  return { memory, taken }
})

describe("Memory", () => {
  it.effect("knows nothing that was not brought to mind", () =>
    Effect.sync(() => {
      const { memory } = over([folder("a")])
      assert.isUndefined(memory.container("a"))
      assert.isUndefined(memory.remember("a"))
      assert.isFalse(memory.isMarked("a"))
    })
  )

  it.effect("brings to mind what is kept of folders, and of all that they are in, and asks for each once", () =>
    Effect.gen(function* () {
      const { asked, memory } = over([folder("a"), folder("b", "a"), folder("c", "b"), folder("d", "a")])
      yield* memory.load(["c", "d", "nowhere"])
      assert.deepStrictEqual(asked, [
        ["c", "d", "nowhere"],
        ["b", "a"]
      ])
      assert.deepStrictEqual(memory.container("b"), folder("b", "a"))
      assert.isUndefined(memory.container("nowhere"))
      yield* memory.load(["a", "b", "c", "d", "nowhere"])
      yield* memory.load([])
      assert.strictEqual(asked.length, 2)
    })
  )

  it.effect("brings to mind what folders are in that this run has said to be elsewhere", () =>
    Effect.gen(function* () {
      const { asked, memory } = over([folder("a"), folder("b", "a"), folder("x"), folder("y", "x")])
      memory.put([folder("b", "y")])
      yield* memory.load(["b"])
      assert.deepStrictEqual(asked, [["b"], ["y"], ["x"]])
      assert.deepStrictEqual(memory.container("b"), folder("b", "y"))
    })
  )

  it.effect("ends where folders are in each other", () =>
    Effect.gen(function* () {
      const { asked, memory } = over([folder("a", "b"), folder("b", "a")])
      yield* memory.load(["a"])
      assert.deepStrictEqual(asked, [["a"], ["b"]])
      assert.deepStrictEqual(memory.container("a"), folder("a", "b"))
    })
  )

  it.effect("takes what this run has said over what is kept, in whichever order it learns of them", () =>
    Effect.gen(function* () {
      const { memory } = over([folder("a")])
      const renamed = Containers.make("a", undefined, { name: "other" })
      memory.put([renamed])
      yield* memory.load(["a"])
      assert.deepStrictEqual(memory.container("a"), renamed)
    })
  )

  it.effect("drops what is in a folder with it", () =>
    Effect.gen(function* () {
      const { memory, taken } = yield* nested
      assert.strictEqual(taken(), "abcx")
      memory.drop("b")
      assert.strictEqual(taken(), "ax")
      memory.drop("a")
      assert.strictEqual(taken(), "x")
      memory.drop("nowhere")
      assert.strictEqual(taken(), "x")
    })
  )

  it.effect("drops what was said to be in a folder with it", () =>
    Effect.gen(function* () {
      const { memory, taken } = yield* nested
      memory.put([folder("c", "x")])
      memory.drop("a")
      assert.strictEqual(taken(), "cx")
      memory.drop("x")
      assert.strictEqual(taken(), "")
    })
  )

  it.effect("has a folder again when it is said again, and what is in it no sooner than that is", () =>
    Effect.gen(function* () {
      const { memory, taken } = yield* nested
      memory.drop("a")
      memory.put([folder("a")])
      assert.strictEqual(taken(), "ax")
      memory.put([folder("b", "a")])
      assert.strictEqual(taken(), "abx")
      memory.put([folder("c", "b")])
      assert.strictEqual(taken(), "abcx")
      memory.drop("b")
      assert.strictEqual(taken(), "ax")
    })
  )

  it.effect.each([
    ["a", "b"],
    ["b", "a"]
  ] as const)("has all that is said again together, %s before %s", ([first, second]) =>
    Effect.gen(function* () {
      const { memory, taken } = yield* nested
      memory.drop("a")
      const both = { a: folder("a"), b: folder("b", "a") }
      memory.put([both[first], both[second]])
      assert.strictEqual(taken(), "abx")
    })
  )

  it.effect("has what was moved out of a folder before that was dropped", () =>
    Effect.gen(function* () {
      const { memory, taken } = yield* nested
      memory.put([folder("b", "x")])
      memory.drop("a")
      assert.strictEqual(taken(), "bcx")
    })
  )

  it.effect("knows of a mark that a shortcut leads there, until it is dropped", () =>
    Effect.gen(function* () {
      const { memory } = over([Containers.mark("f1")])
      yield* memory.load([Containers.markOf("f1"), Containers.markOf("f2")])
      assert.deepStrictEqual([memory.isMarked("f1"), memory.isMarked("f2")], [true, false])
      memory.put([Containers.mark("f2")])
      memory.drop(Containers.markOf("f1"))
      assert.deepStrictEqual([memory.isMarked("f1"), memory.isMarked("f2")], [false, true])
    })
  )

  it.effect("remembers what helps to find a place", () =>
    Effect.gen(function* () {
      const shortcut = Containers.make("s", "a", { name: "led", target: "b" })
      const { memory } = over([folder("a"), folder("b", "s"), shortcut, Containers.unread("u", "a")])
      yield* memory.load(["b", "u", "nowhere"])
      const listed = { _tag: "Listed", isShortcut: false } as const
      assert.deepStrictEqual(memory.remember("a"), { ...listed, name: "name of a", within: undefined })
      assert.deepStrictEqual(memory.remember("b"), { ...listed, name: "name of b", within: "s" })
      assert.deepStrictEqual(memory.remember("s"), { ...listed, name: "led", within: "a", isShortcut: true })
      assert.isUndefined(memory.remember("u"))
      assert.isUndefined(memory.remember("nowhere"))
    })
  )

  it.effect("remembers what a log says of a folder now, over all that is kept and said, until it is dropped", () =>
    Effect.gen(function* () {
      const { memory } = yield* nested
      const file = { id: "b", name: "renamed", parents: ["x"] }
      memory.refresh(file)
      assert.deepStrictEqual(memory.remember("b"), { _tag: "Fresh", file })
      memory.put([folder("b", "a")])
      assert.deepStrictEqual(memory.remember("b"), { _tag: "Fresh", file })
      assert.deepStrictEqual(memory.container("b"), folder("b", "a"))
      memory.drop("b")
      assert.deepStrictEqual(memory.remember("b"), { _tag: "Gone" })
      memory.refresh(file)
      assert.deepStrictEqual(memory.remember("b"), { _tag: "Fresh", file })
    })
  )

  it.effect("remembers that a folder was dropped, and nothing of what is in it", () =>
    Effect.gen(function* () {
      const { memory } = yield* nested
      memory.drop("b")
      assert.deepStrictEqual(memory.remember("b"), { _tag: "Gone" })
      assert.isUndefined(memory.remember("c"))
      memory.put([folder("b", "a")])
      assert.deepStrictEqual(memory.remember("b"), {
        _tag: "Listed",
        name: "name of b",
        within: "a",
        isShortcut: false
      })
      assert.isUndefined(memory.remember("c"))
    })
  )
})
