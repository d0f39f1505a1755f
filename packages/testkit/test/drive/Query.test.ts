import { DriveStandIn } from "@sluice/testkit/drive"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { clientOf, listed, refusal } from "./client.ts"

const day = (number: number) => Date.UTC(2026, 0, number)

/** Ada's files, and a way to ask for them by a query; answers their names. */
const searched = Effect.gen(function* () {
  const google = yield* DriveStandIn.make()
  const client = clientOf(google, { person: true })
  const folder = yield* google.createFolder("Folder")
  yield* google.createFile({
    name: "Report of May.pdf",
    parents: [folder],
    createdTime: day(1),
    modifiedTime: day(5),
    properties: { project: "sluice", stage: "two" },
    description: "numbers for the annual meeting"
  })
  yield* google.createFile({
    name: 'it\'s a \\ "name".txt',
    createdTime: day(2),
    modifiedTime: day(3),
    appProperties: { project: "sluice" },
    starred: true
  })
  const photo = yield* google.createFile({ name: "photo.jpg", createdTime: day(3), modifiedTime: day(2) })
  const names = (q: string) => Effect.map(listed(client, { q }), (files) => files.map(({ name }) => name).toReversed())
  return { google, client, folder, photo, names }
})

const REPORT = "Report of May.pdf"
const QUOTES = 'it\'s a \\ "name".txt'
const PHOTO = "photo.jpg"

it.effect("compares names and types, whatever the case, and names by the beginnings of their words", () =>
  Effect.gen(function* () {
    const { names } = yield* searched
    assert.deepStrictEqual(yield* names("name = 'report of may.PDF'"), [REPORT])
    assert.deepStrictEqual(yield* names("name contains 'may'"), [REPORT])
    assert.deepStrictEqual(yield* names("name contains 'eport'"), [])
    assert.deepStrictEqual(yield* names("name != 'photo.jpg' and mimeType != 'application/vnd.google-apps.folder'"), [
      REPORT,
      QUOTES
    ])
    assert.deepStrictEqual(yield* names("mimeType contains 'image/'"), [PHOTO])
    assert.deepStrictEqual(yield* names("mimeType = 'application/vnd.google-apps.folder'"), ["Folder"])
  })
)

it.effect("reads quotes and backslashes that were escaped, and double quotes as well", () =>
  Effect.gen(function* () {
    const { names } = yield* searched
    assert.deepStrictEqual(yield* names(`name = 'it\\'s a \\\\ "name".txt'`), [QUOTES])
    assert.deepStrictEqual(yield* names(`name = "photo.jpg"`), [PHOTO])
  })
)

it.effect("joins terms by and, or, not and parentheses, and binds and more closely than or", () =>
  Effect.gen(function* () {
    const { names } = yield* searched
    assert.deepStrictEqual(yield* names("name = 'Folder' or name = 'photo.jpg' and starred = true"), ["Folder"])
    assert.deepStrictEqual(yield* names("(name = 'Folder' or name = 'photo.jpg') and not starred"), ["Folder", PHOTO])
    assert.deepStrictEqual(yield* names("not (name = 'Folder' or starred = true) and not not name contains 'photo'"), [
      PHOTO
    ])
  })
)

it.effect("compares times, in UTC where no zone is said", () =>
  Effect.gen(function* () {
    const { google, names, photo } = yield* searched
    const files = "mimeType != 'application/vnd.google-apps.folder'"
    assert.deepStrictEqual(yield* names(`modifiedTime > '2026-01-03' and ${files}`), [REPORT])
    assert.deepStrictEqual(yield* names(`modifiedTime >= '2026-01-03T00:00:00' and ${files}`), [REPORT, QUOTES])
    assert.deepStrictEqual(yield* names(`createdTime < '2026-01-02T01:00:00+01:00'`), [REPORT])
    assert.deepStrictEqual(yield* names(`createdTime = '2026-01-02T00:00:00Z'`), [QUOTES])
    assert.deepStrictEqual(yield* names("viewedByMeTime > '2020-01-01'"), [])
    yield* google.touch("ada@example.com", photo)
    assert.deepStrictEqual(yield* names("viewedByMeTime > '2020-01-01'"), [PHOTO])
  })
)

it.effect("finds what is in a folder, and in My Drive by its alias", () =>
  Effect.gen(function* () {
    const { folder, names } = yield* searched
    assert.deepStrictEqual(yield* names(`'${folder}' in parents`), [REPORT])
    assert.deepStrictEqual(yield* names("'root' in parents"), ["Folder", QUOTES, PHOTO])
    assert.deepStrictEqual(yield* names(`'root' in parents or '${folder}' in parents`), [
      "Folder",
      REPORT,
      QUOTES,
      PHOTO
    ])
    assert.deepStrictEqual(yield* names(`not '${folder}' in parents and starred = false`), ["Folder", PHOTO])
  })
)

it.effect("tells the trash by the folders a file is in", () =>
  Effect.gen(function* () {
    const { folder, google, names, photo } = yield* searched
    yield* google.trash(folder)
    yield* google.trash(photo)
    assert.deepStrictEqual(yield* names("trashed = true"), ["Folder", REPORT, PHOTO])
    assert.deepStrictEqual(yield* names("trashed = false"), [QUOTES])
    yield* google.untrash(folder)
    assert.deepStrictEqual(yield* names("trashed != true"), ["Folder", REPORT, QUOTES])
  })
)

it.effect("finds properties, by key and by value, each kind for itself", () =>
  Effect.gen(function* () {
    const { names } = yield* searched
    assert.deepStrictEqual(yield* names("properties has { key='project' and value='sluice' }"), [REPORT])
    assert.deepStrictEqual(yield* names("properties has { key='project' and value='other' }"), [])
    assert.deepStrictEqual(yield* names("properties has {key='stage'}"), [REPORT])
    assert.deepStrictEqual(yield* names("appProperties has { key='project' and value='sluice' }"), [QUOTES])
  })
)

it.effect("finds words in names and descriptions, and refuses to sort them", () =>
  Effect.gen(function* () {
    const { client, names } = yield* searched
    assert.deepStrictEqual(yield* names("fullText contains 'annual'"), [REPORT])
    assert.deepStrictEqual(yield* names("fullText contains 'photo'"), [PHOTO])
    const refused = yield* refusal(() => client.files.list({ q: "fullText contains 'x'", orderBy: "name" }))
    assert.deepInclude(refused, { status: 400, reason: "badRequest", location: "orderBy" })
  })
)

it.effect("finds what others shared, by owner, by writer and by how widely it is open", () =>
  Effect.gen(function* () {
    const { google, names, photo } = yield* searched
    const theirs = yield* google.createFile({ name: "theirs.txt", owner: "bob@example.com" })
    yield* google.share(theirs, { role: "reader", emailAddress: "ada@example.com" })
    assert.deepStrictEqual(yield* names("sharedWithMe"), ["theirs.txt"])
    assert.deepStrictEqual(yield* names("sharedWithMe = true"), ["theirs.txt"])
    assert.deepStrictEqual(yield* names("'bob@example.com' in owners"), ["theirs.txt"])
    assert.deepStrictEqual(yield* names("'me' in readers and not 'me' in owners"), ["theirs.txt"])
    assert.notInclude(yield* names("'me' in writers"), "theirs.txt")
    yield* google.share(photo, { role: "reader", type: "anyone" })
    assert.deepStrictEqual(yield* names("visibility = 'anyoneWithLink'"), [PHOTO])
    assert.notInclude(yield* names("visibility != 'anyoneWithLink'"), PHOTO)
    yield* google.share(theirs, { role: "reader", type: "domain", allowFileDiscovery: true })
    assert.deepStrictEqual(yield* names("visibility = 'domainCanFind'"), ["theirs.txt"])
  })
)

it.effect("finds shortcuts by their target", () =>
  Effect.gen(function* () {
    const { google, names, photo } = yield* searched
    yield* google.createShortcut(photo, { name: "there" })
    assert.deepStrictEqual(yield* names(`shortcutDetails.targetId = '${photo}'`), ["there"])
    assert.lengthOf(yield* names(`shortcutDetails.targetId != '${photo}'`), 4)
  })
)

it.effect("refuses whatever is no query", () =>
  Effect.gen(function* () {
    const { client } = yield* searched
    for (const q of [
      "name",
      "name =",
      "name = 'a",
      "name = 'a' and",
      "name > 'a'",
      "name = 'a')",
      "(name = 'a'",
      "size > 100",
      "toString",
      "toString = 'a'",
      "nonsense = 'a'",
      "'x' in nowhere",
      "modifiedTime > 'yesterday'",
      "trashed = maybe",
      "visibility = 'secret'",
      "properties has { value='x' }",
      "labels has { key='x' }",
      "sharedWithMe sharedWithMe",
      "$"
    ]) {
      const { location, message, reason, status } = yield* refusal(() => client.files.list({ q }))
      assert.deepStrictEqual([q, status, reason, location, message], [q, 400, "invalid", "q", "Invalid Value"])
    }
  })
)

it.effect("answers 404 without a name where one of the folders asked for is not the asker's to see", () =>
  Effect.gen(function* () {
    const { client, folder, google } = yield* searched
    const private_ = yield* google.createFolder("Private", { owner: "bob@example.com" })
    for (const other of [private_, "1NobodysFolder"]) {
      const refused = yield* refusal(() => client.files.list({ q: `'${folder}' in parents or '${other}' in parents` }))
      assert.deepInclude(refused, { status: 404, reason: "notFound", message: "File not found: ." })
    }
  })
)
