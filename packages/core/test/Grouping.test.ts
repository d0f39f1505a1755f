import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Schema, Stream } from "effect"
import { Cursor, type Page } from "../src/Change.ts"
import * as Grouping from "../src/Grouping.ts"
import type { Source } from "../src/Source.ts"
import type { SourceFile } from "../src/SourceFile.ts"
import * as FakeSource from "./fakes/FakeSource.ts"
import { file } from "./fakes/files.ts"

const isVideo = ({ path }: SourceFile) => path.endsWith(".mp4")
const options: Grouping.Options = { by: Grouping.stem, main: isVideo }

const page = (cursor: number, files: ReadonlyArray<string | SourceFile>): Page => ({
  range: "r",
  cursor: Cursor.make(String(cursor)),
  changes: files.map((one) => FakeSource.upsert(typeof one === "string" ? file(one) : one))
})

const sourceOf = (pages: ReadonlyArray<Page>, now?: (file: SourceFile) => Option.Option<SourceFile>): Source => ({
  ...FakeSource.make({ pages: Stream.fromIterable(pages), ...(now === undefined ? {} : { now }) }).source,
  ordered: true
})

const wanted = { resume: [], attributes: new Set<string>(), pathPrefixes: [""] }

/** `cursor: files`, a group as `[its parts]`, in the order of what is said. */
const said = (pages: ReadonlyArray<Page>, more: Partial<Grouping.Options> = {}) =>
  Effect.map(Stream.runCollect(Grouping.make(sourceOf(pages), { ...options, ...more }).sweep(wanted)), (all) =>
    all.map(
      ({ changes, cursor }) =>
        `${cursor}: ${changes
          .map((change) =>
            change._tag === "Upsert"
              ? (change.file.parts?.map(({ path }) => path).join("+") ?? change.file.path)
              : `${change._tag} ${change._tag === "Delete" ? change.id : change.file.path}`
          )
          .join(" ")}`
    )
  )

describe("Grouping", () => {
  it.effect("makes one file of those that belong together, the main one first, and leaves the others as they are", () =>
    Effect.gen(function* () {
      const pages = [page(1, ["README", "a.jpg", "a.mp4", "a.srt", "b.mp4"])]
      assert.deepStrictEqual(yield* said(pages), [
        // Nothing can be said before it is known where the last group ends.
        "1: README a.mp4+a.jpg+a.srt b.mp4"
      ])
    })
  )

  it.effect("waits for groups that go on in the next page, with a cursor from before they began", () =>
    Effect.gen(function* () {
      const pages = [page(1, ["0", "1"]), page(2, ["2", "a.jpg"]), page(3, ["a.mp4", "b.mp4"]), page(4, ["b.srt", "z"])]
      assert.deepStrictEqual(yield* said(pages), ["1: 0 1", "1: 2", "2: a.mp4+a.jpg", "4: b.mp4+b.srt z"])
    })
  )

  it.effect("keeps a group open while others lie within it", () =>
    Effect.gen(function* () {
      const by = ({ path }: SourceFile) => (path.startsWith("a.b.") ? "a.b." : "a.")
      const pages = [page(1, ["a.a", "a.b.mp4", "a.b.srt", "a.mp4"])]
      assert.deepStrictEqual(yield* said(pages, { by }), ["1: a.b.mp4+a.b.srt a.mp4+a.a"])
    })
  )

  it.effect("skips a group without a main file, and rejects a file whose path does not begin with its group", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* said([page(1, ["a.jpg", "a.srt", "b.mp4"])]), ["1: Skip a.jpg b.mp4"])
      assert.deepStrictEqual(yield* said([page(1, ["a.mp4"])], { by: () => "x" }), ["1: Reject a.mp4"])
    })
  )

  it.effect("is in another state when one of its files is, comes or goes", () =>
    Effect.gen(function* () {
      const tokenOf = (...files: ReadonlyArray<string | SourceFile>) =>
        Effect.map(Stream.runCollect(Grouping.make(sourceOf([page(1, files)]), options).sweep(wanted)), (all) =>
          all.flatMap(({ changes }) => changes.flatMap((one) => (one._tag === "Upsert" ? [one.file.token] : [])))
        )
      const states = yield* Effect.all([
        tokenOf("a.mp4", "a.srt"),
        tokenOf("a.mp4", file("a.srt", { token: "2" })),
        tokenOf(file("a.mp4", { token: "2" }), "a.srt"),
        tokenOf("a.mp4"),
        tokenOf("a.jpg", "a.mp4", "a.srt")
      ])
      assert.strictEqual(new Set(states.flat()).size, 5)
      assert.deepStrictEqual(yield* tokenOf("a.mp4", "a.srt"), states[0])
    })
  )

  it.effect("looks at each of its files when it is asked for anew; without its main one it is gone", () =>
    Effect.gen(function* () {
      const gone = new Set<string>()
      const source = Grouping.make(
        sourceOf([page(1, ["a.mp4", "a.srt"])], (one) => (gone.has(one.path) ? Option.none() : Option.some(one))),
        options
      )
      const [first] = (yield* Stream.runCollect(source.sweep(wanted))).flatMap(({ changes }) => changes)
      if (first?._tag !== "Upsert") return assert.fail("no group")
      assert.deepStrictEqual(yield* source.stat(first.file), Option.some(first.file))
      gone.add("a.srt")
      const alone = Option.getOrThrow(yield* source.stat(first.file))
      assert.strictEqual(alone.parts?.length, 1)
      assert.strictEqual(alone.id, first.file.id)
      gone.add("a.mp4")
      assert.isTrue(Option.isNone(yield* source.stat(first.file)))
    })
  )

  it.effect("is refused where the source lists in another order", () =>
    Effect.gen(function* () {
      const source = Grouping.make({ ...sourceOf([]), ordered: false }, options)
      const [finding] = yield* source.check
      assert.strictEqual(finding?.severity, "error")
      assert.include(finding?.remedy, "concurrency: 1")
      const error = yield* Effect.flip(Stream.runDrain(source.sweep(wanted)))
      assert.strictEqual(error.reason._tag, "Misconfigured")
    })
  )

  it.effect.prop(
    "says every file once, and no cursor before what it passes, however the listing is cut into pages",
    {
      names: Schema.UniqueArray(Schema.String.check(Schema.isPattern(/^[ab.]{1,6}$/))),
      cuts: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 4 })))
    },
    ({ cuts, names }) =>
      Effect.gen(function* () {
        const files = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        const pages: Array<Page> = []
        for (let at = 0, i = 0; at < files.length; i++) {
          const size = cuts[i % Math.max(cuts.length, 1)] ?? 3
          pages.push(page(at + size, files.slice(at, at + size)))
          at += size
        }
        const main = () => true
        const all = yield* Stream.runCollect(Grouping.make(sourceOf(pages), { ...options, main }).sweep(wanted))
        const paths: Array<string> = []
        for (const { changes, cursor } of all) {
          for (const change of changes) {
            if (change._tag !== "Upsert") return assert.fail(change._tag)
            paths.push(...(change.file.parts ?? [change.file]).map(({ path }) => path))
          }
          for (const passed of files.slice(0, Number(cursor))) assert.include(paths, passed)
        }
        assert.deepStrictEqual(paths.toSorted(), names.toSorted())
      })
  )
})
