/**
 * What a source was made with, checked.
 */
import { type DateTime, Redacted } from "effect"

/** A part of a file that a listing does not say. */
export type Attribute = "metadata" | "tags"

/** How fast and how dear: `Expedited` is not offered for DEEP_ARCHIVE. */
export type Tier = "Standard" | "Bulk" | "Expedited"

/** Which files of which bucket. */
export interface Options {
  /** The bucket's name, or the ARN or alias of an access point. */
  readonly bucket: string
  /** Only keys that begin with one of these. Everything where left out. */
  readonly prefixes?: ReadonlyArray<string> | undefined
  /**
   * - `current` (default): what is there now.
   * - `all`: every version; a key that is deleted now is a `Delete`.
   * - `asOf`: what was there at an instant, as far as its versions are still kept.
   */
  readonly versions?: "current" | "all" | { readonly asOf: DateTime.Utc } | undefined
  /**
   * Objects in GLACIER and DEEP_ARCHIVE that are not restored:
   *
   * - `skip` (default): left alone, with a reason.
   * - `fail`: rejected, with a reason.
   * - `restore`: asked for, for 7 days from the tier `Standard` or as given, and taken by a later run. Everything under
   *   the prefixes is asked for, also what a filter leaves out; restoring costs money.
   */
  readonly archived?:
    | "skip"
    | "fail"
    | "restore"
    | { readonly restore: { readonly days: number; readonly tier: Tier } }
    | undefined
  /** Anybody may read the objects: links to them are plain addresses, and sinks may prefer them to bytes. Default false. */
  readonly publicRead?: boolean | undefined
  /** You pay for requests and transfer; buckets that ask for it refuse everybody else. */
  readonly requesterPays?: boolean | undefined
  /** The key that the objects are encrypted with (SSE-C): 32 bytes, base64. */
  readonly sseCustomerKey?: Redacted.Redacted | undefined
  /** List requests at a time, at most: 24, and fewer where pages come as fast as they are taken. With 1, the listing is in key order. */
  readonly concurrency?: number | undefined
  /** Loaded for every file, besides what the mapping asks for, and tried by `check`. One more request per file and kind. */
  readonly attributes?: ReadonlyArray<Attribute> | undefined
}

export interface Settings {
  readonly name: string
  readonly bucket: string
  readonly prefixes: ReadonlyArray<string>
  readonly versions:
    | { readonly _tag: "Current" }
    | { readonly _tag: "All" }
    | { readonly _tag: "AsOf"; readonly instant: DateTime.Utc }
  readonly archived:
    | { readonly _tag: "Skip" }
    | { readonly _tag: "Fail" }
    | { readonly _tag: "Restore"; readonly days: number; readonly tier: Tier }
  readonly concurrency: number
  readonly attributes: ReadonlySet<string>
  /** An S3 Express bucket: its listings are in no order and know no versions. */
  readonly directory: boolean
  readonly publicRead: boolean
  /** What goes with every request. */
  readonly payer: { readonly RequestPayer?: "requester" }
  /** What goes with every request for an object's content. A function, so that printing the settings shows no key. */
  readonly customerKey: () => { readonly SSECustomerAlgorithm?: "AES256"; readonly SSECustomerKey?: string }
  /** What is wrong: field and sentence. Nothing works until it is empty. */
  readonly problems: ReadonlyArray<{ readonly field: string; readonly problem: string; readonly remedy: string }>
}

const problemsOf = (options: Options, directory: boolean): Settings["problems"] => {
  const problems: Array<Settings["problems"][number]> = []
  const refuse = (field: string, problem: string, remedy: string) => problems.push({ field, problem, remedy })
  const { bucket, prefixes, versions, archived, concurrency, sseCustomerKey } = options
  if (bucket === "") {
    refuse("bucket", "it is empty", "Name the bucket")
  } else if (/^s3:\/\//i.test(bucket) || (bucket.includes("/") && !bucket.startsWith("arn:"))) {
    refuse("bucket", `${bucket} is an address, not a name`, "Write the name alone, and what follows it in `prefixes`")
  } else if (!bucket.startsWith("arn:") && !/^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/.test(bucket)) {
    refuse("bucket", `${bucket} is not a bucket name`, "3 to 63 lower-case letters, digits, dots and hyphens")
  }
  if (prefixes?.length === 0) {
    refuse(
      "prefixes",
      "it is an empty list, which is nothing at all",
      "Leave it out for the whole bucket, or name a prefix"
    )
  }
  for (const prefix of prefixes ?? []) {
    if (/^s3:\/\//i.test(prefix))
      refuse("prefixes", `${prefix} is an address`, "Write what keys begin with, without bucket")
    if (directory && prefix !== "" && !prefix.endsWith("/")) {
      refuse("prefixes", `${prefix} does not end with a slash, which directory buckets ask for`, "End it with a slash")
    }
    if (!prefix.isWellFormed())
      refuse("prefixes", "one is not well-formed Unicode, as every key is", "Check its encoding")
  }
  if (directory && versions !== undefined && versions !== "current") {
    refuse("versions", "directory buckets keep no versions", "Leave it out")
  }
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= 64)) {
    refuse("concurrency", `${concurrency} is not a whole number from 1 to 64`, "Leave it out for 24")
  }
  if (typeof archived === "object" && !(Number.isInteger(archived.restore.days) && archived.restore.days >= 1)) {
    refuse(
      "archived.restore.days",
      `${archived.restore.days} is not a whole number above 0`,
      "Name the days a copy is kept"
    )
  }
  if (sseCustomerKey !== undefined && Buffer.from(Redacted.value(sseCustomerKey), "base64").length !== 32) {
    refuse("sseCustomerKey", "it is not 32 bytes in base64", "Encode the 256-bit key itself, not its digest")
  }
  return problems
}

export const fromOptions = (options: Options): Settings => {
  const directory = options.bucket.endsWith("--x-s3")
  const { versions, archived } = options
  return {
    name: `s3:${options.bucket}`,
    bucket: options.bucket,
    prefixes: options.prefixes ?? [""],
    versions:
      versions === undefined || versions === "current"
        ? { _tag: "Current" }
        : versions === "all"
          ? { _tag: "All" }
          : { _tag: "AsOf", instant: versions.asOf },
    archived:
      archived === undefined || archived === "skip"
        ? { _tag: "Skip" }
        : archived === "fail"
          ? { _tag: "Fail" }
          : { _tag: "Restore", days: 7, tier: "Standard", ...(archived === "restore" ? {} : archived.restore) },
    concurrency: directory ? 1 : (options.concurrency ?? 24),
    attributes: new Set(options.attributes),
    directory,
    publicRead: options.publicRead === true,
    payer: options.requesterPays === true ? { RequestPayer: "requester" } : {},
    customerKey: () =>
      options.sseCustomerKey === undefined
        ? {}
        : { SSECustomerAlgorithm: "AES256", SSECustomerKey: Redacted.value(options.sseCustomerKey) },
    problems: problemsOf(options, directory)
  }
}
