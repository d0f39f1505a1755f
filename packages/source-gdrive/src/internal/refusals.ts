/**
 * By Google's own reasons: https://developers.google.com/workspace/drive/api/guides/handle-errors, and those of
 * `google.rpc.ErrorInfo`: https://docs.cloud.google.com/apis/design/errors
 */
import type { Target } from "../DriveError.ts"
import { quote, type Said } from "./thrown.ts"
import {
  changed,
  denied,
  forbidden,
  misconfigured,
  noContent,
  notFound,
  ofOneFile,
  stalePosition,
  subject,
  tooFast,
  unauthorized,
  unavailable,
  type Verdict
} from "./verdict.ts"

const scope = "https://www.googleapis.com/auth/drive.readonly"

const scopeMissing = unauthorized(
  `the access token does not cover this request: it needs the scope ${scope} (\`scopes\`); for domain-wide delegation grant it in the Admin console, for a refresh token have the user consent to it, for gcloud run \`gcloud auth application-default login --scopes=${scope},https://www.googleapis.com/auth/cloud-platform\``
)

const notEnabled = ({ console, text }: Said): Verdict =>
  /quota project/i.test(text)
    ? misconfigured(
        "credentials of a user count against no project of their own: run `gcloud auth application-default set-quota-project PROJECT`, with a project in which the Google Drive API is enabled"
      )
    : misconfigured(
        `the Google Drive API is not enabled in the project of these credentials: enable it at ${console ?? "https://console.cloud.google.com/apis/library/drive.googleapis.com"}, wait a few minutes, and run again`
      )

const tooManyRequests = tooFast(
  "Google asks to slow down, also after waiting: run again later, or lower `queriesPerMinute`"
)

const dailyLimit = misconfigured(
  "the project's quota for the day is used up: it is renewed at midnight Pacific time; raise it in Google's console under APIs & Services > Google Drive API > Quotas"
)

const internal = (said: Said) =>
  unavailable(
    `Google answers ${said.reasons[0] ?? `HTTP ${said.status ?? ""}`}, also after several attempts: run again later`
  )

/** Of one file, in Google's words: others may be read. */
const refused = (target: Target, reason: string, text: string): Verdict =>
  denied("refused", `Google refuses ${subject(target)} (${reason}): ${quote(text)}`)

const badRequest = (target: Target, { parameter, reasons, text }: Said): Verdict => {
  if (parameter === "pageToken" || /page ?token/i.test(text)) return stalePosition(target)
  if (/conversion is not supported/i.test(text) && ofOneFile(target)) {
    return denied("export-unsupported", `${subject(target)} cannot be exported as this media type: choose another one`)
  }
  const reads = target.operation === "files.media" || target.operation === "files.export"
  if (reads || target.operation === "files.download") return refused(target, reasons[0] ?? "400", text)
  return misconfigured(
    `the request is refused (${reasons[0] ?? "400"}${parameter === undefined ? "" : `, \`${parameter}\``}): ${quote(text)}`
  )
}

const isDaily = ({ metadata }: Said): boolean =>
  metadata["quota_unit"]?.startsWith("1/d") === true || /PerDay/i.test(metadata["quota_limit"] ?? "")

/** A reason that nobody has heard of. */
export const byUnknownReason = (reason: string, target: Target, { text }: Said): Verdict =>
  ofOneFile(target)
    ? refused(target, reason, text)
    : misconfigured(`the request is refused (${reason}): ${quote(text)}`)

/** What one of Google's reasons means; `undefined` where nobody has heard of it. */
export const byReason = (reason: string, target: Target, said: Said): Verdict | undefined => {
  switch (reason) {
    case "rateLimitExceeded":
    case "userRateLimitExceeded":
    case "sharingRateLimitExceeded":
    case "tooManyRequests":
    case "RATE_LIMIT_EXCEEDED":
    case "RESOURCE_EXHAUSTED":
      return isDaily(said) ? dailyLimit : tooManyRequests
    case "backendError":
    case "internalError":
    case "transientError":
    case "INTERNAL":
    case "UNAVAILABLE":
    case "DEADLINE_EXCEEDED":
    case "ABORTED":
      return internal(said)
    case "dailyLimitExceeded":
      return dailyLimit
    case "dailyLimitExceededUnreg":
      return unauthorized("the request reached Google without credentials: check `credentials`, and proxies on the way")
    case "quotaExceeded":
      return ofOneFile(target) ? downloadQuota(target) : dailyLimit
    case "downloadQuotaExceeded":
      return downloadQuota(target)
    case "accessNotConfigured":
    case "SERVICE_DISABLED":
      return notEnabled(said)
    case "USER_PROJECT_DENIED":
    case "CONSUMER_INVALID":
    case "CONSUMER_SUSPENDED":
    case "BILLING_DISABLED":
      return misconfigured(
        `Google does not accept the project these credentials count against (${reason}): check the quota project, and that the account may use it (role Service Usage Consumer)`
      )
    case "domainPolicy":
      return unauthorized(
        "the domain's administrator has disabled Drive for apps: have this one allowed in the Admin console, under Security > API controls"
      )
    case "insufficientPermissions":
    case "ACCESS_TOKEN_SCOPE_INSUFFICIENT":
      return scopeMissing
    case "appNotAuthorizedToFile":
      return ofOneFile(target)
        ? denied("no-permission", `this app was not given access to ${subject(target)}: use the scope ${scope}`)
        : scopeMissing
    case "insufficientFilePermissions":
    case "insufficientParentPermissions":
    case "teamDriveMembershipRequired":
    case "userAccess":
    case "forbidden":
    case "PERMISSION_DENIED":
      return forbidden(target)
    case "cannotDownloadAbusiveFile":
      return denied(
        "abusive",
        `Google holds ${subject(target)} to be malware or spam: acknowledge it to read it nevertheless (\`acknowledgeAbuse\`)`
      )
    case "cannotDownloadFile":
      return denied(
        "cannot-download",
        `${subject(target)} may be seen and not downloaded: its owner can allow that to viewers`
      )
    case "exportSizeLimitExceeded":
      return denied("export-too-large", `${subject(target)} is too large to be exported: Google exports 10 MB at most`)
    case "fileNotDownloadable":
      return noContent("not-downloadable", `${subject(target)} has no content of its own to download`)
    case "fileNotExportable":
      return noContent("not-exportable", `${subject(target)} is not a document that Google can export`)
    case "notFound":
    case "NOT_FOUND":
      return notFound(target)
    case "fullSyncRequired":
      return stalePosition(target)
    case "conditionNotMet":
    case "requestedRangeNotSatisfiable":
      return changed(`${subject(target)} is no longer in the state it was listed in`)
    case "authError":
    case "ACCESS_TOKEN_EXPIRED":
    case "ACCESS_TOKEN_TYPE_UNSUPPORTED":
    case "CREDENTIALS_MISSING":
    case "UNAUTHENTICATED":
      return unauthorized(
        "Google does not accept the access token, nor a new one: check `credentials`, `endpoint`, and this machine's clock"
      )
    case "badRequest":
    case "invalid":
    case "invalidParameter":
    case "invalidQuery":
    case "required":
    case "INVALID_ARGUMENT":
    case "FAILED_PRECONDITION":
      return badRequest(target, said)
    default:
      return undefined
  }
}

const downloadQuota = (target: Target): Verdict =>
  denied(
    "download-quota",
    `${subject(target)} was downloaded too often lately: Google allows it again within a day; its owner can make a copy`
  )
