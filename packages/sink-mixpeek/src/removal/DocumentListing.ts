/**
 * What the API answers when it is asked for the documents of an object: a map, by its description, and no more. Read by
 * what documents are elsewhere (whatever has a `document_id`, in the collection it names or stands under), and not at all
 * where that leaves a doubt: what is read here is deleted.
 */
import { Option, Predicate, Schema } from "effect"

/** A document of an object. */
export interface Document {
  readonly id: string
  readonly collection: string
}

/** Documents of an object, as far as one answer tells. */
export interface DocumentListing {
  readonly documents: ReadonlyArray<Document>
  /** Whether there are more than are in the answer. */
  readonly more: boolean
}

const Origins = Schema.Struct({
  root_object_id: Schema.optional(Schema.Unknown),
  source_object_id: Schema.optional(Schema.Unknown),
  lineage: Schema.optional(Schema.Unknown),
  _internal: Schema.optional(Schema.Unknown)
})
const decodeOrigins = Schema.decodeUnknownOption(Origins)

/** The objects that a document says it was made of: at its root, or in its lineage. */
const originsOf = (document: unknown): ReadonlyArray<string> =>
  Option.match(decodeOrigins(document), {
    onNone: () => [],
    onSome: ({ _internal, lineage, root_object_id, source_object_id }) => [
      ...[root_object_id, source_object_id].filter(Predicate.isString),
      ...(lineage === undefined ? [] : originsOf(lineage)),
      ...(_internal === undefined ? [] : originsOf(_internal))
    ]
  })

const Total = Schema.Struct({
  total: Schema.optional(Schema.Unknown),
  total_count: Schema.optional(Schema.Unknown),
  total_documents: Schema.optional(Schema.Unknown),
  document_count: Schema.optional(Schema.Unknown),
  count: Schema.optional(Schema.Unknown),
  has_more: Schema.optional(Schema.Unknown),
  next_cursor: Schema.optional(Schema.Unknown),
  next_page: Schema.optional(Schema.Unknown),
  pagination: Schema.optional(Schema.Unknown)
})
const decodeTotal = Schema.decodeUnknownOption(Total)

/** How many documents an answer tells of, and whether it says itself that it is not all. */
const totalOf = (answer: unknown): { readonly total: number | undefined; readonly goesOn: boolean } =>
  Option.match(decodeTotal(answer), {
    onNone: () => ({ total: undefined, goesOn: false }),
    onSome: (said) => {
      const paged = said.pagination === undefined ? { total: undefined, goesOn: false } : totalOf(said.pagination)
      const { count, document_count, has_more, next_cursor, next_page, total, total_count, total_documents } = said
      const totals = [total, total_count, total_documents, document_count, count, paged.total].filter(
        Predicate.isNumber
      )
      const isNext = (next: unknown) => (Predicate.isString(next) && next !== "") || Predicate.isNumber(next)
      return {
        total: totals.length === 0 ? undefined : Math.max(...totals),
        goesOn: paged.goesOn || has_more === true || isNext(next_cursor) || isNext(next_page)
      }
    }
  })

/** What a part of an answer is: documents, a list that has none, or something else. */
type Part = "documents" | "empty" | "other"

const isList = (json: Schema.Json): json is Schema.JsonArray => Array.isArray(json)
const isMap = (json: Schema.Json): json is Schema.JsonObject => Predicate.isObject(json)

/** Reads an answer; `None` where it is not certain what there is, or whose it is. */
export const read = (answer: Schema.Json, objectId: string): Option.Option<DocumentListing> => {
  const documents = new Map<string, Document>()
  /** A document of another object, of no collection, or beside something else. */
  let isDoubtful = false
  /** May be the documents, in a form nobody knows. */
  let hasOtherLists = false

  const visitList = (list: Schema.JsonArray, above: string | undefined): Part => {
    if (list.length === 0) return "empty"
    const parts = list.map((one) => visit(one, above))
    if (!parts.includes("other")) return parts.includes("documents") ? "documents" : "empty"
    if (parts.includes("documents")) isDoubtful = true
    // Collections may be named beside the documents.
    if (!list.every((one) => Predicate.isString(one) && one.startsWith("col_"))) hasOtherLists = true
    return parts.includes("documents") ? "documents" : "other"
  }

  const visit = (json: Schema.Json, above: string | undefined): Part => {
    if (isList(json)) return visitList(json, above)
    if (!isMap(json)) return "other"
    const { collection_id, document_id } = json
    const collection = Predicate.isString(collection_id) ? collection_id : above
    if (Predicate.isString(document_id) && document_id !== "") {
      const origins = originsOf(json)
      if (collection === undefined || (origins.length > 0 && !origins.includes(objectId))) isDoubtful = true
      else documents.set(`${collection} ${document_id}`, { id: document_id, collection })
      // What stands in a document may name others.
      return "documents"
    }
    const parts = Object.entries(json).map(([name, value]) => visit(value, name.startsWith("col_") ? name : collection))
    return parts.includes("documents") ? "documents" : parts.includes("empty") ? "empty" : "other"
  }

  const part = visit(answer, undefined)
  const { goesOn, total } = totalOf(answer)
  const count = documents.size
  const isNone = count === 0 && !goesOn && (total === 0 || (total === undefined && part === "empty" && !hasOtherLists))
  if (isDoubtful || (count === 0 && !isNone)) return Option.none()
  return Option.some({ documents: [...documents.values()], more: goesOn || (total ?? 0) > count })
}
