import type { drive_v3 } from "@googleapis/drive"
import { DriveStandIn } from "@sluice/testkit/drive"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { clientOf, listed, refusal, said } from "./client.ts"

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

const namesOf = (files: ReadonlyArray<drive_v3.Schema$File> | undefined) => (files ?? []).map(({ name }) => name)

/** Twenty files of Ada's, the newest of which is listed first. */
const twenty = Effect.gen(function* () {
  const google = yield* DriveStandIn.make()
  const client = clientOf(google, { person: true })
  const ids = yield* Effect.forEach(numbers(20), (index) => google.createFile({ name: `${index}` }))
  return { google, client, ids }
})

it.effect("answers pages of a hundred, of the size asked for, and the rest at last", () =>
  Effect.gen(function* () {
    const { client, google } = yield* twenty
    const first = yield* said(() => client.files.list({ pageSize: 15 }))
    assert.deepStrictEqual(
      namesOf(first.files),
      numbers(15).map((index) => `${19 - index}`)
    )
    const second = yield* said(() => client.files.list({ pageSize: 15, pageToken: first.nextPageToken ?? "" }))
    assert.deepStrictEqual(namesOf(second.files), ["4", "3", "2", "1", "0"])
    assert.isUndefined(second.nextPageToken)
    yield* google.seed({ files: 100, folders: 0 })
    const whole = yield* said(() => client.files.list())
    assert.lengthOf(whole.files ?? [], 100)
    assert.deepInclude(whole, { kind: "drive#fileList", incompleteSearch: false })
  })
)

it.effect("keeps its pages together while files come, go and change", () =>
  Effect.gen(function* () {
    const { client, google, ids } = yield* twenty
    for (const orderBy of [undefined, "name", "createdTime desc"]) {
      const params = { pageSize: 5, ...(orderBy === undefined ? {} : { orderBy }) }
      const seen: Array<string | null | undefined> = []
      let pageToken: string | undefined
      let round = 0
      do {
        const { files, nextPageToken } = yield* said(() =>
          client.files.list({ ...params, ...(pageToken === undefined ? {} : { pageToken }) })
        )
        seen.push(...(files ?? []).map(({ id }) => id))
        pageToken = nextPageToken ?? undefined
        yield* google.createFile({ name: `new ${round++}` })
        yield* google.updateContent(ids[10] ?? "", `${round}`)
      } while (pageToken !== undefined)
      assert.includeMembers(seen, [...ids])
      assert.strictEqual(new Set(seen).size, seen.length)
    }
  })
)

it.effect("goes on behind the last file of a page although that file is gone", () =>
  Effect.gen(function* () {
    const { client, google, ids } = yield* twenty
    const first = yield* said(() => client.files.list({ pageSize: 5 }))
    yield* google.remove(first.files?.at(-1)?.id ?? "")
    const second = yield* said(() => client.files.list({ pageSize: 5, pageToken: first.nextPageToken ?? "" }))
    assert.deepStrictEqual(namesOf(second.files), ["14", "13", "12", "11", "10"])
    assert.lengthOf(ids, 20)
  })
)

it.effect("refuses page tokens that are garbage, or of another query, or of another asker", () =>
  Effect.gen(function* () {
    const { client, google } = yield* twenty
    const { nextPageToken } = yield* said(() => client.files.list({ pageSize: 5, q: "trashed = false" }))
    const pageToken = nextPageToken ?? ""
    yield* google.share(yield* google.createFolder("f"), {
      role: "reader",
      emailAddress: google.serviceAccount.clientEmail
    })
    for (const ask of [
      () => client.files.list({ pageToken: "garbage" }),
      () => client.files.list({ pageToken: `~!!~${Buffer.from("{}").toString("base64url")}` }),
      () => client.files.list({ pageToken, q: "trashed = true" }),
      () => clientOf(google).files.list({ pageToken, q: "trashed = false" })
    ]) {
      assert.deepInclude(yield* refusal(ask), { status: 400, reason: "invalid", location: "pageToken" })
    }
    assert.lengthOf((yield* said(() => client.files.list({ pageToken, q: "trashed = false" }))).files ?? [], 15)
  })
)

it.effect("refuses sizes of pages that are out of range", () =>
  Effect.gen(function* () {
    const { client } = yield* twenty
    for (const pageSize of [0, 1_001, -1]) {
      const refused = yield* refusal(() => client.files.list({ pageSize }))
      assert.deepInclude(refused, { status: 400, reason: "invalidParameter", location: "pageSize" })
    }
  })
)

it.effect("sorts by whatever key there is, also backwards and by several", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    const client = clientOf(google, { person: true })
    const file = (name: string, at: number, size: number) =>
      google.createFile({ name, createdTime: at, modifiedTime: 100 - at, content: { size } })
    const two = yield* file("file 2", 10, 5)
    yield* file("file 10", 20, 1)
    yield* file("file 1", 30, 5)
    yield* google.createFolder("folder", { createdTime: 5, modifiedTime: 200, starred: true })
    yield* google.touch("ada@example.com", two)
    const sorted = (orderBy: string) =>
      Effect.map(
        said(() => client.files.list({ orderBy })),
        ({ files }) => namesOf(files)
      )
    assert.deepStrictEqual(yield* sorted("name"), ["file 1", "file 10", "file 2", "folder"])
    assert.deepStrictEqual(yield* sorted("name_natural desc"), ["folder", "file 10", "file 2", "file 1"])
    assert.deepStrictEqual(yield* sorted("folder,modifiedTime desc"), ["folder", "file 2", "file 10", "file 1"])
    assert.deepStrictEqual(yield* sorted("quotaBytesUsed desc,createdTime"), ["file 2", "file 1", "file 10", "folder"])
    assert.strictEqual((yield* sorted("viewedByMeTime desc"))[0], "file 2")
    assert.strictEqual((yield* sorted("recency desc"))[0], "file 2")
    assert.strictEqual((yield* sorted("starred"))[0], "folder")
    for (const orderBy of ["modifiedByMeTime", "sharedWithMeTime"]) assert.lengthOf(yield* sorted(orderBy), 4)
    for (const orderBy of ["size", "name down", "name,", "toString"]) {
      const refused = yield* refusal(() => client.files.list({ orderBy }))
      assert.deepInclude(refused, { status: 400, reason: "invalid", location: "orderBy" })
    }
  })
)

it.effect("pages through a sorted listing without leaving anything out", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    const client = clientOf(google, { person: true })
    yield* google.seed({ files: 250, folders: 10 })
    for (const orderBy of ["name", "folder,modifiedTime desc", "quotaBytesUsed"]) {
      const files = yield* listed(client, { orderBy, pageSize: 7 })
      const whole = yield* said(() => client.files.list({ orderBy, pageSize: 1_000 }))
      assert.deepStrictEqual(namesOf(files), namesOf(whole.files))
      assert.lengthOf(files, 260)
    }
  })
)

it.effect("sends what fields ask for, and little without", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    const client = clientOf(google, { person: true })
    yield* google.createFile({ name: "a.txt", content: "hello" })
    const list = (fields?: string) =>
      Effect.map(
        said(() => client.files.list(fields === undefined ? {} : { fields })),
        (page) => page as unknown
      )
    const id = (yield* said(() => client.files.list())).files?.[0]?.id
    assert.deepStrictEqual(yield* list(), {
      kind: "drive#fileList",
      incompleteSearch: false,
      files: [{ kind: "drive#file", id, name: "a.txt", mimeType: "text/plain" }]
    })
    const owner = { emailAddress: "ada@example.com" }
    assert.deepStrictEqual(yield* list("files(name,owners/emailAddress)"), {
      files: [{ name: "a.txt", owners: [owner] }]
    })
    assert.deepStrictEqual(
      yield* list("nextPageToken, files( name, owners( emailAddress ), capabilities/canDownload )"),
      {
        files: [{ name: "a.txt", owners: [owner], capabilities: { canDownload: true } }]
      }
    )
    assert.deepStrictEqual(yield* list("files/name,files/size"), { files: [{ name: "a.txt", size: "5" }] })
    assert.deepStrictEqual(yield* list("files(name,*)"), yield* list("files"))
    assert.deepStrictEqual(yield* list("*"), yield* list("kind,incompleteSearch,nextPageToken,files(*)"))
    assert.hasAllKeys(yield* list("files/*"), ["files"])
  })
)

it.effect("refuses fields there are not", () =>
  Effect.gen(function* () {
    const { client } = yield* twenty
    for (const [fields, named] of [
      ["files(nme)", "nme"],
      ["items", "items"],
      ["files(owners(email))", "email"],
      ["files(id/x)", "x"],
      ["files(*/id)", "files(*/id)"],
      ["files(id", "files(id"],
      ["files(id))", "files(id))"],
      [",", ","],
      ["files(constructor)", "constructor"]
    ] as const) {
      const refused = yield* refusal(() => client.files.list({ fields }))
      assert.deepInclude(refused, { status: 400, reason: "invalidParameter", location: "fields" })
      assert.strictEqual(refused.message, `Invalid field selection ${named}`)
    }
  })
)

it.effect("lists nothing of spaces where nothing is, and refuses those there are not", () =>
  Effect.gen(function* () {
    const { client } = yield* twenty
    assert.deepStrictEqual(yield* listed(client, { spaces: "appDataFolder" }), [])
    assert.lengthOf(yield* listed(client, { spaces: "drive,appDataFolder" }), 20)
    assert.deepInclude(yield* refusal(() => client.files.list({ spaces: "outer" })), {
      status: 400,
      location: "spaces"
    })
  })
)

it.effect("pages through a hundred folders at once, each file once", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    const client = clientOf(google, { person: true })
    const made = yield* google.seed({ files: 500, folders: 60, special: true })
    const folders = made.filter(({ kind }) => kind === "folder").slice(0, 50)
    const q = folders.map(({ id }) => `'${id}' in parents`).join(" or ")
    const files = yield* listed(client, { q, pageSize: 20, fields: "nextPageToken,files(id,parents)" })
    const inside = new Set(folders.map(({ id }) => id))
    const expected = made.filter(({ parents }) => parents.some((parent) => inside.has(parent)))
    assert.sameMembers(
      files.map(({ id }) => id),
      expected.map(({ id }) => id)
    )
  })
)
