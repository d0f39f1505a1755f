/**
 * What Google's own kinds of files become: exported in a format, or left alone with a reason.
 *
 * https://developers.google.com/workspace/drive/api/guides/mime-types,
 * https://developers.google.com/workspace/drive/api/guides/ref-export-formats
 */
import type { Change } from "@sluice/core"

export const folder = "application/vnd.google-apps.folder"
export const shortcut = "application/vnd.google-apps.shortcut"

const prefix = "application/vnd.google-apps."

/** Kinds of native documents, by the last part of their media type. */
export type Native = "document" | "spreadsheet" | "presentation" | "drawing" | "script" | "jam" | "vid" | "mail-layout"

/** Media type to export each kind as; `false` leaves it alone. */
export type Exports = { readonly [K in Native]?: string | false | undefined }

/** Formats that hold everything a reader sees. Jamboards, videos in the making and mail layouts are left alone. */
export const defaults: { readonly [K in Native]: string | false } = {
  document: "application/pdf",
  spreadsheet: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  presentation: "application/pdf",
  drawing: "image/png",
  script: "application/vnd.google-apps.script+json",
  jam: false,
  vid: false,
  "mail-layout": false
}

/** What Google offers for each kind. */
export const offered: { readonly [K in Native]: ReadonlyArray<string> } = {
  document: [
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.oasis.opendocument.text",
    "application/rtf",
    "text/plain",
    "text/html",
    "text/markdown",
    "application/zip",
    "application/epub+zip"
  ],
  spreadsheet: [
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/x-vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/pdf",
    "application/zip",
    "text/csv",
    "text/tab-separated-values"
  ],
  presentation: [
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.oasis.opendocument.presentation",
    "text/plain",
    "image/jpeg",
    "image/png",
    "image/svg+xml"
  ],
  drawing: ["image/png", "application/pdf", "image/jpeg", "image/svg+xml"],
  script: ["application/vnd.google-apps.script+json"],
  jam: ["application/pdf"],
  vid: ["video/mp4"],
  "mail-layout": ["text/plain"]
}

const extensions: { readonly [mediaType: string]: string } = {
  "application/pdf": "pdf",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
  "application/vnd.oasis.opendocument.text": "odt",
  "application/vnd.oasis.opendocument.spreadsheet": "ods",
  "application/x-vnd.oasis.opendocument.spreadsheet": "ods",
  "application/vnd.oasis.opendocument.presentation": "odp",
  "application/rtf": "rtf",
  "application/epub+zip": "epub",
  "application/zip": "zip",
  "application/vnd.google-apps.script+json": "json",
  "text/plain": "txt",
  "text/html": "html",
  "text/markdown": "md",
  "text/csv": "csv",
  "text/tab-separated-values": "tsv",
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/svg+xml": "svg",
  "video/mp4": "mp4"
}

const isNative = (kind: string): kind is Native => Object.hasOwn(defaults, kind)

/** What is done with a file of this media type. */
export type Handling =
  /** It has bytes of its own. */
  | { readonly _tag: "Binary" }
  | { readonly _tag: "Export"; readonly mediaType: string }
  | { readonly _tag: "Skip"; readonly reason: Change.Reason }

const binary: Handling = { _tag: "Binary" }

const withoutContent: ReadonlyMap<string, string> = new Map([
  ["form", "a Google Form: the API gives no content of it"],
  ["site", "a Google Site: the API gives no content of it"],
  ["map", "a Google My Map: the API gives no content of it"],
  ["fusiontable", "a Fusion Table: the service has ended"],
  ["photo", "a Google Photo: the API gives no content of it"]
])

const skip = (code: string, message: string): Handling => ({ _tag: "Skip", reason: { code, message } })

/** What is done with a file, from its media type. */
export const handling = (mediaType: string, exports: Exports): Handling => {
  if (!mediaType.startsWith(prefix)) return binary
  const kind = mediaType.slice(prefix.length)
  if (kind.startsWith("drive-sdk")) return skip("third-party", "a file of another app, which keeps its content itself")
  if (kind === "unknown" || kind === "file") return binary
  if (isNative(kind)) {
    const format = exports[kind] ?? defaults[kind]
    return format === false
      ? skip("not-exported", `Google's kind ${kind} is not exported: name a format in exports.${kind} to take it`)
      : { _tag: "Export", mediaType: format }
  }
  return skip("no-content", withoutContent.get(kind) ?? `Google's kind ${kind}: the API gives no content of it`)
}

/** The name with the extension of the format it is exported in, once. */
export const exportedName = (name: string, mediaType: string): string => {
  const extension = extensions[mediaType]
  return extension === undefined || name.toLowerCase().endsWith(`.${extension}`) ? name : `${name}.${extension}`
}
