/**
 * What Google refused, by name: each failure of a request says what is so, which permission or setting is concerned,
 * and what to do.
 */
import { Source } from "@sluice/core"
import { Schema } from "effect"
import { byCode, byStatus } from "./internal/network.ts"
import { byReason, byUnknownReason } from "./internal/refusals.ts"
import { quote, type Said, said } from "./internal/thrown.ts"
import { ofToken } from "./internal/tokenRefusals.ts"
import { misconfigured, type Verdict } from "./internal/verdict.ts"

/**
 * The requests this package makes, by Google's names for them. `files.media` is `files.get` with `alt=media`,
 * `files.download` has Google prepare a download, `link` follows an address that Google gave, `token` asks for an access
 * token.
 */
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
  | "link"
  | "operations.get"
  | "permissions.list"
  | "token"

/** What a request was about. */
export interface Target {
  readonly operation: Operation
  readonly fileId?: string | undefined
  /** A shared drive. */
  readonly driveId?: string | undefined
  /** The file is a folder that the source was told to read: without it there is no source. */
  readonly root?: boolean | undefined
}

/** What to do about a failed request. */
export const Retrying = Schema.Literals(["never", "backoff", "slow-down"])

/** A failed request. Carries no header, no token and no body: the client library's errors hold all three and are not kept. */
export class DriveError extends Schema.TaggedError<DriveError>()("DriveError", {
  operation: Schema.String,
  /**
   * Google's own reason (`rateLimitExceeded`), OAuth's (`invalid_grant`), the system's code (`ECONNRESET`), or `HTTP 502`
   * where there was none of them.
   */
  said: Schema.String,
  status: Schema.optionalKey(Schema.Finite),
  /** As the answer's header spells it. */
  retryAfter: Schema.optionalKey(Schema.String),
  retrying: Retrying,
  reason: Source.SourceErrorReason,
  /** To count by, as in `SourceError`: `no-permission`, `download-quota`, `export-too-large`… */
  code: Schema.optionalKey(Schema.NonEmptyString),
  message: Schema.String
}) {}

/** The error as every source says it. */
export const toSourceError =
  (source: string) =>
  (error: DriveError): Source.SourceError =>
    new Source.SourceError({
      source,
      operation: error.operation,
      reason: error.reason,
      ...(error.code === undefined ? {} : { code: error.code }),
      message: error.message,
      cause: `${error.said}${error.status === undefined ? "" : `, status ${error.status}`}`
    })

const byReasons = (target: Target, of: Said): readonly [string, Verdict] | undefined => {
  for (const reason of of.reasons) {
    const found = byReason(reason, target, of)
    if (found !== undefined) return [reason, found]
  }
  return undefined
}

/** Statuses that say less than a reason does, also one that nobody has heard of. */
const refusing = new Set<number | undefined>([400, 402, 403, 404, 405, 409])

const judge = (target: Target, of: Said): readonly [string, Verdict] => {
  const spoken = of.oauth ?? of.reasons[0] ?? (of.status === undefined ? (of.code ?? "Error") : `HTTP ${of.status}`)
  if (target.operation === "token") {
    const found = ofToken(of)
    if (found !== undefined) return [spoken, found]
  }
  const found = byReasons(target, of)
  if (found !== undefined) return found
  const [unknown] = of.reasons
  if (unknown !== undefined && refusing.has(of.status)) return [unknown, byUnknownReason(unknown, target, of)]
  if (of.status !== undefined) return [spoken, byStatus(of.status, target, of)]
  const failed = of.code === undefined ? undefined : byCode(of.code, target)
  return [spoken, failed ?? misconfigured(`the request cannot be made (${spoken}): ${quote(of.text)}`)]
}

/** Names a failure. Never throws, whatever was thrown. */
export const classify = (thrown: unknown, target: Target): DriveError => {
  const of = said(thrown)
  const [spoken, verdict] = judge(target, of)
  return new DriveError({
    operation: target.operation,
    said: spoken,
    ...(of.status === undefined ? {} : { status: of.status }),
    ...(of.retryAfter === undefined ? {} : { retryAfter: of.retryAfter }),
    ...verdict
  })
}
