import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Redacted, Result } from "effect"
import { NodeFileSystem } from "@effect/platform-node"
import { generateKeyPairSync } from "node:crypto"
import { Credentials, Drive } from "../src/index.ts"
import { parse } from "../src/internal/serviceAccountKey.ts"

const pem = (type: "rsa" | "ec") =>
  type === "rsa"
    ? generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" })
    : generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" })

const key = {
  type: "service_account",
  project_id: "acme",
  private_key_id: "k1",
  private_key: String(pem("rsa")),
  client_email: "sluice@acme.iam.gserviceaccount.com",
  token_uri: "https://oauth2.googleapis.com/token"
}

/** What the layer says of it, given by content. */
const refusal = (text: string) =>
  Layer.build(Drive.layer({ credentials: Credentials.ServiceAccount({ key: { json: Redacted.make(text) } }) })).pipe(
    Effect.flip,
    Effect.map((error) => {
      assert.strictEqual(error.reason._tag, "Misconfigured")
      return error.message
    })
  )

describe("Credentials", () => {
  it("reads a service account's key", () => {
    const parsed = parse(JSON.stringify(key))
    if (Result.isFailure(parsed)) return assert.fail(parsed.failure)
    assert.strictEqual(parsed.success.email, key.client_email)
    assert.strictEqual(Redacted.value(parsed.success.privateKey), key.private_key)
    assert.notInclude(JSON.stringify(parsed.success), "PRIVATE KEY")
  })

  it.effect.each([
    ["no JSON", "hush {", "is not JSON"],
    ["a PEM file", key.private_key, "is a PEM file"],
    ["a list", `["hush"]`, "is not JSON"],
    ["no address", JSON.stringify({ ...key, client_email: undefined }), "has no `client_email`"],
    ["no key", JSON.stringify({ ...key, private_key: undefined }), "has no `private_key`"],
    [
      "a damaged key",
      JSON.stringify({ ...key, private_key: key.private_key.replaceAll("\n", "\\n") }),
      "`private_key` that is no RSA key"
    ],
    ["half a key", JSON.stringify({ ...key, private_key: key.private_key.slice(0, 300) }), "no RSA key"],
    ["another kind of key", JSON.stringify({ ...key, private_key: pem("ec") }), "no RSA key"],
    ["an OAuth client", JSON.stringify({ installed: { client_secret: "hush" } }), "is an OAuth client"],
    ["an OAuth client of a web page", JSON.stringify({ web: { client_secret: "hush" } }), "`Credentials.OAuth`"],
    ["what gcloud keeps", JSON.stringify({ type: "authorized_user", refresh_token: "hush" }), "gcloud"],
    ["workload identity", JSON.stringify({ type: "external_account" }), "GOOGLE_APPLICATION_CREDENTIALS"]
  ] as const)("calls what was taken for a key by its name: %s", ([, text, said]) =>
    Effect.gen(function* () {
      const message = yield* refusal(text)
      assert.include(message, "`credentials.key.json`")
      assert.include(message, said)
      assert.notInclude(message, "hush")
      for (const line of key.private_key.split("\n")) {
        if (line !== "" && !line.startsWith("-----")) assert.notInclude(message, line)
      }
    })
  )

  it.effect("reads a key from its file, and names the file that is none", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const folder = yield* files.makeTempDirectoryScoped()
      const as = (file: string) => Drive.layer({ credentials: Credentials.ServiceAccount({ key: { file } }) })
      yield* files.writeFileString(`${folder}/key.json`, JSON.stringify(key))
      yield* Layer.build(as(`${folder}/key.json`))
      yield* files.writeFileString(`${folder}/other.json`, "{}")
      const other = yield* Effect.flip(Layer.build(as(`${folder}/other.json`)))
      assert.include(other.message, `\`credentials.key.file\`: ${folder}/other.json has no \`client_email\``)
      const none = yield* Effect.flip(Layer.build(as(`${folder}/none.json`)))
      assert.include(none.message, `${folder}/none.json cannot be read`)
      assert.include((yield* Effect.flip(Layer.build(as("")))).message, "is empty")
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it("shows no secret", () => {
    const all = [
      Credentials.ServiceAccount({ key: { json: Redacted.make(`{"private_key":"hush"}`) } }),
      Credentials.OAuth({
        clientId: "id",
        clientSecret: Redacted.make("hush-secret"),
        refreshToken: Redacted.make("hush-token")
      })
    ]
    assert.notInclude(JSON.stringify(all), "hush")
  })
})
