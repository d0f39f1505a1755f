/**
 * What a source was made with, checked.
 */
import { hash } from "node:crypto"
import * as DriveUri from "./DriveUri.ts"
import * as Formats from "./Formats.ts"

/** A part of a file that is asked for only where it is used. */
export const attributes = [
  "properties",
  "appProperties",
  "labels",
  "description",
  "owners",
  "webViewLink",
  "permissions"
] as const
export type Attribute = (typeof attributes)[number]

/**
 * Where files are. Ids, or the addresses that a browser shows.
 *
 * - `folders`: what is in these folders, however deep. Any drive; a plain service account needs no more than the folder
 *   shared with it.
 * - `sharedDrive`: a whole shared drive. Its members may follow it.
 * - `my-drive`: the account's own drive.
 * - `shared-with-me`: what others have shared with the account, and what is in it.
 * - `everything`: all that the account can see: its drive, what is shared with it, and the shared drives it is a member of.
 * - `files`: these files, one by one.
 */
export type From =
  | "my-drive"
  | "shared-with-me"
  | "everything"
  | { readonly folders: ReadonlyArray<string> }
  | { readonly sharedDrive: string }
  | { readonly files: ReadonlyArray<string> }

/** Which files, and what becomes of the kinds that Google alone has. */
export interface Options {
  readonly from: From
  /** Takes files that are in the trash too. Default false. */
  readonly includeTrashed?: boolean | undefined
  /**
   * Shortcuts:
   *
   * - `follow` (default): one to a file is a file of its own, with the other's content and both their lineage; one to a
   *   folder puts that folder in its place, unless it is taken anyway.
   * - `skip`: left alone, with a reason.
   * - `keep`: taken as themselves, files without content.
   */
  readonly shortcuts?: "follow" | "skip" | "keep" | undefined
  /** Media type that each kind of native document is exported as, over `Formats.defaults`; `false` leaves it alone. */
  readonly exports?: Formats.Exports | undefined
  /** Only files that one of these owns: addresses, or `me`. Files in shared drives have no owner. */
  readonly ownedBy?: ReadonlyArray<string> | undefined
  /** Reads files that Google takes for malware or spam. Default false: they are rejected. */
  readonly acknowledgeAbuse?: boolean | undefined
  /** Ids of the labels that the attribute `labels` holds: Google gives those that are named. */
  readonly labels?: ReadonlyArray<string> | undefined
  /** Loaded for every file besides what the mapping asks for, and tried by `check`. */
  readonly attributes?: ReadonlyArray<Attribute> | undefined
  /** List requests at a time, 8. */
  readonly concurrency?: number | undefined
}

/** `From`, with what was written read. */
export type Where =
  | { readonly _tag: "Folders"; readonly folders: ReadonlyArray<DriveUri.Reference> }
  | { readonly _tag: "SharedDrive"; readonly id: string }
  | { readonly _tag: "MyDrive" }
  | { readonly _tag: "SharedWithMe" }
  | { readonly _tag: "Everything" }
  | { readonly _tag: "Files"; readonly files: ReadonlyArray<DriveUri.Reference> }

export interface Settings {
  readonly name: string
  readonly where: Where
  readonly includeTrashed: boolean
  readonly shortcuts: "follow" | "skip" | "keep"
  readonly exports: Formats.Exports
  readonly ownedBy: ReadonlyArray<string>
  readonly acknowledgeAbuse: boolean
  readonly labels: ReadonlyArray<string>
  readonly attributes: ReadonlySet<string>
  readonly concurrency: number
  /** Positions that were taken with other settings say nothing about these. */
  readonly digest: string
  /** What is wrong. Nothing works until it is empty. */
  readonly problems: ReadonlyArray<{ readonly field: string; readonly problem: string; readonly remedy: string }>
}

const howToName = "Write the id (the last part of the address in the browser), or the whole address"

const references = (texts: ReadonlyArray<string>): ReadonlyArray<DriveUri.Reference> => {
  const found = texts.flatMap((text) => DriveUri.parse(text) ?? [])
  return found.filter(({ id }, i) => found.findIndex((other) => other.id === id) === i)
}

const whereOf = (from: From): Where => {
  if (from === "my-drive") return { _tag: "MyDrive" }
  if (from === "shared-with-me") return { _tag: "SharedWithMe" }
  if (from === "everything") return { _tag: "Everything" }
  if ("folders" in from) return { _tag: "Folders", folders: references(from.folders) }
  if ("files" in from) return { _tag: "Files", files: references(from.files) }
  return { _tag: "SharedDrive", id: DriveUri.parse(from.sharedDrive)?.id ?? from.sharedDrive }
}

const nameOf = (where: Where): string => {
  switch (where._tag) {
    case "Folders":
      return `gdrive:${where.folders[0]?.id ?? "nothing"}${where.folders.length > 1 ? `+${where.folders.length - 1}` : ""}`
    case "SharedDrive":
      return `gdrive:${where.id}`
    case "MyDrive":
      return "gdrive:my-drive"
    case "SharedWithMe":
      return "gdrive:shared-with-me"
    case "Everything":
      return "gdrive:everything"
    case "Files":
      return `gdrive:${where.files[0]?.id ?? "nothing"}${where.files.length > 1 ? `+${where.files.length - 1}` : ""}`
  }
}

const listOf = (from: From): readonly [field: string, texts: ReadonlyArray<string>] => {
  if (typeof from === "string") return ["from", []]
  if ("folders" in from) return ["from.folders", from.folders]
  if ("files" in from) return ["from.files", from.files]
  return ["from.sharedDrive", [from.sharedDrive]]
}

const problemsOf = (options: Options): Settings["problems"] => {
  const problems: Array<Settings["problems"][number]> = []
  const refuse = (field: string, problem: string, remedy: string) => problems.push({ field, problem, remedy })
  const { concurrency, exports = {}, from, labels, ownedBy } = options
  const [field, texts] = listOf(from)
  if (typeof from !== "string" && texts.length === 0) refuse(field, "it is an empty list", howToName)
  for (const text of texts) {
    if (DriveUri.parse(text) === undefined) {
      refuse(
        field,
        text === "" ? "an id is empty" : `${JSON.stringify(text)} is no id and no address in Drive`,
        howToName
      )
    }
  }
  for (const [kind, format] of Object.entries(exports)) {
    const offered = Object.entries(Formats.offered).find(([one]) => one === kind)?.[1]
    if (offered === undefined) {
      refuse(`exports.${kind}`, "there is no such kind", `Use one of ${Object.keys(Formats.defaults).join(", ")}`)
    } else if (typeof format === "string" && !offered.includes(format)) {
      refuse(`exports.${kind}`, `Google does not export it as ${format}`, `Use one of ${offered.join(", ")}, or false`)
    }
  }
  for (const owner of ownedBy ?? []) {
    if (owner !== "me" && !/^[^\s@]+@[^\s@]+$/.test(owner)) {
      refuse("ownedBy", `${JSON.stringify(owner)} is no address`, 'Write addresses, or "me"')
    }
  }
  if (ownedBy?.length === 0) refuse("ownedBy", "it is an empty list, which is nobody", "Leave it out for all owners")
  if (ownedBy !== undefined && typeof from !== "string" && "sharedDrive" in from) {
    refuse("ownedBy", "files in a shared drive have no owner", "Leave it out")
  }
  const known: ReadonlyArray<string> = attributes
  for (const name of (options.attributes ?? []).filter((one) => !known.includes(one))) {
    refuse("attributes", `there are no attributes ${JSON.stringify(name)}`, `Use ${known.join(", ")}`)
  }
  if (options.attributes?.includes("labels") === true && (labels ?? []).length === 0) {
    refuse("labels", "Google gives the labels that are named, and none is", "Name the ids of the labels to load")
  }
  if ((labels ?? []).some((label) => !/^\w+$/.test(label))) {
    refuse("labels", "one is not the id of a label", "Write ids as the Drive Labels API has them")
  }
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= 64)) {
    refuse("concurrency", `${concurrency} is not a whole number from 1 to 64`, "Leave it out for 8")
  }
  return problems
}

/** What is `undefined` is not named, and makes no other settings. */
const named = (exports: Formats.Exports): Formats.Exports =>
  Object.fromEntries(Object.entries(exports).filter(([, format]) => format !== undefined))

export const fromOptions = (options: Options): Settings => {
  const where = whereOf(options.from)
  const taken = {
    where,
    includeTrashed: options.includeTrashed === true,
    shortcuts: options.shortcuts ?? "follow",
    exports: { ...Formats.defaults, ...named(options.exports ?? {}) },
    ownedBy: options.ownedBy ?? [],
    labels: options.labels ?? [],
    attributes: [...new Set(options.attributes)].toSorted()
  } as const
  return {
    ...taken,
    name: nameOf(where),
    acknowledgeAbuse: options.acknowledgeAbuse === true,
    attributes: new Set(options.attributes),
    concurrency: options.concurrency ?? 8,
    digest: hash("sha256", JSON.stringify(taken), "base64url").slice(0, 8),
    problems: problemsOf(options)
  }
}
