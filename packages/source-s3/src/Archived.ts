/**
 * Archived objects that are to be restored.
 */
import type { Change } from "@sluice/core"
import { Effect } from "effect"
import { type Entry, reject, skip, toFile } from "./Entry.ts"
import type { S3 } from "./S3.ts"
import type { S3Error } from "./S3Error.ts"
import type { Settings } from "./Settings.ts"

/** Restore requests at a time, for each page. */
const concurrency = 8

/** Asks for copies of archived objects. Nothing waits for them: that takes minutes to days, and a later run reads them. */
export const restore = (
  s3: S3["Service"],
  settings: Settings,
  entries: ReadonlyArray<Entry>
): Effect.Effect<ReadonlyArray<Change.Change>, S3Error> =>
  Effect.forEach(entries, (entry) => restoreOne(s3, settings, entry), { concurrency })

const restoreOne = (s3: S3["Service"], settings: Settings, entry: Entry): Effect.Effect<Change.Change, S3Error> => {
  const { archived } = settings
  const file = toFile(settings, entry)
  const where = `archived in ${entry.storageClass}`
  if (archived._tag !== "Restore") return Effect.succeed(skip(file, "archived", where))
  const later = "a later run takes it"
  return s3
    .restoreObject({
      Bucket: settings.bucket,
      Key: entry.key,
      ...(entry.versionId === undefined ? {} : { VersionId: entry.versionId }),
      RestoreRequest: { Days: archived.days, GlacierJobParameters: { Tier: archived.tier } },
      ...settings.payer
    })
    .pipe(
      Effect.as(
        skip(
          file,
          "restore-requested",
          `${where}: restoring was asked for (${archived.tier}, ${archived.days} days), ${later}`
        )
      ),
      Effect.catchIf(
        (error) => error.code === "RestoreAlreadyInProgress",
        () => Effect.succeed(skip(file, "restore-in-progress", `${where}, and being restored: ${later}`))
      ),
      Effect.catchIf(
        (error) => error.reason._tag !== "Unauthorized" && error.reason._tag !== "Missing",
        (error) => Effect.succeed(reject(file, "restore-failed", `${where}, and restoring it failed: ${error.message}`))
      )
    )
}
