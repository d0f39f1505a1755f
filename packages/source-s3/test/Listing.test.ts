import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Option, Stream } from "effect"
import { S3Source } from "../src/index.ts"
import { bytes, changes, everything, files, keys, standIn } from "./bench.ts"

const at = (second: number) => Date.parse("2026-01-01T00:00:00Z") + second * 1000
const asOf = (second: number) => ({ asOf: DateTime.makeUnsafe(at(second)) })

/** a: two versions; b: a version, deleted; c: deleted and made again; d: made late. */
const history = Effect.gen(function* () {
  const { s3, live } = yield* standIn()
  yield* s3.createBucket("acme", { versioning: true })
  const put = (key: string, body: string, second: number) => s3.put("acme", key, body, { lastModified: at(second) })
  const a1 = yield* put("a.txt", "a1", 1)
  const a2 = yield* put("a.txt", "a2", 5)
  const b1 = yield* put("b.txt", "b1", 1)
  yield* s3.remove("acme", "b.txt")
  return { s3, live, a1, a2, b1 }
})

describe("Listing", () => {
  describe("of all versions", () => {
    it.live("says every version, the current one by its plain address", () =>
      Effect.gen(function* () {
        const { a1, a2, b1, live } = yield* history
        const found = yield* changes({ bucket: "acme", versions: "all" }, live)
        assert.deepStrictEqual(
          found.map((change) =>
            change._tag === "Delete" ? ["Delete", change.uri] : [change._tag, change.file.uri, change.file.token]
          ),
          [
            ["Upsert", "s3://acme/a.txt", `version:${a2.versionId}`],
            ["Upsert", `s3://acme/a.txt?versionId=${a1.versionId}`, `version:${a1.versionId}`],
            ["Delete", "s3://acme/b.txt"],
            ["Upsert", `s3://acme/b.txt?versionId=${b1.versionId}`, `version:${b1.versionId}`]
          ]
        )
      })
    )

    it.live("reads each version's own bytes, also of a key that is deleted", () =>
      Effect.gen(function* () {
        const { live } = yield* history
        const source = S3Source.make({ bucket: "acme", versions: "all" })
        const found = yield* files({ bucket: "acme", versions: "all" }, live)
        const read = yield* Effect.forEach(found, (file) => bytes(source, file)).pipe(Effect.provide(live))
        assert.deepStrictEqual(read.map(String), ["a2", "a1", "b1"])
        const stats = yield* Effect.forEach(found, (file) => source.stat(file)).pipe(Effect.provide(live))
        assert.deepStrictEqual(
          stats.map((now) => Option.getOrThrow(now).token),
          found.map((file) => file.token)
        )
      })
    )

    it.live("goes on within the versions of one key", () =>
      Effect.gen(function* () {
        const { s3, live } = yield* standIn()
        yield* s3.createBucket("acme", { versioning: true })
        yield* Effect.forEach(
          Array.from({ length: 2500 }, (_, i) => i),
          (i) => s3.put("acme", "k", String(i), { lastModified: at(i) }),
          { discard: true }
        )
        const source = S3Source.make({ bucket: "acme", versions: "all" })
        const [first] = yield* source.sweep(everything).pipe(Stream.take(1), Stream.runCollect, Effect.provide(live))
        assert.isDefined(first)
        if (first === undefined) return
        const rest = yield* changes({ bucket: "acme", versions: "all" }, live, { resume: [first] })
        assert.strictEqual(first.changes.length + rest.length, 2500)
      })
    )
  })

  describe("as of an instant", () => {
    it.live("says what was there then", () =>
      Effect.gen(function* () {
        const { a1, b1, live } = yield* history
        const then = yield* files({ bucket: "acme", versions: asOf(2) }, live)
        assert.deepStrictEqual(
          then.map((file) => file.uri),
          [`s3://acme/a.txt?versionId=${a1.versionId}`, `s3://acme/b.txt?versionId=${b1.versionId}`]
        )
        assert.deepStrictEqual(yield* files({ bucket: "acme", versions: asOf(0) }, live), [])
      })
    )

    it.live("leaves out what was deleted by then", () =>
      Effect.gen(function* () {
        const { live } = yield* history
        const now = yield* DateTime.now
        const later = DateTime.add(now, { seconds: 5 })
        assert.deepStrictEqual(yield* keys({ bucket: "acme", versions: { asOf: later } }, live), ["a.txt"])
      })
    )

    it.live("finds one version of a key whose versions fill several pages", () =>
      Effect.gen(function* () {
        const { s3, live } = yield* standIn()
        yield* s3.createBucket("acme", { versioning: true })
        yield* Effect.forEach(
          Array.from({ length: 3200 }, (_, i) => i),
          (i) => s3.put("acme", "k", String(i), { lastModified: at(i) }),
          { discard: true }
        )
        yield* s3.put("acme", "z", "z", { lastModified: at(0) })
        const source = S3Source.make({ bucket: "acme", versions: asOf(1500) })
        const found = yield* files({ bucket: "acme", versions: asOf(1500) }, live)
        assert.deepStrictEqual(
          found.map((file) => file.path),
          ["k", "z"]
        )
        const [file] = found
        if (file === undefined) return
        assert.strictEqual(String(yield* bytes(source, file).pipe(Effect.provide(live))), "1500")
        const firstTwo = yield* source.sweep(everything).pipe(Stream.take(2), Stream.runCollect, Effect.provide(live))
        const rest = yield* keys({ bucket: "acme", versions: asOf(1500) }, live, { resume: firstTwo.slice(1) })
        assert.deepStrictEqual(rest, ["z"])
      })
    )
  })

  it.live("lists an unversioned bucket by versions too", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      const { etag } = yield* s3.put("acme", "k", "x")
      const [file] = yield* files({ bucket: "acme", versions: "all" }, live)
      assert.strictEqual(file?.token, `etag:${etag}:1`)
      assert.strictEqual(file?.uri, "s3://acme/k")
    })
  )
})
