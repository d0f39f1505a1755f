import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, Layer, Redacted } from "effect"
import { Credentials, Drive, DriveOptions } from "../src/index.ts"

const environment = (env: Record<string, string>) => ConfigProvider.layer(ConfigProvider.fromEnv({ env }))
const read = (env: Record<string, string>) => DriveOptions.fromEnvironment.pipe(Effect.provide(environment(env)))
const refusal = (options: DriveOptions.Options) =>
  Effect.map(Effect.flip(DriveOptions.refuse(options)), ({ message }) => message)

const user = { GDRIVE_CLIENT_ID: "id", GDRIVE_CLIENT_SECRET: "hush-secret", GDRIVE_REFRESH_TOKEN: "hush-token" }

describe("DriveOptions", () => {
  it.effect("reads everything from the environment", () =>
    Effect.gen(function* () {
      const options = yield* read({
        GDRIVE_SERVICE_ACCOUNT_FILE: "/run/secrets/key.json",
        GDRIVE_IMPERSONATE: "ada@example.com",
        GDRIVE_SCOPES:
          "https://www.googleapis.com/auth/drive.readonly, https://www.googleapis.com/auth/drive.labels.readonly",
        GDRIVE_ENDPOINT: "https://www-xyz.p.googleapis.com",
        GDRIVE_TOKEN_ENDPOINT: "https://oauth2-xyz.p.googleapis.com/token",
        GDRIVE_ALLOW_PLAIN_HTTP: "true",
        GDRIVE_QUERIES_PER_MINUTE: "600",
        GDRIVE_BURST: "10",
        GDRIVE_CONNECTIONS: "7",
        GDRIVE_CONNECT_TIMEOUT: "2 seconds",
        GDRIVE_REQUEST_TIMEOUT: "3 seconds"
      })
      const { connectTimeout, credentials, requestTimeout, ...rest } = options
      assert.deepStrictEqual(rest, {
        scopes: [
          "https://www.googleapis.com/auth/drive.readonly",
          "https://www.googleapis.com/auth/drive.labels.readonly"
        ],
        endpoint: "https://www-xyz.p.googleapis.com",
        tokenEndpoint: "https://oauth2-xyz.p.googleapis.com/token",
        allowPlainHttp: true,
        queriesPerMinute: 600,
        burst: 10,
        connections: 7
      })
      assert.strictEqual(Duration.toMillis(Duration.fromInputUnsafe(connectTimeout ?? 0)), 2000)
      assert.strictEqual(Duration.toMillis(Duration.fromInputUnsafe(requestTimeout ?? 0)), 3000)
      if (credentials?._tag !== "ServiceAccount") return assert.fail("no service account")
      assert.deepStrictEqual(credentials.key, { file: "/run/secrets/key.json" })
      assert.strictEqual(credentials.impersonate, "ada@example.com")
    })
  )

  it.effect("reads a key by content, and a user's credentials, without showing either", () =>
    Effect.gen(function* () {
      const byContent = yield* read({ GDRIVE_SERVICE_ACCOUNT_JSON: `{"private_key":"hush-key"}` })
      if (byContent.credentials?._tag !== "ServiceAccount") return assert.fail("no service account")
      const { key } = byContent.credentials
      assert.isTrue("json" in key && Redacted.value(key.json).includes("hush-key"))
      const byUser = yield* read(user)
      if (byUser.credentials?._tag !== "OAuth") return assert.fail("no user")
      assert.strictEqual(Redacted.value(byUser.credentials.refreshToken), "hush-token")
      assert.notInclude(JSON.stringify([byContent, byUser]), "hush")
    })
  )

  it.effect("leaves everything to Google's libraries where nothing is set", () =>
    Effect.gen(function* () {
      const options = yield* read({})
      assert.isUndefined(options.credentials)
      assert.isUndefined(options.endpoint)
      assert.isUndefined(options.scopes)
    })
  )

  it.effect.each([
    [
      { GDRIVE_SERVICE_ACCOUNT_FILE: "f", GDRIVE_SERVICE_ACCOUNT_JSON: "{}" },
      "GDRIVE_SERVICE_ACCOUNT_FILE and GDRIVE_SERVICE_ACCOUNT_JSON"
    ],
    [{ GDRIVE_CLIENT_ID: "id" }, "set all three or none"],
    [{ GDRIVE_CLIENT_ID: "id", GDRIVE_CLIENT_SECRET: "hush" }, "GDRIVE_REFRESH_TOKEN"],
    [{ GDRIVE_REFRESH_TOKEN: "hush" }, "GDRIVE_CLIENT_ID"],
    [{ GDRIVE_SERVICE_ACCOUNT_FILE: "f", ...user }, "GDRIVE_SERVICE_ACCOUNT_FILE and GDRIVE_CLIENT_ID"],
    [{ GDRIVE_SERVICE_ACCOUNT_JSON: "{}", ...user }, "GDRIVE_SERVICE_ACCOUNT_JSON and GDRIVE_CLIENT_ID"],
    [{ GDRIVE_IMPERSONATE: "ada@example.com" }, "GDRIVE_IMPERSONATE goes with a service account"],
    [{ GDRIVE_IMPERSONATE: "ada@example.com", ...user }, "GDRIVE_IMPERSONATE goes with a service account"]
  ] as ReadonlyArray<readonly [Record<string, string>, string]>)(
    "refuses variables that do not go together: %o",
    ([env, said]) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(read(env))
        assert.strictEqual(error._tag, "SourceError")
        assert.include(error.message, said)
        assert.notInclude(error.message, "hush")
      })
  )

  it.effect("refuses plain http to another machine, where tokens are asked for too", () =>
    Effect.gen(function* () {
      for (const field of ["endpoint", "tokenEndpoint"] as const) {
        const said = yield* refusal({ [field]: "http://drive.example.com" })
        assert.match(said, new RegExp(`\`${field}\`.*plain http.*\`allowPlainHttp: true\``))
        yield* DriveOptions.refuse({ [field]: "http://drive.example.com", allowPlainHttp: true })
        for (const host of ["localhost:9000", "127.0.0.1", "127.1.2.3:1", "[::1]:9000"]) {
          yield* DriveOptions.refuse({ [field]: `http://${host}` })
        }
        assert.match(yield* refusal({ [field]: "http://127.0.0.1.example.com" }), /plain http/)
        assert.match(yield* refusal({ [field]: "https://user:pass@example.com" }), /user name or password/)
        assert.match(yield* refusal({ [field]: "ftp://example.com" }), /not an http\(s\) URL/)
      }
    })
  )

  it.effect("says everything that is wrong at once, by field", () =>
    Effect.gen(function* () {
      const said = yield* refusal({
        endpoint: "https://www.googleapis.com/drive/v3",
        tokenEndpoint: "nonsense",
        scopes: [],
        connections: 0,
        queriesPerMinute: 0.5,
        burst: -1,
        connectTimeout: 0,
        requestTimeout: 0,
        credentials: Credentials.ServiceAccount({ key: { file: "key.json" }, impersonate: "ada" })
      })
      for (const field of [
        "endpoint",
        "tokenEndpoint",
        "scopes",
        "connections",
        "queriesPerMinute",
        "burst",
        "connectTimeout",
        "requestTimeout",
        "credentials.impersonate"
      ]) {
        assert.include(said, `\`${field}\``)
      }
      assert.match(yield* refusal({ scopes: ["two words"] }), /`scopes`.*without blanks/)
      const empty = Redacted.make("")
      const nobody = Credentials.OAuth({ clientId: "", clientSecret: empty, refreshToken: empty })
      assert.match(yield* refusal({ credentials: nobody }), /`credentials.clientId` is empty/)
    })
  )

  it.effect("opens nothing where the options cannot work", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Layer.build(Drive.layer({ endpoint: "nonsense" })))
      assert.strictEqual(error.reason._tag, "Misconfigured")
      assert.include(error.message, "`endpoint`")
      const proxied = Layer.build(Drive.layer()).pipe(Effect.provide(environment({ HTTPS_PROXY: "no proxy" })))
      assert.include((yield* Effect.flip(proxied)).message, "HTTPS_PROXY")
    })
  )

  it.effect("warns of scopes that allow more than reading", () =>
    Effect.gen(function* () {
      const findings = (scopes?: ReadonlyArray<string>) =>
        Drive.use(({ findings }) => Effect.succeed(findings)).pipe(Effect.provide(Drive.layer({ scopes })))
      assert.deepStrictEqual(yield* findings(), [])
      assert.deepStrictEqual(yield* findings(["https://www.googleapis.com/auth/drive.metadata.readonly"]), [])
      const [found] = yield* findings(["https://www.googleapis.com/auth/drive"])
      assert.deepInclude(found, { severity: "warning", subject: "scopes" })
    })
  )
})
