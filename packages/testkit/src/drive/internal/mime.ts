/**
 * The MIME types that mean something to Drive, and what its own documents can be exported to.
 * https://developers.google.com/workspace/drive/api/guides/mime-types and ref-export-formats
 */

const prefix = "application/vnd.google-apps."

export const FOLDER = `${prefix}folder`
export const SHORTCUT = `${prefix}shortcut`

/** Whether content of this type is made by Drive itself (documents, folders, shortcuts): there are no bytes to read. */
export const isGoogleType = (mimeType: string): boolean => mimeType.startsWith(prefix)

const office = "application/vnd.openxmlformats-officedocument"
const open = "application/vnd.oasis.opendocument"

/** The formats each kind of document can be exported to; kinds without an entry cannot be exported. */
export const exportFormats: Readonly<Record<string, ReadonlyArray<string>>> = {
  [`${prefix}document`]: [
    `${office}.wordprocessingml.document`,
    `${open}.text`,
    "application/rtf",
    "application/pdf",
    "text/plain",
    "text/html",
    "application/zip",
    "application/epub+zip",
    "text/markdown"
  ],
  [`${prefix}spreadsheet`]: [
    `${office}.spreadsheetml.sheet`,
    "application/x-vnd.oasis.opendocument.spreadsheet",
    `${open}.spreadsheet`,
    "application/pdf",
    "application/zip",
    "text/csv",
    "text/tab-separated-values"
  ],
  [`${prefix}presentation`]: [
    `${office}.presentationml.presentation`,
    `${open}.presentation`,
    "application/pdf",
    "text/plain"
  ],
  [`${prefix}drawing`]: ["application/pdf", "image/jpeg", "image/png", "image/svg+xml"],
  [`${prefix}script`]: [`${prefix}script+json`]
}

/** Most bytes `files.export` gives. */
export const exportLimit = 10 * 1024 * 1024

/** Whether `files.export`, export links and `files.download` give a document of this type in this format. */
export const isExportable = (mimeType: string, format: string): boolean =>
  exportFormats[mimeType]?.includes(format) ?? false
