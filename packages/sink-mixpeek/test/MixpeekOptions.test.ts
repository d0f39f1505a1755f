import { assert, describe, it } from "@effect/vitest"
import { type Misconfigured, MixpeekOptions } from "@sluice/sink-mixpeek"
import { ConfigProvider, Duration, Effect, Redacted } from "effect"

const valid: MixpeekOptions.Options = { apiKey: Redacted.make("sk_secret"), namespace: "ns_1" }

const refusal = (options: Partial<MixpeekOptions.Options>): Effect.Effect<Misconfigured, MixpeekOptions.Checked> =>
  Effect.flip(MixpeekOptions.check({ ...valid, ...options }))

describe("MixpeekOptions", () => {
  it.effect("has defaults for everything but key and namespace", () =>
    Effect.gen(function* () {
      const checked = yield* MixpeekOptions.check(valid)
      assert.strictEqual(checked.url, "https://api.mixpeek.com")
      assert.deepStrictEqual(checked.timeout, Duration.seconds(120))
      assert.deepStrictEqual(checked.rateLimits, {})
    })
  )

  it.effect.each([
    ["an empty key", { apiKey: Redacted.make(" ") }, "apiKey", "empty"],
    ["a key with a line break", { apiKey: Redacted.make("sk_secret\n") }, "apiKey", "line breaks"],
    ["an empty namespace", { namespace: "" }, "namespace", "empty"],
    ["a namespace with spaces", { namespace: "my space" }, "namespace", "spaces"],
    ["an address that is none", { url: "api.mixpeek.com" }, "url", "not an https address"],
    ["another protocol", { url: "ftp://api.mixpeek.com" }, "url", "not an https address"],
    ["plain http to another machine", { url: "http://api.example.com" }, "url", "in the clear"],
    ["credentials in the address", { url: "https://user:hunter2@api.example.com" }, "url", "credentials"],
    ["a query in the address", { url: "https://api.example.com/?key=hunter2" }, "url", "query"],
    ["no time at all", { timeout: "10 millis" }, "timeout", "below one second"],
    ["endless time", { timeout: Duration.infinity }, "timeout", "endless"],
    ["a rate of nothing", { rateLimits: { data: { perMinute: 0 } } }, "rateLimits.data", "not a number above 0"],
    ["an endless rate", { rateLimits: { data: { perMinute: Infinity } } }, "rateLimits.data", "not a number above 0"],
    ["no requests in flight", { maxInFlight: 0 }, "maxInFlight", "not a whole number"],
    ["half a request in flight", { maxInFlight: 1.5 }, "maxInFlight", "not a whole number"],
    ["endless patience", { maxUnavailable: Duration.infinity }, "maxUnavailable", "endless"],
    ["negative patience", { maxUnavailable: Duration.seconds(-1) }, "maxUnavailable", "negative"],
    ["a trickle of bytes", { uploadBytesPerSecond: 10 }, "uploadBytesPerSecond", "from 1,024"],
    ["no number of bytes", { uploadBytesPerSecond: Number.NaN }, "uploadBytesPerSecond", "from 1,024"],
    ["a burst of nothing", { rateLimits: { data: { perMinute: 1, burst: 0 } } }, "rateLimits.data", "below 1"]
  ] as ReadonlyArray<[string, Partial<MixpeekOptions.Options>, string, string]>)(
    "refuses %s, and names field, problem and remedy",
    ([, options, field, problem]) =>
      Effect.gen(function* () {
        const error = yield* refusal(options)
        assert.include(error.field, field)
        assert.include(error.problem, problem)
        assert.isNotEmpty(error.remedy)
        assert.notInclude(error.message, "secret")
        assert.notInclude(error.message, "hunter2")
      })
  )

  it.effect.each([
    "http://localhost:8080",
    "http://127.0.0.1:1",
    "http://127.1.2.3",
    "http://[::1]:9",
    "http://api.localhost",
    "https://api.example.com/base/"
  ])("takes %s", (url) =>
    Effect.gen(function* () {
      const checked = yield* MixpeekOptions.check({ ...valid, url })
      assert.isFalse(checked.url.endsWith("/"))
    })
  )

  it.effect("takes plain http where it is allowed by name", () =>
    Effect.gen(function* () {
      const checked = yield* MixpeekOptions.check({ ...valid, url: "http://api.example.com", allowPlainHttp: true })
      assert.strictEqual(checked.url, "http://api.example.com")
    })
  )

  const fromEnv = (env: Record<string, string>) =>
    Effect.provide(MixpeekOptions.config, ConfigProvider.layer(ConfigProvider.fromEnv({ env })))

  it.effect("is read from the environment", () =>
    Effect.gen(function* () {
      const options = yield* fromEnv({
        MIXPEEK_API_KEY: "sk_secret",
        MIXPEEK_NAMESPACE: "ns_1",
        MIXPEEK_URL: "http://127.0.0.1:1",
        MIXPEEK_TIMEOUT: "30 seconds",
        MIXPEEK_REQUESTS_PER_MINUTE: "600",
        MIXPEEK_BURST: "200",
        MIXPEEK_MAX_IN_FLIGHT: "25",
        MIXPEEK_MAX_UNAVAILABLE: "1 hour",
        MIXPEEK_UPLOAD_BYTES_PER_SECOND: "5000000"
      })
      assert.strictEqual(Redacted.value(options.apiKey), "sk_secret")
      assert.deepStrictEqual(options.rateLimits, { data: { perMinute: 600, burst: 200 } })
      assert.deepStrictEqual(options.timeout, Duration.seconds(30))
      assert.isFalse(options.allowPlainHttp)
      const checked = yield* MixpeekOptions.check(options)
      assert.strictEqual(checked.maxInFlight, 25)
      assert.deepStrictEqual(checked.maxUnavailable, Duration.hours(1))
      assert.strictEqual(checked.uploadBytesPerSecond, 5_000_000)
    })
  )

  it.effect("names what the environment does not have", () =>
    Effect.gen(function* () {
      const key = yield* Effect.flip(Effect.flatMap(fromEnv({}), MixpeekOptions.check))
      assert.include(key.message, "MIXPEEK_API_KEY")
      const namespace = yield* Effect.flip(
        Effect.flatMap(fromEnv({ MIXPEEK_API_KEY: "sk_secret" }), MixpeekOptions.check)
      )
      assert.include(namespace.message, "MIXPEEK_NAMESPACE")
    })
  )
})
