/**
 * A folder in a Google Drive of our own, shared with a service account, and the program that moves it into Mixpeek: twice in
 * one process, with edits in between, since the ledger of the first run is what makes the second one short.
 */
import { Ledger } from "@sluice/core"
import { DriveStandIn } from "@sluice/testkit/drive"
import type { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import * as SampleFiles from "@sluice/testkit/sample-files"
import { ConfigProvider, Console, Effect, Layer, Logger, Predicate, Redacted } from "effect"
import { Command } from "effect/cli"
import { command } from "../drive-to-mixpeek.ts"
import * as Mixpeek from "./mixpeek.ts"

const count = 1200

const native = (kind: string) => `application/vnd.google-apps.${kind}`

/** Files in the folders that their keys name, and what else people keep in a folder. */
const fill = Effect.fnUntraced(function* (drive: DriveStandIn.DriveStandIn) {
  const top = yield* drive.createFolder("Sluice")
  // Only who may edit a folder is told who may read what is in it.
  yield* drive.share(top, { emailAddress: drive.serviceAccount.clientEmail, role: "writer" })
  yield* drive.share(top, { emailAddress: "bob@example.com", role: "reader" })
  const folders = new Map([["", top]])
  const folderAt: (names: ReadonlyArray<string>) => Effect.Effect<string, DriveStandIn.StandInError> =
    Effect.fnUntraced(function* (names) {
      const path = names.join("/")
      const known = folders.get(path)
      if (known !== undefined) return known
      const id = yield* drive.createFolder(names.at(-1) ?? "", { parents: [yield* folderAt(names.slice(0, -1))] })
      folders.set(path, id)
      return id
    })
  const ids: Array<string> = []
  const files = SampleFiles.list(count)
  for (const { bytes, key, mimeType } of files) {
    const names = key.split("/").filter((name) => name !== "")
    const parents = [yield* folderAt(names.slice(0, -1))]
    ids.push(yield* drive.createFile({ name: names.at(-1) ?? "", mimeType, parents, content: bytes() }))
  }
  const [report = "", photo = "", call = ""] = ids
  const [pdf] = files
  const create = (name: string, mimeType: string, content: DriveStandIn.Content = "") =>
    drive.createFile({ name, mimeType, parents: [top], content })
  yield* create("Minutes", native("document"), pdf?.bytes())
  yield* create("Pitch", native("presentation"), pdf?.bytes())
  yield* create("Budget", native("spreadsheet"), "what Google makes of the table")
  yield* create("Poll", native("form"))
  yield* create("notice.txt", "text/plain", "Two files of one name")
  yield* create("notice.txt", "text/plain", "are two files.")
  yield* drive.createShortcut(report, { name: "The first report.pdf", parent: top })
  yield* drive.trash(yield* create("old notice.txt", "text/plain", "In the trash."))
  return { top, photo, call }
})

const pathOf = ({ fields: { metadata } }: MixpeekStandIn.StoredObject): string => {
  const source = Predicate.isObject(metadata) ? metadata["source"] : undefined
  return Predicate.isObject(source) && "path" in source ? String(source["path"]) : ""
}

/** The folder, and how the program reaches it. */
const environment = (drive: DriveStandIn.DriveStandIn, folder: string): Record<string, string> => ({
  GDRIVE_ENDPOINT: drive.url,
  GDRIVE_TOKEN_ENDPOINT: drive.tokenUrl,
  GDRIVE_SERVICE_ACCOUNT_JSON: Redacted.value(drive.serviceAccount.keyJson),
  GDRIVE_FOLDERS: folder,
  // A server of our own need not be spared.
  GDRIVE_QUERIES_PER_MINUTE: "100000",
  GDRIVE_BURST: "2000"
})

const requests = (drive: DriveStandIn.DriveStandIn) =>
  Effect.map(drive.requestsByOperation, (counts) => ({
    made: Object.values(counts).reduce((sum, count) => sum + count, 0),
    of: (operation: DriveStandIn.Operation) => counts[operation] ?? 0
  }))

export const start = (args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const isQuiet = args.includes("--json")
    const say = (text: string) => (isQuiet ? Effect.void : Console.log(text))
    const drive = yield* DriveStandIn.make()
    const { call, photo, top } = yield* fill(drive)
    const mixpeek = yield* Mixpeek.mixpeekStandIn({ upserts: true })
    yield* say(
      `A folder with ${count} files and a few things more is in Google Drive at ${drive.url}; Mixpeek answers at ${mixpeek.url}\n`
    )
    // Nothing of the real environment: it may have credentials of somebody.
    const env = { ...environment(drive, top), ...Mixpeek.environment(mixpeek) }
    const ledger = yield* Layer.build(Ledger.layerMemory)
    const run = Command.runWith(command, { version: "0.1.0" })(["--access", "access", ...args]).pipe(
      Effect.provide(ledger),
      Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))),
      // Standard output is for the report alone.
      Effect.provideService(Logger.LogToStderr, true)
    )
    yield* run
    if (isQuiet) return
    const objects = yield* mixpeek.objects(Mixpeek.target)
    yield* say(`\nMixpeek holds ${objects.length} objects. A document and a shortcut of them:\n`)
    for (const path of ["Minutes.pdf", "The first report.pdf"]) {
      const object = objects.find((object) => pathOf(object) === path)
      if (object !== undefined) yield* say(Mixpeek.shown(object))
    }

    const first = yield* requests(drive)
    yield* drive.forgetRequests
    yield* drive.rename(photo, "a photo.png")
    yield* drive.trash(call)
    yield* drive.createFile({ name: "new.txt", parents: [top], content: "New." })
    yield* say("\nIn Drive a file is renamed, one is put into the trash, and one is new. The same run again:\n")
    yield* run
    const second = yield* requests(drive)
    yield* say(
      `\nThe first run listed the folder and read every file: ${first.made} requests to Drive. The second one asked for the` +
        ` changes since (changes.list: ${second.of("changes.list")}), and read the files that it had to send anew: ` +
        `${second.made} requests, with the look around before each run. Mixpeek holds ${yield* mixpeek.count(Mixpeek.target)} objects.`
    )
  })
