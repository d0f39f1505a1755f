import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Schema } from "effect"
import * as DocumentListing from "../src/removal/DocumentListing.ts"

const one = { document_id: "doc_1", collection_id: "col_a" }
const two = { document_id: "doc_2", collection_id: "col_b" }
const read = (answer: Schema.Json) => Option.getOrUndefined(DocumentListing.read(answer, "obj_1"))

/** `col_a/doc_1`, and `+` where there are more. */
const said = (answer: Schema.Json) => {
  const listing = read(answer)
  return listing === undefined
    ? undefined
    : [...listing.documents.map(({ collection, id }) => `${collection}/${id}`), ...(listing.more ? ["+"] : [])]
}

describe("DocumentListing", () => {
  it.each<[string, Schema.Json, ReadonlyArray<string>]>([
    ["an array of them", { documents: [one, two] }, ["col_a/doc_1", "col_b/doc_2"]],
    ["results, as of other listings", { results: [one], pagination: { total: 1, next_cursor: null } }, ["col_a/doc_1"]],
    ["an array at the root", [one], ["col_a/doc_1"]],
    ["what stands deeper", { data: { lineage: { documents: [one] } } }, ["col_a/doc_1"]],
    [
      "one list for each collection",
      {
        collections: [
          { collection_id: "col_a", documents: [{ document_id: "doc_1" }] },
          { collection_id: "col_b", documents: [] }
        ]
      },
      ["col_a/doc_1"]
    ],
    ["collections by name", { by_collection: { col_a: [{ document_id: "doc_1" }], col_b: [] } }, ["col_a/doc_1"]],
    ["one that is named twice, once", { documents: [one], latest: one }, ["col_a/doc_1"]],
    [
      "of a document the document alone, and nothing that stands in it",
      { documents: [{ ...one, parent: two, enrichments: [{ document_id: "doc_9", collection_id: "col_z" }] }] },
      ["col_a/doc_1"]
    ],
    [
      "documents that say they are of this object",
      {
        documents: [
          { ...one, root_object_id: "obj_1", source_object_id: "obj_of_a_tier" },
          { ...two, _internal: { lineage: { root_object_id: "obj_1" } } }
        ]
      },
      ["col_a/doc_1", "col_b/doc_2"]
    ],
    [
      "documents beside their collections",
      { documents: [one], collections: [{ id: "col_a", size: 1 }] },
      ["col_a/doc_1"]
    ],
    ["that there are more, by a total", { documents: [one], total: 2 }, ["col_a/doc_1", "+"]],
    ["that there are more, by a cursor", { documents: [one], pagination: { next_cursor: "x" } }, ["col_a/doc_1", "+"]],
    ["that there are more, by its word", { documents: [one], has_more: true }, ["col_a/doc_1", "+"]],
    ["that there are none, by an empty list", { object_id: "obj_1", documents: [] }, []],
    ["that there are none, by empty lists", { collections: [{ collection_id: "col_a", documents: [] }] }, []],
    ["that there are none, by a total", { object_id: "obj_1", documents: null, total: 0 }, []],
    ["that there are none in the collections it names", { documents: [], collection_ids: ["col_a"] }, []]
  ])("reads %s", (_, answer, expected) => {
    assert.deepStrictEqual(said(answer), expected)
  })

  it.each<[string, Schema.Json]>([
    ["nothing", {}],
    ["null", null],
    ["a text", "ok"],
    ["a map without a list", { object_id: "obj_1", status: "COMPLETED" }],
    ["documents under another name", { documents: [{ id: "doc_1", collection: "col_a" }] }],
    ["documents under another name, beside an empty list", { documents: [{ id: "doc_1" }], warnings: [] }],
    ["ids alone", { documents: ["doc_1"] }],
    ["ids alone, beside an empty list", { documents: ["doc_1"], warnings: [] }],
    ["a document of no collection", { documents: [{ document_id: "doc_1" }] }],
    ["a list of documents and something else", { documents: [one, { id: "doc_2" }] }],
    ["a document of another object", { documents: [one, { ...two, root_object_id: "obj_2" }] }],
    [
      "a document whose lineage leads elsewhere",
      { documents: [{ ...one, _internal: { lineage: { root_object_id: "obj_2" } } }] }
    ],
    ["a total of documents it does not name", { documents: [], total: 3 }],
    ["a cursor and no document", { documents: [], next_cursor: "x" }]
  ])("does not read %s: what it reads is deleted", (_, answer) => {
    assert.isUndefined(read(answer))
  })

  it.effect.prop("names only what the answer does", { answer: Schema.Json }, ({ answer }) =>
    Effect.sync(() => {
      const text = JSON.stringify(answer)
      for (const { collection, id } of read(answer)?.documents ?? []) {
        assert.include(text, JSON.stringify(id))
        assert.include(text, JSON.stringify(collection))
      }
    })
  )
})
