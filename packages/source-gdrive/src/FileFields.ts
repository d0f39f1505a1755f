/**
 * What is asked of each file: a request names the fields of its answer, and pays for each.
 *
 * https://developers.google.com/workspace/drive/api/guides/fields-parameter
 */
import type { Settings } from "./Settings.ts"

/** Who a file is, where it is, and in which state. */
const always = [
  "id",
  "name",
  "mimeType",
  "parents",
  "driveId",
  "trashed",
  "size",
  "md5Checksum",
  "sha256Checksum",
  "headRevisionId",
  "version",
  "modifiedTime",
  "resourceKey",
  "capabilities(canDownload)",
  "shortcutDetails(targetId,targetMimeType,targetResourceKey)"
]

const permissions = "permissions(id,type,role,emailAddress,domain,deleted,view)"

const ofAttribute: ReadonlyMap<string, string> = new Map([
  ["properties", "properties"],
  ["appProperties", "appProperties"],
  ["labels", "labelInfo(labels(id,fields))"],
  ["description", "description"],
  ["owners", "owners(displayName,emailAddress,me)"],
  ["webViewLink", "webViewLink"],
  ["permissions", permissions]
])

/** The fields of one file. `asked` are kinds of attributes; unknown ones count for nothing. */
export const ofFile = (settings: Settings, asked: ReadonlySet<string>): string => {
  const fields = [...always]
  for (const kind of asked) {
    const field = ofAttribute.get(kind)
    if (field !== undefined) fields.push(field)
  }
  if (settings.ownedBy.length > 0 && !asked.has("owners")) fields.push("owners(emailAddress,me)")
  if (settings.where._tag === "SharedWithMe") fields.push("sharedWithMeTime")
  return fields.join(",")
}

/** The fields of a page of files. */
export const ofList = (settings: Settings, asked: ReadonlySet<string>): string =>
  `nextPageToken,incompleteSearch,files(${ofFile(settings, asked)})`

/** The fields of a page of changes. */
export const ofChanges = (settings: Settings, asked: ReadonlySet<string>): string =>
  `nextPageToken,newStartPageToken,changes(changeType,removed,fileId,driveId,file(${ofFile(settings, asked)}))`

/** Of a grant: all that `Permissions.normalize` looks at. */
export const ofPermissions = `nextPageToken,${permissions}`
