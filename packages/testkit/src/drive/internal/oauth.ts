/** Google's token endpoint: service accounts by signed assertion, people by refresh token. */
import { createPublicKey, generateKeyPairSync, hash, type KeyObject, randomBytes, verify } from "node:crypto"
import { Option, Redacted, Schema } from "effect"
import type { Account } from "./item.ts"
import type { Store } from "./store.ts"
import { type Answer, json } from "./work.ts"

/** What a token stands for. */
export interface Token {
  readonly account: Account
  readonly scopes: ReadonlySet<string>
  /** Milliseconds since 1970, by the stand-in's clock. */
  readonly expiresAt: number
}

/** Who may get tokens, and the tokens given. */
export interface Issuer {
  readonly store: Store
  readonly tokens: Map<string, Token>
  readonly serviceAccount: string
  readonly delegation: boolean
  readonly client: {
    readonly id: string
    readonly secret: Redacted.Redacted
    readonly refreshToken: Redacted.Redacted
    readonly account: string
    readonly scopes: ReadonlyArray<string>
  }
  /** Seconds a token is good for. */
  readonly lifetime: number
}

const SCOPE = "https://www.googleapis.com/auth/"

/** Where Google takes tokens from: the audience of every assertion, whatever address it is sent to. */
const AUDIENCE = "https://oauth2.googleapis.com/token"

// Once for each process: making a key takes longer than all else a stand-in does at its start.
let keys: { readonly publicKey: KeyObject; readonly privateKey: string } | undefined

const keyPair = () => {
  if (keys !== undefined) return keys
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" }
  })
  return (keys = { publicKey: createPublicKey(publicKey), privateKey })
}

/** A service account's key as the Cloud Console hands it out. */
export const keyFile = (email: string): Redacted.Redacted => {
  const { privateKey } = keyPair()
  return Redacted.make(
    JSON.stringify({
      type: "service_account",
      project_id: "stand-in",
      private_key_id: hash("sha256", privateKey).slice(0, 40),
      private_key: privateKey,
      client_email: email,
      client_id: "100000000000000000001",
      auth_uri: "https://accounts.google.com/o/oauth2/auth",
      token_uri: AUDIENCE,
      auth_provider_x509_cert_url: "https://www.googleapis.com/oauth2/v1/certs",
      client_x509_cert_url: `https://www.googleapis.com/robot/v1/metadata/x509/${encodeURIComponent(email)}`,
      universe_domain: "googleapis.com"
    })
  )
}

const refused = (error: string, description: string, status = 400): Answer =>
  json({ error, error_description: description }, status)

const grant = (issuer: Issuer, account: Account, scopes: ReadonlyArray<string>, now: number): Answer => {
  const invalid = scopes.filter((scope) => !scope.startsWith(SCOPE) && scope !== "openid" && scope !== "email")
  if (invalid.length > 0 || scopes.length === 0) {
    return refused("invalid_scope", `Some requested scopes were invalid. {invalid=[${invalid.join(", ")}]}`)
  }
  const text = `ya29.c.${randomBytes(30).toString("base64url")}`
  issuer.tokens.set(text, { account, scopes: new Set(scopes), expiresAt: now + issuer.lifetime * 1000 })
  return json({ access_token: text, expires_in: issuer.lifetime, scope: scopes.join(" "), token_type: "Bearer" })
}

const Claims = Schema.fromJsonString(
  Schema.Struct({
    iss: Schema.String,
    scope: Schema.optionalKey(Schema.Union([Schema.String, Schema.Array(Schema.String)])),
    aud: Schema.String,
    iat: Schema.Finite,
    exp: Schema.Finite,
    sub: Schema.optionalKey(Schema.String)
  })
)
const Header = Schema.fromJsonString(Schema.Struct({ alg: Schema.Literal("RS256") }))

const decodeHeader = Schema.decodeUnknownOption(Header)
const decodeClaims = Schema.decodeUnknownOption(Claims)

const fromBase64 = (text: string): string => Buffer.from(text, "base64url").toString()

const byAssertion = (issuer: Issuer, assertion: string, now: number): Answer => {
  const [header = "", payload = "", signature = ""] = assertion.split(".")
  const claims = Option.getOrUndefined(decodeClaims(fromBase64(payload)))
  if (claims === undefined || Option.isNone(decodeHeader(fromBase64(header)))) {
    return refused("invalid_grant", "Invalid JWT: Failed to parse the assertion.")
  }
  if (claims.iss !== issuer.serviceAccount) return refused("invalid_grant", "Invalid grant: account not found")
  const signed = Buffer.from(`${header}.${payload}`)
  if (!verify("RSA-SHA256", signed, keyPair().publicKey, Buffer.from(signature, "base64url"))) {
    return refused("invalid_grant", "Invalid JWT Signature.")
  }
  if (claims.aud !== AUDIENCE) return refused("invalid_grant", `Invalid JWT: ${claims.aud} is not the audience.`)
  // Clients sign by the clock of the machine, whatever the stand-in's says.
  const seconds = Date.now() / 1000
  const inTime = claims.iat <= seconds + 300 && claims.exp > seconds - 300 && claims.exp - claims.iat <= 3600
  if (!inTime) {
    return refused(
      "invalid_grant",
      "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim."
    )
  }
  const email = claims.sub ?? claims.iss
  if (email !== claims.iss && !issuer.delegation) {
    return refused(
      "unauthorized_client",
      "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.",
      401
    )
  }
  const account = issuer.store.accounts.get(email)
  if (account === undefined) return refused("invalid_grant", "Invalid email or User ID")
  const { scope = "" } = claims
  return grant(issuer, account, typeof scope === "string" ? scope.split(" ").filter(Boolean) : scope, now)
}

const byRefreshToken = (issuer: Issuer, form: URLSearchParams, now: number): Answer => {
  const { account: email, id, refreshToken, scopes, secret } = issuer.client
  if (form.get("client_id") !== id) return refused("invalid_client", "The OAuth client was not found.", 401)
  if (form.get("client_secret") !== Redacted.value(secret)) return refused("invalid_client", "Unauthorized", 401)
  const account = issuer.store.accounts.get(email)
  if (form.get("refresh_token") !== Redacted.value(refreshToken) || account === undefined) {
    return refused("invalid_grant", "Token has been expired or revoked.")
  }
  return grant(issuer, account, scopes, now)
}

/** `POST /token`. */
export const issueToken = (issuer: Issuer, body: string, now: number): Answer => {
  const form = new URLSearchParams(body)
  const type = form.get("grant_type")
  switch (type) {
    case "urn:ietf:params:oauth:grant-type:jwt-bearer":
      return byAssertion(issuer, form.get("assertion") ?? "", now)
    case "refresh_token":
      return byRefreshToken(issuer, form, now)
    default:
      return refused("unsupported_grant_type", `Invalid grant_type: ${type ?? ""}`)
  }
}

/** `/tokeninfo`, with the token as a parameter or in the header. */
export const tokenInfo = (issuer: Issuer, text: string, now: number): Answer => {
  const token = issuer.tokens.get(text)
  if (token === undefined || token.expiresAt <= now) return refused("invalid_token", "Invalid Value")
  return json({
    azp: issuer.client.id,
    aud: issuer.client.id,
    scope: [...token.scopes].join(" "),
    exp: String(Math.floor(token.expiresAt / 1000)),
    expires_in: String(Math.floor((token.expiresAt - now) / 1000)),
    email: token.account.email,
    email_verified: "true",
    access_type: "offline"
  })
}
