/**
 * What a listing says of one key or version, and what becomes of it: a file, and a change.
 */
import { Change, Lineage, type SourceFile } from "@sluice/core"
import { DateTime } from "effect"
import mime from "mime"
import type { Settings } from "./Settings.ts"
import { canonical } from "./S3Uri.ts"

/** One line of a listing. */
export interface Entry {
  readonly key: string
  readonly etag: string
  readonly size: number
  readonly modifiedAt: Date | undefined
  readonly storageClass: string | undefined
  /** Of an archived object: a copy is being restored. */
  readonly restoring: boolean
  /** Of an archived object: until when its restored copy can be read. */
  readonly restoredUntil: Date | undefined
  /** Where versions are listed: which one. `null` in a bucket without versions. */
  readonly versionId: string | undefined
  /** The version that is there now. */
  readonly latest: boolean
  /** Not a version, but the mark that the key was deleted. */
  readonly deleteMarker: boolean
}

const unknownType = "application/octet-stream"

/** By extension, as it is written; of those that are known, so of not many. */
const types = new Map<string, string>()

/** RFC 6838 type by file name extension; the IANA registry's, or what is in common use. */
export const mediaType = (key: string): string | undefined => {
  const dot = key.lastIndexOf(".")
  const before = key[dot - 1]
  // Of names without an extension, and of those that begin with their only dot, nothing is known.
  if (before === undefined || before === "/" || before === "\\") return undefined
  const extension = key.slice(dot + 1)
  const known = types.get(extension)
  if (known !== undefined) return known
  const type = mime.getType(`/x.${extension}`) ?? undefined
  if (type !== undefined) types.set(extension, type)
  return type
}

/** Files that were written together, a folder of them say, share what is said of the time. */
let latest: { readonly date: Date; readonly time: DateTime.Utc } | undefined

const timeOf = (date: Date): DateTime.Utc => {
  if (latest?.date.getTime() !== date.getTime()) latest = { date, time: DateTime.fromDateUnsafe(date) }
  return latest.time
}

/** Who it is: bucket and key, and the version where one is meant. Readable, unambiguous, at most 2,048 characters. */
const identity = (bucket: string, key: string, versionId: string | undefined, uri: string): string => {
  const version = versionId === undefined ? "" : `${versionMark}${encodeURIComponent(versionId)}`
  const id = `${bucket}/${key.replaceAll("%", "%25").replaceAll("?", "%3F")}${version}`
  return id.length <= 2048 ? id : `${bucket}/#${Lineage.sourceKey(uri)}`
}

/**
 * Which version the address names. As of an instant always one, so that the same instant gives the same addresses
 * whatever is written later; among all versions, those that are not the current one.
 */
const addressed = (settings: Settings, entry: Entry): string | undefined =>
  settings.versions._tag === "AsOf" || (settings.versions._tag === "All" && !entry.latest) ? entry.versionId : undefined

/**
 * The state: the version where there is one, else ETag and size. The `null` version is overwritten in place, so it is
 * told by its ETag too.
 */
const token = (entry: Entry): string =>
  entry.versionId === undefined || entry.versionId === "null"
    ? `etag:${entry.etag}:${entry.size}`
    : `version:${entry.versionId}`

const versionMark = "?versionId="

/** How to ask for the state that a file was listed in. */
export const stateOf = (file: SourceFile.SourceFile): { readonly versionId?: string; readonly etag?: string } => {
  const versionId = versionOf(file)
  const version = versionId === undefined ? {} : { versionId }
  if (file.token.startsWith(versionToken)) return version
  return { etag: `"${file.token.slice("etag:".length, file.token.lastIndexOf(":"))}"`, ...version }
}

const versionToken = "version:"

/** The version that a file was listed in, where it is told by one. */
export const versionOf = (file: SourceFile.SourceFile): string | undefined =>
  file.token.startsWith(versionToken) ? file.token.slice(versionToken.length) : addressedVersion(file)

/** The version named by the address: what the file is whatever its state. */
export const addressedVersion = (file: SourceFile.SourceFile): string | undefined => {
  const at = file.uri.lastIndexOf(versionMark)
  return at < 0 ? undefined : decodeURIComponent(file.uri.slice(at + versionMark.length))
}

const said = (contentType: string | undefined): string => {
  const type = contentType?.split(";")[0]?.trim().toLowerCase()
  return type === undefined || type === "" || type === "binary/octet-stream" ? unknownType : type
}

/** The entry as a file. `contentType` is what the store says, where it was asked; a known extension wins. */
export const toFile = (settings: Settings, entry: Entry, contentType?: string): SourceFile.SourceFile => {
  const versionId = addressed(settings, entry)
  const uri = canonical(settings.bucket, entry.key, versionId)
  return {
    id: identity(settings.bucket, entry.key, versionId, uri),
    token: token(entry),
    uri,
    path: entry.key,
    size: entry.size,
    mimeType: mediaType(entry.key) ?? said(contentType),
    ...(entry.modifiedAt === undefined ? {} : { modifiedAt: timeOf(entry.modifiedAt) }),
    attributes: {}
  }
}

const isFolderMarker = (entry: Entry): boolean => entry.size === 0 && entry.key.endsWith("/")

/** Not readable without restoring it first. Intelligent-Tiering's own archive tiers do not show in a listing. */
export const isArchived = (entry: Entry, now: number): boolean =>
  (entry.storageClass === "GLACIER" || entry.storageClass === "DEEP_ARCHIVE") &&
  (entry.restoredUntil === undefined || entry.restoredUntil.getTime() <= now)

export const skip = (file: SourceFile.SourceFile, code: string, message: string): Change.Change =>
  Change.Change.cases.Skip.make({ file, reason: { code, message } })

export const reject = (file: SourceFile.SourceFile, code: string, message: string): Change.Change =>
  Change.Change.cases.Reject.make({ file, reason: { code, message } })

export const remove = ({ id, uri }: SourceFile.SourceFile): Change.Change => ({ _tag: "Delete", id, uri })

/** What a listing says by itself; `undefined` for an archived object that may have to be restored. */
export const toChange = (settings: Settings, entry: Entry, now: number): Change.Change | undefined => {
  const file = toFile(settings, entry)
  if (entry.deleteMarker) return remove(file)
  if (isFolderMarker(entry)) {
    return skip(
      file,
      "folder-marker",
      "an empty object whose key ends with a slash: consoles make them to show folders"
    )
  }
  if (!isArchived(entry, now)) return { _tag: "Upsert", file }
  const where = `archived in ${entry.storageClass}`
  switch (settings.archived._tag) {
    case "Skip":
      return skip(file, "archived", `${where}: restore it, or set \`archived: "restore"\``)
    case "Fail":
      return reject(file, "archived", `${where}: restore it, or set \`archived\` to "restore" or "skip"`)
    case "Restore":
      return entry.restoring
        ? skip(file, "restore-in-progress", `${where}, and being restored: a later run takes it`)
        : undefined
  }
}
