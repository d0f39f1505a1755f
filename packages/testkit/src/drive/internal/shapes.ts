/** The names of everything in Drive's answers, which `fields` may ask for. */
import type { Shape } from "./fields.ts"

const leaves = (names: string): Readonly<Record<string, Shape>> =>
  Object.fromEntries(names.split(/\s+/).map((name) => [name, "leaf"]))

const user: Shape = leaves("kind displayName photoLink me permissionId emailAddress")

const label: Shape = { ...leaves("id revisionId kind"), fields: "open" }

/** `drive#permission`. */
export const permission: Shape = {
  ...leaves(`id displayName type kind photoLink emailAddress role allowFileDiscovery domain expirationTime deleted view
    pendingOwner inheritedPermissionsDisabled`),
  permissionDetails: leaves("permissionType inheritedFrom role inherited"),
  teamDrivePermissionDetails: leaves("teamDrivePermissionType inheritedFrom role inherited")
}

const contentRestriction: Shape = {
  ...leaves("readOnly reason type restrictionTime ownerRestricted systemRestricted"),
  restrictingUser: user
}

const capabilities: Shape =
  leaves(`canChangeViewersCanCopyContent canMoveChildrenOutOfDrive canReadDrive canEdit canCopy
  canComment canAddChildren canDelete canDownload canListChildren canRemoveChildren canRename canTrash canReadRevisions
  canReadTeamDrive canMoveTeamDriveItem canChangeCopyRequiresWriterPermission canMoveItemIntoTeamDrive canUntrash
  canModifyContent canMoveItemWithinTeamDrive canMoveItemOutOfTeamDrive canDeleteChildren canMoveChildrenOutOfTeamDrive
  canMoveChildrenWithinTeamDrive canTrashChildren canMoveItemOutOfDrive canAddMyDriveParent canRemoveMyDriveParent
  canMoveItemWithinDrive canShare canMoveChildrenWithinDrive canModifyContentRestriction canAddFolderFromAnotherDrive
  canChangeSecurityUpdateEnabled canAcceptOwnership canReadLabels canModifyLabels canModifyEditorContentRestriction
  canModifyOwnerContentRestriction canRemoveContentRestriction canDisableInheritedPermissions
  canEnableInheritedPermissions`)

/** `drive#file`. */
export const file: Shape = {
  ...leaves(`kind driveId fileExtension copyRequiresWriterPermission md5Checksum writersCanShare viewedByMe mimeType parents
    thumbnailLink iconLink shared headRevisionId webViewLink webContentLink size viewersCanCopyContent hasThumbnail spaces
    folderColorRgb id name description starred trashed explicitlyTrashed createdTime modifiedTime modifiedByMeTime
    viewedByMeTime sharedWithMeTime quotaBytesUsed version originalFilename ownedByMe fullFileExtension isAppAuthorized
    teamDriveId hasAugmentedPermissions thumbnailVersion trashedTime modifiedByMe permissionIds resourceKey sha1Checksum
    sha256Checksum inheritedPermissionsDisabled`),
  owners: user,
  lastModifyingUser: user,
  sharingUser: user,
  trashingUser: user,
  permissions: permission,
  properties: "open",
  appProperties: "open",
  exportLinks: "open",
  capabilities,
  contentHints: { indexableText: "leaf", thumbnail: leaves("image mimeType") },
  contentRestrictions: contentRestriction,
  imageMediaMetadata: {
    ...leaves(`flashUsed meteringMode sensor exposureMode colorSpace whiteBalance width height rotation cameraMake
      cameraModel exposureTime aperture focalLength isoSpeed exposureBias maxApertureValue subjectDistance lens time`),
    location: leaves("latitude longitude altitude")
  },
  videoMediaMetadata: leaves("width height durationMillis"),
  labelInfo: { labels: label },
  linkShareMetadata: leaves("securityUpdateEligible securityUpdateEnabled"),
  shortcutDetails: leaves("targetId targetMimeType targetResourceKey")
}

/** `drive#drive`. */
export const drive: Shape = {
  ...leaves("id name colorRgb kind backgroundImageLink themeId createdTime hidden orgUnitId"),
  capabilities: leaves(`canAddChildren canComment canCopy canDeleteDrive canDownload canEdit canListChildren
    canManageMembers canReadRevisions canRename canRenameDrive canChangeDriveBackground canShare
    canChangeCopyRequiresWriterPermissionRestriction canChangeDomainUsersOnlyRestriction
    canChangeDriveMembersOnlyRestriction canChangeSharingFoldersRequiresOrganizerPermissionRestriction
    canResetDriveRestrictions canDeleteChildren canTrashChildren`),
  backgroundImageFile: leaves("id xCoordinate yCoordinate width"),
  restrictions: {
    ...leaves(`copyRequiresWriterPermission domainUsersOnly driveMembersOnly adminManagedRestrictions
      sharingFoldersRequiresOrganizerPermission`),
    downloadRestriction: leaves("restrictedForReaders restrictedForWriters")
  }
}

const teamDrive: Shape = {
  ...leaves("id name colorRgb kind backgroundImageLink themeId createdTime orgUnitId"),
  capabilities: "open",
  restrictions: "open",
  backgroundImageFile: "open"
}

/** `drive#fileList`. */
export const fileList: Shape = { ...leaves("kind nextPageToken incompleteSearch"), files: file }

/** `drive#change`. */
export const change: Shape = {
  ...leaves("kind removed fileId time driveId type teamDriveId changeType"),
  file,
  drive,
  teamDrive
}

/** `drive#changeList`. */
export const changeList: Shape = { ...leaves("kind nextPageToken newStartPageToken"), changes: change }

/** `drive#startPageToken`. */
export const startPageToken: Shape = leaves("kind startPageToken")

/** `drive#driveList`. */
export const driveList: Shape = { ...leaves("kind nextPageToken"), drives: drive }

/** `drive#permissionList`. */
export const permissionList: Shape = { ...leaves("kind nextPageToken"), permissions: permission }

/** `drive#labelList`. */
export const labelList: Shape = {
  ...leaves("kind nextPageToken"),
  labels: label
}

/** `drive#about`. */
export const about: Shape = {
  ...leaves("kind appInstalled canCreateDrives canCreateTeamDrives maxUploadSize folderColorPalette"),
  user,
  storageQuota: leaves("limit usageInDrive usageInDriveTrash usage"),
  importFormats: "open",
  exportFormats: "open",
  maxImportSizes: "open",
  driveThemes: leaves("id backgroundImageLink colorRgb"),
  teamDriveThemes: leaves("id backgroundImageLink colorRgb")
}

/** A long-running operation. */
export const operation: Shape = {
  ...leaves("name done"),
  metadata: "open",
  response: "open",
  error: { ...leaves("code message"), details: "open" }
}
