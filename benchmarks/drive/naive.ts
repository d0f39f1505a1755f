/** One folder at a time, as most people would walk a tree. */
import { Drive } from "@sluice/source-gdrive"
import { Effect } from "effect"
import { contender } from "../Contender.ts"
import { drive } from "./listing.ts"

const folderType = "application/vnd.google-apps.folder"

contender(({ addresses, size }) =>
  Effect.gen(function* () {
    const { listFiles } = yield* Drive
    const open = [addresses.drive.folder]
    let units = 0
    for (let folder = open.shift(); folder !== undefined && units < size; folder = open.shift()) {
      for (let pageToken: string | undefined = ""; pageToken !== undefined;) {
        const page: Effect.Success<ReturnType<typeof listFiles>> = yield* listFiles({
          q: `'${folder}' in parents and trashed = false`,
          pageSize: 1000,
          fields: "nextPageToken,files(id,name,mimeType,parents,size,md5Checksum,modifiedTime)",
          ...(pageToken === "" ? {} : { pageToken })
        })
        for (const { id, mimeType } of page.files) {
          if (mimeType === folderType) open.push(id)
          else units++
        }
        pageToken = page.nextPageToken
      }
    }
    return { units }
  }).pipe(Effect.provide(drive(addresses)), Effect.runPromise)
)
