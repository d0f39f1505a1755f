/**
 * The official client as its users write it, with nothing changed for tests: prints the files of a shared drive, with the
 * content of those that are named `*.txt`, as JSON.
 *
 * Usage: node plainClient.ts KEY_FILE DRIVE_ID
 */
import { drive } from "@googleapis/drive"
import { GoogleAuth } from "google-auth-library"

const [keyFile = "", driveId = ""] = process.argv.slice(2)
const auth = new GoogleAuth({ keyFile, scopes: ["https://www.googleapis.com/auth/drive.readonly"] })
const google = drive({ version: "v3", auth })

const found: Array<{ readonly name: string; readonly content: string | undefined }> = []
let pageToken: string | undefined
do {
  const { data } = await google.files.list({
    corpora: "drive",
    driveId,
    includeItemsFromAllDrives: true,
    supportsAllDrives: true,
    pageSize: 2,
    ...(pageToken === undefined ? {} : { pageToken })
  })
  for (const { id, name } of data.files ?? []) {
    const wanted = name?.endsWith(".txt") === true
    const params = { fileId: id ?? "", alt: "media", supportsAllDrives: true }
    const content = wanted ? await google.files.get(params, { responseType: "text" }) : undefined
    found.push({ name: name ?? "", content: content === undefined ? undefined : String(content.data) })
  }
  pageToken = data.nextPageToken ?? undefined
} while (pageToken !== undefined)
process.stdout.write(JSON.stringify(found))
