/** `drive#file`: an item as one account sees it. */
import { isTrashed, mayRead, mayShare, mayWrite, permissionsOf, roleOn } from "./access.ts"
import { digestOf } from "./content.ts"
import { type Mask, render, type Renderer } from "./fields.ts"
import type { Item } from "./item.ts"
import { exportFormats, FOLDER, isGoogleType, SHORTCUT } from "./mime.ts"
import { permissionFields, userOf } from "./permissionResource.ts"
import { isFolder, isTop } from "./store.ts"
import type { Work } from "./work.ts"

/** A time as Drive writes it. */
export const timestamp = (millis: number): string => new Date(millis).toISOString()

const isBinary = (item: Item): boolean => !isGoogleType(item.mimeType)

/** The link an export of a document is fetched by; it needs the token like everything else. */
const exportLinks = (url: string, item: Item): Readonly<Record<string, string>> | undefined => {
  const formats = exportFormats[item.mimeType]
  return (
    formats &&
    Object.fromEntries(
      formats.map((format) => [format, `${url}/export?id=${item.id}&exportFormat=${encodeURIComponent(format)}`])
    )
  )
}

const size = (work: Work, item: Item): string | undefined => {
  if (isBinary(item)) return String(item.size)
  return work.documentSize && item.mimeType in exportFormats ? String(item.size) : undefined
}

const extension = (name: string): string | undefined => /\.([^./]+)$/.exec(name)?.[1]

const webPaths: Readonly<Record<string, string>> = {
  [FOLDER]: "drive.google.com/drive/folders/",
  "application/vnd.google-apps.document": "docs.google.com/document/d/",
  "application/vnd.google-apps.spreadsheet": "docs.google.com/spreadsheets/d/",
  "application/vnd.google-apps.presentation": "docs.google.com/presentation/d/"
}

const webViewLink = (item: Item): string => {
  const key = item.traits.resourceKey === undefined ? "" : `?resourcekey=${item.traits.resourceKey}`
  return `https://${webPaths[item.mimeType] ?? "drive.google.com/file/d/"}${item.id}${key}`
}

const capabilities = (work: Work, item: Item): Readonly<Record<string, boolean>> => {
  const { account, store } = work
  const role = roleOn(store, account, item)
  const writes = mayWrite(store, account, item)
  const manages = role === "owner" || role === "organizer" || role === "fileOrganizer"
  const folder = isFolder(item)
  const reads = role !== undefined && (item.traits.undownloadable !== true || writes)
  return {
    canAddChildren: folder && writes,
    canComment: role !== undefined && role !== "reader",
    canCopy: !folder && reads,
    canDelete: role === "owner" || role === "organizer",
    canDownload: !folder && item.mimeType !== SHORTCUT && reads,
    canEdit: writes,
    canListChildren: folder,
    canModifyContent: writes,
    canReadLabels: true,
    canReadRevisions: !folder && writes,
    canRename: writes,
    canShare: mayShare(store, account, item),
    canTrash: manages,
    canUntrash: manages,
    ...(item.driveId === undefined ? {} : { canReadDrive: store.drives.has(item.driveId) })
  }
}

const labels = (work: Work, item: Item): unknown => {
  const wanted = work.query.get("includeLabels")?.split(",")
  if (wanted === undefined) return undefined
  const found = (item.traits.labels ?? []).filter((label) => wanted.includes(label.id))
  return found.length === 0 ? undefined : { labels: found.map(labelResource) }
}

/** `drive#label`. */
export const labelResource = (label: NonNullable<Item["traits"]["labels"]>[number]): unknown => ({
  kind: "drive#label",
  id: label.id,
  revisionId: "1",
  fields: Object.fromEntries(
    Object.entries(label.fields ?? {}).map(([id, { text }]) => [
      id,
      { kind: "drive#labelField", id, valueType: "text", text }
    ])
  )
})

const given = <A>(condition: boolean, value: () => A): A | undefined => (condition ? value() : undefined)

const timeOf = (millis: number | undefined): string | undefined =>
  millis === undefined ? undefined : timestamp(millis)

/** The fields of a file; what Drive has no value for is absent. */
const fileFields = (work: Work): Renderer<Item> => {
  const { account, store } = work
  const me = account.email
  const permissions = (item: Item) =>
    permissionsOf(store, item).map((one) => render(permissionFields(store, item), one, true))
  return {
    kind: () => "drive#file",
    id: (item) => item.id,
    name: (item) => item.name,
    mimeType: (item) => item.mimeType,
    description: (item) => item.traits.description,
    starred: (item) => item.traits.starred ?? false,
    trashed: (item) => isTrashed(store, item),
    explicitlyTrashed: (item) => item.explicitlyTrashed,
    // Folders that are not the asker's to see are not told either.
    parents: (item) => {
      const seen = item.parents.filter((id) => {
        const parent = store.items.get(id)
        return parent !== undefined && mayRead(store, account, parent)
      })
      return given(seen.length > 0, () => seen)
    },
    properties: (item) => item.traits.properties,
    appProperties: (item) => item.traits.appProperties,
    spaces: () => ["drive"],
    version: (item) => String(item.version),
    webViewLink,
    webContentLink: (item) => given(isBinary(item), () => `https://drive.google.com/uc?id=${item.id}&export=download`),
    createdTime: (item) => timestamp(item.createdTime),
    modifiedTime: (item) => timestamp(item.modifiedTime),
    viewedByMe: (item) => item.viewed?.has(me) ?? false,
    viewedByMeTime: (item) => timeOf(item.viewed?.get(me)),
    sharedWithMeTime: (item) => timeOf(item.sharedTimes?.get(me)),
    modifiedByMe: (item) => item.modifiedBy === me,
    modifiedByMeTime: (item) => given(item.modifiedBy === me, () => timestamp(item.modifiedTime)),
    lastModifyingUser: (item) => userOf(store, item.modifiedBy, account),
    driveId: (item) => item.driveId,
    teamDriveId: (item) => item.driveId,
    owners: (item) => given(item.driveId === undefined, () => [userOf(store, item.owner, account)]),
    ownedByMe: (item) => given(item.driveId === undefined, () => item.owner === me),
    shared: (item) => given(item.driveId === undefined, () => permissionsOf(store, item).length > 1),
    permissions: (item) => given(item.driveId === undefined && mayShare(store, account, item), () => permissions(item)),
    permissionIds: (item) =>
      given(mayWrite(store, account, item), () => permissionsOf(store, item).map(({ permission }) => permission.id)),
    hasAugmentedPermissions: (item) => given(item.driveId !== undefined, () => item.permissions.size > 0),
    writersCanShare: (item) => given(item.driveId === undefined, () => true),
    copyRequiresWriterPermission: (item) => item.traits.undownloadable ?? false,
    viewersCanCopyContent: (item) => item.traits.undownloadable !== true,
    capabilities: (item) => capabilities(work, item),
    size: (item) => size(work, item),
    quotaBytesUsed: (item) => String(isBinary(item) ? item.size : 0),
    md5Checksum: (item) => given(isBinary(item), () => digestOf(item, "md5")),
    sha1Checksum: (item) => given(isBinary(item), () => digestOf(item, "sha1")),
    sha256Checksum: (item) => given(isBinary(item), () => digestOf(item, "sha256")),
    headRevisionId: (item) => given(isBinary(item), () => `0B${item.id.slice(1, 12)}${item.revision}`),
    originalFilename: (item) => given(isBinary(item), () => item.name),
    fileExtension: (item) => given(isBinary(item), () => extension(item.name) ?? ""),
    fullFileExtension: (item) => given(isBinary(item), () => extension(item.name) ?? ""),
    exportLinks: (item) => exportLinks(work.url, item),
    resourceKey: (item) => item.traits.resourceKey,
    shortcutDetails: ({ traits: { shortcut } }) =>
      shortcut && {
        targetId: shortcut.targetId,
        targetMimeType: shortcut.targetMimeType,
        ...(shortcut.targetResourceKey === undefined ? {} : { targetResourceKey: shortcut.targetResourceKey })
      },
    labelInfo: (item) => labels(work, item),
    isAppAuthorized: (item) => !isTop(store, item),
    hasThumbnail: () => false,
    thumbnailVersion: () => "0"
  }
}

/** What is sent of a file when `fields` does not say. */
export const defaultFields = "kind,id,name,mimeType,resourceKey,driveId,teamDriveId"

/** Files as the asker sees them, with the fields of a mask. */
export const fileRenderer = (work: Work, mask: Mask): ((item: Item) => Readonly<Record<string, unknown>>) => {
  const fields = fileFields(work)
  return (item) => render(fields, item, mask)
}
