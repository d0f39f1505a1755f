/**
 * What is on its way, and objects whose places others took.
 */
import { assert } from "@effect/vitest"
import { Ledger, Outcome, SourceFile } from "@sluice/core"
import { Effect } from "effect"
import { file, intent, open, rejected, settle, type Test } from "./said.ts"

export const sending = (test: Test): void => {
  test("keeps what is about to be sent until it has an outcome", () =>
    Effect.gen(function* () {
      const book = yield* open("n")
      yield* book.intend(["5", "4", "3", "2", "1"].map((id) => intent(id)))
      yield* book.intend([intent("2", { token: "2", sentAt: 2000, replaces: "old", content: "md5:0", within: "f" })])
      const found = yield* book.intents(3)
      assert.deepStrictEqual(
        found.map(({ id, sentAt, token }) => [id, token, sentAt]),
        [
          ["1", "1", 1000],
          ["2", "2", 2000],
          ["3", "1", 1000]
        ]
      )
      assert.deepStrictEqual(
        found[1],
        intent("2", { token: "2", sentAt: 2000, replaces: "old", content: "md5:0", within: "f" })
      )
      assert.deepStrictEqual(
        (yield* book.intents(3, "3")).map(({ id }) => id),
        ["4", "5"]
      )
      yield* settle(book, {
        files: [
          { file: file("1"), outcome: Outcome.Created.make({}), objectId: "o1" },
          { file: file("3"), outcome: rejected("x") }
        ],
        arrived: [{ intent: intent("2", { token: "2" }), objectId: "o2" }],
        missed: ["4"]
      })
      assert.deepStrictEqual(
        (yield* book.intents(10)).map(({ id }) => id),
        ["5"]
      )
      assert.deepStrictEqual((yield* book.known(["2"])).get("2"), {
        ...SourceFile.state(file("2", { token: "2" })),
        objectId: "o2",
        gone: false
      })
      assert.strictEqual((yield* book.known(["4"])).size, 0)
    }))

  test("keeps objects whose places others took until they are removed", () =>
    Effect.gen(function* () {
      const book = yield* open("o")
      const one = { uri: "test://1", objectId: "old 1" }
      const two = { uri: "test://1", objectId: "old 2" }
      yield* settle(book, { superseded: [one] })
      yield* settle(book, { superseded: [two] })
      assert.strictEqual((yield* book.superseded(1)).length, 1)
      yield* settle(book, { cleared: ["old 1"] })
      assert.deepStrictEqual(yield* book.superseded(10), [two])
    }))

  test("names the objects whose places others took by the addresses they were made from", () =>
    Effect.gen(function* () {
      const book = yield* open("superseded of")
      const of = (uri: string, ...objects: ReadonlyArray<string>) => objects.map((objectId) => ({ uri, objectId }))
      const all = [
        ...of("test://a", "1", "2"),
        ...of("test://b", "3"),
        ...of("test://A", "4"),
        ...of("test://a%20", "5")
      ]
      yield* settle(book, { superseded: all })
      const found = (limit: number, ...uris: ReadonlyArray<string>) =>
        Effect.map(book.superseded(limit, uris), (objects) => objects.map(({ objectId }) => objectId).toSorted())
      assert.deepStrictEqual(yield* found(10, "test://a"), ["1", "2"])
      assert.deepStrictEqual(yield* found(10, "test://b", "test://a", "test://b", "test://none"), ["1", "2", "3"])
      assert.strictEqual((yield* found(1, "test://a", "test://b")).length, 1)
      assert.deepStrictEqual(yield* found(10, "test://none"), [])
      assert.deepStrictEqual(yield* found(10), [])
      assert.strictEqual((yield* book.superseded(10)).length, 5)
      const other = yield* open("superseded beside")
      assert.deepStrictEqual(yield* other.superseded(10, ["test://a"]), [])
      yield* settle(book, { cleared: ["1"] })
      assert.deepStrictEqual(yield* found(Number.MAX_SAFE_INTEGER, "test://a"), ["2"])
    }))

  test("keeps of a file the latest intent, with nothing of those before", () =>
    Effect.gen(function* () {
      const book = yield* open("overwritten")
      yield* book.intend([intent("1", { replaces: "old", content: "md5:0", within: "f" })])
      const later = intent("1", { token: "2", uri: "test://moved", sentAt: 2000 })
      yield* book.intend([later])
      assert.deepStrictEqual(yield* book.intents(10), [later])
    }))

  test("knows what arrived as it was sent, also where it knew an older state", () =>
    Effect.gen(function* () {
      const book = yield* open("arrived")
      yield* settle(book, {
        files: [{ file: file("1", { within: "f" }), outcome: Outcome.Created.make({}), objectId: "old" }],
        gone: ["1"]
      })
      const sent = intent("1", { token: "2", replaces: "old", content: "md5:0" })
      yield* book.intend([sent])
      yield* settle(book, {
        arrived: [{ intent: sent, objectId: "new" }],
        superseded: [{ uri: "test://1", objectId: "old" }]
      })
      const { replaces: _, sentAt: __, ...state } = sent
      assert.deepStrictEqual((yield* book.known(["1"])).get("1"), { ...state, objectId: "new", gone: false })
      yield* settle(book, { superseded: [{ uri: "test://1", objectId: "old" }] })
      assert.deepStrictEqual(yield* book.superseded(10), [{ uri: "test://1", objectId: "old" }])
    }))

  test("knows a file of which nobody knows whether it arrived in no state, and one that is known as it was", () =>
    Effect.gen(function* () {
      const book = yield* open("unsure")
      yield* settle(book, {
        files: [
          { file: file("known"), outcome: Outcome.Created.make({}), objectId: "old" },
          { file: file("refused"), outcome: rejected("x") }
        ]
      })
      const sent = [intent("known", { token: "2" }), intent("new", { within: "f" }), intent("refused")]
      yield* book.intend(sent)
      yield* settle(book, { unsure: sent })
      assert.strictEqual((yield* book.intents(10)).length, 3)
      yield* settle(book, { unsure: sent, missed: sent.map(({ id }) => id) })
      assert.deepStrictEqual(yield* book.intents(10), [])
      const known = yield* book.known(["known", "new"])
      assert.deepStrictEqual(known.get("known"), { ...SourceFile.state(file("known")), objectId: "old", gone: false })
      assert.deepStrictEqual(known.get("new"), {
        ...SourceFile.state(file("new")),
        within: "f",
        token: Ledger.noState,
        gone: false
      })
      const letters = yield* Effect.flatMap(Ledger.Ledger, (ledger) => ledger.deadLetters("unsure", { limit: 10 }))
      assert.deepStrictEqual(
        letters.map((letter) => letter.file.id),
        ["refused"]
      )
    }))

  test("knows files that are in doubt in no state, with the object they had, gone or not", () =>
    Effect.gen(function* () {
      const book = yield* open("in doubt")
      const files = ["there", "gone", "other"].map((id) => ({
        file: file(id),
        outcome: Outcome.Created.make({}),
        objectId: `object ${id}`
      }))
      yield* settle(book, { files })
      yield* settle(book, { gone: ["gone"] })
      yield* settle(book, { inDoubt: ["there", "gone", "unknown"] })
      const known = yield* book.known(["there", "gone", "other", "unknown"])
      assert.deepStrictEqual(
        [...known.values()].map(({ gone, id, objectId, token }) => [id, token, objectId, gone]).toSorted(),
        [
          ["gone", Ledger.noState, "object gone", true],
          ["other", "1", "object other", false],
          ["there", Ledger.noState, "object there", false]
        ]
      )
    }))
}
