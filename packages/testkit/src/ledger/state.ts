/**
 * What a ledger knows of files, and how it is told.
 */
import { assert } from "@effect/vitest"
import { Ledger, Outcome, SourceFile } from "@sluice/core"
import { Effect } from "effect"
import { at, bare, created, file, ids, intent, open, others, rejected, settle, type Test, texts } from "./said.ts"

const { facts } = SourceFile
const byId = (a: { readonly id: string }, b: { readonly id: string }) => (a.id < b.id ? -1 : 1)

export const state = (test: Test): void => {
  test("knows what was delivered, in which state and as which object, and nothing else", () =>
    Effect.gen(function* () {
      const book = yield* open("a")
      yield* settle(book, {
        files: [
          { file: file("1"), outcome: Outcome.Created.make({}), objectId: "obj_1", sha256: "ab01" },
          { file: file("2"), outcome: Outcome.SkippedDuplicate.make({}) },
          { file: file("3"), outcome: Outcome.Rejected.make({ cause: { code: "x", message: "x" } }) },
          { file: file("4"), outcome: Outcome.Skipped.make({ cause: { code: "x", message: "x" } }) }
        ]
      })
      const known = yield* book.known(["1", "2", "3", "4", "5"])
      assert.deepStrictEqual(
        [...known.values()],
        [
          {
            id: "1",
            uri: "test://1",
            token: "1",
            facts: facts(file("1")),
            objectId: "obj_1",
            sha256: "ab01",
            gone: false
          },
          { id: "2", uri: "test://2", token: "1", facts: facts(file("2")), gone: false }
        ]
      )
    }))

  test("lists all that was delivered, page by page, in the order of ids", () =>
    Effect.gen(function* () {
      const book = yield* open("list")
      const names = ["B", "a", "b", "é", "z"]
      yield* settle(book, { files: created(...names.toReversed().map((name) => file(name))), gone: ["a"] })
      const first = yield* book.list(2)
      const rest = yield* book.list(9, first.at(-1)?.id)
      assert.deepStrictEqual(
        [...first, ...rest].map(({ gone, id }) => [id, gone]),
        [
          ["B", false],
          ["a", true],
          ["b", false],
          ["z", false],
          ["é", false]
        ]
      )
      assert.deepStrictEqual(yield* book.list(9, "é"), [])
    }))

  test("keeps the latest state of a file and the id of its object, and forgets one that was removed", () =>
    Effect.gen(function* () {
      const book = yield* open("b")
      const deliver = (token: string, outcome: Outcome.Outcome) =>
        settle(book, { files: [{ file: file("1", { token }), outcome, objectId: "obj_1" }] })
      yield* deliver("1", Outcome.Created.make({}))
      yield* deliver("2", Outcome.Updated.make({}))
      const known = (yield* book.known(["1"])).get("1")
      assert.deepStrictEqual([known?.token, known?.objectId], ["2", "obj_1"])
      yield* settle(book, { removed: ["1"] })
      assert.strictEqual((yield* book.known(["1"])).size, 0)
    }))

  test("keeps pipelines apart", () =>
    Effect.gen(function* () {
      const book = yield* open("c")
      yield* settle(book, { files: created(file("1")), cursors: [at("r", "9")], containers: [{ id: "f", state: "" }] })
      const other = yield* open("d")
      assert.strictEqual((yield* other.known(["1"])).size, 0)
      assert.strictEqual((yield* other.containers(["f"])).size, 0)
      assert.deepStrictEqual((yield* other.position).sweep, [])
    }))

  test("holds a file for gone until it is named again, or its object is removed", () =>
    Effect.gen(function* () {
      const book = yield* open("g")
      yield* settle(book, { files: created(file("1"), file("2"), file("3")) })
      yield* settle(book, { gone: ["1", "2", "3", "4"] })
      assert.isTrue((yield* book.known(["1"])).get("1")?.gone)
      assert.strictEqual((yield* book.gone(2)).length, 2)
      yield* settle(book, { seen: [{ id: "1" }] })
      yield* settle(book, { files: created(file("2")) })
      yield* settle(book, { removed: ["3"] })
      assert.deepStrictEqual(yield* book.gone(10), [])
      assert.deepStrictEqual(yield* book.count, { known: 2, gone: 0 })
    }))

  test("takes note of a new state of the same content", () =>
    Effect.gen(function* () {
      const book = yield* open("l")
      const checksum = { algorithm: "md5", value: "0".repeat(32) } as const
      yield* settle(book, {
        files: [{ file: file("1", { checksum }), outcome: Outcome.Created.make({}), objectId: "o" }]
      })
      const again = file("1", { token: "2", checksum })
      yield* settle(book, {
        files: [{ file: again, outcome: Outcome.Unchanged.make({}), objectId: "o" }]
      })
      const known = yield* book.known(["1"])
      assert.deepStrictEqual(
        [...known.values()],
        [{ ...SourceFile.state(again), content: `md5:${checksum.value}`, objectId: "o", gone: false }]
      )
    }))

  for (const [kind, text] of texts) {
    test(`keeps ${kind} in any text as they are`, () =>
      Effect.gen(function* () {
        const pipeline = `pipeline ${text}`
        const book = yield* open(pipeline, `run ${text}`)
        const one = file(text, { uri: text, token: text, within: text })
        const container = { id: text, within: text, state: text }
        yield* book.beginSweep({ tracks: true, asked: text })
        yield* book.intend([intent(text, { uri: text, token: text, within: text, replaces: text })])
        assert.deepStrictEqual(yield* book.intents(10), [
          intent(text, { uri: text, token: text, within: text, replaces: text })
        ])
        yield* settle(book, {
          files: [{ file: one, outcome: Outcome.Created.make({}), objectId: text }],
          containers: [container],
          cursors: [at(text, text)],
          superseded: [{ uri: text, objectId: text }]
        })
        assert.deepStrictEqual((yield* book.known([text])).get(text), {
          ...SourceFile.state(one),
          objectId: text,
          gone: false
        })
        assert.deepStrictEqual((yield* book.containers([text])).get(text), container)
        const { asked, sweep } = yield* book.position
        assert.deepStrictEqual([asked, sweep], [text, [bare(at(text, text))]])
        assert.deepStrictEqual(yield* book.superseded(10), [{ uri: text, objectId: text }])
        const cause = { code: text, message: text }
        const request = { [text]: [text] }
        yield* settle(book, { files: [{ file: one, outcome: Outcome.Rejected.make({ cause }), request }] })
        const ledger = yield* Ledger.Ledger
        const letters = yield* ledger.deadLetters(pipeline, { limit: 10, ids: [text] })
        assert.deepStrictEqual(
          letters.map((letter) => [letter.file, letter.cause, letter.request]),
          [[one, cause, request]]
        )
        yield* settle(book, { gone: [text], cleared: [text] })
        assert.deepStrictEqual(ids(yield* book.gone(10)), [text])
        assert.strictEqual((yield* book.containers([text])).size, 0)
        assert.deepStrictEqual(yield* ledger.deadLetters(pipeline, { limit: 10 }), [])
        assert.deepStrictEqual(yield* book.superseded(10), [])
        yield* settle(book, { removed: [text] })
        assert.strictEqual((yield* book.known([text])).size, 0)
        yield* ledger.pause(pipeline, text)
        assert.strictEqual(yield* book.paused, text)
      }))
  }

  test("keeps ids apart that hold NUL, and gives them back as they are", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      const book = yield* open("NUL")
      // With what such a character might be written as.
      const names = [
        "a",
        "a\0",
        "a\0b",
        "a\0c",
        "a\u0010",
        "a\u00100",
        "a\u0010\u0010",
        "\0",
        "a\\u0000",
        "a\\0"
      ].toSorted()
      const of = (name: string) => ({ uri: `test://${name}`, token: name, within: name })
      const files = names.map((name) => file(name, of(name)))
      const intents = names.map((name) => intent(name, { ...of(name), replaces: name }))
      yield* book.beginSweep({ tracks: true, asked: "all" })
      yield* book.intend(intents)
      assert.deepStrictEqual((yield* book.intents(99)).toSorted(byId), intents)
      yield* settle(book, {
        files: files.map((one) => ({ file: one, outcome: Outcome.Created.make({}), objectId: one.id })),
        containers: names.map((id) => ({ id, within: id, state: id })),
        cursors: names.map((name) => at(name, name)),
        superseded: names.map((name) => ({ uri: name, objectId: name }))
      })
      assert.deepStrictEqual(yield* book.intents(99), [])
      const known = yield* book.known(names)
      for (const one of files) {
        assert.deepStrictEqual(known.get(one.id), { ...SourceFile.state(one), objectId: one.id, gone: false })
      }
      for (const page of [files, files.slice(1, 3), files.filter(({ id }) => id.includes("\u0010"))]) {
        assert.deepStrictEqual(yield* others(book, page), new Map())
        const changed = page.map((one) => ({ ...one, token: `${one.token}\0` }))
        assert.deepStrictEqual([...(yield* others(book, changed)).keys()].toSorted(), ids(page))
      }
      const listed: Array<string> = []
      for (let after = ""; listed.length < 99;) {
        const [next] = yield* book.list(1, after)
        if (next === undefined) break
        listed.push((after = next.id))
      }
      assert.deepStrictEqual(listed.toSorted(), names)
      assert.deepStrictEqual([...(yield* book.containers(names)).keys()].toSorted(), names)
      const { sweep } = yield* book.position
      assert.deepStrictEqual(sweep.map(({ cursor }): string => cursor).toSorted(), names)
      assert.deepStrictEqual(yield* book.superseded(99, ["a\0"]), [{ uri: "a\0", objectId: "a\0" }])
      yield* settle(book, {
        files: files.map((one) => ({ file: one, outcome: rejected("x"), request: { [one.id]: one.id } }))
      })
      const letters = yield* ledger.deadLetters("NUL", { limit: 99, ids: ["a\0b"] })
      assert.deepStrictEqual(
        letters.map((letter) => [letter.file, letter.request]),
        [[file("a\0b", of("a\0b")), { "a\0b": "a\0b" }]]
      )
      yield* settle(book, { gone: ["a\0"] })
      assert.deepStrictEqual(ids(yield* book.gone(99)), ["a\0"])
      yield* settle(book, { removed: ["a\0"] })
      assert.deepStrictEqual(
        ids((yield* book.known(names)).values()),
        names.filter((name) => name !== "a\0")
      )
    }))

  test("takes and gives pages of 1,000 at once", () =>
    Effect.gen(function* () {
      const book = yield* open("pages")
      const all = Array.from({ length: 1000 }, (_, i) => String(10_000 + i))
      const containers = all.map((id) => ({ id, state: id }))
      yield* book.beginSweep({ tracks: true, asked: "all" })
      yield* book.intend(all.map((id) => intent(id)))
      assert.deepStrictEqual(ids(yield* book.intents(1000)), all)
      yield* settle(book, { files: created(...all.map((id) => file(id))), containers })
      assert.deepStrictEqual(yield* book.intents(1000), [])
      assert.deepStrictEqual(ids((yield* book.known([...all, "none"])).values()), all)
      assert.deepStrictEqual([...(yield* book.containers(all)).values()].toSorted(byId), containers)
      yield* settle(book, { gone: all })
      assert.strictEqual((yield* book.gone(1000)).length, 1000)
      yield* settle(book, { seen: all.map((id) => ({ id })) })
      assert.deepStrictEqual(yield* book.count, { known: 1000, gone: 0 })
      yield* settle(book, { removed: all })
      assert.deepStrictEqual(yield* book.count, { known: 0, gone: 0 })
    }))

  test("writes everything that is settled at once", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      const book = yield* open("at once")
      yield* settle(book, {
        files: created(file("seen"), file("removed"), file("gone"), file("in", { within: "f" })),
        superseded: [{ uri: "test://x", objectId: "cleared" }]
      })
      yield* book.intend(["delivered", "refused", "arrived", "missed", "left"].map((id) => intent(id)))
      yield* settle(book, {
        files: [...created(file("delivered")), { file: file("refused"), outcome: rejected("a") }],
        removed: ["removed"],
        seen: [{ id: "seen", within: "g" }],
        gone: ["gone", "f"],
        containers: [
          { id: "f", state: "f" },
          { id: "g", state: "g" }
        ],
        cursors: [at("r", "1"), at("changes", "2", true)],
        arrived: [{ intent: intent("arrived"), objectId: "o" }],
        missed: ["missed"],
        unsure: [],
        superseded: [{ uri: "test://y", objectId: "old" }],
        cleared: ["cleared"]
      })
      const known = yield* book.known(["seen", "removed", "gone", "in", "delivered", "refused", "arrived", "missed"])
      assert.deepStrictEqual(ids(known.values()), ["arrived", "delivered", "gone", "in", "seen"])
      assert.deepStrictEqual(ids(yield* book.gone(10)), ["gone", "in"])
      assert.strictEqual(known.get("seen")?.within, "g")
      assert.strictEqual(known.get("arrived")?.objectId, "o")
      assert.deepStrictEqual([...(yield* book.containers(["f", "g"])).keys()], ["g"])
      const { follow, sweep } = yield* book.position
      assert.deepStrictEqual([sweep, follow], [[bare(at("r", "1"))], [bare(at("changes", "2"))]])
      assert.deepStrictEqual(ids(yield* book.intents(10)), ["left"])
      assert.deepStrictEqual(yield* book.superseded(10), [{ uri: "test://y", objectId: "old" }])
      const letters = yield* ledger.deadLetters("at once", { limit: 10 })
      assert.deepStrictEqual(
        letters.map((letter) => letter.file.id),
        ["refused"]
      )
    }))

  test("knows nothing of what it was never told, and minds no word about it", () =>
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      assert.deepStrictEqual(yield* ledger.deadLetters("never ran", { limit: 10 }), [])
      assert.strictEqual(yield* ledger.discard("never ran", ["1"]), 0)
      assert.deepStrictEqual(yield* ledger.runs("never ran", 10), [])
      yield* ledger.resume("never ran")
      const book = yield* open("never ran")
      assert.deepStrictEqual(yield* book.position, { swept: false, tracks: false, asked: "", sweep: [], follow: [] })
      yield* book.intend([])
      yield* settle(book, {})
      yield* settle(book, { removed: ["1"], seen: [{ id: "1" }], gone: ["1"], missed: ["1"], cleared: ["1"] })
      assert.strictEqual((yield* book.known([])).size, 0)
      assert.strictEqual((yield* book.containers([])).size, 0)
      assert.deepStrictEqual(yield* book.count, { known: 0, gone: 0 })
    }))

  test("keeps what was said last where a file is settled twice at once", () =>
    Effect.gen(function* () {
      const book = yield* open("twice")
      yield* settle(book, { files: created(file("1", { token: "1" }), file("1", { token: "2" })) })
      assert.strictEqual((yield* book.known(["1"])).get("1")?.token, "2")
    }))
}
