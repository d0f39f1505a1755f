import { DriveStandIn } from "@sluice/testkit/drive"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { clientOf, refusal, said } from "./client.ts"

const prepared = Effect.gen(function* () {
  const google = yield* DriveStandIn.make()
  const folder = yield* google.createFolder("Folder")
  const fileId = yield* google.createFile({ name: "a.tar.gz", parents: [folder], content: "one" })
  const client = clientOf(google, { person: true })
  const get = (fields: string, id = fileId) => said(() => client.files.get({ fileId: id, fields }))
  return { google, folder, fileId, client, get }
})

it.effect("grows the version with every change, and the revision with the content alone", () =>
  Effect.gen(function* () {
    const { fileId, folder, get, google } = yield* prepared
    const state = () => get("version,headRevisionId,md5Checksum,modifiedTime")
    const first = yield* state()
    const edits: ReadonlyArray<Effect.Effect<unknown, DriveStandIn.StandInError>> = [
      google.rename(fileId, "b"),
      google.move(fileId, { add: ["root"], remove: [folder] }),
      google.share(fileId, { role: "reader", emailAddress: "bob@example.com" }),
      google.unshare(fileId, "bob@example.com"),
      google.update(fileId, { properties: { a: "b" } }),
      google.trash(fileId),
      google.untrash(fileId),
      google.touch("ada@example.com", fileId)
    ]
    let version = Number(first.version)
    for (const edit of edits) {
      yield* edit
      const now = yield* state()
      assert.strictEqual(Number(now.version), version + 1)
      assert.strictEqual(now.headRevisionId, first.headRevisionId)
      assert.strictEqual(now.md5Checksum, first.md5Checksum)
      version++
    }
    yield* google.updateContent(fileId, "two", { modifiedTime: Date.UTC(1999, 0, 1) })
    const last = yield* state()
    assert.notStrictEqual(last.headRevisionId, first.headRevisionId)
    assert.notStrictEqual(last.md5Checksum, first.md5Checksum)
    // As the client said, however long ago.
    assert.strictEqual(last.modifiedTime, "1999-01-01T00:00:00.000Z")
  })
)

it.effect("changes nothing of what is in a folder that changes", () =>
  Effect.gen(function* () {
    const { folder, get, google } = yield* prepared
    const before = yield* get("version,modifiedTime")
    yield* google.rename(folder, "Other")
    yield* google.trash(folder)
    assert.deepStrictEqual(yield* get("version,modifiedTime"), before)
    assert.deepStrictEqual(yield* get("trashed,explicitlyTrashed"), { trashed: true, explicitlyTrashed: false })
    assert.deepStrictEqual(yield* get("trashed,explicitlyTrashed", folder), { trashed: true, explicitlyTrashed: true })
  })
)

it.effect("says what only files with bytes have of those alone", () =>
  Effect.gen(function* () {
    const { fileId, folder, get, google } = yield* prepared
    const fields =
      "size,md5Checksum,sha1Checksum,sha256Checksum,headRevisionId,originalFilename,fileExtension,webContentLink"
    assert.hasAllKeys(yield* get(fields), fields.split(","))
    const document = yield* google.createFile({ name: "d", mimeType: "application/vnd.google-apps.document" })
    for (const id of [folder, document, yield* google.createShortcut(fileId)]) {
      assert.deepStrictEqual((yield* get(fields, id)) as unknown, {})
    }
  })
)

it.effect("keeps what it was told of a file", () =>
  Effect.gen(function* () {
    const { get, google } = yield* prepared
    const said = {
      description: "what it is",
      properties: { a: "1" },
      appProperties: { b: "2" },
      starred: true
    }
    const id = yield* google.createFile({
      name: "told",
      mimeType: "x/y",
      createdTime: Date.UTC(2020, 0, 2),
      modifiedTime: Date.UTC(2030, 0, 2),
      ...said
    })
    assert.deepStrictEqual(
      (yield* get(
        "name,mimeType,description,properties,appProperties,starred,createdTime,modifiedTime,spaces,viewedByMe,ownedByMe",
        id
      )) as unknown,
      {
        name: "told",
        mimeType: "x/y",
        ...said,
        createdTime: "2020-01-02T00:00:00.000Z",
        modifiedTime: "2030-01-02T00:00:00.000Z",
        spaces: ["drive"],
        viewedByMe: false,
        ownedByMe: true
      }
    )
    yield* google.update(id, { description: "something else" })
    assert.deepStrictEqual((yield* get("description,properties,modifiedTime", id)) as unknown, {
      description: "something else",
      properties: { a: "1" },
      modifiedTime: "2030-01-02T00:00:00.000Z"
    })
  })
)

it.effect("tells only those parents that the asker may see, and files may have none or several", () =>
  Effect.gen(function* () {
    const { fileId, folder, get, google } = yield* prepared
    const other = yield* google.createFolder("Other")
    yield* google.setParents(fileId, [folder, other])
    assert.deepStrictEqual((yield* get("parents")).parents, [folder, other])
    yield* google.share(other, { role: "reader", emailAddress: google.serviceAccount.clientEmail })
    const seen = yield* said(() => clientOf(google).files.get({ fileId, fields: "parents" }))
    assert.deepStrictEqual(seen.parents, [other])
    const top = yield* said(() => clientOf(google).files.get({ fileId: other, fields: "parents" }))
    assert.deepStrictEqual(top as unknown, {})
    yield* google.setParents(fileId, [])
    assert.deepStrictEqual((yield* get("parents")) as unknown, {})
    // One of several folders in the trash leaves a file where it is.
    yield* google.setParents(fileId, [folder, other])
    yield* google.trash(folder)
    assert.isFalse((yield* get("trashed")).trashed)
    yield* google.remove(folder)
    assert.deepStrictEqual((yield* get("parents")).parents, [other])
  })
)

it.effect("describes shortcuts, those to nowhere included", () =>
  Effect.gen(function* () {
    const { fileId, folder, get, google } = yield* prepared
    const details = (id: string) => Effect.map(get("mimeType,shortcutDetails", id), (file) => file as unknown)
    const mimeType = "application/vnd.google-apps.shortcut"
    const targetMimeType = "application/octet-stream"
    const shortcut = yield* google.createShortcut(fileId)
    assert.deepStrictEqual(yield* details(shortcut), {
      mimeType,
      shortcutDetails: { targetId: fileId, targetMimeType }
    })
    yield* google.remove(fileId)
    assert.deepStrictEqual(yield* details(shortcut), {
      mimeType,
      shortcutDetails: { targetId: fileId, targetMimeType }
    })
    const loop = yield* google.createShortcut(folder, { parent: folder, name: "loop" })
    assert.nestedPropertyVal(yield* details(loop), "shortcutDetails.targetId", folder)
    const dangling = yield* google.createShortcut("1Nobodys")
    assert.nestedPropertyVal(yield* details(dangling), "shortcutDetails.targetId", "1Nobodys")
  })
)

it.effect("lists labels, and sends those that are asked for with a file", () =>
  Effect.gen(function* () {
    const { client, google } = yield* prepared
    const labels = [{ id: "label1", fields: { field1: { text: ["secret"] } } }, { id: "label2" }]
    const fileId = yield* google.createFile({ name: "labelled", labels })
    const list = yield* said(() => client.files.listLabels({ fileId }))
    assert.deepStrictEqual(
      list.labels?.map(({ id }) => id),
      ["label1", "label2"]
    )
    assert.deepStrictEqual(list.labels?.[0]?.fields?.["field1"]?.text, ["secret"])
    const file = yield* said(() =>
      client.files.get({ fileId, includeLabels: "label2,label9", fields: "labelInfo(labels(id))" })
    )
    assert.deepStrictEqual(file, { labelInfo: { labels: [{ id: "label2" }] } })
    assert.deepStrictEqual((yield* said(() => client.files.get({ fileId, fields: "labelInfo" }))) as unknown, {})
  })
)

it.effect("tells of an account only if asked for something", () =>
  Effect.gen(function* () {
    const { client, fileId, google } = yield* prepared
    assert.deepInclude(yield* refusal(() => client.about.get()), {
      status: 400,
      reason: "required",
      location: "fields"
    })
    const { storageQuota } = yield* said(() => client.about.get({ fields: "storageQuota(usage,usageInDriveTrash)" }))
    assert.deepStrictEqual(storageQuota, { usage: "3", usageInDriveTrash: "0" })
    yield* google.trash(fileId)
    const { storageQuota: after } = yield* said(() => client.about.get({ fields: "storageQuota/usageInDriveTrash" }))
    assert.deepStrictEqual(after, { usageInDriveTrash: "3" })
  })
)
