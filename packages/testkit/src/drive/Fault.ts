/**
 * What the Drive stand-in can be told to do wrong. A fault says where it strikes and how often; `drive.faults.set([...])`
 * replaces the ones in force, at any time, also between the requests of a run.
 */
import type { Frequency } from "../internal/frequency.ts"
import type * as Transport from "../internal/transport.ts"
import type { Operation } from "./internal/operation.ts"
import type { Reason } from "./internal/refusal.ts"

/** Where a fault strikes, and how often. Everything that is left out matches everything. */
export interface Where extends Frequency {
  readonly operations?: ReadonlyArray<Operation>
  /** The file, drive or operation that is asked for. */
  readonly ids?: ReadonlyArray<string>
  /** Part of the query that a listing asks. */
  readonly q?: string
  /** Address of who asks. */
  readonly account?: string
}

/** An error in Google's shape in place of the work. */
export interface Refuse extends Where {
  readonly _tag: "Refuse"
  readonly reason: Reason
  /** That of the reason by default: 403 for `rateLimitExceeded`, say, which also comes as 429. */
  readonly status?: number
  /** That of the reason by default. */
  readonly message?: string
  /** Value of a `Retry-After` header, as it is to be sent: seconds or a date. Google seldom sends one. */
  readonly retryAfter?: string
}

/** An error page of something on the way, in HTML. */
export interface Page extends Where {
  readonly _tag: "Page"
  readonly status: number
  readonly retryAfter?: string
}

/** An error of the token endpoint. */
export interface RefuseToken extends Where {
  readonly _tag: "RefuseToken"
  /** `invalid_grant`, `unauthorized_client`, `internal_failure`… */
  readonly error: string
  readonly description?: string
  /** 400 by default. */
  readonly status?: number
}

/** The connection is reset and nothing is answered. */
export interface Reset extends Where, Transport.Reset {}

/** The body stops: by a reset, or by a proper end of the connection although `Content-Length` promised more. */
export interface Cut extends Where, Transport.Cut {}

/** `Content-Length` is smaller (negative) or greater than the body: the body is cut there, or ends before. */
export interface WrongLength extends Where, Transport.WrongLength {}

/** One byte of the body is another than it should be. */
export interface Corrupt extends Where, Transport.Corrupt {}

/** The answer waits, or its body trickles. */
export interface Slow extends Where, Transport.Slow {}

/**
 * A query for more than one folder (`'a' in parents or 'b' in parents`) finds nothing, as Google's search now and then
 * answers; with `fraction` or `next` not every time.
 */
export interface EmptyGroups extends Where {
  readonly _tag: "EmptyGroups"
}

/** `incompleteSearch`: the search did not reach everything. */
export interface IncompleteSearch extends Where {
  readonly _tag: "IncompleteSearch"
  /** Share of each page that is left out, 0 to 1; nothing by default. */
  readonly missing?: number
}

/** The last file of a page is the first of the next page again. */
export interface DuplicateAcrossPages extends Where {
  readonly _tag: "DuplicateAcrossPages"
}

/** Pages are shorter than was asked for, also empty ones, though more follow. */
export interface ShortPages extends Where {
  readonly _tag: "ShortPages"
  /** Files on such a page; none by default, and then a listing ends only if `next` or `fraction` lets it. */
  readonly files?: number
}

/** A file is moved to another folder when a page was sent that has a next one; once. */
export interface MoveBetweenPages extends Where {
  readonly _tag: "MoveBetweenPages"
  readonly file: string
  readonly to: string
}

/** Something the stand-in does wrong. */
export type Fault =
  | Refuse
  | Page
  | RefuseToken
  | Reset
  | Cut
  | WrongLength
  | Corrupt
  | Slow
  | EmptyGroups
  | IncompleteSearch
  | DuplicateAcrossPages
  | ShortPages
  | MoveBetweenPages

/** An error of Drive's, by its reason. Strikes everywhere but at the token endpoint if not told where. */
export const refuse = (
  reason: Reason,
  where: Where & { readonly status?: number; readonly message?: string; readonly retryAfter?: string } = {}
): Fault => ({ _tag: "Refuse", reason, ...where })

/** 429 `rateLimitExceeded`. */
export const tooManyRequests = (where: Where & { readonly retryAfter?: string } = {}): Fault =>
  refuse("rateLimitExceeded", { status: 429, ...where })

/** An error page in HTML, 502 by default. */
export const page = (where: Where & { readonly status?: number; readonly retryAfter?: string } = {}): Fault => ({
  _tag: "Page",
  status: 502,
  ...where
})

/** An error of the token endpoint; `invalid_grant` by default. */
export const refuseToken = (
  error = "invalid_grant",
  where: Where & { readonly description?: string; readonly status?: number } = {}
): Fault => ({ _tag: "RefuseToken", error, operations: ["token"], ...where })

/** The connection is reset before anything is answered. */
export const reset = (where: Where = {}): Fault => ({ _tag: "Reset", ...where })

// Bodies of files, by all the ways there are to them.
const content: ReadonlyArray<Operation> = ["files.media", "files.export", "exportLink", "download"]

/** The connection is reset in the middle of a file. */
export const resetInBody = (where: Where & { readonly at?: number } = {}): Fault => ({
  _tag: "Cut",
  how: "reset",
  operations: content,
  ...where
})

/** A file ends too early, without a reset, though `Content-Length` is right. */
export const truncate = (where: Where & { readonly at?: number } = {}): Fault => ({
  _tag: "Cut",
  how: "end",
  operations: content,
  ...where
})

/** `Content-Length` is off by so many bytes; one too few by default. */
export const wrongLength = (where: Where & { readonly by?: number } = {}): Fault => ({
  _tag: "WrongLength",
  by: -1,
  operations: content,
  ...where
})

/** A wrong byte in a file; length and headers are right. */
export const corrupt = (where: Where & { readonly at?: number } = {}): Fault => ({
  _tag: "Corrupt",
  operations: content,
  ...where
})

/** Answers that begin late (`latency`, milliseconds) or trickle (`bytesPerSecond`). */
export const slow = (where: Where & { readonly latency?: number; readonly bytesPerSecond?: number }): Fault => ({
  _tag: "Slow",
  ...where
})

/** See {@link EmptyGroups}. */
export const emptyGroups = (where: Where = {}): Fault => ({ _tag: "EmptyGroups", ...where })

/** See {@link IncompleteSearch}. */
export const incompleteSearch = (where: Where & { readonly missing?: number } = {}): Fault => ({
  _tag: "IncompleteSearch",
  ...where
})

/** See {@link DuplicateAcrossPages}. */
export const duplicateAcrossPages = (where: Where = {}): Fault => ({ _tag: "DuplicateAcrossPages", ...where })

/** See {@link ShortPages}. */
export const shortPages = (where: Where & { readonly files?: number } = {}): Fault => ({ _tag: "ShortPages", ...where })

/** See {@link MoveBetweenPages}. */
export const moveBetweenPages = (file: string, to: string, where: Where = {}): Fault => ({
  _tag: "MoveBetweenPages",
  file,
  to,
  next: 1,
  ...where
})
