import { DriveStandIn } from "@sluice/testkit/drive"
import { assert, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { createSign, generateKeyPairSync } from "node:crypto"
import { authOf, clientOf, refusal, said, scope } from "./client.ts"

const about = (google: DriveStandIn.DriveStandIn, as: Parameters<typeof clientOf>[1] = {}) =>
  clientOf(google, as).about.get({ fields: "user" })

const post = (google: DriveStandIn.DriveStandIn, form: Readonly<Record<string, string>>) =>
  Effect.promise(async () => {
    const response = await fetch(google.tokenUrl, { method: "POST", body: new URLSearchParams(form) })
    return { status: response.status, body: (await response.json()) as unknown }
  })

const assertion = (claims: object, privateKey: string): string => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")
  const head = `${encode({ alg: "RS256", typ: "JWT" })}.${encode(claims)}`
  return `${head}.${createSign("RSA-SHA256").update(head).sign(privateKey, "base64url")}`
}

const bearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"

it.effect("signs in a service account and a person", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    const account = yield* said(() => about(google))
    assert.strictEqual(account.user?.emailAddress, google.serviceAccount.clientEmail)
    const person = yield* said(() => about(google, { person: true }))
    assert.deepInclude(person.user, { emailAddress: "ada@example.com", displayName: "Ada", me: true })
  })
)

it.effect("lets a service account act for the people of the domain if delegation is on, and for nobody if not", () =>
  Effect.gen(function* () {
    const delegating = yield* DriveStandIn.make({ delegation: true })
    const acting = yield* said(() => about(delegating, { subject: "bob@example.com" }))
    assert.strictEqual(acting.user?.emailAddress, "bob@example.com")
    const unknown = yield* refusal(() => about(delegating, { subject: "nobody@example.com" }))
    assert.deepInclude(unknown, { status: 400, message: "invalid_grant: Invalid email or User ID" })
    const google = yield* DriveStandIn.make()
    const refused = yield* refusal(() => about(google, { subject: "bob@example.com" }))
    assert.strictEqual(refused.status, 401)
    assert.include(refused.message, "unauthorized_client")
  })
)

it.effect("signs in whatever its own clock says", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make({ now: () => Date.UTC(2000, 0, 1) })
    assert.isDefined((yield* said(() => about(google))).user)
  })
)

it.effect("refuses assertions that are forged, for another audience, from another account, or not of this hour", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    const key = JSON.parse(Redacted.value(google.serviceAccount.keyJson)) as { readonly private_key: string }
    const forged = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" }
    }).privateKey
    const seconds = Math.floor(Date.now() / 1000)
    const good = {
      iss: google.serviceAccount.clientEmail,
      scope: scope("drive.readonly"),
      aud: "https://oauth2.googleapis.com/token",
      iat: seconds,
      exp: seconds + 3_600
    }
    const attempt = (claims: object, privateKey = key.private_key) =>
      Effect.map(
        post(google, { grant_type: bearer, assertion: assertion(claims, privateKey) }),
        ({ body, status }) => [status, (body as { readonly error_description?: string }).error_description] as const
      )
    assert.strictEqual((yield* attempt(good))[0], 200)
    assert.deepStrictEqual(yield* attempt(good, forged), [400, "Invalid JWT Signature."])
    assert.include((yield* attempt({ ...good, aud: google.tokenUrl }))[1], "audience")
    assert.include((yield* attempt({ ...good, iss: "who@example.com" }))[1], "account not found")
    for (const times of [
      { iat: seconds - 7_200, exp: seconds - 3_600 },
      { iat: seconds, exp: seconds + 7_200 },
      { iat: seconds + 600, exp: seconds + 4_200 }
    ]) {
      assert.include((yield* attempt({ ...good, ...times }))[1], "short-lived token")
    }
    assert.include((yield* attempt({ ...good, scope: "everything" }))[1], "scopes were invalid")
    assert.deepStrictEqual(yield* post(google, { grant_type: bearer, assertion: "a.b.c" }), {
      status: 400,
      body: { error: "invalid_grant", error_description: "Invalid JWT: Failed to parse the assertion." }
    })
  })
)

it.effect("refuses unknown clients, secrets, refresh tokens and grant types as OAuth does", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    const form = {
      grant_type: "refresh_token",
      client_id: google.oauth.clientId,
      client_secret: Redacted.value(google.oauth.clientSecret),
      refresh_token: Redacted.value(google.oauth.refreshToken)
    }
    const error = (change: Partial<typeof form>) =>
      Effect.map(post(google, { ...form, ...change }), ({ body, status }) => [
        status,
        (body as { readonly error?: string }).error
      ])
    assert.deepStrictEqual(yield* error({}), [200, undefined])
    assert.deepStrictEqual(yield* error({ client_id: "who" }), [401, "invalid_client"])
    assert.deepStrictEqual(yield* error({ client_secret: "what" }), [401, "invalid_client"])
    assert.deepStrictEqual(yield* error({ refresh_token: "revoked" }), [400, "invalid_grant"])
    assert.deepStrictEqual(yield* error({ grant_type: "password" }), [400, "unsupported_grant_type"])
  })
)

it.effect("refuses tokens that have expired, and tokens it never gave", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    const client = clientOf(google)
    yield* said(() => client.about.get({ fields: "user" }))
    yield* google.shiftClock(3_590_000)
    yield* said(() => client.about.get({ fields: "user" }))
    yield* google.shiftClock(3_610_000)
    const expired = yield* refusal(() => client.about.get({ fields: "user" }))
    assert.deepInclude(expired, { status: 401, reason: "authError", location: "Authorization" })
    assert.include(expired.headers?.get("www-authenticate"), "invalid_token")
    const fresh = yield* said(() => about(google))
    assert.isDefined(fresh.user)
    const stray = yield* Effect.promise(() =>
      fetch(`${google.url}/drive/v3/files`, { headers: { authorization: "Bearer ya29.stray" } })
    )
    assert.strictEqual(stray.status, 401)
    yield* Effect.promise(() => stray.arrayBuffer())
  })
)

it.effect("gives metadata alone to a token with the scope for metadata", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    const id = yield* google.createFile({ name: "a.txt", content: "hello" })
    yield* google.share(id, { role: "reader", emailAddress: google.serviceAccount.clientEmail })
    const client = clientOf(google, { scopes: [scope("drive.metadata.readonly")] })
    const { files } = yield* said(() => client.files.list())
    assert.deepStrictEqual(
      files?.map((file) => file.id),
      [id]
    )
    const refused = yield* refusal(() => client.files.get({ fileId: id, alt: "media" }))
    assert.deepInclude(refused, { status: 403, reason: "insufficientPermissions" })
    assert.include(refused.headers?.get("www-authenticate"), "insufficient_scope")
    assert.nestedPropertyVal(refused.body, "error.details[0].reason", "ACCESS_TOKEN_SCOPE_INSUFFICIENT")
    assert.nestedPropertyVal(refused.body, "error.status", "PERMISSION_DENIED")
  })
)

it.effect("tells what a token stands for", () =>
  Effect.gen(function* () {
    const google = yield* DriveStandIn.make()
    const auth = authOf(google)
    const { token } = yield* Effect.promise(() => auth.getAccessToken())
    const info = yield* Effect.promise(() => auth.getTokenInfo(token ?? ""))
    assert.deepStrictEqual(info.scopes, [scope("drive.readonly")])
    assert.strictEqual(info.email, google.serviceAccount.clientEmail)
    assert.include(
      yield* Effect.flip(Effect.tryPromise(() => auth.getTokenInfo("stray"))).pipe(Effect.map(String)),
      "Error"
    )
  })
)
