import { assert, describe, it } from "@effect/vitest"
import { ErrorBody, MixpeekError } from "@sluice/sink-mixpeek"
import { Duration } from "effect"
import { HttpClientError, HttpClientRequest } from "effect/http"

const create: MixpeekError.Request = { sink: "mixpeek:b", operation: "createObjectsBatch", creates: true }
const list: MixpeekError.Request = { sink: "mixpeek:b", operation: "listObjects", creates: false }

const envelope = (type: string, message = "because", details: object | null = null) =>
  JSON.stringify({ success: false, status: 400, error: { message, type, details } })
const html = "<html><head><title>Bad Gateway</title></head></html>"

const failure = (status: number, body: string, retryAfter?: Duration.Duration): MixpeekError.Failure => ({
  status,
  body: ErrorBody.parse(body),
  retryAfter,
  requestId: "req_1"
})

const quotaBody = envelope("QuotaExceededError", "no more", {
  resource: "objects",
  current: 100,
  limit: 100,
  tier: "free"
})

describe("MixpeekError", () => {
  it.each([
    [429, envelope("TooManyRequestsError"), "Throttled", "Throttled"],
    [429, html, "Throttled", "Throttled"],
    [401, envelope("UnauthorizedError"), "Unauthorized", "Unauthorized"],
    [401, "", "Unauthorized", "Unauthorized"],
    [402, "", "QuotaExceeded", "QuotaExceeded"],
    [403, quotaBody, "QuotaExceeded", "QuotaExceeded"],
    [403, envelope("UnauthorizedError", "out of credits"), "QuotaExceeded", "QuotaExceeded"],
    [403, envelope("ForbiddenError", "key may not write"), "Unauthorized", "Unauthorized"],
    [403, envelope("ForbiddenError", "bucket is locked"), "Unusable", "Unusable"],
    [403, envelope("NotEnabledError"), "Unusable", "Unusable"],
    [403, html, "Unauthorized", "Unauthorized"],
    [404, envelope("NotFoundError"), "Unusable", "Unusable"],
    [404, '{"detail":"Not Found"}', "Unusable", "Unusable"],
    [408, envelope("TimeoutError"), "Ambiguous", "Unavailable"],
    [400, envelope("BadRequestError"), "Refused", "Unusable"],
    [409, envelope("AlreadyExistsError"), "Refused", "Unusable"],
    [413, html, "TooLarge", "Unusable"],
    [422, envelope("ValidationError"), "Refused", "Unusable"],
    [423, envelope("Locked", "locked"), "Unusable", "Unusable"],
    [500, envelope("InternalServerError"), "Ambiguous", "Unavailable"],
    [501, "", "Unusable", "Unusable"],
    [502, html, "Ambiguous", "Unavailable"],
    [503, envelope("InferenceServiceUnavailableError"), "Ambiguous", "Unavailable"],
    [503, html, "Ambiguous", "Unavailable"],
    [504, "", "Ambiguous", "Unavailable"],
    [520, "", "Ambiguous", "Unavailable"],
    [301, "", "Unusable", "Unusable"],
    [418, "", "Unusable", "Unusable"]
  ])("takes %i %s for %s when creating and %s when reading", (status, body, creating, reading) => {
    assert.strictEqual(MixpeekError.fromFailure(create, failure(status, body)).reason._tag, creating)
    assert.strictEqual(MixpeekError.fromFailure(list, failure(status, body)).reason._tag, reading)
  })

  it("says what was asked, what was answered and what to do", () => {
    const error = MixpeekError.fromFailure(create, failure(404, envelope("NotFoundError", "no such bucket")))
    assert.strictEqual(
      error.message,
      "Mixpeek answered 404 NotFoundError to createObjectsBatch: no such bucket. Check bucket, namespace (MIXPEEK_NAMESPACE) and url; a wrong namespace looks like a missing bucket"
    )
    assert.strictEqual(error.requestId, "req_1")
    assert.isTrue(error.stopsRun)
  })

  it("carries the resource, the current value and the limit of a quota", () => {
    const { reason } = MixpeekError.fromFailure(create, failure(403, quotaBody))
    assert.deepInclude(reason, { _tag: "QuotaExceeded", resource: "objects", current: 100, limit: 100 })
  })

  it("carries how long to wait", () => {
    const wait = Duration.seconds(7)
    for (const status of [429, 503]) {
      const { reason } = MixpeekError.fromFailure(create, failure(status, "", wait))
      assert.deepStrictEqual("retryAfter" in reason ? reason.retryAfter : undefined, wait)
    }
  })

  it("names the suspects of a refused batch", () => {
    const body = JSON.stringify({ detail: [{ loc: ["body", "objects", 4, "blobs"], msg: "missing", type: "missing" }] })
    const { reason } = MixpeekError.fromFailure(create, failure(422, body))
    assert.strictEqual(reason._tag, "Refused")
    if (reason._tag === "Refused") {
      assert.deepStrictEqual(reason.suspects, [4])
      assert.deepStrictEqual(reason.cause, {
        code: "validation",
        message: "body.objects.4.blobs: missing",
        requestId: "req_1"
      })
    }
  })

  const transport = (cause: unknown) =>
    new HttpClientError.HttpClientError({
      reason: new HttpClientError.TransportError({
        request: HttpClientRequest.post("https://api.example/x").pipe(HttpClientRequest.bearerToken("sk_secret")),
        cause
      })
    })
  const coded = (code: string, cause?: unknown) => Object.assign(new Error("broken", { cause }), { code })

  it.each([
    ["ECONNREFUSED", "Unavailable", "Unavailable"],
    ["ENOTFOUND", "Unavailable", "Unavailable"],
    ["EAI_AGAIN", "Unavailable", "Unavailable"],
    ["UND_ERR_CONNECT_TIMEOUT", "Unavailable", "Unavailable"],
    ["ECONNRESET", "Ambiguous", "Unavailable"],
    ["EPIPE", "Ambiguous", "Unavailable"],
    ["UND_ERR_SOCKET", "Ambiguous", "Unavailable"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "Unusable", "Unusable"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "Unusable", "Unusable"]
  ])("takes a connection that fails with %s for %s when creating and %s when reading", (code, creating, reading) => {
    // As fetch has it: the code is on the cause of the cause.
    const error = transport(new TypeError("fetch failed", { cause: coded(code) }))
    assert.strictEqual(MixpeekError.fromTransport(create, error).reason._tag, creating)
    assert.strictEqual(MixpeekError.fromTransport(list, error).reason._tag, reading)
    assert.strictEqual(MixpeekError.fromTransport(create, transport(coded(code))).reason._tag, creating)
  })

  it("takes a failure without a code for a lost answer", () => {
    assert.strictEqual(MixpeekError.fromTransport(create, transport(undefined)).reason._tag, "Ambiguous")
  })

  it("does not carry the request, which holds the key", () => {
    const error = MixpeekError.fromTransport(create, transport(coded("ECONNRESET")))
    assert.notInclude(JSON.stringify(error) + String(error) + String(error.cause), "sk_secret")
  })
})
