/**
 * A file as it is now. Whether it was moved, or put into the trash, is not asked: following changes finds that, and what
 * was in the trash for a while only must not be taken for gone.
 */
import { Source, type SourceFile } from "@sluice/core"
import { Effect, Option } from "effect"
import * as Attributes from "./Attributes.ts"
import * as Contents from "./Contents.ts"
import { Drive } from "./Drive.ts"
import { toSourceError } from "./DriveError.ts"
import { isFolder, isShortcut, shortcutItself, type Taken, targetOf, upsert } from "./Entry.ts"
import * as Listing from "./Listing.ts"
import type { Settings } from "./Settings.ts"

/** The folder it was listed in. */
const folderOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf("/"), 0))

/** `None` where it is gone, or a shortcut that leads nowhere. Fails with `Denied` where it would be rejected now. */
export const stat = (
  settings: Settings,
  file: SourceFile.SourceFile
): Effect.Effect<Option.Option<SourceFile.SourceFile>, Source.SourceError, Drive> =>
  Effect.gen(function* () {
    const listing = Listing.make(yield* Drive, settings, new Set(Object.keys(file.attributes)))
    const found = yield* listing.file({
      id: file.id,
      resourceKey: file.target === undefined ? Attributes.resourceKeyOf(file) : undefined
    })
    if (Option.isNone(found)) return Option.none()
    const entry = found.value
    const location = { path: folderOf(file.path), within: file.within, depth: 0 }
    if (!isShortcut(entry)) {
      return Option.some(yield* Contents.changeOf(listing, { file: entry, location }, entry))
    }
    if (settings.shortcuts !== "follow") {
      const attributes = Attributes.of(entry, listing.asked, [])
      return Option.some(upsert(shortcutItself(settings, { entry, content: entry, location, attributes })))
    }
    const target = targetOf(entry)
    const led =
      target === undefined ? Option.none() : Option.filter(yield* listing.file(target), (one) => !isFolder(one))
    if (Option.isNone(led)) return Option.none()
    return Option.some(yield* Contents.changeOf(listing, { file: entry, location }, led.value))
  }).pipe(
    Effect.mapError(toSourceError(settings.name)),
    Effect.flatMap(
      Option.match({
        onNone: () => Effect.succeedNone,
        onSome: (change) => Effect.asSome(fileOf(settings, change))
      })
    )
  )

/** One that a listing would reject is not handed over here either: of its attributes, some are not known. */
const fileOf = (
  { name: source }: Settings,
  change: Taken
): Effect.Effect<SourceFile.SourceFile, Source.SourceError> => {
  if (change._tag !== "Reject") return Effect.succeed(change.file)
  const { code, message } = change.reason
  return new Source.SourceError({
    source,
    operation: "files.get",
    reason: new Source.Denied(),
    code,
    message: `${change.file.path}: ${message}`
  })
}
