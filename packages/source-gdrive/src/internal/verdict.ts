/** What a failure means: which reason, in which words, and whether it is worth another try. */
import { Source } from "@sluice/core"
import type { Target } from "../DriveError.ts"

export interface Verdict {
  readonly reason: Source.SourceErrorReason
  readonly message: string
  readonly retrying: "never" | "backoff" | "slow-down"
  /** To count by, where the reason's own name says too little. */
  readonly code?: string
}

const final = (reason: Source.SourceErrorReason, message: string): Verdict => ({ reason, message, retrying: "never" })

export const unauthorized = (message: string): Verdict => final(new Source.Unauthorized(), message)
export const misconfigured = (message: string): Verdict => final(new Source.Misconfigured(), message)
export const missing = (message: string): Verdict => final(new Source.Missing(), message)
export const gone = (message: string): Verdict => final(new Source.Gone(), message)
export const changed = (message: string): Verdict => final(new Source.Changed(), message)
export const denied = (code: string, message: string): Verdict => ({ ...final(new Source.Denied(), message), code })
export const noContent = (code: string, message: string): Verdict => ({
  ...final(new Source.NoContent(), message),
  code
})

/** It passes by itself. */
export const unavailable = (message: string): Verdict => ({
  reason: new Source.Unavailable(),
  message,
  retrying: "backoff"
})
/** Less, please. */
export const tooFast = (message: string): Verdict => ({
  reason: new Source.Unavailable(),
  message,
  retrying: "slow-down"
})

/** What a request was about, for a sentence. */
export const subject = ({ driveId, fileId, root }: Target): string =>
  fileId !== undefined
    ? `${root === true ? "the folder" : "file"} ${fileId}`
    : driveId !== undefined
      ? `the shared drive ${driveId}`
      : "Google Drive"

/** True where one file is concerned, and not the whole source. */
export const ofOneFile = ({ fileId, root }: Target): boolean => fileId !== undefined && root !== true

/** Where people find the address to share with. */
const account = "this account (a service account's address is `client_email` of its key)"

/** Nobody gave us access. */
export const forbidden = (target: Target): Verdict =>
  ofOneFile(target)
    ? denied(
        "no-permission",
        target.operation === "permissions.list"
          ? `who may see ${subject(target)} is told to those alone who may edit it: share it with ${account}, as an editor`
          : `access to ${subject(target)} is denied: share it with ${account}, as a viewer at least`
      )
    : unauthorized(
        target.fileId === undefined && target.driveId === undefined
          ? "access is denied: check `credentials` and `scopes`, and what the domain's administrator allows"
          : `access to ${subject(target)} is denied: share it with ${account}, as a viewer at least`
      )

/** Google says the same of what is not there and of what is not shared. */
export const notFound = (target: Target): Verdict => {
  if (ofOneFile(target)) return gone(`${subject(target)} is no longer there, or no longer shared with this account`)
  return target.fileId === undefined && target.driveId === undefined
    ? gone("a folder that was asked for is no longer there, or no longer shared with this account")
    : missing(`${subject(target)} does not exist or is not shared: check its identifier, and share it with ${account}`)
}

/** A position that is no longer one. */
export const stalePosition = (target: Target): Verdict =>
  target.operation === "changes.list"
    ? final(
        new Source.Expired(),
        "changes can no longer be followed from where they were left: everything is listed again"
      )
    : {
        ...unavailable("a position in a listing has expired: list from its beginning"),
        retrying: "never",
        code: "page-token-expired"
      }
