import { assert, describe, it } from "@effect/vitest"
import { ErrorBody } from "@sluice/sink-mixpeek"

const envelope = (error: unknown) => JSON.stringify({ success: false, status: 400, error })

describe("ErrorBody", () => {
  it("reads the envelope", () => {
    const body = ErrorBody.parse(
      envelope({ message: "no quota", type: "QuotaExceededError", details: { resource: "objects", limit: 5 } })
    )
    assert.deepStrictEqual(
      [body.shape, body.type, body.message, body.details],
      ["envelope", "QuotaExceededError", "no quota", { resource: "objects", limit: 5 }]
    )
  })

  it("reads an envelope with nulls in it", () => {
    const body = ErrorBody.parse(envelope({ message: null, type: null, details: null }))
    assert.deepStrictEqual([body.shape, body.type, body.details], ["envelope", undefined, {}])
  })

  it("reads both documented forms of a 422 alike", () => {
    const location = ["body", "objects", 3, "blobs", 0, "type"]
    const fastapi = ErrorBody.parse(JSON.stringify({ detail: [{ loc: location, msg: "not an enum", type: "enum" }] }))
    const guide = ErrorBody.parse(
      envelope({
        message: "Validation failed",
        type: "ValidationError",
        details: { validation_errors: [{ type: "enum", location, message: "not an enum" }] }
      })
    )
    assert.deepStrictEqual(fastapi.issues, guide.issues)
    assert.deepStrictEqual(ErrorBody.suspects(fastapi), [3])
    assert.deepStrictEqual(ErrorBody.suspects(guide), [3])
    assert.strictEqual(fastapi.message, "body.objects.3.blobs.0.type: not an enum")
  })

  it("names each suspect once, in order, and none where the location is the list itself", () => {
    const issue = (...loc: ReadonlyArray<string | number>) => ({ loc, msg: "x", type: "x" })
    const body = ErrorBody.parse(
      JSON.stringify({
        detail: [
          issue("body", "objects", 9, "a"),
          issue("body", "objects", 2, "a"),
          issue("body", "objects", 9, "b"),
          issue("body", "objects"),
          issue("query", "limit")
        ]
      })
    )
    assert.deepStrictEqual(ErrorBody.suspects(body), [2, 9])
  })

  it.each([
    ["", "empty", "an empty body"],
    ["<html><head><title>502 Bad Gateway</title></head></html>", "html", "502 Bad Gateway"],
    ['{"detail":"Not Found"}', "fastapi", "Not Found"],
    ["upstream connect error", "text", "upstream connect error"],
    ["null", "text", "null"],
    ['{"error":"plain"}', "text", "plain"],
    ['{"detail":[{"loc":"x"}]}', "text", "detail"]
  ])("reads %j as %s", (text, shape, message) => {
    const body = ErrorBody.parse(text)
    assert.strictEqual(body.shape, shape)
    assert.include(body.message, message)
  })

  it.each([
    ["URL https://b.s3.amazonaws.com/a.pdf?X-Amz-Credential=AKIA&X-Amz-Signature=abc answered 404", ["AKIA", "abc"]],
    ["fetch of https://user:hunter2@host/x failed", ["hunter2"]],
    ["got X-Amz-Security-Token=FwoGZX in it", ["FwoGZX"]],
    ["key sk_live_12345 is unknown", ["live_12345"]],
    ["bad [type=x, input_value='my diary', input_type=str] at [type=y, input_value='more diary']", ["diary"]],
    ["header Authorization: Bearer abcdef", ["abcdef"]]
  ])("never repeats a secret: %s", (text, secrets) => {
    const { message } = ErrorBody.parse(envelope({ message: text, type: "X" }))
    for (const secret of secrets) assert.notInclude(message, secret)
  })

  it("cuts long texts and keeps them on one line", () => {
    const { message } = ErrorBody.parse(`first\n${"x".repeat(1000)}`)
    assert.isAtMost(message.length, 300)
    assert.notInclude(message, "\n")
  })
})
