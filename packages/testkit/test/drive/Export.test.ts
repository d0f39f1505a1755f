import type { drive_v3 } from "@googleapis/drive"
import { DriveStandIn } from "@sluice/testkit/drive"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import type { JWT, OAuth2Client } from "google-auth-library"
import { authOf, clientOf, refusal, said } from "./client.ts"

const DOCUMENT = "application/vnd.google-apps.document"
const MEBIBYTE = 2 ** 20

const exported = (client: drive_v3.Drive, fileId: string, mimeType: string) =>
  Effect.promise(async () => {
    const { data } = await client.files.export({ fileId, mimeType }, { responseType: "arraybuffer" })
    // Asked for as an array buffer, which the client's types do not know.
    return Buffer.from(data as unknown as ArrayBuffer)
  })

const fetched = (auth: JWT | OAuth2Client, url: string, headers: Readonly<Record<string, string>> = {}) =>
  Effect.promise(() =>
    auth.request<ArrayBuffer>({ url, responseType: "arraybuffer", headers: { ...headers }, retry: false })
  )

const prepared = Effect.gen(function* () {
  const google = yield* DriveStandIn.make({ downloadPolls: 2 })
  const create = (mimeType: string, content: DriveStandIn.Content) =>
    google.createFile({ name: mimeType, mimeType, content })
  return { google, create, client: clientOf(google, { person: true }), auth: authOf(google, { person: true }) }
})

it.effect("exports documents to each of the formats that about.get names", () =>
  Effect.gen(function* () {
    const { client, create, google } = yield* prepared
    const { exportFormats } = yield* said(() => client.about.get({ fields: "exportFormats" }))
    assert.includeMembers(Object.keys(exportFormats ?? {}), [DOCUMENT])
    for (const [mimeType, formats] of Object.entries(exportFormats ?? {})) {
      const id = yield* create(mimeType, { size: 1_000 })
      const { exportLinks } = yield* said(() => client.files.get({ fileId: id, fields: "exportLinks" }))
      assert.sameMembers(Object.keys(exportLinks ?? {}), formats)
      const all = yield* Effect.forEach(formats, (format) => exported(client, id, format))
      assert.strictEqual(new Set(all.map((bytes) => bytes.toString("hex"))).size, formats.length)
      assert.isTrue(all[0]?.equals(yield* google.bytes(id, formats[0])))
    }
  })
)

it.effect("refuses formats there are not, and files that are no documents", () =>
  Effect.gen(function* () {
    const { client, create } = yield* prepared
    const document = yield* create(DOCUMENT, "text")
    const file = yield* create("text/plain", "text")
    const site = yield* create("application/vnd.google-apps.site", "text")
    const format = yield* refusal(() => client.files.export({ fileId: document, mimeType: "video/mp4" }))
    assert.deepInclude(format, { status: 400, reason: "badRequest", location: "convertTo" })
    for (const fileId of [file, site]) {
      const refused = yield* refusal(() => client.files.export({ fileId, mimeType: "text/plain" }))
      assert.deepInclude(refused, { status: 403, reason: "fileNotExportable" })
    }
  })
)

it.effect("exports ten megabytes and no more, and anything by its export link", () =>
  Effect.gen(function* () {
    const { auth, client, create, google } = yield* prepared
    const most = yield* create(DOCUMENT, { size: 10 * MEBIBYTE })
    assert.lengthOf(yield* exported(client, most, "text/plain"), 10 * MEBIBYTE)
    const fileId = yield* create(DOCUMENT, { size: 10 * MEBIBYTE + 1 })
    const refused = yield* refusal(() => client.files.export({ fileId, mimeType: "text/plain" }))
    assert.deepInclude(refused, { status: 403, reason: "exportSizeLimitExceeded" })
    const { exportLinks } = yield* said(() => client.files.get({ fileId, fields: "exportLinks" }))
    const url = exportLinks?.["text/plain"] ?? ""
    const got = yield* fetched(auth, url, { range: "bytes=0-9" })
    assert.strictEqual(got.status, 200)
    assert.isTrue(Buffer.from(got.data).equals(yield* google.bytes(fileId, "text/plain")))
    const stray = yield* Effect.promise(() => fetch(url))
    assert.strictEqual(stray.status, 401)
    yield* Effect.promise(() => stray.arrayBuffer())
  })
)

const download = (client: drive_v3.Drive, params: drive_v3.Params$Resource$Files$Download) =>
  Effect.gen(function* () {
    let operation = yield* said(() => client.files.download(params))
    let polls = 0
    while (operation.done !== true) {
      polls++
      const { name } = operation
      operation = yield* said(() => client.operations.get({ name: name ?? "" }))
    }
    const uri: unknown = operation.response?.["downloadUri"]
    return { polls, uri: String(uri), partial: operation.response?.["partialDownloadAllowed"] as unknown }
  })

it.effect("downloads in two steps: an operation that is done at the third look, and a link that gives ranges", () =>
  Effect.gen(function* () {
    const { auth, client, create, google } = yield* prepared
    const fileId = yield* create(DOCUMENT, { size: 11 * MEBIBYTE })
    const { partial, polls, uri } = yield* download(client, { fileId, mimeType: "application/pdf" })
    assert.deepStrictEqual([polls, partial], [3, true])
    const bytes = Buffer.from(yield* google.bytes(fileId, "application/pdf"))
    const whole = yield* fetched(auth, uri)
    assert.isTrue(bytes.equals(Buffer.from(whole.data)))
    assert.strictEqual(whole.headers.get("content-type"), "application/pdf")
    const part = yield* fetched(auth, uri, { range: "bytes=100-199" })
    assert.strictEqual(part.status, 206)
    assert.isTrue(bytes.subarray(100, 200).equals(Buffer.from(part.data)))
  })
)

it.effect("downloads files as they are, and documents in a format of its choice if none is asked for", () =>
  Effect.gen(function* () {
    const { auth, client, create } = yield* prepared
    const file = yield* download(client, { fileId: yield* create("text/plain", "as it is") })
    assert.strictEqual(Buffer.from((yield* fetched(auth, file.uri)).data).toString(), "as it is")
    const document = yield* download(client, { fileId: yield* create(DOCUMENT, "any") })
    assert.include((yield* fetched(auth, document.uri)).headers.get("content-type"), "wordprocessingml")
    for (const [mimeType, reason] of [
      ["application/vnd.google-apps.site", "fileNotDownloadable"],
      ["application/vnd.google-apps.folder", "fileNotDownloadable"]
    ] as const) {
      const fileId = yield* create(mimeType, "")
      assert.deepInclude(yield* refusal(() => client.files.download({ fileId })), { status: 403, reason })
    }
    const fileId = yield* create(DOCUMENT, "any")
    const refused = yield* refusal(() => client.files.download({ fileId, mimeType: "video/mp4" }))
    assert.deepInclude(refused, { status: 400, reason: "badRequest", location: "mimeType" })
    assert.strictEqual((yield* refusal(() => client.operations.get({ name: "nobodys" }))).status, 404)
  })
)

it.effect("gives a document's size only if told to", () =>
  Effect.gen(function* () {
    const sizes = Effect.fnUntraced(function* (documentSize: boolean) {
      const google = yield* DriveStandIn.make({ documentSize })
      const client = clientOf(google, { person: true })
      const fileId = yield* google.createFile({ name: "d", mimeType: DOCUMENT, content: { size: 1_234 } })
      return (yield* said(() => client.files.get({ fileId, fields: "size,md5Checksum,headRevisionId" }))) as unknown
    })
    assert.deepStrictEqual(yield* sizes(false), {})
    assert.deepStrictEqual(yield* sizes(true), { size: "1234" })
  })
)
