/** Listings: pages, order, prefixes, odd keys. */
import { GetObjectCommand, ListObjectsCommand, ListObjectsV2Command } from "@aws-sdk/client-s3"
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { ask, freshBucket, listedKey, refusal, Target } from "../target.ts"
import type { Abilities, Suite } from "./abilities.ts"
import { allKeys, md5, oddKeys, put, utf8Order } from "./keys.ts"

export const listing = (it: Suite, abilities: Abilities): void => {
  it.effect("keeps every legal key apart, and lists all of them in the order of their bytes", () =>
    Effect.gen(function* () {
      const Bucket = yield* freshBucket
      for (const key of oddKeys) yield* ask((s3) => put(s3, Bucket, key))
      for (const Key of oddKeys) {
        const got = yield* ask((s3) => s3.send(new GetObjectCommand({ Bucket, Key })))
        assert.strictEqual(yield* Effect.promise(async () => got.Body?.transformToString()), `content of ${Key}`)
      }
      assert.deepStrictEqual(yield* ask((s3) => allKeys(s3, Bucket)), oddKeys.toSorted(utf8Order))
    })
  )

  it.effect("lists what a page has room for, and the rest with its token", () =>
    Effect.gen(function* () {
      const Bucket = yield* freshBucket
      const keys = Array.from({ length: 25 }, (_, n) => `k/${String(n).padStart(2, "0")}`)
      for (const key of ["a", ...keys, "z"]) yield* ask((s3) => put(s3, Bucket, key))
      const first = yield* ask((s3) => s3.send(new ListObjectsV2Command({ Bucket, Prefix: "k/", MaxKeys: 10 })))
      assert.deepInclude(first, { KeyCount: 10, MaxKeys: 10, IsTruncated: true, Prefix: "k/", Name: Bucket })
      const [entry] = first.Contents ?? []
      assert.deepInclude(entry, {
        Key: "k/00",
        ETag: `"${md5("content of k/00")}"`,
        Size: 15,
        StorageClass: "STANDARD"
      })
      for (const MaxKeys of [1, 5, 24, 25, 26]) {
        assert.deepStrictEqual(yield* ask((s3) => allKeys(s3, Bucket, { Prefix: "k/", MaxKeys })), keys)
      }
      const none = yield* ask((s3) => s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 0 })))
      assert.deepInclude(none, { KeyCount: 0, IsTruncated: false })
    })
  )

  it.effect("lists after a key that need not exist, and not that key itself", () =>
    Effect.gen(function* () {
      const Bucket = yield* freshBucket
      for (const key of ["a", "b", "c", "ü"]) yield* ask((s3) => put(s3, Bucket, key))
      const after = (StartAfter: string) =>
        ask(async (s3) => {
          const page = await s3.send(new ListObjectsV2Command({ Bucket, StartAfter }))
          return page.Contents?.map((object) => object.Key) ?? []
        })
      assert.deepStrictEqual(yield* after("b"), ["c", "ü"])
      assert.deepStrictEqual(yield* after("aa"), ["b", "c", "ü"])
      assert.deepStrictEqual(yield* after("z"), ["ü"])
      assert.deepStrictEqual(yield* after("ü"), [])
    })
  )

  it.effect("rolls keys up to common prefixes, each once, also across pages", () =>
    Effect.gen(function* () {
      const Bucket = yield* freshBucket
      for (const key of ["a/1", "a/2", "a/3", "b", "c/x/1", "c/y/1", "d e/1"]) {
        yield* ask((s3) => put(s3, Bucket, key))
      }
      const rolled = (MaxKeys: number, Prefix: string) =>
        ask(async (s3) => {
          const names: Array<string> = []
          let ContinuationToken: string | undefined
          do {
            const page = await s3.send(
              new ListObjectsV2Command({
                Bucket,
                Prefix,
                Delimiter: "/",
                EncodingType: "url",
                MaxKeys,
                ...(ContinuationToken === undefined ? {} : { ContinuationToken })
              })
            )
            assert.isAtMost((page.Contents?.length ?? 0) + (page.CommonPrefixes?.length ?? 0), MaxKeys)
            names.push(...(page.Contents ?? []).map((object) => listedKey(object.Key ?? "")))
            names.push(...(page.CommonPrefixes ?? []).map((prefix) => listedKey(prefix.Prefix ?? "")))
            ContinuationToken = page.NextContinuationToken
          } while (ContinuationToken !== undefined)
          return names.toSorted(utf8Order)
        })
      for (const max of [1, 2, 1000]) {
        assert.deepStrictEqual(yield* rolled(max, ""), ["a/", "b", "c/", "d e/"])
        assert.deepStrictEqual(yield* rolled(max, "c/"), ["c/x/", "c/y/"])
        assert.deepStrictEqual(yield* rolled(max, "a"), ["a/"])
      }
    })
  )

  it.effect("lists in the first version of the protocol too", () =>
    Effect.gen(function* () {
      const Bucket = yield* freshBucket
      for (const key of ["a/1", "a/2", "b", "c"]) yield* ask((s3) => put(s3, Bucket, key))
      const first = yield* ask((s3) => s3.send(new ListObjectsCommand({ Bucket, MaxKeys: 2 })))
      assert.strictEqual(first.IsTruncated, true)
      const rest = yield* ask((s3) => s3.send(new ListObjectsCommand({ Bucket, Marker: "a/2" })))
      assert.deepStrictEqual(
        rest.Contents?.map((object) => object.Key),
        ["b", "c"]
      )
      const rolled = yield* ask((s3) => s3.send(new ListObjectsCommand({ Bucket, Delimiter: "/", MaxKeys: 1 })))
      assert.strictEqual(rolled.NextMarker, "a/")
      const next = yield* ask((s3) => s3.send(new ListObjectsCommand({ Bucket, Delimiter: "/", Marker: "a/" })))
      assert.deepStrictEqual([next.CommonPrefixes, next.Contents?.map((object) => object.Key)], [undefined, ["b", "c"]])
    })
  )

  if (abilities.checksTokens) {
    it.effect("refuses a continuation token that is none", () =>
      Effect.gen(function* () {
        const { client } = yield* Target
        const Bucket = yield* freshBucket
        const refused = yield* refusal(() =>
          client.send(new ListObjectsV2Command({ Bucket, ContinuationToken: "nonsense" }))
        )
        assert.deepInclude(refused, { name: "InvalidArgument", status: 400 })
      })
    )
  }
}
