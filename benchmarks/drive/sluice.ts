/** A sweep of a folder in Google Drive. */
import { DriveSource } from "@sluice/source-gdrive"
import { Effect, Stream } from "effect"
import { contender } from "../Contender.ts"
import { counted, drive } from "./listing.ts"

contender(({ addresses }) => {
  const source = DriveSource.make({ from: { folders: [addresses.drive.folder] } })
  const pages = source.sweep({ resume: [], attributes: new Set(), pathPrefixes: [""] })
  const files = Stream.runFold(
    pages,
    () => 0,
    (count, { changes }) => count + changes.filter(({ _tag }) => _tag === "Upsert").length
  )
  return counted(files).pipe(
    Effect.map(({ requests, value }) => ({ units: value, more: { requests, grouped: addresses.drive.grouped } })),
    Effect.provide(drive(addresses)),
    Effect.runPromise
  )
})
