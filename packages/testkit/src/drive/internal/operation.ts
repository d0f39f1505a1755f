/** Which method of Google's APIs a request is, and which scopes it needs. */

/** The methods the stand-in knows, as Google names them; the last four are no methods but addresses. */
export type Operation =
  | "about.get"
  | "changes.getStartPageToken"
  | "changes.list"
  | "drives.get"
  | "drives.list"
  | "files.download"
  | "files.export"
  | "files.get"
  | "files.list"
  | "files.listLabels"
  | "files.media"
  | "operations.get"
  | "permissions.get"
  | "permissions.list"
  | "download"
  | "exportLink"
  | "token"
  | "tokeninfo"

/** A request, told apart. */
export interface Route {
  readonly operation: Operation
  /** The file, drive or operation the path names. */
  readonly id: string | undefined
  /** The permission the path names. */
  readonly permissionId: string | undefined
}

type Pattern = readonly [method: "GET" | "POST", path: RegExp, operation: Operation]

const id = "([^/]+)"

const patterns: ReadonlyArray<Pattern> = [
  ["GET", /^\/drive\/v3\/about$/, "about.get"],
  ["GET", /^\/drive\/v3\/changes\/startPageToken$/, "changes.getStartPageToken"],
  ["GET", /^\/drive\/v3\/changes$/, "changes.list"],
  ["GET", new RegExp(`^/drive/v3/drives/${id}$`), "drives.get"],
  ["GET", /^\/drive\/v3\/drives$/, "drives.list"],
  ["POST", new RegExp(`^/drive/v3/files/${id}/download$`), "files.download"],
  ["GET", new RegExp(`^/drive/v3/files/${id}/export$`), "files.export"],
  ["GET", new RegExp(`^/drive/v3/files/${id}/listLabels$`), "files.listLabels"],
  ["GET", new RegExp(`^/drive/v3/files/${id}/permissions$`), "permissions.list"],
  ["GET", new RegExp(`^/drive/v3/files/${id}/permissions/${id}$`), "permissions.get"],
  ["GET", new RegExp(`^/drive/v3/files/${id}$`), "files.get"],
  ["GET", /^\/drive\/v3\/files$/, "files.list"],
  ["GET", new RegExp(`^/drive/v3/operations/${id}$`), "operations.get"],
  ["GET", new RegExp(`^/download/${id}$`), "download"],
  ["GET", /^\/export$/, "exportLink"],
  ["POST", /^\/token$/, "token"],
  ["GET", /^\/tokeninfo$/, "tokeninfo"],
  ["POST", /^\/tokeninfo$/, "tokeninfo"]
]

/** The method of a request; `undefined` for what the stand-in does not know. */
export const routeOf = (method: string, path: string, media: boolean): Route | undefined => {
  for (const [verb, pattern, operation] of patterns) {
    const match = verb === method ? pattern.exec(path) : null
    if (match === null) continue
    return {
      operation: operation === "files.get" && media ? "files.media" : operation,
      id: decoded(match[1]),
      permissionId: decoded(match[2])
    }
  }
  return undefined
}

const decoded = (text: string | undefined): string | undefined => {
  try {
    return text === undefined ? undefined : decodeURIComponent(text)
  } catch {
    // Nobody's id.
    return text
  }
}

const scope = (name: string): string => `https://www.googleapis.com/auth/${name}`

const reading = [scope("drive"), scope("drive.readonly")]
const metadata = [...reading, scope("drive.metadata"), scope("drive.metadata.readonly")]

const ofContent: ReadonlySet<Operation> = new Set<Operation>([
  "drives.get",
  "drives.list",
  "files.download",
  "files.export",
  "files.media",
  "operations.get",
  "download",
  "exportLink"
])

/** The scopes of which a token must have one. Scopes for single files (`drive.file`) open nothing here. */
export const scopesFor = (operation: Operation): ReadonlyArray<string> =>
  ofContent.has(operation) ? reading : metadata
