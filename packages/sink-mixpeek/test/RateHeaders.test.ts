import { assert, describe, it } from "@effect/vitest"
import { RateHeaders } from "@sluice/sink-mixpeek"
import { Duration } from "effect"
import { Headers } from "effect/http"

const at = (iso: string) => Date.parse(iso)
const now = at("2026-11-24T12:00:00Z")
const read = (headers: Record<string, string>, details?: Record<string, unknown>) =>
  RateHeaders.read(Headers.fromInput(headers), now, details)
const wait = (headers: Record<string, string>, details?: Record<string, unknown>) => {
  const { retryAfter } = read(headers, details)
  return retryAfter === undefined ? undefined : Duration.toSeconds(retryAfter)
}

describe("RateHeaders", () => {
  it("says nothing where nothing is said", () => {
    assert.deepStrictEqual(read({}), { perMinute: undefined, left: undefined, retryAfter: undefined })
  })

  it("reads the documented headers", () => {
    const said = read({
      "X-RateLimit-Limit": "600",
      "X-RateLimit-Remaining": "0",
      "X-RateLimit-Reset": String(now / 1000 + 42)
    })
    assert.strictEqual(said.perMinute, 600)
    assert.deepStrictEqual(said.left, { remaining: 0, resetIn: Duration.seconds(42) })
  })

  it("reads a limit of another window as one per minute", () => {
    assert.strictEqual(read({ "X-RateLimit-Limit": "10", "X-RateLimit-Window": "1" }).perMinute, 600)
    assert.strictEqual(read({ "X-RateLimit-Limit": "6000", "X-RateLimit-Window": "3600" }).perMinute, 100)
  })

  it("measures the reset by the server's own clock", () => {
    const { left } = read({
      Date: "Tue, 24 Nov 2026 15:00:00 GMT",
      "X-RateLimit-Remaining": "3",
      "X-RateLimit-Reset": String(at("2026-11-24T15:00:20Z") / 1000)
    })
    assert.deepStrictEqual(left?.resetIn, Duration.seconds(20))
  })

  it("never waits longer than the window for a reset, nor less than nothing", () => {
    const reset = (seconds: number) =>
      read({ "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": String(now / 1000 + seconds) }).left?.resetIn
    assert.deepStrictEqual(reset(86_400), Duration.seconds(60))
    assert.deepStrictEqual(reset(-30), Duration.zero)
  })

  it("takes a small reset for seconds from now", () => {
    const { left } = read({ "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "17" })
    assert.deepStrictEqual(left?.resetIn, Duration.seconds(17))
  })

  it.each([
    [{ "Retry-After": "7" }, 7],
    [{ "Retry-After": "Tue, 24 Nov 2026 12:00:30 GMT" }, 30],
    [{ "Retry-After": "Tuesday, 24-Nov-26 12:00:30 GMT" }, 30],
    [{ "Retry-After": "Tue Nov 24 12:00:30 2026" }, 30],
    [{ "Retry-After": "Tue, 24 Nov 2026 11:00:00 GMT" }, 0],
    [{ "Retry-After": "soon" }, undefined],
    [{ "Retry-After": "Tue, 24 Nov 2026 15:00:30 GMT", Date: "Tue, 24 Nov 2026 15:00:00 GMT" }, 30]
  ])("reads %j as %s seconds", (headers, seconds) => {
    assert.strictEqual(wait(headers), seconds)
  })

  it("takes retry_after of the body where there is no header, and only then", () => {
    assert.strictEqual(wait({}, { retry_after: 9 }), 9)
    assert.strictEqual(wait({ "Retry-After": "3" }, { retry_after: 9 }), 3)
    assert.strictEqual(wait({}, { retry_after: "later" }), undefined)
  })

  it("leaves out numbers that are none", () => {
    const said = read({ "X-RateLimit-Limit": "1e3", "X-RateLimit-Remaining": "-1", "X-RateLimit-Reset": "x" })
    assert.deepStrictEqual(said, { perMinute: undefined, left: undefined, retryAfter: undefined })
  })
})
