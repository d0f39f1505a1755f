import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import type { SourceFile } from "@sluice/core"
import { S3StandIn } from "@sluice/testkit/s3"
import { sourceContract } from "@sluice/testkit/source-contract"
import { Context, Duration, Effect, Layer, Option, Redacted } from "effect"
import { S3, S3Source } from "../src/index.ts"
import { bytes, files, reach, standIn } from "./bench.ts"

class Server extends Context.Service<Server, S3StandIn.S3StandIn>()("@sluice/source-s3/test/Server") {
  static readonly layer = Layer.effect(Server, S3StandIn.make())
}
const live = Layer.unwrap(Effect.map(Server, (s3) => S3.layer(reach(s3)))).pipe(
  Layer.provideMerge(Server.layer),
  Layer.provideMerge(NodeHttpClient.layerUndici)
)

let buckets = 0
/** More than one page. */
const contents = Array.from({ length: 1050 }, (_, i) => ({
  path: ["a b/+%", "ü/漢字", "//", "x\u0001\ny"][i % 4] + `/${i}.txt`,
  bytes: new Uint8Array(Buffer.from(`file ${i} `.repeat(i % 50)))
}))

sourceContract(
  "S3",
  Effect.gen(function* () {
    const s3 = yield* Server
    const bucket = `contract-${buckets++}`
    yield* Effect.forEach(contents, ({ bytes, path }) => s3.put(bucket, path, bytes), { discard: true })
    return {
      source: S3Source.make({ bucket }),
      files: contents,
      replace: (path: string, bytes: Uint8Array) => Effect.asVoid(s3.put(bucket, path, bytes)),
      remove: (path: string) => s3.remove(bucket, path)
    }
  }),
  live
)

describe("S3Source", () => {
  const linkOf = (file: SourceFile.SourceFile) => Option.getOrThrow(S3Source.make({ bucket: "acme" }).link(file))

  it.live("lists, reads and links a file", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.put("acme", "a b/ü+%.txt", "hello")
      const [file] = yield* files({ bucket: "acme" }, live)
      if (file === undefined) return assert.fail("nothing was listed")
      assert.strictEqual(file.uri, "s3://acme/a%20b/%C3%BC%2B%25.txt")
      assert.strictEqual(file.mimeType, "text/plain")
      const read = yield* bytes(S3Source.make({ bucket: "acme" }), file).pipe(Effect.provide(live))
      assert.strictEqual(String(read), "hello")
      const url = yield* linkOf(file).presigned(file, Duration.minutes(5)).pipe(Effect.provide(live))
      assert.include(Redacted.value(url), "X-Amz-Expires=300")
      assert.strictEqual(linkOf(file).address(file), "s3://acme/a b/ü+%.txt")
    })
  )

  it.each([
    ["etag:5d41402abc4b2a76b9719d911017c592:5", "5d41402abc4b2a76b9719d911017c592"],
    ["etag:5d41402abc4b2a76b9719d911017c592-2:5", undefined],
    ["etag::5", undefined],
    ["version:5d41402abc4b2a76b9719d911017c592", undefined]
  ])("says what may be an MD5: of %s %s", (token, expected) => {
    const file = { id: "a", token, uri: "s3://acme/a", path: "a", mimeType: "text/plain", attributes: {} }
    assert.strictEqual(S3Source.make({ bucket: "acme" }).comparable?.(file)?.md5, expected)
  })

  it.live("links to the version that was listed", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.createBucket("acme", { versioning: true })
      yield* s3.put("acme", "k.txt", "old")
      const [file] = yield* files({ bucket: "acme", versions: "all" }, live)
      if (file === undefined) return assert.fail("nothing was listed")
      yield* s3.put("acme", "k.txt", "new")
      const url = yield* linkOf(file).presigned(file, Duration.minutes(5)).pipe(Effect.provide(live))
      const answer = yield* Effect.promise(() => fetch(Redacted.value(url)).then((answer) => answer.text()))
      assert.strictEqual(answer, "old")
    })
  )

  it.live("links to what anybody may read without a signature, and to its version", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.createBucket("acme", { versioning: true })
      yield* s3.put("acme", "a b.txt", "x")
      const [file] = yield* files({ bucket: "acme", versions: "all" }, live)
      if (file === undefined) return assert.fail("nothing was listed")
      const link = Option.getOrThrow(S3Source.make({ bucket: "acme", publicRead: true }).link(file))
      const url = new URL(Redacted.value(yield* link.presigned(file, Duration.minutes(5)).pipe(Effect.provide(live))))
      assert.isTrue(link.isPublic)
      assert.deepStrictEqual([url.pathname, [...url.searchParams.keys()]], ["/acme/a%20b.txt", ["versionId"]])
    })
  )

  it.live("makes no link that lives longer than S3 allows", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      yield* s3.put("acme", "k.txt", "x")
      const [file] = yield* files({ bucket: "acme" }, live)
      if (file === undefined) return assert.fail("nothing was listed")
      for (const lifetime of [Duration.days(8), Duration.zero]) {
        const error = yield* Effect.flip(linkOf(file).presigned(file, lifetime).pipe(Effect.provide(live)))
        assert.strictEqual(error.reason._tag, "Misconfigured")
        assert.include(error.message, "7 days")
      }
      yield* linkOf(file).presigned(file, Duration.days(7)).pipe(Effect.provide(live))
    })
  )

  it.live("makes no link to what needs the customer's key, nor to keys whose path a browser would resolve", () =>
    Effect.gen(function* () {
      const { s3, live } = yield* standIn()
      for (const key of ["a.txt", "a..b/c.txt", "./a.txt", "b/../c.txt", "d/."]) yield* s3.put("acme", key, "x")
      const sseCustomerKey = Redacted.make(Buffer.alloc(32).toString("base64"))
      const linkable = (options: Omit<S3Source.Options, "bucket">) =>
        Effect.map(files({ bucket: "acme" }, live), (all) =>
          all
            .filter((file) => Option.isSome(S3Source.make({ bucket: "acme", ...options }).link(file)))
            .map(({ path }) => path)
        )
      assert.deepStrictEqual(yield* linkable({}), ["a..b/c.txt", "a.txt"])
      assert.deepStrictEqual(yield* linkable({ sseCustomerKey }), [])
    })
  )
})
