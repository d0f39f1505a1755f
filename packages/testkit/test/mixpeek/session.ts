/**
 * Calls to a stand-in as a client makes them, for the tests here.
 */
import { NodeHttpClient } from "@effect/platform-node"
import type { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Effect, type Layer, Schema } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"

export const bucket: MixpeekStandIn.BucketOptions = {
  id: "bkt_files",
  schema: {
    properties: {
      content: { type: "text" },
      picture: { type: "image" },
      source_key: { type: "string", required: true },
      year: { type: "integer" },
      metadata: { type: "object" }
    }
  }
}

export const text = (sourceKey: string, content = `content of ${sourceKey}`) => ({
  source_key: sourceKey,
  blobs: [{ property: "content", type: "text", data: content }]
})

export interface Call {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  readonly path: string
  readonly body?: unknown
  /** A body sent as it is. */
  readonly raw?: string
  readonly headers?: Record<string, string>
}

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly json: unknown
  readonly text: string
}

const parse = (text: string): unknown => (/^[[{]/.test(text) ? JSON.parse(text) : undefined)

/** One HTTP call with the stand-in's key and namespace. `base` is its URL unless a proxy stands before it. */
export const call = Effect.fnUntraced(function* (
  standIn: MixpeekStandIn.MixpeekStandIn,
  { body, headers, method = "POST", path, raw }: Call,
  base = standIn.url
) {
  const client = yield* HttpClient.HttpClient
  const request = HttpClientRequest.make(method)(base + path).pipe(
    HttpClientRequest.bearerToken(standIn.apiKey),
    HttpClientRequest.setHeader("x-namespace", standIn.namespace),
    HttpClientRequest.setHeaders(headers ?? {}),
    body === undefined ? (request) => request : HttpClientRequest.bodyJsonUnsafe(body),
    raw === undefined ? (request) => request : HttpClientRequest.bodyText(raw, "application/json")
  )
  const response = yield* client.execute(request)
  const text = yield* response.text
  return { status: response.status, headers: response.headers, json: parse(text), text } satisfies Reply
})

export const createBatch = (standIn: MixpeekStandIn.MixpeekStandIn, objects: ReadonlyArray<unknown>) =>
  call(standIn, { path: "/v1/buckets/bkt_files/objects/batch", body: { objects } })

/** Decodes a reply, or fails the test. */
export const as = <A>(schema: Schema.ConstraintDecoder<A>, reply: Reply) => Schema.decodeUnknownSync(schema)(reply.json)

export const Stored = Schema.Struct({
  object_id: Schema.String,
  bucket_id: Schema.String,
  status: Schema.String,
  source_key: Schema.optionalKey(Schema.String)
})

export const Partial = Schema.Struct({
  succeeded: Schema.Array(Stored),
  failed: Schema.Array(Schema.Struct({ object_index: Schema.Int, error: Schema.String, error_type: Schema.String })),
  total_requested: Schema.Int,
  succeeded_count: Schema.Int,
  failed_count: Schema.Int
})

export const Upload = Schema.Struct({
  upload_id: Schema.String,
  filename: Schema.String,
  presigned_url: Schema.NullOr(Schema.String),
  status: Schema.String,
  metadata: Schema.JsonObject,
  is_duplicate: Schema.Boolean,
  duplicate_of_upload_id: Schema.NullOr(Schema.String),
  skipped_unique_key: Schema.Boolean,
  existing_object_id: Schema.NullOr(Schema.String),
  object_id: Schema.NullOr(Schema.String),
  task_id: Schema.NullOr(Schema.String)
})

export const Confirmation = Schema.Struct({
  upload_id: Schema.String,
  status: Schema.String,
  file_hash: Schema.NullOr(Schema.String),
  object_id: Schema.NullOr(Schema.String),
  task_id: Schema.NullOr(Schema.String)
})

export const Task = Schema.Struct({
  task_id: Schema.String,
  task_type: Schema.String,
  status: Schema.String,
  outputs: Schema.NullOr(Schema.Array(Schema.JsonObject)),
  error: Schema.NullOr(Schema.String)
})

export const Batch = Schema.Struct({
  batch_id: Schema.String,
  status: Schema.String,
  object_ids: Schema.Array(Schema.String),
  loaded_object_ids: Schema.Array(Schema.String),
  collection_ids: Schema.Array(Schema.String),
  task_id: Schema.NullOr(Schema.String),
  error: Schema.NullOr(Schema.String),
  error_summary: Schema.NullOr(Schema.Record(Schema.String, Schema.Int)),
  tier_tasks: Schema.Array(
    Schema.Struct({
      tier_num: Schema.Int,
      status: Schema.String,
      documents_submitted_to_engine: Schema.NullOr(Schema.Int),
      documents_written: Schema.NullOr(Schema.Int),
      errors: Schema.Array(
        Schema.Struct({
          error_type: Schema.String,
          affected_count: Schema.Int,
          affected_document_ids: Schema.Array(Schema.String)
        })
      )
    })
  )
})

export const Envelope = Schema.Struct({
  success: Schema.Literal(false),
  status: Schema.Int,
  error: Schema.Struct({ message: Schema.String, type: Schema.String, details: Schema.NullOr(Schema.JsonObject) })
})

export const Located = Schema.Struct({
  detail: Schema.Array(
    Schema.Struct({
      loc: Schema.Array(Schema.Union([Schema.String, Schema.Int])),
      msg: Schema.String,
      type: Schema.String
    })
  )
})

export const client: Layer.Layer<HttpClient.HttpClient> = NodeHttpClient.layerUndici

export const uploadsPath = "/v1/buckets/bkt_files/uploads"

/** A text file that is to be named by a blob later on. */
export const file = {
  filename: "a.txt",
  content_type: "text/plain",
  create_object_on_confirm: false
}

export const createUpload = (standIn: MixpeekStandIn.MixpeekStandIn, changes: Readonly<Record<string, unknown>> = {}) =>
  Effect.map(call(standIn, { path: uploadsPath, body: { ...file, ...changes } }), (reply) => as(Upload, reply))

/** A PUT as it goes to S3: no key of ours, a length, and the type that was signed. */
export const put = Effect.fnUntraced(function* (
  url: string | null,
  content: string,
  headers: Record<string, string> = {}
) {
  const client = yield* HttpClient.HttpClient
  const type = headers["content-type"] ?? "text/plain"
  const request = HttpClientRequest.put(url ?? "").pipe(
    HttpClientRequest.bodyUint8Array(new TextEncoder().encode(content), type),
    HttpClientRequest.setHeaders(headers)
  )
  const response = yield* client.execute(request)
  return { status: response.status, headers: response.headers, text: yield* response.text }
})

export const confirm = (
  standIn: MixpeekStandIn.MixpeekStandIn,
  uploadId: string,
  body: Readonly<Record<string, unknown>> = {},
  query = ""
) => call(standIn, { path: `${uploadsPath}/${uploadId}/confirm${query}`, body })

/** An upload that was put, and confirmed. */
export const uploaded = Effect.fnUntraced(function* (
  standIn: MixpeekStandIn.MixpeekStandIn,
  content: string,
  changes: Readonly<Record<string, unknown>> = {}
) {
  const upload = yield* createUpload(standIn, changes)
  yield* put(upload.presigned_url, content)
  return as(Confirmation, yield* confirm(standIn, upload.upload_id)).upload_id
})

export const batchesPath = "/v1/buckets/bkt_files/batches"

/** Objects with these source keys; their ids. */
export const created = Effect.fnUntraced(function* (
  standIn: MixpeekStandIn.MixpeekStandIn,
  ...sourceKeys: ReadonlyArray<string>
) {
  const reply = yield* createBatch(
    standIn,
    sourceKeys.map((key) => text(key))
  )
  return as(Partial, reply).succeeded.map(({ object_id }) => object_id)
})

/** A processing batch of these objects, not yet submitted. */
export const grouped = (standIn: MixpeekStandIn.MixpeekStandIn, ids: ReadonlyArray<string>) =>
  Effect.map(call(standIn, { path: batchesPath, body: { object_ids: ids } }), (reply) => as(Batch, reply))

export const submit = (standIn: MixpeekStandIn.MixpeekStandIn, batchId: string) =>
  call(standIn, { path: `${batchesPath}/${batchId}/submit`, body: {} })

export const getBatch = (standIn: MixpeekStandIn.MixpeekStandIn, batchId: string) =>
  Effect.map(call(standIn, { method: "GET", path: `${batchesPath}/${batchId}` }), (reply) => as(Batch, reply))
