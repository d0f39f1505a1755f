import type { drive_v3 } from "@googleapis/drive"
import { DriveStandIn, Edits } from "@sluice/testkit/drive"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { clientOf, listed, refusal, said } from "./client.ts"

const aware = { supportsAllDrives: true, includeItemsFromAllDrives: true }

type Params = drive_v3.Params$Resource$Changes$List

/** The token for what is still to come. */
const startOf = (client: drive_v3.Drive, params: drive_v3.Params$Resource$Changes$Getstartpagetoken = {}) =>
  Effect.map(
    said(() => client.changes.getStartPageToken(params)),
    ({ startPageToken }) => startPageToken ?? ""
  )

/** All changes since a token, over all pages, and the token for the next time. */
const changesSince = Effect.fnUntraced(function* (client: drive_v3.Drive, token: string, params: Params = {}) {
  const changes: Array<drive_v3.Schema$Change> = []
  let pageToken = token
  while (true) {
    const page = yield* said(() => client.changes.list({ ...params, pageToken }))
    changes.push(...(page.changes ?? []))
    if (page.newStartPageToken != null) return { changes, next: page.newStartPageToken }
    pageToken = page.nextPageToken ?? ""
  }
})

/** What changed, in short: `+name` and `-id`. */
const brief = (changes: ReadonlyArray<drive_v3.Schema$Change>) =>
  changes.map(({ changeType, drive, driveId, file, fileId, removed }) => {
    const name = changeType === "drive" ? `drive ${drive?.name ?? driveId}` : (file?.name ?? fileId)
    return `${removed === true ? "-" : "+"}${name}`
  })

const prepared = Effect.fnUntraced(function* (options: DriveStandIn.Options = {}) {
  const google = yield* DriveStandIn.make(options)
  const me = google.serviceAccount.clientEmail
  const folder = yield* google.createFolder("folder")
  const [a, b] = yield* Effect.forEach(["a", "b"], (name) => google.createFile({ name, parents: [folder] }))
  const client = clientOf(google)
  const ada = clientOf(google, { person: true })
  return { google, me, folder, a: a ?? "", b: b ?? "", client, ada }
})

it.effect("tells each item once, as it is now, in the order of the last changes", () =>
  Effect.gen(function* () {
    const { a, ada, b, google } = yield* prepared()
    const token = yield* startOf(ada)
    yield* google.rename(a, "a2")
    yield* google.rename(b, "b2")
    yield* google.updateContent(a, "new")
    yield* google.rename(a, "a3")
    const { changes, next } = yield* changesSince(ada, token)
    assert.deepStrictEqual(brief(changes), ["+b2", "+a3"])
    assert.deepStrictEqual((yield* changesSince(ada, next)).changes, [])
    assert.strictEqual((yield* changesSince(ada, next)).next, next)
    assert.deepInclude(changes[0], {
      kind: "drive#change",
      type: "file",
      changeType: "file",
      fileId: b,
      removed: false
    })
  })
)

it.effect("pages through changes, and says only at the end where to go on the next time", () =>
  Effect.gen(function* () {
    const { ada, google } = yield* prepared()
    const token = yield* startOf(ada)
    yield* google.seed({ files: 25, folders: 0 })
    const first = yield* said(() => ada.changes.list({ pageToken: token, pageSize: 10 }))
    assert.lengthOf(first.changes ?? [], 10)
    assert.isUndefined(first.newStartPageToken)
    const { changes } = yield* changesSince(ada, token, { pageSize: 10 })
    assert.deepStrictEqual(
      brief(changes),
      Array.from({ length: 25 }, (_, n) => brief(changes)[n] ?? "")
    )
    assert.strictEqual(new Set(changes.map(({ fileId }) => fileId)).size, 25)
    // An item that changes while a client pages moves to the end, and is not missed.
    yield* google.rename(changes[20]?.fileId ?? "", "late")
    const rest = yield* changesSince(ada, first.nextPageToken ?? "", { pageSize: 10 })
    assert.lengthOf(rest.changes, 15)
    assert.strictEqual(rest.changes.at(-1)?.file?.name, "late")
  })
)

it.effect("says that an item is gone when it is deleted or no longer the asker's, without the item", () =>
  Effect.gen(function* () {
    const { a, b, client, google, me } = yield* prepared()
    for (const id of [a, b]) yield* google.share(id, { role: "reader", emailAddress: me })
    const token = yield* startOf(client)
    yield* google.unshare(a, me)
    yield* google.remove(b)
    const { changes } = yield* changesSince(client, token)
    assert.deepStrictEqual(brief(changes), [`-${a}`, `-${b}`])
    for (const change of changes) assert.notProperty(change, "file")
    assert.deepStrictEqual((yield* changesSince(client, token, { includeRemoved: false })).changes, [])
  })
)

it.effect("tells nobody of what is none of theirs", () =>
  Effect.gen(function* () {
    const { a, client, google } = yield* prepared()
    const token = yield* startOf(client)
    yield* google.rename(a, "still private")
    yield* google.remove(a)
    assert.deepStrictEqual((yield* changesSince(client, token)).changes, [])
  })
)

it.effect("writes one entry for a folder that changes and none for what is in it", () =>
  Effect.gen(function* () {
    const { ada, client, folder, google, me } = yield* prepared()
    const edits: ReadonlyArray<Effect.Effect<unknown, DriveStandIn.StandInError>> = [
      google.share(folder, { role: "reader", emailAddress: me }),
      google.trash(folder),
      google.untrash(folder),
      google.move(folder, { add: [yield* google.createFolder("other")], remove: ["root"] }),
      google.unshare(folder, me),
      google.remove(folder)
    ]
    for (const edit of edits) {
      const tokens = yield* Effect.all([startOf(ada), startOf(client)])
      yield* edit
      const adas = yield* changesSince(ada, tokens[0])
      const others = yield* changesSince(client, tokens[1])
      assert.deepStrictEqual(
        adas.changes.map(({ fileId }) => fileId),
        [folder]
      )
      assert.isAtMost(others.changes.length, 1)
    }
  })
)

it.effect("writes an entry for everything in a folder as well, if told to", () =>
  Effect.gen(function* () {
    const { a, b, client, folder, google, me } = yield* prepared({ descendantEntries: "each" })
    const token = yield* startOf(client)
    yield* google.share(folder, { role: "reader", emailAddress: me })
    const shared = yield* changesSince(client, token)
    assert.sameMembers(brief(shared.changes), ["+folder", "+a", "+b"])
    yield* google.unshare(folder, me)
    const { changes } = yield* changesSince(client, shared.next)
    assert.sameMembers(brief(changes), [`-${folder}`, `-${a}`, `-${b}`])
  })
)

it.effect("writes an entry for whoever looks at an item, although nothing changed", () =>
  Effect.gen(function* () {
    const { a, ada, google } = yield* prepared()
    const token = yield* startOf(ada)
    yield* google.touch("ada@example.com", a)
    assert.deepStrictEqual(brief((yield* changesSince(ada, token)).changes), ["+a"])
  })
)

it.effect("has a log for each shared drive, of all that is in it", () =>
  Effect.gen(function* () {
    const { client, google, me } = yield* prepared()
    const driveId = yield* google.createDrive("Team", { members: { [me]: "reader" } })
    const other = yield* google.createDrive("Other", { members: { [me]: "reader" } })
    const params = { driveId, ...aware }
    const token = yield* startOf(client, { driveId, supportsAllDrives: true })
    const mine = yield* startOf(client)
    const x = yield* google.createFile({ name: "x", parents: [driveId] })
    yield* google.createFile({ name: "y", parents: [driveId] })
    const first = yield* changesSince(client, token, params)
    assert.deepStrictEqual(brief(first.changes), ["+x", "+y"])
    // The user's own log knows nothing of it.
    assert.deepStrictEqual((yield* changesSince(client, mine, aware)).changes, [])
    yield* google.move(x, { add: [other], remove: [driveId] })
    const second = yield* changesSince(client, first.next, params)
    assert.deepStrictEqual(brief(second.changes), [`-${x}`])
    const still = yield* changesSince(client, first.next, { ...params, includeCorpusRemovals: true })
    const removal = still.changes.find(({ fileId }) => fileId === x)
    assert.deepInclude(removal, { removed: true })
    assert.strictEqual(removal?.file?.name, "x")
  })
)

it.effect("tells of drives one joins, leaves and sees renamed or deleted", () =>
  Effect.gen(function* () {
    const { client, google, me } = yield* prepared()
    let token = yield* startOf(client)
    const told = Effect.gen(function* () {
      const { changes, next } = yield* changesSince(client, token, aware)
      token = next
      return brief(changes)
    })
    const driveId = yield* google.createDrive("Team")
    assert.deepStrictEqual(yield* told, [])
    yield* google.addMember(driveId, me)
    assert.deepStrictEqual(yield* told, ["+drive Team"])
    yield* google.createFile({ name: "not told", parents: [driveId] })
    yield* google.renameDrive(driveId, "Crew")
    assert.deepStrictEqual(yield* told, ["+drive Crew"])
    yield* google.addMember(driveId, me, "writer")
    assert.deepStrictEqual(yield* told, ["+drive Crew"])
    yield* google.removeMember(driveId, me)
    assert.deepStrictEqual(yield* told, [`-drive ${driveId}`])
    yield* google.addMember(driveId, me)
    yield* google.removeDrive(driveId)
    assert.deepStrictEqual(yield* told, [`-drive ${driveId}`])
    const unaware = yield* changesSince(client, "1")
    assert.deepStrictEqual(unaware.changes, [])
  })
)

it.effect("keeps items of shared drives from a user's log unless they are asked for", () =>
  Effect.gen(function* () {
    const { client, google, me } = yield* prepared()
    const driveId = yield* google.createDrive("Team", { members: { "ada@example.com": "organizer" } })
    const token = yield* startOf(client)
    const file = yield* google.createFile({ name: "given", parents: [driveId] })
    yield* google.share(file, { role: "reader", emailAddress: me })
    assert.deepStrictEqual(brief((yield* changesSince(client, token, aware)).changes), ["+given"])
    assert.deepStrictEqual((yield* changesSince(client, token)).changes, [])
  })
)

it.effect("says that what moved to a shared drive left My Drive", () =>
  Effect.gen(function* () {
    const { a, ada, folder, google } = yield* prepared()
    const driveId = yield* google.createDrive("Team", { members: { "ada@example.com": "organizer" } })
    const token = yield* startOf(ada)
    yield* google.move(a, { add: [driveId], remove: [folder] })
    assert.deepStrictEqual(brief((yield* changesSince(ada, token)).changes), [`-${a}`])
    assert.deepStrictEqual(brief((yield* changesSince(ada, token, aware)).changes), [`-${a}`])
    const { changes } = yield* changesSince(ada, token, { ...aware, includeCorpusRemovals: true })
    assert.strictEqual(changes[0]?.file?.name, "a")
  })
)

it.effect("restricts a user's log to My Drive if asked to", () =>
  Effect.gen(function* () {
    const { a, ada, google } = yield* prepared()
    const token = yield* startOf(ada)
    const theirs = yield* google.createFile({ name: "theirs", owner: "bob@example.com" })
    yield* google.share(theirs, { role: "reader", emailAddress: "ada@example.com" })
    yield* google.rename(a, "mine")
    assert.deepStrictEqual(brief((yield* changesSince(ada, token)).changes), ["+theirs", "+mine"])
    assert.deepStrictEqual((yield* changesSince(ada, token, { spaces: "appDataFolder" })).changes, [])
    const { changes } = yield* changesSince(ada, token, { restrictToMyDrive: true, includeRemoved: false })
    assert.deepStrictEqual(brief(changes), ["+mine"])
  })
)

it.effect("refuses tokens that are garbage, not given yet, or expired", () =>
  Effect.gen(function* () {
    const { ada, google } = yield* prepared()
    for (const pageToken of ["garbage", "0", "-1", "999999"]) {
      const refused = yield* refusal(() => ada.changes.list({ pageToken }))
      assert.deepInclude(refused, { status: 400, reason: "invalid", location: "pageToken" })
    }
    const token = yield* startOf(ada)
    yield* google.expireChanges()
    const gone = yield* refusal(() => ada.changes.list({ pageToken: token }))
    assert.deepInclude(gone, { status: 410, reason: "fullSyncRequired", location: "pageToken" })
    const fresh = yield* startOf(ada)
    yield* changesSince(ada, fresh)
    yield* google.expireChanges(400)
    assert.deepInclude(yield* refusal(() => ada.changes.list({ pageToken: fresh })), { status: 400, reason: "invalid" })
    const other = yield* google.createDrive("Other", { members: { "ada@example.com": "reader" } })
    const unaware = yield* refusal(() => ada.changes.list({ pageToken: "1", driveId: other }))
    assert.deepInclude(unaware, { status: 403, reason: "teamDrivesParameterRequired" })
    yield* google.removeMember(other, "ada@example.com")
    const refused = yield* refusal(() => ada.changes.list({ pageToken: "1", driveId: other, ...aware }))
    assert.deepInclude(refused, { status: 404, location: "driveId" })
  })
)

it.effect("keeps a mirror of a folder's drive true through a thousand edits, if each item is told of", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make({ descendantEntries: "each" })
    const me = google.serviceAccount.clientEmail
    const driveId = yield* google.createDrive("Team", { members: { [me]: "reader" } })
    const elsewhere = yield* google.createDrive("Elsewhere")
    yield* google.seed({ files: 300, folders: 30, parent: driveId })
    const client = clientOf(google)
    const fields = "id,name,parents,trashed,version"
    const params = { driveId, ...aware }
    const state = Effect.map(
      listed(client, { corpora: "drive", pageSize: 1_000, fields: `nextPageToken,files(${fields})`, ...params }),
      (files) => new Map(files.map((file) => [file.id, file]))
    )
    const mirror = yield* state
    let token = yield* startOf(client, { driveId, supportsAllDrives: true })
    const edit = yield* Edits.make(google, { folder: driveId, elsewhere })
    for (let round = 0; round < 10; round++) {
      yield* Effect.replicateEffect(edit, 100, { discard: true })
      const { changes, next } = yield* changesSince(client, token, {
        ...params,
        pageSize: 50,
        fields: `nextPageToken,newStartPageToken,changes(changeType,removed,fileId,file(${fields}))`
      })
      for (const { changeType, file, fileId, removed } of changes) {
        if (changeType !== "file") continue
        if (removed === true || file === undefined) mirror.delete(fileId)
        else mirror.set(file.id, file)
      }
      token = next
      assert.deepStrictEqual(new Map([...mirror].toSorted()), new Map([...(yield* state)].toSorted()))
    }
    assert.deepStrictEqual(yield* google.violations, [])
  })
)
