/** Versions and delete markers. */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand
} from "@aws-sdk/client-s3"
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { ask, freshBucket, refusal, Target } from "../target.ts"
import type { Abilities, Suite } from "./abilities.ts"
import { put } from "./keys.ts"

const versionedBucket = Effect.gen(function* () {
  const Bucket = yield* freshBucket
  const enabled = { Bucket, VersioningConfiguration: { Status: "Enabled" as const } }
  yield* ask((s3) => s3.send(new PutBucketVersioningCommand(enabled)))
  return Bucket
})

/** What a listing of versions says of one of them. */
interface Listed {
  readonly key: string | undefined
  readonly id: string | undefined
  readonly latest: boolean | undefined
  readonly marker: boolean
}

const listVersions = (Bucket: string, MaxKeys: number) =>
  ask(async (s3) => {
    const listed: Array<Listed> = []
    let marker: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {}
    while (marker !== undefined) {
      const page: Awaited<ReturnType<typeof send>> = await send(marker)
      for (const [found, isMarker] of [
        [page.Versions ?? [], false],
        [page.DeleteMarkers ?? [], true]
      ] as const) {
        listed.push(
          ...found.map(({ IsLatest, Key, VersionId }) => ({
            key: Key,
            id: VersionId,
            latest: IsLatest,
            marker: isMarker
          }))
        )
      }
      marker = page.IsTruncated
        ? {
            ...(page.NextKeyMarker === undefined ? {} : { KeyMarker: page.NextKeyMarker }),
            ...(page.NextVersionIdMarker === undefined ? {} : { VersionIdMarker: page.NextVersionIdMarker })
          }
        : undefined
    }
    return listed

    function send(from: { KeyMarker?: string; VersionIdMarker?: string }) {
      return s3.send(new ListObjectVersionsCommand({ Bucket, MaxKeys, ...from }))
    }
  })

export const versions = (it: Suite, abilities: Abilities): void => {
  it.effect("keeps every version of a key, and reads each by its id", () =>
    Effect.gen(function* () {
      const Bucket = yield* versionedBucket
      const first = yield* ask((s3) => put(s3, Bucket, "a", "one"))
      const second = yield* ask((s3) => put(s3, Bucket, "a", "two"))
      assert.notStrictEqual(first.VersionId, second.VersionId)
      const text = (VersionId?: string) =>
        ask(async (s3) => {
          const version = VersionId === undefined ? {} : { VersionId }
          const got = await s3.send(new GetObjectCommand({ Bucket, Key: "a", ...version }))
          return [await got.Body?.transformToString(), got.VersionId]
        })
      assert.deepStrictEqual(yield* text(first.VersionId), ["one", first.VersionId])
      assert.deepStrictEqual(yield* text(), ["two", second.VersionId])
    })
  )

  it.effect("hides a deleted key behind a marker, and shows it again when the marker is deleted", () =>
    Effect.gen(function* () {
      const { client } = yield* Target
      const Bucket = yield* versionedBucket
      yield* ask((s3) => put(s3, Bucket, "a", "one"))
      const marker = yield* ask((s3) => s3.send(new DeleteObjectCommand({ Bucket, Key: "a" })))
      assert.strictEqual(marker.DeleteMarker, true)
      const gone = yield* refusal(() => client.send(new GetObjectCommand({ Bucket, Key: "a" })))
      assert.deepInclude(gone, { name: "NoSuchKey", status: 404 })
      const { VersionId } = marker
      const unreadable = yield* refusal(() => client.send(new GetObjectCommand({ Bucket, Key: "a", VersionId })))
      assert.strictEqual(unreadable.status, abilities.namesMarkers ? 405 : 404)
      const count = ask(async (s3) => (await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount)
      assert.strictEqual(yield* count, 0)
      yield* ask((s3) => s3.send(new DeleteObjectCommand({ Bucket, Key: "a", VersionId })))
      assert.strictEqual(yield* count, 1)
    })
  )

  it.effect("lists versions and markers by key, the newest first, also in small pages", () =>
    Effect.gen(function* () {
      const Bucket = yield* versionedBucket
      const ids: Array<string | undefined> = []
      for (const [key, body] of [
        ["a", "1"],
        ["a", "2"],
        ["b", "1"],
        ["c", "1"],
        ["c", "2"]
      ] as const) {
        ids.push((yield* ask((s3) => put(s3, Bucket, key, body))).VersionId)
      }
      const marker = yield* ask((s3) => s3.send(new DeleteObjectCommand({ Bucket, Key: "b" })))
      const [a1, a2, b1, c1, c2] = ids
      const expected: ReadonlyArray<Listed> = [
        { key: "a", id: a2, latest: true, marker: false },
        { key: "a", id: a1, latest: false, marker: false },
        { key: "b", id: marker.VersionId, latest: true, marker: true },
        { key: "b", id: b1, latest: false, marker: false },
        { key: "c", id: c2, latest: true, marker: false },
        { key: "c", id: c1, latest: false, marker: false }
      ]
      assert.deepStrictEqual(yield* listVersions(Bucket, 1), expected)
      // The SDK takes markers apart from versions: only their own order can be compared.
      const apart = [...expected.filter((one) => !one.marker), ...expected.filter((one) => one.marker)]
      assert.deepStrictEqual(yield* listVersions(Bucket, 1000), apart)
      assert.sameDeepMembers([...(yield* listVersions(Bucket, 4))], [...expected])
    })
  )
}
