import { assert, describe, it } from "@effect/vitest"
import { Change } from "@sluice/core"
import { Array as Arr, Schema } from "effect"
import * as Cursors from "../src/Cursors.ts"
import type { Folder } from "../src/Listing.ts"
import { fromOptions } from "../src/Settings.ts"

const folder = (id: string, more: Partial<Folder> = {}): Folder => ({
  id,
  path: `path of ${id}`,
  depth: 0,
  drive: undefined,
  resourceKey: undefined,
  ...more
})

const group = (first: Folder, ...others: ReadonlyArray<Folder>) => ({
  folders: [first, ...others] as const,
  pageToken: undefined
})

const stored = (range: string, cursor: string): Change.RangeCursor => ({ range, cursor: Change.Cursor.make(cursor) })

const [a, b, c] = [folder("a"), folder("b"), folder("c")]

/** What is left, by id: `a b` waits to be listed, `[c d]@token` goes on from there. */
const left = (digest: string, ...cursors: ReadonlyArray<Change.RangeCursor>) => {
  const { folders, groups } = Cursors.left(digest, cursors)
  const ids = (some: ReadonlyArray<Folder>) => some.map(({ id }) => id).join(" ")
  return [ids(folders), ...groups.map(({ folders, pageToken }) => `[${ids(folders)}]@${pageToken}`)]
    .filter((text) => text !== "")
    .join(" ")
}

describe("Cursors", () => {
  it.each([
    [Cursors.found("s1", [a]), "found/a", { s: "s1", f: [{ id: "a", path: "path of a" }] }],
    [Cursors.found("s1", [b], "a"), "found/a/b", { s: "s1", f: [{ id: "b", path: "path of b" }] }],
    [
      Cursors.found("s1", [folder("a", { path: "p", depth: 2, drive: "0d", resourceKey: "k" })]),
      "found/a",
      { s: "s1", f: [{ id: "a", path: "p", drive: "0d", key: "k", n: 2 }] }
    ],
    [Cursors.listed("s1", group(a, b), "t1"), "list/a", { s: "s1", g: ["a", "b"], t: "t1" }],
    [Cursors.listed("s1", group(a, b), undefined), "list/a", { s: "s1", g: ["a", "b"], done: true }],
    [Cursors.flat.make("shared", { s: "s1", t: "t1" }), "flat/shared", { s: "s1", t: "t1" }],
    [Cursors.feed.make("user", { s: "s1", t: "7", d: ["*"] }), "changes/user", { s: "s1", t: "7", d: ["*"] }]
  ] as ReadonlyArray<readonly [Change.RangeCursor, string, object]>)("are kept as %o", (kept, range, cursor) =>
    assert.deepStrictEqual([kept.range, JSON.parse(kept.cursor)], [range, cursor])
  )

  it.each([
    ["everything, where nothing was listed", [Cursors.found("s1", [a, b]), Cursors.found("s1", [c], "a")], "a b c"],
    ["nothing, where nothing was found", [], ""],
    ["what was not listed", [Cursors.found("s1", [a, b, c]), Cursors.listed("s1", group(b), undefined)], "a c"],
    ["the rest of a group", [Cursors.found("s1", [a, b, c]), Cursors.listed("s1", group(a, b), "t1")], "c [a b]@t1"],
    ["nothing, where all is done", [Cursors.found("s1", [a, b]), Cursors.listed("s1", group(a, b), undefined)], ""],
    [
      "the same, whichever was stored first",
      [Cursors.listed("s1", group(a, b), "t1"), Cursors.found("s1", [c], "a"), Cursors.found("s1", [a, b])],
      "c [a b]@t1"
    ],
    [
      "each folder once, where two answers named it",
      [Cursors.found("s1", [a, b]), Cursors.found("s1", [b, c], "a"), Cursors.listed("s1", group(b), undefined)],
      "a c"
    ],
    [
      "the folders of a group that are known",
      [Cursors.found("s1", [b]), Cursors.listed("s1", group(a, b), "t1")],
      "[b]@t1"
    ],
    ["no group of which no folder is known", [Cursors.listed("s1", group(a, b), "t1")], ""],
    [
      "nothing of other settings",
      [Cursors.found("s0", [a]), Cursors.found("s1", [b]), Cursors.listed("s0", group(b), undefined)],
      "b"
    ],
    [
      "nothing by what plain lists and logs say",
      [Cursors.flat.make("shared", { s: "s1", done: true }), Cursors.feed.make("user", { s: "s1", t: "7" })],
      ""
    ]
  ] as ReadonlyArray<readonly [string, ReadonlyArray<Change.RangeCursor>, string]>)(
    "of a sweep leave %s",
    (_, cursors, expected) => assert.strictEqual(left("s1", ...cursors), expected)
  )

  const damaged = [
    "",
    "null",
    "7",
    "[]",
    "{}",
    "{",
    '{"s":"s1"}',
    '{"s":"s1","f":7,"g":7,"t":7}',
    '{"s":"s1","f":[{"id":"a"}],"g":[7],"t":null}',
    '{"s":7,"f":[],"g":[],"t":"t"}',
    "AAAAAA=="
  ]

  it.each(damaged.map((cursor) => [cursor]))("that are damaged count for nothing: %o", (cursor) => {
    assert.deepStrictEqual(Cursors.left("s1", [stored("found/a", cursor), stored("list/a", cursor)]), {
      known: new Map(),
      folders: [],
      groups: []
    })
    assert.deepStrictEqual(Cursors.feed.among("s1", [stored("changes/user", cursor)]), new Map())
    assert.strictEqual(
      left("s1", Cursors.found("s1", [a, b]), stored("list/a", cursor), stored("found/b/a", cursor)),
      "a b"
    )
  })

  it("of other sources count for nothing", () => {
    const theirs = [stored("a", "b"), stored("", ""), stored("foundling/a", Cursors.found("s1", [a]).cursor)]
    assert.strictEqual(left("s1", ...theirs), "")
    assert.deepStrictEqual(Cursors.feed.among("s1", theirs), new Map())
    assert.deepStrictEqual(Cursors.flat.among("s1", theirs), new Map())
  })

  it("are told apart by name, and by settings", () => {
    const cursors = [
      Cursors.feed.make("user", { s: "s1", t: "7" }),
      Cursors.feed.make("0d", { s: "s1", t: "9", open: true, unlisted: true, d: ["a", "b"] }),
      Cursors.feed.make("0e", { s: "s0", t: "9" })
    ]
    assert.deepStrictEqual(
      Cursors.feed.among("s1", cursors),
      new Map([
        ["user", { s: "s1", t: "7" }],
        ["0d", { s: "s1", t: "9", open: true, unlisted: true, d: ["a", "b"] }]
      ])
    )
    const changed = fromOptions({ from: "my-drive", shortcuts: "skip" }).digest
    const cursor = Cursors.found(fromOptions({ from: "my-drive" }).digest, [a])
    assert.strictEqual(left(changed, cursor), "")
    assert.strictEqual(left(fromOptions({ from: "my-drive", shortcuts: "follow" }).digest, cursor), "a")
  })

  const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
  const Sweep = {
    found: Schema.NonEmptyArray(
      Schema.Struct({
        path: Schema.String,
        depth: between(0, 9),
        drive: Schema.UndefinedOr(Schema.String),
        resourceKey: Schema.UndefinedOr(Schema.String)
      })
    ),
    perAnswer: between(1, 5),
    perGroup: between(1, 5),
    /** How far each group is, over and over: not begun, at a token, or done. */
    progress: Schema.NonEmptyArray(Schema.UndefinedOr(Schema.Struct({ next: Schema.UndefinedOr(Schema.String) })))
  }

  it.prop(
    "leave what was found and is not done, as it was found",
    Sweep,
    ({ found, perAnswer, perGroup, progress }) => {
      const folders = Arr.map(found, (one, i): Folder => ({ id: `d${i}`, ...one }))
      const groups = Arr.chunksOf(folders, perGroup).map((some, i) => ({ some, at: progress[i % progress.length] }))
      const cursors = [
        ...groups.flatMap(({ at, some }) =>
          at === undefined ? [] : [Cursors.listed("s1", { folders: some, pageToken: undefined }, at.next)]
        ),
        ...Arr.chunksOf(folders, perAnswer).map((some, i) => Cursors.found("s1", some, i === 0 ? undefined : "d0"))
      ]
      assert.deepStrictEqual(Cursors.left("s1", cursors), {
        known: new Map(folders.map((folder) => [folder.id, folder])),
        folders: groups.flatMap(({ at, some }) => (at === undefined ? some : [])),
        groups: groups.flatMap(({ at, some }) =>
          at?.next === undefined ? [] : [{ folders: some, pageToken: at.next }]
        )
      })
      assert.deepStrictEqual(Cursors.left("s2", cursors), { known: new Map(), folders: [], groups: [] })
    }
  )
})
