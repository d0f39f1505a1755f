import { DriveStandIn } from "@sluice/testkit/drive"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { clientOf, listed, read, refusal, said } from "./client.ts"

const hex = (algorithm: string, bytes: Uint8Array) => createHash(algorithm).update(bytes).digest("hex")

it.effect("lists the files of a folder that was shared with a service account, and reads them", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    const folder = yield* google.createFolder("Photos")
    yield* google.share(folder, { role: "reader", emailAddress: google.serviceAccount.clientEmail })
    const id = yield* google.createFile({ name: "a.txt", parents: [folder], content: "hello" })
    yield* google.createFile({ name: "private.txt", content: "no" })
    const client = clientOf(google)
    const files = yield* listed(client, { q: `'${folder}' in parents and trashed = false`, fields: "*" })
    assert.deepStrictEqual(
      files.map((file) => [file.id, file.name, file.size, file.md5Checksum]),
      [[id, "a.txt", "5", "5d41402abc4b2a76b9719d911017c592"]]
    )
    assert.strictEqual((yield* read(client, { fileId: id })).bytes.toString(), "hello")
  })
)

it.effect("gives computed bytes that agree with their size and checksums, however they are read", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    const client = clientOf(google, { person: true })
    const id = yield* google.createFile({ name: "big.bin", content: { size: 300_000 } })
    const { bytes, headers, status } = yield* read(client, { fileId: id })
    assert.strictEqual(status, 200)
    assert.strictEqual(headers.get("content-length"), "300000")
    const file = yield* said(() =>
      client.files.get({ fileId: id, fields: "size,md5Checksum,sha1Checksum,sha256Checksum" })
    )
    assert.deepStrictEqual(file, {
      size: "300000",
      md5Checksum: hex("md5", bytes),
      sha1Checksum: hex("sha1", bytes),
      sha256Checksum: hex("sha256", bytes)
    })
    assert.isTrue(bytes.equals(yield* google.bytes(id)))
    const [item] = yield* google.items()
    assert.strictEqual(item?.sha256(), hex("sha256", bytes))
    yield* google.updateContent(id, { size: 300_000 })
    assert.isFalse((yield* read(client, { fileId: id })).bytes.equals(bytes))
  })
)

it.effect("reads ranges: from, from to, and the last so many bytes", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    const client = clientOf(google, { person: true })
    const id = yield* google.createFile({ name: "a.bin", content: "0123456789" })
    for (const [range, expected, contentRange] of [
      ["bytes=0-0", "0", "bytes 0-0/10"],
      ["bytes=3-5", "345", "bytes 3-5/10"],
      ["bytes=7-", "789", "bytes 7-9/10"],
      ["bytes=8-100", "89", "bytes 8-9/10"],
      ["bytes=-4", "6789", "bytes 6-9/10"],
      ["bytes=-100", "0123456789", "bytes 0-9/10"]
    ] as const) {
      const got = yield* read(client, { fileId: id }, { range })
      assert.deepStrictEqual(
        [range, got.status, got.bytes.toString(), got.headers.get("content-range")],
        [range, 206, expected, contentRange]
      )
    }
    assert.strictEqual((yield* read(client, { fileId: id }, { range: "bytes=5-3" })).status, 200)
    const refused = yield* refusal(() =>
      client.files.get({ fileId: id, alt: "media" }, { headers: { range: "bytes=10-" } })
    )
    assert.deepInclude(refused, { status: 416, reason: "requestedRangeNotSatisfiable" })
    assert.strictEqual(refused.headers?.get("content-range"), "bytes */10")
  })
)

it.effect("gives no bytes of folders, shortcuts and Google's own documents", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    const client = clientOf(google, { person: true })
    const folder = yield* google.createFolder("f")
    const document = yield* google.createFile({ name: "d", mimeType: "application/vnd.google-apps.document" })
    for (const fileId of [folder, document, yield* google.createShortcut(folder)]) {
      const refused = yield* refusal(() => client.files.get({ fileId, alt: "media" }))
      assert.deepInclude(refused, { status: 403, reason: "fileNotDownloadable", location: "alt" })
    }
  })
)

it.effect("gives flagged files to their owner alone, and only if the risk is acknowledged", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    const fileId = yield* google.createFile({ name: "virus", content: "boo", abusive: true })
    yield* google.share(fileId, { role: "writer", emailAddress: google.serviceAccount.clientEmail })
    const owner = clientOf(google, { person: true })
    const refused = yield* refusal(() => owner.files.get({ fileId, alt: "media" }))
    assert.deepInclude(refused, { status: 403, reason: "cannotDownloadAbusiveFile" })
    assert.strictEqual((yield* read(owner, { fileId, acknowledgeAbuse: true })).bytes.toString(), "boo")
    const other = yield* refusal(() => clientOf(google).files.get({ fileId, alt: "media", acknowledgeAbuse: true }))
    assert.strictEqual(other.reason, "cannotDownloadAbusiveFile")
  })
)

it.effect("keeps files from readers that may only look at them", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    const fileId = yield* google.createFile({ name: "look", content: "x", undownloadable: true })
    yield* google.share(fileId, { role: "reader", emailAddress: google.serviceAccount.clientEmail })
    const client = clientOf(google)
    const refused = yield* refusal(() => client.files.get({ fileId, alt: "media" }))
    assert.deepInclude(refused, { status: 403, reason: "cannotDownloadFile" })
    const file = yield* said(() =>
      client.files.get({ fileId, fields: "capabilities(canDownload),copyRequiresWriterPermission" })
    )
    assert.deepStrictEqual(file, { capabilities: { canDownload: false }, copyRequiresWriterPermission: true })
    assert.strictEqual((yield* read(clientOf(google, { person: true }), { fileId })).bytes.toString(), "x")
  })
)

it.effect("wants the resource key from those who come by link alone", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    const fileId = yield* google.createFile({ name: "keyed", content: "x", demandsResourceKey: true })
    yield* google.share(fileId, { role: "reader", type: "anyone" })
    const owner = clientOf(google, { person: true })
    const { resourceKey } = yield* said(() => owner.files.get({ fileId, fields: "resourceKey" }))
    assert.match(resourceKey ?? "", /^0-/)
    const client = clientOf(google)
    const headers = { "X-Goog-Drive-Resource-Keys": `other/0-x,${fileId}/${resourceKey}` }
    assert.strictEqual((yield* refusal(() => client.files.get({ fileId }))).status, 404)
    const wrong = { headers: { "X-Goog-Drive-Resource-Keys": `${fileId}/0-wrong` } }
    assert.strictEqual((yield* refusal(() => client.files.get({ fileId }, wrong))).status, 404)
    assert.strictEqual((yield* read(client, { fileId }, headers)).bytes.toString(), "x")
    const shortcut = yield* google.createShortcut(fileId)
    const { shortcutDetails } = yield* said(() => owner.files.get({ fileId: shortcut, fields: "shortcutDetails" }))
    assert.deepStrictEqual(shortcutDetails, {
      targetId: fileId,
      targetMimeType: "application/octet-stream",
      targetResourceKey: resourceKey ?? ""
    })
    // Who opened it once needs the key no more.
    yield* google.touch(google.serviceAccount.clientEmail, fileId)
    yield* said(() => client.files.get({ fileId }))
  })
)

it.effect("finds what is open to anyone by its id and in its folder, and in nobody's corpus", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    const folder = yield* google.createFolder("open")
    const fileId = yield* google.createFile({ name: "a", parents: [folder] })
    yield* google.share(folder, { role: "reader", type: "anyone" })
    const client = clientOf(google)
    yield* said(() => client.files.get({ fileId }))
    assert.deepStrictEqual(yield* listed(client), [])
    assert.lengthOf(yield* listed(client, { q: `'${folder}' in parents` }), 1)
    yield* google.share(fileId, { role: "reader", type: "domain", allowFileDiscovery: true })
    assert.deepStrictEqual(yield* listed(client, { corpora: "domain" }), [])
    assert.lengthOf(yield* listed(clientOf(google, { person: true }), { corpora: "domain" }), 1)
  })
)

it.effect("answers 404 for what is not there and for what is not the asker's", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    const client = clientOf(google)
    const private_ = yield* google.createFile({ name: "a" })
    for (const fileId of [private_, "1Nobodys"]) {
      const refused = yield* refusal(() => client.files.get({ fileId }))
      assert.deepInclude(refused, {
        status: 404,
        reason: "notFound",
        location: "fileId",
        message: `File not found: ${fileId}.`
      })
    }
    const { id } = yield* said(() => client.files.get({ fileId: "root" }))
    assert.strictEqual(id, yield* google.rootOf(google.serviceAccount.clientEmail))
    assert.match(id ?? "", /^0A.{17}$/)
  })
)
