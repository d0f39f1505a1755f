import { assert, describe, it } from "@effect/vitest"
import { Mixpeek, SinkOptions } from "@sluice/sink-mixpeek"
import { Effect, Layer, Redacted, Result } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import * as RemovalCheck from "../src/check/RemovalCheck.ts"
import * as Fixtures from "./Fixtures.ts"

/** A key of its own for each client: what is known of an API outlives it. */
let keys = 0

const envelope = (status: number, type: string) =>
  Response.json({ success: false, status, error: { message: "said so", type } }, { status })
const notFound = () => envelope(404, "NotFoundError")

/** What is found about one subject, where the API answers by this script. */
const found = Effect.fnUntraced(function* (
  subject: string,
  answers: { readonly deletion?: () => Response; readonly listing?: () => Response }
) {
  const { deletion = notFound, listing = notFound } = answers
  const answer = (method: string, path: string) => {
    if (path === "/v1/organizations") return Response.json({})
    return method === "DELETE" ? deletion() : listing()
  }
  const http = HttpClient.make((request, url) =>
    Effect.sync(() => HttpClientResponse.fromWeb(request, answer(request.method, url.pathname)))
  )
  const client = Mixpeek.layer({
    url: "https://api.mixpeek.example",
    apiKey: Redacted.make(`sk_scripted_${++keys}`),
    namespace: "ns",
    rateLimits: { data: { perMinute: 60_000 } }
  }).pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, http)))
  const settings = Result.getOrThrow(SinkOptions.resolve({ bucket: Fixtures.bucket, documents: "remove" }))
  const findings = yield* RemovalCheck.check(settings, { removes: ["gone"] }).pipe(
    Effect.provide(client),
    Fixtures.elapsing
  )
  return findings.filter((finding) => finding.subject === subject)
})

describe("RemovalCheck", () => {
  it.effect.each<[string, () => Response, string]>([
    ["no such object", notFound, "ok"],
    ["deleted", () => new Response(null, { status: 204 }), "ok"],
    ["forbidden", () => envelope(403, "ForbiddenError"), "error"],
    ["not enabled", () => envelope(403, "NotEnabledError"), "warning"],
    ["an id that cannot be", () => envelope(422, "ValidationError"), "warning"],
    ["a broken server", () => envelope(500, "InternalServerError"), "warning"]
  ])("of a deletion that is answered with %s makes a finding", ([, deletion, severity]) =>
    Effect.gen(function* () {
      const [finding] = yield* found("apiKey", { deletion })
      assert.strictEqual(finding?.severity, severity)
      assert.strictEqual(finding?.remedy === undefined, severity === "ok")
    })
  )

  it.effect.each<[string, () => Response, string, string]>([
    ["no such object", notFound, "ok", "before their object"],
    ["an empty list", () => Response.json({ documents: [] }), "ok", "before their object"],
    ["something else", () => Response.json({ status: "COMPLETED" }), "warning", "cannot be understood"],
    [
      "documents, which are others'",
      () => Response.json({ documents: [{ document_id: "doc_1", collection_id: "col_a" }] }),
      "error",
      "others would lose theirs"
    ],
    ["no such path", () => Response.json({ detail: "Not Found" }, { status: 404 }), "error", "cannot be listed"],
    ["a broken server", () => envelope(500, "InternalServerError"), "warning", "could not be found out"]
  ])("of a listing that is answered with %s makes a finding", ([, listing, severity, words]) =>
    Effect.gen(function* () {
      const [finding] = yield* found("documents", { listing })
      assert.strictEqual(finding?.severity, severity)
      assert.include(finding?.message, words)
      assert.strictEqual(finding?.remedy === undefined, severity === "ok")
    })
  )
})
