import { assert, describe, it } from "@effect/vitest"
import { type Change, Source } from "@sluice/core"
import { Fault } from "@sluice/testkit/s3"
import type { ListObjectsV2CommandInput } from "@aws-sdk/client-s3"
import { Effect, Layer, Stream } from "effect"
import { S3, S3Source } from "../src/index.ts"
import { fromSdk } from "../src/internal/listPage.ts"
import { changes, everything, files, keys, numbered, pages, retry, standIn } from "./bench.ts"

const strange = [
  " leading space",
  "%25/percent",
  "+plus+",
  "/leading/slash",
  "//",
  "a//b",
  "a/../b",
  "a?versionId=x",
  "amp&<lt>\"quote'",
  "back\\slash",
  "control\u0001\u001f\u007f",
  "newline\n\r\ttab",
  "u\u0308 combining",
  "ü composed",
  "漢字/かな",
  "\uffee",
  "\u{1f600}/emoji",
  "x".repeat(1024)
]

describe("Sweep", () => {
  it.live("says every legal key as it is, in the order of its octets", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* Effect.forEach(strange, (key) => s3.put("acme", key, "x"), { discard: true })
      const found = yield* files({ bucket: "acme" }, live)
      assert.deepStrictEqual(
        found.map((file) => file.path),
        strange.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      )
      for (const { id, path, uri } of found) {
        assert.strictEqual(decodeURIComponent(uri), `s3://acme/${path}`)
        assert.match(uri, /^s3:\/\/acme\/[A-Za-z0-9\-._~%/]*$/)
        assert.isAtMost(id.length, 2048)
      }
      assert.strictEqual(new Set(found.map((file) => file.id)).size, strange.length)
    })
  )

  it.live("names a file by bucket and key, and its state by ETag and size", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      const { etag } = yield* s3.put("acme", "Report.PDF", "12345")
      const [file] = yield* files({ bucket: "acme" }, live)
      assert.deepInclude(file, {
        id: "acme/Report.PDF",
        token: `etag:${etag}:5`,
        uri: "s3://acme/Report.PDF",
        size: 5,
        mimeType: "application/pdf",
        attributes: {}
      })
      assert.isDefined(file?.modifiedAt)
    })
  )

  it.live("leaves out folder markers, with a reason", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.put("acme", "folder/", "")
      yield* s3.put("acme", "not-a-marker/", "content")
      const found = yield* changes({ bucket: "acme" }, live)
      assert.deepStrictEqual(
        found.map((change) => [change._tag, change._tag === "Skip" ? change.reason.code : undefined]),
        [
          ["Skip", "folder-marker"],
          ["Upsert", undefined]
        ]
      )
    })
  )

  it.live("asks nothing about single files", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.pretend("acme", { count: 2500, key: numbered, size: 10 })
      yield* files({ bucket: "acme" }, live)
      assert.deepStrictEqual(yield* s3.requestsByOperation, { ListObjectsV2: 3 })
    })
  )

  it.live("says the first page before it asks for much more", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.pretend("acme", { count: 1_000_000, key: numbered, size: 10 })
      const [page] = yield* S3Source.make({ bucket: "acme" })
        .sweep(everything)
        .pipe(Stream.take(1), Stream.runCollect, Effect.provide(live))
      assert.strictEqual(page?.changes.length, 1000)
      assert.isAtMost((yield* s3.requestsByOperation).ListObjectsV2 ?? 0, 30)
    })
  )

  it.live("ends a listing of nothing with a finished page", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.createBucket("acme")
      const found = yield* pages({ bucket: "acme" }, live)
      assert.deepStrictEqual(
        found.map(({ changes }) => changes.length),
        [0]
      )
      assert.deepStrictEqual(yield* pages({ bucket: "acme" }, live, { resume: found }), [])
    })
  )

  it.live.each([
    ["a flat prefix", (i: number) => numbered(i), 9000],
    ["folders", (i: number) => `${String.fromCharCode(97 + Math.floor(i / 900))}/${numbered(i)}`, 9000],
    [
      "one folder within another",
      (i: number) => `2026/11/${String(Math.floor(i / 999)).padStart(3, "0")}/${numbered(i)}`,
      20_000
    ],
    ["kanji", (i: number) => `写真/${String.fromCodePoint(0x4e00 + i)}.jpg`, 9000],
    ["emoji across the surrogates", (i: number) => `${String.fromCodePoint(0xe000 + i * 2)}`, 9000]
  ] as const)("lists %s over several ranges, each key once", ([, key, count]) =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.pretend("acme", { count, key, size: 10 })
      const found = yield* pages({ bucket: "acme" }, live)
      const names = found.flatMap(({ changes }) =>
        changes.flatMap((one) => (one._tag === "Upsert" ? [one.file.path] : []))
      )
      assert.strictEqual(names.length, count)
      assert.strictEqual(new Set(names).size, count)
      assert.isAbove(new Set(found.map(({ range }) => range)).size, 1)
      const plain = count / 1000
      assert.isAtMost((yield* s3.requestsByOperation).ListObjectsV2 ?? 0, plain + 120)
    })
  )

  it.live("goes on where a run was cut off, and says no settled key again", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.pretend("acme", { count: 12_000, key: numbered, size: 10 })
      const source = S3Source.make({ bucket: "acme" })
      const before = yield* source.sweep(everything).pipe(Stream.take(13), Stream.runCollect, Effect.provide(live))
      const stored = new Map<string, Change.RangeCursor>(before.map((page) => [page.range, page]))
      const after = yield* keys({ bucket: "acme" }, live, { resume: [...stored.values()] })
      const settled = before.flatMap((page) => page.changes).length
      assert.strictEqual(settled + after.length, 12_000)
      assert.strictEqual(new Set(after).size, after.length)
    })
  )

  it.live("lists only what both its prefixes and the filter's can hold", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      for (const key of ["a/1", "a/2", "ab/1", "b/1", "b/x/1", "c/1"]) yield* s3.put("acme", key, "x")
      const found = yield* keys({ bucket: "acme", prefixes: ["a/", "b/"] }, live, { pathPrefixes: ["b/x/", "a", "c/"] })
      assert.deepStrictEqual(found.toSorted(), ["a/1", "a/2", "b/x/1"])
      const asked = (yield* s3.requests).map((request) => request.prefix)
      assert.notInclude(asked, "b/")
      assert.deepStrictEqual(yield* keys({ bucket: "acme", prefixes: ["a/"] }, live, { pathPrefixes: ["z"] }), [])
    })
  )

  it.live("lists its own prefixes where a narrower one is not allowed", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.pretend("acme", { count: 12_000, key: (i) => `data/${Math.floor(i / 3000)}/${numbered(i)}`, size: 1 })
      yield* s3.faults.set([Fault.listOnly(["data/"])])
      const found = yield* keys({ bucket: "acme", prefixes: ["data/"] }, live, { pathPrefixes: ["data/3/"] })
      assert.strictEqual(found.length, 12_000)
    })
  )

  it.live("goes on without folders where a child prefix is not allowed", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.pretend("acme", { count: 12_000, key: (i) => `data/2026/${numbered(i)}`, size: 1 })
      yield* s3.faults.set([Fault.listOnly(["data/"])])
      const found = yield* keys({ bucket: "acme", prefixes: ["data/"] }, live)
      assert.strictEqual(new Set(found).size, 12_000)
    })
  )

  describe("where keys come in no order", () => {
    const shuffled = Array.from({ length: 9000 }, (_, i) => numbered((i * 7919) % 9000))
    /** Pages of 1,000 by token; `asked` keeps what was asked for. */
    const unordered = (asked: Array<ListObjectsV2CommandInput>) =>
      Layer.mock(S3)({
        retry,
        findings: [],
        listObjects: (input) =>
          Effect.sync(() => {
            asked.push(input)
            const start = Number(input.ContinuationToken ?? 0)
            return fromSdk({
              $metadata: {},
              Contents: shuffled.slice(start, start + 1000).map((Key) => ({ Key, ETag: '"e"', Size: 1 })),
              ...(start + 1000 < shuffled.length
                ? { IsTruncated: true, NextContinuationToken: String(start + 1000) }
                : {})
            })
          })
      })

    it.effect.each(["fast--use1-az4--x-s3", "compatible"])("lists %s in one sequence", (bucket) =>
      Effect.gen(function* () {
        const asked: Array<ListObjectsV2CommandInput> = []
        const found = yield* keys({ bucket }, unordered(asked))
        assert.deepStrictEqual(found, shuffled)
        assert.isTrue(asked.every(({ StartAfter }) => StartAfter === undefined))
      })
    )

    it.effect("resumes by the server's token", () =>
      Effect.gen(function* () {
        const live = unordered([])
        const all = yield* pages({ bucket: "compatible" }, live)
        const rest = yield* keys({ bucket: "compatible" }, live, { resume: all.slice(3, 4) })
        assert.deepStrictEqual(rest, shuffled.slice(4000))
      })
    )
  })

  it.live("fails, and is never empty, where listing is not allowed", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.put("acme", "k", "x")
      yield* s3.faults.set([Fault.deny({})])
      const error = yield* Effect.flip(pages({ bucket: "acme" }, live))
      assert.strictEqual(error.reason._tag, "Unauthorized")
      assert.include(error.message, "s3:ListBucket on arn:aws:s3:::acme")
    })
  )

  it.live("fails as a whole where one of its ranges does", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.pretend("acme", { count: 20_000, key: numbered, size: 1 })
      yield* s3.faults.set([Fault.deny({ after: 14 })])
      const error = yield* Effect.flip(pages({ bucket: "acme" }, live))
      assert.strictEqual(error.reason._tag, "Unauthorized")
    })
  )

  it.live("waits for a slow reader, and stops when it leaves", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.pretend("acme", { count: 200_000, key: numbered, size: 1 })
      yield* S3Source.make({ bucket: "acme" })
        .sweep(everything)
        .pipe(
          Stream.take(3),
          Stream.mapEffect(() => Effect.sleep("100 millis")),
          Stream.runDrain,
          Effect.provide(live)
        )
      const listings = Effect.map(s3.requestsByOperation, (counts) => counts.ListObjectsV2 ?? 0)
      yield* Effect.sleep("100 millis")
      const then = yield* listings
      assert.isBelow(then, 60)
      yield* Effect.sleep("100 millis")
      assert.strictEqual(yield* listings, then)
    })
  )

  it("refuses options that cannot work, each by its field", () => {
    const problems = (options: S3Source.Options) =>
      S3Source.make(options)
        .sweep(everything)
        .pipe(
          Stream.runDrain,
          Effect.flip,
          Effect.map(({ message }) => message)
        )
    return Effect.gen(function* () {
      const { live } = yield* standIn()
      const said = (options: S3Source.Options) => problems(options).pipe(Effect.provide(live))
      assert.match(yield* said({ bucket: "" }), /`bucket`: it is empty/)
      assert.match(yield* said({ bucket: "s3://acme/x" }), /`bucket`: .* is an address.*`prefixes`/)
      assert.match(yield* said({ bucket: "a b" }), /`bucket`: a b is not a bucket name/)
      assert.match(yield* said({ bucket: "bucket", prefixes: [] }), /`prefixes`: it is an empty list/)
      assert.match(yield* said({ bucket: "bucket", concurrency: 0 }), /`concurrency`/)
      assert.match(yield* said({ bucket: "x--y--x-s3", versions: "all" }), /`versions`/)
      const error = yield* S3Source.make({ bucket: "" })
        .sweep(everything)
        .pipe(Stream.runDrain, Effect.flip, Effect.provide(live))
      assert.isTrue(error instanceof Source.SourceError && error.reason._tag === "Misconfigured")
    }).pipe(Effect.scoped, Effect.runPromise)
  })
})
