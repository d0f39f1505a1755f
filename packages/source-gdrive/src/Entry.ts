/**
 * What Drive says of one file, and what becomes of it: a file of ours, and a change.
 */
import { Change, type SourceFile } from "@sluice/core"
import mime from "mime"
import * as Attributes from "./Attributes.ts"
import * as DriveUri from "./DriveUri.ts"
import * as Formats from "./Formats.ts"
import type { Settings } from "./Settings.ts"
import type { File } from "./Wire.ts"

/** The folder that something is in. */
export interface Location {
  /** Names of the folders down to it, joined by `/`; empty at the top. */
  readonly path: string
  /** Its container; none for files that are nowhere. */
  readonly within: string | undefined
  /** Shortcuts on the way. */
  readonly depth: number
}

/** At the top of everything. */
export const nowhere: Location = { path: "", within: undefined, depth: 0 }

/** The name as a part of a path. Drive allows `/` in names: it becomes `／` (U+FF0F), as rclone has it. */
export const segment = (name: string): string => name.replaceAll("/", "／")

/** A name below a folder's path. */
export const join = (path: string, name: string): string => (path === "" ? segment(name) : `${path}/${segment(name)}`)

const unknownType = "application/octet-stream"

/** RFC 6838: what Drive says, and where it does not know, what the name's extension says. */
const mediaTypeOf = ({ mimeType = "", name = "" }: File): string => {
  const said = mimeType.split(";")[0]?.trim().toLowerCase() ?? ""
  return said === "" || said === unknownType || said.startsWith("application/vnd.google-apps.")
    ? (mime.getType(`/${name}`) ?? unknownType)
    : said
}

/**
 * The state. Of bytes: their checksum, so that touching or sharing a file is no change of it. Of a native document, which
 * has none: its version, which grows with every change, and the format it is exported in.
 */
const tokenOf = (file: File, handling: Formats.Handling): string => {
  if (handling._tag === "Export") return `version:${file.version ?? ""}:${handling.mediaType}`
  if (file.md5Checksum !== undefined) return `md5:${file.md5Checksum}`
  if (file.sha256Checksum !== undefined) return `sha256:${file.sha256Checksum}`
  return file.headRevisionId === undefined ? `version:${file.version ?? ""}` : `revision:${file.headRevisionId}`
}

const checksumOf = ({ md5Checksum, sha256Checksum }: File): SourceFile.Checksum | undefined =>
  sha256Checksum !== undefined
    ? { algorithm: "sha256", value: sha256Checksum }
    : md5Checksum === undefined
      ? undefined
      : { algorithm: "md5", value: md5Checksum }

/** What content a file has: its own, or that of the file it leads to. */
export interface Described {
  /** Who it is, what it is called and where. */
  readonly entry: File
  /** Whose content it has. */
  readonly content: File
  readonly location: Location
  readonly attributes: SourceFile.SourceFile["attributes"]
}

/** The file in our terms. */
export const toFile = (settings: Settings, described: Described): SourceFile.SourceFile => {
  const { attributes, content, entry, location } = described
  const handling = Formats.handling(content.mimeType ?? "", settings.exports)
  const isExport = handling._tag === "Export"
  const name = entry.name ?? entry.id
  const checksum = isExport ? undefined : checksumOf(content)
  return {
    id: entry.id,
    token: tokenOf(content, handling),
    uri: DriveUri.canonical(entry.id),
    path: join(location.path, isExport ? Formats.exportedName(name, handling.mediaType) : name),
    mimeType: isExport ? handling.mediaType : mediaTypeOf(content),
    // Of a native document it is the space it takes in Drive, which no export has.
    ...(isExport || content.size === undefined ? {} : { size: content.size }),
    ...(content.modifiedTime === undefined ? {} : { modifiedAt: content.modifiedTime }),
    ...(checksum === undefined ? {} : { checksum }),
    ...(location.within === undefined ? {} : { within: location.within }),
    ...(entry.id === content.id ? {} : { target: { id: content.id, uri: DriveUri.canonical(content.id) } }),
    attributes: { ...attributes, ...Attributes.keyOf(entry, content) }
  }
}

/** A shortcut that is taken as itself: a file without content, whose state is where it leads. */
export const shortcutItself = (settings: Settings, described: Described): SourceFile.SourceFile => {
  const target = described.entry.shortcutDetails?.targetId
  return {
    ...toFile(settings, described),
    token: `shortcut:${target ?? ""}`,
    mimeType: Formats.shortcut,
    size: 0,
    ...(target === undefined ? {} : { target: { id: target, uri: DriveUri.canonical(target) } })
  }
}

export const upsert = (file: SourceFile.SourceFile): Taken => ({ _tag: "Upsert", file })

export const remove = (id: string): Change.Change => ({ _tag: "Delete", id, uri: DriveUri.canonical(id) })

/** A change that is about a file that is there. */
export type Taken = Exclude<Change.Change, { readonly _tag: "Delete" }>

/** Left alone: what was made of it when it was another kind, or led somewhere, is no longer true. */
export const skip = (file: SourceFile.SourceFile, code: string, message: string): Taken =>
  Change.Change.cases.Skip.make({ file, reason: { code, message }, isGone: true })

export const reject = (file: SourceFile.SourceFile, code: string, message: string): Taken =>
  Change.Change.cases.Reject.make({ file, reason: { code, message } })

/** What becomes of a file (or a shortcut that was followed to one). */
export const toChange = (settings: Settings, described: Described): Taken => {
  const file = toFile(settings, described)
  const handling = Formats.handling(described.content.mimeType ?? "", settings.exports)
  if (handling._tag === "Skip") return skip(file, handling.reason.code, handling.reason.message)
  if (described.content.capabilities?.canDownload === false) {
    return reject(file, "no-download", "its owner does not let readers download it: ask for that, or for editing it")
  }
  return upsert(file)
}

export const isFolder = ({ mimeType }: File): boolean => mimeType === Formats.folder
export const isShortcut = ({ mimeType }: File): boolean => mimeType === Formats.shortcut

/** Where a shortcut leads, with the key that may be needed to get there. */
export const targetOf = ({ shortcutDetails }: File): DriveUri.Reference | undefined =>
  shortcutDetails?.targetId === undefined
    ? undefined
    : {
        id: shortcutDetails.targetId,
        ...(shortcutDetails.targetResourceKey === undefined ? {} : { resourceKey: shortcutDetails.targetResourceKey })
      }

/** Whether one of the owners asked for has it. Folders lead to files of others too. */
export const isOwned = ({ ownedBy }: Settings, file: File): boolean =>
  ownedBy.length === 0 ||
  isFolder(file) ||
  (file.owners ?? []).some(({ emailAddress, me }) =>
    ownedBy.some((owner) => (owner === "me" ? me === true : owner.toLowerCase() === emailAddress?.toLowerCase()))
  )
