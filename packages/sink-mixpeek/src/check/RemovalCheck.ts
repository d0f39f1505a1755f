/**
 * Whether what a pipeline will remove can be removed: asked with the id of no object, before any work.
 */
import { Check, type Sink } from "@sluice/core"
import { Effect, Option } from "effect"
import * as DocumentListing from "../removal/DocumentListing.ts"
import { Mixpeek } from "../client/Mixpeek.ts"
import type { Settings } from "../SinkOptions.ts"

type Findings = ReadonlyArray<Check.Finding>

/** No object has it: the API's own ids are random. */
const noObject = "obj_of_no_object_asked_whether_this_key_may_delete"

const insteadOf = { gone: 'deletes: "ignore"', superseded: 'updates: "new" or "ignore"' } as const

/** The API tells nowhere what a key may do, but it refuses to delete before it looks for the object. */
const aboutDeleting = Effect.fnUntraced(function* (bucket: string, { removes }: Sink.Needs) {
  const mixpeek = yield* Mixpeek
  const asked = yield* Effect.result(mixpeek.deleteObject(bucket, noObject))
  if (asked._tag === "Success") return Check.ok("apiKey", "may delete objects")
  const without = removes.map((what) => insteadOf[what]).join(" and ")
  return asked.failure.reason._tag === "Unauthorized"
    ? Check.error(
        "apiKey",
        "it may not delete objects, and this pipeline removes some",
        `Use a key with the permission delete, or set ${without}`
      )
    : Check.warning(
        "apiKey",
        `whether it may delete objects, as this pipeline does, could not be found out: ${asked.failure.message}`,
        `See that it has the permission delete, or set ${without}`
      )
})

/** Not every generation of the API knows documents by their object. */
const aboutDocuments = Effect.fnUntraced(function* (bucket: string) {
  const mixpeek = yield* Mixpeek
  const asked = yield* Effect.result(mixpeek.getObjectDocuments(bucket, noObject))
  const keep = 'Set documents: "keep", or leave it out'
  if (asked._tag === "Failure") {
    const { message, stopsRun } = asked.failure
    return stopsRun
      ? Check.error("documents", `they cannot be listed by their object: ${message}`, keep)
      : Check.warning(
          "documents",
          `whether they can be listed by their object could not be found out: ${message}`,
          keep
        )
  }
  const { value } = asked.success
  const listing = value === undefined ? Option.none() : DocumentListing.read(value, noObject)
  if (Option.exists(listing, ({ documents }) => documents.length > 0)) {
    return Check.error(
      "documents",
      "Mixpeek names some of an object that does not exist: others would lose theirs",
      keep
    )
  }
  return value === undefined || Option.isSome(listing)
    ? Check.ok("documents", "are removed before their object")
    : Check.warning(
        "documents",
        "what Mixpeek answers for an object that does not exist cannot be understood; objects whose own answer cannot be either stay, with their documents",
        keep
      )
})

/** What can be said of removals. Nothing is asked where none are needed. */
export const check = Effect.fnUntraced(function* (
  { bucket, removesDocuments }: Settings,
  needs: Sink.Needs
): Effect.fn.Return<Findings, never, Mixpeek> {
  if (needs.removes.length === 0) {
    return removesDocuments
      ? [
          Check.warning(
            "documents",
            "they are to be removed with their objects, and this pipeline removes no objects",
            'Leave documents out, or set deletes: "propagate"'
          )
        ]
      : []
  }
  return [yield* aboutDeleting(bucket, needs), ...(removesDocuments ? [yield* aboutDocuments(bucket)] : [])]
})
