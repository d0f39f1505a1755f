/**
 * From a file to what the sink takes.
 */
import { Effect, Schema } from "effect"
import type { SourceFile } from "./SourceFile.ts"

/** This file has no object: a missing required field, a type that has no home. The file is rejected; others go on. */
export class MappingError extends Schema.TaggedError<MappingError>()("MappingError", {
  /** What it is about: the field or the blob's property. */
  subject: Schema.String,
  message: Schema.String,
  /** `skip` where leaving the file alone is what was asked for. */
  disposition: Schema.Literals(["skip", "reject"])
}) {}

/** A function from file to object, with what it needs to know of the file. */
export interface Mapping<out O, out R = never> {
  /** Kinds of attributes it reads (`metadata`, `tags`): sources load only these. */
  readonly attributes: ReadonlySet<string>
  readonly map: (file: SourceFile) => Effect.Effect<O, MappingError, R>
}

/** A mapping of your own: a function, or an effect. */
export const make = <O, R = never>(
  map: (file: SourceFile) => O | Effect.Effect<O, MappingError, R>,
  options?: { readonly attributes?: ReadonlyArray<string> | undefined }
): Mapping<O, R> => ({
  attributes: new Set(options?.attributes),
  map: (file) => {
    const mapped = map(file)
    // What is an effect is the one of the function's own type: `isEffect` has forgotten which.
    return Effect.isEffect(mapped) ? (mapped as Effect.Effect<O, MappingError, R>) : Effect.succeed(mapped)
  }
})
