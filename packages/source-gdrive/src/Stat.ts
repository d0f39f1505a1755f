/**
 * A file as it is now. Whether it was moved, or put into the trash, is not asked: following changes finds that, and what
 * was in the trash for a while only must not be taken for gone.
 */
import type { Source, SourceFile } from "@sluice/core"
import { Effect, Option } from "effect"
import * as Attributes from "./Attributes.ts"
import * as Contents from "./Contents.ts"
import { Drive } from "./Drive.ts"
import { toSourceError } from "./DriveError.ts"
import { isFolder, isShortcut, shortcutItself, targetOf } from "./Entry.ts"
import * as Listing from "./Listing.ts"
import type { Settings } from "./Settings.ts"

/** The folder it was listed in. */
const folderOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf("/"), 0))

/** `None` where it is gone, or a shortcut that leads nowhere. */
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
      return Option.some((yield* Contents.changeOf(listing, { file: entry, location }, entry)).file)
    }
    if (settings.shortcuts !== "follow") {
      const attributes = Attributes.of(entry, listing.asked, [])
      return Option.some(shortcutItself(settings, { entry, content: entry, location, attributes }))
    }
    const target = targetOf(entry)
    const led =
      target === undefined ? Option.none() : Option.filter(yield* listing.file(target), (one) => !isFolder(one))
    if (Option.isNone(led)) return Option.none()
    return Option.some((yield* Contents.changeOf(listing, { file: entry, location }, led.value)).file)
  }).pipe(Effect.mapError(toSourceError(settings.name)))
