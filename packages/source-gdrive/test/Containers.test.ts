import { assert, describe, it } from "@effect/vitest"
import type { Change } from "@sluice/core"
import { Schema } from "effect"
import * as Containers from "../src/Containers.ts"

const stored = (state: string): Change.Container => ({ id: "d1", state })

describe("Containers", () => {
  it.each([
    [Containers.make("d1", undefined, { name: "a" }), { id: "d1", state: '{"name":"a"}' }],
    [
      Containers.make("d1", "d0", { name: "a", access: "x" }),
      { id: "d1", within: "d0", state: '{"name":"a","access":"x"}' }
    ],
    [
      Containers.make("s1", "d0", { name: "led", target: "d1" }),
      { id: "s1", within: "d0", state: '{"name":"led","target":"d1"}' }
    ],
    [Containers.unread("d1", "d0"), { id: "d1", within: "d0", state: "" }],
    [Containers.unread("d1", undefined), { id: "d1", state: "" }],
    [Containers.mark("f1"), { id: "target:f1", state: "" }],
    [Containers.holder("d1", [["d0"], false, ""]), { id: "above:d1", state: '[["d0"],false,""]' }]
  ])("are kept as %o", (container, expected) => assert.deepStrictEqual(container, expected))

  it("that are marks of one thing are told from it and from each other", () => {
    const ids = ["d1", Containers.markOf("d1"), Containers.holderOf("d1")]
    assert.strictEqual(new Set(ids).size, ids.length)
    assert.deepStrictEqual([Containers.mark("d1").id, Containers.holder("d1", []).id], ids.slice(1))
  })

  it.prop(
    "say what was kept of them",
    { state: Containers.State, within: Schema.UndefinedOr(Schema.NonEmptyString) },
    (one) => {
      const container = Containers.make("d1", one.within, one.state)
      assert.deepStrictEqual(Containers.stateOf(container), one.state)
      assert.strictEqual(container.within, one.within)
    }
  )

  it.each([
    ["that are not listed yet", Containers.unread("d1", "d0")],
    ["that are marks", Containers.mark("f1")],
    ["that are above of something", Containers.holder("d1", [[], false, ""])],
    ["without a name", stored("{}")],
    ["whose name is none", stored('{"name":7}')],
    ["whose state is no JSON", stored("a")],
    ["of another source", stored("null")]
  ])("say nothing %s", (_, container) => assert.isUndefined(Containers.stateOf(container)))

  const before = Containers.make("d1", "d0", { name: "a", access: "x" })

  it.each([
    ["nothing", Containers.make("d1", "d0", { name: "a", access: "x" }), false],
    ["the name", Containers.make("d1", "d0", { name: "b", access: "x" }), true],
    ["the folder it is in", Containers.make("d1", "d2", { name: "a", access: "x" }), true],
    ["that it is in none", Containers.make("d1", undefined, { name: "a", access: "x" }), true],
    ["who may see it", Containers.make("d1", "d0", { name: "a", access: "y" }), true],
    ["that this is asked for", Containers.make("d1", "d0", { name: "a" }), true],
    ["where it leads", Containers.make("d1", "d0", { name: "a", access: "x", target: "d9" }), true],
    ["that it was not listed", Containers.unread("d1", "d0"), true]
  ])("differ by %s: %s", (_, now, expected) => {
    assert.strictEqual(Containers.differs(before, now), expected)
    assert.strictEqual(Containers.differs(now, before), expected)
  })
})
