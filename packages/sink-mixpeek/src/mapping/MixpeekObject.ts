/**
 * What a file is mapped to. A closed type with our own spelling: fields of the user have a place of their own, so that
 * no misspelt option can become a field of the object.
 */
import { AtHand, Mapping, type SourceFile } from "@sluice/core"
import { Effect, Option, Predicate, Schema, type Types } from "effect"
import * as Fields from "./Fields.ts"
import * as MediaType from "./MediaType.ts"
import { Misconfigured } from "../Misconfigured.ts"
import { FieldType, reservedName } from "../client/Wire.ts"

/** What a blob holds: the file itself (how it gets there is the sink's `delivery`), or a value. */
export const Content = Schema.TaggedUnion({
  /** `part`: of a group of files (`Grouping`), which one, by its place in `SourceFile.parts`. Default: the first, the main one. */
  File: { part: Schema.optionalKey(Schema.Natural) },
  Value: { value: Schema.Json }
})
export type Content = typeof Content.Type

/** One blob. */
export const Blob = Schema.Struct({
  /** A property of the bucket's schema, 1 to 100 characters. */
  property: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(100)),
  /** The property's type. */
  type: FieldType,
  /** Default: the file itself. */
  content: Schema.optionalKey(Content),
  /** Where its content is stored; default: chosen by Mixpeek. */
  keyPrefix: Schema.optionalKey(Schema.String),
  /** Reaches only documents made from this blob. */
  metadata: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json)),
  /** Whether Mixpeek copies what a reference points to; default: as the object says. */
  canonicalizeSource: Schema.optionalKey(Schema.Boolean),
  /** Copy again what was copied before; default: as the object says. */
  forceRemirror: Schema.optionalKey(Schema.Boolean)
})
export interface Blob extends Schema.Schema.Type<typeof Blob> {}

/** An object on its way to a bucket. Lineage is added by the sink. */
export const MixpeekObject = Schema.Struct({
  /** Its logical folder; default: the root of the bucket. */
  keyPrefix: Schema.optionalKey(Schema.String),
  blobs: Schema.Array(Blob),
  /** Your own fields, at the root of the object. Names that belong to the API are refused. */
  fields: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json)),
  /** Leave out blobs whose content the bucket has already; default: as the sink is configured (false). */
  skipDuplicates: Schema.optionalKey(Schema.Boolean),
  /** Whether Mixpeek copies what references point to; default: true, by the API. */
  canonicalizeSource: Schema.optionalKey(Schema.Boolean),
  /** Copy again what was copied before; default: false, by the API. */
  forceRemirror: Schema.optionalKey(Schema.Boolean)
})
export interface MixpeekObject extends Schema.Schema.Type<typeof MixpeekObject> {}

/** What a mapping can make, as far as it knows before it sees a file; `check` compares it with the bucket's schema. */
export interface Shape {
  readonly blobs: ReadonlyArray<{ readonly property: string; readonly types: ReadonlyArray<FieldType> }>
  readonly fields: ReadonlyArray<{
    readonly name: string
    /** `undefined`: only the value tells. */
    readonly type: FieldType | undefined
    readonly required: boolean
  }>
  /** Why it cannot work for any file. */
  readonly problems: ReadonlyArray<Misconfigured>
}

/** A mapping that knows its shape. */
export interface ShapedMapping<out R = never> extends Mapping.Mapping<MixpeekObject, R> {
  readonly shape: Shape
}

/** The shape of a mapping, where it has one. */
export const shapeOf = (mapping: Mapping.Mapping<unknown, unknown>): Option.Option<Shape> =>
  Predicate.hasProperty(mapping, "shape")
    ? Option.some(mapping.shape as Shape) // only this module puts a shape on a mapping
    : Option.none()

/** A mapping of your own (`Mapping.make`), with the shape of what it makes so that `check` can look at it. */
export const declare = <R>(
  mapping: Mapping.Mapping<MixpeekObject, R>,
  shape: Omit<Shape, "problems">
): ShapedMapping<R> => ({ ...mapping, shape: { ...shape, problems: [] } })

/** How `fromFile` maps. `F` are the fields. */
export interface FromFileOptions<F extends { readonly [name: string]: Fields.Field<Schema.Json, unknown> }> {
  /** The bucket's property for the file: one for all, or one for each type (files of other types have no home then). */
  readonly property: string | { readonly [T in FieldType]?: string | undefined }
  /**
   * Types by media type, before the built-in table (contents of PDF, images, video, audio, text, CSV and Excel). For
   * `object`, `array` and the like the file is parsed as JSON.
   */
  readonly types?: { readonly [mediaType: string]: FieldType } | undefined
  /** What becomes of files without a type or property: `reject` (default), `skip`, or a type for all of them. */
  readonly otherwise?: "reject" | "skip" | FieldType | undefined
  /** The object's logical folder; default: the folders of the file's path. */
  readonly keyPrefix?: Fields.Field<string> | undefined
  readonly fields?: F | undefined
  /** Leave out content the bucket has already; default: as the sink is configured (false). */
  readonly skipDuplicates?: boolean | undefined
}

/** What the fields of `F` need. */
export type Requirements<F> = {
  [K in keyof F]: F[K] extends Fields.Field<infer _A, infer R> ? R : never
}[keyof F]

const noHome = (file: SourceFile.SourceFile, why: string, disposition: "skip" | "reject") =>
  new Mapping.MappingError({
    subject: "property",
    message: `${why}. Give ${file.mimeType} a type with types, or leave such files out with otherwise: "skip" or a filter`,
    disposition
  })

const nameProblems = (name: string): ReadonlyArray<Misconfigured> => {
  const taken = reservedName(name)
  if (taken === undefined) return []
  return [
    new Misconfigured({
      field: `fields.${name}`,
      problem: `${name === taken ? "the name" : `a spelling of ${taken}, which`} belongs to the API`,
      remedy: "Give the field another name"
    })
  ]
}

const problemsOf = (fields: { readonly [name: string]: Fields.Field<Schema.Json, unknown> }) =>
  Object.entries(fields).flatMap(([name, { problem }]) => [
    ...nameProblems(name),
    ...(problem === undefined ? [] : [new Misconfigured({ ...problem, field: `fields.${name}` })])
  ])

const shapeFor = <F extends { readonly [name: string]: Fields.Field<Schema.Json, unknown> }>(
  options: FromFileOptions<F>
): Shape => {
  const { property } = options
  const problems = problemsOf(options.fields ?? {})
  const fields = Object.entries(options.fields ?? {}).map(([name, field]) => ({
    name,
    type: field.type,
    required: field.isRequired
  }))
  if (!Predicate.isString(property)) {
    const blobs = FieldType.literals.flatMap((type) => {
      const name = property[type]
      return name === undefined ? [] : [{ property: name, types: [type] }]
    })
    return { blobs, fields, problems }
  }
  const other = FieldType.literals.filter((type) => type === options.otherwise)
  const types = new Set([...MediaType.types, ...Object.values(options.types ?? {}), ...other])
  return { blobs: [{ property, types: [...types] }], fields, problems }
}

type Requires<R> = Effect.Effect<Option.Option<Schema.Json>, Mapping.MappingError, R>

/**
 * One object with one blob for each file (of a group of files, with one for each of them): the file itself, under the property and type that its media type has, with
 * fields from where you say. Fields whose names belong to the API are found by `check`, and rejected with every file.
 */
export const fromFile = <const F extends { readonly [name: string]: Fields.Field<Schema.Json, unknown> } = {}>(
  options: FromFileOptions<F>
): ShapedMapping<Requirements<F>> => {
  const otherwise = options.otherwise ?? "reject"
  const disposition = otherwise === "skip" ? "skip" : "reject"
  const fallback = otherwise === "skip" || otherwise === "reject" ? undefined : otherwise
  const keyPrefix = options.keyPrefix ?? Fields.folderPath
  // `Requirements<F>` is the union of what these need; the record's own type has forgotten which.
  const fields = Object.entries(options.fields ?? {}) as ReadonlyArray<
    [string, Fields.Field<Schema.Json, Requirements<F>>]
  >
  const shape = shapeFor(options)

  const blobOf = (file: SourceFile.SourceFile): Blob | Mapping.MappingError => {
    const [problem] = shape.problems
    if (problem !== undefined) {
      return new Mapping.MappingError({ subject: problem.field, message: problem.message, disposition: "reject" })
    }
    const type = options.types?.[file.mimeType] ?? MediaType.typeOf(file.mimeType) ?? fallback
    if (type === undefined) return noHome(file, `${file.mimeType} has no type in Mixpeek`, disposition)
    const property = Predicate.isString(options.property) ? options.property : options.property[type]
    return property === undefined
      ? noHome(file, `no property is named for files of type ${type}`, disposition)
      : { property, type }
  }

  /** Of a group, one for each part that has a home; the main one must have one. */
  const blobsOf = (file: SourceFile.SourceFile): ReadonlyArray<Blob> | Mapping.MappingError => {
    if (file.parts === undefined) {
      const blob = blobOf(file)
      return blob instanceof Mapping.MappingError ? blob : [blob]
    }
    const blobs: Array<Blob> = []
    for (const [part, one] of file.parts.entries()) {
      const blob = blobOf(one)
      if (!(blob instanceof Mapping.MappingError)) blobs.push({ ...blob, content: { _tag: "File", part } })
      else if (part === 0 || otherwise !== "skip") return blob
    }
    return blobs
  }

  const read = (file: SourceFile.SourceFile, [name, field]: (typeof fields)[number]): Requires<Requirements<F>> => {
    const value = field.read(file)
    return AtHand.isAtHand(value)
      ? value
      : Effect.mapError(
          value,
          ({ disposition, message }) => new Mapping.MappingError({ subject: name, message, disposition })
        )
  }

  const assemble = (
    blobs: ReadonlyArray<Blob>,
    prefix: Option.Option<string>,
    found: ReadonlyArray<Option.Option<Schema.Json>>
  ): Effect.Effect<MixpeekObject, Mapping.MappingError> => {
    const values: { [name: string]: Schema.Json } = {}
    for (const [index, [name, field]] of fields.entries()) {
      const value = found[index] ?? Option.none()
      if (Option.isSome(value)) values[name] = value.value
      else if (field.isRequired) return Effect.fail(missing(name))
    }
    const object: Types.Mutable<MixpeekObject> = { blobs, fields: values }
    if (Option.isSome(prefix)) object.keyPrefix = prefix.value
    if (options.skipDuplicates !== undefined) object.skipDuplicates = options.skipDuplicates
    return Effect.succeed(object)
  }

  return {
    attributes: new Set([...keyPrefix.attributes, ...fields.flatMap(([, field]) => [...field.attributes])]),
    shape,
    map: (file) => {
      const blobs = blobsOf(file)
      if (blobs instanceof Mapping.MappingError) return Effect.fail(blobs)
      return AtHand.flatMap(keyPrefix.read(file), (prefix) =>
        AtHand.flatMap(AtHand.all(fields.map((field) => read(file, field))), (found) => assemble(blobs, prefix, found))
      )
    }
  }
}

const missing = (name: string) =>
  new Mapping.MappingError({
    subject: name,
    message: `the required field ${name} is missing. Set it at the source, or give it a value with orElse`,
    disposition: "reject"
  })
