import { assert, describe, it } from "@effect/vitest"
import { Mixpeek, MixpeekSink } from "@sluice/sink-mixpeek"
import { Effect, Layer, Option, Redacted } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import * as Fixtures from "./Fixtures.ts"

/** A key of its own for each client: what is known of an API outlives it. */
let keys = 0

const documents = ["doc_1", "doc_2"].map((document_id) => ({ document_id, collection_id: "col_a" }))
const listing = { documents, total: 2 }
const none = { documents: [], total: 0 }
const result = (document_id: string, error?: string) =>
  error === undefined ? { document_id, success: true } : { document_id, success: false, error }

const notFound = Response.json(
  { success: false, status: 404, error: { message: "doc_1 was not found", type: "NotFoundError" } },
  { status: 404 }
)

type Said = unknown
interface Script {
  /** What the API answers to one listing after the other; the last one from then on. */
  readonly listings: ReadonlyArray<Said>
  readonly deletion: Said
}

const respond = (said: Said) => (said instanceof Response ? said.clone() : Response.json(said))

/** Removes one object with its documents from an API that answers by a script. */
const removing = Effect.fnUntraced(function* ({ deletion, listings }: Script) {
  const asked: Array<string> = []
  const http = HttpClient.make((request, url) =>
    Effect.sync(() => {
      const isListing = request.method === "GET"
      const step = asked.filter((one) => one === "list").length
      asked.push(isListing ? "list" : url.pathname.startsWith("/v1/collections/col_a/") ? "delete" : "object")
      const said = isListing
        ? (listings[step] ?? listings.at(-1))
        : asked.at(-1) === "delete"
          ? deletion
          : new Response(null, { status: 204 })
      return HttpClientResponse.fromWeb(request, respond(said))
    })
  )
  const client = Mixpeek.layer({
    url: "https://api.mixpeek.example",
    apiKey: Redacted.make(`sk_scripted_${++keys}`),
    namespace: "ns",
    rateLimits: { data: { perMinute: 60_000 } }
  }).pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, http)))
  const sink = MixpeekSink.make({ bucket: Fixtures.bucket, documents: "remove" })
  const exit = yield* Fixtures.elapsing(
    Effect.result(sink.remove([{ key: "k", objectId: Option.some("obj_1") }]).pipe(Effect.provide(client)))
  )
  if (exit._tag === "Failure")
    return {
      asked,
      tag: "reason" in exit.failure ? exit.failure.reason._tag : exit.failure._tag,
      message: exit.failure.message
    }
  const [answer] = exit.success
  const outcome = answer?._tag === "Settled" ? answer.outcome : undefined
  return { asked, tag: outcome?._tag, message: outcome?._tag === "Rejected" ? outcome.cause.message : "" }
})

describe("Documents of an object that is removed", () => {
  it.effect.each<[string, Script, ReadonlyArray<string>]>([
    ["counts alone", { listings: [listing], deletion: { deleted_count: 2 } }, ["list", "delete", "object"]],
    [
      "results alone",
      { listings: [listing], deletion: { deleted_count: 0, results: [result("doc_1"), result("doc_2")] } },
      ["list", "delete", "object"]
    ],
    [
      "that some were not found",
      {
        listings: [listing],
        deletion: {
          deleted_count: 1,
          failed_count: 1,
          results: [result("doc_1"), result("doc_2", "Document not found")]
        }
      },
      ["list", "delete", "object"]
    ],
    [
      "that some are not there, and they are not listed any more",
      { listings: [listing, none], deletion: notFound },
      ["list", "delete", "list", "object"]
    ],
    [
      "nothing, and they are not listed any more",
      { listings: [listing, none], deletion: new Response(null, { status: 204 }) },
      ["list", "delete", "list", "object"]
    ],
    [
      "less than was asked for, and they are not listed any more",
      { listings: [listing, none], deletion: { deleted_count: 1, failed_count: 0, results: [] } },
      ["list", "delete", "list", "object"]
    ]
  ])("are gone where the answer says %s", ([, script, expected]) =>
    Effect.gen(function* () {
      const { asked, tag } = yield* removing(script)
      assert.strictEqual(tag, "Removed")
      assert.deepStrictEqual(asked, expected)
    })
  )

  it.effect.each<[string, Script, string]>([
    [
      "one of them is kept",
      {
        listings: [listing],
        deletion: {
          deleted_count: 1,
          failed_count: 1,
          results: [result("doc_1"), result("doc_2", "StorageError: busy")]
        }
      },
      "Mixpeek keeps 1 of 2 (StorageError: busy)"
    ],
    [
      "some are kept, and it is not said which",
      { listings: [listing], deletion: { deleted_count: 1, failed_count: 1, message: "1 failed", results: [] } },
      "Mixpeek keeps 1 of 2 (1 failed)"
    ],
    [
      "the answer to their deletion is of another kind",
      { listings: [listing], deletion: { task_id: "task_1", status: "PENDING" } },
      "what Mixpeek answers to their deletion cannot be understood"
    ],
    [
      "they are still listed, and nothing was said of their deletion",
      { listings: [listing], deletion: { deleted_count: 0, failed_count: 0 } },
      "2 are still there after they were deleted"
    ],
    [
      "they are still listed, and one of them was not found",
      { listings: [listing], deletion: notFound },
      "2 are still there after they were deleted"
    ],
    [
      "there are more that are never named",
      { listings: [{ documents, total: 5 }], deletion: { deleted_count: 2 } },
      "tells of more of them than it names"
    ],
    [
      "their listing is of another kind",
      { listings: [{ nodes: [{ id: "doc_1" }] }], deletion: {} },
      "what Mixpeek answers when it is asked for them cannot be understood"
    ]
  ])("keep it where %s", ([, script, why]) =>
    Effect.gen(function* () {
      const { asked, message, tag } = yield* removing(script)
      assert.strictEqual(tag, "Rejected")
      assert.include(message, why)
      assert.include(message, "obj_1")
      assert.include(message, 'set documents: "keep"')
      assert.notInclude(asked, "object")
    })
  )

  it.effect("keep it without telling what nobody may know", () =>
    Effect.gen(function* () {
      const error = "StorageError: https://bucket.example/doc_2?X-Amz-Signature=abc is locked"
      const deletion = { deleted_count: 0, results: [result("doc_1", error), result("doc_2", error)] }
      const { message, tag } = yield* removing({ listings: [listing], deletion })
      assert.strictEqual(tag, "Rejected")
      assert.include(message, "Mixpeek keeps 2 of 2 (StorageError: https://bucket.example/doc_2?<redacted>")
      assert.notInclude(message, "abc")
    })
  )

  it.effect.each<[string, Script, string]>([
    [
      "the API has no such path",
      { listings: [Response.json({ detail: "Not Found" }, { status: 404 })], deletion: {} },
      "Unusable"
    ],
    [
      "a proxy answers in its place",
      { listings: [new Response("<html><title>404</title></html>", { status: 404 })], deletion: {} },
      "Unusable"
    ],
    [
      "their listing breaks off, again and again",
      { listings: [new Response('{"documents":[')], deletion: {} },
      "Unavailable"
    ],
    [
      "the key is revoked meanwhile",
      { listings: [listing], deletion: Response.json({ detail: "Invalid API key" }, { status: 401 }) },
      "Unauthorized"
    ]
  ])("end the run where %s, with their object there", ([, script, reason]) =>
    Effect.gen(function* () {
      const { asked, message, tag } = yield* removing(script)
      assert.strictEqual(tag, reason)
      assert.notInclude(asked, "object")
      assert.notInclude(message, "sk_scripted")
    })
  )
})
