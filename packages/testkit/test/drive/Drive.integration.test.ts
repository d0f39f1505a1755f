/**
 * The stand-in, taken for Google by clients that know no other address: rclone, and the official client as it is. rclone is
 * installed by `scripts/integration-tools.sh`, and openssl makes the certificates.
 */
import { DriveStandIn, Fault } from "@sluice/testkit/drive"
import { assert, it } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import { execFile } from "node:child_process"
import { readdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { googleProxy, temporaryFolder } from "./googleProxy.ts"

const run = promisify(execFile)

const installed = (command: string) =>
  run(command, ["version"]).then(
    () => true,
    () => false
  )

const opensslIsHere = await installed("openssl")
const rcloneIsHere = opensslIsHere && (await installed("rclone"))
if (!rcloneIsHere) process.stderr.write("Drive.integration: skipped in part, for want of rclone or openssl\n")

/** A stand-in that answers under Google's names, and the environment of a program that believes it. */
const prepared = Effect.gen(function* () {
  const google = yield* DriveStandIn.make()
  const proxy = yield* googleProxy(google)
  const keyFile = join(yield* temporaryFolder, "key.json")
  yield* Effect.promise(() => writeFile(keyFile, Redacted.value(google.serviceAccount.keyJson)))
  // rclone refuses to start with a bundle of certificates that is meant for others.
  const { AWS_CA_BUNDLE: _, NO_PROXY: __, no_proxy: ___, ...rest } = process.env
  const env = { ...rest, HTTPS_PROXY: proxy.url, NODE_EXTRA_CA_CERTS: proxy.authority }
  const rclone = (...options: ReadonlyArray<string>) =>
    Effect.promise(async () => {
      const account = ["--drive-service-account-file", keyFile, "--drive-scope", "drive.readonly"]
      const general = ["--config", "/dev/null", "--ca-cert", proxy.authority, "--retries", "1"]
      const { stdout } = await run("rclone", [...options, ...account, ...general], { env, maxBuffer: 2 ** 28 })
      return stdout
    })
  return { google, keyFile, env, rclone }
})

const Entries = Schema.decodeUnknownSync(
  Schema.fromJsonString(
    Schema.Array(
      Schema.Struct({
        Path: Schema.String,
        ID: Schema.String,
        Size: Schema.Finite,
        IsDir: Schema.Boolean,
        Hashes: Schema.optionalKey(Schema.Struct({ md5: Schema.optionalKey(Schema.String) }))
      })
    )
  )
)

const extensions: Readonly<Record<string, string>> = {
  "application/vnd.google-apps.document": ".docx",
  "application/vnd.google-apps.spreadsheet": ".xlsx",
  "application/vnd.google-apps.presentation": ".pptx",
  "application/vnd.google-apps.drawing": ".svg"
}

/** As rclone writes a name: what no path may have, in characters that look the same. */
const written = ({ mimeType, name }: DriveStandIn.ItemView): string => {
  const spelled = name
    .replaceAll("/", "／")
    .replaceAll("\n", "␊")
    .replace(/^\.{1,2}$/, (dots) => "．".repeat(dots.length))
  return spelled + (extensions[mimeType] ?? "")
}

/** Files, folders, and the documents that rclone has a format for if it is told of none. */
const isListed = ({ kind, mimeType, trashed }: DriveStandIn.ItemView): boolean =>
  !trashed && (kind === "file" || kind === "folder" || mimeType in extensions)

/** What rclone must list below a folder. */
const expected = (items: ReadonlyArray<DriveStandIn.ItemView>, top: string) => {
  const byId = new Map(items.map((item) => [item.id, item]))
  const pathsOf = (item: DriveStandIn.ItemView): ReadonlyArray<string> =>
    item.parents.flatMap((parent) => {
      if (parent === top) return [written(item)]
      const folder = byId.get(parent)
      return folder === undefined ? [] : pathsOf(folder).map((path) => `${path}/${written(item)}`)
    })
  return items
    .filter(isListed)
    .flatMap((item) =>
      pathsOf(item).map((path) => ({
        path,
        id: item.id,
        size: item.size ?? -1,
        md5: item.md5
      }))
    )
    .toSorted(byPath)
}

const byPath = (a: { readonly path: string; readonly id: string }, b: { readonly path: string; readonly id: string }) =>
  a.path < b.path ? -1 : a.path > b.path ? 1 : a.id < b.id ? -1 : 1

const listing = (json: string) =>
  Entries(json)
    .map(({ Hashes, ID, Path, Size }) => ({ path: Path, id: ID, size: Size, md5: Hashes?.md5 }))
    .toSorted(byPath)

it.effect.skipIf(!rcloneIsHere)("rclone lists a shared drive as it is, folder by folder and at once", () =>
  Effect.gen(function* () {
    const { google, rclone } = yield* prepared
    const drive = yield* google.createDrive("Team", { members: { [google.serviceAccount.clientEmail]: "reader" } })
    yield* google.seed({ files: 400, folders: 60, parent: drive, special: true })
    const items = (yield* google.items()).filter(({ driveId }) => driveId === drive)
    const options = ["--drive-team-drive", drive, "--drive-skip-shortcuts"]
    for (const fast of [[], ["--fast-list"]]) {
      const json = yield* rclone("lsjson", "-R", "--hash", ":drive:", ...options, ...fast)
      assert.deepStrictEqual(listing(json), expected(items, drive))
      const lines = yield* rclone("lsf", "-R", "--files-only", "--format", "i", ":drive:", ...options, ...fast)
      const files = items.filter((item) => isListed(item) && item.kind !== "folder")
      assert.sameMembers(
        lines.trimEnd().split("\n"),
        files.map(({ id }) => id)
      )
    }
    const asked = yield* google.requests
    assert.isFalse(asked.some(({ operation, status }) => operation === undefined || status >= 400))
    assert.deepStrictEqual(yield* google.violations, [])
  })
)

it.effect.skipIf(!rcloneIsHere)(
  "rclone lists a folder of My Drive that was shared, files in several folders included",
  () =>
    Effect.gen(function* () {
      const { google, rclone } = yield* prepared
      const folder = yield* google.createFolder("Shared")
      yield* google.share(folder, { role: "reader", emailAddress: google.serviceAccount.clientEmail })
      yield* google.seed({ files: 100, folders: 20, parent: folder, special: true })
      const options = ["--drive-root-folder-id", folder, "--drive-skip-shortcuts"]
      for (const fast of [[], ["--fast-list"]]) {
        const json = yield* rclone("lsjson", "-R", "--hash", ":drive:", ...options, ...fast)
        assert.deepStrictEqual(listing(json), expected(yield* google.items(), folder))
      }
      assert.deepStrictEqual(yield* google.violations, [])
    })
)

it.effect.skipIf(!rcloneIsHere)("rclone finds everything although queries for several folders find nothing", () =>
  Effect.gen(function* () {
    const { google, rclone } = yield* prepared
    const drive = yield* google.createDrive("Team", { members: { [google.serviceAccount.clientEmail]: "reader" } })
    yield* google.seed({ files: 100, folders: 30, parent: drive })
    yield* google.faults.set([Fault.emptyGroups()])
    const json = yield* rclone("lsjson", "-R", "--hash", "--fast-list", ":drive:", "--drive-team-drive", drive)
    assert.deepStrictEqual(listing(json), expected(yield* google.items(), drive))
    assert.isAbove((yield* google.faults.struck)["EmptyGroups"] ?? 0, 0)
  })
)

it.effect.skipIf(!rcloneIsHere)("rclone follows shortcuts to files and folders", () =>
  Effect.gen(function* () {
    const { google, rclone } = yield* prepared
    const me = google.serviceAccount.clientEmail
    const drive = yield* google.createDrive("Team", { members: { [me]: "reader" } })
    const [here = "", there = ""] = yield* Effect.forEach(["here", "there"], (name) =>
      google.createFolder(name, { parents: [drive] })
    )
    const file = yield* google.createFile({ name: "a.txt", parents: [there], content: "a" })
    yield* google.createShortcut(file, { name: "to a file.txt", parent: here })
    yield* google.createShortcut(there, { name: "to a folder", parent: here })
    yield* google.createShortcut("1NobodysIdThatNeverWasAnybodysIdNow", { name: "to nothing", parent: here })
    const options = ["--drive-team-drive", drive, "--drive-skip-dangling-shortcuts"]
    for (const fast of [[], ["--fast-list"]]) {
      const lines = yield* rclone("lsf", "-R", ":drive:here", ...options, ...fast)
      assert.sameMembers(lines.trimEnd().split("\n"), ["to a file.txt", "to a folder/", "to a folder/a.txt"])
    }
    assert.strictEqual(yield* rclone("cat", ":drive:here/to a file.txt", ...options), "a")
  })
)

it.effect.skipIf(!rcloneIsHere)("rclone copies files and exports documents, byte for byte", () =>
  Effect.gen(function* () {
    const { google, rclone } = yield* prepared
    const drive = yield* google.createDrive("Team", { members: { [google.serviceAccount.clientEmail]: "reader" } })
    yield* google.seed({ files: 60, folders: 5, parent: drive, maxSize: 200_000 })
    yield* google.createFile({
      name: "letter",
      parents: [drive],
      mimeType: "application/vnd.google-apps.document",
      content: "as an export gives it"
    })
    const folder = yield* temporaryFolder
    yield* rclone("copy", ":drive:", folder, "--drive-team-drive", drive)
    const items = (yield* google.items()).filter(({ driveId, kind }) => driveId === drive && kind !== "folder")
    const entries = yield* Effect.promise(() => readdir(folder, { recursive: true, withFileTypes: true }))
    const files = entries.filter((entry) => entry.isFile())
    assert.lengthOf(files, items.length)
    const bytes = new Map(items.map((item) => [written(item), Buffer.from(item.bytes())]))
    for (const { name, parentPath } of files) {
      const copied = yield* Effect.promise(() => readFile(join(parentPath, name)))
      assert.isTrue(bytes.get(name)?.equals(copied), name)
    }
  })
)

it.effect.skipIf(!opensslIsHere)("the official client takes it for Google, with nothing changed", () =>
  Effect.gen(function* () {
    const { env, google, keyFile } = yield* prepared
    const drive = yield* google.createDrive("Team", { members: { [google.serviceAccount.clientEmail]: "reader" } })
    const folder = yield* google.createFolder("folder", { parents: [drive] })
    for (const name of ["1.txt", "2.txt", "3.bin"]) {
      yield* google.createFile({ name, parents: [folder], content: `content of ${name}` })
    }
    const program = fileURLToPath(new URL("plainClient.ts", import.meta.url))
    const { stdout } = yield* Effect.promise(() => run(process.execPath, [program, keyFile, drive], { env }))
    assert.deepStrictEqual(JSON.parse(stdout), [
      { name: "3.bin" },
      { name: "2.txt", content: "content of 2.txt" },
      { name: "1.txt", content: "content of 1.txt" },
      { name: "folder" }
    ])
    assert.strictEqual((yield* google.requestsByOperation).token, 1)
  })
)
