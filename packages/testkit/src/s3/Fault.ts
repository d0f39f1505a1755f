/**
 * What the S3 stand-in can be told to do wrong. A fault says where it strikes and how often; `s3.faults.set([...])`
 * replaces the ones in force, at any time, also between the requests of a run.
 */
import type { Frequency } from "../internal/frequency.ts"
import type * as Transport from "../internal/transport.ts"
import type { Operation } from "./internal/operation.ts"

/** Where a fault strikes, and how often. Everything that is left out matches everything. */
export interface Where extends Frequency {
  readonly operations?: ReadonlyArray<Operation>
  readonly bucket?: string
  /** Beginning of the key or, for listings, of the `prefix` asked for. */
  readonly prefix?: string
  /** Keys (for listings: prefixes) that are left alone, letter by letter. */
  readonly except?: ReadonlyArray<string>
}

/** An error answer in place of the work. */
export interface Refuse extends Where {
  readonly _tag: "Refuse"
  /** 503, 500, 503 and 429. */
  readonly code: "SlowDown" | "InternalError" | "ServiceUnavailable" | "TooManyRequests"
  /** Value of a `Retry-After` header, as it is to be sent: seconds or a date. S3 itself sends none. */
  readonly retryAfter?: string
}

/** 403 AccessDenied that names the missing permission as IAM does. */
export interface Deny extends Where {
  readonly _tag: "Deny"
}

/** The connection is reset and nothing is answered. */
export interface Reset extends Where, Transport.Reset {}

/** The body stops: by a reset, or by a proper end of the connection although `Content-Length` promised more. */
export interface Cut extends Where, Transport.Cut {}

/** One byte of the body is another than it should be. */
export interface Corrupt extends Where, Transport.Corrupt {}

/** The answer waits, or its body trickles. */
export interface Slow extends Where, Transport.Slow {}

/**
 * Objects are replaced by others as soon as a page that lists them was sent, once for each key: what was listed is no
 * longer what is read.
 */
export interface ReplaceAfterListing {
  readonly _tag: "ReplaceAfterListing"
  readonly bucket: string
  readonly keys: ReadonlyArray<string>
}

/** Something the stand-in does wrong. */
export type Fault = Refuse | Deny | Reset | Cut | Corrupt | Slow | ReplaceAfterListing

/** 503 `SlowDown`: what S3 answers to too many requests. */
export const slowDown = (where: Where & { readonly retryAfter?: string } = {}): Fault => ({
  _tag: "Refuse",
  code: "SlowDown",
  ...where
})

/** 500 `InternalError`. */
export const internalError = (where: Where = {}): Fault => ({ _tag: "Refuse", code: "InternalError", ...where })

/** 429 `TooManyRequests`: what some compatible servers answer instead of `SlowDown`. */
export const tooManyRequests = (where: Where & { readonly retryAfter?: string } = {}): Fault => ({
  _tag: "Refuse",
  code: "TooManyRequests",
  ...where
})

/** 403 on a prefix, an operation, or both: a missing permission. */
export const deny = (where: Where): Fault => ({ _tag: "Deny", ...where })

/**
 * An IAM policy that allows listing with exactly these prefixes and with no other, neither shorter nor longer.
 */
export const listOnly = (prefixes: ReadonlyArray<string>): Fault =>
  deny({ operations: ["ListObjects", "ListObjectsV2", "ListObjectVersions"], except: prefixes })

/** The connection is reset before anything is answered. */
export const reset = (where: Where = {}): Fault => ({ _tag: "Reset", ...where })

/** The connection is reset in the middle of the body. */
export const resetInBody = (where: Where & { readonly at?: number } = {}): Fault => ({
  _tag: "Cut",
  how: "reset",
  operations: ["GetObject"],
  ...where
})

/** The body ends too early, without a reset, though `Content-Length` is right. */
export const truncate = (where: Where & { readonly at?: number } = {}): Fault => ({
  _tag: "Cut",
  how: "end",
  operations: ["GetObject"],
  ...where
})

/** A wrong byte in the body; length and headers are right. */
export const corrupt = (where: Where & { readonly at?: number } = {}): Fault => ({
  _tag: "Corrupt",
  operations: ["GetObject"],
  ...where
})

/** Answers that begin late (`latency`, milliseconds) or trickle (`bytesPerSecond`). */
export const slow = (where: Where & { readonly latency?: number; readonly bytesPerSecond?: number }): Fault => ({
  _tag: "Slow",
  ...where
})

/** See {@link ReplaceAfterListing}. */
export const replaceAfterListing = (bucket: string, keys: ReadonlyArray<string>): Fault => ({
  _tag: "ReplaceAfterListing",
  bucket,
  keys
})
