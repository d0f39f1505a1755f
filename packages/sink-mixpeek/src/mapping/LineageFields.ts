/**
 * Where lineage stands in an object: which file made it, in which state, in which run.
 */
import type { Lineage } from "@sluice/core"
import { DateTime, type Option, Predicate, Result, Schema } from "effect"
import { Misconfigured } from "../Misconfigured.ts"
import { reservedName } from "../client/Wire.ts"

/** Where each part goes: a dotted path from the root of the object, or `false` for nowhere. */
export interface Placement {
  /**
   * SHA-256 of the file's address, 64 lower-case hex characters: answers are matched by it, and ambiguous batches
   * found. Default `source_key`. `false` only where the bucket's unique key upserts.
   */
  readonly sourceKey?: string | false | undefined
  /**
   * `{ uri, id, token, path, checksum, sha256, modified_at, target, run_id, pipeline }`: `checksum` is the store's, `sha256` that
   * of the bytes that went through here; `target` (`{ id, uri }`) only of a shortcut that was followed. Default `metadata.source`.
   */
  readonly source?: string | false | undefined
  /** `source_details: [{ type: "bucket", source_id: <uri> }]`, the API's own shape. Default `true`. */
  readonly sourceDetails?: boolean | undefined
}

/** Paths, split. */
export interface Placed {
  readonly sourceKey: ReadonlyArray<string> | undefined
  readonly source: ReadonlyArray<string> | undefined
  readonly sourceDetails: boolean
}

const problemOf = (field: string, path: ReadonlyArray<string> | undefined): Misconfigured | undefined => {
  if (path === undefined) return undefined
  if (path.some((name) => name.trim() === "")) {
    return new Misconfigured({
      field,
      problem: `${JSON.stringify(path.join("."))} is not a dotted path`,
      remedy: 'Use a name such as "source_key" or "metadata.source", or false'
    })
  }
  const taken = reservedName(path[0] ?? "")
  return taken === undefined
    ? undefined
    : new Misconfigured({ field, problem: `${taken} belongs to the API`, remedy: "Choose another name" })
}

const startsWith = (path: ReadonlyArray<string>, prefix: ReadonlyArray<string>) =>
  prefix.every((name, index) => path[index] === name)

/** Splits the paths; refuses those that are reserved or in each other's way. */
export const resolve = (placement: Placement = {}): Result.Result<Placed, Misconfigured> => {
  const split = (path: string | false) => (path === false ? undefined : path.split("."))
  const sourceKey = split(placement.sourceKey ?? "source_key")
  const source = split(placement.source ?? "metadata.source")
  const problem = problemOf("lineage.sourceKey", sourceKey) ?? problemOf("lineage.source", source)
  if (problem !== undefined) return Result.fail(problem)
  if (
    sourceKey !== undefined &&
    source !== undefined &&
    (startsWith(sourceKey, source) || startsWith(source, sourceKey))
  ) {
    return Result.fail(
      new Misconfigured({
        field: "lineage",
        problem: `${sourceKey.join(".")} and ${source.join(".")} are in each other's way`,
        remedy: "Give lineage.sourceKey and lineage.source paths of their own"
      })
    )
  }
  return Result.succeed({ sourceKey, source, sourceDetails: placement.sourceDetails ?? true })
}

/** Files that were written together share what is said of the time. */
let latest: { readonly time: DateTime.Utc; readonly text: string } | undefined

const textOf = (time: DateTime.Utc): string => {
  if (latest?.time !== time) latest = { time, text: DateTime.formatIso(time) }
  return latest.text
}

const sourceOf = (lineage: Lineage.Lineage, sha256: string | undefined): Schema.JsonObject => {
  const { checksum, id, modifiedAt, path, pipeline, runId, target, token, uri } = lineage
  const source: Fields = { uri, id, token, path }
  if (checksum !== undefined) source["checksum"] = `${checksum.algorithm}:${checksum.value}`
  if (sha256 !== undefined) source["sha256"] = sha256
  if (modifiedAt !== undefined) source["modified_at"] = textOf(modifiedAt)
  if (target !== undefined) source["target"] = target
  source["run_id"] = runId
  source["pipeline"] = pipeline
  return source
}

/** What of it is read back. */
const Source = Schema.Struct({
  uri: Schema.NonEmptyString,
  id: Schema.NonEmptyString,
  token: Schema.NonEmptyString,
  path: Schema.String,
  checksum: Schema.optionalKey(Schema.String),
  pipeline: Schema.String
})

/** The lineage at `Placed.source`; `None` where it is not what this sink writes. */
export const read: (value: unknown) => Option.Option<typeof Source.Type> = Schema.decodeUnknownOption(Source)

/** In the making. */
interface Fields {
  [name: string]: Schema.Json
}

const isObject = (value: Schema.Json | undefined): value is Schema.JsonObject =>
  Predicate.isObject(value) && !Array.isArray(value)

/** Puts a value at a path, from its part `at` on; false where something of the user's is in the way. */
const put = (fields: Fields, path: ReadonlyArray<string>, value: Schema.Json, at = 0): boolean => {
  const name = path[at] ?? ""
  const there = fields[name]
  if (at === path.length - 1) {
    if (there !== undefined) return false
    fields[name] = value
    return true
  }
  if (there !== undefined && !isObject(there)) return false
  // What is there is the user's.
  const inner = { ...there }
  fields[name] = inner
  return put(inner, path, value, at + 1)
}

/** The fields with lineage among them; the path that is taken already, where one is. */
export const add = (
  { source, sourceKey }: Placed,
  fields: Schema.JsonObject,
  { key, lineage }: { readonly key: string; readonly lineage: Lineage.Lineage },
  sha256: string | undefined
): { readonly fields: Schema.JsonObject } | { readonly taken: string } => {
  const all = { ...fields }
  if (sourceKey !== undefined && !put(all, sourceKey, key)) return { taken: sourceKey.join(".") }
  if (source !== undefined && !put(all, source, sourceOf(lineage, sha256))) return { taken: source.join(".") }
  return { fields: all }
}
