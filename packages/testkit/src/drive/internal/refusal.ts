/**
 * The errors of Drive's API, in Google's words and Google's shape.
 * https://developers.google.com/workspace/drive/api/guides/handle-errors; what is not there is as clients have met it.
 */

type Place = readonly [location: string, locationType: "parameter" | "header"]

interface Kind {
  readonly status: number
  readonly domain: "global" | "usageLimits"
  readonly message: string
  readonly place?: Place
  /** `error.status` of newer errors. */
  readonly canonical?: string
}

const global = (status: number, message: string, place?: Place): Kind => ({
  status,
  domain: "global",
  message,
  ...(place === undefined ? {} : { place })
})

const limit = (status: number, message: string): Kind => ({ status, domain: "usageLimits", message })

const kinds = {
  invalid: global(400, "Invalid Value"),
  invalidParameter: global(400, "Invalid value"),
  badRequest: global(400, "Bad Request"),
  required: global(400, "The 'fields' parameter is required for this method.", ["fields", "parameter"]),
  authError: {
    ...global(401, "Invalid Credentials", ["Authorization", "header"]),
    canonical: "UNAUTHENTICATED"
  },
  accessNotConfigured: limit(
    403,
    "Access Not Configured. Google Drive API has not been used in project 123456789012 before or it is disabled."
  ),
  appNotAuthorizedToFile: global(403, "The user has not granted the app 123456789012 read access to the file."),
  cannotDownloadAbusiveFile: global(403, "This file has been identified as malware or spam and cannot be downloaded.", [
    "acknowledgeAbuse",
    "parameter"
  ]),
  cannotDownloadFile: global(403, "This file cannot be downloaded by the user."),
  dailyLimitExceeded: limit(403, "Daily Limit Exceeded"),
  domainPolicy: global(403, "The domain administrators have disabled Drive apps."),
  downloadQuotaExceeded: limit(403, "The download quota for this file has been exceeded."),
  exportSizeLimitExceeded: global(403, "This file is too large to be exported."),
  fileNotDownloadable: global(
    403,
    "Only files with binary content can be downloaded. Use Export with Docs Editors files.",
    ["alt", "parameter"]
  ),
  fileNotExportable: global(403, "Export only supports Docs Editors files."),
  forbidden: global(403, "Forbidden"),
  insufficientFilePermissions: global(403, "The user does not have sufficient permissions for this file."),
  insufficientPermissions: {
    ...global(403, "Insufficient Permission: Request had insufficient authentication scopes."),
    canonical: "PERMISSION_DENIED"
  },
  quotaExceeded: limit(403, "The user has exceeded their Drive storage or request quota."),
  rateLimitExceeded: limit(403, "Rate Limit Exceeded"),
  sharingRateLimitExceeded: global(
    403,
    'Rate limit exceeded. User message: "These item(s) could not be shared because a rate limit was exceeded: filename"'
  ),
  storageQuotaExceeded: global(403, "The user's Drive storage quota has been exceeded."),
  teamDriveIdRequiresTeamDriveCorpora: global(
    403,
    "The driveId parameter must be specified if and only if corpora is set to drive."
  ),
  teamDriveMembershipRequired: global(403, "The attempted action requires shared drive membership."),
  teamDrivesParameterRequired: global(
    403,
    "The includeItemsFromAllDrives parameter must be set to true when driveId is specified or corpora contains drive or allDrives."
  ),
  userRateLimitExceeded: limit(403, "User Rate Limit Exceeded"),
  notFound: global(404, "File not found: .", ["fileId", "parameter"]),
  fullSyncRequired: global(410, "Sync token is no longer valid, a full sync is required.", ["pageToken", "parameter"]),
  requestedRangeNotSatisfiable: global(416, "Request range not satisfiable"),
  backendError: global(500, "Internal Error"),
  internalError: global(500, "Internal Error"),
  badGateway: global(502, "Bad Gateway"),
  serviceUnavailable: global(503, "Service Unavailable"),
  gatewayTimeout: global(504, "Gateway Timeout")
} as const satisfies Record<string, Kind>

/** A reason that Drive gives for an error: `error.errors[0].reason`. */
export type Reason = keyof typeof kinds

/** What differs from the usual answer of a reason. */
export interface RefusalOptions {
  readonly status?: number | undefined
  readonly message?: string | undefined
  /** The query parameter it is about. */
  readonly parameter?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

// Newer than `errors`, and beside it.
const scopeDetails = [
  {
    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
    reason: "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
    domain: "googleapis.com",
    metadata: { service: "drive.googleapis.com" }
  }
]

const scopeHeaders = {
  "www-authenticate":
    'Bearer realm="https://accounts.google.com/", error="insufficient_scope", scope="https://www.googleapis.com/auth/drive.readonly"'
}

const authHeaders = { "www-authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"' }

/** Thrown by the handlers: what Drive refuses, and why. Becomes the error document of the answer. */
export class Refusal extends Error {
  readonly reason: Reason
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly #place: Place | undefined

  constructor(reason: Reason, options: RefusalOptions = {}) {
    const kind: Kind = kinds[reason]
    super(options.message ?? kind.message)
    this.reason = reason
    this.status = options.status ?? kind.status
    this.headers = {
      ...(reason === "insufficientPermissions" ? scopeHeaders : reason === "authError" ? authHeaders : {}),
      ...options.headers
    }
    this.#place = options.parameter === undefined ? kind.place : [options.parameter, "parameter"]
  }

  /** The body of the answer. */
  get document(): object {
    const kind: Kind = kinds[this.reason]
    const place = this.#place === undefined ? {} : { location: this.#place[0], locationType: this.#place[1] }
    return {
      error: {
        code: this.status,
        message: this.message,
        errors: [{ message: this.message, domain: kind.domain, reason: this.reason, ...place }],
        ...(kind.canonical === undefined ? {} : { status: kind.canonical }),
        ...(this.reason === "insufficientPermissions" ? { details: scopeDetails } : {})
      }
    }
  }
}

/** A file that is not there, or not for the asker: Drive does not say which. */
export const fileNotFound = (id: string): Refusal => new Refusal("notFound", { message: `File not found: ${id}.` })

/** A parameter whose value means nothing. */
export const invalidValue = (parameter: string): Refusal => new Refusal("invalid", { parameter })
