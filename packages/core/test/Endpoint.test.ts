import { assert, describe, it } from "@effect/vitest"
import * as Endpoint from "../src/Endpoint.ts"

describe("an endpoint", () => {
  it.each([
    "http://s3.example.com",
    "http://10.0.0.5:9000",
    "http://127.evil.example",
    "http://[::2]/",
    "http://localhost.example.com"
  ])("is exposed at %s", (url) => assert.isTrue(Endpoint.isExposed(new URL(url))))

  it.each([
    "https://s3.example.com",
    "http://localhost:9000",
    "http://a.localhost",
    "http://127.1.2.3",
    "http://[::1]:80",
    "http://127.1"
  ])("is not exposed at %s", (url) => assert.isFalse(Endpoint.isExposed(new URL(url))))
})
