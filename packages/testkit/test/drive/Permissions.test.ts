import { DriveStandIn } from "@sluice/testkit/drive"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { clientOf, refusal, said } from "./client.ts"

const prepared = Effect.gen(function* () {
  const google = yield* DriveStandIn.make({
    delegation: true,
    groups: { "team@example.com": ["cy@example.com"] }
  })
  const folder = yield* google.createFolder("Folder")
  const fileId = yield* google.createFile({ name: "a", parents: [folder] })
  return { google, folder, fileId, ada: clientOf(google, { person: true }) }
})

const as = (google: DriveStandIn.DriveStandIn, name: string) => clientOf(google, { subject: `${name}@example.com` })

it.effect("hands permissions on folders down to what is in them", () =>
  Effect.gen(function* () {
    const { fileId, folder, google } = yield* prepared
    const bob = as(google, "bob")
    assert.strictEqual((yield* refusal(() => bob.files.get({ fileId }))).status, 404)
    yield* google.share(folder, { role: "writer", emailAddress: "bob@example.com" })
    const seen = yield* said(() => bob.files.get({ fileId, fields: "capabilities(canEdit,canDelete)" }))
    assert.deepStrictEqual(seen.capabilities, { canEdit: true, canDelete: false })
    yield* google.unshare(folder, "bob@example.com")
    assert.strictEqual((yield* refusal(() => bob.files.get({ fileId }))).status, 404)
  })
)

it.effect("lets in members of groups, the domain and anyone", () =>
  Effect.gen(function* () {
    const { fileId, google } = yield* prepared
    const sees = (client: ReturnType<typeof clientOf>) =>
      Effect.promise(() =>
        client.files.get({ fileId }).then(
          () => true,
          () => false
        )
      )
    const everybody = Effect.forEach(["bob", "cy"], (name) => sees(as(google, name)))
    const group = yield* google.share(fileId, { role: "reader", type: "group", emailAddress: "team@example.com" })
    assert.deepStrictEqual(yield* everybody, [false, true])
    yield* google.unshare(fileId, group)
    const domain = yield* google.share(fileId, { role: "reader", type: "domain" })
    assert.deepStrictEqual(yield* everybody, [true, true])
    assert.isFalse(yield* sees(clientOf(google)))
    yield* google.unshare(fileId, domain)
    yield* google.share(fileId, { role: "reader", type: "anyone" })
    assert.isTrue(yield* sees(clientOf(google)))
  })
)

it.effect("tells who may see a file to those who may share it", () =>
  Effect.gen(function* () {
    const { ada, fileId, folder, google } = yield* prepared
    yield* google.share(folder, { role: "reader", emailAddress: "bob@example.com" })
    yield* google.share(fileId, { role: "commenter", type: "domain" })
    const file = yield* said(() => ada.files.get({ fileId, fields: "permissions,permissionIds,shared" }))
    assert.deepStrictEqual(
      file.permissions?.map(({ displayName, domain, emailAddress, role, type }) => ({
        displayName,
        domain,
        emailAddress,
        role,
        type
      })),
      [
        { displayName: "Ada", domain: undefined, emailAddress: "ada@example.com", role: "owner", type: "user" },
        {
          displayName: "example.com",
          domain: "example.com",
          emailAddress: undefined,
          role: "commenter",
          type: "domain"
        },
        { displayName: "Bob", domain: undefined, emailAddress: "bob@example.com", role: "reader", type: "user" }
      ]
    )
    assert.deepStrictEqual(
      file.permissionIds,
      file.permissions?.map(({ id }) => id ?? "")
    )
    assert.isTrue(file.shared)
    const listed = yield* said(() => ada.permissions.list({ fileId, fields: "*" }))
    assert.deepStrictEqual(listed.permissions, file.permissions)
    const bob = as(google, "bob")
    const seen = yield* said(() => bob.files.get({ fileId, fields: "permissions,permissionIds,shared" }))
    assert.deepStrictEqual(seen as unknown, { shared: true })
    const refused = yield* refusal(() => bob.permissions.list({ fileId }))
    assert.deepInclude(refused, { status: 403, reason: "insufficientFilePermissions" })
  })
)

it.effect("answers one permission by its id, the same id for the same grantee everywhere", () =>
  Effect.gen(function* () {
    const { ada, fileId, folder, google } = yield* prepared
    const permissionId = yield* google.share(fileId, { role: "writer", emailAddress: "bob@example.com" })
    assert.strictEqual(yield* google.share(folder, { role: "reader", emailAddress: "bob@example.com" }), permissionId)
    const permission = yield* said(() => ada.permissions.get({ fileId, permissionId }))
    // The stronger of the two.
    assert.deepStrictEqual(permission, { kind: "drive#permission", id: permissionId, type: "user", role: "writer" })
    const refused = yield* refusal(() => ada.permissions.get({ fileId: folder, permissionId: "123" }))
    assert.deepInclude(refused, { status: 404, location: "permissionId" })
  })
)

it.effect("lists who may see an item of a shared drive, over pages, and where each permission comes from", () =>
  Effect.gen(function* () {
    const { ada, google } = yield* prepared
    const drive = yield* google.createDrive("Team", {
      members: { "ada@example.com": "organizer", "bob@example.com": "reader" }
    })
    const folder = yield* google.createFolder("f", { parents: [drive] })
    const fileId = yield* google.createFile({ name: "a", parents: [folder] })
    yield* google.share(folder, { role: "commenter", emailAddress: "bob@example.com" })
    yield* google.share(fileId, { role: "writer", emailAddress: "guest@elsewhere.net" })
    const params = { fileId, supportsAllDrives: true, fields: "*" }
    const { permissions } = yield* said(() => ada.permissions.list(params))
    const member = (role: string) => ({ permissionType: "member", role, inherited: true, inheritedFrom: drive })
    assert.deepStrictEqual(
      permissions?.map(({ emailAddress, permissionDetails, role }) => ({ emailAddress, permissionDetails, role })),
      [
        {
          emailAddress: "guest@elsewhere.net",
          role: "writer",
          permissionDetails: [{ permissionType: "file", role: "writer", inherited: false }]
        },
        {
          emailAddress: "bob@example.com",
          role: "commenter",
          permissionDetails: [
            { permissionType: "file", role: "commenter", inherited: true, inheritedFrom: folder },
            member("reader")
          ]
        },
        { emailAddress: "ada@example.com", role: "organizer", permissionDetails: [member("organizer")] }
      ]
    )
    const first = yield* said(() => ada.permissions.list({ ...params, pageSize: 2 }))
    const rest = yield* said(() => ada.permissions.list({ ...params, pageToken: first.nextPageToken ?? "" }))
    assert.deepStrictEqual([...(first.permissions ?? []), ...(rest.permissions ?? [])], permissions)
    assert.strictEqual((yield* refusal(() => ada.permissions.list({ fileId }))).status, 404)
    const bob = as(google, "bob")
    assert.lengthOf((yield* said(() => bob.permissions.list(params))).permissions ?? [], 3)
  })
)
