import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, Layer, Redacted } from "effect"
import { Credentials, S3, S3Options, S3Source } from "../src/index.ts"

const environment = (env: Record<string, string>) => ConfigProvider.layer(ConfigProvider.fromEnv({ env }))
const read = (env: Record<string, string>) => S3Options.fromEnvironment.pipe(Effect.provide(environment(env)))
const refusal = (options: S3Options.Options) =>
  Effect.map(Effect.flip(S3Options.refuse(options)), ({ message }) => message)

describe("S3Options", () => {
  it.effect("reads everything from the environment", () =>
    Effect.gen(function* () {
      const options = yield* read({
        S3_ENDPOINT: "https://s3.example.com",
        S3_REGION: "eu-west-1",
        S3_FORCE_PATH_STYLE: "false",
        S3_ACCESS_KEY_ID: "AKIA",
        S3_SECRET_ACCESS_KEY: "hush-hush",
        S3_SESSION_TOKEN: "session",
        S3_ROLE_ARN: "arn:aws:iam::123456789012:role/sluice",
        S3_ROLE_EXTERNAL_ID: "ext",
        S3_ROLE_SESSION_NAME: "nightly",
        S3_CONNECTIONS: "7",
        S3_REQUEST_TIMEOUT: "3 seconds"
      })
      assert.deepInclude(options, {
        endpoint: "https://s3.example.com",
        region: "eu-west-1",
        forcePathStyle: false,
        connections: 7
      })
      assert.strictEqual(Duration.toMillis(Duration.fromInputUnsafe(options.requestTimeout ?? 0)), 3000)
      const { credentials } = options
      if (credentials?._tag !== "AssumeRole") return assert.fail("no role")
      assert.deepInclude(credentials, { externalId: "ext", sessionName: "nightly" })
      if (credentials.from?._tag !== "Static") return assert.fail("no key pair")
      assert.strictEqual(Redacted.value(credentials.from.secretAccessKey), "hush-hush")
      assert.notInclude(JSON.stringify(options), "hush")
    })
  )

  it.effect("leaves everything to the SDK where nothing is set", () =>
    Effect.gen(function* () {
      const options = yield* read({})
      assert.isUndefined(options.credentials)
      assert.isUndefined(options.endpoint)
    })
  )

  it.effect.each([
    [{ S3_ACCESS_KEY_ID: "a" }, "S3_SECRET_ACCESS_KEY"],
    [{ S3_SESSION_TOKEN: "t" }, "S3_ACCESS_KEY_ID"],
    [{ S3_ACCESS_KEY_ID: "a", S3_SECRET_ACCESS_KEY: "b", S3_PROFILE: "p" }, "S3_PROFILE and S3_ACCESS_KEY_ID"],
    [{ S3_ROLE_EXTERNAL_ID: "x" }, "set S3_ROLE_ARN"],
    [{ S3_ANONYMOUS: "true", S3_PROFILE: "p" }, "S3_ANONYMOUS"]
  ] as ReadonlyArray<readonly [Record<string, string>, string]>)(
    "refuses variables that do not go together: %o",
    ([env, said]) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(read(env))
        assert.strictEqual(error._tag, "SourceError")
        assert.include(error.message, said)
      })
  )

  it.effect("refuses plain http to another machine unless it is allowed by name", () =>
    Effect.gen(function* () {
      assert.match(
        yield* refusal({ endpoint: "http://s3.example.com" }),
        /`endpoint`.*plain http.*`allowPlainHttp: true`/
      )
      yield* S3Options.refuse({ endpoint: "http://s3.example.com", allowPlainHttp: true })
      for (const host of ["localhost:9000", "127.0.0.1", "127.1.2.3:1", "[::1]:9000", "s3.localhost"]) {
        yield* S3Options.refuse({ endpoint: `http://${host}` })
      }
      assert.match(yield* refusal({ endpoint: "http://127.0.0.1.example.com" }), /plain http/)
    })
  )

  it.effect("says everything that is wrong at once, by field", () =>
    Effect.gen(function* () {
      const said = yield* refusal({
        endpoint: "ftp://x",
        region: "",
        connections: 0,
        requestTimeout: 0,
        credentials: Credentials.AssumeRole({ roleArn: "sluice", stsEndpoint: "http://sts.example.com" })
      })
      for (const field of ["endpoint", "region", "connections", "requestTimeout", "roleArn", "stsEndpoint"]) {
        assert.include(said, `\`${field}\``)
      }
      assert.match(yield* refusal({ endpoint: "https://user:pass@s3.example.com" }), /user name or password/)
    })
  )

  it.effect("opens nothing where the options cannot work", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Layer.build(S3.layer({ endpoint: "nonsense" })))
      assert.strictEqual(error.reason._tag, "Misconfigured")
      assert.include(error.message, "`endpoint`")
    })
  )

  it.effect("reads the source's own options from the environment", () =>
    Effect.gen(function* () {
      const options = yield* S3Source.config.pipe(
        Effect.provide(
          environment({
            S3_BUCKET: "acme",
            S3_PREFIXES: "a/,b/",
            S3_VERSIONS: "2026-01-02T03:04:05Z",
            S3_ARCHIVED: "fail"
          })
        )
      )
      assert.deepInclude(options, { bucket: "acme", prefixes: ["a/", "b/"], archived: "fail" })
      assert.isTrue(typeof options.versions === "object")
      const plain = yield* S3Source.config.pipe(Effect.provide(environment({ S3_BUCKET: "acme", S3_VERSIONS: "all" })))
      assert.strictEqual(plain.versions, "all")
      const error = yield* Effect.flip(S3Source.config.pipe(Effect.provide(environment({}))))
      assert.include(String(error), "S3_BUCKET")
    })
  )
})
