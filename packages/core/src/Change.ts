/**
 * What a source says: pages of changes, each with the cursor that may be stored once all of them are settled.
 */
import { Schema } from "effect"
import { SourceFile } from "./SourceFile.ts"

/** Why a source does not hand over a file: a stable code to count by, and a sentence for a person. */
export const Reason = Schema.Struct({
  /** Kebab case, stable over versions: `folder-marker`, `archived`, `no-permission`. */
  code: Schema.NonEmptyString,
  /** What is so, and what the reader can do about it. */
  message: Schema.NonEmptyString
})
export interface Reason extends Schema.Schema.Type<typeof Reason> {}

/**
 * One thing a source says about one file.
 *
 * - `Upsert`: it is there, in this state.
 * - `Delete`: it is gone. Only its identity is left. Of a container: everything in it is gone too.
 * - `Skip`: it is there and is left alone, on purpose (a folder marker, an archived object). `isGone`: what it may have had
 *   before is gone (a shortcut that leads nowhere), and so is its object where deletions are propagated.
 * - `Reject`: it is there and should have been taken, but cannot be.
 */
export const Change = Schema.TaggedUnion({
  Upsert: { file: SourceFile },
  Delete: { id: Schema.NonEmptyString, uri: Schema.NonEmptyString },
  Skip: { file: SourceFile, reason: Reason, isGone: Schema.optionalKey(Schema.Boolean) },
  Reject: { file: SourceFile, reason: Reason }
})
export type Change = typeof Change.Type

/** A position within a range, in the source's own notation. Opaque to everything but the source that made it. */
export const Cursor = Schema.String.pipe(Schema.brand("@sluice/core/Cursor"))
export type Cursor = typeof Cursor.Type

/** Where a source stands in one range: what is stored, and what a later sweep starts from. */
export const RangeCursor = Schema.Struct({ range: Schema.String, cursor: Cursor })
export interface RangeCursor extends Schema.Schema.Type<typeof RangeCursor> {}

/**
 * A folder that has an identity of its own, so that it can change (be renamed, moved, deleted) under the files in it.
 * Sources whose folders are mere parts of paths have none.
 */
export const Container = Schema.Struct({
  id: Schema.NonEmptyString,
  /** The container it is in; absent at the top. */
  within: Schema.optionalKey(Schema.NonEmptyString),
  /** What of it matters for the files in it, in the source's own notation: its name, say. */
  state: Schema.String
})
export interface Container extends Schema.Schema.Type<typeof Container> {}

/**
 * A run of changes within one range, in the order in which the range is read. `cursor` may be stored once every change
 * of this page and of all earlier pages of the same range is settled; a sweep that starts from it says everything that
 * came after. A page may be empty, and names each file once.
 */
export interface Page extends RangeCursor {
  readonly changes: ReadonlyArray<Change>
  /**
   * The cursor is a position to follow changes from (`Source.follow`), not one of the sweep: it is kept when the sweep
   * is complete.
   */
  readonly follows?: boolean | undefined
  /**
   * Containers met on the way. They are stored with the cursor: once all of the page is settled. Only where they are is
   * stored before that, and before anything that this page and later ones name: one that was not there has an empty state
   * until then. So a container is named no later than what is in it.
   */
  readonly containers?: ReadonlyArray<Container> | undefined
  /** The store could not say everything that belongs here: the sweep is not complete, and nothing is concluded from what it did not say. */
  readonly incomplete?: Reason | undefined
}
