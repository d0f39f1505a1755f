/**
 * Where an object came from: which file made it, in which state, in which run.
 */
import { Schema, type Types } from "effect"
import { hash } from "node:crypto"
import { Checksum, type SourceFile } from "./SourceFile.ts"

/** What goes with every record to the sink. Field names are ours; a sink decides where they stand on its wire. */
export const Lineage = Schema.Struct({
  /** The canonical address of the file. */
  uri: Schema.NonEmptyString,
  id: Schema.NonEmptyString,
  token: Schema.NonEmptyString,
  path: Schema.String,
  checksum: Schema.optionalKey(Checksum),
  modifiedAt: Schema.optionalKey(Schema.DateTimeUtcFromString),
  /** Of a followed link (a shortcut): the file that it leads to. */
  target: Schema.optionalKey(Schema.Struct({ id: Schema.NonEmptyString, uri: Schema.NonEmptyString })),
  runId: Schema.NonEmptyString,
  pipeline: Schema.NonEmptyString
})
export interface Lineage extends Schema.Schema.Type<typeof Lineage> {}

/** The lineage of a file in a run. */
export const make = (
  { checksum, id, modifiedAt, path, target, token, uri }: SourceFile,
  { pipeline, runId }: { readonly runId: string; readonly pipeline: string }
): Lineage => {
  const lineage: Types.Mutable<Lineage> = { uri, id, token, path, runId, pipeline }
  if (checksum !== undefined) lineage.checksum = checksum
  if (modifiedAt !== undefined) lineage.modifiedAt = modifiedAt
  if (target !== undefined) lineage.target = target
  return lineage
}

/**
 * The field by which answers are matched to records and ambiguous batches are resolved: lower-case hex SHA-256 of the
 * canonical address. 64 characters, where an S3 key may have 1,024 bytes. The same for every pipeline.
 */
export const sourceKey = (uri: string): string => hash("sha256", uri, "hex")
