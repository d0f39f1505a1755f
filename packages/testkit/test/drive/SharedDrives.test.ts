import { DriveStandIn } from "@sluice/testkit/drive"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { clientOf, listed, read, refusal, said } from "./client.ts"

const aware = { supportsAllDrives: true, includeItemsFromAllDrives: true }

/** Two drives, of one of which the service account is a member, and a file of Bob's shared with it. */
const prepared = Effect.gen(function* () {
  const google = yield* DriveStandIn.make()
  const me = google.serviceAccount.clientEmail
  const team = yield* google.createDrive("Team", { members: { [me]: "reader", "ada@example.com": "organizer" } })
  const other = yield* google.createDrive("Other", { members: { "ada@example.com": "organizer" } })
  const folder = yield* google.createFolder("folder", { parents: [team] })
  const file = yield* google.createFile({ name: "in team", parents: [folder], content: "team" })
  const hidden = yield* google.createFile({ name: "in other", parents: [other] })
  const shared = yield* google.createFile({ name: "bob's", owner: "bob@example.com" })
  yield* google.share(shared, { role: "reader", emailAddress: me })
  return { google, client: clientOf(google), me, team, other, folder, file, hidden, shared }
})

const names = (client: Parameters<typeof listed>[0], params: Parameters<typeof listed>[1]) =>
  Effect.map(listed(client, params), (files) => files.map(({ name }) => name))

it.effect("lists a shared drive to its members, and to clients that know of shared drives", () =>
  Effect.gen(function* () {
    const { client, other, team } = yield* prepared
    const corpora = "drive"
    assert.deepStrictEqual(yield* names(client, { corpora, driveId: team, ...aware }), ["in team", "folder"])
    assert.deepInclude(yield* refusal(() => client.files.list({ corpora, driveId: other, ...aware })), {
      status: 404,
      reason: "notFound",
      location: "driveId",
      message: `Shared drive not found: ${other}`
    })
    for (const params of [
      { driveId: team, ...aware },
      { corpora, ...aware }
    ]) {
      const refused = yield* refusal(() => client.files.list(params))
      assert.deepInclude(refused, { status: 403, reason: "teamDriveIdRequiresTeamDriveCorpora" })
    }
    for (const params of [
      { corpora, driveId: team, supportsAllDrives: true },
      { corpora: "allDrives", supportsAllDrives: true },
      { includeItemsFromAllDrives: true }
    ]) {
      const refused = yield* refusal(() => client.files.list(params))
      assert.deepInclude(refused, { status: 403, reason: "teamDrivesParameterRequired" })
    }
    assert.deepInclude(yield* refusal(() => client.files.list({ corpora: "everything" })), {
      status: 400,
      location: "corpora"
    })
  })
)

it.effect("has whole shared drives in no user's corpus, but in that of all drives", () =>
  Effect.gen(function* () {
    const { client, file, google, hidden, me } = yield* prepared
    assert.deepStrictEqual(yield* names(client, aware), ["bob's"])
    assert.deepStrictEqual(yield* names(client, { corpora: "allDrives", ...aware }), ["bob's", "in team", "folder"])
    // What was given in person or opened is in it.
    yield* google.share(hidden, { role: "reader", emailAddress: me })
    yield* google.touch(me, file)
    assert.deepStrictEqual(yield* names(client, aware), ["bob's", "in other", "in team"])
    assert.deepStrictEqual(yield* names(client, {}), ["bob's"])
  })
)

it.effect("lists a folder that is named whatever body of items it belongs to", () =>
  Effect.gen(function* () {
    const { client, folder, team } = yield* prepared
    assert.deepStrictEqual(yield* names(client, { q: `'${folder}' in parents`, ...aware }), ["in team"])
    assert.deepStrictEqual(yield* names(client, { q: `'${team}' in parents`, ...aware }), ["folder"])
    assert.deepStrictEqual(yield* names(client, { q: `'${folder}' in parents` }), [])
  })
)

it.effect("hides items of shared drives, but not their bytes, from clients that do not say they know of them", () =>
  Effect.gen(function* () {
    const { client, file, hidden, team } = yield* prepared
    const refused = yield* refusal(() => client.files.get({ fileId: file }))
    assert.deepInclude(refused, { status: 404, reason: "notFound", message: `File not found: ${file}.` })
    yield* said(() => client.files.get({ fileId: file, supportsTeamDrives: true }))
    assert.strictEqual((yield* read(client, { fileId: file, supportsAllDrives: false })).bytes.toString(), "team")
    assert.strictEqual((yield* refusal(() => client.files.get({ fileId: hidden, ...aware }))).status, 404)
    const top = yield* said(() =>
      client.files.get({ fileId: team, supportsAllDrives: true, fields: "id,name,driveId" })
    )
    assert.deepStrictEqual(top, { id: team, name: "Drive", driveId: team })
  })
)

it.effect("says of items in shared drives what it says, and not what it says of My Drive", () =>
  Effect.gen(function* () {
    const { client, file, folder, team } = yield* prepared
    const got = yield* said(() => client.files.get({ fileId: file, supportsAllDrives: true, fields: "*" }))
    assert.deepInclude(got, { driveId: team, teamDriveId: team, parents: [folder], hasAugmentedPermissions: false })
    for (const field of ["owners", "ownedByMe", "shared", "permissions", "writersCanShare"]) {
      assert.notProperty(got, field)
    }
    assert.isTrue(got.capabilities?.canReadDrive)
  })
)

it.effect("lists the drives somebody is a member of, over pages and by name", () =>
  Effect.gen(function* () {
    const { client, google, me, other, team } = yield* prepared
    const ids = yield* Effect.forEach(["Third", "Fourth thing"], (name) =>
      google.createDrive(name, { members: { [me]: "reader" } })
    )
    const first = yield* said(() => client.drives.list({ pageSize: 2 }))
    assert.deepStrictEqual(first.drives, [
      { kind: "drive#drive", id: team, name: "Team" },
      { kind: "drive#drive", id: ids[0] ?? "", name: "Third" }
    ])
    const rest = yield* said(() => client.drives.list({ pageSize: 2, pageToken: first.nextPageToken ?? "" }))
    assert.deepStrictEqual(
      rest.drives?.map(({ name }) => name),
      ["Fourth thing"]
    )
    assert.isUndefined(rest.nextPageToken)
    const found = yield* said(() => client.drives.list({ q: "name contains 'thing'", fields: "drives/id" }))
    assert.deepStrictEqual(found, { drives: [{ id: ids[1] ?? "" }] })
    assert.strictEqual((yield* refusal(() => client.drives.list({ q: "trashed = false" }))).location, "q")
    const drive = yield* said(() => client.drives.get({ driveId: team, fields: "name,capabilities/canManageMembers" }))
    assert.deepStrictEqual(drive, { name: "Team", capabilities: { canManageMembers: false } })
    assert.deepInclude(yield* refusal(() => client.drives.get({ driveId: other })), {
      status: 404,
      location: "driveId"
    })
  })
)

it.effect("forgets a drive whose member one no longer is, and one that was deleted", () =>
  Effect.gen(function* () {
    const { client, file, google, me, team } = yield* prepared
    yield* google.removeMember(team, me)
    assert.strictEqual((yield* refusal(() => client.files.get({ fileId: file, ...aware }))).status, 404)
    yield* google.addMember(team, me, "reader")
    yield* said(() => client.files.get({ fileId: file, ...aware }))
    yield* google.removeDrive(team)
    assert.deepStrictEqual((yield* said(() => client.drives.list())).drives, [])
    assert.strictEqual((yield* refusal(() => client.files.get({ fileId: file, ...aware }))).status, 404)
  })
)

it.effect("keeps the rules of shared drives", () =>
  Effect.gen(function* () {
    const { file, folder, google, other, team } = yield* prepared
    const message = (edit: Effect.Effect<unknown, DriveStandIn.StandInError>) =>
      Effect.map(Effect.flip(edit), (error) => error.message)
    assert.include(yield* message(google.setParents(file, [folder, team])), "exactly one parent")
    assert.include(yield* message(google.move(team, { add: [other] })), "top folder")
    assert.include(yield* message(google.move(folder, { add: [folder], remove: [team] })), "into itself")
    assert.include(yield* message(google.createFile({ name: "x", parents: [file] })), "is no folder")
    assert.include(yield* message(google.setParents(file, [])), "exactly one parent")
  })
)

it.effect("takes what is in a folder along when the folder moves to another drive, or out of all of them", () =>
  Effect.gen(function* () {
    const { file, folder, google, other, team } = yield* prepared
    const itemOf = (id: string) => Effect.map(google.items(), (items) => items.find((item) => item.id === id))
    yield* google.move(folder, { add: [other], remove: [team] })
    assert.strictEqual((yield* itemOf(file))?.driveId, other)
    const bobs = yield* google.createFolder("bob's", { owner: "bob@example.com" })
    yield* google.move(folder, { add: [bobs], remove: [other] })
    assert.deepInclude(yield* itemOf(file), { driveId: undefined, owner: "bob@example.com" })
    // A file that is elsewhere as well is in one place afterwards.
    yield* google.setParents(file, [folder, bobs])
    yield* google.move(folder, { add: [team], remove: [bobs] })
    assert.deepInclude(yield* itemOf(file), { driveId: team, parents: [folder] })
  })
)
