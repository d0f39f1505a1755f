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

const sourceOf = (lineage: Lineage.Lineage, sha256: string | undefined): Schema.JsonObject => ({
  uri: lineage.uri,
  id: lineage.id,
  token: lineage.token,
  path: lineage.path,
  ...(lineage.checksum === undefined ? {} : { checksum: `${lineage.checksum.algorithm}:${lineage.checksum.value}` }),
  ...(sha256 === undefined ? {} : { sha256 }),
  ...(lineage.modifiedAt === undefined ? {} : { modified_at: DateTime.formatIso(lineage.modifiedAt) }),
  ...(lineage.target === undefined ? {} : { target: lineage.target }),
  run_id: lineage.runId,
  pipeline: lineage.pipeline
})

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

type Fields = { readonly [name: string]: Schema.Json }

const isObject = (value: Schema.Json | undefined): value is Schema.JsonObject =>
  Predicate.isObject(value) && !Array.isArray(value)

/** The fields with a value at a path; `undefined` where something of the user's is in the way. */
const put = (fields: Fields, path: ReadonlyArray<string>, value: Schema.Json): Fields | undefined => {
  const [name, ...rest] = path
  if (name === undefined) return undefined
  const there = fields[name]
  if (rest.length === 0) return there === undefined ? { ...fields, [name]: value } : undefined
  if (there !== undefined && !isObject(there)) return undefined
  const inner = put(there ?? {}, rest, value)
  return inner === undefined ? undefined : { ...fields, [name]: inner }
}

/** The user's fields with lineage among them; the path that is taken already, where one is. */
export const add = (
  placed: Placed,
  fields: Fields,
  { key, lineage }: { readonly key: string; readonly lineage: Lineage.Lineage },
  sha256: string | undefined
): { readonly fields: Fields } | { readonly taken: string } => {
  let all = fields
  for (const [path, value] of [
    [placed.sourceKey, key],
    [placed.source, sourceOf(lineage, sha256)]
  ] as const) {
    if (path === undefined) continue
    const added = put(all, path, value)
    if (added === undefined) return { taken: path.join(".") }
    all = added
  }
  return { fields: all }
}
