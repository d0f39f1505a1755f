/**
 * The stand-in behind Prism, another implementation of OpenAPI: as a proxy it answers 500 to whatever breaks the
 * description, in either direction.
 */
import { assert, layer } from "@effect/vitest"
import { MixpeekStandIn } from "@sluice/testkit/mixpeek"
import { Context, Effect, Layer, Schema } from "effect"
import { spawn } from "node:child_process"
import { createRequire } from "node:module"
import { createServer } from "node:net"
import { fileURLToPath } from "node:url"
import {
  as,
  Batch,
  bucket,
  call as callAt,
  type Call,
  client,
  Confirmation,
  file,
  Partial,
  put,
  Stored,
  text,
  Upload
} from "./session.ts"

const description = fileURLToPath(new URL("../../src/mixpeek/openapi.yaml", import.meta.url))
const prism = createRequire(import.meta.url).resolve("@stoplight/prism-cli")

const freePort = Effect.callback<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = address !== null && typeof address === "object" ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})

/** Starts Prism before `upstream` and waits until it listens; gives its URL. */
const startPrism = Effect.fnUntraced(function* (upstream: string) {
  const port = yield* freePort
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, [prism, "proxy", description, upstream, "--errors", "-p", String(port)])),
    (child) => Effect.sync(() => child.kill())
  )
  yield* Effect.callback<void>((resume) => {
    let output = ""
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString()
      if (output.includes("is listening")) resume(Effect.void)
    })
    child.once("exit", () => resume(Effect.die(new Error(output))))
  })
  return `http://127.0.0.1:${port}`
})

class Proxied extends Context.Service<
  Proxied,
  { readonly standIn: MixpeekStandIn.MixpeekStandIn; readonly url: string }
>()("test/Proxied") {
  static readonly layer = Layer.effect(
    Proxied,
    Effect.gen(function* () {
      const standIn = yield* MixpeekStandIn.make({ buckets: [bucket] })
      return { standIn, url: yield* startPrism(standIn.url) }
    })
  )
}

/** A call through Prism; fails the test where Prism found something wrong. */
const call = Effect.fnUntraced(function* (request: Call) {
  const { standIn, url } = yield* Proxied
  const reply = yield* callAt(standIn, request, url)
  assert.notInclude(reply.text, "stoplight.io/prism")
  assert.isUndefined(reply.headers["sl-violations"])
  return reply
})

const path = "/v1/buckets/bkt_files"
const create = (...objects: ReadonlyArray<unknown>) => call({ path: `${path}/objects/batch`, body: { objects } })

layer(Layer.merge(Proxied.layer, client), { timeout: "60 seconds" })("through Prism", (it) => {
  it.effect("both generations of the batch answer agree with the description", () =>
    Effect.gen(function* () {
      const { standIn } = yield* Proxied
      const bad = { source_key: "bad", blobs: [{ property: "nowhere", type: "text", data: "x" }] }
      const partial = as(Partial, yield* create(text("a"), bad, text("b")))
      assert.deepStrictEqual([partial.succeeded_count, partial.failed_count], [2, 1])
      yield* standIn.set({ generation: "array" })
      assert.strictEqual(as(Schema.Array(Stored), yield* create(text("c"))).length, 1)
      for (const [refusal, status] of [
        ["loc", 422],
        ["location", 422],
        ["unnamed", 400]
      ] as const) {
        yield* standIn.set({ refusal })
        assert.strictEqual((yield* create(bad)).status, status)
      }
      yield* standIn.set({ generation: "partial", refusal: "loc" })
    })
  )

  it.effect("reading, listing, changing and deleting agree with it", () =>
    Effect.gen(function* () {
      const { standIn } = yield* Proxied
      yield* standIn.set({ documents: { collections: [{ id: "col_pages" }] } })
      yield* create(text("d"), { ...text("e"), year: 2001 })
      const statusOf = (request: Call) => Effect.map(call(request), ({ status }) => status)
      const object = `${path}/objects/${(yield* standIn.objects("bkt_files"))[0]?.objectId}`
      const filters = { AND: [{ field: "year", operator: "gte", value: 2000 }] }
      const requests: ReadonlyArray<Call> = [
        { method: "GET", path },
        { path: "/v1/buckets/list", body: {} },
        { method: "GET", path: "/v1/organizations" },
        { path: `${path}/objects/list?limit=2&include_total=true`, body: {} },
        { path: `${path}/objects/list?limit=2`, body: { filters, select: ["source_key"], sort: { field: "year" } } },
        { path: `${path}/objects`, body: text("f") },
        { method: "GET", path: object },
        { method: "PATCH", path: object, body: { year: 1999 } },
        { method: "PUT", path: object, body: { metadata: { a: 1 } } },
        { method: "GET", path: `/v1/objects/${(yield* standIn.documents)[0]?.objectId}/documents` },
        {
          method: "DELETE",
          path: "/v1/collections/col_pages/documents/batch",
          body: { document_ids: [(yield* standIn.documents)[0]?.documentId, "doc_none"] }
        }
      ]
      for (const request of requests) assert.strictEqual(yield* statusOf(request), 200, request.path)
      assert.strictEqual(yield* statusOf({ method: "DELETE", path: object }), 204)
      assert.strictEqual(yield* statusOf({ method: "DELETE", path: object }), 404)
    })
  )

  it.effect("uploads, their confirmations and their tasks agree with it", () =>
    Effect.gen(function* () {
      const { standIn } = yield* Proxied
      const uploads = `${path}/uploads`
      const statusOf = (request: Call) => Effect.map(call(request), ({ status }) => status)
      const created = Effect.fnUntraced(function* (changes: Readonly<Record<string, unknown>> = {}) {
        const { presigned_url, upload_id } = as(Upload, yield* call({ path: uploads, body: { ...file, ...changes } }))
        yield* put(presigned_url, "abc")
        return `${uploads}/${upload_id}`
      })
      yield* standIn.set({ uploads: { created: 201, confirmation: { polls: 2 } } })
      const [one, two, three] = [yield* created(), yield* created({ metadata: { run: "r1" } }), yield* created()]
      const confirmed = as(Confirmation, yield* call({ path: `${two}/confirm?async=true`, body: {} }))
      const requests: ReadonlyArray<readonly [Call, number]> = [
        [{ path: `${one}/confirm`, body: { etag: "other" } }, 400],
        [{ path: `${one}/confirm`, body: {} }, 200],
        [{ path: `${uploads}/batch`, body: { uploads: [file, file], shared_metadata: { run: "r1" } } }, 200],
        [{ path: `${uploads}/batch`, body: { uploads: [{ ...file, filename: "../a" }] } }, 422],
        [{ path: `${uploads}/confirm/batch`, body: { confirmations: [{ upload_id: "upl_1" }] } }, 200],
        [{ path: `${uploads}/list?limit=2&include_total=true`, body: { filters: { "metadata.run": "r1" } } }, 200],
        [{ method: "GET", path: `/v1/tasks/${confirmed.task_id}` }, 200],
        [{ method: "GET", path: two }, 200],
        [{ method: "GET", path: `/v1/tasks/${confirmed.task_id}` }, 200],
        [{ method: "GET", path: "/v1/tasks/task_other" }, 404],
        [{ method: "DELETE", path: three }, 204],
        [{ method: "DELETE", path: one }, 400],
        [{ method: "GET", path: `${uploads}/upl_other` }, 404]
      ]
      for (const [request, status] of requests) assert.strictEqual(yield* statusOf(request), status, request.path)
      yield* standIn.set({ uploads: { maxFileBytes: 1 } })
      assert.strictEqual(yield* statusOf({ path: uploads, body: { ...file, file_size_bytes: 2 } }), 403)
      yield* standIn.set(MixpeekStandIn.defaults)
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect("batches, their failures and their tasks agree with it", () =>
    Effect.gen(function* () {
      const { standIn } = yield* Proxied
      yield* standIn.set({
        documents: { collections: [{ id: "col_pages" }] },
        processing: { queue: { polls: 1 }, failures: [{ category: "network" }] }
      })
      const ids = as(Partial, yield* create(text("h"), text("i"))).succeeded.map(({ object_id }) => object_id)
      const batches = `${path}/batches`
      const { batch_id } = as(Batch, yield* call({ path: batches, body: { object_ids: ids } }))
      const batch = `${batches}/${batch_id}`
      const requests: ReadonlyArray<readonly [Call, number]> = [
        [{ path: batches, body: { object_ids: ["obj_gone"] } }, 404],
        [{ path: `${batch}/objects`, body: { object_ids: ids } }, 200],
        [{ path: `${batch}/cancel` }, 400],
        [{ path: `${batch}/submit`, body: { include_processing_history: false } }, 200],
        [{ path: `${batch}/submit`, body: {} }, 429],
        [{ method: "GET", path: batch }, 200],
        [{ method: "GET", path: batch }, 200],
        [{ method: "GET", path: batch }, 200],
        [{ method: "GET", path: `${batch}/failed-documents?tier_num=0&limit=1` }, 200],
        [{ path: `${batch}/retry`, body: { retry_mode: "all" } }, 200],
        [{ path: `${batch}/cancel` }, 200],
        [{ method: "GET", path: batch }, 200],
        [{ path: `${batches}/list`, body: { status: "CANCELED" } }, 200],
        [{ method: "DELETE", path: batch }, 200],
        [{ method: "GET", path: batch }, 404]
      ]
      for (const [request, status] of requests) {
        assert.strictEqual((yield* call(request)).status, status, request.path)
      }
      yield* standIn.set(MixpeekStandIn.defaults)
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect("errors agree with it", () =>
    Effect.gen(function* () {
      const { standIn } = yield* Proxied
      const statusOf = (request: Call) => Effect.map(call(request), ({ status }) => status)
      const get = (headers: Record<string, string>) => statusOf({ method: "GET", path, headers })
      assert.strictEqual(yield* get({ authorization: "Bearer sk_other" }), 401)
      assert.strictEqual(yield* get({ "x-namespace": "ns_other" }), 404)
      assert.strictEqual(yield* statusOf({ method: "GET", path: "/v1/buckets/bkt_other" }), 404)
      const batch = create(text("g"))
      const status = Effect.map(batch, ({ status }) => status)
      const during = Effect.fnUntraced(function* (settings: Partial<MixpeekStandIn.Settings>) {
        yield* standIn.set(settings)
        const seen = yield* status
        yield* standIn.set(MixpeekStandIn.defaults)
        return seen
      })
      for (const retryAfter of ["seconds", "imf-fixdate", "rfc850", "asctime", "absent"] as const) {
        assert.strictEqual(yield* during({ faults: [{ kind: "throttle" }], retryAfter }), 429)
        assert.strictEqual(yield* during({ faults: [{ kind: "unavailable" }], retryAfter }), 503)
      }
      assert.strictEqual(yield* during({ limits: { data: { requests: 1_000 } } }), 200)
      assert.strictEqual(yield* during({ faults: [{ kind: "server-error" }] }), 500)
      assert.strictEqual(yield* during({ quota: { resource: "objects", limit: 0, tier: "free" } }), 403)
      assert.strictEqual(yield* during({ maxBodyBytes: 10 }), 413)
      yield* standIn.setBucket("bkt_files", { locked: true })
      assert.strictEqual(yield* status, 403)
      yield* standIn.setBucket("bkt_files", { locked: false })
      assert.deepStrictEqual(yield* standIn.violations, [])
    })
  )

  it.effect("Prism itself refuses what the description forbids", () =>
    Effect.gen(function* () {
      const { standIn, url } = yield* Proxied
      const objects = Array.from({ length: 101 }, (_, index) => text(`many${index}`))
      const reply = yield* callAt(standIn, { path: `${path}/objects/batch`, body: { objects } }, url)
      assert.deepStrictEqual([reply.status, reply.text.includes("maxItems")], [422, true])
    })
  )

  it.effect("Prism finds an answer that breaks the description", () =>
    Effect.gen(function* () {
      const { standIn, url } = yield* Proxied
      yield* standIn.set({ validateEvery: 1_000_000 })
      yield* standIn.setBucket("bkt_files", { status: "NONSENSE" })
      const reply = yield* callAt(standIn, { method: "GET", path }, url)
      assert.deepStrictEqual([reply.status, reply.text.includes("VIOLATIONS")], [500, true])
    })
  )
})
