import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Cursor } from "../../src/Change.ts"
import * as Frontier from "../../src/internal/frontier.ts"

const at = (range: string, n: number) => ({ range, cursor: Cursor.make(String(n)), follows: false })

describe("frontier", () => {
  it("moves past a page with nothing pending at once", () => {
    const frontier = Frontier.make()
    frontier.open(at("a", 1), 0)
    assert.deepStrictEqual(frontier.advanced().cursors, [at("a", 1)])
    assert.deepStrictEqual(frontier.advanced().cursors, [])
  })

  it("is held back by the first unsettled page and catches up when that is settled", () => {
    const frontier = Frontier.make()
    const first = frontier.open(at("a", 1), 1)
    const second = frontier.open(at("a", 2), 1)
    frontier.open(at("a", 3), 0)
    frontier.settle(second)
    assert.deepStrictEqual(frontier.advanced().cursors, [])
    frontier.settle(first)
    assert.deepStrictEqual(frontier.advanced().cursors, [at("a", 3)])
    assert.strictEqual(frontier.unsettled(), 0)
  })

  it("keeps ranges apart", () => {
    const frontier = Frontier.make()
    frontier.open(at("a", 1), 1)
    frontier.open(at("b", 1), 0)
    assert.deepStrictEqual(frontier.advanced().cursors, [at("b", 1)])
  })

  it.effect.prop(
    "never passes an unsettled page, and reaches the last page once all are settled",
    {
      pages: Schema.Array(
        Schema.Struct({
          range: Schema.Literals(["a", "b"]),
          pending: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3 }))
        })
      ),
      order: Schema.Array(Schema.Natural)
    },
    ({ order, pages }) =>
      Effect.sync(() => {
        const frontier = Frontier.make()
        const open: Array<{ readonly page: Frontier.OpenPage; readonly index: number; left: number }> = []
        const stored = new Map<string, number>()
        const named = new Set<string>()
        const check = () => {
          const { containers, cursors } = frontier.advanced()
          for (const { cursor, range } of cursors) {
            const index = Number(cursor)
            assert.isAbove(index, stored.get(range) ?? -1)
            stored.set(range, index)
          }
          for (const { id } of containers) {
            assert.isFalse(named.has(id))
            named.add(id)
          }
          // Containers come with the cursor that passes their page, neither before nor after.
          for (const { index } of open) {
            const passed = index <= (stored.get(pages[index]?.range ?? "") ?? -1)
            assert.strictEqual(named.has(String(index)), passed)
          }
          for (const { index, left } of open) {
            const range = pages[index]?.range
            assert.isTrue(left === 0 || range === undefined || (stored.get(range) ?? -1) < index)
          }
        }
        pages.forEach(({ pending, range }, index) => {
          const containers = [{ id: String(index), state: "" }]
          open.push({ page: frontier.open({ ...at(range, index), containers }, pending), index, left: pending })
          check()
          const next = open.filter((one) => one.left > 0).at((order[index] ?? 0) % 7)
          if (next !== undefined && (order[index] ?? 0) % 2 === 0) {
            next.left--
            frontier.settle(next.page)
            check()
          }
        })
        for (const pick of order.concat(Array.from({ length: pages.length * 3 }, () => 0))) {
          const pending = open.filter((one) => one.left > 0)
          const next = pending[pick % Math.max(pending.length, 1)]
          if (next === undefined) break
          next.left--
          frontier.settle(next.page)
          check()
        }
        for (const range of ["a", "b"]) {
          const last = pages.findLastIndex((page) => page.range === range)
          assert.strictEqual(stored.get(range) ?? -1, last)
        }
        assert.strictEqual(frontier.unsettled(), 0)
      })
  )
})
