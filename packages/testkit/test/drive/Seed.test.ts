import { DriveStandIn } from "@sluice/testkit/drive"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { clientOf, listed, read, refusal, said } from "./client.ts"

const planted = Effect.fnUntraced(function* (options: DriveStandIn.SeedOptions) {
  const google = yield* DriveStandIn.make()
  const parent = options.parent ?? (yield* google.createFolder("top"))
  const made = yield* google.seed({ parent, ...options })
  const items = new Map((yield* google.items()).map((item) => [item.id, item]))
  const of = (kind: DriveStandIn.SeededKind) => made.filter((one) => one.kind === kind)
  return { google, parent, made, items, of }
})

const depthOf = (items: ReadonlyMap<string, DriveStandIn.ItemView>, id: string): number =>
  1 + Math.max(0, ...(items.get(id)?.parents ?? []).map((parent) => depthOf(items, parent)))

it.effect("makes so many files in so many folders, of many depths and sizes", () =>
  Effect.gen(function* () {
    const { items, made, of } = yield* planted({ files: 1_000, folders: 100, maxSize: 500 })
    assert.lengthOf(made, 1_100)
    assert.lengthOf(of("file"), 1_000)
    assert.lengthOf([...of("folder"), ...of("emptyFolder")], 100)
    const depths = of("file").map(({ id }) => depthOf(items, id))
    assert.isAtLeast(new Set(depths).size, 4)
    assert.isAtMost(Math.max(...depths), 11)
    const sizes = of("file").map(({ id }) => items.get(id)?.size ?? 0)
    assert.deepStrictEqual([Math.min(...sizes) === 0, Math.max(...sizes) <= 500], [true, true])
    const occupied = new Set(made.flatMap(({ parents }) => parents))
    for (const { id } of of("emptyFolder")) assert.isFalse(occupied.has(id))
  })
)

it.effect("makes a hundred thousand files, and lists each of them once", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make({ validateEvery: 50 })
    yield* google.seed({ files: 100_000 })
    const files = yield* listed(clientOf(google, { person: true }), {
      q: "mimeType != 'application/vnd.google-apps.folder'",
      pageSize: 1_000,
      fields: "nextPageToken,files(id)"
    })
    assert.strictEqual(new Set(files.map(({ id }) => id)).size, 100_000)
  })
)

it.effect("makes every kind of item that a client may stumble over", () =>
  Effect.gen(function* () {
    const { google, items, made, of } = yield* planted({ files: 40, folders: 12, special: true })
    const [first, second] = of("duplicateName").map(({ id }) => items.get(id))
    assert.deepStrictEqual([first?.name, first?.parents], [second?.name, second?.parents])
    assert.deepStrictEqual(
      of("severalParents").map(({ parents }) => parents.length),
      [2, 3]
    )
    assert.deepStrictEqual(
      of("noParents").map(({ parents }) => parents.length),
      [0]
    )
    const trash = [...of("trashed"), ...of("trashedFolder"), ...of("inTrashedFolder")]
    assert.sameMembers(
      [...items.values()].filter(({ trashed }) => trashed).map(({ id }) => id),
      trash.map(({ id }) => id)
    )
    assert.isTrue(of("inTrashedFolder").every(({ id }) => items.get(id)?.explicitlyTrashed === false))
    const targetOf = ({ id }: DriveStandIn.SeededItem) => items.get(items.get(id)?.shortcutTarget ?? "")
    assert.deepStrictEqual(
      of("shortcutToFile").map((one) => targetOf(one)?.kind),
      ["file"]
    )
    assert.deepStrictEqual(
      of("shortcutToFolder").map((one) => targetOf(one)?.kind),
      ["folder"]
    )
    assert.deepStrictEqual(of("shortcutDangling").map(targetOf), [undefined])
    assert.isDefined(of("shortcutToOtherDrive").map(targetOf)[0]?.driveId)
    assert.isDefined(of("shortcutToKeyed").map(targetOf)[0]?.resourceKey)
    const [loop] = of("shortcutLoop")
    const parent = items.get(loop?.parents[0] ?? "")
    assert.include([parent?.id, ...(parent?.parents ?? [])], loop && items.get(loop.id)?.shortcutTarget)
    for (const kind of ["form", "site", "map", "jam", "thirdParty"] as const) {
      assert.isTrue(of(kind).every(({ id }) => items.get(id)?.kind === "other"))
    }
    const names = of("oddName").map(({ name }) => name)
    for (const odd of ["/", "🗂️", "'", '"', "\n", "..."]) assert.isTrue(names.some((name) => name.includes(odd)))
    assert.strictEqual(Math.max(...names.map((name) => name.length)), 255)
    assert.strictEqual(new Set(made.map(({ id }) => id)).size, made.length)
    const client = clientOf(google, { person: true })
    const [abusive] = of("abusive")
    const [large] = of("tooLargeToExport")
    const refused = yield* refusal(() => client.files.get({ fileId: abusive?.id ?? "", alt: "media" }))
    assert.strictEqual(refused.reason, "cannotDownloadAbusiveFile")
    const export_ = yield* refusal(() => client.files.export({ fileId: large?.id ?? "", mimeType: "text/plain" }))
    assert.strictEqual(export_.reason, "exportSizeLimitExceeded")
  })
)

it.effect("keeps a tree in a shared drive within the rules of shared drives", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    const driveId = yield* google.createDrive("Team", { members: { [google.serviceAccount.clientEmail]: "reader" } })
    const made = yield* google.seed({ files: 100, parent: driveId, special: true })
    assert.isFalse(made.some(({ kind }) => kind === "severalParents" || kind === "noParents"))
    const files = yield* listed(clientOf(google), {
      corpora: "drive",
      driveId,
      supportsAllDrives: true,
      includeItemsFromAllDrives: true
    })
    const expected = made.filter(({ kind }) => kind !== "shortcutTarget")
    assert.sameMembers(
      files.map(({ id }) => id),
      expected.map(({ id }) => id)
    )
  })
)

it.effect("gives a view of the tree that agrees with what the API says of it", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    yield* google.seed({ files: 60, special: true })
    const client = clientOf(google, { person: true })
    const items = (yield* google.items("ada@example.com")).filter(({ role }) => role !== undefined)
    assert.strictEqual(items.filter(({ needsResourceKey }) => needsResourceKey).length, 1)
    for (const item of items) {
      const params = { fileId: item.id, supportsAllDrives: true }
      if (item.needsResourceKey) {
        assert.strictEqual((yield* refusal(() => client.files.get(params))).status, 404)
        continue
      }
      const file = yield* said(() => client.files.get({ ...params, fields: "*" }))
      assert.deepStrictEqual(
        [file.name, file.mimeType, file.trashed, file.version, file.size, file.md5Checksum, file.driveId],
        [item.name, item.mimeType, item.trashed, String(item.version), item.size?.toString(), item.md5, item.driveId]
      )
      if (item.kind !== "file") continue
      assert.strictEqual(createHash("md5").update(item.bytes()).digest("hex"), item.md5)
      if (!item.abusive) assert.isTrue((yield* read(client, params)).bytes.equals(item.bytes()))
    }
    // A view stays what it was.
    const [first] = items.filter(({ kind }) => kind === "file")
    const before = Buffer.from(first?.bytes() ?? [])
    yield* google.updateContent(first?.id ?? "", "something else")
    assert.isTrue(before.equals(first?.bytes() ?? new Uint8Array()))
  })
)
