/**
 * One file at a source: who it is, which state of it, and what is known of it without reading it.
 */
import { Schema } from "effect"
import { hash } from "node:crypto"

/** A checksum the store itself keeps for the file's bytes, in the store's own spelling (hex or base64). */
export const Checksum = Schema.Struct({
  algorithm: Schema.Literals(["md5", "sha1", "sha256", "crc32", "crc32c", "crc64nvme"]),
  /** Lower-case hex of the digest. */
  value: Schema.NonEmptyString
})
export interface Checksum extends Schema.Schema.Type<typeof Checksum> {}

const fields = {
  /** Who the file is. Never its path: two files may share a path, and a file may move. At most 2,048 characters. */
  id: Schema.NonEmptyString,
  /** Which state of the file this is: equal tokens mean equal content. Opaque; never a bare time. */
  token: Schema.NonEmptyString,
  /** Canonical address, percent-encoded (RFC 3986), the same for every pipeline: `s3://bucket/a%20b.pdf`. */
  uri: Schema.NonEmptyString,
  /** For people and filters: `/`-separated, not encoded, without a leading slash of our own. */
  path: Schema.String,
  /** Bytes; absent where the source cannot know before reading (native documents). */
  size: Schema.optionalKey(Schema.Natural),
  /** RFC 6838 media type, lower case, without parameters; `application/octet-stream` where nothing better is known. */
  mimeType: Schema.NonEmptyString,
  /** When the source says it was last modified. For people and filters; never for change detection. */
  modifiedAt: Schema.optionalKey(Schema.DateTimeUtcFromString),
  checksum: Schema.optionalKey(Checksum),
  /** The container (`Change.Container`) it is in, at a source whose folders have identities of their own. */
  within: Schema.optionalKey(Schema.NonEmptyString),
  /** Of a link to another file (a shortcut) that was followed: who that is. Content and token are the other file's. */
  target: Schema.optionalKey(Schema.Struct({ id: Schema.NonEmptyString, uri: Schema.NonEmptyString })),
  /** What else the source was asked for, by kind: `{ metadata: {...}, tags: {...} }`. Keys as the source spells them. */
  attributes: Schema.Record(Schema.String, Schema.Record(Schema.String, Schema.Json))
}

/** One of the files of a group (`Grouping`). */
export const Part = Schema.Struct(fields)
export interface Part extends Schema.Schema.Type<typeof Part> {}

/**
 * A file as a source names it. A plain structure: sources make millions of them, so they are typed by this schema and
 * decoded only where they come back from storage.
 */
export const SourceFile = Schema.Struct({
  ...fields,
  /** Of a group of files that become one object: all of them, the main one first. Who, where and what is said of that one. */
  parts: Schema.optionalKey(Schema.NonEmptyArray(Part))
})
export interface SourceFile extends Schema.Schema.Type<typeof SourceFile> {}

/** The last segment of the path. */
export const fileName = (file: SourceFile): string => file.path.slice(file.path.lastIndexOf("/") + 1)

/** What a ledger keeps of a file's state. */
export const state = (
  file: SourceFile
): { readonly facts: string; readonly content?: string } & Pick<SourceFile, "id" | "uri" | "token" | "within"> => {
  const { id, token, uri, within } = file
  const kept = content(file)
  return {
    id,
    uri,
    token,
    facts: facts(file),
    ...(kept === undefined ? {} : { content: kept }),
    ...(within === undefined ? {} : { within })
  }
}

/** The store's checksum of the content, as one word: `md5:9e107d…`; `undefined` where the store keeps none. */
export const content = ({ checksum }: SourceFile): string | undefined =>
  checksum === undefined ? undefined : `${checksum.algorithm}:${checksum.value}`

/**
 * A digest of what is known of a file besides its content and its times: where it is, media type, target, attributes.
 * Where it differs, the file's object differs although its token is the same: a file was renamed, a tag was set. 16
 * characters.
 */
export const facts = ({ attributes, mimeType, path, target, within }: SourceFile): string =>
  hash("sha256", JSON.stringify([path, within, mimeType, target?.id, attributes]), "base64url").slice(0, 16)

/** Stands for `facts` of a file that an object was made from, where no more of them is known than the path. 16 characters. */
export const pathFacts = (path: string): string => `path:${hash("sha256", path, "base64url").slice(0, 11)}`
