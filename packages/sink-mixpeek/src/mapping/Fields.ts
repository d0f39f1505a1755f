/**
 * Where the fields of an object come from: small parts that compose with `pipe`.
 *
 * ```ts
 * fields: {
 *   year: Fields.fileNameMatch(/^(\d{4})-/).pipe(Fields.integer, Fields.required),
 *   owner: Fields.tag("owner").pipe(Fields.lowercase, Fields.orElse("nobody"))
 * }
 * ```
 */
import { AtHand, Mapping, SourceFile } from "@sluice/core"
import { DateTime, Effect, Option, Pipeable, Predicate, type Schema } from "effect"
import { Misconfigured } from "../Misconfigured.ts"
import type { ValueType } from "../client/Wire.ts"

/** A value made from a file. */
export interface Field<out A extends Schema.Json = Schema.Json, out R = never> extends Pipeable.Pipeable {
  /** Kinds of attributes it reads (`metadata`, `tags`). */
  readonly attributes: ReadonlySet<string>
  /** The type it has in the bucket's schema; `undefined` where only the value tells. */
  readonly type: ValueType | undefined
  /** Whether a file without it is rejected; where not, the field is left out. */
  readonly isRequired: boolean
  /** Why it cannot work for any file; `check` says so, and every file is rejected with it. */
  readonly problem: Misconfigured | undefined
  /** The value; `None` where the file does not have it. Fails where it has one that cannot be used. */
  readonly read: (file: SourceFile.SourceFile) => Effect.Effect<Option.Option<A>, Mapping.MappingError, R>
}

const field = <A extends Schema.Json, R>(parts: Omit<Field<A, R>, "pipe">): Field<A, R> =>
  Object.assign(Object.create(Pipeable.Prototype), parts)

/**
 * A value of your own: a function of the file, or an effect. `undefined` means that the file has none. Name the type
 * it has in the bucket so that `check` can compare, and the kinds of attributes it reads so that they are loaded.
 */
export const make = <A extends Schema.Json, R = never>(
  read: (file: SourceFile.SourceFile) => A | undefined | Effect.Effect<A | undefined, Mapping.MappingError, R>,
  options?: { readonly type?: ValueType | undefined; readonly attributes?: ReadonlyArray<string> | undefined }
): Field<A, R> =>
  field({
    attributes: new Set(options?.attributes),
    type: options?.type,
    isRequired: false,
    problem: undefined,
    read: (file) => {
      const value = read(file)
      // An effect is never JSON, so the first branch is the effect of the signature.
      return Effect.isEffect(value)
        ? AtHand.flatMap(value as Effect.Effect<A | undefined, Mapping.MappingError, R>, optional)
        : optional(value)
    }
  })

const typeOfValue = (value: Schema.Json): ValueType | undefined => {
  if (Predicate.isString(value)) return "string"
  if (Predicate.isBoolean(value)) return "boolean"
  if (Predicate.isNumber(value)) return Number.isInteger(value) ? "integer" : "float"
  if (Array.isArray(value)) return "array"
  return value === null ? undefined : "object"
}

const optional = <A>(value: A | undefined): Effect.Effect<Option.Option<A>> =>
  Effect.succeed(Option.fromUndefinedOr(value))

/** The same for every file. */
export const constant = <const A extends Schema.Json>(value: A): Field<A> =>
  make((): A => value, { type: typeOfValue(value) })

const folders = (file: SourceFile.SourceFile): ReadonlyArray<string> => file.path.split("/").slice(0, -1)

/**
 * One folder of the path: `0` is the first, `-1` the last one (the parent, which is the default). Files that are not
 * that deep have none.
 */
export const folder = (index = -1): Field<string> => make((file) => folders(file).at(index), { type: "string" })

/** All folders of the path, `a/b/c`; none at the root. */
export const folderPath: Field<string> = make(
  ({ path }) => path.slice(0, Math.max(path.lastIndexOf("/"), 0)) || undefined,
  {
    type: "string"
  }
)

/** The whole path, with the file's name. */
export const path: Field<string> = make((file) => file.path, { type: "string" })

/** The last segment of the path. */
export const fileName: Field<string> = make((file) => SourceFile.fileName(file) || undefined, { type: "string" })

/** The canonical address: `s3://bucket/a%20b.pdf`. */
export const uri: Field<string> = make((file) => file.uri, { type: "string" })

/** The media type: `application/pdf`. */
export const mimeType: Field<string> = make((file) => file.mimeType, { type: "string" })

/** Bytes, where the source knows them before reading. */
export const size: Field<number> = make((file) => file.size, { type: "integer" })

/** When the source says it was last modified, ISO 8601 in UTC. */
export const modifiedAt: Field<string> = make(
  (file) => (file.modifiedAt === undefined ? undefined : DateTime.formatIso(file.modifiedAt)),
  { type: "datetime" }
)

const groupsIn = (pattern: RegExp): number =>
  // With an alternative that is empty it matches anything, and the match shows how many groups there are.
  (new RegExp(`${pattern.source}|`, pattern.flags).exec("")?.length ?? 1) - 1

/** What the one capture group of a regular expression finds in the file's name. */
export const fileNameMatch = (pattern: RegExp): Field<string> => {
  // Without the flags that make a regular expression remember where it was.
  const stateless = new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, ""))
  const groups = groupsIn(stateless)
  return field({
    ...make((file) => stateless.exec(SourceFile.fileName(file))?.[1], { type: "string" }),
    problem:
      groups === 1
        ? undefined
        : new Misconfigured({
            field: "fileNameMatch",
            problem: `/${pattern.source}/ has ${groups} capture groups, not one`,
            remedy: "Put parentheses around the part you want, and (?:…) around any other"
          })
  })
}

/** What a source knows of the file under a kind and a key, both as the source spells them. */
export const attribute = (kind: string, key: string): Field<Schema.Json> =>
  make((file) => file.attributes[kind]?.[key], { attributes: [kind] })

/** An S3 object tag; its key is case-sensitive. */
export const tag = (key: string): Field<string> =>
  make(
    (file) => {
      const value = file.attributes["tags"]?.[key]
      return Predicate.isString(value) ? value : undefined
    },
    { attributes: ["tags"], type: "string" }
  )

/** S3 user metadata, without `x-amz-meta-`; its key is case-insensitive. */
export const metadata = (key: string): Field<string> => {
  const wanted = key.toLowerCase()
  return make(
    (file) => {
      const all = file.attributes["metadata"] ?? {}
      const value = all[wanted] ?? Object.entries(all).find(([name]) => name.toLowerCase() === wanted)?.[1]
      return Predicate.isString(value) ? value : undefined
    },
    { attributes: ["metadata"], type: "string" }
  )
}

const then =
  <A extends Schema.Json, B extends Schema.Json>(
    f: (value: A, file: SourceFile.SourceFile) => Effect.Effect<Option.Option<B>, Mapping.MappingError>,
    type: ValueType | undefined
  ) =>
  <R>(self: Field<A, R>): Field<B, R> =>
    field({
      ...self,
      type,
      read: (file) =>
        AtHand.flatMap(self.read(file), (found) => (Option.isNone(found) ? Effect.succeedNone : f(found.value, file)))
    })

/** Another value made from the value; `undefined` leaves the field out. `type` is the one of the new value. */
export const map = <A extends Schema.Json, B extends Schema.Json>(
  f: (value: A, file: SourceFile.SourceFile) => B | undefined,
  type?: ValueType
): (<R>(self: Field<A, R>) => Field<B, R>) => then((value, file) => optional(f(value, file)), type)

const parse = <B extends Schema.Json>(
  what: string,
  type: ValueType | undefined,
  f: (text: string) => B | undefined
): (<R>(self: Field<string, R>) => Field<B, R>) =>
  then((text: string) => {
    const parsed = f(text.trim())
    return parsed === undefined
      ? Effect.fail(
          new Mapping.MappingError({
            subject: what,
            message: `a value of this file is not ${what}. Correct it at the source, or map it as text`,
            disposition: "reject"
          })
        )
      : Effect.succeedSome(parsed)
  }, type)

/** In lower case. */
export const lowercase: <R>(self: Field<string, R>) => Field<string, R> = map((text) => text.toLowerCase(), "string")

/** In upper case. */
export const uppercase: <R>(self: Field<string, R>) => Field<string, R> = map((text) => text.toUpperCase(), "string")

/** Without white space around it; left out where nothing else is there. */
export const trim: <R>(self: Field<string, R>) => Field<string, R> = map((text) => text.trim() || undefined, "string")

/** Parsed as JSON; a file whose value is not JSON is rejected. */
export const jsonParse: <R>(self: Field<string, R>) => Field<Schema.Json, R> = parse("JSON", undefined, (text) => {
  try {
    return JSON.parse(text) as Schema.Json // what JSON.parse returns is JSON
  } catch {
    return undefined
  }
})

/** A finite number; a file whose value is not one is rejected. */
export const number: <R>(self: Field<string, R>) => Field<number, R> = parse("a number", "number", (text) =>
  /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) && Number.isFinite(Number(text)) ? Number(text) : undefined
)

/** A whole number within ±2^53; a file whose value is not one is rejected. */
export const integer: <R>(self: Field<string, R>) => Field<number, R> = parse("a whole number", "integer", (text) =>
  /^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined
)

const instant = (text: string): DateTime.Utc | undefined =>
  Option.getOrUndefined(Option.map(DateTime.make(text), DateTime.toUtc))

/** A day, `2026-11-24`, from anything that names an instant (UTC where it has no zone); other values are rejected. */
export const date: <R>(self: Field<string, R>) => Field<string, R> = parse("a date", "date", (text) => {
  const at = instant(text)
  return at === undefined ? undefined : DateTime.formatIso(at).slice(0, 10)
})

/** An instant, ISO 8601 in UTC, from anything that names one (UTC where it has no zone); other values are rejected. */
export const datetime: <R>(self: Field<string, R>) => Field<string, R> = parse("a time", "datetime", (text) => {
  const at = instant(text)
  return at === undefined ? undefined : DateTime.formatIso(at)
})

/** This value for files that have none. */
export const orElse =
  <const B extends Schema.Json>(value: B) =>
  <A extends Schema.Json, R>(self: Field<A, R>): Field<A | B, R> =>
    field({
      ...self,
      read: (file) =>
        AtHand.flatMap(self.read(file), (found) => Effect.succeed(Option.orElseSome(found, (): A | B => value)))
    })

/** Files that have no such value are rejected. */
export const required = <A extends Schema.Json, R>(self: Field<A, R>): Field<A, R> =>
  field({ ...self, isRequired: true })
