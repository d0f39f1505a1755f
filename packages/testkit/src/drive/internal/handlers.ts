/** Which handler answers which method. */
import { getAbout, listLabels } from "./about.ts"
import { getStartPageToken, listChanges } from "./changes.ts"
import { followDownload, getOperation, startDownload } from "./downloads.ts"
import { getDrive, listDrives } from "./drives.ts"
import { exportFile, followExportLink } from "./exporting.ts"
import { listFiles } from "./listing.ts"
import type { Operation } from "./operation.ts"
import { getPermission, listPermissions } from "./permissions.ts"
import { getFile, getMedia } from "./reading.ts"
import type { Answer, Work } from "./work.ts"

/** `id` and `permissionId` are empty where a path names none. */
type Handler = (work: Work, id: string, permissionId: string) => Answer

/** All that needs a token. */
export const handlers: Readonly<Record<Exclude<Operation, "token" | "tokeninfo">, Handler>> = {
  "about.get": getAbout,
  "changes.getStartPageToken": getStartPageToken,
  "changes.list": listChanges,
  "drives.get": getDrive,
  "drives.list": listDrives,
  "files.download": startDownload,
  "files.export": exportFile,
  "files.get": getFile,
  "files.list": listFiles,
  "files.listLabels": listLabels,
  "files.media": getMedia,
  "operations.get": getOperation,
  "permissions.get": getPermission,
  "permissions.list": listPermissions,
  download: followDownload,
  exportLink: followExportLink
}
