/**
 * No secret is in anything a person may see: errors, causes, findings, logs, spans.
 */
import { assert, describe, it } from "@effect/vitest"
import { NodeHttpClient } from "@effect/platform-node"
import { Source } from "@sluice/core"
import { Mixpeek, MixpeekSink } from "@sluice/sink-mixpeek"
import { Cause, Effect, Exit, Layer, Logger, Redacted, Tracer } from "effect"
import { HttpClient, HttpClientError, HttpClientResponse } from "effect/http"
import { inspect } from "node:util"
import * as Fixtures from "./Fixtures.ts"

const key = "sk_live_0123456789abcdef"
/** A key of its own for each client: limits are shared by all that use the same. */
let keys = 0
const options = () => ({ apiKey: Redacted.make(`${key}_${++keys}`), namespace: "ns_1" })
const signature = "SIGNATURE0123456789"
const credential = "CREDENTIAL0123456789"
const link = Fixtures.links(
  ({ id }) => `https://files.example/${id}?X-Amz-Credential=${credential}&X-Amz-Signature=${signature}`
)

/** Everything that can be said of a value. */
const everything = (value: unknown): string =>
  [String(value), JSON.stringify(value), inspect(value, { depth: 20, showHidden: true })].join("\n")

/** Answers a batch, and whatever else is asked. */
const ofBatch = (answer: (body: string) => Response) =>
  HttpClient.make((request) => {
    const body = request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : ""
    return Effect.succeed(HttpClientResponse.fromWeb(request, answer(body)))
  })

const address = `https://storage.example/b/k?X-Amz-Credential=${credential}&X-Amz-Signature=${signature}`

/** Gives an address for each upload, and answers what is put there; a text is why the connection breaks. */
const ofStorage = (storage: () => Response | string, url = address) =>
  HttpClient.make((request) => {
    const respond = (response: Response) => HttpClientResponse.fromWeb(request, response)
    if (request.url.includes("/uploads/batch")) {
      return Effect.succeed(respond(Response.json({ uploads: [{ upload_id: "upl_1", presigned_url: url }] })))
    }
    if (request.method !== "PUT") return Effect.succeed(respond(Response.json({ status: "COMPLETED", results: [] })))
    const answer = storage()
    if (typeof answer !== "string") return Effect.succeed(respond(answer))
    const reason = new HttpClientError.TransportError({ request, cause: answer, description: `PUT ${url}` })
    return Effect.fail(new HttpClientError.HttpClientError({ reason }))
  })

/** Runs a batch through a client, and collects all that is said meanwhile. */
const heard = Effect.fnUntraced(function* (http: HttpClient.HttpClient, method: "reference" | "upload" = "reference") {
  const said: Array<string> = []
  const spans: Array<Tracer.Span> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  const logger = Logger.make((options) => said.push(everything(options.message), everything(options.cause)))
  const sink = MixpeekSink.make({ bucket: Fixtures.bucket, delivery: { method } })
  const exit = yield* Effect.gen(function* () {
    const batch = yield* Fixtures.prepareAll(sink, method === "upload" ? ["a"] : ["a", "b"], undefined, link)
    const answers = yield* sink.send(batch)
    yield* Effect.logInfo(answers)
    return answers
  }).pipe(
    Effect.tapCause((cause) => Effect.logError(cause)),
    Effect.provide([
      Mixpeek.layer(options()).pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, http))),
      Logger.layer([logger])
    ]),
    Effect.provideService(Tracer.Tracer, tracer),
    Effect.exit
  )
  said.push(everything(exit))
  if (Exit.isFailure(exit)) said.push(Cause.pretty(exit.cause))
  for (const span of spans) said.push(everything(span.name), everything([...span.attributes]))
  return said.join("\n")
})

const urls = (body: string) => body.match(/https:[^"]*/g)?.join(" and ") ?? ""
const error = (message: string) => ({ success: false, status: 422, error: { message, type: "ValidationError" } })

describe("Secrets", () => {
  it.effect.each([
    [
      "the envelope repeats link and key",
      (body: string) => Response.json(error(`${urls(body)} for ${key}`), { status: 422 })
    ],
    [
      "a failed object repeats its link",
      (body: string) =>
        Response.json({
          succeeded: [{}],
          failed: [{ object_index: 0, error: `404 for ${urls(body)}`, error_type: "URLValidationError" }],
          succeeded_count: 1,
          failed_count: 1
        })
    ],
    [
      "422 repeats the whole request",
      (body: string) =>
        Response.json({ detail: [{ loc: ["body"], msg: urls(body), type: "x", input: body }] }, { status: 422 })
    ],
    [
      "a proxy repeats the request",
      (body: string) => new Response(`cannot do: Bearer ${key} ${urls(body)}`, { status: 502 })
    ],
    ["a success cannot be read", (body: string) => new Response(`{"echo": ${body} "${key}"`)],
    ["an object is called failed", (body: string) => Response.json([{ error: urls(body) }, {}])],
    ["the key is refused", () => Response.json(error(`invalid key ${key}`), { status: 401 })]
  ] as ReadonlyArray<[string, (body: string) => Response]>)("stay secret when %s", ([, answer]) =>
    Effect.gen(function* () {
      const said = yield* heard(ofBatch(answer))
      assert.include(said, "mixpeek")
      for (const secret of [key, signature, credential]) assert.notInclude(said, secret)
    })
  )

  it.effect.each([
    ["takes the file", () => new Response(null, { headers: { etag: '"1"' } }), address],
    [
      "repeats the address in XML",
      () => new Response(`<Error><Code>AccessDenied</Code><Message>no ${address}</Message></Error>`, { status: 403 }),
      address
    ],
    ["says that it has expired", () => new Response(`expired: ${address}`, { status: 403 }), address],
    ["repeats the address in a page", () => new Response(`<p>${address}`, { status: 503 }), address],
    ["breaks the connection", () => `reset of ${address}`, address],
    ["is reached in the clear", () => "never", address.replace("https:", "http:")],
    ["has no address", () => "never", `//${signature}?${credential}`]
  ] as ReadonlyArray<[string, () => Response | string, string]>)(
    "stay secret when the storage %s",
    ([, storage, url]) =>
      Effect.gen(function* () {
        const said = yield* Fixtures.elapsing(heard(ofStorage(storage, url), "upload"))
        assert.include(said, "Mixpeek")
        for (const secret of [key, signature, credential]) assert.notInclude(said, secret)
      })
  )

  it.effect("stay secret when Mixpeek cannot be reached", () =>
    Effect.gen(function* () {
      const sink = MixpeekSink.make({ bucket: Fixtures.bucket, delivery: { method: "reference" } })
      const exit = yield* Effect.gen(function* () {
        return yield* sink.send(yield* Fixtures.prepareAll(sink, ["a"], undefined, link))
      }).pipe(
        Effect.provide(
          Mixpeek.layer({ ...options(), url: "http://127.0.0.1:9" }).pipe(Layer.provide(NodeHttpClient.layerUndici))
        ),
        Effect.exit
      )
      const said = everything(exit) + (Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "")
      assert.include(said, "Unavailable")
      for (const secret of [key, signature, credential]) assert.notInclude(said, secret)
    })
  )

  it.effect("stay secret in findings", () =>
    Effect.gen(function* () {
      const http = HttpClient.make((request) =>
        Effect.succeed(
          HttpClientResponse.fromWeb(request, Response.json(error(`no such key: ${key}`), { status: 401 }))
        )
      )
      const findings = yield* MixpeekSink.make({ bucket: Fixtures.bucket, delivery: { method: "reference" } })
        .check(Fixtures.mapping, Fixtures.noNeeds)
        .pipe(Effect.provide(Mixpeek.layer(options()).pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, http)))))
      assert.strictEqual(findings[0]?.severity, "error")
      assert.notInclude(everything(findings), key)
    })
  )

  it.effect("stay secret when a link cannot be made", () =>
    Effect.gen(function* () {
      const failing: Source.Link = {
        ...link,
        presigned: () =>
          Effect.fail(
            new Source.SourceError({
              source: "s3:files",
              operation: "presign",
              reason: new Source.Unavailable(),
              message: `refused https://sts.example/?X-Amz-Credential=${credential}&X-Amz-Signature=${signature}`
            })
          )
      }
      const sink = MixpeekSink.make({ bucket: Fixtures.bucket, delivery: { method: "reference" } })
      const answers = yield* Effect.gen(function* () {
        return yield* sink.send(yield* Fixtures.prepareAll(sink, ["a"], undefined, failing))
      }).pipe(Effect.provide(Mixpeek.layer(options()).pipe(Layer.provide(NodeHttpClient.layerUndici))))
      for (const secret of [signature, credential]) assert.notInclude(everything(answers), secret)
    })
  )
})
