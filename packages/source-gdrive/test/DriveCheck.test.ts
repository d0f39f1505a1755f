import { assert, describe, it } from "@effect/vitest"
import { Check } from "@sluice/core"
import { type DriveStandIn, Fault } from "@sluice/testkit/drive"
import { Effect, type Layer } from "effect"
import { Drive, type DriveOptions, DriveSource } from "../src/index.ts"
import { reach } from "./bench.ts"
import { asked, google } from "./reading.ts"
import { open } from "./sweeping.ts"

/** What is found, a line each. */
const check = <E>(options: DriveSource.Options, live: Layer.Layer<Drive, E>) =>
  Effect.map(DriveSource.make(options).check.pipe(Effect.provide(live)), (findings) => findings.map(Check.format))

const scope = "https://www.googleapis.com/auth/drive.readonly"
const account = "this account (a service account's address is `client_email` of its key)"
const scopeMissing = `the access token does not cover this request. it needs the scope ${scope} (\`scopes\`); for domain-wide delegation grant it in the Admin console, for a refresh token have the user consent to it, for gcloud run \`gcloud auth application-default login --scopes=${scope},https://www.googleapis.com/auth/cloud-platform\``

/** A stand-in with a folder of the user's, and what is in it. */
const planted = Effect.fnUntraced(function* (
  plant: (drive: DriveStandIn.DriveStandIn, folder: string) => Effect.Effect<unknown, DriveStandIn.StandInError> = (
    drive,
    folder
  ) => drive.createFile({ name: "a.txt", parents: [folder], content: "a" })
) {
  const { drive, live } = yield* open()
  const folder = yield* drive.createFolder("folder")
  yield* plant(drive, folder)
  /** The plain service account. */
  const asService = (options: DriveOptions.Options = {}) => Drive.layer(reach(drive, options))
  return { drive, live, folder, asService }
})

const ada = "ok      credentials: signed in as ada@example.com"
const service = "ok      credentials: signed in as sluice@stand-in.iam.gserviceaccount.com"
const read = "ok      read: a file was read"
const listable = (name: string) => `ok      from: gdrive:${name} can be listed, and its changes followed`
const empty = (name: string, who: string) =>
  `warning from: gdrive:${name} can be listed, and nothing is there. Check \`from\`, and what is shared with ${who}`
const unknown = (what: string) =>
  `error   from: ${what} does not exist or is not shared. check its identifier, and share it with ${account}`
const notRead = (why: string) => `warning read: the file that was tried could not be read: ${why}. Other files may be`

type Plant = (
  drive: DriveStandIn.DriveStandIn,
  parents: readonly [string]
) => Effect.Effect<unknown, DriveStandIn.StandInError>

const formAndFile: Plant = Effect.fnUntraced(function* (drive, parents) {
  yield* drive.createFile({ name: "a", mimeType: google("form"), parents })
  yield* drive.createFile({ name: "b.txt", parents, content: "b" })
})

/** A file so many folders down. */
const deep = Effect.fnUntraced(function* (
  drive: DriveStandIn.DriveStandIn,
  parents: readonly [string],
  folders: number
) {
  let [parent] = parents
  for (let i = 0; i < folders; i++) parent = yield* drive.createFolder(`d${i}`, { parents: [parent] })
  yield* drive.createFile({ name: "a.txt", parents: [parent], content: "a" })
})

describe("DriveCheck", () => {
  it.live("finds that all is well, wherever files are", () =>
    Effect.gen(function* () {
      const { drive, folder, live } = yield* planted()
      const [, bob = ""] = drive.accounts
      const films = yield* drive.createDrive("Films", { members: { [drive.oauth.account]: "reader" } })
      yield* drive.createFile({ name: "reel.mov", parents: [films], content: "reel" })
      const shared = yield* drive.createFile({ name: "shared.txt", owner: bob, content: "shared" })
      yield* drive.share(shared, { role: "reader", emailAddress: drive.oauth.account })
      const found = (from: DriveSource.From) => check({ from }, live)
      assert.deepStrictEqual(yield* found({ folders: [folder] }), [ada, listable(folder), read])
      assert.deepStrictEqual(yield* found({ folders: [folder, films] }), [ada, listable(`${folder}+1`), read])
      assert.deepStrictEqual(yield* found({ sharedDrive: films }), [ada, listable(films), read])
      assert.deepStrictEqual(yield* found({ files: [shared] }), [ada, listable(shared), read])
      for (const from of ["my-drive", "shared-with-me", "everything"] as const) {
        assert.deepStrictEqual(yield* found(from), [ada, listable(from), read])
      }
      assert.deepStrictEqual(yield* drive.violations, [])
    })
  )

  it.live.each([
    ["nothing", () => Effect.void, "nothing"],
    ["an empty folder", (drive, parents) => drive.createFolder("a", { parents }), "not read"],
    ["a shortcut", (drive, [parent = ""]) => drive.createShortcut("nobody", { parent }), "not read"],
    ["a form", (drive, parents) => drive.createFile({ name: "a", mimeType: google("form"), parents }), "not read"],
    ["a document", (drive, parents) => drive.createFile({ name: "a", mimeType: google("document"), parents }), "read"],
    ["an empty file", (drive, parents) => drive.createFile({ name: "a.txt", parents }), "read"],
    ["a form and a file", formAndFile, "read"],
    ["a file some folders down", (drive, parents) => deep(drive, parents, 3), "read"],
    ["a file many folders down", (drive, parents) => deep(drive, parents, 4), "not read"]
  ] as ReadonlyArray<readonly [string, Plant, "nothing" | "read" | "not read"]>)(
    "looks for a file that can be read where there is %s",
    ([, plant, expected]) =>
      Effect.gen(function* () {
        const { folder, live } = yield* planted((drive, folder) => plant(drive, [folder]))
        const found = yield* check({ from: { folders: [folder] } }, live)
        const lines = {
          nothing: [empty(folder, "ada@example.com")],
          read: [listable(folder), read],
          "not read": [listable(folder)]
        }
        assert.deepStrictEqual(found, [ada, ...lines[expected]])
      })
  )

  it.live("warns where the file that was tried cannot be read, since others may be", () =>
    Effect.gen(function* () {
      const { asService, drive, folder, live } = yield* planted((drive, folder) =>
        drive.createFile({ name: "a.exe", parents: [folder], content: "a", abusive: true, undownloadable: true })
      )
      const id = (yield* drive.items()).at(-1)?.id
      const abusive = `Google holds file ${id} to be malware or spam: acknowledge it to read it nevertheless (\`acknowledgeAbuse\`)`
      const from = { folders: [folder] }
      assert.deepStrictEqual(yield* check({ from }, live), [ada, listable(folder), notRead(abusive)])
      assert.deepStrictEqual(yield* check({ from, acknowledgeAbuse: true }, live), [ada, listable(folder), read])
      yield* drive.share(folder, { role: "reader", emailAddress: drive.serviceAccount.clientEmail })
      assert.deepStrictEqual(yield* check({ from, attributes: ["description"] }, asService()), [
        service,
        listable(folder),
        notRead(`file ${id} may be seen and not downloaded: its owner can allow that to viewers`)
      ])
    })
  )

  it.live("finds what a plain service account sees: what is shared with it", () =>
    Effect.gen(function* () {
      const { asService, drive, folder } = yield* planted()
      const { clientEmail } = drive.serviceAccount
      const found = (from: DriveSource.From) => check({ from }, asService())
      assert.deepStrictEqual(yield* found({ folders: [folder] }), [service, unknown(`the folder ${folder}`)])
      for (const from of ["my-drive", "shared-with-me", "everything"] as const) {
        assert.deepStrictEqual(yield* found(from), [service, empty(from, clientEmail)])
      }
      yield* drive.share(folder, { role: "reader", emailAddress: clientEmail })
      assert.deepStrictEqual(yield* found({ folders: [folder] }), [service, listable(folder), read])
      assert.deepStrictEqual(yield* found("my-drive"), [service, empty("my-drive", clientEmail)])
      assert.deepStrictEqual(yield* found("shared-with-me"), [service, listable("shared-with-me"), read])
      assert.deepStrictEqual(yield* found("everything"), [service, listable("everything"), read])
    })
  )

  it.live("finds folders, drives and files that are not there, or are not what they are taken for", () =>
    Effect.gen(function* () {
      const { drive, folder, live } = yield* planted()
      const films = yield* drive.createDrive("Films")
      const file = yield* drive.createFile({ name: "b.txt", content: "b" })
      const gone = yield* drive.createFolder("gone")
      yield* drive.trash(gone)
      const found = (from: DriveSource.From) => check({ from }, live)
      assert.deepStrictEqual(yield* found({ folders: ["nobody"] }), [ada, unknown("the folder nobody")])
      assert.deepStrictEqual(yield* found({ folders: [folder, "nobody"] }), [ada, unknown("the folder nobody")])
      assert.deepStrictEqual(yield* found({ folders: [films] }), [ada, unknown(`the folder ${films}`)])
      assert.deepStrictEqual(yield* found({ sharedDrive: films }), [ada, unknown(`the shared drive ${films}`)])
      assert.deepStrictEqual(yield* found({ sharedDrive: folder }), [ada, unknown(`the shared drive ${folder}`)])
      assert.deepStrictEqual(yield* found({ folders: [file] }), [
        ada,
        `error   from.folders: ${file} (b.txt) is a file. name the folder it is in, or take it with \`from: { files: [...] }\``
      ])
      assert.deepStrictEqual(yield* found({ folders: [gone] }), [
        ada,
        `error   from.folders: ${gone} (gone) is in the trash. restore it, or name another folder`
      ])
      assert.deepStrictEqual(yield* check({ from: { folders: [gone] }, includeTrashed: true }, live), [
        ada,
        empty(gone, "ada@example.com")
      ])
      assert.deepStrictEqual(yield* found({ files: ["nobody"] }), [ada, empty("nobody", "ada@example.com")])
    })
  )

  it.live("finds that permissions are asked for and not told", () =>
    Effect.gen(function* () {
      const { asService, drive, folder, live } = yield* planted()
      const permissions = { from: { folders: [folder] }, attributes: ["permissions"] } as const
      assert.deepStrictEqual(yield* check(permissions, live), [ada, listable(folder), read])
      yield* drive.share(folder, { role: "reader", emailAddress: drive.serviceAccount.clientEmail })
      const [who, list, attributes = "", ...others] = yield* check(permissions, asService())
      assert.deepStrictEqual([who, list, others], [service, listable(folder), [read]])
      assert.match(attributes, /^error {3}attributes: .*\. Grant the permission, or leave the attribute out$/)
    })
  )

  it.live.each([
    ["nothing is covered", "drive.file", [`error   credentials: ${scopeMissing}`]],
    ["reading is not covered", "drive.metadata.readonly", [service, "", `error   read: ${scopeMissing}`]],
    [
      "more than reading is covered",
      "drive",
      [
        `warning scopes: https://www.googleapis.com/auth/drive allows more than reading, and nothing here needs that. Ask for ${scope} instead`,
        service,
        "",
        read
      ]
    ]
  ] as const)("finds that by the scopes %s", ([, name, expected]) =>
    Effect.gen(function* () {
      const { asService, drive, folder } = yield* planted()
      yield* drive.share(folder, { role: "reader", emailAddress: drive.serviceAccount.clientEmail })
      const scopes = [`https://www.googleapis.com/auth/${name}`]
      assert.deepStrictEqual(
        yield* check({ from: { folders: [folder] } }, asService({ scopes })),
        expected.map((line) => (line === "" ? listable(folder) : line))
      )
    })
  )

  it.live.each([
    [
      "a refresh token that is revoked",
      Fault.refuseToken(),
      /^error {3}credentials: the refresh token has expired or was revoked \(invalid_grant\)\. sign in again/
    ],
    [
      "an access token that is refused",
      Fault.refuse("authError"),
      /^error {3}credentials: Google does not accept the access token, nor a new one\. check `credentials`/
    ],
    [
      "a project without the API",
      Fault.refuse("accessNotConfigured"),
      /^error {3}credentials: the Google Drive API is not enabled in the project of these credentials\. enable it at https:/
    ],
    [
      "an administrator who allows no apps",
      Fault.refuse("domainPolicy"),
      /^error {3}credentials: the domain's administrator has disabled Drive for apps\. have this one allowed/
    ],
    [
      "a quota that is used up",
      Fault.refuse("dailyLimitExceeded", { operations: ["files.list"] }),
      /^ok {6}credentials: signed in as ada@example\.com\nerror {3}from: the project's quota for the day is used up\. /
    ],
    [
      "a token that does not cover contents",
      Fault.refuse("insufficientPermissions", { operations: ["files.media"] }),
      /can be listed, and its changes followed\nerror {3}read: the access token does not cover this request\. it needs the scope/
    ]
  ] as const)("finds %s", ([, fault, said]) =>
    Effect.gen(function* () {
      const { drive, folder, live } = yield* planted()
      yield* drive.faults.set([fault])
      const found = yield* check({ from: { folders: [folder] } }, live)
      assert.match(found.join("\n"), said)
      assert.strictEqual(found.filter((line) => line.startsWith("error")).length, 1)
    })
  )

  it.live("finds all that is wrong with the options, and asks nobody", () =>
    Effect.gen(function* () {
      const { drive, live } = yield* planted()
      const found = yield* check({ from: { folders: [] }, ownedBy: ["ada"], concurrency: 0 }, live)
      assert.deepStrictEqual(found, [
        "error   from.folders: it is an empty list. Write the id (the last part of the address in the browser), or the whole address",
        'error   ownedBy: "ada" is no address. Write addresses, or "me"',
        "error   concurrency: 0 is not a whole number from 1 to 64. Leave it out for 8"
      ])
      assert.deepStrictEqual(yield* asked(drive), {})
    })
  )

  it.live("fails where it could not find out", () =>
    Effect.gen(function* () {
      const { drive, folder, live } = yield* planted()
      for (const operation of ["about.get", "files.list", "files.media"] as const) {
        yield* drive.faults.set([Fault.refuse("backendError", { operations: [operation] })])
        const error = yield* Effect.flip(check({ from: { folders: [folder] } }, live))
        assert.strictEqual(error.reason._tag, "Unavailable")
      }
    })
  )
})
